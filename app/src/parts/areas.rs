//! Fields of several lines and choices, with what was typed and what is wrong with it.

use leptos::prelude::*;

use super::fields::Notes;
use crate::flash::FlashBody;

/// A text of several lines.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub rows: u32,
    /// The most characters that make sense; the server decides.
    pub longest: u32,
}

impl Area {
    /// The field with its text; what was typed last goes before.
    pub fn view(self, flash: Option<&FlashBody>, text: &str) -> AnyView {
        let fault = flash.and_then(|flash| flash.fault(self.name));
        let typed = flash.and_then(|flash| flash.values.get(self.name)).map(String::as_str);
        let Notes { described, invalid, hint, fault } = Notes::of(self.name, self.hint, fault);
        let text = typed.unwrap_or(text).to_owned();
        view! {
            <div class="field">
                <label class="label" for=self.name>{self.label}</label>
                {hint}
                {fault}
                <textarea
                    class="input"
                    id=self.name
                    name=self.name
                    rows=self.rows.to_string()
                    maxlength=self.longest.to_string()
                    dir="auto"
                    aria-invalid=invalid
                    aria-describedby=described
                    inner_html=typed_text(&text)
                ></textarea>
            </div>
        }
        .into_any()
    }
}

/// What stands within a `textarea`, escaped here: leptos writes its children as they are, so that a text that closes it
/// would be markup.
pub fn typed_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // The first line break after the tag would be left out.
    if escaped.starts_with('\n') { format!("\n{escaped}") } else { escaped }
}

/// One of several values; a first, empty one asks to choose.
pub fn select(
    name: &'static str,
    label: &'static str,
    ask: &'static str,
    options: &[(String, String)],
    flash: Option<&FlashBody>,
) -> AnyView {
    let fault = flash.and_then(|flash| flash.fault(name));
    let chosen = flash.map(|flash| flash.value(name)).unwrap_or_default();
    let Notes { described, invalid, fault, .. } = Notes::of(name, "", fault);
    let option = |(value, words): &(String, String)| {
        view! { <option value=value.clone() selected=*value == chosen>{words.clone()}</option> }
    };
    view! {
        <div class="field">
            <label class="label" for=name>{label}</label>
            {fault}
            <select class="input" id=name name=name aria-invalid=invalid aria-describedby=described>
                <option value="">{ask}</option>
                {options.iter().map(option).collect_view()}
            </select>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::Fault;

    use super::*;

    #[test]
    fn what_was_typed_stays_and_is_text() {
        let area = Area { name: "text", label: "Review", hint: "", rows: 4, longest: 2_000 };
        let flash = FlashBody {
            fields: vec![Fault::new("text", "Write less")],
            values: [("text".to_owned(), "</textarea><script>x</script>".to_owned())].into(),
            ..FlashBody::default()
        };
        let html = area.view(Some(&flash), "older").to_html();
        assert!(!html.contains("<script>") && html.contains("text-error"), "{html}");
        assert!(!html.contains("older"), "{html}");
    }
}

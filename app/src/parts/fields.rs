//! Form fields: label above, hint, then error, then the input, all tied together.

use std::fmt::Display;

use leptos::prelude::*;

use crate::flash::FlashBody;

/// A one-line input.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub kind: &'static str,
    pub autocomplete: &'static str,
    pub required: bool,
}

/// What stands between a label and its field, and what ties them together for assistive technology.
pub(super) struct Notes {
    /// The ids of the notes that are there, for `aria-describedby`.
    pub described: Option<String>,
    /// For `aria-invalid`.
    pub invalid: Option<&'static str>,
    pub hint: Option<AnyView>,
    pub fault: Option<AnyView>,
}

impl Notes {
    /// The notes of a field by its name; an empty hint is none.
    pub fn of(name: &str, hint: &'static str, fault: Option<String>) -> Self {
        let (hint_id, fault_id) = (format!("{name}-hint"), format!("{name}-error"));
        let ids: Vec<&str> = [
            (!hint.is_empty()).then_some(hint_id.as_str()),
            fault.is_some().then_some(fault_id.as_str()),
        ]
        .into_iter()
        .flatten()
        .collect();
        let described = (!ids.is_empty()).then(|| ids.join(" "));
        Self {
            described,
            invalid: fault.is_some().then_some("true"),
            hint: (!hint.is_empty())
                .then(|| view! { <p class="hint" id=hint_id>{hint}</p> }.into_any()),
            fault: fault.map(|text| {
                view! {
                    <p class="fault" id=fault_id>
                        <span class="sr-only">"Error: "</span>
                        {text}
                    </p>
                }
                .into_any()
            }),
        }
    }
}

impl Field {
    /// The field with what was typed and what was wrong with it, unless it is a password.
    pub fn view(self, flash: Option<&FlashBody>) -> AnyView {
        let fault = flash.and_then(|flash| flash.fault(self.name));
        let typed = flash.map(|flash| flash.value(self.name)).filter(|_| self.kind != "password");
        let Notes { described, invalid, hint, fault } = Notes::of(self.name, self.hint, fault);
        view! {
            <div class="field">
                <label class="label" for=self.name>{self.label}</label>
                {hint}
                {fault}
                <input
                    class="input"
                    id=self.name
                    name=self.name
                    type=self.kind
                    autocomplete=self.autocomplete
                    required=self.required
                    aria-invalid=invalid
                    aria-describedby=described
                    value=typed
                    spellcheck="false"
                    autocapitalize=(self.kind != "text").then_some("none")
                />
            </div>
        }
        .into_any()
    }
}

/// A value that a form carries along.
pub fn hidden(name: &'static str, value: impl Display) -> AnyView {
    let value = format!("{value}");
    view! { <input type="hidden" name=name value=value /> }.into_any()
}

#[cfg(test)]
mod tests {
    use model::Fault;

    use super::*;

    fn field(name: &'static str, kind: &'static str) -> Field {
        Field { name, label: "Label", hint: "", kind, autocomplete: "off", required: true }
    }

    #[test]
    fn a_fault_is_tied_to_its_field() {
        let flash = FlashBody {
            fields: vec![Fault::new("email", "Enter an e-mail address")],
            values: [("email".to_owned(), "<ada>".to_owned())].into(),
            ..FlashBody::default()
        };
        let html = field("email", "email").view(Some(&flash)).to_html();
        for part in [
            "aria-invalid=\"true\"",
            "aria-describedby=\"email-error\"",
            "Enter an e-mail",
            "&lt;ada",
        ] {
            assert!(html.contains(part), "{part} is missing in {html}");
        }
    }

    #[test]
    fn a_password_is_never_sent_back() {
        let values = [("password".to_owned(), "secret words".to_owned())].into();
        let flash = FlashBody { values, ..FlashBody::default() };
        assert!(!field("password", "password").view(Some(&flash)).to_html().contains("secret"));
    }
}

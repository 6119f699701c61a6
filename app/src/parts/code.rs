//! Code to copy, in the languages that callers use.

use leptos::prelude::*;

use super::icons::{Icon, icon};

/// A button that copies the text of another element. Script wakes it; without script it is not there for
/// anybody, and the text can still be selected.
pub fn copy_button(target: &str, words: &'static str) -> AnyView {
    view! {
        <button type="button" class="btn btn-secondary btn-small copy" inert="" aria-hidden="true" data-copy=target.to_owned()>
            {icon(Icon::Copy)}
            <span data-label="">{words}</span>
        </button>
    }
    .into_any()
}

/// A block of code with a name and a copy button after it.
pub fn code_block(id: &str, name: &str, code: String) -> AnyView {
    view! {
        <div class="code">
            <pre id=id.to_owned() tabindex="0" role="region" aria-label=name.to_owned()>
                <code>{code}</code>
            </pre>
            {copy_button(id, "Copy")}
        </div>
    }
    .into_any()
}

/// Samples in several languages behind tabs that are radio buttons, so that they work without script.
pub fn tabs(
    group: &'static str,
    legend: &'static str,
    samples: Vec<(&'static str, String)>,
) -> AnyView {
    let tab = |(place, (language, code)): (usize, (&'static str, String))| {
        let id = format!("{group}-{place}");
        let code_id = format!("{group}-code-{place}");
        view! {
            <input class="sr-only" type="radio" name=group id=id.clone() checked=place == 0 />
            <label for=id>{language}</label>
            <div class="panel">{code_block(&code_id, language, code)}</div>
        }
    };
    view! {
        <fieldset class="tabs">
            <legend class="sr-only">{legend}</legend>
            {samples.into_iter().enumerate().map(tab).collect_view()}
        </fieldset>
    }
    .into_any()
}

/// The first call to a service with curl, Python and JavaScript. Without a key the samples name a variable.
pub fn quickstart(base: &str, slug: &str, key: Option<&str>) -> Vec<(&'static str, String)> {
    let bearer = key.unwrap_or("$CMP_API_KEY");
    let curl = format!(
        "curl {base}/v1/chat/completions \\\n  -H \"Authorization: Bearer {bearer}\" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{{\n    \"model\": \"{slug}\",\n    \"messages\": [{{\"role\": \"user\", \"content\": \"What can you do?\"}}]\n  }}'"
    );
    let python_key =
        key.map_or_else(|| "os.environ[\"CMP_API_KEY\"]".to_owned(), |key| format!("\"{key}\""));
    let import = if key.is_none() { "import os\n" } else { "" };
    let python = format!(
        "{import}from openai import OpenAI\n\nclient = OpenAI(\n    base_url=\"{base}/v1\",\n    api_key={python_key},\n)\nanswer = client.chat.completions.create(\n    model=\"{slug}\",\n    messages=[{{\"role\": \"user\", \"content\": \"What can you do?\"}}],\n)\nprint(answer.choices[0].message.content)"
    );
    let script_key =
        key.map_or_else(|| "process.env.CMP_API_KEY".to_owned(), |key| format!("\"{key}\""));
    let script = format!(
        "import OpenAI from \"openai\";\n\nconst client = new OpenAI({{\n  baseURL: \"{base}/v1\",\n  apiKey: {script_key},\n}});\nconst answer = await client.chat.completions.create({{\n  model: \"{slug}\",\n  messages: [{{ role: \"user\", content: \"What can you do?\" }}],\n}});\nconsole.log(answer.choices[0].message.content);"
    );
    vec![("curl", curl), ("Python", python), ("JavaScript", script)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_key_the_samples_name_a_variable() {
        for (language, code) in quickstart("https://cmp.example", "brook-mini", None) {
            assert!(
                code.contains("CMP_API_KEY") && code.contains("brook-mini"),
                "{language}: {code}"
            );
        }
    }

    #[test]
    fn with_a_key_every_sample_holds_it() {
        for (language, code) in quickstart("https://cmp.example", "brook-mini", Some("cmp_sk_x")) {
            assert!(
                code.contains("cmp_sk_x") && !code.contains("CMP_API_KEY"),
                "{language}: {code}"
            );
        }
    }
}

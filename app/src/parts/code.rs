//! Code to copy, in the languages that callers use.

use leptos::prelude::*;
use serde::Serialize;
use serde_json::{Number, Value};

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

/// A chat completion request, in the order in which people read it.
#[derive(Debug, Clone, Serialize)]
pub struct Ask {
    pub model: String,
    pub messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
}

/// What is said to a model.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    pub role: &'static str,
    pub content: String,
}

impl Ask {
    /// One question, everything else as the service has it.
    pub fn plain(model: &str, content: &str) -> Self {
        let messages = vec![Message { role: "user", content: content.to_owned() }];
        Self {
            model: model.to_owned(),
            messages,
            temperature: None,
            max_tokens: None,
            stream: false,
        }
    }

    /// What is asked for beside the messages, each as a line; `yes` is the language's word for it.
    fn more(&self, yes: &str, line: impl Fn(&str, &str) -> String) -> String {
        let temperature = self.temperature.as_ref().map(|n| line("temperature", &n.to_string()));
        let most = self.max_tokens.map(|n| line("max_tokens", &n.to_string()));
        let stream = self.stream.then(|| line("stream", yes));
        [temperature, most, stream].into_iter().flatten().collect()
    }

    /// The body of the request.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// The first call to a service with curl, Python and JavaScript. Without a key the samples name a variable.
pub fn quickstart(base: &str, slug: &str, key: Option<&str>) -> Vec<(&'static str, String)> {
    samples(base, &Ask::plain(slug, "What can you do?"), key)
}

/// A text as Python and JavaScript read it, too.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A call in three languages that sends exactly a request. `public/try.js` writes the same text.
pub fn samples(base: &str, ask: &Ask, key: Option<&str>) -> Vec<(&'static str, String)> {
    let bearer = key.unwrap_or("$CMP_API_KEY");
    let body = ask.json().replace('\'', "'\\''");
    let quiet = if ask.stream { "-N " } else { "" };
    let curl = format!(
        "curl {quiet}{base}/v1/chat/completions \\\n  -H \"Authorization: Bearer {bearer}\" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}'"
    );
    vec![("curl", curl), ("Python", python(base, ask, key)), ("JavaScript", script(base, ask, key))]
}

fn python(base: &str, ask: &Ask, key: Option<&str>) -> String {
    let secret =
        key.map_or_else(|| "os.environ[\"CMP_API_KEY\"]".to_owned(), |key| format!("\"{key}\""));
    let import = if key.is_none() { "import os\n" } else { "" };
    let message = |one: &Message| {
        format!("        {{\"role\": \"{}\", \"content\": {}}},\n", one.role, quoted(&one.content))
    };
    let messages: String = ask.messages.iter().map(message).collect();
    let more = ask.more("True", |name, value| format!("    {name}={value},\n"));
    let read = if ask.stream {
        "for chunk in answer:\n    if chunk.choices:\n        print(chunk.choices[0].delta.content or \"\", end=\"\", flush=True)"
    } else {
        "print(answer.choices[0].message.content)"
    };
    format!(
        "{import}from openai import OpenAI\n\nclient = OpenAI(\n    base_url=\"{base}/v1\",\n    api_key={secret},\n)\nanswer = client.chat.completions.create(\n    model=\"{}\",\n    messages=[\n{messages}    ],\n{more})\n{read}",
        ask.model
    )
}

fn script(base: &str, ask: &Ask, key: Option<&str>) -> String {
    let secret =
        key.map_or_else(|| "process.env.CMP_API_KEY".to_owned(), |key| format!("\"{key}\""));
    let message = |one: &Message| {
        format!("    {{ role: \"{}\", content: {} }},\n", one.role, quoted(&one.content))
    };
    let messages: String = ask.messages.iter().map(message).collect();
    let more = ask.more("true", |name, value| format!("  {name}: {value},\n"));
    let read = if ask.stream {
        "for await (const chunk of answer) {\n  process.stdout.write(chunk.choices[0]?.delta?.content ?? \"\");\n}"
    } else {
        "console.log(answer.choices[0].message.content);"
    };
    format!(
        "import OpenAI from \"openai\";\n\nconst client = new OpenAI({{\n  baseURL: \"{base}/v1\",\n  apiKey: {secret},\n}});\nconst answer = await client.chat.completions.create({{\n  model: \"{}\",\n  messages: [\n{messages}  ],\n{more}}});\n{read}",
        ask.model
    )
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

    #[test]
    fn samples_send_what_was_typed_and_nothing_else() {
        let ask = Ask { stream: true, ..Ask::plain("brook-mini", "It's \"so\"\n$(rm)") };
        let samples = samples("https://cmp.example", &ask, None);
        let code = |place: usize| samples[place].1.as_str();
        assert!(code(0).contains("It'\\''s"), "{}", code(0));
        assert!(code(1).contains("stream=True") && code(1).contains(r#""It's \"so\"\n$(rm)""#));
        assert!(code(2).contains("{ role: \"user\","), "{}", code(2));
    }
}

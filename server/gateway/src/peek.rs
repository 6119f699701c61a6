//! Looking into a request without taking it apart: what the meter needs is read, everything else stays bytes.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::refusals::Refusal;

/// The deepest nesting that a request may have.
const DEPTH: usize = 64;
/// The most answers that one request may ask for.
const CHOICES: u64 = 128;

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    messages: Option<&'a RawValue>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(borrow, default, deserialize_with = "as_written")]
    stream_options: Option<&'a RawValue>,
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    max_completion_tokens: Option<u64>,
    #[serde(default)]
    n: Option<u64>,
}

/// A value as it stands, `null` too: what is there must be found again to be replaced.
fn as_written<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// What a request says of itself.
#[derive(Debug)]
pub struct Peek {
    body: Bytes,
    pub model: String,
    pub stream: bool,
    /// The caller wants the usage in the stream.
    pub include_usage: bool,
    /// The most completion tokens of one answer, when the caller says.
    pub max_tokens: Option<u64>,
    pub choices: u64,
    /// Where the model's name stands in the body.
    model_at: (usize, usize),
    /// Where the stream options stand, if there are any.
    options_at: Option<(usize, usize)>,
}

/// Where a part that was borrowed from the body stands in it.
fn place(body: &[u8], part: &RawValue) -> (usize, usize) {
    let start = part.get().as_ptr() as usize - body.as_ptr() as usize;
    (start, start + part.get().len())
}

/// True when brackets outside of strings nest deeper than a limit.
fn too_deep(body: &[u8], limit: usize) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

impl Peek {
    pub fn read(body: Bytes) -> Result<Self, Refusal> {
        if too_deep(&body, DEPTH) {
            return Err(Refusal::bad(format!("The request is nested deeper than {DEPTH} levels.")));
        }
        // Serde would read a list as well, by position.
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(Refusal::bad("The request body must be a JSON object."));
        }
        let fields: Fields<'_> = serde_json::from_slice(&body).map_err(|error| {
            Refusal::bad(format!(
                "The request body is not a valid chat completion request: {error}."
            ))
        })?;
        let model_raw = fields.model.ok_or_else(|| Refusal::bad("`model` is missing."))?;
        let model: String = serde_json::from_str(model_raw.get())
            .map_err(|_| Refusal::bad("`model` must be a string."))?;
        let messages = fields.messages.map(RawValue::get).unwrap_or_default();
        if !messages.starts_with('[')
            || messages.trim_start_matches('[').trim_start().starts_with(']')
        {
            return Err(Refusal::bad("`messages` must be a list with at least one message."));
        }
        let choices = fields.n.unwrap_or(1);
        if choices == 0 || choices > CHOICES {
            return Err(Refusal::bad(format!("`n` must be between 1 and {CHOICES}.")));
        }
        let max_tokens = fields.max_completion_tokens.or(fields.max_tokens);
        if max_tokens == Some(0) {
            return Err(Refusal::bad("`max_tokens` must be at least 1."));
        }
        let include_usage = match fields.stream_options {
            None => false,
            Some(raw) if raw.get() == "null" => false,
            Some(raw) => {
                let wrong = || Refusal::bad("`stream_options` must be an object.");
                let options: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(raw.get()).map_err(|_| wrong())?;
                match options.get("include_usage") {
                    None | Some(serde_json::Value::Null) => false,
                    Some(wish) => wish.as_bool().ok_or_else(wrong)?,
                }
            }
        };
        Ok(Self {
            model,
            stream: fields.stream.unwrap_or(false),
            include_usage,
            max_tokens,
            choices,
            model_at: place(&body, model_raw),
            options_at: fields.stream_options.map(|raw| place(&body, raw)),
            body,
        })
    }

    pub const fn len(&self) -> usize {
        self.body.len()
    }

    /// The messages, for an answerer of our own.
    pub fn messages<T: serde::de::DeserializeOwned>(&self) -> Result<T, Refusal> {
        #[derive(Deserialize)]
        struct Messages<T> {
            messages: T,
        }
        serde_json::from_slice::<Messages<T>>(&self.body)
            .map(|request| request.messages)
            .map_err(|error| Refusal::bad(format!("`messages` is not understood: {error}.")))
    }

    /// The request as the upstream gets it: its own name of the model, and the wish to be told the usage of a stream.
    /// Every other byte is the caller's.
    pub fn for_upstream(&self, model: &str) -> Bytes {
        let mut edits = vec![(self.model_at, serde_json::Value::from(model).to_string())];
        if self.stream && !self.include_usage {
            let wish = r#"{"include_usage":true}"#.to_owned();
            if let Some((start, end)) = self.options_at {
                edits.push(((start, end), self.with_usage(start, end).unwrap_or(wish)));
            } else {
                let end =
                    self.body.iter().rposition(|byte| *byte == b'}').unwrap_or(self.body.len());
                edits.push(((end, end), format!(r#","stream_options":{wish}"#)));
            }
        }
        edits.sort_unstable_by_key(|(at, _)| *at);
        let mut text = Vec::with_capacity(self.body.len() + 64);
        let mut done = 0;
        for ((start, end), with) in edits {
            text.extend_from_slice(self.body.get(done..start).unwrap_or_default());
            text.extend_from_slice(with.as_bytes());
            done = end;
        }
        text.extend_from_slice(self.body.get(done..).unwrap_or_default());
        Bytes::from(text)
    }

    /// The caller's stream options with the wish added.
    fn with_usage(&self, start: usize, end: usize) -> Option<String> {
        let mut options: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(self.body.get(start..end)?).ok()?;
        options.insert("include_usage".to_owned(), true.into());
        serde_json::to_string(&options).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Peek, Refusal> {
        Peek::read(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn unknown_fields_and_spaces_are_kept() {
        let text = r#"{ "tools":[{"x":"}"}],  "model" : "a\u0062", "messages":[{"role":"user","content":"hi"}], "zz":1.50 }"#;
        let peek = read(text).unwrap();
        assert_eq!(peek.model, "ab");
        let sent = peek.for_upstream("real");
        let expected = text.replace(r#""a\u0062""#, r#""real""#);
        assert_eq!(std::str::from_utf8(&sent).unwrap(), expected);
    }

    #[test]
    fn a_stream_is_asked_for_its_usage() {
        let base = r#"{"model":"m","messages":[{}],"stream":true"#;
        for (text, expected) in [
            (format!("{base}}}"), format!(r#"{base},"stream_options":{{"include_usage":true}}}}"#)),
            (
                format!(r#"{base},"stream_options":null}}"#),
                format!(r#"{base},"stream_options":{{"include_usage":true}}}}"#),
            ),
            (
                format!(r#"{base},"stream_options":{{"a":1}}}}"#),
                format!(r#"{base},"stream_options":{{"a":1,"include_usage":true}}}}"#),
            ),
            (
                format!(r#"{base},"stream_options":{{"include_usage":true}}}}"#),
                format!(r#"{base},"stream_options":{{"include_usage":true}}}}"#),
            ),
        ] {
            let sent = read(&text).unwrap().for_upstream("m");
            assert_eq!(std::str::from_utf8(&sent).unwrap(), expected);
        }
    }

    #[test]
    fn bad_requests_are_refused() {
        let deep =
            format!(r#"{{"model":"m","messages":[{}1{}]}}"#, "[".repeat(200), "]".repeat(200));
        for text in [
            "",
            "{",
            "[]",
            "null",
            "1",
            r#"{"model":1,"messages":[1]}"#,
            r#"{"model":"m"}"#,
            r#"{"model":"m","messages":[]}"#,
            r#"{"model":"m","messages":{}}"#,
            r#"{"messages":[1]}"#,
            r#"{"model":"m","messages":[1],"n":0}"#,
            r#"{"model":"m","messages":[1],"n":1000000}"#,
            r#"{"model":"m","messages":[1],"max_tokens":-1}"#,
            r#"{"model":"m","messages":[1],"max_tokens":0}"#,
            r#"{"model":"m","messages":[1],"stream":"yes"}"#,
            r#"{"model":"m","model":"n","messages":[1]}"#,
            r#"{"model":"m","messages":[1],"stream_options":[]}"#,
            r#"["m",[1]]"#,
            deep.as_str(),
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(Peek::read(Bytes::from_static(b"\xff\xfe")).is_err());
        let bomb = "[".repeat(1_000_000);
        assert!(read(&bomb).is_err());
    }
}

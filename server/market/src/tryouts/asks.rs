//! The request of a try: its fields as they were sent, but for those that the demo bounds.

use std::collections::BTreeMap;

use model::OfferingId;
use serde_json::value::{RawValue, to_raw_value};

use crate::{Error, Result};

/// The most bytes of a request in the demo.
const BYTES: usize = 8 * 1024;
/// The most tokens of an answer in the demo.
const TOKENS: u64 = 512;
/// The two names of the same wish.
const MOST: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// A chat completion request, taken apart by its first level only.
#[derive(Debug)]
pub(super) struct Ask(BTreeMap<String, Box<RawValue>>);

impl Ask {
    /// Reads a request for a service; a model may be named, but no other one.
    pub fn read(body: &[u8], slug: &str, offering: OfferingId) -> Result<Self> {
        let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body)
            .map_err(|_| Error::field("body", "A JSON object with `messages` is expected"))?;
        let ask = Self(fields);
        if let Some(model) = ask.read_as::<String>("model", "A name is expected")?
            && model != slug
            && model.parse() != Ok(offering)
        {
            return Err(Error::field("model", format!("Only `{slug}` can be tried here")));
        }
        let messages = ask.0.get("messages").map(|raw| raw.get()).unwrap_or_default();
        if !messages.starts_with('[') {
            return Err(Error::field("messages", "A list of messages is expected"));
        }
        for name in MOST.into_iter().chain(["n"]) {
            ask.number(name)?;
        }
        Ok(ask)
    }

    /// Holds it to what the demo allows.
    pub fn bound(&mut self, bytes: usize) -> Result<()> {
        if bytes > BYTES {
            return Err(Error::field(
                "messages",
                "Without an account a request may have 8 KB. Create an account to send more",
            ));
        }
        let mut said = false;
        for name in MOST {
            if let Some(asked) = self.number(name)? {
                self.set(name, &asked.min(TOKENS))?;
                said = true;
            } else {
                self.0.remove(name);
            }
        }
        if !said {
            self.set("max_tokens", &TOKENS)?;
        }
        match self.number("n")? {
            Some(choices) => self.set("n", &choices.min(1)),
            None => Ok(()),
        }
    }

    /// The request as the gateway takes it.
    pub fn request(mut self, slug: &str) -> Result<Vec<u8>> {
        self.set("model", &slug)?;
        serde_json::to_vec(&self.0).map_err(|error| Error::Internal(Box::new(error)))
    }

    fn set(&mut self, name: &str, value: &impl serde::Serialize) -> Result<()> {
        let raw = to_raw_value(value).map_err(|error| Error::Internal(Box::new(error)))?;
        self.0.insert(name.to_owned(), raw);
        Ok(())
    }

    fn number(&self, name: &str) -> Result<Option<u64>> {
        self.read_as(name, "A whole number is expected")
    }

    /// A field that may be missing or null.
    fn read_as<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>> {
        let Some(raw) = self.0.get(name) else { return Ok(None) };
        serde_json::from_str(raw.get()).map_err(|_| Error::field(name, expected))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn id() -> OfferingId {
        OfferingId::new(1, [1; 10])
    }

    fn bound(body: &Value) -> Result<Value> {
        let body = body.to_string();
        let mut ask = Ask::read(body.as_bytes(), "slug", id())?;
        ask.bound(body.len())?;
        Ok(serde_json::from_slice(&ask.request("slug")?).unwrap())
    }

    #[test]
    fn the_demo_is_bounded() {
        let hi = json!([{ "role": "user", "content": "hi" }]);
        for (sent, most) in [
            (json!({}), json!({ "max_tokens": 512 })),
            (json!({ "max_tokens": 7 }), json!({ "max_tokens": 7 })),
            (json!({ "max_tokens": 1_000_000 }), json!({ "max_tokens": 512 })),
            (
                json!({ "max_completion_tokens": 9_999, "max_tokens": null }),
                json!({ "max_completion_tokens": 512 }),
            ),
            (
                json!({ "max_completion_tokens": null, "n": 99 }),
                json!({ "max_tokens": 512, "n": 1 }),
            ),
            (
                json!({ "stream": true, "tools": [1.5], "model": id().to_string() }),
                json!({ "max_tokens": 512, "stream": true, "tools": [1.5] }),
            ),
        ] {
            let mut sent = sent;
            sent["messages"] = hi.clone();
            let mut expected = most;
            expected["messages"] = hi.clone();
            expected["model"] = json!("slug");
            assert_eq!(bound(&sent).unwrap(), expected);
        }
        let long = "x".repeat(BYTES);
        assert!(bound(&json!({ "messages": [{ "role": "user", "content": long }] })).is_err());
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        for body in [
            "",
            "[]",
            "null",
            "{",
            "{}",
            r#"{"messages":{}}"#,
            r#"{"messages":[1],"model":"other"}"#,
            r#"{"messages":[1],"model":1}"#,
            r#"{"messages":[1],"max_tokens":-1}"#,
            r#"{"messages":[1],"max_tokens":"9"}"#,
            r#"{"messages":[1],"n":1.5}"#,
        ] {
            assert!(Ask::read(body.as_bytes(), "slug", id()).is_err(), "{body}");
        }
        let deep =
            format!(r#"{{"messages":[1],"x":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        assert!(
            Ask::read(deep.as_bytes(), "slug", id()).is_ok(),
            "the gateway refuses it by its depth"
        );
    }

    #[test]
    fn every_other_byte_is_the_callers() {
        let body = r#"{"zz": 1.50, "messages": [{"a" :"\u0062"}], "tools":[ 9007199254740993.1 ]}"#;
        let request = Ask::read(body.as_bytes(), "slug", id()).unwrap().request("slug").unwrap();
        let text = std::str::from_utf8(&request).unwrap();
        for kept in ["1.50", r#"[{"a" :"\u0062"}]"#, "[ 9007199254740993.1 ]", r#""model":"slug""#]
        {
            assert!(text.contains(kept), "{text}");
        }
    }
}

//! The flash cookie: what a form's answer tells the next page, once. It is `HttpOnly` and lives five minutes.
//!
//! The cookie's value is the JSON of [`FlashBody`] in url-safe base64 without padding.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::header;
use leptos::prelude::use_context;
use model::{Fault, ResourceId};
use serde::{Deserialize, Serialize};

use crate::context::{self, Flash};

const NAME: &str = "__Host-flash";
const ATTRIBUTES: &str = "Secure; HttpOnly; SameSite=Lax; Path=/";

/// What the next page is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlashBody {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The message says that something worked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Fault>,
    /// What was typed, passwords left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// A new secret key, to be shown once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The resource that the key belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_name: Option<String>,
}

impl FlashBody {
    /// Says that something worked.
    pub fn done(message: impl Into<String>) -> Self {
        Self { message: message.into(), done: true, ..Self::default() }
    }

    /// Says what went wrong.
    pub fn failed(error: &market::Error) -> Self {
        let problem = error.problem("");
        Self { message: problem.message, fields: problem.fields, ..Self::default() }
    }

    /// What is wrong with a field, as a sentence.
    pub fn fault(&self, field: &str) -> Option<String> {
        self.fields.iter().find(|fault| fault.field == field).map(|fault| fault.message.clone())
    }

    /// What was typed into a field.
    pub fn value(&self, field: &str) -> String {
        self.values.get(field).cloned().unwrap_or_default()
    }

    /// The value of the cookie.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads the value of the cookie; a value that is not ours is nothing.
    pub fn decode(cookie: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(cookie.trim()).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

/// Gives the next page something to say.
pub fn put(body: &FlashBody) {
    let cookie = format!("{NAME}={}; {ATTRIBUTES}; Max-Age=300", body.encode());
    context::add_header(header::SET_COOKIE, &cookie);
}

/// Takes what this page was told and clears the cookie, so that a reload does not say it again. A new key is left for
/// its own page, whatever is opened in between.
pub fn take() -> Option<FlashBody> {
    take_if(|body| body.key.is_none())
}

/// Takes the new key of a resource, which is shown once.
pub fn take_key(resource: ResourceId) -> Option<(String, String)> {
    let of_resource = |body: &FlashBody| body.resource == Some(resource.to_string());
    let body = take_if(|body| body.key.is_some() && of_resource(body))?;
    Some((body.key?, body.key_name.unwrap_or_default()))
}

fn take_if(wanted: impl Fn(&FlashBody) -> bool) -> Option<FlashBody> {
    let text = use_context::<Flash>()?.0?;
    let body = FlashBody::decode(&text);
    // What cannot be read is cleared, too.
    if body.as_ref().is_none_or(&wanted) {
        context::add_header(header::SET_COOKIE, &format!("{NAME}=; {ATTRIBUTES}; Max-Age=0"));
    }
    body.filter(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_what_is_taken() {
        let body = FlashBody { key: Some("k".to_owned()), ..FlashBody::done("Fine – “yes”") };
        assert_eq!(FlashBody::decode(&body.encode()), Some(body));
        assert_eq!(FlashBody::decode("not ours!"), None);
    }
}

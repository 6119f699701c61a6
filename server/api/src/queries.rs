//! What stands behind the question mark.

use axum::{extract::FromRequestParts, http::request::Parts};
use market::Error;
use model::Fault;
use serde::de::{DeserializeOwned, IntoDeserializer, value::Error as WrongValue};

use crate::{Shared, errors::ApiError};

/// Decoded parameters, in order.
pub struct Query(Vec<(String, String)>);

impl FromRequestParts<Shared> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, ApiError> {
        let text = parts.uri.query().unwrap_or_default();
        Ok(Self(
            form_urlencoded::parse(text.as_bytes())
                .take(200)
                .map(|(n, v)| (n.into_owned(), v.into_owned()))
                .collect(),
        ))
    }
}

impl Query {
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value of a parameter that is there and not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.pairs()
            .find_map(|(found, value)| (found == name && !value.is_empty()).then_some(value))
    }

    /// A parameter of a type that reads from text, such as an id.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let read: Result<T, WrongValue> = T::deserialize(text.into_deserializer());
        read.map(Some).map_err(|error| invalid(name, &error.to_string()))
    }

    /// A parameter that is `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("true" | "1" | "yes") => Ok(Some(true)),
            Some("false" | "0" | "no") => Ok(Some(false)),
            Some(_) => Err(invalid(name, "Enter true or false.")),
        }
    }

    /// A number from 1, cut off at `most`.
    pub fn number(&self, name: &str, usual: u64, most: u64) -> Result<u64, ApiError> {
        let Some(text) = self.text(name) else { return Ok(usual) };
        match text.parse::<u64>() {
            Ok(number @ 1..) => Ok(number.min(most)),
            _ => Err(invalid(name, "A whole number from 1 is expected.")),
        }
    }
}

fn invalid(name: &str, message: &str) -> ApiError {
    ApiError::Market(Error::Invalid(vec![Fault::new(name, sentence(message))]))
}

/// A message that may quote what was sent, cut to a length that is fit to be sent back.
pub fn sentence(text: &str) -> String {
    const MOST: usize = 200;
    if text.chars().nth(MOST).is_none() {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

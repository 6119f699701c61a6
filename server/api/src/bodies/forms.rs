//! Forms: what browsers and Waldur's clients send when it is not JSON.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{errors::ApiError, queries::sentence};

/// The fields of a form, as they come.
pub fn form(raw: &[u8]) -> Vec<(String, Value)> {
    let pairs = form_urlencoded::parse(raw).take(1_000);
    pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect()
}

/// Fields of which those with one name are one list.
pub fn gathered(members: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut found: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in members {
        if let Some((_, values)) = places.get(&name).and_then(|place| found.get_mut(*place)) {
            values.push(value);
        } else {
            places.insert(name.clone(), found.len());
            found.push((name, vec![value]));
        }
    }
    let one_or_all = |mut values: Vec<Value>| match values.pop() {
        Some(only) if values.is_empty() => only,
        last => Value::Array(values.into_iter().chain(last).collect()),
    };
    found.into_iter().map(|(name, values)| (name, one_or_all(values))).collect()
}

/// The fields of a multipart form. A file is kept as an object of its name, its type and its bytes in base64.
pub async fn multipart(raw: &Bytes, boundary: String) -> Result<Vec<(String, Value)>, ApiError> {
    let wrong = |error: multer::Error| {
        ApiError::Malformed(format!(
            "Multipart form parse error - {}",
            sentence(&error.to_string())
        ))
    };
    let whole = raw.clone();
    let stream =
        futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(whole) });
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut members = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(wrong)? {
        if members.len() >= 1_000 {
            return Err(ApiError::Malformed("The form has too many fields.".to_owned()));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let kind = part.content_type().map(ToString::to_string);
        let bytes = part.bytes().await.map_err(wrong)?;
        let value = match file {
            Some(file) => json!({
                "name": file,
                "content_type": kind,
                "base64": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes),
            }),
            None => Value::String(String::from_utf8_lossy(&bytes).into_owned()),
        };
        members.push((name, value));
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_one_name_are_a_list() {
        let found = gathered(form(b"a=1&b=2&a=3&c=&a=4"));
        let named = |name: &str, value: Value| (name.to_owned(), value);
        let right =
            [named("a", json!(["1", "3", "4"])), named("b", json!("2")), named("c", json!(""))];
        assert_eq!(found, right);
    }
}

//! What is posted: JSON or a form with the same fields, read within limits into the types of the house.

mod forms;

use axum::{
    body::Body as Stream,
    extract::{FromRequest, FromRequestParts, MatchedPath, Path, Request},
    http::{HeaderMap, Method, header, request::Parts},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use market::Error;
use model::Fault;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::forms::{form, gathered, multipart};
use crate::{Shared, errors::ApiError, openapi::needed, queries::sentence};

/// The most that is read of a body.
pub const LIMIT: usize = 4 << 20;

/// How deep arrays and objects may be nested.
const DEPTH: usize = 64;

/// Something that is posted field by field. All faults are collected, so that a caller hears of them at once.
pub trait Posted: Sized {
    /// Reads the fields; `None` only after a fault was noted.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// A posted value, with the bytes it came in.
pub struct Body<T> {
    pub value: T,
    pub raw: Bytes,
}

impl<T: Posted> FromRequest<Shared> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, doors: &Shared) -> Result<Self, ApiError> {
        let mut fields = Fields::from_request(request, doors).await?;
        Ok(Self { value: fields.parse()?, raw: fields.raw })
    }
}

/// The fields of a body before anything is made of them.
pub struct Fields {
    values: Vec<(String, Value)>,
    faults: Vec<Fault>,
    raw: Bytes,
    /// A browser's form, answered with a redirection where people post it.
    pub form: bool,
}

impl FromRequest<Shared> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Shared) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let kind = Kind::of(&parts.headers, parts.uri.path())?;
        let raw = collect(&parts.headers, body).await?;
        let form_kind = !matches!(kind, Kind::Json);
        // Waldur's clients send a list as fields of one name. A form of ours has each field once.
        let lists = parts.uri.path().starts_with("/api/");
        let values = match kind {
            _ if raw.is_empty() => Vec::new(),
            Kind::Json => object(&raw)?,
            Kind::Form => {
                let pairs = form(&raw);
                if lists { gathered(pairs) } else { unique(pairs)? }
            }
            Kind::Multipart(boundary) => gathered(multipart(&raw, boundary).await?),
        };
        let mut fields = Self { values, faults: Vec::new(), raw, form: form_kind };
        // What is put is a whole thing; what is left out of it is told with whatever else is wrong.
        if parts.method == Method::PUT
            && let Some(path) = parts.extensions.get::<MatchedPath>()
        {
            for name in needed(path.as_str()) {
                if fields.find(name).is_none() {
                    fields.fault::<()>(name, "This field is required.");
                }
            }
        }
        Ok(fields)
    }
}

impl Fields {
    /// Fields that were found within a field.
    pub fn of(members: serde_json::Map<String, Value>) -> Self {
        Self {
            values: members.into_iter().collect(),
            faults: Vec::new(),
            raw: Bytes::new(),
            form: false,
        }
    }

    /// What was found to be wrong.
    pub fn take_faults(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.faults)
    }

    /// All that was sent.
    pub fn members(&self) -> serde_json::Map<String, Value> {
        self.values.iter().cloned().collect()
    }

    /// Makes a value of the fields, or says all that is wrong with them.
    pub fn parse<T: Posted>(&mut self) -> Result<T, ApiError> {
        let value = T::read(self);
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(ApiError::Market(Error::Invalid(std::mem::take(&mut self.faults)))),
        }
    }

    /// The text of a field as it was sent, for showing it again.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.find(name).and_then(Value::as_str)
    }

    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        match self.find(name) {
            None => self.fault(name, "This field is required."),
            Some(Value::Null) => self.fault(name, "This field may not be null."),
            Some(Value::String(text)) if text.is_empty() => {
                self.fault(name, "This field may not be blank.")
            }
            Some(value) => self.convert(name, value.clone()),
        }
    }

    /// A field that may be missing, null or, as forms send what is not filled in, empty.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        match self.find(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(value) => self.convert(name, value.clone()),
        }
    }

    /// A name that another program gave to something: one line of at most so many characters.
    pub fn line(&mut self, name: &str, most: usize) -> Option<String> {
        let text: String = self.required(name)?;
        if text.chars().count() > most {
            return self
                .fault(name, &format!("Ensure this field has no more than {most} characters."));
        }
        if text.chars().any(char::is_control) {
            return self.fault(name, "Control characters are not allowed.");
        }
        Some(text)
    }

    /// Notes what is wrong with a field, once.
    pub fn fault<T>(&mut self, name: &str, message: &str) -> Option<T> {
        let fault = Fault::new(name, message);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
        None
    }

    /// The field as it was sent.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.find(name)
    }

    /// The bytes that they came in.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// Refuses when something was found to be wrong.
    pub fn check(&mut self) -> Result<(), ApiError> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(ApiError::Market(Error::Invalid(std::mem::take(&mut self.faults))))
    }

    fn find(&self, name: &str) -> Option<&Value> {
        self.values.iter().find_map(|(found, value)| (found == name).then_some(value))
    }

    fn convert<T: DeserializeOwned>(&mut self, name: &str, value: Value) -> Option<T> {
        if value.as_str().is_some_and(|text| text.contains('\0')) {
            return self.fault(name, "Null characters are not allowed.");
        }
        match serde_json::from_value(value) {
            Ok(value) => Some(value),
            Err(error) => self.fault(name, &sentence(&error.to_string())),
        }
    }
}

/// A word of the path. What is no text names nothing.
pub struct Named(pub String);

impl FromRequestParts<Shared> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, doors: &Shared) -> Result<Self, ApiError> {
        let found = Path::<String>::from_request_parts(parts, doors).await;
        found.map(|Path(text)| Self(text)).map_err(|_| ApiError::Market(Error::Missing("page")))
    }
}

#[derive(Clone)]
enum Kind {
    Json,
    Form,
    Multipart(String),
}

impl Kind {
    /// A body without a type is taken for JSON.
    fn of(headers: &HeaderMap, path: &str) -> Result<Self, ApiError> {
        let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(Self::Json) };
        let text = value.to_str().unwrap_or_default();
        let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => Ok(Self::Json),
            "application/x-www-form-urlencoded" => Ok(Self::Form),
            // Waldur's clients send files.
            "multipart/form-data" if path.starts_with("/api/") => {
                multer::parse_boundary(text).map(Self::Multipart).map_err(|_| {
                    ApiError::Malformed("Multipart form parse error - Invalid boundary.".to_owned())
                })
            }
            other if other.starts_with("application/") && other.ends_with("+json") => {
                Ok(Self::Json)
            }
            other => Err(ApiError::Media(sentence(other))),
        }
    }
}

/// Reads a body, and stops as soon as the limit is passed or announced to be passed.
pub async fn collect(headers: &HeaderMap, mut body: Stream) -> Result<Bytes, ApiError> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LIMIT as u64) {
        gateway::discard(body);
        return Err(ApiError::TooLarge);
    }
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| ApiError::Malformed("The body ended too early.".to_owned()))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + all.len() + data.len() > LIMIT {
            gateway::discard(body);
            return Err(ApiError::TooLarge);
        }
        // Nearly every body is one piece, which need not be copied.
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        all.extend_from_slice(&std::mem::take(&mut first));
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// The members of a JSON object, in order; a name that comes twice is refused, as either value could be meant.
fn object(raw: &[u8]) -> Result<Vec<(String, Value)>, ApiError> {
    if depth(raw) > DEPTH {
        return Err(ApiError::Malformed(format!(
            "JSON parse error - nested deeper than {DEPTH} levels."
        )));
    }
    let Members(members) = serde_json::from_slice(raw).map_err(|error| {
        ApiError::Malformed(format!("JSON parse error - {}", sentence(&error.to_string())))
    })?;
    unique(members)
}

fn unique(members: Vec<(String, Value)>) -> Result<Vec<(String, Value)>, ApiError> {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let twice = names.iter().zip(names.iter().skip(1)).find(|(one, next)| one == next);
    match twice {
        Some((name, _)) => {
            let fault = Fault::new(sentence(name), "This field was sent twice.");
            Err(ApiError::Market(Error::Invalid(vec![fault])))
        }
        None => Ok(members),
    }
}

/// How deep the brackets outside of strings are nested. Asked before the parser, so that no parser is put to the test.
fn depth(raw: &[u8]) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    let mut bytes = raw.iter();
    let mut quoted = false;
    while let Some(byte) = bytes.next() {
        match (quoted, byte) {
            (true, b'\\') => drop(bytes.next()),
            (_, b'"') => quoted = !quoted,
            (false, b'[' | b'{') => {
                now += 1;
                most = most.max(now);
            }
            (false, b']' | b'}') => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// The members of an object as they were sent.
struct Members(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> serde::de::Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        assert_eq!(depth(br#"{"a":[1,{"b":"]]{{\"["}]}"#), 3);
        assert_eq!(depth(b"[[[]]][[]]"), 3);
        assert_eq!(depth(b"]]]["), 1);
    }

    #[test]
    fn a_name_that_comes_twice_is_refused() {
        assert!(object(br#"{"a":1,"b":2}"#).is_ok());
        assert!(object(br#"{"a":1,"b":2,"a":3}"#).is_err());
        assert!(unique(form(b"a=1&a=2")).is_err());
        assert!(object(b"[1]").is_err());
        assert!(object(b"\xff").is_err());
    }
}

//! Files that come and go with payments.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use base64::Engine as _;
use market::Proof;
use serde_json::Value;

use crate::bodies::Fields;

/// The largest file that shows a payment, in bytes.
const MOST_PROOF: usize = 2 << 20;

/// A file that shows a payment: a picture or a PDF, by its first bytes. Multipart forms carry it as it is, JSON in
/// base64.
pub fn proof(fields: &mut Fields) -> Option<Proof> {
    let text = match fields.value("proof")? {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => text.clone(),
        Value::Object(file) => {
            file.get("base64").and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        _ => return fields.fault("proof", "The submitted data was not a file."),
    };
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(text) else {
        return fields.fault("proof", "The submitted data was not a file.");
    };
    if bytes.len() > MOST_PROOF {
        return fields.fault("proof", "The file is larger than 2 MB.");
    }
    let known: [(&[u8], &str); 3] = [
        (b"%PDF-", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
    ];
    match known.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, kind)) => Some((bytes, (*kind).to_owned())),
        None => fields.fault("proof", "A PDF, PNG or JPEG file is expected."),
    }
}

/// A file as it was sent by others: never shown as a page of ours.
pub fn file(bytes: Vec<u8>, kind: &str) -> Response {
    let kind =
        HeaderValue::from_str(kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
    ];
    (headers, bytes).into_response()
}

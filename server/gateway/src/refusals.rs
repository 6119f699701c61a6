//! Answers that are no completion, in OpenAI's error shape.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use market::Failure;
use serde_json::json;

use crate::Body;

/// A call that was not answered with a completion.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    kind: &'static str,
    code: &'static str,
    message: String,
    retry_after_s: Option<u32>,
    /// The upstream's own words, passed on as they are.
    verbatim: Option<Bytes>,
    /// The provider's failure that it comes from; none when it is the caller's or our own.
    failure: Option<Failure>,
}

impl Refusal {
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            kind,
            code,
            message: message.into(),
            retry_after_s: None,
            verbatim: None,
            failure: None,
        }
    }

    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", "invalid_request", message)
    }

    pub fn too_large(limit: usize) -> Self {
        let message = format!("The request body is larger than {limit} bytes.");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request_error",
            "request_too_large",
            message,
        )
    }

    pub fn unknown_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_request_error",
            "invalid_api_key",
            "The API key is missing, malformed, unknown or revoked. Send it as `Authorization: Bearer cmp_sk_…`.",
        )
    }

    /// The upstream could not be asked or did not answer.
    pub fn upstream(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, "upstream_error", "upstream_failed", message)
    }

    /// The upstream's refusal of what the caller has sent, in its own words.
    pub fn passed_on(status: StatusCode, body: Bytes, retry_after_s: Option<u32>) -> Self {
        let mut refusal = Self::upstream(status, "");
        refusal.verbatim = Some(body);
        refusal.retry_after_s = retry_after_s;
        refusal
    }

    /// The same refusal, laid at the provider's door: it counts in the measured quality.
    pub fn because(self, failure: Failure) -> Self {
        Self { failure: Some(failure), ..self }
    }

    pub const fn failure(&self) -> Option<Failure> {
        self.failure
    }

    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The error as the data of an event, for a stream that has begun.
    pub fn to_json(&self) -> serde_json::Value {
        json!({ "error": { "message": self.message, "type": self.kind, "param": null, "code": self.code } })
    }

    pub fn into_response(self) -> Response<Body> {
        let bytes = match &self.verbatim {
            Some(bytes) => bytes.clone(),
            None => Bytes::from(self.to_json().to_string()),
        };
        let mut response = Response::new(Body::whole(bytes));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<market::Error> for Refusal {
    fn from(error: market::Error) -> Self {
        use market::Error;
        let message = error.sentence();
        let (status, kind, code) = match &error {
            Error::Anonymous | Error::Credentials | Error::SecondFactor(_) => {
                return Self::unknown_key();
            }
            Error::Missing(_) => (StatusCode::NOT_FOUND, "invalid_request_error", "not_found"),
            Error::Denied | Error::Refused(_) | Error::Unverified => {
                (StatusCode::FORBIDDEN, "invalid_request_error", "permission_denied")
            }
            Error::Conflict(_) => (StatusCode::CONFLICT, "invalid_request_error", "conflict"),
            Error::Invalid(_) => {
                (StatusCode::BAD_REQUEST, "invalid_request_error", "invalid_request")
            }
            Error::Unpaid { .. } => {
                (StatusCode::PAYMENT_REQUIRED, "insufficient_quota", "insufficient_credits")
            }
            Error::Limited { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "rate_limit_exceeded")
            }
            Error::Upstream { .. } => {
                (StatusCode::BAD_GATEWAY, "upstream_error", "upstream_failed")
            }
            Error::Internal(source) => {
                tracing::error!(error = ?source, "a metered call failed in the house");
                (StatusCode::SERVICE_UNAVAILABLE, "api_error", "unavailable")
            }
        };
        let mut refusal = Self::new(status, kind, code, message);
        if let Error::Limited { retry_after_s, .. } = error {
            refusal.retry_after_s = Some(retry_after_s);
        }
        refusal
    }
}

//! What went wrong, in the shape that the callers of a path know.

use std::{
    error::Error as StdError,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use market::Error;
use model::Problem;
use serde_json::{Map, Value, json};

/// The header that names a request in our log.
pub const REQUEST_ID: &str = "x-request-id";

/// A refusal or failure on its way out.
#[derive(Debug)]
pub enum ApiError {
    Market(Error),
    /// Credentials that do not work, with the reason as a sentence.
    Token(&'static str),
    /// Another site made a browser send this.
    CrossSite,
    /// Not even readable.
    Malformed(String),
    TooLarge,
    /// A content type that is not understood here.
    Media(String),
    Method,
    /// The idempotency key was used for something else.
    Reused,
    /// A page beyond the last one.
    NoPage,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Market(error)
    }
}

/// Carries the error to [`translate`], which knows the path and the request's id.
#[derive(Clone)]
struct Failure(Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

/// Names the request, and gives what went wrong the shape of its path.
pub async fn translate(mut request: Request, next: Next) -> Response {
    let id = RequestId::next();
    let shape = Shape::of(request.uri().path());
    let method = request.method().clone();
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Some(Failure(error)) = response.extensions_mut().remove() {
        response = error.render(shape, id, &method);
    } else if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = response.headers_mut().remove(header::ALLOW);
        response = ApiError::Method.render(shape, id, &method);
        allowed.map(|methods| response.headers_mut().insert(header::ALLOW, methods));
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id.header());
    // Balances and secrets are for who asked, and only once.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The families of error bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Django REST Framework's, on the paths that Waldur's clients call.
    Django,
    OpenAi,
    House,
}

impl Shape {
    pub fn of(path: &str) -> Self {
        let under = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if under("/api") || under("/api-auth") || under("/instances") {
            Self::Django
        } else if under("/v1/chat") || under("/v1/models") || is_try(path) {
            Self::OpenAi
        } else {
            Self::House
        }
    }
}

/// A try is asked and answered as `OpenAI`'s clients know it.
fn is_try(path: &str) -> bool {
    path.starts_with("/marketplace/services/") && path.trim_end_matches('/').ends_with("/try")
}

/// Names one request of this process: a counter, mixed so that two processes do not use the same names.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(u64);

impl RequestId {
    pub fn next() -> Self {
        static START: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("start"));
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // The finaliser of SplitMix64: one to one, so that no name comes twice.
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut x = START.wrapping_add(count.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self(x ^ (x >> 31))
    }

    pub fn header(self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).unwrap_or(HeaderValue::from_static("-"))
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl ApiError {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Market(error) => status(error),
            Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Media(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Reused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoPage => StatusCode::NOT_FOUND,
        }
    }

    /// What may be said about it to anybody.
    pub fn problem(&self, id: RequestId) -> Problem {
        let (code, message) = match self {
            Self::Market(error) => return error.problem(&id.to_string()),
            Self::Token(why) => (Error::Anonymous.code(), (*why).to_owned()),
            Self::CrossSite => {
                (Error::Denied.code(), "This was sent from another site.".to_owned())
            }
            Self::Malformed(why) => ("malformed", why.clone()),
            Self::TooLarge => ("too_large", "The body is larger than 4 MB.".to_owned()),
            Self::Media(kind) => (
                "unsupported_media_type",
                format!("The content type \"{kind}\" is not understood; send application/json."),
            ),
            Self::Method => ("method_not_allowed", "This method is not allowed here.".to_owned()),
            Self::NoPage => ("not_found", "Invalid page.".to_owned()),
            Self::Reused => (
                "idempotency_key_reused",
                "This Idempotency-Key was used for another request.".to_owned(),
            ),
        };
        Problem { code: code.to_owned(), message, fields: Vec::new(), request_id: id.to_string() }
    }

    /// The whole answer.
    pub fn render(&self, shape: Shape, id: RequestId, method: &Method) -> Response {
        self.log(id);
        let status = self.status();
        let body = self.body(shape, id, method);
        let mut response = (status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            let scheme = if shape == Shape::Django { "Token" } else { "Bearer" };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        if let Self::Market(Error::Limited { retry_after_s, .. }) = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
        }
        response
    }

    /// The body alone.
    pub fn body(&self, shape: Shape, id: RequestId, method: &Method) -> Value {
        match shape {
            Shape::House => json!({ "error": self.problem(id) }),
            Shape::OpenAi => self.openai(id),
            Shape::Django => self.django(id, method),
        }
    }

    fn openai(&self, id: RequestId) -> Value {
        let problem = self.problem(id);
        let (kind, code) = match self.status().as_u16() {
            401 => ("authentication_error", "invalid_api_key"),
            402 => ("insufficient_quota", "insufficient_quota"),
            403 => ("permission_error", problem.code.as_str()),
            404 => ("invalid_request_error", "model_not_found"),
            429 => ("rate_limit_error", "rate_limit_exceeded"),
            500.. => ("server_error", problem.code.as_str()),
            _ => ("invalid_request_error", problem.code.as_str()),
        };
        let param = problem.fields.first().map(|fault| fault.field.as_str());
        json!({ "error": { "message": problem.message, "type": kind, "param": param, "code": code } })
    }

    fn django(&self, id: RequestId, method: &Method) -> Value {
        let detail = match self {
            // What an action raises about nothing in particular is a bare list.
            Self::Market(Error::Invalid(faults))
                if faults.iter().all(|f| f.field.is_empty()) && !faults.is_empty() =>
            {
                return faults.iter().map(|fault| fault.message.clone()).collect();
            }
            Self::Market(Error::Invalid(faults)) if !faults.is_empty() => {
                let mut fields = Value::Object(Map::new());
                for fault in faults {
                    nest(&mut fields, fault.field.split('/'), &fault.message);
                }
                return fields;
            }
            Self::Market(error @ (Error::SecondFactor(_) | Error::Unverified)) => {
                return json!({ "detail": error.sentence(), "code": error.code() });
            }
            Self::Market(Error::Anonymous) => {
                "Authentication credentials were not provided.".to_owned()
            }
            Self::Market(Error::Credentials) => "Invalid username/password.".to_owned(),
            Self::Market(Error::Denied) => {
                "You do not have permission to perform this action.".to_owned()
            }
            Self::Market(Error::Missing(_)) => "Not found.".to_owned(),
            Self::Market(Error::Limited { retry_after_s, .. }) => {
                format!("Request was throttled. Expected available in {retry_after_s} seconds.")
            }
            Self::Method => format!("Method \"{method}\" not allowed."),
            Self::Media(kind) => format!("Unsupported media type \"{kind}\" in request."),
            other => other.problem(id).message,
        };
        if self.status().is_server_error() {
            return json!({ "detail": detail, "request_id": id.to_string() });
        }
        json!({ "detail": detail })
    }

    /// Failures of ours and of upstreams go to the log, here and nowhere else.
    pub fn log(&self, id: RequestId) {
        match self {
            Self::Market(Error::Internal(error)) => {
                tracing::error!(request.id = %id, error = %chain(error.as_ref()), "request {id} failed");
            }
            Self::Market(Error::Upstream { status, message }) => {
                tracing::warn!(request.id = %id, upstream.status = status, error = %message, "request {id}: the upstream failed");
            }
            _ => {}
        }
    }
}

/// Puts a message where a path leads, `usages/0/type`: numbers are places of a list.
fn nest<'a>(place: &mut Value, mut path: impl Iterator<Item = &'a str>, message: &str) {
    /// The longest list; a path that says more is a name.
    const MOST: usize = 1_000;
    let Some(step) = path.next() else {
        if !place.is_array() {
            *place = json!([]);
        }
        if let Some(said) = place.as_array_mut() {
            said.push(json!(message));
        }
        return;
    };
    if let Some(number) = step.parse::<usize>().ok().filter(|n| *n < MOST) {
        if !place.is_array() {
            *place = json!([]);
        }
        let Some(items) = place.as_array_mut() else { return };
        if items.len() <= number {
            items.resize(number + 1, json!({}));
        }
        if let Some(item) = items.get_mut(number) {
            nest(item, path, message);
        }
    } else {
        if !place.is_object() {
            *place = json!({});
        }
        let Some(members) = place.as_object_mut() else { return };
        nest(members.entry(step).or_insert(Value::Null), path, message);
    }
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::Missing(_) => StatusCode::NOT_FOUND,
        Error::Anonymous | Error::Credentials | Error::SecondFactor(_) => StatusCode::UNAUTHORIZED,
        Error::Denied | Error::Refused(_) | Error::Unverified => StatusCode::FORBIDDEN,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Invalid(_) => StatusCode::BAD_REQUEST,
        Error::Unpaid { .. } => StatusCode::PAYMENT_REQUIRED,
        Error::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Upstream { status, .. } => match StatusCode::from_u16(*status) {
            Ok(status) if status.is_client_error() || status.is_server_error() => status,
            _ => StatusCode::BAD_GATEWAY,
        },
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An error and all that caused it.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_of_their_place() {
        let mut told = Value::Object(Map::new());
        for (path, message) in
            [("name", "a"), ("usages/1/type", "b"), ("usages/1/type", "c"), ("", "d")]
        {
            nest(&mut told, path.split('/'), message);
        }
        let right = json!({ "name": ["a"], "usages": [{}, { "type": ["b", "c"] }], "": ["d"] });
        assert_eq!(told, right);
    }
}

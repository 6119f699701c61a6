//! Exactly once: a POST that moves money may be sent again with the same `Idempotency-Key` and is answered as it was
//! the first time.
//!
//! The database keeps the status and the body of the answer, for all servers and across restarts. A secret key of a
//! resource is stored nowhere, so in the stored body `api_key` is null. A caller that lost the connection still needs
//! it, hence the whole body is kept in this process's memory too, within bounds: a replay that reaches the same process
//! within a day is identical, any other one lacks only the secret (and the owner can make a new one).

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use market::{Begun, Error, Market};
use model::Fault;
use serde_json::Value;

use crate::{
    Answer, Shared,
    actors::SignedIn,
    errors::{ApiError, RequestId, Shape},
};

const HEADER: &str = "idempotency-key";

/// An answer that can be kept.
pub struct Reply {
    pub status: StatusCode,
    pub body: Value,
}

impl Reply {
    pub fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }
}

/// The request's idempotency key, if it has one, with what names it. Only for doors that are closed to strangers.
pub struct Once {
    key: Option<String>,
    path: String,
    method: Method,
    id: RequestId,
}

impl FromRequestParts<Shared> for Once {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, ApiError> {
        let key = match parts.headers.get(HEADER) {
            None => None,
            Some(value) => Some(read(value)?),
        };
        let path = parts.uri.path().trim_end_matches('/').to_owned();
        let id = parts.extensions.get().copied().unwrap_or_else(RequestId::next);
        Ok(Self { key, path, method: parts.method.clone(), id })
    }
}

fn read(value: &HeaderValue) -> Result<String, ApiError> {
    let sound =
        (1..=255).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    value.to_str().ok().filter(|_| sound).map(str::to_owned).ok_or_else(|| {
        let fault =
            Fault::new("Idempotency-Key", "1 to 255 visible ASCII characters are expected.");
        ApiError::Market(Error::Invalid(vec![fault]))
    })
}

impl Once {
    /// A reference that is the same whenever this caller sends this key here. Services that know references refuse to do
    /// a thing twice even if the process died between the thing and the keeping of its answer.
    pub fn reference(&self, caller: &SignedIn) -> Option<String> {
        let key = self.key.as_ref()?;
        let hash =
            market::sha256(format!("{}\n{}\n{key}", caller.actor.scope(), self.path).as_bytes());
        Some(hash.iter().take(16).fold("key-".to_owned(), |text, byte| format!("{text}{byte:02x}")))
    }

    /// Does the work, or answers as before.
    ///
    /// The work runs to its end even if the caller hangs up: nothing is paid for and then dropped half way, and no key
    /// stays taken for it.
    pub async fn run<F>(self, doors: &Shared, caller: &SignedIn, raw: &[u8], work: F) -> Answer
    where
        F: Future<Output = Result<Reply, ApiError>> + Send + 'static,
    {
        let work = Box::pin(work);
        let Some(key) = self.key else {
            let reply = to_the_end(work).await?;
            return Ok(answer(reply.status, reply.body.to_string()));
        };
        let kept = Kept {
            doors: doors.clone(),
            scope: format!("{} {}", caller.actor.scope(), self.path),
            key,
        };
        let hash = market::sha256(raw);
        match kept.market().idempotency().begin(&kept.scope, &kept.key, hash).await? {
            Begun::Fresh => {}
            Begun::Running => {
                return Err(Error::Conflict(
                    "The first request with this Idempotency-Key is still running.",
                )
                .into());
            }
            Begun::Mismatch => return Err(ApiError::Reused),
            Begun::Done { status, body } => return Ok(kept.again(status, body)),
        }
        let (shape, id, method) = (Shape::of(&self.path), self.id, self.method);
        to_the_end(async move {
            let done = work.await;
            kept.keep(done, |error| error.body(shape, id, &method).to_string()).await
        })
        .await
    }
}

/// Does work that goes on when the caller hangs up, which drops all that waits for them.
pub async fn to_the_end<T, F>(work: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, ApiError>> + Send + 'static,
{
    let task = tokio::spawn(work);
    task.await.unwrap_or_else(|failed| Err(Error::Internal(Box::new(failed)).into()))
}

/// A key that was taken.
struct Kept {
    doors: Shared,
    scope: String,
    key: String,
}

impl Kept {
    fn market(&self) -> &Market {
        &self.doors.market
    }

    /// Keeps an answer that will not change. Failures of ours, and refusals that time mends, give the key back.
    async fn keep(
        self,
        done: Result<Reply, ApiError>,
        render: impl Fn(&ApiError) -> String,
    ) -> Answer {
        let (status, full, stored, answered) = match done {
            Ok(reply) => {
                let full = reply.body.to_string();
                let stored = without_secret(reply.body).map(|body| body.to_string());
                let secret = stored.is_some();
                let stored = stored.unwrap_or_else(|| full.clone());
                let answered = Ok(answer(reply.status, full.clone()));
                (reply.status, secret.then_some(full), stored, answered)
            }
            Err(error) => {
                let status = error.status();
                if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                    let idempotency = self.market().idempotency();
                    if let Err(second) = idempotency.abandon(&self.scope, &self.key).await {
                        ApiError::Market(second).log(RequestId::next());
                    }
                    return Err(error);
                }
                (status, None, render(&error), Err(error))
            }
        };
        if let Some(full) = full {
            self.doors.replays.put(self.name(), full);
        }
        let idempotency = self.market().idempotency();
        let kept = idempotency.finish(&self.scope, &self.key, status.as_u16(), &stored).await;
        if let Err(error) = kept {
            // The work is done: its answer counts for more than its copy.
            ApiError::Market(error).log(RequestId::next());
        }
        answered
    }

    fn again(&self, status: u16, stored: String) -> Response {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        let body = self.doors.replays.find(&self.name()).unwrap_or(stored);
        let mut response = answer(status, body);
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        response
    }

    fn name(&self) -> String {
        format!("{}\n{}", self.scope, self.key)
    }
}

fn answer(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The body with the secret taken out, if there is one in it.
fn without_secret(mut body: Value) -> Option<Value> {
    let secret = body.get_mut("api_key").filter(|value| !value.is_null())?;
    *secret = Value::Null;
    Some(body)
}

/// Bodies with secrets, by the name of their key: at most so many, none older than a day.
#[derive(Default)]
pub struct Replays(Mutex<Bodies>);

#[derive(Default)]
struct Bodies {
    by_name: HashMap<String, String>,
    by_age: VecDeque<(Instant, String)>,
}

impl Replays {
    const MOST: usize = 10_000;
    const AGE: Duration = Duration::from_hours(24);

    fn put(&self, name: String, body: String) {
        let mut bodies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.forget(Self::MOST - 1);
        bodies.by_age.push_back((Instant::now(), name.clone()));
        bodies.by_name.insert(name, body);
    }

    fn find(&self, name: &str) -> Option<String> {
        let mut bodies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.forget(Self::MOST);
        bodies.by_name.get(name).cloned()
    }
}

impl Bodies {
    /// Drops the oldest bodies down to a number, and the ones that are too old.
    fn forget(&mut self, keep: usize) {
        while let Some((born, _)) = self.by_age.front() {
            if self.by_age.len() <= keep && born.elapsed() < Replays::AGE {
                return;
            }
            if let Some((_, name)) = self.by_age.pop_front() {
                self.by_name.remove(&name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn memory_is_bounded() {
        let replays = Replays::default();
        for n in 0..Replays::MOST + 5 {
            replays.put(n.to_string(), "x".to_owned());
        }
        assert_eq!(replays.find("4"), None);
        assert_eq!(replays.find("5").as_deref(), Some("x"));
        assert_eq!(replays.0.lock().unwrap().by_name.len(), Replays::MOST);
    }

    #[test]
    fn only_secrets_are_taken_out() {
        assert_eq!(
            without_secret(json!({ "a": 1, "api_key": "k" })),
            Some(json!({ "a": 1, "api_key": null }))
        );
        assert_eq!(without_secret(json!({ "a": 1, "api_key": null })), None);
        assert_eq!(without_secret(json!({ "a": 1 })), None);
    }

    #[test]
    fn keys_are_short_and_visible() {
        for bad in ["", "a b", "a\tb", "ä", &"x".repeat(256)] {
            let value = HeaderValue::from_bytes(bad.as_bytes()).unwrap();
            assert!(read(&value).is_err(), "{bad}");
        }
        assert!(read(&HeaderValue::from_static("a-1_{}")).is_ok());
    }
}

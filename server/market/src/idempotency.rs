//! Requests that may be sent twice and must work once.

use crate::{Market, Result, secrets::sha256};

/// How long an answer is kept, in milliseconds: a day.
pub(crate) const KEPT_MS: i64 = 24 * 3_600 * 1_000;
/// A request that has not finished after this long is taken to have died with its server, in milliseconds.
const DEAD_MS: i64 = 60 * 1_000;

/// The service for repeated requests.
#[derive(Debug, Clone, Copy)]
pub struct Idempotency<'a>(pub(crate) &'a Market);

/// What a key is found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nobody has used it: carry the request out.
    Fresh,
    /// The first request with it is running.
    Running,
    /// It was used with another request.
    Mismatch,
    /// It was answered like this.
    Done { status: u16, body: String },
}

impl Idempotency<'_> {
    /// Takes a key for a request, or tells what became of the first one.
    pub async fn begin(&self, scope: &str, key: &str, request_hash: [u8; 32]) -> Result<Begun> {
        let (db, now) = (self.0.core().db(), self.0.core().now());
        let key_hash = sha256(key.as_bytes());
        if store::idempotency::take(db, scope, key_hash, request_hash, now).await? {
            return Ok(Begun::Fresh);
        }
        let Some(known) = store::idempotency::find(db, scope, key_hash).await? else {
            return Ok(Begun::Running);
        };
        if known.request_hash != request_hash {
            return Ok(Begun::Mismatch);
        }
        if let (Some(status), Some(body)) = (known.status, known.body) {
            return Ok(Begun::Done { status: u16::try_from(status).unwrap_or(500), body });
        }
        let dead = now.plus_ms(-DEAD_MS);
        if store::idempotency::take_over(db, scope, key_hash, dead, now).await? {
            return Ok(Begun::Fresh);
        }
        Ok(Begun::Running)
    }

    /// Keeps the answer. Secrets must not be in the body.
    pub async fn finish(&self, scope: &str, key: &str, status: u16, body: &str) -> Result<()> {
        let db = self.0.core().db();
        Ok(store::idempotency::finish(db, scope, sha256(key.as_bytes()), i64::from(status), body)
            .await?)
    }

    /// Gives the key back after a failure of the house, so that the caller may try again.
    pub async fn abandon(&self, scope: &str, key: &str) -> Result<()> {
        Ok(store::idempotency::abandon(self.0.core().db(), scope, sha256(key.as_bytes())).await?)
    }
}

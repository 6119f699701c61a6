//! Answers kept for repeated requests.

use model::Timestamp;

use crate::{Result, Run, sql};

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub request_hash: Vec<u8>,
    /// None while the first request is running.
    pub status: Option<i64>,
    pub body: Option<String>,
    pub created_at: Timestamp,
}

/// Takes a key; false when it is taken.
pub async fn take(
    on: impl Run<'_>,
    scope: &str,
    key_hash: [u8; 32],
    request_hash: [u8; 32],
    now: Timestamp,
) -> Result<bool> {
    let rows = sql(
        on,
        "INSERT INTO idempotency (scope, key_hash, request_hash, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (scope, key_hash) DO NOTHING",
    )
    .bind(scope.to_owned())
    .bind(key_hash.to_vec())
    .bind(request_hash.to_vec())
    .bind(now.ms())
    .execute()
    .await?;
    Ok(rows == 1)
}

/// Takes over a key whose first request was never finished and began before a time.
pub async fn take_over(
    on: impl Run<'_>,
    scope: &str,
    key_hash: [u8; 32],
    began_before: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let rows = sql(
        on,
        "UPDATE idempotency SET created_at = $4
         WHERE scope = $1 AND key_hash = $2 AND status IS NULL AND created_at <= $3",
    )
    .bind(scope.to_owned())
    .bind(key_hash.to_vec())
    .bind(began_before.ms())
    .bind(now.ms())
    .execute()
    .await?;
    Ok(rows == 1)
}

pub async fn find(on: impl Run<'_>, scope: &str, key_hash: [u8; 32]) -> Result<Option<Known>> {
    sql(
        on,
        "SELECT request_hash, status, body, created_at FROM idempotency WHERE scope = $1 AND key_hash = $2",
    )
    .bind(scope.to_owned())
    .bind(key_hash.to_vec())
    .optional(|row| {
        Ok(Known {
            request_hash: row.get("request_hash")?,
            status: row.get("status")?,
            body: row.get("body")?,
            created_at: Timestamp::from_ms(row.get("created_at")?),
        })
    })
    .await
}

/// Keeps the answer.
pub async fn finish(
    on: impl Run<'_>,
    scope: &str,
    key_hash: [u8; 32],
    status: i64,
    body: &str,
) -> Result<()> {
    sql(on, "UPDATE idempotency SET status = $3, body = $4 WHERE scope = $1 AND key_hash = $2")
        .bind(scope.to_owned())
        .bind(key_hash.to_vec())
        .bind(status)
        .bind(body.to_owned())
        .execute()
        .await
        .map(drop)
}

/// Gives the key back: nothing happened.
pub async fn abandon(on: impl Run<'_>, scope: &str, key_hash: [u8; 32]) -> Result<()> {
    sql(on, "DELETE FROM idempotency WHERE scope = $1 AND key_hash = $2 AND status IS NULL")
        .bind(scope.to_owned())
        .bind(key_hash.to_vec())
        .execute()
        .await
        .map(drop)
}

/// Forgets the answers older than a time.
pub async fn sweep(on: impl Run<'_>, before: Timestamp) -> Result<u64> {
    sql(on, "DELETE FROM idempotency WHERE created_at <= $1").bind(before.ms()).execute().await
}

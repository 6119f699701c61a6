//! How often something was tried of late, for all servers together.

use model::Timestamp;

use crate::{Result, Run, sql};

/// Counts one more try and returns how many that makes, with the time of the last one that was let through. A count whose
/// last such try was before `forget` starts anew; tries above `limit` are not let through and move no time, so that who
/// keeps trying waits no longer than who does not.
pub async fn take(
    on: impl Run<'_>,
    key: [u8; 32],
    limit: u32,
    now: Timestamp,
    forget: Timestamp,
) -> Result<(u64, Timestamp)> {
    sql(
        on,
        "INSERT INTO attempts (key_hash, tries, last_at) VALUES ($1, 1, $2)
         ON CONFLICT (key_hash) DO UPDATE SET
             tries = CASE WHEN attempts.last_at <= $3 THEN 1 ELSE attempts.tries + 1 END,
             last_at = CASE WHEN attempts.last_at <= $3 OR attempts.tries < $4 THEN $2 ELSE attempts.last_at END
         RETURNING tries, last_at",
    )
    .bind(key.to_vec())
    .bind(now.ms())
    .bind(forget.ms())
    .bind(i64::from(limit))
    .one(|row| Ok((row.count("tries")?, Timestamp::from_ms(row.get("last_at")?))))
    .await
}

/// Forgets the tries under a key.
pub async fn clear(on: impl Run<'_>, key: [u8; 32]) -> Result<()> {
    sql(on, "DELETE FROM attempts WHERE key_hash = $1").bind(key.to_vec()).execute().await.map(drop)
}

/// Takes one try back that turned out not to be a wrong one.
pub async fn give_back(on: impl Run<'_>, key: [u8; 32]) -> Result<()> {
    sql(on, "UPDATE attempts SET tries = tries - 1 WHERE key_hash = $1 AND tries > 0")
        .bind(key.to_vec())
        .execute()
        .await
        .map(drop)
}

/// Forgets the counts that nothing was added to since a time.
pub async fn sweep(on: impl Run<'_>, before: Timestamp) -> Result<u64> {
    sql(on, "DELETE FROM attempts WHERE last_at < $1").bind(before.ms()).execute().await
}

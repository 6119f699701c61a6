//! Browsers that people are signed in with. Secrets are stored as hashes only.

use model::{SessionId, SessionView, Timestamp, UserId};

use crate::{Result, Run, Tx, sql};

/// A session as it is opened.
#[derive(Debug, Clone)]
pub struct Opened {
    pub secret_hash: [u8; 32],
    pub id: SessionId,
    pub user: UserId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub user_agent: String,
    pub address: String,
    pub vouched: Option<Vouched>,
}

/// What an identity provider knows of a session.
#[derive(Debug, Clone)]
pub struct Vouched {
    pub issuer: String,
    pub subject: String,
    pub sid: Option<String>,
    pub id_token: String,
}

/// A live session.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    pub id: SessionId,
    pub user: UserId,
    pub seen_at: Timestamp,
}

/// Remembers a session by the hash of its secret.
pub async fn open(on: impl Run<'_>, session: &Opened) -> Result<()> {
    let vouched = session.vouched.as_ref();
    sql(
        on,
        "INSERT INTO sessions (secret_hash, user_id, created_at, expires_at, id, seen_at, user_agent, address,
             issuer, subject, sid, id_token)
         VALUES ($1, $2, $3, $4, $5, $3, $6, $7, $8, $9, $10, $11)",
    )
    .bind(session.secret_hash.to_vec())
    .bind(session.user.to_string())
    .bind(session.created_at.ms())
    .bind(session.expires_at.ms())
    .bind(session.id.to_string())
    .bind(session.user_agent.clone())
    .bind(session.address.clone())
    .bind(vouched.map(|by| by.issuer.clone()))
    .bind(vouched.map(|by| by.subject.clone()))
    .bind(vouched.and_then(|by| by.sid.clone()))
    .bind(vouched.map(|by| by.id_token.clone()))
    .execute()
    .await
    .map(drop)
}

/// The live session of a secret.
pub async fn find(on: impl Run<'_>, secret_hash: [u8; 32], now: Timestamp) -> Result<Option<Live>> {
    sql(
        on,
        "SELECT s.id, s.user_id, s.seen_at FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.secret_hash = $1 AND s.expires_at > $2 AND u.active = 1",
    )
    .bind(secret_hash.to_vec())
    .bind(now.ms())
    .optional(|row| {
        Ok(Live {
            id: row.parse("sessions", "id")?,
            user: row.parse("sessions", "user_id")?,
            seen_at: Timestamp::from_ms(row.get("seen_at")?),
        })
    })
    .await
}

/// When a session of a user began.
pub async fn began(on: impl Run<'_>, user: UserId, id: SessionId) -> Result<Option<Timestamp>> {
    sql(on, "SELECT created_at FROM sessions WHERE user_id = $1 AND id = $2")
        .bind(user.to_string())
        .bind(id.to_string())
        .optional(|row| Ok(Timestamp::from_ms(row.get("created_at")?)))
        .await
}

/// Notes that a session was used.
pub async fn touch(on: impl Run<'_>, id: SessionId, now: Timestamp) -> Result<()> {
    sql(on, "UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2")
        .bind(id.to_string())
        .bind(now.ms())
        .execute()
        .await
        .map(drop)
}

/// Ends the session of a secret: whose it was, and the token of the provider that vouched for it, if one did.
pub async fn close(
    on: impl Run<'_>,
    secret_hash: [u8; 32],
) -> Result<Option<(UserId, Option<String>)>> {
    sql(on, "DELETE FROM sessions WHERE secret_hash = $1 RETURNING user_id, id_token")
        .bind(secret_hash.to_vec())
        .optional(|row| Ok((row.parse("sessions", "user_id")?, row.get("id_token")?)))
        .await
}

/// The live sessions of a user, the last used first.
pub async fn of_user(
    on: impl Run<'_>,
    user: UserId,
    current: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionView>> {
    sql(
        on,
        "SELECT id, created_at, seen_at, user_agent, address, issuer FROM sessions
         WHERE user_id = $1 AND expires_at > $2 ORDER BY seen_at DESC, id LIMIT 100",
    )
    .bind(user.to_string())
    .bind(now.ms())
    .all(|row| {
        let id = row.parse("sessions", "id")?;
        Ok(SessionView {
            id,
            created_at: Timestamp::from_ms(row.get("created_at")?),
            seen_at: Timestamp::from_ms(row.get("seen_at")?),
            user_agent: row.get("user_agent")?,
            address: row.get("address")?,
            issuer: row.get("issuer")?,
            current: current == Some(id),
        })
    })
    .await
}

/// Ends one session of a user; how many that were.
pub async fn end(on: impl Run<'_>, user: UserId, id: SessionId) -> Result<u64> {
    sql(on, "DELETE FROM sessions WHERE user_id = $1 AND id = $2")
        .bind(user.to_string())
        .bind(id.to_string())
        .execute()
        .await
}

/// Ends all sessions of a user, but for the one to keep; how many that were.
pub async fn end_all(tx: &mut Tx, user: UserId, keep: Option<SessionId>) -> Result<u64> {
    sql(tx, "DELETE FROM sessions WHERE user_id = $1 AND id <> $2")
        .bind(user.to_string())
        .bind(keep.map_or_else(String::new, |id| id.to_string()))
        .execute()
        .await
}

/// Ends the sessions that a provider calls by a name: the one of `sid`, or, without one, all of the subject.
pub async fn end_vouched(
    tx: &mut Tx,
    issuer: &str,
    subject: Option<&str>,
    sid: Option<&str>,
) -> Result<u64> {
    sql(
        tx,
        "DELETE FROM sessions WHERE issuer = $1
             AND ($2 IS NULL OR sid = $2) AND ($3 IS NULL OR subject = $3)
             AND ($2 IS NOT NULL OR $3 IS NOT NULL)",
    )
    .bind(issuer.to_owned())
    .bind(sid.map(str::to_owned))
    .bind(subject.map(str::to_owned))
    .execute()
    .await
}

/// Keeps only so many sessions of a user, the last used.
pub async fn trim(on: impl Run<'_>, user: UserId, most: i64) -> Result<()> {
    sql(
        on,
        "DELETE FROM sessions WHERE user_id = $1 AND id NOT IN (
             SELECT id FROM sessions WHERE user_id = $1 ORDER BY seen_at DESC, id LIMIT $2)",
    )
    .bind(user.to_string())
    .bind(most)
    .execute()
    .await
    .map(drop)
}

/// Forgets the sessions that have ended.
pub async fn sweep(on: impl Run<'_>, now: Timestamp) -> Result<u64> {
    sql(on, "DELETE FROM sessions WHERE expires_at <= $1").bind(now.ms()).execute().await
}

//! People, their sessions and their API tokens. Secrets are stored as hashes only.

use model::{Role, Timestamp, UserId};

use crate::{Result, Row, Run, Tx, sql};

/// A person who signs in.
#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub full_name: String,
    /// In PHC string format.
    pub password_hash: String,
    pub role: Option<Role>,
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<User> {
    Ok(User {
        id: row.parse("users", "id")?,
        email: row.get("email")?,
        full_name: row.get("full_name")?,
        password_hash: row.get("password_hash")?,
        role: row.parse_some("users", "role")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
    })
}

/// Adds a user; `Conflict` when the folded address is taken.
pub async fn insert(tx: &mut Tx, user: &User, folded: &str) -> Result<()> {
    sql(
        tx,
        "INSERT INTO users (id, email, email_folded, full_name, password_hash, role, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(user.id.to_string())
    .bind(user.email.clone())
    .bind(folded.to_owned())
    .bind(user.full_name.clone())
    .bind(user.password_hash.clone())
    .bind(user.role.map(|role| role.as_str().to_owned()))
    .bind(user.created_at.ms())
    .execute()
    .await
    .map(drop)
}

/// The user with a folded address.
pub async fn by_email(on: impl Run<'_>, folded: &str) -> Result<Option<User>> {
    sql(
        on,
        "SELECT id, email, full_name, password_hash, role, created_at FROM users WHERE email_folded = $1",
    )
    .bind(folded.to_owned())
    .optional(read)
    .await
}

/// The user with an id.
pub async fn find(on: impl Run<'_>, id: UserId) -> Result<Option<User>> {
    sql(on, "SELECT id, email, full_name, password_hash, role, created_at FROM users WHERE id = $1")
        .bind(id.to_string())
        .optional(read)
        .await
}

/// Gives a user another role and password.
pub async fn promote(tx: &mut Tx, id: UserId, role: Role, password_hash: &str) -> Result<()> {
    sql(tx, "UPDATE users SET role = $2, password_hash = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(role.as_str().to_owned())
        .bind(password_hash.to_owned())
        .execute()
        .await
        .map(drop)
}

/// How many users there are.
pub async fn count(on: impl Run<'_>) -> Result<u64> {
    sql(on, "SELECT COUNT(*) AS n FROM users").one(|row| row.count("n")).await
}

/// Remembers a session by the hash of its secret.
pub async fn open_session(
    on: impl Run<'_>,
    secret_hash: [u8; 32],
    user: UserId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    sql(on, "INSERT INTO sessions (secret_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(secret_hash.to_vec())
        .bind(user.to_string())
        .bind(now.ms())
        .bind(expires_at.ms())
        .execute()
        .await
        .map(drop)
}

/// The user of a live session.
pub async fn by_session(
    on: impl Run<'_>,
    secret_hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<User>> {
    sql(
        on,
        "SELECT u.id, u.email, u.full_name, u.password_hash, u.role, u.created_at
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.secret_hash = $1 AND s.expires_at > $2 AND u.active = 1",
    )
    .bind(secret_hash.to_vec())
    .bind(now.ms())
    .optional(read)
    .await
}

/// Ends one session.
pub async fn close_session(on: impl Run<'_>, secret_hash: [u8; 32]) -> Result<()> {
    sql(on, "DELETE FROM sessions WHERE secret_hash = $1")
        .bind(secret_hash.to_vec())
        .execute()
        .await
        .map(drop)
}

/// Forgets the sessions that have ended.
pub async fn sweep_sessions(on: impl Run<'_>, now: Timestamp) -> Result<u64> {
    sql(on, "DELETE FROM sessions WHERE expires_at <= $1").bind(now.ms()).execute().await
}

/// Remembers an API token by its hash and forgets all but the user's newest twenty.
pub async fn add_token(
    tx: &mut Tx,
    token_hash: [u8; 32],
    user: UserId,
    now: Timestamp,
) -> Result<()> {
    sql(&mut *tx, "INSERT INTO api_tokens (token_hash, user_id, created_at) VALUES ($1, $2, $3)")
        .bind(token_hash.to_vec())
        .bind(user.to_string())
        .bind(now.ms())
        .execute()
        .await?;
    sql(
        tx,
        "DELETE FROM api_tokens WHERE user_id = $1 AND token_hash NOT IN (
             SELECT token_hash FROM api_tokens WHERE user_id = $1
             ORDER BY created_at DESC, token_hash LIMIT 20)",
    )
    .bind(user.to_string())
    .execute()
    .await
    .map(drop)
}

/// The user of an API token.
pub async fn by_token(on: impl Run<'_>, token_hash: [u8; 32]) -> Result<Option<User>> {
    sql(
        on,
        "SELECT u.id, u.email, u.full_name, u.password_hash, u.role, u.created_at
         FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = $1 AND u.active = 1",
    )
    .bind(token_hash.to_vec())
    .optional(read)
    .await
}

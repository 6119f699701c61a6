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

/// Keeps others from changing a user until the transaction ends; false when there is none.
pub async fn lock(tx: &mut Tx, id: UserId) -> Result<bool> {
    // An update that changes nothing locks the row in both engines.
    let rows = sql(tx, "UPDATE users SET full_name = full_name WHERE id = $1")
        .bind(id.to_string())
        .execute()
        .await?;
    Ok(rows == 1)
}

/// How many users there are.
pub async fn count(on: impl Run<'_>) -> Result<u64> {
    sql(on, "SELECT COUNT(*) AS n FROM users").one(|row| row.count("n")).await
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

/// Forgets an API token; whose it was.
pub async fn drop_token(on: impl Run<'_>, token_hash: [u8; 32]) -> Result<Option<UserId>> {
    sql(on, "DELETE FROM api_tokens WHERE token_hash = $1 RETURNING user_id")
        .bind(token_hash.to_vec())
        .optional(|row| row.parse("api_tokens", "user_id"))
        .await
}

/// Forgets all API tokens of a user.
pub async fn drop_tokens(tx: &mut Tx, user: UserId) -> Result<()> {
    sql(tx, "DELETE FROM api_tokens WHERE user_id = $1")
        .bind(user.to_string())
        .execute()
        .await
        .map(drop)
}

/// Gives a user another password.
pub async fn set_password(tx: &mut Tx, id: UserId, password_hash: &str) -> Result<()> {
    sql(tx, "UPDATE users SET password_hash = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(password_hash.to_owned())
        .execute()
        .await
        .map(drop)
}

/// Gives a user another operator's role, or none.
pub async fn set_role(tx: &mut Tx, id: UserId, role: Option<Role>) -> Result<()> {
    sql(tx, "UPDATE users SET role = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(role.map(|role| role.as_str().to_owned()))
        .execute()
        .await
        .map(drop)
}

/// When somebody has shown that they read the mail of their address.
pub async fn verified_at(on: impl Run<'_>, id: UserId) -> Result<Option<Timestamp>> {
    let found = sql(on, "SELECT verified_at FROM users WHERE id = $1")
        .bind(id.to_string())
        .optional(|row| row.get::<Option<i64>>("verified_at"))
        .await?;
    Ok(found.flatten().map(Timestamp::from_ms))
}

/// Notes that somebody reads the mail of their address, the first time only.
pub async fn verify(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<()> {
    sql(tx, "UPDATE users SET verified_at = COALESCE(verified_at, $2) WHERE id = $1")
        .bind(id.to_string())
        .bind(now.ms())
        .execute()
        .await
        .map(drop)
}

/// Forgets that somebody has shown that they read the mail of their address: it is another now.
pub async fn unverify(tx: &mut Tx, id: UserId) -> Result<()> {
    sql(tx, "UPDATE users SET verified_at = NULL WHERE id = $1")
        .bind(id.to_string())
        .execute()
        .await
        .map(drop)
}

/// Gives a user another name.
pub async fn rename(tx: &mut Tx, id: UserId, full_name: &str) -> Result<()> {
    sql(tx, "UPDATE users SET full_name = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(full_name.to_owned())
        .execute()
        .await
        .map(drop)
}

/// Whether somebody may sign in at all.
pub async fn is_active(on: impl Run<'_>, id: UserId) -> Result<bool> {
    let found = sql(on, "SELECT active FROM users WHERE id = $1")
        .bind(id.to_string())
        .optional(|row| row.get::<i64>("active"))
        .await?;
    Ok(found == Some(1))
}

//! Whom identity providers mean by their names for people.

use model::{Role, Timestamp, UserId};

use crate::{Result, Run, Tx, sql};

/// Somebody whom a provider knows.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    pub user: UserId,
    /// The operator's role that the provider gave last.
    pub role: Option<Role>,
}

/// Who is meant by a provider's name.
pub async fn find(on: impl Run<'_>, issuer: &str, subject: &str) -> Result<Option<Identity>> {
    sql(on, "SELECT user_id, role FROM identities WHERE issuer = $1 AND subject = $2")
        .bind(issuer.to_owned())
        .bind(subject.to_owned())
        .optional(|row| {
            Ok(Identity {
                user: row.parse("identities", "user_id")?,
                role: row.parse_some("identities", "role")?,
            })
        })
        .await
}

/// Remembers whom a provider means, and the role that it gives.
pub async fn save(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
    user: UserId,
    role: Option<Role>,
    now: Timestamp,
) -> Result<()> {
    sql(
        tx,
        "INSERT INTO identities (issuer, subject, user_id, role, created_at, seen_at)
         VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT (issuer, subject) DO UPDATE SET role = $4, seen_at = $5",
    )
    .bind(issuer.to_owned())
    .bind(subject.to_owned())
    .bind(user.to_string())
    .bind(role.map(|role| role.as_str().to_owned()))
    .bind(now.ms())
    .execute()
    .await
    .map(drop)
}

/// The providers that know a user.
pub async fn issuers(on: impl Run<'_>, user: UserId) -> Result<Vec<String>> {
    sql(on, "SELECT DISTINCT issuer FROM identities WHERE user_id = $1 ORDER BY issuer")
        .bind(user.to_string())
        .all(|row| row.get("issuer"))
        .await
}

/// Remembers a token that is carried out; false when it was before.
pub async fn spend(tx: &mut Tx, token_hash: [u8; 32], expires_at: Timestamp) -> Result<bool> {
    let rows = sql(
        tx,
        "INSERT INTO spent_tokens (token_hash, expires_at) VALUES ($1, $2)
         ON CONFLICT (token_hash) DO NOTHING",
    )
    .bind(token_hash.to_vec())
    .bind(expires_at.ms())
    .execute()
    .await?;
    Ok(rows == 1)
}

/// Forgets the tokens that are too old to be taken.
pub async fn sweep(on: impl Run<'_>, now: Timestamp) -> Result<u64> {
    sql(on, "DELETE FROM spent_tokens WHERE expires_at < $1").bind(now.ms()).execute().await
}

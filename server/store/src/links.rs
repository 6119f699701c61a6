//! Secrets that work once and not for long. Stored as hashes only.

use model::{Timestamp, UserId};

use crate::{Result, Run, Tx, sql};

/// What a secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Shows that somebody reads the mail of an address; the detail is the address.
    Verify,
    /// Lets somebody choose a new password.
    Reset,
    /// A right password whose second factor is still to come.
    SecondFactor,
    /// The way to an identity provider and back; the detail is what must come back.
    SignOn,
    /// A device was asked for a new key; the detail is what its answer is compared with.
    NewPasskey,
    /// A device was asked to show a key; the detail is the same.
    Passkey,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::SecondFactor => "second_factor",
            Self::SignOn => "sign_on",
            Self::NewPasskey => "new_passkey",
            Self::Passkey => "passkey",
        }
    }
}

/// A link that works.
#[derive(Debug, Clone)]
pub struct Link {
    pub user: Option<UserId>,
    pub detail: String,
}

/// Remembers a link.
pub async fn insert(
    on: impl Run<'_>,
    secret_hash: [u8; 32],
    purpose: Purpose,
    user: Option<UserId>,
    detail: &str,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<()> {
    sql(
        on,
        "INSERT INTO links (secret_hash, purpose, user_id, detail, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(secret_hash.to_vec())
    .bind(purpose.as_str())
    .bind(user.map(|id| id.to_string()))
    .bind(detail.to_owned())
    .bind(now.ms())
    .bind(expires_at.ms())
    .execute()
    .await
    .map(drop)
}

/// What a link opens, without using it up.
pub async fn find(
    on: impl Run<'_>,
    secret_hash: [u8; 32],
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Link>> {
    sql(
        on,
        "SELECT user_id, detail FROM links
         WHERE secret_hash = $1 AND purpose = $2 AND expires_at > $3",
    )
    .bind(secret_hash.to_vec())
    .bind(purpose.as_str())
    .bind(now.ms())
    .optional(|row| {
        Ok(Link { user: row.parse_some("links", "user_id")?, detail: row.get("detail")? })
    })
    .await
}

/// Uses a link up: of two who come with it at the same time, one gets it.
pub async fn take(
    on: impl Run<'_>,
    secret_hash: [u8; 32],
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Link>> {
    sql(
        on,
        "DELETE FROM links WHERE secret_hash = $1 AND purpose = $2 AND expires_at > $3
         RETURNING user_id, detail",
    )
    .bind(secret_hash.to_vec())
    .bind(purpose.as_str())
    .bind(now.ms())
    .optional(|row| {
        Ok(Link { user: row.parse_some("links", "user_id")?, detail: row.get("detail")? })
    })
    .await
}

/// Forgets all links of a user for some purpose.
pub async fn drop_all(tx: &mut Tx, user: UserId, purpose: Purpose) -> Result<()> {
    sql(tx, "DELETE FROM links WHERE user_id = $1 AND purpose = $2")
        .bind(user.to_string())
        .bind(purpose.as_str())
        .execute()
        .await
        .map(drop)
}

/// Forgets the links that have ended.
pub async fn sweep(on: impl Run<'_>, now: Timestamp) -> Result<u64> {
    sql(on, "DELETE FROM links WHERE expires_at <= $1").bind(now.ms()).execute().await
}

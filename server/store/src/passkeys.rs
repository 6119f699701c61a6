//! Keys of devices that people sign in with.

use model::{PasskeyId, PasskeyView, Timestamp, UserId};

use crate::{Result, Run, Tx, sql};

/// A key as it is added.
#[derive(Debug, Clone)]
pub struct Added {
    pub id: PasskeyId,
    pub user: UserId,
    pub credential_id: Vec<u8>,
    /// JSON.
    pub credential: String,
    pub name: String,
    pub at: Timestamp,
}

/// Remembers a key; `Conflict` when the device has it for somebody already.
pub async fn insert(tx: &mut Tx, key: &Added) -> Result<()> {
    sql(
        tx,
        "INSERT INTO passkeys (id, user_id, credential_id, credential, name, created_at, used_at)
         VALUES ($1, $2, $3, $4, $5, $6, NULL)",
    )
    .bind(key.id.to_string())
    .bind(key.user.to_string())
    .bind(key.credential_id.clone())
    .bind(key.credential.clone())
    .bind(key.name.clone())
    .bind(key.at.ms())
    .execute()
    .await
    .map(drop)
}

/// The keys of a user, oldest first.
pub async fn of_user(on: impl Run<'_>, user: UserId) -> Result<Vec<PasskeyView>> {
    sql(on, "SELECT id, name, created_at, used_at FROM passkeys WHERE user_id = $1 ORDER BY created_at, id")
        .bind(user.to_string())
        .all(|row| {
            Ok(PasskeyView {
                id: row.parse("passkeys", "id")?,
                name: row.get("name")?,
                created_at: Timestamp::from_ms(row.get("created_at")?),
                used_at: row.get::<Option<i64>>("used_at")?.map(Timestamp::from_ms),
            })
        })
        .await
}

/// The devices' names for the keys of a user.
pub async fn names(on: impl Run<'_>, user: UserId) -> Result<Vec<Vec<u8>>> {
    sql(on, "SELECT credential_id FROM passkeys WHERE user_id = $1 ORDER BY created_at, id")
        .bind(user.to_string())
        .all(|row| row.get("credential_id"))
        .await
}

/// A key of a user by the device's name for it.
pub async fn find(
    on: impl Run<'_>,
    user: UserId,
    credential_id: &[u8],
) -> Result<Option<(PasskeyId, String)>> {
    sql(on, "SELECT id, credential FROM passkeys WHERE user_id = $1 AND credential_id = $2")
        .bind(user.to_string())
        .bind(credential_id.to_vec())
        .optional(|row| Ok((row.parse("passkeys", "id")?, row.get("credential")?)))
        .await
}

/// Notes that a key was used, and what is known of it now.
pub async fn used(on: impl Run<'_>, id: PasskeyId, credential: &str, now: Timestamp) -> Result<()> {
    sql(on, "UPDATE passkeys SET credential = $2, used_at = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(credential.to_owned())
        .bind(now.ms())
        .execute()
        .await
        .map(drop)
}

/// Forgets a key of a user; how many that were.
pub async fn remove(tx: &mut Tx, user: UserId, id: PasskeyId) -> Result<u64> {
    sql(tx, "DELETE FROM passkeys WHERE user_id = $1 AND id = $2")
        .bind(user.to_string())
        .bind(id.to_string())
        .execute()
        .await
}

/// Forgets all keys of a user.
pub async fn remove_all(tx: &mut Tx, user: UserId) -> Result<()> {
    sql(tx, "DELETE FROM passkeys WHERE user_id = $1")
        .bind(user.to_string())
        .execute()
        .await
        .map(drop)
}

//! Second factors: the secret that an authenticator app shares, and the codes for when the app is lost.
//!
//! The secret is stored as it is: codes are computed from it, so that a hash would not do, and there is no key yet that
//! it could be encrypted with. Recovery codes are stored as hashes only.

use model::{Timestamp, UserId};

use crate::{Result, Run, Tx, sql};

/// A secret, and whether its owner has shown a code of it.
#[derive(Clone)]
pub struct SecondFactor {
    pub secret: Vec<u8>,
    pub created_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
}

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecondFactor({:?})", self.confirmed_at)
    }
}

/// The second factor of a user.
pub async fn find(on: impl Run<'_>, user: UserId) -> Result<Option<SecondFactor>> {
    sql(on, "SELECT secret, created_at, confirmed_at FROM second_factors WHERE user_id = $1")
        .bind(user.to_string())
        .optional(|row| {
            Ok(SecondFactor {
                secret: row.get("secret")?,
                created_at: Timestamp::from_ms(row.get("created_at")?),
                confirmed_at: row.get::<Option<i64>>("confirmed_at")?.map(Timestamp::from_ms),
            })
        })
        .await
}

/// Remembers a secret that no code was shown of yet, in place of an earlier one of that kind; false when the user has a
/// confirmed one.
pub async fn begin(on: impl Run<'_>, user: UserId, secret: &[u8], now: Timestamp) -> Result<bool> {
    let rows = sql(
        on,
        "INSERT INTO second_factors (user_id, secret, created_at, confirmed_at, last_step)
         VALUES ($1, $2, $3, NULL, 0)
         ON CONFLICT (user_id) DO UPDATE SET secret = $2, created_at = $3, last_step = 0
         WHERE second_factors.confirmed_at IS NULL",
    )
    .bind(user.to_string())
    .bind(secret.to_vec())
    .bind(now.ms())
    .execute()
    .await?;
    Ok(rows == 1)
}

/// Turns a second factor on; false when it is on already.
pub async fn confirm(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<bool> {
    let rows = sql(
        tx,
        "UPDATE second_factors SET confirmed_at = $2 WHERE user_id = $1 AND confirmed_at IS NULL",
    )
    .bind(user.to_string())
    .bind(now.ms())
    .execute()
    .await?;
    Ok(rows == 1)
}

/// Uses the code of a step up; false when one of it or of a later step was used before.
pub async fn use_step(on: impl Run<'_>, user: UserId, step: i64) -> Result<bool> {
    let rows =
        sql(on, "UPDATE second_factors SET last_step = $2 WHERE user_id = $1 AND last_step < $2")
            .bind(user.to_string())
            .bind(step)
            .execute()
            .await?;
    Ok(rows == 1)
}

/// Turns a second factor off and forgets its recovery codes.
pub async fn remove(tx: &mut Tx, user: UserId) -> Result<()> {
    for statement in [
        "DELETE FROM recovery_codes WHERE user_id = $1",
        "DELETE FROM second_factors WHERE user_id = $1",
    ] {
        sql(&mut *tx, statement).bind(user.to_string()).execute().await?;
    }
    Ok(())
}

/// Gives a user new recovery codes in place of all earlier ones.
pub async fn set_codes(tx: &mut Tx, user: UserId, hashes: &[[u8; 32]]) -> Result<()> {
    sql(&mut *tx, "DELETE FROM recovery_codes WHERE user_id = $1")
        .bind(user.to_string())
        .execute()
        .await?;
    for hash in hashes {
        sql(
            &mut *tx,
            "INSERT INTO recovery_codes (user_id, code_hash, used_at) VALUES ($1, $2, NULL)",
        )
        .bind(user.to_string())
        .bind(hash.to_vec())
        .execute()
        .await?;
    }
    Ok(())
}

/// Uses a recovery code up; false when there is none like it, or it was used before.
pub async fn use_code(
    on: impl Run<'_>,
    user: UserId,
    hash: [u8; 32],
    now: Timestamp,
) -> Result<bool> {
    let rows = sql(
        on,
        "UPDATE recovery_codes SET used_at = $3
         WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
    )
    .bind(user.to_string())
    .bind(hash.to_vec())
    .bind(now.ms())
    .execute()
    .await?;
    Ok(rows == 1)
}

/// How many recovery codes a user has left.
pub async fn codes_left(on: impl Run<'_>, user: UserId) -> Result<u64> {
    sql(on, "SELECT COUNT(*) AS n FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL")
        .bind(user.to_string())
        .one(|row| row.count("n"))
        .await
}

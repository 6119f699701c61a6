//! Tokens that people make for their programs. The secret is kept as a hash only.

use model::{AccessTokenId, Timestamp, UserId};

use crate::{
    Result, Row, Run, Tx,
    lists::{Kind, Shelf, filter},
    sql,
};

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub id: AccessTokenId,
    pub user: UserId,
    pub name: String,
    /// Its first characters, to tell it from others.
    pub prefix: String,
    pub scopes: Vec<String>,
    /// In CIDR form; none: from everywhere.
    pub networks: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub last_used_ip: Option<String>,
    pub uses: i64,
    pub revoked_at: Option<Timestamp>,
}

/// What can be asked of the list of tokens.
pub const SHELF: Shelf = Shelf {
    select: "t.id, t.user_id, t.name, t.prefix, t.scopes, t.networks, t.created_at, t.expires_at, t.last_used_at,
        t.last_used_ip, t.uses, t.revoked_at",
    from: "access_tokens t",
    counted: "",
    filters: &[filter("name", Kind::Contains, "LOWER(t.name) LIKE ? ESCAPE '\\'")],
    orders: &[("created", "t.created_at"), ("name", "t.name")],
    usual_order: "t.created_at DESC",
    id: "t.id",
};

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<AccessToken> {
    let time = |column| -> Result<Option<Timestamp>> {
        Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_ms))
    };
    Ok(AccessToken {
        id: row.parse("access_tokens", "id")?,
        user: row.parse("access_tokens", "user_id")?,
        name: row.get("name")?,
        prefix: row.get("prefix")?,
        scopes: row.json("access_tokens", "scopes")?,
        networks: row.json("access_tokens", "networks")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        expires_at: time("expires_at")?,
        last_used_at: time("last_used_at")?,
        last_used_ip: row.get("last_used_ip")?,
        uses: row.get("uses")?,
        revoked_at: time("revoked_at")?,
    })
}

fn json(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

/// Adds a token by the hash of its secret.
pub async fn insert(tx: &mut Tx, token: &AccessToken, token_hash: [u8; 32]) -> Result<()> {
    sql(
        tx,
        "INSERT INTO access_tokens (id, user_id, name, token_hash, prefix, scopes, networks, created_at, expires_at,
             uses) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
    )
    .bind(token.id.to_string())
    .bind(token.user.to_string())
    .bind(token.name.clone())
    .bind(token_hash.to_vec())
    .bind(token.prefix.clone())
    .bind(json(&token.scopes))
    .bind(json(&token.networks))
    .bind(token.created_at.ms())
    .bind(token.expires_at.map(Timestamp::ms))
    .execute()
    .await
    .map(drop)
}

/// The token with a secret, if it is not revoked and its owner is active.
pub async fn by_hash(on: impl Run<'_>, hash: [u8; 32]) -> Result<Option<AccessToken>> {
    sql(
        on,
        "SELECT t.id, t.user_id, t.name, t.prefix, t.scopes, t.networks, t.created_at, t.expires_at, t.last_used_at,
             t.last_used_ip, t.uses, t.revoked_at
         FROM access_tokens t JOIN users u ON u.id = t.user_id
         WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND u.active = 1",
    )
    .bind(hash.to_vec())
    .optional(read)
    .await
}

/// A token of somebody that is not revoked.
pub async fn find(
    on: impl Run<'_>,
    id: AccessTokenId,
    user: UserId,
) -> Result<Option<AccessToken>> {
    sql(
        on,
        "SELECT t.id, t.user_id, t.name, t.prefix, t.scopes, t.networks, t.created_at, t.expires_at, t.last_used_at,
             t.last_used_ip, t.uses, t.revoked_at
         FROM access_tokens t WHERE t.id = $1 AND t.user_id = $2 AND t.revoked_at IS NULL",
    )
    .bind(id.to_string())
    .bind(user.to_string())
    .optional(read)
    .await
}

/// How many tokens of somebody are not revoked.
pub async fn live(on: impl Run<'_>, user: UserId) -> Result<u64> {
    sql(on, "SELECT COUNT(*) AS n FROM access_tokens WHERE user_id = $1 AND revoked_at IS NULL")
        .bind(user.to_string())
        .one(|row| row.count("n"))
        .await
}

/// Ends a token; how many rows that was.
pub async fn revoke(tx: &mut Tx, id: AccessTokenId, now: Timestamp) -> Result<u64> {
    sql(tx, "UPDATE access_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
        .bind(id.to_string())
        .bind(now.ms())
        .execute()
        .await
}

/// Says from where a token may be used.
pub async fn set_networks(tx: &mut Tx, id: AccessTokenId, networks: &[String]) -> Result<()> {
    sql(tx, "UPDATE access_tokens SET networks = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(json(networks))
        .execute()
        .await
        .map(drop)
}

/// Notes when, from where and how often tokens were used.
pub async fn touch(
    tx: &mut Tx,
    used: &[(AccessTokenId, Timestamp, Option<String>, i64)],
) -> Result<()> {
    for (id, at, ip, times) in used {
        sql(
            &mut *tx,
            "UPDATE access_tokens SET last_used_at = $2, last_used_ip = COALESCE($3, last_used_ip), uses = uses + $4
             WHERE id = $1",
        )
        .bind(id.to_string())
        .bind(at.ms())
        .bind(ip.clone())
        .bind(*times)
        .execute()
        .await?;
    }
    Ok(())
}

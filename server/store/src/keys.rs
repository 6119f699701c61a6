//! Secret keys of resources, by hash.

use model::{KeyId, KeyView, ResourceId, Timestamp};

use crate::{
    Result, Row, Run, Tx,
    db::{built, runs},
    sql,
};

fn read(row: &Row) -> Result<KeyView> {
    Ok(KeyView {
        id: row.parse("api_keys", "id")?,
        name: row.get("name")?,
        hint: row.get("hint")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        last_used_at: row.get::<Option<i64>>("last_used_at")?.map(Timestamp::from_ms),
        revoked_at: row.get::<Option<i64>>("revoked_at")?.map(Timestamp::from_ms),
    })
}

pub async fn insert(
    tx: &mut Tx,
    resource: ResourceId,
    key: &KeyView,
    key_hash: [u8; 32],
) -> Result<()> {
    sql(
        tx,
        "INSERT INTO api_keys (id, resource_id, key_hash, name, hint, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(key.id.to_string())
    .bind(resource.to_string())
    .bind(key_hash.to_vec())
    .bind(key.name.clone())
    .bind(key.hint.clone())
    .bind(key.created_at.ms())
    .execute()
    .await
    .map(drop)
}

/// The keys of a resource, newest first.
pub async fn list(on: impl Run<'_>, resource: ResourceId) -> Result<Vec<KeyView>> {
    sql(
        on,
        "SELECT id, name, hint, created_at, last_used_at, revoked_at FROM api_keys
         WHERE resource_id = $1 ORDER BY created_at DESC, id DESC",
    )
    .bind(resource.to_string())
    .all(read)
    .await
}

/// The live key with a hash, and whose it is.
pub async fn by_hash(on: impl Run<'_>, key_hash: [u8; 32]) -> Result<Option<(KeyId, ResourceId)>> {
    sql(on, "SELECT id, resource_id FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL")
        .bind(key_hash.to_vec())
        .optional(|row| Ok((row.parse("api_keys", "id")?, row.parse("api_keys", "resource_id")?)))
        .await
}

/// Renames a key of a resource; how many rows that was.
pub async fn rename(tx: &mut Tx, resource: ResourceId, key: KeyId, name: &str) -> Result<u64> {
    sql(tx, "UPDATE api_keys SET name = $3 WHERE id = $1 AND resource_id = $2")
        .bind(key.to_string())
        .bind(resource.to_string())
        .bind(name.to_owned())
        .execute()
        .await
}

/// Revokes a key of a resource; a revoked one stays as it is.
pub async fn revoke(tx: &mut Tx, resource: ResourceId, key: KeyId, now: Timestamp) -> Result<u64> {
    sql(
        tx,
        "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $3) WHERE id = $1 AND resource_id = $2",
    )
    .bind(key.to_string())
    .bind(resource.to_string())
    .bind(now.ms())
    .execute()
    .await
}

/// Revokes every key of a resource.
pub async fn revoke_all(tx: &mut Tx, resource: ResourceId, now: Timestamp) -> Result<u64> {
    sql(tx, "UPDATE api_keys SET revoked_at = $2 WHERE resource_id = $1 AND revoked_at IS NULL")
        .bind(resource.to_string())
        .bind(now.ms())
        .execute()
        .await
}

/// Notes when keys were last used.
pub async fn touch(tx: &mut Tx, used: &[(KeyId, Timestamp)]) -> Result<()> {
    for run in runs(used) {
        let on = (&mut *tx).run();
        let text = format!(
            "UPDATE api_keys SET last_used_at = CASE id {} END WHERE id IN {}",
            (0..run.len())
                .map(|n| format!("WHEN ${} THEN CAST(${} AS BIGINT)", n * 2 + 1, n * 2 + 2))
                .collect::<Vec<_>>()
                .join(" "),
            in_odd_places(run.len()),
        );
        run.iter()
            .fold(built(on, text), |s, (key, at)| s.bind(key.to_string()).bind(at.ms()))
            .execute()
            .await?;
    }
    Ok(())
}

/// `($1, $3, $5)`: the ids among pairs of values.
fn in_odd_places(rows: usize) -> String {
    let places: Vec<String> = (0..rows).map(|n| format!("${}", n * 2 + 1)).collect();
    format!("({})", places.join(", "))
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_stand_in_odd_places() {
        assert_eq!(super::in_odd_places(3), "($1, $3, $5)");
    }
}

//! Where people's programs want to hear of events.

use model::{HookId, Timestamp, UserId};

use crate::{
    Result, Row, Run, Tx,
    events::Event,
    lists::{Kind, Shelf, filter},
    sql,
};

/// A hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    pub id: HookId,
    pub user: UserId,
    pub url: String,
    /// Kinds of events; with no kind and no group every event is meant.
    pub event_types: Vec<String>,
    pub event_groups: Vec<String>,
    /// `json` or `form`.
    pub content_type: String,
    pub active: bool,
    /// Signs what is sent.
    pub secret: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What can be asked of the list of hooks.
pub const SHELF: Shelf = Shelf {
    select: "h.id, h.user_id, h.url, h.event_types, h.event_groups, h.content_type, h.active, h.secret, h.created_at,
        h.updated_at",
    from: "hooks h",
    counted: "",
    filters: &[
        filter("author_uuid", Kind::Id, "h.user_id IN (?)"),
        filter("is_active", Kind::Bool, "h.active = ?"),
        filter("destination_url", Kind::Text, "h.url = ?"),
    ],
    orders: &[("created", "h.created_at")],
    usual_order: "h.created_at DESC",
    id: "h.id",
};

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<Hook> {
    Ok(Hook {
        id: row.parse("hooks", "id")?,
        user: row.parse("hooks", "user_id")?,
        url: row.get("url")?,
        event_types: row.json("hooks", "event_types")?,
        event_groups: row.json("hooks", "event_groups")?,
        content_type: row.get("content_type")?,
        active: row.get::<i64>("active")? == 1,
        secret: row.get("secret")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
    })
}

/// Adds a hook, or writes what has changed of it.
pub async fn put(tx: &mut Tx, hook: &Hook) -> Result<()> {
    sql(
        tx,
        "INSERT INTO hooks (id, user_id, url, event_types, event_groups, content_type, active, secret, created_at,
             updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (id) DO UPDATE SET url = excluded.url, event_types = excluded.event_types,
             event_groups = excluded.event_groups, content_type = excluded.content_type, active = excluded.active,
             updated_at = excluded.updated_at",
    )
    .bind(hook.id.to_string())
    .bind(hook.user.to_string())
    .bind(hook.url.clone())
    .bind(serde_json::Value::from(hook.event_types.clone()).to_string())
    .bind(serde_json::Value::from(hook.event_groups.clone()).to_string())
    .bind(hook.content_type.clone())
    .bind(i64::from(hook.active))
    .bind(hook.secret.clone())
    .bind(hook.created_at.ms())
    .bind(hook.updated_at.ms())
    .execute()
    .await
    .map(drop)
}

/// A hook.
pub async fn find(on: impl Run<'_>, id: HookId) -> Result<Option<Hook>> {
    sql(
        on,
        "SELECT id, user_id, url, event_types, event_groups, content_type, active, secret, created_at, updated_at
         FROM hooks WHERE id = $1",
    )
    .bind(id.to_string())
    .optional(read)
    .await
}

/// How many hooks somebody has.
pub async fn count(on: impl Run<'_>, user: UserId) -> Result<u64> {
    sql(on, "SELECT COUNT(*) AS n FROM hooks WHERE user_id = $1")
        .bind(user.to_string())
        .one(|row| row.count("n"))
        .await
}

/// Takes a hook away.
pub async fn remove(tx: &mut Tx, id: HookId) -> Result<u64> {
    sql(tx, "DELETE FROM hooks WHERE id = $1").bind(id.to_string()).execute().await
}

/// The active hooks whose owners may read of an event: operators, who did it, and owners and managers of the customer.
pub async fn hearing(tx: &mut Tx, event: &Event) -> Result<Vec<Hook>> {
    sql(
        tx,
        "SELECT h.id, h.user_id, h.url, h.event_types, h.event_groups, h.content_type, h.active, h.secret,
             h.created_at, h.updated_at
         FROM hooks h JOIN users u ON u.id = h.user_id
         WHERE h.active = 1 AND u.active = 1 AND (u.role IN ('staff', 'support') OR u.id = $1 OR EXISTS (
             SELECT 1 FROM members m WHERE m.user_id = h.user_id AND m.scope_id = $2
                 AND m.role IN ('CUSTOMER.OWNER', 'CUSTOMER.MANAGER')
                 AND (m.expires_at IS NULL OR m.expires_at > $3)))
         ORDER BY h.created_at, h.id LIMIT 1000",
    )
    .bind(event.user.map(|id| id.to_string()))
    .bind(event.customer.map(|id| id.to_string()))
    .bind(event.at.ms())
    .all(read)
    .await
}

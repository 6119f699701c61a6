//! The audit: who did what to what. Append-only.

use model::{CustomerId, EventId, ProjectId, Timestamp, UserId};

use crate::{
    Result, Row, Tx,
    lists::{Kind, Shelf, filter},
    sql,
    surveys::Long,
};

/// Something that was done.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: EventId,
    pub at: Timestamp,
    /// As in `customer_creation_succeeded`.
    pub kind: String,
    /// A sentence for people.
    pub message: String,
    pub user: Option<UserId>,
    pub customer: Option<CustomerId>,
    pub project: Option<ProjectId>,
    /// As in `customer`.
    pub object_kind: String,
    pub object_id: String,
    pub context: serde_json::Value,
}

/// What can be asked of the audit.
pub const SHELF: Shelf = Shelf {
    select: "e.id, e.at, e.kind, e.message, e.user_id, e.customer_id, e.project_id, e.object_kind, e.object_id, e.context",
    from: "events e",
    counted: "",
    filters: &[
        filter("event_type", Kind::Text, "e.kind IN (?)"),
        filter("message", Kind::Contains, "LOWER(e.message) LIKE ? ESCAPE '\\'"),
        filter("customer_uuid", Kind::Id, "e.customer_id IN (?)"),
        filter("project_uuid", Kind::Id, "e.project_id IN (?)"),
        filter("user_uuid", Kind::Id, "e.user_id IN (?)"),
        filter("scope", Kind::Id, "e.object_id IN (?)"),
        filter("resource_uuid", Kind::Id, "e.object_id IN (?)"),
        filter("created_from", Kind::Time, "e.at >= ?"),
        filter("created_to", Kind::Time, "e.at <= ?"),
    ],
    orders: &[("created", "e.at")],
    usual_order: "e.at DESC",
    id: "e.id",
};

/// The audit grows long. Nothing of it is ever changed.
pub const LONG: Long = Long { shelf: &SHELF, at: "e.at", changed: "e.at" };

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<Event> {
    Ok(Event {
        id: row.parse("events", "id")?,
        at: Timestamp::from_ms(row.get("at")?),
        kind: row.get("kind")?,
        message: row.get("message")?,
        user: row.parse_some("events", "user_id")?,
        customer: row.parse_some("events", "customer_id")?,
        project: row.parse_some("events", "project_id")?,
        object_kind: row.get("object_kind")?,
        object_id: row.get("object_id")?,
        context: row.json("events", "context")?,
    })
}

/// Notes what was done, in the transaction that does it.
pub async fn record(tx: &mut Tx, event: &Event) -> Result<()> {
    sql(
        tx,
        "INSERT INTO events (id, at, kind, message, user_id, customer_id, project_id, object_kind, object_id,
             context) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(event.id.to_string())
    .bind(event.at.ms())
    .bind(event.kind.clone())
    .bind(event.message.clone())
    .bind(event.user.map(|id| id.to_string()))
    .bind(event.customer.map(|id| id.to_string()))
    .bind(event.project.map(|id| id.to_string()))
    .bind(event.object_kind.clone())
    .bind(event.object_id.clone())
    .bind(event.context.to_string())
    .execute()
    .await
    .map(drop)
}

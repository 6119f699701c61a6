//! Which server processes are alive.

use model::{ServerId, Timestamp};

use crate::{Result, Run, sql};

/// Says that a server is alive.
pub async fn beat(on: impl Run<'_>, id: ServerId, name: &str, now: Timestamp) -> Result<()> {
    sql(
        on,
        "INSERT INTO servers (id, name, started_at, heartbeat_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at",
    )
    .bind(id.to_string())
    .bind(name.to_owned())
    .bind(now.ms())
    .execute()
    .await
    .map(drop)
}

/// The servers that have been silent since a time, or had the name of one that has started again.
pub async fn dead(
    on: impl Run<'_>,
    except: ServerId,
    silent_since: Timestamp,
    name: &str,
) -> Result<Vec<ServerId>> {
    sql(
        on,
        "SELECT id FROM servers WHERE id <> $1 AND (heartbeat_at <= $2 OR name = $3) ORDER BY id",
    )
    .bind(except.to_string())
    .bind(silent_since.ms())
    .bind(name.to_owned())
    .all(|row| row.parse("servers", "id"))
    .await
}

/// The server with the smallest id among those that have said something since a time: the one that does what only one
/// should do.
pub async fn first(on: impl Run<'_>, heard_since: Timestamp) -> Result<Option<ServerId>> {
    sql(on, "SELECT id FROM servers WHERE heartbeat_at > $1 ORDER BY id LIMIT 1")
        .bind(heard_since.ms())
        .optional(|row| row.parse("servers", "id"))
        .await
}

/// Forgets a server whose affairs are in order.
pub async fn remove(on: impl Run<'_>, id: ServerId) -> Result<()> {
    sql(on, "DELETE FROM servers WHERE id = $1").bind(id.to_string()).execute().await.map(drop)
}

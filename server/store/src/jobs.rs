//! Durable work: queued in the transaction of the change that needs it, leased by whoever does it.

use model::{JobId, Timestamp};

use crate::{Db, Result, Row, Run, Tx, sql};

/// The kind of work that tells hooks.
pub const HOOK: &str = "hook";

/// Which work is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Messages to hooks, which wait for others' servers.
    Hooks,
    /// Everything else.
    Rest,
}

impl Line {
    const fn condition(self) -> &'static str {
        match self {
            Self::Hooks => "kind = 'hook'",
            Self::Rest => "kind <> 'hook'",
        }
    }
}

/// A piece of work.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: JobId,
    pub kind: String,
    /// JSON.
    pub payload: String,
    /// How often it was begun.
    pub attempts: i64,
}

/// Queues work. With a reference it is queued once, however often that is tried; false when it was there.
pub async fn push(
    tx: &mut Tx,
    id: JobId,
    kind: &str,
    payload: &str,
    reference: Option<&str>,
    run_at: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let rows = sql(
        tx,
        "INSERT INTO jobs (id, kind, payload, reference, run_at, attempts, created_at)
         VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT (reference) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(kind.to_owned())
    .bind(payload.to_owned())
    .bind(reference.map(str::to_owned))
    .bind(run_at.ms())
    .bind(now.ms())
    .execute()
    .await?;
    Ok(rows == 1)
}

fn read(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.parse("jobs", "id")?,
        kind: row.get("kind")?,
        payload: row.get("payload")?,
        attempts: row.get("attempts")?,
    })
}

/// Leases work that is due to the caller, until a time.
pub async fn lease(
    db: &Db,
    now: Timestamp,
    until: Timestamp,
    most: i64,
    line: Line,
) -> Result<Vec<Job>> {
    let mut tx = db.begin().await?;
    let skip = match &tx {
        Tx::Sqlite(_) => "",
        Tx::Postgres(_) => " FOR UPDATE SKIP LOCKED",
    };
    let text = format!(
        "UPDATE jobs SET leased_until = $2, attempts = attempts + 1 WHERE id IN (
             SELECT id FROM jobs WHERE done_at IS NULL AND run_at <= $1
                 AND (leased_until IS NULL OR leased_until <= $1) AND {}
             ORDER BY run_at, id LIMIT $3{skip})
         RETURNING id, kind, payload, attempts",
        line.condition()
    );
    let found = crate::db::built(&mut tx, text)
        .bind(now.ms())
        .bind(until.ms())
        .bind(most)
        .all(read)
        .await?;
    tx.commit().await?;
    Ok(found)
}

/// Whether anything is due.
pub async fn due(on: impl Run<'_>, now: Timestamp, line: Line) -> Result<bool> {
    let text = match line {
        Line::Hooks => {
            "SELECT 1 AS one FROM jobs WHERE done_at IS NULL AND run_at <= $1 AND kind = 'hook'
                 AND (leased_until IS NULL OR leased_until <= $1) LIMIT 1"
        }
        Line::Rest => {
            "SELECT 1 AS one FROM jobs WHERE done_at IS NULL AND run_at <= $1 AND kind <> 'hook'
                 AND (leased_until IS NULL OR leased_until <= $1) LIMIT 1"
        }
    };
    sql(on, text).bind(now.ms()).optional(|_| Ok(())).await.map(|found| found.is_some())
}

/// Ends work that is done.
pub async fn finish(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<()> {
    sql(tx, "UPDATE jobs SET done_at = $2, error = NULL WHERE id = $1")
        .bind(id.to_string())
        .bind(now.ms())
        .execute()
        .await
        .map(drop)
}

/// Puts work off after a failure, or gives it up when there is no next time.
pub async fn fail(
    on: impl Run<'_>,
    id: JobId,
    error: &str,
    next: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    sql(
        on,
        "UPDATE jobs SET error = $2, leased_until = NULL, run_at = COALESCE($3, run_at),
             done_at = CASE WHEN $3 IS NULL THEN $4 ELSE NULL END WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(error.to_owned())
    .bind(next.map(Timestamp::ms))
    .bind(now.ms())
    .execute()
    .await
    .map(drop)
}

/// Forgets work that was done before a time.
pub async fn sweep(on: impl Run<'_>, before: Timestamp) -> Result<u64> {
    sql(on, "DELETE FROM jobs WHERE done_at < $1").bind(before.ms()).execute().await
}

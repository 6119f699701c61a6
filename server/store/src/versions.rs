//! Counters of change: what a server keeps in memory is old when the counter it read has moved on.

use crate::{Result, Run, Tx, sql};

/// The counter's value.
pub async fn read(on: impl Run<'_>, name: &str) -> Result<i64> {
    sql(on, "SELECT version FROM versions WHERE name = $1")
        .bind(name.to_owned())
        .one(|row| row.get("version"))
        .await
}

/// Says that something changed, in the transaction that changed it.
pub async fn bump(tx: &mut Tx, name: &str) -> Result<()> {
    sql(tx, "UPDATE versions SET version = version + 1 WHERE name = $1")
        .bind(name.to_owned())
        .execute()
        .await
        .map(drop)
}

//! Databases for tests.

use crate::{Db, Error, Result, db::built};

/// Makes an empty database on a PostgreSQL server. The name is the caller's own: letters, digits, underscores.
pub async fn create_database(server: &str, name: &str) -> Result<()> {
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(Error::Address);
    }
    let db = Db::open(server).await?;
    built(&db, format!("CREATE DATABASE {name}")).execute().await?;
    db.close().await;
    Ok(())
}

/// Runs a statement that no rule allows, to see whether it is noticed.
pub async fn tamper(db: &Db, statement: &'static str) -> Result<u64> {
    crate::sql(db, statement).execute().await
}

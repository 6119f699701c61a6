//! A copy of the whole database while it is in use.

use crate::{Db, Error, Result, sql};

/// Writes a consistent copy to a file that does not exist yet. PostgreSQL has `pg_dump` for it: [`Error::Address`].
pub async fn to_file(db: &Db, path: &str) -> Result<()> {
    match db {
        Db::Sqlite(_) => sql(db, "VACUUM INTO $1").bind(path.to_owned()).execute().await.map(drop),
        Db::Postgres(_) => Err(Error::Address),
    }
}

//! Opening a database, its transactions, and closing it.

use std::{str::FromStr as _, time::Duration};

use sqlx::{
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Db, PREPARED, READ_AHEAD, Tx, sql};
use crate::{Error, Result};

impl Db {
    /// Opens `sqlite://path`, `sqlite::memory:` or `postgres://…`; a missing SQLite file is made.
    pub async fn open(url: &str) -> Result<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let address = PgConnectOptions::from_str(url)?.statement_cache_capacity(PREPARED);
            let options =
                PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(5));
            return Ok(Self::Postgres(options.connect_with(address).await?));
        }
        if !url.starts_with("sqlite:") {
            return Err(Error::Address);
        }
        let memory = url.contains(":memory:");
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged settle survives a power cut; the ledger's group commit pays for it.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(PREPARED)
            // The thread that reads and the task that asked hand over a page of a list at once, not by turns.
            .row_buffer_size(READ_AHEAD)
            .pragma("wal_autocheckpoint", "4000");
        let pool = SqlitePoolOptions::new()
            .max_connections(if memory { 1 } else { 8 })
            .acquire_timeout(Duration::from_secs(5));
        let pool = if memory { pool.idle_timeout(None).max_lifetime(None) } else { pool };
        Ok(Self::Sqlite(pool.connect_with(options).await?))
    }

    /// The same database over one connection of its own, which keeps its statements prepared. A database in memory has
    /// only the one connection that it lives in.
    pub async fn alone(&self) -> Result<Self> {
        Ok(match self {
            Self::Sqlite(pool) if pool.options().get_max_connections() == 1 => self.clone(),
            Self::Sqlite(pool) => {
                let options = pool.connect_options().as_ref().clone();
                let one = SqlitePoolOptions::new()
                    .max_connections(1)
                    .idle_timeout(None)
                    .max_lifetime(None);
                Self::Sqlite(one.connect_with(options).await?)
            }
            Self::Postgres(pool) => {
                let options = pool.connect_options().as_ref().clone();
                Self::Postgres(PgPoolOptions::new().max_connections(1).connect_with(options).await?)
            }
        })
    }

    /// Begins a transaction that may write. SQLite takes its write lock here, so that a busy database waits instead of
    /// failing half-way through.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite(pool) => Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads and sees one moment throughout.
    pub async fn snapshot(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite(pool) => Tx::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            ),
        })
    }

    /// Whether several transactions may write at the same time.
    pub const fn has_many_writers(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// The engine's name.
    pub const fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Asks for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        sql(self, "SELECT 1 AS one").rows().await.map(drop)
    }

    /// Waits for running statements and closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

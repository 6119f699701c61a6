//! The few places where the engines need different words.

use crate::db::Target;

impl Target<'_> {
    /// Locks the rows that a `SELECT` reads until the transaction ends. SQLite has one writer at a time, and our
    /// transactions take its write lock when they begin.
    pub(crate) const fn for_update(&self) -> &'static str {
        match self {
            Self::Sqlite(_) | Self::SqliteTx(_) => "",
            Self::Postgres(_) | Self::PostgresTx(_) => " FOR UPDATE",
        }
    }
}

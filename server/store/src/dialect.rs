//! The few places where the engines need different words.

use crate::db::Target;

impl Target<'_> {
    /// Whether places for values are numbered in bulk statements. SQLite looks a numbered place up by its name each time
    /// a value is bound, which takes longer the more there are; nameless ones it counts.
    pub(crate) const fn numbers_places(&self) -> bool {
        matches!(self, Self::Postgres(_) | Self::PostgresTx(_))
    }

    /// Locks the rows that a `SELECT` reads until the transaction ends. SQLite has one writer at a time, and our
    /// transactions take its write lock when they begin.
    pub(crate) const fn for_update(&self) -> &'static str {
        match self {
            Self::Sqlite(_) | Self::SqliteTx(_) => "",
            // Rows that refer to it may still be added: two who each add one to what the other holds would wait for ever.
            Self::Postgres(_) | Self::PostgresTx(_) => " FOR NO KEY UPDATE",
        }
    }
}

//! What can go wrong with records.

/// A failure of the store. It says nothing about HTTP and nothing to show to a client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine or the way to it failed.
    #[error("the database failed")]
    Driver(#[source] sqlx::Error),
    /// A unique rule refused the row.
    #[error("a record with these values exists")]
    Conflict,
    /// The engine asks to try the whole transaction again.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
    /// A stored value is not what this program writes.
    #[error("{table}.{column} of {row} holds an impossible value")]
    Corrupt { table: &'static str, column: &'static str, row: String },
    /// The migrations could not be brought up to date.
    #[error("the database could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The address names no engine that this program knows.
    #[error("not a database address: sqlite://… or postgres://… is expected")]
    Address,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else { return Self::Driver(error) };
        if database.is_unique_violation() {
            return Self::Conflict;
        }
        // PostgreSQL: serialization failure, deadlock. SQLite: BUSY and its extended forms.
        match database.code().as_deref() {
            Some("40001" | "40P01" | "5" | "261" | "517") => Self::Busy(error),
            _ => Self::Driver(error),
        }
    }
}

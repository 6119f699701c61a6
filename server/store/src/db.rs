//! The engine enum: a pool, a transaction, a row and a statement that are SQLite's or PostgreSQL's.

mod opening;
mod row;

use futures_util::TryStreamExt as _;
use sqlx::{
    Arguments as _, AssertSqlSafe, Database, Decode, Encode, Postgres, SqlSafeStr as _, SqlStr,
    Sqlite, Type,
    postgres::{PgArguments, PgConnection, PgPool, PgRow},
    sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow},
};

pub use self::row::Row;
use crate::{Error, Result};

/// The open database.
#[derive(Debug, Clone)]
pub enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// An open transaction; dropped without `commit`, it rolls back.
#[derive(Debug)]
pub enum Tx {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A value that both engines can store.
pub trait Value<DB: Database>:
    for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB> + Type<DB> + Send
{
}
impl<DB: Database, T> Value<DB> for T where
    T: for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB> + Type<DB> + Send
{
}

/// Where a statement runs: the pool, or one transaction.
pub trait Run<'e> {
    fn run(self) -> Target<'e>;
}

/// A borrowed pool or connection of either engine.
#[derive(Debug)]
pub enum Target<'e> {
    Sqlite(&'e SqlitePool),
    SqliteTx(&'e mut SqliteConnection),
    Postgres(&'e PgPool),
    PostgresTx(&'e mut PgConnection),
}

impl<'e> Run<'e> for &'e Db {
    fn run(self) -> Target<'e> {
        match self {
            Db::Sqlite(pool) => Target::Sqlite(pool),
            Db::Postgres(pool) => Target::Postgres(pool),
        }
    }
}

impl<'e> Run<'e> for &'e mut Tx {
    fn run(self) -> Target<'e> {
        match self {
            Tx::Sqlite(tx) => Target::SqliteTx(tx),
            Tx::Postgres(tx) => Target::PostgresTx(tx),
        }
    }
}

impl<'e> Run<'e> for Target<'e> {
    fn run(self) -> Self {
        self
    }
}

#[derive(Debug)]
enum Args {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

/// A statement with its values, ready to run.
#[derive(Debug)]
#[must_use = "a statement does nothing until it is run"]
pub struct Statement<'e> {
    target: Target<'e>,
    sql: SqlStr,
    args: Result<Args, sqlx::Error>,
}

/// A statement with a fixed text.
pub fn sql<'e>(on: impl Run<'e>, text: &'static str) -> Statement<'e> {
    statement(on.run(), text.into_sql_str())
}

/// A statement whose text was put together here from fixed parts and numbered places, never from input.
pub(crate) fn built<'e>(on: impl Run<'e>, text: String) -> Statement<'e> {
    statement(on.run(), AssertSqlSafe(text).into_sql_str())
}

pub(crate) fn statement(target: Target<'_>, sql: SqlStr) -> Statement<'_> {
    let args = match target {
        Target::Sqlite(_) | Target::SqliteTx(_) => Args::Sqlite(SqliteArguments::default()),
        Target::Postgres(_) | Target::PostgresTx(_) => Args::Postgres(PgArguments::default()),
    };
    Statement { target, sql, args: Ok(args) }
}

/// Runs `$run` on whichever pair of target and arguments it is; the two are made together, so they always match.
macro_rules! on_engine {
    ($statement:ident, $query:ident => $run:ident, $wrap:ident) => {{
        let sql = $statement.sql;
        match ($statement.target, $statement.args?) {
            (Target::Sqlite(on), Args::Sqlite(args)) => {
                $wrap::sqlite(sqlx::query_with::<Sqlite, _>(sql, args).$run(on).await?)
            }
            (Target::SqliteTx(on), Args::Sqlite(args)) => {
                $wrap::sqlite(sqlx::query_with::<Sqlite, _>(sql, args).$run(on).await?)
            }
            (Target::Postgres(on), Args::Postgres(args)) => {
                $wrap::postgres(sqlx::query_with::<Postgres, _>(sql, args).$run(on).await?)
            }
            (Target::PostgresTx(on), Args::Postgres(args)) => {
                $wrap::postgres(sqlx::query_with::<Postgres, _>(sql, args).$run(on).await?)
            }
            (Target::Sqlite(_) | Target::SqliteTx(_), Args::Postgres(_))
            | (Target::Postgres(_) | Target::PostgresTx(_), Args::Sqlite(_)) => {
                return Err(Error::Address);
            }
        }
    }};
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "both wrappers of a macro take what their statement returns"
)]
mod affected {
    pub fn sqlite(done: sqlx::sqlite::SqliteQueryResult) -> u64 {
        done.rows_affected()
    }
    pub fn postgres(done: sqlx::postgres::PgQueryResult) -> u64 {
        done.rows_affected()
    }
}

mod rows {
    use super::{PgRow, Row, SqliteRow};
    pub fn sqlite(rows: Vec<SqliteRow>) -> Vec<Row> {
        rows.into_iter().map(Row::from).collect()
    }
    pub fn postgres(rows: Vec<PgRow>) -> Vec<Row> {
        rows.into_iter().map(Row::from).collect()
    }
}

impl Statement<'_> {
    /// Adds the next numbered value.
    pub fn bind<T>(mut self, value: T) -> Self
    where
        T: for<'q> Encode<'q, Sqlite>
            + Type<Sqlite>
            + for<'q> Encode<'q, Postgres>
            + Type<Postgres>,
    {
        if let Ok(args) = &mut self.args {
            let added = match args {
                Args::Sqlite(args) => args.add(value),
                Args::Postgres(args) => args.add(value),
            };
            if let Err(error) = added {
                self.args = Err(sqlx::Error::Encode(error));
            }
        }
        self
    }

    /// Runs it and tells how many rows it changed.
    pub async fn execute(self) -> Result<u64> {
        Ok(on_engine!(self, query => execute, affected))
    }

    /// Runs it and returns its rows.
    pub async fn rows(self) -> Result<Vec<Row>> {
        Ok(on_engine!(self, query => fetch_all, rows))
    }

    /// Runs it and reads each row.
    pub async fn all<T>(self, read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
        self.rows().await?.iter().map(read).collect()
    }

    /// Like [`Statement::all`], but reads each row as it comes: for answers that are too long to be held twice.
    pub async fn many<T>(self, read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let sql = self.sql;
        macro_rules! each {
            ($engine:ident, $on:ident, $args:ident) => {{
                let mut rows = sqlx::query_with::<$engine, _>(sql, $args).fetch($on);
                while let Some(row) = rows.try_next().await? {
                    found.push(read(&Row::from(row))?);
                }
            }};
        }
        match (self.target, self.args?) {
            (Target::Sqlite(on), Args::Sqlite(args)) => each!(Sqlite, on, args),
            (Target::SqliteTx(on), Args::Sqlite(args)) => each!(Sqlite, on, args),
            (Target::Postgres(on), Args::Postgres(args)) => each!(Postgres, on, args),
            (Target::PostgresTx(on), Args::Postgres(args)) => each!(Postgres, on, args),
            (Target::Sqlite(_) | Target::SqliteTx(_), Args::Postgres(_))
            | (Target::Postgres(_) | Target::PostgresTx(_), Args::Sqlite(_)) => {
                return Err(Error::Address);
            }
        }
        Ok(found)
    }

    /// Runs it and reads the first row, if there is one.
    pub async fn optional<T>(self, read: impl Fn(&Row) -> Result<T>) -> Result<Option<T>> {
        self.rows().await?.first().map(read).transpose()
    }

    /// Runs it and reads the row that must be there.
    pub async fn one<T>(self, read: impl Fn(&Row) -> Result<T>) -> Result<T> {
        self.optional(read).await?.ok_or(Error::Driver(sqlx::Error::RowNotFound))
    }
}

/// How many rows one statement of a bulk insert or look-up carries at most. Each number of rows is a statement of its
/// own, which the connections keep prepared.
const ROWS: usize = 64;

/// Rows that SQLite's thread may be ahead of whoever reads them: the longest page of a list.
const READ_AHEAD: usize = 300;

/// Statements that a connection keeps prepared: every size of every bulk statement.
const PREPARED: usize = 1_024;

/// Cuts items into runs that fit one statement.
pub(crate) fn runs<T>(items: &[T]) -> std::slice::Chunks<'_, T> {
    items.chunks(ROWS)
}

impl Target<'_> {
    /// Places for the values of so many rows of so many columns, bound in their order.
    pub(crate) fn places(&self, rows: usize, columns: usize) -> String {
        if self.numbers_places() {
            return numbered(rows, columns);
        }
        nameless(rows, columns)
    }
}

/// `(?, ?), (?, ?)` for so many rows of so many columns.
pub(crate) fn nameless(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
}

/// `($1, $2), ($3, $4)` for so many rows of so many columns.
pub(crate) fn numbered(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                text.push_str(", ");
            }
            text.push('$');
            text.push_str(&(row * columns + column + 1).to_string());
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_on() {
        assert_eq!(numbered(2, 2), "($1, $2), ($3, $4)");
    }
}

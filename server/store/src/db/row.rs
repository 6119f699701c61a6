//! A row of an answer, of either engine.

use std::{cell::Cell, str::FromStr};

use sqlx::{
    Column as _, ColumnIndex, Postgres, Row as _, Sqlite, postgres::PgRow, sqlite::SqliteRow,
};

use super::Value;
use crate::{Error, Result};

/// One row of an answer.
#[derive(Debug)]
pub struct Row {
    of: Of,
    /// Where the column is that will be read next, most likely: rows are read in the order of their columns, and a list
    /// reads five thousand of them a page.
    next: Cell<usize>,
}

#[derive(Debug)]
enum Of {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self { of: Of::Sqlite(row), next: Cell::new(0) }
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self { of: Of::Postgres(row), next: Cell::new(0) }
    }
}

/// Where a column is: where it is thought to be, or where its name says.
fn place<R: sqlx::Row>(row: &R, column: &'static str, guess: usize) -> sqlx::Result<usize>
where
    &'static str: ColumnIndex<R>,
{
    match row.columns().get(guess) {
        Some(found) if found.name() == column => Ok(guess),
        _ => column.index(row),
    }
}

impl Row {
    fn place(&self, column: &'static str) -> Result<usize> {
        let guess = self.next.get();
        let found = match &self.of {
            Of::Sqlite(row) => place(row, column, guess),
            Of::Postgres(row) => place(row, column, guess),
        }?;
        self.next.set(found + 1);
        Ok(found)
    }

    /// The value of a column.
    pub fn get<T: Value<Sqlite> + Value<Postgres>>(&self, column: &'static str) -> Result<T> {
        let place = self.place(column)?;
        Ok(match &self.of {
            Of::Sqlite(row) => row.try_get(place)?,
            Of::Postgres(row) => row.try_get(place)?,
        })
    }

    /// The text of a column, as long as the row is there.
    fn text(&self, column: &'static str) -> Result<Option<&str>> {
        let place = self.place(column)?;
        Ok(match &self.of {
            Of::Sqlite(row) => row.try_get(place)?,
            Of::Postgres(row) => row.try_get(place)?,
        })
    }

    fn some_text(&self, column: &'static str) -> Result<&str> {
        let missing = || sqlx::Error::ColumnDecode {
            index: column.to_owned(),
            source: Box::new(sqlx::error::UnexpectedNullError),
        };
        Ok(self.text(column)?.ok_or_else(missing)?)
    }

    /// The value of a text column, parsed; a text that does not parse is [`Error::Corrupt`].
    pub fn parse<T: FromStr>(&self, table: &'static str, column: &'static str) -> Result<T> {
        let text = self.some_text(column)?;
        text.parse().map_err(|_| Error::Corrupt { table, column, row: text.to_owned() })
    }

    /// Like [`Row::parse`], for a column that may be null.
    pub fn parse_some<T: FromStr>(
        &self,
        table: &'static str,
        column: &'static str,
    ) -> Result<Option<T>> {
        let parse = |text: &str| {
            text.parse().map_err(|_| Error::Corrupt { table, column, row: text.to_owned() })
        };
        self.text(column)?.map(parse).transpose()
    }

    /// The value of a column that holds JSON as text.
    pub fn json<T: serde::de::DeserializeOwned>(
        &self,
        table: &'static str,
        column: &'static str,
    ) -> Result<T> {
        serde_json::from_str(self.some_text(column)?).map_err(|error| Error::Corrupt {
            table,
            column,
            row: error.to_string(),
        })
    }

    /// A count or sum that cannot be negative.
    pub fn count(&self, column: &'static str) -> Result<u64> {
        Ok(u64::try_from(self.get::<i64>(column)?).unwrap_or(0))
    }
}

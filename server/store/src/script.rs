//! Several bulk statements that belong together.

use sqlx::{
    Arguments as _, AssertSqlSafe, Encode, Postgres, SqlSafeStr as _, Sqlite, Type,
    postgres::PgArguments, sqlite::SqliteArguments,
};

use crate::{
    Result, Tx,
    db::{nameless, numbered, runs},
};

/// Up to so many values a script is one of few that come again and again, and is kept prepared.
const FEW: usize = 160;

/// Statements that are run one after the other in a transaction. SQLite gets them as one text: each statement is a turn
/// for its thread, and at one call at a time the turns would take longer than the work.
#[derive(Debug)]
pub struct Script(Engine);

#[derive(Debug)]
enum Engine {
    Sqlite { text: String, args: SqliteArguments, values: usize },
    Postgres(Vec<(String, PgArguments)>),
}

/// The row that values are being added to.
#[derive(Debug)]
pub struct Values<'a> {
    args: Target<'a>,
    failed: Option<sqlx::error::BoxDynError>,
}

#[derive(Debug)]
enum Target<'a> {
    Sqlite(&'a mut SqliteArguments, &'a mut usize),
    Postgres(&'a mut PgArguments),
}

impl Values<'_> {
    /// Adds the next value of the row.
    pub fn bind<T>(mut self, value: T) -> Self
    where
        T: for<'q> Encode<'q, Sqlite>
            + Type<Sqlite>
            + for<'q> Encode<'q, Postgres>
            + Type<Postgres>,
    {
        let added = match &mut self.args {
            Target::Sqlite(args, values) => {
                **values += 1;
                args.add(value)
            }
            Target::Postgres(args) => args.add(value),
        };
        self.failed = self.failed.or(added.err());
        self
    }
}

impl Script {
    /// An empty script for a transaction's engine.
    pub fn new(tx: &Tx) -> Self {
        Self(match tx {
            Tx::Sqlite(_) => {
                Engine::Sqlite { text: String::new(), args: SqliteArguments::default(), values: 0 }
            }
            Tx::Postgres(_) => Engine::Postgres(Vec::new()),
        })
    }

    /// Adds an insert of rows with so many columns: `head`, the rows' places, `tail`.
    pub(crate) fn insert<T>(
        &mut self,
        head: &str,
        columns: usize,
        tail: &str,
        rows: &[T],
        bind: impl for<'a> Fn(Values<'a>, &T) -> Values<'a>,
    ) -> Result<()> {
        for run in runs(rows) {
            match &mut self.0 {
                Engine::Sqlite { text, args, values } => {
                    text.push_str(head);
                    text.push_str(&nameless(run.len(), columns));
                    text.push_str(tail);
                    text.push(';');
                    for row in run {
                        let bound =
                            bind(Values { args: Target::Sqlite(args, values), failed: None }, row);
                        bound.failed.map_or(Ok(()), |error| Err(sqlx::Error::Encode(error)))?;
                    }
                }
                Engine::Postgres(parts) => {
                    let mut args = PgArguments::default();
                    for row in run {
                        let bound =
                            bind(Values { args: Target::Postgres(&mut args), failed: None }, row);
                        bound.failed.map_or(Ok(()), |error| Err(sqlx::Error::Encode(error)))?;
                    }
                    parts.push((format!("{head}{}{tail}", numbered(run.len(), columns)), args));
                }
            }
        }
        Ok(())
    }

    /// Runs what was added.
    pub async fn run(self, tx: &mut Tx) -> Result<()> {
        match (self.0, tx) {
            (Engine::Sqlite { text, args, values }, Tx::Sqlite(tx)) => {
                if !text.is_empty() {
                    let text = AssertSqlSafe(text).into_sql_str();
                    sqlx::query_with::<Sqlite, _>(text, args)
                        .persistent(values <= FEW)
                        .execute(&mut **tx)
                        .await?;
                }
            }
            (Engine::Postgres(parts), Tx::Postgres(tx)) => {
                for (text, args) in parts {
                    let text = AssertSqlSafe(text).into_sql_str();
                    sqlx::query_with::<Postgres, _>(text, args).execute(&mut **tx).await?;
                }
            }
            (Engine::Sqlite { .. }, Tx::Postgres(_)) | (Engine::Postgres(_), Tx::Sqlite(_)) => {
                return Err(crate::Error::Address);
            }
        }
        Ok(())
    }
}

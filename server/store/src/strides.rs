//! The strides of a long list: where they begin, how many rows each has, and what has changed. See [`crate::surveys`].

use std::mem;

use model::Timestamp;

use crate::{
    Db, Result, Row, Run as _,
    lists::{Asked, Shelf, Value},
    pages::{bind, made, narrow},
};

/// Rows of a stride when it is made. One of more than twice as many is cut.
pub(crate) const STRIDE: u64 = 2_000;
/// After more changes than this the survey is made anew at once.
pub(crate) const MOST_CHANGES: i64 = 5_000;

/// A list that may grow long. Its rows keep their key for life.
#[derive(Debug, Clone, Copy)]
pub struct Long {
    pub shelf: &'static Shelf,
    /// The column of the usual order, in milliseconds: it never changes. With the id it is the key, and there is an index
    /// of both.
    pub at: &'static str,
    /// The column with the time of the last change, in milliseconds; there is an index of it, the key behind it.
    pub changed: &'static str,
}

pub(crate) type Key = (i64, String);

/// Rows from a key up to where the next stride begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stride {
    pub from: Key,
    pub rows: u64,
}

impl Long {
    pub(crate) fn comparison(&self, sign: &str) -> String {
        format!("({}, {}) {sign}", self.at, self.shelf.id)
    }

    pub(crate) fn name(&self, asked: &Asked) -> String {
        let (condition, values) = asked.condition(1);
        format!("{}{condition} {values:?}", self.shelf.table())
    }

    /// Adds strides that begin where those of the whole list do; small ones are joined.
    pub(crate) async fn walk_along(
        &self,
        on: &Db,
        asked: &Asked,
        whole: &[Stride],
        strides: &mut Vec<Stride>,
    ) -> Result<()> {
        for (n, Stride { from, .. }) in whole.iter().enumerate() {
            let to = whole.get(n + 1).map(|next| &next.from);
            let rows = self.count_between(on, asked, from, to).await?;
            match strides.last_mut() {
                Some(last) if last.rows + rows <= STRIDE => last.rows += rows,
                _ => strides.push(Stride { from: from.clone(), rows }),
            }
        }
        Ok(())
    }

    /// Adds the strides from one key up to another.
    pub(crate) async fn walk(
        &self,
        on: &Db,
        asked: &Asked,
        mut from: Key,
        to: Option<&Key>,
        strides: &mut Vec<Stride>,
    ) -> Result<()> {
        loop {
            let next = self.key_after(on, asked, &from, to).await?;
            let Some(next) = next else {
                let rows = self.count_between(on, asked, &from, to).await?;
                strides.push(Stride { from, rows });
                return Ok(());
            };
            strides.push(Stride { from: mem::replace(&mut from, next), rows: STRIDE });
        }
    }

    /// The key a stride further on.
    async fn key_after(
        &self,
        on: &Db,
        asked: &Asked,
        from: &Key,
        to: Option<&Key>,
    ) -> Result<Option<Key>> {
        let (Self { shelf, at, .. }, (condition, values)) = (self, self.between(asked, from, to));
        let text = format!(
            "SELECT {at} AS at, {id} AS id FROM {table}{condition} ORDER BY {at}, {id} LIMIT 1 OFFSET {STRIDE}",
            id = shelf.id,
            table = shelf.table(),
        );
        bind(made(on.run(), text), values).optional(key).await
    }

    pub(crate) async fn count_between(
        &self,
        on: &Db,
        asked: &Asked,
        from: &Key,
        to: Option<&Key>,
    ) -> Result<u64> {
        let (condition, values) = self.between(asked, from, to);
        let text = format!("SELECT COUNT(*) AS n FROM {}{condition}", self.shelf.table());
        bind(made(on.run(), text), values).one(|row| row.count("n")).await
    }

    fn between(&self, asked: &Asked, from: &Key, to: Option<&Key>) -> (String, Vec<Value>) {
        let (mut condition, mut values) = asked.condition(1);
        let from_on = self.comparison(">=");
        narrow(&mut condition, &mut values, 1, &from_on, from.0, &from.1);
        if let Some(to) = to {
            narrow(&mut condition, &mut values, 1, &self.comparison("<"), to.0, &to.1);
        }
        (condition, values)
    }

    /// How many there are, but no more than so many.
    pub(crate) async fn count_up_to(&self, on: &Db, asked: &Asked, most: u64) -> Result<u64> {
        let (condition, values) = asked.condition(1);
        let text = format!(
            "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM {}{condition} LIMIT {most}) AS few",
            self.shelf.table()
        );
        bind(made(on.run(), text), values).one(|row| row.count("n")).await
    }

    /// The keys of rows that were changed from a time on; at most as many as are looked at one by one.
    pub(crate) async fn changes(&self, on: &Db, since: Timestamp) -> Result<Vec<Key>> {
        let Self { shelf, at, changed } = self;
        let text = format!(
            "SELECT {at} AS at, {id} AS id FROM {table} WHERE {changed} >= $1 ORDER BY {changed}, {at}, {id} LIMIT {MOST_CHANGES}",
            id = shelf.id,
            table = shelf.table(),
        );
        made(on.run(), text).bind(since.ms()).all(key).await
    }
}

fn key(row: &Row) -> Result<Key> {
    Ok((row.get("at")?, row.get("id")?))
}

//! Pages of a list. A page is found in two steps: its ids on the table that the list is about, by an index and without
//! a join, and then its rows by their ids. So what is skipped is not joined, and what the rows need is read a page's
//! worth of times.

use sqlx::{AssertSqlSafe, SqlSafeStr as _};

use crate::{
    Db, Result, Row, Run,
    db::{Statement, Target, statement},
    lists::{Asked, Shelf, Value},
};

/// How many ids one statement may have. Fewer are filled up with the last one, so that a connection keeps few
/// statements prepared.
const SIZES: [usize; 7] = [1, 5, 10, 25, 50, 100, 300];

impl Shelf {
    /// A page of the list, and how many there are in all.
    pub async fn page<T>(
        &self,
        on: &Db,
        asked: &Asked,
        (limit, offset): (i64, i64),
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<(Vec<T>, u64)> {
        let total = self.count(on, asked).await?;
        Ok((self.page_of(on, asked, (limit, offset), total, read).await?, total))
    }

    /// A page of a list that has so many rows.
    pub(crate) async fn page_of<T>(
        &self,
        on: &Db,
        asked: &Asked,
        (limit, offset): (i64, i64),
        total: u64,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        if u64::try_from(offset).unwrap_or(0) >= total {
            return Ok(Vec::new());
        }
        if !self.is_own(asked) || self.order(asked).iter().any(|(column, _)| !self.owns(column)) {
            return self.joined(on, asked, (limit, offset), read).await;
        }
        let ids = self.ids(on, asked, &[], (limit, offset)).await?;
        self.rows(on, asked, &ids, read).await
    }

    /// How many there are.
    pub async fn count(&self, on: impl Run<'_>, asked: &Asked) -> Result<u64> {
        let (condition, values) = asked.condition(1);
        let from = if self.is_own(asked) { self.table() } else { self.from };
        let text = format!("SELECT COUNT(*) AS n FROM {from}{condition}");
        bind(made(on.run(), text), values).one(|row| row.count("n")).await
    }

    /// The one that fits, if there is one.
    pub async fn one<T>(
        &self,
        on: impl Run<'_>,
        asked: &Asked,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let (condition, values) = asked.condition(1);
        let text = format!("SELECT {} FROM {}{condition} LIMIT 1", self.select, self.from);
        bind(made(on.run(), text), values).optional(read).await
    }

    /// All that fit, up to a number.
    pub async fn all<T>(
        &self,
        on: impl Run<'_>,
        asked: &Asked,
        most: i64,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (condition, values) = asked.condition(2);
        let text = format!(
            "SELECT {} FROM {}{condition} ORDER BY {} LIMIT $1",
            self.select, self.from, self.id
        );
        bind(made(on.run(), text).bind(most), values).all(read).await
    }

    /// The table that the list is about, with its short name.
    pub(crate) const fn table(&self) -> &'static str {
        if self.counted.is_empty() { self.from } else { self.counted }
    }

    /// Whether a text names no other table than the list's own.
    pub(crate) fn owns(&self, sql: &str) -> bool {
        let short = self.table().rsplit(' ').next().unwrap_or_default();
        let mut parts = sql.split('.').peekable();
        while let Some(part) = parts.next() {
            let name = part.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
            if parts.peek().is_some() && name != Some(short) {
                return false;
            }
        }
        !sql.contains("SELECT") && !self.table().contains(" JOIN ")
    }

    /// Whether everything asked is about the list's own table.
    pub(crate) fn is_own(&self, asked: &Asked) -> bool {
        asked.clauses.iter().all(|clause| self.owns(&clause.sql))
    }

    /// Columns with their direction; the last one is the id.
    pub(crate) fn order(&self, asked: &Asked) -> Vec<(&'static str, bool)> {
        let mut order = asked.order.clone();
        if order.is_empty() {
            for part in self.usual_order.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                let column = part.strip_suffix(" DESC");
                order.push((column.unwrap_or(part), column.is_some()));
            }
        }
        let down = order.last().is_some_and(|(_, down)| *down);
        order.push((self.id, down));
        order
    }

    fn order_text(&self, asked: &Asked) -> String {
        let order = self.order(asked);
        let words: Vec<String> = order
            .iter()
            .map(|(column, down)| format!("{column}{}", if *down { " DESC" } else { "" }))
            .collect();
        words.join(", ")
    }

    /// The ids of a page, in its order, of what is `within` some keys.
    pub(crate) async fn ids(
        &self,
        on: &Db,
        asked: &Asked,
        within: &[(&str, &(i64, String))],
        (limit, offset): (i64, i64),
    ) -> Result<Vec<String>> {
        let (mut condition, mut values) = asked.condition(3);
        for (comparison, (at, id)) in within {
            narrow(&mut condition, &mut values, 3, comparison, *at, id);
        }
        let text = format!(
            "SELECT {} AS found FROM {}{condition} ORDER BY {} LIMIT $1 OFFSET $2",
            self.id,
            self.table(),
            self.order_text(asked)
        );
        let found = bind(made(on.run(), text).bind(limit).bind(offset), values);
        found.all(|row| row.get("found")).await
    }

    /// The rows with these ids, in the order asked for.
    pub(crate) async fn rows<T>(
        &self,
        on: &Db,
        asked: &Asked,
        ids: &[String],
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let Some(last) = ids.last() else { return Ok(Vec::new()) };
        let size = SIZES.into_iter().find(|size| *size >= ids.len()).unwrap_or(ids.len());
        let places: Vec<String> = (1..=size).map(|n| format!("${n}")).collect();
        let text = format!(
            "SELECT {} FROM {} WHERE {} IN ({}) ORDER BY {}",
            self.select,
            self.from,
            self.id,
            places.join(", "),
            self.order_text(asked)
        );
        let filled = ids.iter().chain(std::iter::repeat(last)).take(size);
        let values = filled.map(|id| Value::Text(id.clone())).collect();
        bind(made(on.run(), text), values).all(read).await
    }

    /// A page in one step, where the condition or the order needs the joins.
    async fn joined<T>(
        &self,
        on: &Db,
        asked: &Asked,
        (limit, offset): (i64, i64),
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (condition, values) = asked.condition(3);
        let text = format!(
            "SELECT {} FROM {}{condition} ORDER BY {} LIMIT $1 OFFSET $2",
            self.select,
            self.from,
            self.order_text(asked)
        );
        bind(made(on.run(), text).bind(limit).bind(offset), values).all(read).await
    }
}

/// Adds `(at, id) < ($n, $m)` and its values to a condition whose places begin at `first`.
pub(crate) fn narrow(
    condition: &mut String,
    values: &mut Vec<Value>,
    first: usize,
    comparison: &str,
    at: i64,
    id: &str,
) {
    let place = first + values.len();
    let word = if condition.is_empty() { "WHERE" } else { "AND" };
    let added = format!(" {word} {comparison} (${place}, ${})", place + 1);
    condition.push_str(&added);
    values.push(Value::Number(at));
    values.push(Value::from(id));
}

pub(crate) fn made(on: Target<'_>, text: String) -> Statement<'_> {
    statement(on, AssertSqlSafe(text).into_sql_str())
}

pub(crate) fn bind(statement: Statement<'_>, values: Vec<Value>) -> Statement<'_> {
    values.into_iter().fold(statement, |statement, value| match value {
        Value::Text(text) => statement.bind(text),
        Value::Number(number) => statement.bind(number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELF: Shelf = Shelf {
        select: "t.id",
        from: "things t JOIN owners o ON o.id = t.owner_id",
        counted: "things t",
        filters: &[],
        orders: &[],
        usual_order: "t.rank, t.created_at DESC",
        id: "t.id",
    };

    #[test]
    fn a_condition_is_the_tables_own_when_it_names_no_other() {
        for own in ["t.state IN (?)", "(t.a IN (?) OR t.b = ?)", "LOWER(t.name) LIKE ? ESCAPE '\\'"]
        {
            assert!(SHELF.owns(own), "{own}");
        }
        for other in ["o.name = ?", "(t.a = ? OR o.b = ?)", "t.id IN (SELECT x FROM y WHERE z = ?)"]
        {
            assert!(!SHELF.owns(other), "{other}");
        }
        assert!(!Shelf { counted: "", ..SHELF }.owns("t.state IN (?)"));
    }

    #[test]
    fn an_order_ends_in_the_id_and_its_direction() {
        let usual = SHELF.order(&Asked::default());
        assert_eq!(usual, [("t.rank", false), ("t.created_at", true), ("t.id", true)]);
        let asked = Asked { order: vec![("t.rank", false)], ..Asked::default() };
        assert_eq!(SHELF.order_text(&asked), "t.rank, t.id");
    }
}

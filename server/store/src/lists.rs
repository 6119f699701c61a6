//! Lists with filters: a noun's module says what can be asked ([`Shelf`]), callers ask by name ([`Asked`]), and the
//! statement is put together here from fixed texts and bound values.
//!
//! A filter's SQL holds one `?`, which stands for its value, or for all its values, comma-separated, where it is
//! repeated: `o.state IN (?)`, `c.created_at >= ?`. The same tables document the filters in the `OpenAPI` document.

use std::borrow::Cow;

use model::{Day, Fault, Timestamp};

use crate::Result;

/// The most values that one repeated filter may have.
const MOST_VALUES: usize = 100;
/// The longest text of a filter, in bytes.
const MOST_TEXT: usize = 1_000;

/// How a filter's text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text, compared as it is.
    Text,
    /// A part of a text, whatever the case.
    Contains,
    /// An id in either of its spellings, or a link that ends in one.
    Id,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Number,
    /// One of a few words; what they are stored as comes from the words themselves.
    Word(&'static [&'static str]),
    /// A day, `2025-01-31`, as its number.
    Day,
    /// A day or a time, as milliseconds.
    Time,
}

/// One thing that can be asked of a list.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    pub name: &'static str,
    pub kind: Kind,
    pub sql: &'static str,
}

/// Makes a filter.
pub const fn filter(name: &'static str, kind: Kind, sql: &'static str) -> Filter {
    Filter { name, kind, sql }
}

/// A filter for something that there is not here, so that nothing has it: it may not be overheard, which would answer
/// everything.
pub const fn nothing(name: &'static str) -> Filter {
    filter(name, Kind::Text, "1 = 0")
}

/// A list: what is read, what can be asked of it, and its orders.
#[derive(Debug)]
pub struct Shelf {
    /// The columns.
    pub select: &'static str,
    /// Tables and joins.
    pub from: &'static str,
    /// The table that the list is about, `orders d`: what counting and finding a page need when nothing asked touches
    /// another. Empty when it is all of `from`. The joins of `from` must neither add rows to it nor take any away.
    pub counted: &'static str,
    pub filters: &'static [Filter],
    /// Names that `o` may have, and the column of each.
    pub orders: &'static [(&'static str, &'static str)],
    /// Where nothing is asked; each with its direction.
    pub usual_order: &'static str,
    /// Ends every order, so that pages do not overlap.
    pub id: &'static str,
}

/// A value of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A condition: a fixed text in which every `?` is replaced by the places of one list of values.
#[derive(Debug, Clone)]
pub struct Clause {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Vec<Value>>,
}

impl Clause {
    /// A condition with one list of values; with an empty list it holds for nothing.
    pub fn of<V: Into<Value>>(sql: &'static str, values: impl IntoIterator<Item = V>) -> Self {
        Self::lists(sql, [values.into_iter().map(Into::into).collect()])
    }

    /// A condition with a list of values for each `?`.
    pub fn lists(sql: &'static str, values: impl IntoIterator<Item = Vec<Value>>) -> Self {
        Self { sql: Cow::Borrowed(sql), values: values.into_iter().collect() }
    }

    /// A condition without values.
    pub const fn plain(sql: &'static str) -> Self {
        Self { sql: Cow::Borrowed(sql), values: Vec::new() }
    }

    /// That one of some conditions with a list of values each holds. What has no values cannot hold and is left out, so
    /// that a database which finds the rest by an index does so.
    pub fn any(parts: impl IntoIterator<Item = (&'static str, Vec<Value>)>) -> Self {
        let mut parts = parts.into_iter().filter(|(_, values)| !values.is_empty());
        let Some((first, values)) = parts.next() else { return Self::plain("1 = 0") };
        let mut any = Self { sql: Cow::Borrowed(first), values: vec![values] };
        for (sql, values) in parts {
            any.sql = Cow::Owned(format!("{} OR {sql}", any.sql));
            any.values.push(values);
        }
        any
    }
}

/// What is asked of a list.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub(crate) clauses: Vec<Clause>,
    /// Columns, and whether each goes down.
    pub(crate) order: Vec<(&'static str, bool)>,
}

impl Asked {
    /// Reads the parameters that a list knows; others are left alone.
    ///
    /// # Errors
    /// What is wrong with each, in the words of Django's filters.
    pub fn read<'a>(
        shelf: &Shelf,
        pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Result<Self, Vec<Fault>> {
        let (mut asked, mut faults) = (Self::default(), Vec::new());
        for filter in shelf.filters {
            let texts =
                pairs.clone().filter(|(name, text)| *name == filter.name && !text.is_empty());
            let mut values = Vec::new();
            for (_, text) in texts.take(MOST_VALUES) {
                match filter.kind.read(text) {
                    Ok(value) => values.push(value),
                    Err(why) => faults.push(Fault::new(filter.name, why)),
                }
            }
            // Where a filter takes one value, the last one counts.
            if !filter.sql.contains("(?)") {
                values = values.pop().into_iter().collect();
            }
            if !values.is_empty() {
                let places = filter.sql.matches('?').count();
                asked
                    .clauses
                    .push(Clause { sql: Cow::Borrowed(filter.sql), values: vec![values; places] });
            }
        }
        for (_, text) in pairs.filter(|(name, _)| *name == "o").take(4) {
            for word in text.split(',').take(4) {
                let (name, down) =
                    word.strip_prefix('-').map_or((word, false), |rest| (rest, true));
                if let Some((_, column)) = shelf.orders.iter().find(|(known, _)| *known == name) {
                    asked.order.push((column, down));
                }
            }
        }
        if faults.is_empty() { Ok(asked) } else { Err(faults) }
    }

    /// Adds a condition of the service's own.
    #[must_use]
    pub fn and(mut self, clause: Clause) -> Self {
        self.clauses.push(clause);
        self
    }

    /// Adds a condition, if there is one.
    #[must_use]
    pub fn and_some(mut self, clause: Option<Clause>) -> Self {
        self.clauses.extend(clause);
        self
    }

    /// Adds what another asks.
    #[must_use]
    pub fn and_all(mut self, other: Self) -> Self {
        self.clauses.extend(other.clauses);
        self.order.extend(other.order);
        self
    }

    /// The condition with places from this number on, and the values for them.
    pub(crate) fn condition(&self, first: usize) -> (String, Vec<Value>) {
        let (mut text, mut bound) = (String::new(), Vec::new());
        for clause in &self.clauses {
            text.push_str(if text.is_empty() { " WHERE (" } else { " AND (" });
            let mut lists = clause.values.iter();
            for (n, part) in clause.sql.split('?').enumerate() {
                if n > 0 {
                    let values = lists.next().map(Vec::as_slice).unwrap_or_default();
                    if values.is_empty() {
                        text.push_str("NULL");
                    }
                    for (nth, value) in values.iter().enumerate() {
                        bound.push(value.clone());
                        let comma = if nth == 0 { "" } else { ", " };
                        let place = first + bound.len() - 1;
                        text.extend([comma, "$", &place.to_string()]);
                    }
                }
                text.push_str(part);
            }
            text.push(')');
        }
        (text, bound)
    }
}

impl Kind {
    fn read(self, text: &str) -> Result<Value, String> {
        if text.len() > MOST_TEXT || text.contains('\0') {
            return Err("Enter a shorter value.".to_owned());
        }
        Ok(match self {
            Self::Text => Value::from(text),
            Self::Contains => Value::Text(like(text)),
            Self::Id => Value::Text(id(text).ok_or("Enter a valid UUID.")?),
            Self::Bool => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" => Value::Number(1),
                "false" | "0" | "no" => Value::Number(0),
                _ => return Err("Enter true or false.".to_owned()),
            },
            // Clients that know only one kind of number write 7 as 7.0.
            Self::Number => {
                let whole = text.strip_suffix(".0").unwrap_or(text);
                Value::Number(whole.parse().map_err(|_| "Enter a whole number.")?)
            }
            Self::Word(words) => Value::from(word(words, text).ok_or_else(|| {
                let shown: String = text.chars().take(100).collect();
                format!("Select a valid choice. {shown} is not one of the available choices.")
            })?),
            Self::Day => {
                Value::Number(text.parse::<Day>().map_err(|_| "Enter a valid date.")?.number())
            }
            Self::Time => Value::Number(moment(text).ok_or("Enter a valid date/time.")?),
        })
    }
}

/// The word meant: whatever the case, with a space or an underscore for a hyphen.
fn word(words: &'static [&'static str], text: &str) -> Option<&'static str> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '_'], "-");
    let wanted = plain(text);
    words.iter().find(|known| plain(known) == wanted).copied()
}

/// A pattern for `LIKE … ESCAPE '\'` that finds a part of a lowered text.
fn like(text: &str) -> String {
    let lowered = text.to_lowercase();
    let mut pattern = String::with_capacity(lowered.len() + 2);
    pattern.push('%');
    for letter in lowered.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// The canonical spelling of an id, which may be the end of a link.
fn id(text: &str) -> Option<String> {
    let last = text.trim_end_matches('/').rsplit('/').next()?;
    last.parse::<model::UserId>().ok().map(|id| id.to_string())
}

fn moment(text: &str) -> Option<i64> {
    // Without a zone UTC is meant; fractions beyond milliseconds are of no account.
    let whole = if text.ends_with('Z') { text.to_owned() } else { format!("{text}Z") };
    let day = text.parse::<Day>().ok().map(|day| day.start().ms());
    let normal = whole.replace(' ', "T").replace("+00:00", "");
    day.or_else(|| normal.parse::<Timestamp>().ok().map(Timestamp::ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELF: Shelf = Shelf {
        select: "t.id",
        from: "t",
        counted: "",
        filters: &[
            filter("state", Kind::Word(&["pending-provider", "done"]), "t.state IN (?)"),
            filter("query", Kind::Contains, "LOWER(t.name) LIKE ? ESCAPE '\\'"),
            filter("owner", Kind::Id, "t.owner IN (?)"),
        ],
        orders: &[("created", "t.created_at")],
        usual_order: "t.created_at DESC",
        id: "t.id",
    };

    fn read(pairs: &[(&str, &str)]) -> Result<(String, Vec<Value>), Vec<Fault>> {
        Asked::read(&SHELF, pairs.iter().copied()).map(|asked| asked.condition(1))
    }

    #[test]
    fn repeated_values_are_alternatives_and_filters_add_up() {
        let asked = [("state", "pending provider"), ("state", "DONE"), ("query", "50%")];
        let (text, values) = read(&asked).unwrap();
        assert_eq!(text, r" WHERE (t.state IN ($1, $2)) AND (LOWER(t.name) LIKE $3 ESCAPE '\')");
        assert_eq!(values, [Value::from("pending-provider"), "done".into(), r"%50\%%".into()]);
    }

    #[test]
    fn both_spellings_of_an_id_and_links_are_taken() {
        let hyphens = "01a182ba-ca7d-7444-8897-cb2c64ad7798";
        let plain = hyphens.replace('-', "");
        let link = format!("https://cmp.example/api/customers/{plain}/");
        for text in [hyphens, &plain, &link] {
            assert_eq!(read(&[("owner", text)]).unwrap().1, [Value::from(hyphens)]);
        }
        assert_eq!(read(&[("owner", "x")]).unwrap_err()[0].field, "owner");
        assert!(read(&[("state", "x")]).unwrap_err()[0].message.contains("x is not one of"));
    }

    #[test]
    fn no_value_fits_nothing() {
        let none = Asked::default().and(Clause::of("t.owner IN (?)", Vec::<String>::new()));
        assert_eq!(none.condition(1).0, " WHERE (t.owner IN (NULL))");
    }

    #[test]
    fn a_part_without_values_is_no_part() {
        let any = |owners: &[&str], states: &[&str]| {
            let values = |texts: &[&str]| texts.iter().map(|text| Value::from(*text)).collect();
            let parts = [("t.owner IN (?)", values(owners)), ("t.state IN (?)", values(states))];
            Asked::default().and(Clause::any(parts)).condition(1).0
        };
        assert_eq!(any(&["a", "b"], &["c"]), " WHERE (t.owner IN ($1, $2) OR t.state IN ($3))");
        assert_eq!(any(&[], &["c"]), " WHERE (t.state IN ($1))");
        assert_eq!(any(&[], &[]), " WHERE (1 = 0)");
    }
}

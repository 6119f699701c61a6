//! Wallets as lists: what each customer holds, and every change of a balance.

use model::{Credits, CustomerId, EntryId, EntryKind, Timestamp};

use crate::{
    Error, Result, Row, Run,
    lists::{Kind, Shelf, filter},
    sql,
};

/// What a customer's wallet holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub customer: CustomerId,
    pub name: String,
    pub slug: String,
    pub balance: Credits,
}

/// What can be asked of the wallets.
pub const WALLETS: Shelf = Shelf {
    select: "c.id, c.name, c.slug, COALESCE(a.balance, 0) + COALESCE(h.balance, 0) AS balance",
    from: "customers c LEFT JOIN accounts a ON a.id = 'available:' || c.id LEFT JOIN accounts h ON h.id = 'held:' || c.id",
    counted: "customers c",
    filters: &[
        filter("customer_uuid", Kind::Id, "c.id IN (?)"),
        filter("customer_name", Kind::Contains, "LOWER(c.name) LIKE ? ESCAPE '\\'"),
        filter("customer_slug", Kind::Text, "c.slug IN (?)"),
        filter("query", Kind::Contains, "LOWER(c.name) LIKE ? ESCAPE '\\'"),
    ],
    orders: &[
        ("customer_name", "c.name"),
        ("value", "COALESCE(a.balance, 0) + COALESCE(h.balance, 0)"),
    ],
    usual_order: "c.name",
    id: "c.id",
};

/// Reads a row of [`WALLETS`].
pub fn read_wallet(row: &Row) -> Result<Holding> {
    Ok(Holding {
        customer: row.parse("customers", "id")?,
        name: row.get("name")?,
        slug: row.get("slug")?,
        balance: Credits::from_micros(row.get("balance")?),
    })
}

/// A change of a balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub id: EntryId,
    pub at: Timestamp,
    pub kind: EntryKind,
    pub amount: Credits,
    pub customer: CustomerId,
    pub customer_name: String,
    pub reference: Option<String>,
}

/// What can be asked of the changes.
pub const CHANGES: Shelf = Shelf {
    select: "e.id, e.at, e.kind, e.amount, e.customer_id, c.name AS customer_name, e.reference",
    from: "entries e JOIN customers c ON c.id = e.customer_id",
    counted: "entries e",
    filters: &[
        filter("customer_uuid", Kind::Id, "e.customer_id IN (?)"),
        filter("credit_uuid", Kind::Id, "e.customer_id IN (?)"),
        filter("created_after", Kind::Time, "e.at >= ?"),
        filter("created_before", Kind::Time, "e.at <= ?"),
    ],
    orders: &[("created", "e.at"), ("amount", "e.amount")],
    usual_order: "e.at DESC",
    id: "e.id",
};

/// Reads a row of [`CHANGES`].
pub fn read_change(row: &Row) -> Result<Change> {
    let kind: String = row.get("kind")?;
    Ok(Change {
        id: row.parse("entries", "id")?,
        at: Timestamp::from_ms(row.get("at")?),
        kind: EntryKind::parse(&kind).ok_or(Error::Corrupt {
            table: "entries",
            column: "kind",
            row: kind,
        })?,
        amount: Credits::from_micros(row.get("amount")?),
        customer: row.parse("entries", "customer_id")?,
        customer_name: row.get("customer_name")?,
        reference: row.get("reference")?,
    })
}

/// What left a wallet between two times, in micro-credits.
pub async fn spent(
    on: impl Run<'_>,
    customer: CustomerId,
    (from, to): (Timestamp, Timestamp),
) -> Result<i64> {
    sql(
        on,
        "SELECT COALESCE(CAST(SUM(-amount) AS BIGINT), 0) AS spent FROM entries
         WHERE customer_id = $1 AND amount < 0 AND at >= $2 AND at < $3",
    )
    .bind(customer.to_string())
    .bind(from.ms())
    .bind(to.ms())
    .one(|row| row.get("spent"))
    .await
}

/// When and how much left a wallet since a time, in micro-credits, by day.
pub async fn spent_by_day(
    on: impl Run<'_>,
    customer: CustomerId,
    since: Timestamp,
) -> Result<Vec<(i64, i64)>> {
    sql(
        on,
        "SELECT at / 86400000 AS day, CAST(SUM(-amount) AS BIGINT) AS spent FROM entries
         WHERE customer_id = $1 AND amount < 0 AND at >= $2 GROUP BY at / 86400000 ORDER BY at / 86400000",
    )
    .bind(customer.to_string())
    .bind(since.ms())
    .all(|row| Ok((row.get("day")?, row.get("spent")?)))
    .await
}

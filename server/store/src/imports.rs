//! What was used elsewhere: items that wait for the invoice of their month.

use model::{CustomerId, InvoiceItemId, Timestamp, UserId};
use serde_json::Value;

use crate::{
    Result, Row, Run, Tx,
    db::{built, numbered, runs},
    sql,
};

/// An item that is told to be invoiced.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub id: InvoiceItemId,
    pub customer: CustomerId,
    pub name: String,
    /// Micro-dollars.
    pub price: i64,
    pub article_code: String,
    /// Its place among those that were told at once.
    pub position: i64,
    /// Who and what else was named.
    pub details: Value,
}

/// Adds an item to a customer's month; false when that has one of the name.
pub async fn insert(
    tx: &mut Tx,
    item: &Imported,
    (year, month): (i64, i64),
    (at, by): (Timestamp, Option<UserId>),
) -> Result<bool> {
    let rows = sql(
        tx,
        "INSERT INTO imported_items (id, customer_id, year, month, name, price, article_code, position, details,
             created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (customer_id, year, month, name) DO NOTHING",
    )
    .bind(item.id.to_string())
    .bind(item.customer.to_string())
    .bind(year)
    .bind(month)
    .bind(item.name.clone())
    .bind(item.price)
    .bind(item.article_code.clone())
    .bind(item.position)
    .bind(item.details.to_string())
    .bind(at.ms())
    .bind(by.map(|id| id.to_string()))
    .execute()
    .await?;
    Ok(rows == 1)
}

fn read(row: &Row) -> Result<Imported> {
    Ok(Imported {
        id: row.parse("imported_items", "id")?,
        customer: row.parse("imported_items", "customer_id")?,
        name: row.get("name")?,
        price: row.get("price")?,
        article_code: row.get("article_code")?,
        position: row.get("position")?,
        details: row.json("imported_items", "details")?,
    })
}

/// The items of customers' month, in the order that they came in.
pub async fn of_month(
    tx: &mut Tx,
    customers: &[CustomerId],
    (year, month): (i64, i64),
) -> Result<Vec<Imported>> {
    let mut found = Vec::new();
    for run in runs(customers) {
        let (y, m) = (run.len() + 1, run.len() + 2);
        let text = format!(
            "SELECT id, customer_id, name, price, article_code, position, details FROM imported_items
             WHERE customer_id IN {} AND year = ${y} AND month = ${m} ORDER BY created_at, position, id",
            numbered(1, run.len())
        );
        let bound = run.iter().fold(built(&mut *tx, text), |s, id| s.bind(id.to_string()));
        found.extend(bound.bind(year).bind(month).many(read).await?);
    }
    Ok(found)
}

/// The customers of this very name, two at most.
pub async fn customers_named(on: impl Run<'_>, name: &str) -> Result<Vec<CustomerId>> {
    sql(on, "SELECT id FROM customers WHERE name = $1 AND removed_at IS NULL ORDER BY id LIMIT 2")
        .bind(name.to_owned())
        .all(|row| row.parse("customers", "id"))
        .await
}

//! Databases for tests.

use model::ResourceId;

use crate::{Db, Error, Result, Tx, db::built};

/// Makes an empty database on a PostgreSQL server. The name is the caller's own: letters, digits, underscores.
pub async fn create_database(server: &str, name: &str) -> Result<()> {
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(Error::Address);
    }
    let db = Db::open(server).await?;
    built(&db, format!("CREATE DATABASE {name}")).execute().await?;
    db.close().await;
    Ok(())
}

/// Runs a statement that no rule allows, to see whether it is noticed.
pub async fn tamper(db: &Db, statement: &'static str) -> Result<u64> {
    crate::sql(db, statement).execute().await
}

/// Has a resource billed by the monthly invoice.
pub async fn invoice_by_month(tx: &mut Tx, id: ResourceId) -> Result<u64> {
    crate::sql(
        tx,
        "UPDATE resources SET invoiced = 1, seller_id = (SELECT v.customer_id FROM offerings o
             JOIN providers v ON v.id = o.provider_id WHERE o.id = resources.offering_id) WHERE id = $1",
    )
    .bind(id.to_string())
    .execute()
    .await
}

/// Sets the rate of a customer's tax, in hundredths of a percent.
pub async fn set_tax(tx: &mut Tx, customer: model::CustomerId, rate: i64) -> Result<u64> {
    crate::sql(tx, "UPDATE customers SET tax_rate = $2 WHERE id = $1")
        .bind(customer.to_string())
        .bind(rate)
        .execute()
        .await
}

/// How many invoices, items and customers a month has, and whether all numbers are there.
pub async fn invoiced(db: &Db, (year, month): (i64, i64)) -> Result<(u64, u64, u64, bool)> {
    let (invoices, customers) = crate::sql(
        db,
        "SELECT COUNT(*) AS n, COUNT(DISTINCT customer_id) AS c FROM invoices WHERE year = $1 AND month = $2",
    )
    .bind(year)
    .bind(month)
    .one(|row| Ok((row.count("n")?, row.count("c")?)))
    .await?;
    let items = crate::sql(
        db,
        "SELECT COUNT(*) AS n FROM invoice_items t JOIN invoices i ON i.id = t.invoice_id
         WHERE i.year = $1 AND i.month = $2",
    )
    .bind(year)
    .bind(month)
    .one(|row| row.count("n"))
    .await?;
    let whole = crate::sql(
        db,
        "SELECT COUNT(number) AS n, COALESCE(MAX(number), 0) AS last, COALESCE(MIN(number), 1) AS first
         FROM invoices",
    )
    .one(|row| Ok(row.count("n")? == row.count("last")? && row.count("first")? == 1))
    .await?;
    Ok((invoices, items, customers, whole))
}

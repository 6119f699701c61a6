//! What a month has to be billed for: the times that resources were on plans, the prices of those plans, and what was
//! used. Everything is read for a batch of customers at once, so that ten thousand invoices are a few hundred statements.

mod had;
mod tariffs;

use model::{CustomerId, Day, Timestamp};
use serde_json::{Map, Value};

pub use self::{
    had::{Period, Used, periods, usages},
    tariffs::{Component, ComponentPrice, PlanPrice, Tariff, tariffs},
};
use crate::{
    Result, Row, Run, Tx,
    db::{built, numbered, runs},
    sql,
};

/// Who is billed.
#[derive(Debug, Clone)]
pub struct Debtor {
    pub id: CustomerId,
    pub name: String,
    pub email: String,
    pub country: String,
    pub registration_code: String,
    pub agreement_number: String,
    pub contact_details: String,
    /// What else the customer says of itself.
    pub details: Map<String, Value>,
    /// Hundredths of a percent.
    pub tax_rate: i64,
    /// Nothing is billed by time from here on.
    pub blocked_at: Option<Timestamp>,
}

fn read_debtor(row: &Row) -> Result<Debtor> {
    Ok(Debtor {
        id: row.parse("customers", "id")?,
        name: row.get("name")?,
        email: row.get("email")?,
        country: row.get("country")?,
        registration_code: row.get("registration_code")?,
        agreement_number: row.get("agreement_number")?,
        contact_details: row.get("contact_details")?,
        details: row.json("customers", "details")?,
        tax_rate: row.get("tax_rate")?,
        blocked_at: row.get::<Option<i64>>("blocked_at")?.map(Timestamp::from_ms),
    })
}

/// Reads customers and keeps others from billing them, or telling their usage, until the transaction ends.
pub async fn lock(tx: &mut Tx, customers: &[CustomerId]) -> Result<Vec<Debtor>> {
    let mut found = Vec::with_capacity(customers.len());
    // One order for everybody, so that two servers cannot wait for each other.
    let mut ids: Vec<String> = customers.iter().map(ToString::to_string).collect();
    ids.sort_unstable();
    for run in runs(&ids) {
        let on = (&mut *tx).run();
        let text = format!(
            "SELECT id, name, email, country, registration_code, agreement_number, contact_details, details,
                 tax_rate, blocked_at FROM customers WHERE id IN {} ORDER BY id{}",
            numbered(1, run.len()),
            on.for_update(),
        );
        let statement = run.iter().fold(built(on, text), |s, id| s.bind(id.clone()));
        found.extend(statement.all(read_debtor).await?);
    }
    Ok(found)
}

/// Customers, after one of them, who have something to be billed for in a month and no final invoice of it.
pub async fn waiting(
    on: impl Run<'_>,
    (year, month): (i64, i64),
    (first, end): (Day, Day),
    after: Option<CustomerId>,
    most: i64,
) -> Result<Vec<CustomerId>> {
    sql(
        on,
        "SELECT c.id FROM customers c WHERE c.id > $1
             AND NOT EXISTS (SELECT 1 FROM invoices i WHERE i.customer_id = c.id AND i.year = $2 AND i.month = $3
                 AND i.credits IS NULL AND i.state <> 'pending')
             AND (EXISTS (SELECT 1 FROM resources r JOIN plan_periods p ON p.resource_id = r.id
                     WHERE r.customer_id = c.id AND r.invoiced = 1 AND p.start_at < $5
                         AND (p.end_at IS NULL OR p.end_at > $4))
                 OR EXISTS (SELECT 1 FROM component_usages u WHERE u.customer_id = c.id AND u.month = $6)
                 OR EXISTS (SELECT 1 FROM imported_items t WHERE t.customer_id = c.id AND t.year = $2 AND t.month = $3))
         ORDER BY c.id LIMIT $7",
    )
    .bind(after.map(|id| id.to_string()).unwrap_or_default())
    .bind(year)
    .bind(month)
    .bind(first.start().ms())
    .bind(end.start().ms())
    .bind(first.number())
    .bind(most)
    .all(|row| row.parse("customers", "id"))
    .await
}

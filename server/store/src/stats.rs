//! Figures about money, orders and use. Amounts are micro-dollars, quantities are millionths; what is invoiced counts by
//! the month that it is for, credit notes taken off.

use model::{
    CustomerId, Day, OfferingId, OrderKind, OrderState, ProjectId, ResourceId, ResourceState,
    Timestamp,
};

use crate::{
    Result, Row, Run,
    db::{built, numbered},
    sql,
};

/// Year, month and total of what was invoiced since a month, of all or of some customers.
pub async fn months(
    on: impl Run<'_>,
    customers: Option<&[CustomerId]>,
    (year, month): (i64, i64),
) -> Result<Vec<(i64, i64, i64)>> {
    let some = customers.unwrap_or_default();
    let of = match customers {
        None => String::new(),
        Some([]) => " AND 1 = 0".to_owned(),
        Some(some) => format!(" AND customer_id IN {}", numbered(1, some.len())),
    };
    let (y, m) = (some.len() + 1, some.len() + 2);
    let text = format!(
        "SELECT year, month, CAST(SUM(total) AS BIGINT) AS total FROM invoices
         WHERE number IS NOT NULL AND (year > ${y} OR (year = ${y} AND month >= ${m})){of}
         GROUP BY year, month ORDER BY year, month"
    );
    let bound = some.iter().fold(built(on, text), |s, id| s.bind(id.to_string()));
    bound
        .bind(year)
        .bind(month)
        .all(|row| Ok((row.get("year")?, row.get("month")?, row.get("total")?)))
        .await
}

/// What was invoiced for a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revenue {
    pub year: i64,
    pub month: i64,
    /// Invoices that are not taken back.
    pub invoices: u64,
    pub customers: u64,
    pub price: i64,
    pub tax: i64,
    pub total: i64,
    /// What of the total is paid.
    pub paid: i64,
}

/// What was invoiced for the months from one to another, both included.
pub async fn revenue(
    on: impl Run<'_>,
    (from_year, from_month): (i64, i64),
    (to_year, to_month): (i64, i64),
) -> Result<Vec<Revenue>> {
    sql(
        on,
        "SELECT year, month, CAST(SUM(CASE WHEN credits IS NULL AND state <> 'canceled' THEN 1 ELSE 0 END) AS BIGINT) AS invoices,
             COUNT(DISTINCT CASE WHEN credits IS NULL AND state <> 'canceled' THEN customer_id END) AS customers,
             CAST(SUM(price) AS BIGINT) AS price, CAST(SUM(tax) AS BIGINT) AS tax, CAST(SUM(total) AS BIGINT) AS total,
             CAST(SUM(CASE WHEN state = 'paid' THEN total ELSE 0 END) AS BIGINT) AS paid
         FROM invoices WHERE number IS NOT NULL AND year * 12 + month BETWEEN $1 AND $2
         GROUP BY year, month ORDER BY year, month",
    )
    .bind(from_year * 12 + from_month)
    .bind(to_year * 12 + to_month)
    .all(|row| {
        Ok(Revenue {
            year: row.get("year")?,
            month: row.get("month")?,
            invoices: row.count("invoices")?,
            customers: row.count("customers")?,
            price: row.get("price")?,
            tax: row.get("tax")?,
            total: row.get("total")?,
            paid: row.get("paid")?,
        })
    })
    .await
}

/// How much of a component was used in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    pub offering: OfferingId,
    pub offering_name: String,
    /// The country of its provider.
    pub country: String,
    pub kind: String,
    pub name: String,
    pub measured_unit: String,
    pub year: i64,
    pub month: i64,
    pub amount: i64,
    pub resources: u64,
}

/// The use of components in the months that begin between two days, by offering, component and month.
pub async fn usage(
    on: impl Run<'_>,
    offering: Option<OfferingId>,
    (from, to): (Day, Day),
) -> Result<Vec<Used>> {
    sql(
        on,
        "SELECT r.offering_id, o.name AS offering_name, v.country, k.kind, k.name, k.measured_unit, u.year,
             u.month_of_year, CAST(SUM(u.amount / 1000000) AS BIGINT) AS units,
             CAST(SUM(u.amount % 1000000) AS BIGINT) AS rest, COUNT(*) AS resources
         FROM component_usages u JOIN components k ON k.id = u.component_id
         JOIN resources r ON r.id = u.resource_id JOIN offerings o ON o.id = r.offering_id
         JOIN providers v ON v.id = o.provider_id
         WHERE u.month BETWEEN $1 AND $2 AND ($3 = '' OR r.offering_id = $3)
         GROUP BY r.offering_id, o.name, v.country, k.id, k.kind, k.name, k.measured_unit, u.year, u.month_of_year
         ORDER BY u.year, u.month_of_year, o.name, k.kind, k.id LIMIT 10000",
    )
    .bind(from.number())
    .bind(to.number())
    .bind(offering.map(|id| id.to_string()).unwrap_or_default())
    .all(|row| {
        Ok(Used {
            offering: row.parse("resources", "offering_id")?,
            offering_name: row.get("offering_name")?,
            country: row.get("country")?,
            kind: row.get("kind")?,
            name: row.get("name")?,
            measured_unit: row.get("measured_unit")?,
            year: row.get("year")?,
            month: row.get("month_of_year")?,
            amount: whole(row)?,
            resources: row.count("resources")?,
        })
    })
    .await
}

/// A sum of millionths that was made of whole ones and the rest, since one sum could be more than a number holds: anybody may
/// order something that costs more than there is. Then it is as much as a number holds.
fn whole(row: &Row) -> Result<i64> {
    let (units, rest): (i64, i64) = (row.get("units")?, row.get("rest")?);
    Ok(units.saturating_mul(1_000_000).saturating_add(rest))
}

/// Orders of one kind and state that were made on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ordered {
    pub day: Day,
    pub kind: OrderKind,
    pub state: OrderState,
    pub count: u64,
    pub cost: i64,
}

/// The orders made between two times, by day, kind and state.
pub async fn orders(
    on: impl Run<'_>,
    (from, to): (Timestamp, Timestamp),
    customer: Option<CustomerId>,
    seller: Option<CustomerId>,
) -> Result<Vec<Ordered>> {
    sql(
        on,
        "SELECT created_at / 86400000 AS day, kind, state, COUNT(*) AS n, CAST(SUM(cost / 1000000) AS BIGINT) AS units,
             CAST(SUM(cost % 1000000) AS BIGINT) AS rest
         FROM orders WHERE created_at >= $1 AND created_at < $2 AND ($3 = '' OR customer_id = $3)
             AND ($4 = '' OR seller_id = $4)
         GROUP BY created_at / 86400000, kind, state ORDER BY created_at / 86400000, kind, state",
    )
    .bind(from.ms())
    .bind(to.ms())
    .bind(customer.map(|id| id.to_string()).unwrap_or_default())
    .bind(seller.map(|id| id.to_string()).unwrap_or_default())
    .all(|row| {
        Ok(Ordered {
            day: Day::from_number(row.get("day")?),
            kind: row.parse("orders", "kind")?,
            state: row.parse("orders", "state")?,
            count: row.count("n")?,
            cost: whole(row)?,
        })
    })
    .await
}

/// What was invoiced of an offering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    pub offering: OfferingId,
    pub name: String,
    pub category: String,
    pub provider: CustomerId,
    pub provider_name: String,
    pub price: i64,
    pub tax: i64,
}

fn read_cost(row: &Row) -> Result<Cost> {
    Ok(Cost {
        offering: row.parse("invoice_items", "offering_id")?,
        name: row.get("name")?,
        category: row.get("category")?,
        provider: row.parse("providers", "provider")?,
        provider_name: row.get("provider_name")?,
        price: row.get("price")?,
        tax: row.get("tax")?,
    })
}

/// What was invoiced for the months from one to another, by offering, the most first.
pub async fn costs(
    on: impl Run<'_>,
    (from_year, from_month): (i64, i64),
    (to_year, to_month): (i64, i64),
) -> Result<Vec<Cost>> {
    sql(
        on,
        "SELECT t.offering_id, o.name, g.title AS category, v.customer_id AS provider, v.name AS provider_name,
             CAST(SUM(t.price) AS BIGINT) AS price, CAST(SUM(t.tax) AS BIGINT) AS tax
         FROM invoice_items t JOIN invoices i ON i.id = t.invoice_id JOIN offerings o ON o.id = t.offering_id
         JOIN categories g ON g.id = o.category_id JOIN providers v ON v.id = o.provider_id
         WHERE i.number IS NOT NULL AND i.year * 12 + i.month BETWEEN $1 AND $2
         GROUP BY t.offering_id, o.name, g.title, v.customer_id, v.name
         ORDER BY SUM(t.price) DESC, t.offering_id LIMIT 10000",
    )
    .bind(from_year * 12 + from_month)
    .bind(to_year * 12 + to_month)
    .all(read_cost)
    .await
}

/// What one invoice has of each offering, the most first.
pub async fn costs_of_invoice(on: impl Run<'_>, invoice: model::InvoiceId) -> Result<Vec<Cost>> {
    sql(
        on,
        "SELECT t.offering_id, o.name, g.title AS category, v.customer_id AS provider, v.name AS provider_name,
             CAST(SUM(t.price) AS BIGINT) AS price, CAST(SUM(t.tax) AS BIGINT) AS tax
         FROM invoice_items t JOIN offerings o ON o.id = t.offering_id
         JOIN categories g ON g.id = o.category_id JOIN providers v ON v.id = o.provider_id
         WHERE t.invoice_id = $1 GROUP BY t.offering_id, o.name, g.title, v.customer_id, v.name
         ORDER BY SUM(t.price) DESC, t.offering_id",
    )
    .bind(invoice.to_string())
    .all(read_cost)
    .await
}

/// A resource whose provider has told no use in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    pub id: ResourceId,
    pub name: String,
    pub state: ResourceState,
    pub created_at: Timestamp,
    pub offering: OfferingId,
    pub offering_name: String,
    pub provider: CustomerId,
    pub provider_name: String,
    pub customer: CustomerId,
    pub customer_name: String,
    pub project: ProjectId,
    pub project_name: String,
    pub last: Option<Day>,
}

/// Live resources of offerings with components that are billed by use, of which nothing was told for a month.
pub async fn silent(on: impl Run<'_>, month: Day) -> Result<Vec<Silent>> {
    sql(
        on,
        "SELECT r.id, r.name, r.state, r.created_at, r.offering_id, o.name AS offering_name, v.customer_id AS provider,
             v.name AS provider_name, r.customer_id, c.name AS customer_name, r.project_id, p.name AS project_name,
             (SELECT MAX(u.day) FROM component_usages u WHERE u.resource_id = r.id) AS last_day
         FROM resources r JOIN offerings o ON o.id = r.offering_id JOIN providers v ON v.id = o.provider_id
         JOIN customers c ON c.id = r.customer_id JOIN projects p ON p.id = r.project_id
         WHERE r.state = 'ok' AND r.invoiced = 1
             AND EXISTS (SELECT 1 FROM components k WHERE k.offering_id = r.offering_id AND k.billing = 'usage')
             AND NOT EXISTS (SELECT 1 FROM component_usages u WHERE u.resource_id = r.id AND u.month >= $1)
         ORDER BY r.created_at, r.id LIMIT 10000",
    )
    .bind(month.number())
    .all(|row| {
        Ok(Silent {
            id: row.parse("resources", "id")?,
            name: row.get("name")?,
            state: row.parse("resources", "state")?,
            created_at: Timestamp::from_ms(row.get("created_at")?),
            offering: row.parse("resources", "offering_id")?,
            offering_name: row.get("offering_name")?,
            provider: row.parse("providers", "provider")?,
            provider_name: row.get("provider_name")?,
            customer: row.parse("resources", "customer_id")?,
            customer_name: row.get("customer_name")?,
            project: row.parse("resources", "project_id")?,
            project_name: row.get("project_name")?,
            last: row.get::<Option<i64>>("last_day")?.map(Day::from_number),
        })
    })
    .await
}

/// What comes again every month, of what was invoiced for one: fixed and limited components and the plans themselves.
pub async fn recurring(on: impl Run<'_>, (year, month): (i64, i64)) -> Result<i64> {
    sql(
        on,
        "SELECT COALESCE(CAST(SUM(t.price) AS BIGINT), 0) AS price FROM invoice_items t
         JOIN invoices i ON i.id = t.invoice_id
         WHERE i.number IS NOT NULL AND i.year = $1 AND i.month = $2 AND t.billing IN ('fixed', 'limit')",
    )
    .bind(year)
    .bind(month)
    .one(|row| row.get("price"))
    .await
}

/// What left the wallets between two times, in micro-credits: for plans' fees, and in all.
pub async fn spent(on: impl Run<'_>, (from, to): (Timestamp, Timestamp)) -> Result<(i64, i64)> {
    sql(
        on,
        "SELECT COALESCE(CAST(SUM(CASE WHEN kind = 'plan_fee' THEN -amount ELSE 0 END) AS BIGINT), 0) AS fees,
             COALESCE(CAST(SUM(-amount) AS BIGINT), 0) AS spent
         FROM entries WHERE amount < 0 AND at >= $1 AND at < $2",
    )
    .bind(from.ms())
    .bind(to.ms())
    .one(|row| Ok((row.get("fees")?, row.get("spent")?)))
    .await
}

/// Customers that paid in a month, by invoice or wallet: how many there were, and how many of those of the month before
/// are gone.
pub async fn payers(
    on: impl Run<'_>,
    ((year, month), (from, to)): ((i64, i64), (Timestamp, Timestamp)),
    ((old_year, old_month), (old_from, old_to)): ((i64, i64), (Timestamp, Timestamp)),
) -> Result<(u64, u64, u64)> {
    sql(
        on,
        "WITH now_paying AS (
             SELECT customer_id FROM invoices WHERE number IS NOT NULL AND year = $1 AND month = $2
                 GROUP BY customer_id HAVING SUM(total) > 0
             UNION SELECT customer_id FROM entries WHERE amount < 0 AND at >= $3 AND at < $4),
         then_paying AS (
             SELECT customer_id FROM invoices WHERE number IS NOT NULL AND year = $5 AND month = $6
                 GROUP BY customer_id HAVING SUM(total) > 0
             UNION SELECT customer_id FROM entries WHERE amount < 0 AND at >= $7 AND at < $8)
         SELECT (SELECT COUNT(*) FROM now_paying) AS now_n, (SELECT COUNT(*) FROM then_paying) AS then_n,
             (SELECT COUNT(*) FROM then_paying t WHERE NOT EXISTS (
                 SELECT 1 FROM now_paying n WHERE n.customer_id = t.customer_id)) AS gone_n",
    )
    .bind(year)
    .bind(month)
    .bind(from.ms())
    .bind(to.ms())
    .bind(old_year)
    .bind(old_month)
    .bind(old_from.ms())
    .bind(old_to.ms())
    .one(|row| Ok((row.count("now_n")?, row.count("then_n")?, row.count("gone_n")?)))
    .await
}

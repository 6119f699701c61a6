//! What a month has to be billed for: the times that resources were on plans, the prices of those plans, and what was
//! used. Everything is read for a batch of customers at once, so that ten thousand invoices are a few hundred statements.

use model::{
    Billing, ComponentId, CustomerId, Day, LimitPeriod, OfferingId, PlanComponentId, PlanId,
    PlanPeriodId, PlanUnit, PriceVersionId, ProjectId, ResourceId, Tier, Timestamp,
};
use serde_json::{Map, Value};

use crate::{
    Result, Row, Run, Tx,
    db::{built, numbered, runs},
    plan_periods::{LimitsMap, Opening},
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

/// A time that a resource was on a plan.
#[derive(Debug, Clone)]
pub struct Period {
    pub id: PlanPeriodId,
    pub customer: CustomerId,
    pub resource: ResourceId,
    pub project: ProjectId,
    pub offering: OfferingId,
    pub seller: Option<CustomerId>,
    pub resource_name: String,
    pub plan: PlanId,
    pub limits: LimitsMap,
    pub opening: Opening,
    pub start: Timestamp,
    pub end: Option<Timestamp>,
    /// When the one before it ended, and what its limits were.
    pub before: Option<Timestamp>,
    pub limits_before: LimitsMap,
}

fn limits(row: &Row, column: &'static str) -> Result<LimitsMap> {
    let text: Option<String> = row.get(column)?;
    match text {
        None => Ok(LimitsMap::new()),
        Some(_) => row.json("plan_periods", column),
    }
}

fn read_period(row: &Row) -> Result<Period> {
    Ok(Period {
        id: row.parse("plan_periods", "id")?,
        customer: row.parse("resources", "customer_id")?,
        resource: row.parse("plan_periods", "resource_id")?,
        project: row.parse("resources", "project_id")?,
        offering: row.parse("resources", "offering_id")?,
        seller: row.parse_some("resources", "seller_id")?,
        resource_name: row.get("name")?,
        plan: row.parse("plan_periods", "plan_id")?,
        limits: limits(row, "limits")?,
        opening: row.parse("plan_periods", "opening")?,
        start: Timestamp::from_ms(row.get("start_at")?),
        end: row.get::<Option<i64>>("end_at")?.map(Timestamp::from_ms),
        before: row.get::<Option<i64>>("before_at")?.map(Timestamp::from_ms),
        limits_before: limits(row, "limits_before")?,
    })
}

/// The periods of customers' invoiced resources that touch a time, by customer, resource and start.
pub async fn periods(
    tx: &mut Tx,
    customers: &[CustomerId],
    (first, end): (Day, Day),
) -> Result<Vec<Period>> {
    let mut found = Vec::new();
    for run in runs(customers) {
        let (from, to) = (run.len() + 1, run.len() + 2);
        let text = format!(
            "SELECT p.id, p.resource_id, p.plan_id, p.limits, p.opening, p.start_at, p.end_at, r.customer_id,
                 r.project_id, r.offering_id, r.seller_id, r.name,
                 CASE WHEN p.opening = 'init' THEN NULL ELSE (SELECT q.end_at FROM plan_periods q
                     WHERE q.resource_id = p.resource_id AND q.id <> p.id AND q.end_at <= p.start_at
                     ORDER BY q.end_at DESC, q.id DESC LIMIT 1) END AS before_at,
                 CASE WHEN p.opening = 'init' THEN NULL ELSE (SELECT q.limits FROM plan_periods q
                     WHERE q.resource_id = p.resource_id AND q.id <> p.id AND q.end_at <= p.start_at
                     ORDER BY q.end_at DESC, q.id DESC LIMIT 1) END AS limits_before
             FROM resources r JOIN plan_periods p ON p.resource_id = r.id
             WHERE r.customer_id IN {} AND r.invoiced = 1 AND p.start_at < ${to}
                 AND (p.end_at IS NULL OR p.end_at > ${from})
             ORDER BY r.customer_id, p.resource_id, p.start_at, p.id",
            numbered(1, run.len())
        );
        let bound = run.iter().fold(built(&mut *tx, text), |s, id| s.bind(id.to_string()));
        found
            .extend(bound.bind(first.start().ms()).bind(end.start().ms()).many(read_period).await?);
    }
    Ok(found)
}

/// What was used of a component in a month.
#[derive(Debug, Clone)]
pub struct Used {
    pub customer: CustomerId,
    pub resource: ResourceId,
    pub project: ProjectId,
    pub offering: OfferingId,
    pub seller: Option<CustomerId>,
    pub resource_name: String,
    pub plan: PlanId,
    pub component: ComponentId,
    /// Millionths.
    pub amount: i64,
    pub day: Day,
    pub description: String,
}

/// What customers have used in the month that begins with a day: what was told for it, and what was told before as
/// recurring and has not been replaced since, as long as the resource is there.
pub async fn usages(
    tx: &mut Tx,
    customers: &[CustomerId],
    (first, end): (Day, Day),
) -> Result<Vec<Used>> {
    let mut found = Vec::new();
    for run in runs(customers) {
        let (month, from, to) = (run.len() + 1, run.len() + 2, run.len() + 3);
        let text = format!(
            "SELECT u.customer_id, u.resource_id, r.project_id, r.offering_id, r.seller_id, r.name,
                 COALESCE(p.plan_id, r.plan_id) AS plan_id, u.component_id, u.amount, u.month, u.day, u.description
             FROM component_usages u JOIN resources r ON r.id = u.resource_id
             JOIN components k ON k.id = u.component_id LEFT JOIN plan_periods p ON p.id = u.period_id
             WHERE u.customer_id IN {} AND r.invoiced = 1 AND (u.month = ${month}
                 OR (u.month < ${month} AND u.recurring = 1
                     AND NOT EXISTS (SELECT 1 FROM component_usages n WHERE n.resource_id = u.resource_id
                         AND n.component_id = u.component_id AND n.month > u.month AND n.month <= ${month})
                     AND EXISTS (SELECT 1 FROM plan_periods q WHERE q.resource_id = u.resource_id
                         AND q.start_at < ${to} AND (q.end_at IS NULL OR q.end_at > ${from}))))
             ORDER BY u.customer_id, u.resource_id, k.position, u.component_id, u.id",
            numbered(1, run.len())
        );
        let bound = run.iter().fold(built(&mut *tx, text), |s, id| s.bind(id.to_string()));
        let read = |row: &Row| {
            let told = Day::from_number(row.get("day")?);
            let this = row.get::<i64>("month")? == first.number();
            Ok(Used {
                customer: row.parse("component_usages", "customer_id")?,
                resource: row.parse("component_usages", "resource_id")?,
                project: row.parse("resources", "project_id")?,
                offering: row.parse("resources", "offering_id")?,
                seller: row.parse_some("resources", "seller_id")?,
                resource_name: row.get("name")?,
                plan: row.parse("plan_periods", "plan_id")?,
                component: row.parse("component_usages", "component_id")?,
                amount: row.get("amount")?,
                day: if this { told } else { first },
                description: row.get("description")?,
            })
        };
        let bound = bound.bind(first.number()).bind(first.start().ms()).bind(end.start().ms());
        found.extend(bound.many(read).await?);
    }
    Ok(found)
}

/// A plan as it is billed.
#[derive(Debug, Clone)]
pub struct Tariff {
    pub plan: PlanId,
    pub name: String,
    pub offering_name: String,
    pub unit: PlanUnit,
    pub article_code: String,
    /// Its own prices, in the order of their times; never empty.
    pub prices: Vec<PlanPrice>,
    pub components: Vec<Component>,
}

/// What a plan costs by itself from a time on, in micro-dollars.
#[derive(Debug, Clone, Copy)]
pub struct PlanPrice {
    pub version: Option<PriceVersionId>,
    pub at: Timestamp,
    pub unit: i64,
    pub init: i64,
    pub switch: i64,
}

/// A component of a plan as it is billed.
#[derive(Debug, Clone)]
pub struct Component {
    pub id: ComponentId,
    pub kind: String,
    pub name: String,
    pub measured_unit: String,
    pub article_code: String,
    pub billing: Billing,
    pub period: Option<LimitPeriod>,
    /// How much of it the plan has, in whole units.
    pub amount: i64,
    /// In the order of their times.
    pub prices: Vec<ComponentPrice>,
}

/// What a unit of a component costs from a time on, in micro-dollars.
#[derive(Debug, Clone)]
pub struct ComponentPrice {
    pub version: PriceVersionId,
    pub at: Timestamp,
    pub price: i64,
    pub tiers: Vec<Tier>,
}

/// Reads plans with everything that their price is made of.
pub async fn tariffs(tx: &mut Tx, plans: &[PlanId]) -> Result<Vec<Tariff>> {
    let mut found = Vec::with_capacity(plans.len());
    for plan in plans {
        found.extend(tariff(tx, *plan).await?);
    }
    Ok(found)
}

async fn tariff(tx: &mut Tx, plan: PlanId) -> Result<Option<Tariff>> {
    let id = plan.to_string();
    let head = sql(
        &mut *tx,
        "SELECT l.name, l.unit, l.article_code, l.unit_price, l.init_price, l.switch_price, o.name AS offering
         FROM plans l JOIN offerings o ON o.id = l.offering_id WHERE l.id = $1",
    )
    .bind(id.clone())
    .optional(|row| {
        let first = PlanPrice {
            version: None,
            at: Timestamp::from_ms(0),
            unit: row.get("unit_price")?,
            init: row.get("init_price")?,
            switch: row.get("switch_price")?,
        };
        let tariff = Tariff {
            plan,
            name: row.get("name")?,
            offering_name: row.get("offering")?,
            unit: row.parse("plans", "unit")?,
            article_code: row.get("article_code")?,
            prices: Vec::new(),
            components: Vec::new(),
        };
        Ok((tariff, first))
    })
    .await?;
    let Some((mut tariff, first)) = head else { return Ok(None) };
    tariff.prices = sql(
        &mut *tx,
        "SELECT id, effective_at, unit_price, init_price, switch_price FROM plan_prices
         WHERE plan_id = $1 ORDER BY effective_at, created_at, id",
    )
    .bind(id.clone())
    .all(|row| {
        Ok(PlanPrice {
            version: Some(row.parse("plan_prices", "id")?),
            at: Timestamp::from_ms(row.get("effective_at")?),
            unit: row.get("unit_price")?,
            init: row.get("init_price")?,
            switch: row.get("switch_price")?,
        })
    })
    .await?;
    if tariff.prices.is_empty() {
        tariff.prices.push(first);
    }
    let mut components: Vec<(PlanComponentId, Component)> = sql(
        &mut *tx,
        "SELECT x.id, x.component_id, x.amount, c.kind, c.name, c.measured_unit, c.article_code, c.billing,
             c.limit_period FROM plan_components x JOIN components c ON c.id = x.component_id
         WHERE x.plan_id = $1 ORDER BY c.position, x.number, x.id",
    )
    .bind(id.clone())
    .all(|row| {
        let component = Component {
            id: row.parse("plan_components", "component_id")?,
            kind: row.get("kind")?,
            name: row.get("name")?,
            measured_unit: row.get("measured_unit")?,
            article_code: row.get("article_code")?,
            billing: row.parse("components", "billing")?,
            period: row.parse_some("components", "limit_period")?,
            amount: row.get("amount")?,
            prices: Vec::new(),
        };
        Ok((row.parse("plan_components", "id")?, component))
    })
    .await?;
    let prices = sql(
        &mut *tx,
        "SELECT v.id, v.plan_component_id, v.effective_at, v.price, v.tiers FROM component_prices v
         JOIN plan_components x ON x.id = v.plan_component_id
         WHERE x.plan_id = $1 ORDER BY v.effective_at, v.created_at, v.id",
    )
    .bind(id)
    .all(|row| {
        let tiers: Option<String> = row.get("tiers")?;
        let price = ComponentPrice {
            version: row.parse("component_prices", "id")?,
            at: Timestamp::from_ms(row.get("effective_at")?),
            price: row.get("price")?,
            tiers: match tiers {
                None => Vec::new(),
                Some(_) => row.json("component_prices", "tiers")?,
            },
        };
        Ok((row.parse::<PlanComponentId>("component_prices", "plan_component_id")?, price))
    })
    .await?;
    for (of, price) in prices {
        if let Some((_, component)) = components.iter_mut().find(|(id, _)| *id == of) {
            component.prices.push(price);
        }
    }
    tariff.components = components.into_iter().map(|(_, component)| component).collect();
    Ok(Some(tariff))
}

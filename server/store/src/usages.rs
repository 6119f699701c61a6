//! What providers tell of the use of their components: one amount per resource, component and month, and every amount
//! that was ever told.

use model::{
    Billing, ComponentId, CustomerId, Day, OfferingId, PlanPeriodId, ProjectId, ResourceId,
    ResourceState, Tier, Timestamp, UsageId, UserId,
};

use crate::{
    Result, Row, Run, Tx,
    lists::{Kind, Shelf, filter},
    sql,
};

/// What was used of a component in a month, with the names of what it is about.
#[derive(Debug, Clone)]
pub struct Usage {
    pub id: UsageId,
    pub resource: ResourceId,
    pub resource_name: String,
    pub component: ComponentId,
    /// The plan period that it was told in.
    pub period: Option<PlanPeriodId>,
    pub kind: String,
    pub name: String,
    pub measured_unit: String,
    pub offering: OfferingId,
    pub offering_name: String,
    pub customer: CustomerId,
    pub customer_name: String,
    pub project: ProjectId,
    pub project_name: String,
    /// The first day of the month.
    pub month: Day,
    /// The day that the amount was told for.
    pub day: Day,
    /// Millionths.
    pub amount: i64,
    pub description: String,
    pub recurring: bool,
    pub created_at: Timestamp,
}

/// What can be asked of them.
pub const SHELF: Shelf = Shelf {
    select: "u.id, u.resource_id, r.name AS resource_name, u.component_id, u.period_id, k.kind, k.name, k.measured_unit,
        r.offering_id, o.name AS offering_name, u.customer_id, c.name AS customer_name, r.project_id,
        p.name AS project_name, u.month, u.day, u.amount, u.description, u.recurring, u.created_at",
    from: "component_usages u JOIN resources r ON r.id = u.resource_id JOIN components k ON k.id = u.component_id
        JOIN offerings o ON o.id = r.offering_id JOIN customers c ON c.id = u.customer_id
        JOIN projects p ON p.id = r.project_id",
    counted: "component_usages u",
    filters: &[
        filter("resource", Kind::Id, "u.resource_id IN (?)"),
        filter("resource_uuid", Kind::Id, "u.resource_id IN (?)"),
        filter("offering_uuid", Kind::Id, "r.offering_id IN (?)"),
        filter("customer_uuid", Kind::Id, "u.customer_id IN (?)"),
        filter("project_uuid", Kind::Id, "r.project_id IN (?)"),
        filter("type", Kind::Text, "k.kind IN (?)"),
        filter("date_after", Kind::Day, "u.day >= ?"),
        filter("date_before", Kind::Day, "u.day <= ?"),
        filter("billing_period", Kind::Day, "u.month = ?"),
        filter("billing_period_year", Kind::Number, "u.year = ?"),
        filter("billing_period_month", Kind::Number, "u.month_of_year = ?"),
    ],
    orders: &[("date", "u.day"), ("usage", "u.amount"), ("created", "u.created_at"), ("billing_period", "u.month")],
    usual_order: "u.created_at DESC",
    id: "u.id",
};

/// That nothing was told of the component for a later month.
pub const LAST: &str = "u.month = (SELECT MAX(n.month) FROM component_usages n
             WHERE n.resource_id = u.resource_id AND n.component_id = u.component_id)";

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<Usage> {
    Ok(Usage {
        id: row.parse("component_usages", "id")?,
        resource: row.parse("component_usages", "resource_id")?,
        resource_name: row.get("resource_name")?,
        component: row.parse("component_usages", "component_id")?,
        period: row.parse_some("component_usages", "period_id")?,
        kind: row.get("kind")?,
        name: row.get("name")?,
        measured_unit: row.get("measured_unit")?,
        offering: row.parse("resources", "offering_id")?,
        offering_name: row.get("offering_name")?,
        customer: row.parse("component_usages", "customer_id")?,
        customer_name: row.get("customer_name")?,
        project: row.parse("resources", "project_id")?,
        project_name: row.get("project_name")?,
        month: Day::from_number(row.get("month")?),
        day: Day::from_number(row.get("day")?),
        amount: row.get("amount")?,
        description: row.get("description")?,
        recurring: row.get::<i64>("recurring")? != 0,
        created_at: Timestamp::from_ms(row.get("created_at")?),
    })
}

/// One of them.
pub async fn find(on: impl Run<'_>, id: UsageId) -> Result<Option<Usage>> {
    crate::db::built(on, format!("SELECT {} FROM {} WHERE u.id = $1", SHELF.select, SHELF.from))
        .bind(id.to_string())
        .optional(read)
        .await
}

/// What usage can be told of.
#[derive(Debug, Clone)]
pub struct Target {
    pub resource: ResourceId,
    pub customer: CustomerId,
    pub project: ProjectId,
    pub offering: OfferingId,
    /// The customer that sells.
    pub seller: CustomerId,
    pub state: ResourceState,
    pub created_at: Timestamp,
    pub terminated_at: Option<Timestamp>,
}

/// The resource as usage is told of it.
pub async fn target(on: impl Run<'_>, resource: ResourceId) -> Result<Option<Target>> {
    sql(
        on,
        "SELECT r.id, r.customer_id, r.project_id, r.offering_id, v.customer_id AS seller, r.state, r.created_at,
             r.terminated_at FROM resources r JOIN offerings o ON o.id = r.offering_id
         JOIN providers v ON v.id = o.provider_id WHERE r.id = $1",
    )
    .bind(resource.to_string())
    .optional(|row| {
        Ok(Target {
            resource,
            customer: row.parse("resources", "customer_id")?,
            project: row.parse("resources", "project_id")?,
            offering: row.parse("resources", "offering_id")?,
            seller: row.parse("providers", "seller")?,
            state: row.parse("resources", "state")?,
            created_at: Timestamp::from_ms(row.get("created_at")?),
            terminated_at: row.get::<Option<i64>>("terminated_at")?.map(Timestamp::from_ms),
        })
    })
    .await
}

/// The resource that a plan period is of.
pub async fn of_period(on: impl Run<'_>, period: PlanPeriodId) -> Result<Option<ResourceId>> {
    sql(on, "SELECT resource_id FROM plan_periods WHERE id = $1")
        .bind(period.to_string())
        .optional(|row| row.parse("plan_periods", "resource_id"))
        .await
}

/// The plan period that a day falls in: the last that had begun when the day ended.
pub async fn period_of(
    on: impl Run<'_>,
    resource: ResourceId,
    day: Day,
) -> Result<Option<PlanPeriodId>> {
    sql(
        on,
        "SELECT id FROM plan_periods WHERE resource_id = $1 AND start_at < $2
             AND (end_at IS NULL OR end_at > $3) ORDER BY start_at DESC, id DESC LIMIT 1",
    )
    .bind(resource.to_string())
    .bind(day.plus(1).start().ms())
    .bind(day.start().ms())
    .optional(|row| row.parse("plan_periods", "id"))
    .await
}

/// A component of an offering.
#[derive(Debug, Clone)]
pub struct Counted {
    pub id: ComponentId,
    pub kind: String,
    pub billing: Billing,
}

/// The components of an offering.
pub async fn components(on: impl Run<'_>, offering: OfferingId) -> Result<Vec<Counted>> {
    sql(on, "SELECT id, kind, billing FROM components WHERE offering_id = $1 ORDER BY position, id")
        .bind(offering.to_string())
        .all(|row| {
            Ok(Counted {
                id: row.parse("components", "id")?,
                kind: row.get("kind")?,
                billing: row.parse("components", "billing")?,
            })
        })
        .await
}

/// The kind of a component of an offering by the id or number of a plan component, or by its own id.
pub async fn kind_of(on: impl Run<'_>, offering: OfferingId, name: &str) -> Result<Option<String>> {
    // No number is as long as an id.
    let number: i64 = if name.len() < 19 { name.parse().unwrap_or(-1) } else { -1 };
    let id = name.parse::<ComponentId>().map(|id| id.to_string()).unwrap_or_default();
    sql(
        on,
        "SELECT c.kind FROM components c LEFT JOIN plan_components x ON x.component_id = c.id
         WHERE c.offering_id = $1 AND (x.id = $2 OR x.number = $3 OR c.id = $2) ORDER BY c.id LIMIT 1",
    )
    .bind(offering.to_string())
    .bind(id)
    .bind(number)
    .optional(|row| row.get("kind"))
    .await
}

/// An amount that is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// For the row, where there is none yet, and for the note of the change.
    pub id: UsageId,
    pub change: UsageId,
    pub resource: ResourceId,
    pub customer: CustomerId,
    pub component: ComponentId,
    pub period: Option<PlanPeriodId>,
    pub month: Day,
    pub day: Day,
    /// Millionths.
    pub amount: i64,
    pub description: String,
    pub recurring: bool,
    pub user: Option<UserId>,
    pub at: Timestamp,
}

/// The plan period that the amount of the month was told for so far, if there is one.
pub async fn told_for(on: impl Run<'_>, told: &Told) -> Result<Option<PlanPeriodId>> {
    sql(
        on,
        "SELECT period_id FROM component_usages
         WHERE resource_id = $1 AND component_id = $2 AND month = $3 AND period_id IS NOT NULL",
    )
    .bind(told.resource.to_string())
    .bind(told.component.to_string())
    .bind(told.month.number())
    .optional(|row| row.parse("component_usages", "period_id"))
    .await
}

/// The highest price that a unit of a component ever had in any plan, in micro-dollars; its tiers count as well.
pub async fn dearest(on: impl Run<'_>, component: ComponentId) -> Result<i64> {
    let prices = sql(
        on,
        "SELECT v.price, v.tiers FROM component_prices v JOIN plan_components x ON x.id = v.plan_component_id
         WHERE x.component_id = $1",
    )
    .bind(component.to_string())
    .all(|row| {
        let tiers: Vec<Tier> = match row.get::<Option<String>>("tiers")? {
            None => Vec::new(),
            Some(_) => row.json("component_prices", "tiers")?,
        };
        let price: i64 = row.get("price")?;
        Ok(tiers.iter().map(|tier| tier.price).fold(price, i64::max))
    })
    .await?;
    Ok(prices.into_iter().max().unwrap_or(0))
}

/// Sets the amount of a month and keeps what it was; the id of the row, and the old amount.
pub async fn tell(tx: &mut Tx, told: &Told) -> Result<(UsageId, i64)> {
    let (year, month, _) = told.month.civil();
    let old = sql(
        &mut *tx,
        "SELECT amount FROM component_usages WHERE resource_id = $1 AND component_id = $2 AND month = $3",
    )
    .bind(told.resource.to_string())
    .bind(told.component.to_string())
    .bind(told.month.number())
    .optional(|row| row.get::<i64>("amount"))
    .await?
    .unwrap_or(0);
    let id: UsageId = sql(
        &mut *tx,
        "INSERT INTO component_usages (id, resource_id, component_id, period_id, customer_id, month, year,
             month_of_year, day, amount, description, recurring, created_at, updated_at, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)
         ON CONFLICT (resource_id, component_id, month) DO UPDATE SET period_id = excluded.period_id,
             day = excluded.day, amount = excluded.amount, description = excluded.description,
             recurring = excluded.recurring, updated_at = excluded.updated_at, updated_by = excluded.updated_by
         RETURNING id",
    )
    .bind(told.id.to_string())
    .bind(told.resource.to_string())
    .bind(told.component.to_string())
    .bind(told.period.map(|id| id.to_string()))
    .bind(told.customer.to_string())
    .bind(told.month.number())
    .bind(year)
    .bind(month)
    .bind(told.day.number())
    .bind(told.amount)
    .bind(told.description.clone())
    .bind(i64::from(told.recurring))
    .bind(told.at.ms())
    .bind(told.user.map(|id| id.to_string()))
    .one(|row| row.parse("component_usages", "id"))
    .await?;
    sql(
        tx,
        "INSERT INTO usage_changes (id, usage_id, at, user_id, old, new, day, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(told.change.to_string())
    .bind(id.to_string())
    .bind(told.at.ms())
    .bind(told.user.map(|id| id.to_string()))
    .bind(old)
    .bind(told.amount)
    .bind(told.day.number())
    .bind(told.description.clone())
    .execute()
    .await?;
    Ok((id, old))
}

/// A change of an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub at: Timestamp,
    pub user: Option<UserId>,
    pub old: i64,
    pub new: i64,
    pub day: Day,
    pub reason: String,
}

/// Every amount that was told, the oldest first.
pub async fn changes(on: impl Run<'_>, usage: UsageId) -> Result<Vec<Change>> {
    sql(
        on,
        "SELECT at, user_id, old, new, day, reason FROM usage_changes WHERE usage_id = $1 ORDER BY at, id",
    )
    .bind(usage.to_string())
    .all(|row| {
        Ok(Change {
            at: Timestamp::from_ms(row.get("at")?),
            user: row.parse_some("usage_changes", "user_id")?,
            old: row.get("old")?,
            new: row.get("new")?,
            day: Day::from_number(row.get("day")?),
            reason: row.get("reason")?,
        })
    })
    .await
}

/// The customer that sells an offering.
pub async fn seller(on: impl Run<'_>, offering: OfferingId) -> Result<Option<CustomerId>> {
    sql(
        on,
        "SELECT v.customer_id FROM offerings o JOIN providers v ON v.id = o.provider_id WHERE o.id = $1",
    )
    .bind(offering.to_string())
    .optional(|row| row.parse("providers", "customer_id"))
    .await
}

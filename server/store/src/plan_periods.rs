//! From when to when a resource was on a plan with which limits: what is billed by time is billed by these.

use std::collections::BTreeMap;

use model::{CustomerId, OfferingId, PlanId, PlanPeriodId, ResourceId, Timestamp};

use crate::{Error, Result, Row, Run, Tx, db::built, sql};

/// How much of each component of kind `limit` was ordered, by the component's kind.
pub type LimitsMap = BTreeMap<String, i64>;

/// What is charged once when a period begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The price of beginning.
    Init,
    /// The price of switching to the plan.
    Switch,
    /// Nothing: only the limits have changed, say.
    Nothing,
}

impl Opening {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Switch => "switch",
            Self::Nothing => "none",
        }
    }
}

impl std::str::FromStr for Opening {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "init" => Ok(Self::Init),
            "switch" => Ok(Self::Switch),
            "none" => Ok(Self::Nothing),
            _ => Err("one of init switch none"),
        }
    }
}

/// A time that a resource was on a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanPeriod {
    pub id: PlanPeriodId,
    pub resource: ResourceId,
    pub plan: PlanId,
    pub limits: LimitsMap,
    pub opening: Opening,
    pub start_at: Timestamp,
    /// None while it lasts.
    pub end_at: Option<Timestamp>,
}

/// Begins a period; `Conflict` when the resource has one that lasts.
pub async fn insert(tx: &mut Tx, period: &PlanPeriod) -> Result<()> {
    let limits = serde_json::to_string(&period.limits).map_err(|error| Error::Corrupt {
        table: "plan_periods",
        column: "limits",
        row: error.to_string(),
    })?;
    sql(
        tx,
        "INSERT INTO plan_periods (id, resource_id, plan_id, limits, opening, start_at, end_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(period.id.to_string())
    .bind(period.resource.to_string())
    .bind(period.plan.to_string())
    .bind(limits)
    .bind(period.opening.as_str())
    .bind(period.start_at.ms())
    .bind(period.end_at.map(Timestamp::ms))
    .execute()
    .await
    .map(drop)
}

/// Ends the period of a resource that lasts, if there is one; how many that were.
pub async fn close(tx: &mut Tx, resource: ResourceId, at: Timestamp) -> Result<u64> {
    sql(tx, "UPDATE plan_periods SET end_at = $2 WHERE resource_id = $1 AND end_at IS NULL")
        .bind(resource.to_string())
        .bind(at.ms())
        .execute()
        .await
}

/// Ends the periods of a customer's resources at a time that has passed, those that begin later as they begin. Gives those
/// that lasted until now.
pub async fn cut(tx: &mut Tx, customer: CustomerId, at: Timestamp) -> Result<Vec<PlanPeriod>> {
    let lasting = sql(
        &mut *tx,
        "SELECT p.id, p.resource_id, p.plan_id, p.limits, p.opening, p.start_at, p.end_at
         FROM plan_periods p JOIN resources r ON r.id = p.resource_id
         WHERE r.customer_id = $1 AND p.end_at IS NULL ORDER BY p.resource_id",
    )
    .bind(customer.to_string())
    .all(read)
    .await?;
    sql(
        tx,
        "UPDATE plan_periods SET end_at = CASE WHEN start_at > $2 THEN start_at ELSE $2 END
         WHERE (end_at IS NULL OR end_at > $2) AND resource_id IN (SELECT id FROM resources WHERE customer_id = $1)",
    )
    .bind(customer.to_string())
    .bind(at.ms())
    .execute()
    .await?;
    Ok(lasting)
}

fn read(row: &Row) -> Result<PlanPeriod> {
    Ok(PlanPeriod {
        id: row.parse("plan_periods", "id")?,
        resource: row.parse("plan_periods", "resource_id")?,
        plan: row.parse("plan_periods", "plan_id")?,
        limits: row.json("plan_periods", "limits")?,
        opening: row.parse("plan_periods", "opening")?,
        start_at: Timestamp::from_ms(row.get("start_at")?),
        end_at: row.get::<Option<i64>>("end_at")?.map(Timestamp::from_ms),
    })
}

/// The periods of a resource, the oldest first.
pub async fn of_resource(on: impl Run<'_>, resource: ResourceId) -> Result<Vec<PlanPeriod>> {
    sql(
        on,
        "SELECT id, resource_id, plan_id, limits, opening, start_at, end_at FROM plan_periods
         WHERE resource_id = $1 ORDER BY start_at, id",
    )
    .bind(resource.to_string())
    .all(read)
    .await
}

/// One period.
pub async fn find(on: impl Run<'_>, id: PlanPeriodId) -> Result<Option<PlanPeriod>> {
    sql(
        on,
        "SELECT id, resource_id, plan_id, limits, opening, start_at, end_at FROM plan_periods WHERE id = $1",
    )
    .bind(id.to_string())
    .optional(read)
    .await
}

/// Whether a plan, or any plan of an offering, was had by somebody after a time.
pub async fn any_since(on: impl Run<'_>, whose: Whose, since: Timestamp) -> Result<bool> {
    let (condition, id) = match whose {
        Whose::Plan(id) => ("p.plan_id = $1", id.to_string()),
        Whose::Offering(id) => ("r.offering_id = $1", id.to_string()),
    };
    let text = format!(
        "SELECT 1 AS one FROM plan_periods p JOIN resources r ON r.id = p.resource_id
         WHERE {condition} AND (p.end_at IS NULL OR p.end_at > $2) LIMIT 1"
    );
    let found = built(on, text).bind(id).bind(since.ms()).optional(|_| Ok(())).await?;
    Ok(found.is_some())
}

/// What periods are asked for by.
#[derive(Debug, Clone, Copy)]
pub enum Whose {
    Plan(PlanId),
    Offering(OfferingId),
}

/// The period that lasts, or lasted, at a time.
pub async fn at(
    on: impl Run<'_>,
    resource: ResourceId,
    at: Timestamp,
) -> Result<Option<PlanPeriod>> {
    sql(
        on,
        "SELECT id, resource_id, plan_id, limits, opening, start_at, end_at FROM plan_periods
         WHERE resource_id = $1 AND start_at <= $2 AND (end_at IS NULL OR end_at > $2)
         ORDER BY start_at DESC, id DESC LIMIT 1",
    )
    .bind(resource.to_string())
    .bind(at.ms())
    .optional(read)
    .await
}

/// The periods of a customer's invoiced resources that overlap a time (`from` inclusive, `to` exclusive), by resource,
/// the oldest first. An empty one (begun and ended at once) counts when it begins in the time.
pub async fn of_customer(
    on: impl Run<'_>,
    customer: CustomerId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<PlanPeriod>> {
    sql(
        on,
        "SELECT p.id, p.resource_id, p.plan_id, p.limits, p.opening, p.start_at, p.end_at
         FROM plan_periods p JOIN resources r ON r.id = p.resource_id
         WHERE r.customer_id = $1 AND r.invoiced = 1 AND p.start_at < $3
             AND (p.end_at IS NULL OR p.end_at > $2 OR p.start_at >= $2)
         ORDER BY p.resource_id, p.start_at, p.id",
    )
    .bind(customer.to_string())
    .bind(from.ms())
    .bind(to.ms())
    .all(read)
    .await
}

//! What was had and used: the times that resources were on plans, and the amounts that were told.

use model::{
    ComponentId, CustomerId, Day, OfferingId, PlanId, PlanPeriodId, ProjectId, ResourceId,
    Timestamp,
};

use crate::{
    Result, Row, Tx,
    db::{built, numbered, runs},
    plan_periods::{LimitsMap, Opening},
};

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
    /// When the one before it ended.
    pub before: Option<Timestamp>,
    /// The most of each that was ordered in the periods before it.
    pub most_before: LimitsMap,
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
        limits: row.json("plan_periods", "limits")?,
        opening: row.parse("plan_periods", "opening")?,
        start: Timestamp::from_ms(row.get("start_at")?),
        end: row.get::<Option<i64>>("end_at")?.map(Timestamp::from_ms),
        before: None,
        most_before: LimitsMap::new(),
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
                 r.project_id, r.offering_id, r.seller_id, r.name
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
    follow(tx, &mut found).await?;
    Ok(found)
}

/// Adds what was before them to the periods that are not the first of their resource: when that ended, and the most that
/// was ordered until then.
async fn follow(tx: &mut Tx, periods: &mut [Period]) -> Result<()> {
    let mut later: Vec<ResourceId> =
        periods.iter().filter(|p| p.opening != Opening::Init).map(|p| p.resource).collect();
    later.dedup();
    for run in runs(&later) {
        let text = format!(
            "SELECT id, resource_id, limits, end_at FROM plan_periods WHERE end_at IS NOT NULL AND resource_id IN {}
             ORDER BY resource_id, end_at, id",
            numbered(1, run.len())
        );
        let bound = run.iter().fold(built(&mut *tx, text), |s, id| s.bind(id.to_string()));
        let read = |row: &Row| {
            let id: PlanPeriodId = row.parse("plan_periods", "id")?;
            let resource: ResourceId = row.parse("plan_periods", "resource_id")?;
            let limits: LimitsMap = row.json("plan_periods", "limits")?;
            Ok((resource, id, Timestamp::from_ms(row.get("end_at")?), limits))
        };
        let ended = bound.many(read).await?;
        for period in periods.iter_mut().filter(|p| p.opening != Opening::Init) {
            let first =
                ended.partition_point(|(id, ..)| id.to_string() < period.resource.to_string());
            let own = ended.iter().skip(first).take_while(|(id, ..)| *id == period.resource);
            // One that ends as it begins does not come before itself.
            let own = own.filter(|(_, id, end, _)| *end <= period.start && *id != period.id);
            for (.., end, limits) in own {
                period.before = Some(*end);
                for (kind, amount) in limits {
                    let most = period.most_before.entry(kind.clone()).or_insert(0);
                    *most = (*most).max(*amount);
                }
            }
        }
    }
    Ok(())
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
    /// It was told for a month before, and holds on.
    pub carried: bool,
}

/// What customers have used in the month that begins with a day: what was told for it, and what was told before as
/// recurring and has not been replaced since, as long as the resource is there: by the plan that the resource is on then.
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
                 CASE WHEN u.month = ${month} THEN COALESCE(p.plan_id, r.plan_id) ELSE (
                     SELECT q.plan_id FROM plan_periods q WHERE q.resource_id = u.resource_id AND q.start_at < ${to}
                         AND (q.end_at IS NULL OR q.end_at > ${from}) ORDER BY q.start_at DESC, q.id DESC LIMIT 1)
                 END AS plan_id, u.component_id, u.amount, u.month, u.day, u.description
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
                carried: !this,
            })
        };
        let bound = bound.bind(first.number()).bind(first.start().ms()).bind(end.start().ms());
        found.extend(bound.many(read).await?);
    }
    Ok(found)
}

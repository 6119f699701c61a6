//! Resources as Waldur's clients see them: what a customer has, with everything about it.

use std::collections::BTreeMap;

use model::{
    CategoryId, CustomerId, Day, OfferingId, PlanId, PlanUnit, ProjectId, ResourceId,
    ResourceState, Timestamp,
};
use serde_json::{Map, Value};

use crate::{
    Error, Result, Row, Tx,
    lists::{Kind, Shelf, filter},
    sql,
};

/// What a customer has, with what everything about it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Holding {
    pub id: ResourceId,
    pub name: String,
    pub slug: String,
    pub description: String,
    pub state: ResourceState,
    pub backend_id: String,
    pub backend_metadata: Map<String, Value>,
    pub attributes: Map<String, Value>,
    pub options: Map<String, Value>,
    pub report: Vec<Value>,
    pub limits: BTreeMap<String, i64>,
    pub error_message: String,
    pub end_day: Option<Day>,
    /// Whether it is billed by the monthly invoice; otherwise by the wallet.
    pub invoiced: bool,
    pub customer: CustomerId,
    pub customer_name: String,
    pub project: ProjectId,
    pub project_name: String,
    pub offering: OfferingId,
    pub offering_name: String,
    pub offering_slug: String,
    pub offering_kind: String,
    pub category: CategoryId,
    pub category_title: String,
    pub seller: CustomerId,
    pub seller_name: String,
    pub plan: PlanId,
    pub plan_name: String,
    pub plan_unit: PlanUnit,
    pub renews_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub terminated_at: Option<Timestamp>,
}

const STATES: &[&str] = &["creating", "ok", "erred", "updating", "terminating", "terminated"];

/// What can be asked of the resources.
pub const SHELF: Shelf = Shelf {
    select: "r.id, r.name, r.slug, r.description, r.state, r.backend_id, r.backend_metadata, r.attributes, r.options,
        r.report, r.limits, r.error_message, r.end_day, r.invoiced, r.customer_id, c.name AS customer, r.project_id,
        j.name AS project, r.offering_id, o.name AS offering, o.slug AS offering_slug, o.kind AS offering_kind,
        g.id AS category_id, g.title AS category, p.customer_id AS seller_id, s.name AS seller, r.plan_id,
        l.name AS plan, l.unit AS plan_unit, r.renews_at, r.created_at, r.updated_at, r.terminated_at",
    from: "resources r JOIN customers c ON c.id = r.customer_id JOIN projects j ON j.id = r.project_id
        JOIN offerings o ON o.id = r.offering_id JOIN categories g ON g.id = o.category_id
        JOIN providers p ON p.id = o.provider_id JOIN customers s ON s.id = p.customer_id
        JOIN plans l ON l.id = r.plan_id",
    counted: "resources r",
    filters: &[
        filter("name", Kind::Contains, "LOWER(r.name) LIKE ? ESCAPE '\\'"),
        filter("name_exact", Kind::Text, "r.name IN (?)"),
        filter("query", Kind::Contains, "LOWER(r.name) LIKE ? ESCAPE '\\' OR LOWER(o.name) LIKE ? ESCAPE '\\'"),
        filter("offering", Kind::Id, "r.offering_id IN (?)"),
        filter("offering_uuid", Kind::Id, "r.offering_id IN (?)"),
        filter("offering_slug", Kind::Text, "o.slug IN (?)"),
        filter("offering_type", Kind::Text, "o.kind IN (?)"),
        filter("category_uuid", Kind::Id, "o.category_id IN (?)"),
        filter("customer", Kind::Id, "r.customer_id IN (?)"),
        filter("customer_uuid", Kind::Id, "r.customer_id IN (?)"),
        filter("project", Kind::Id, "r.project_id IN (?)"),
        filter("project_uuid", Kind::Id, "r.project_id IN (?)"),
        filter("project_name", Kind::Contains, "LOWER(j.name) LIKE ? ESCAPE '\\'"),
        filter("provider_uuid", Kind::Id, "p.customer_id IN (?)"),
        filter("plan_uuid", Kind::Id, "r.plan_id IN (?)"),
        filter("state", Kind::Word(STATES), "r.state IN (?) OR (r.state = 'paused' AND 'ok' IN (?))"),
        filter("backend_id", Kind::Text, "r.backend_id IN (?)"),
        filter("slug", Kind::Text, "r.slug IN (?)"),
        filter("created", Kind::Time, "r.created_at >= ?"),
        filter("modified", Kind::Time, "r.updated_at >= ?"),
        filter("paused", Kind::Bool, "CASE WHEN r.state = 'paused' THEN 1 ELSE 0 END = ?"),
        filter(
            "usage_based",
            Kind::Bool,
            "CASE WHEN EXISTS (SELECT 1 FROM components k WHERE k.offering_id = r.offering_id AND k.billing = 'usage')
                 THEN 1 ELSE 0 END = ?",
        ),
        filter(
            "limit_based",
            Kind::Bool,
            "CASE WHEN EXISTS (SELECT 1 FROM components k WHERE k.offering_id = r.offering_id AND k.billing = 'limit')
                 THEN 1 ELSE 0 END = ?",
        ),
    ],
    orders: &[
        ("name", "r.name"),
        ("created", "r.created_at"),
        ("modified", "r.updated_at"),
        ("state", "r.state"),
        ("project_name", "j.name"),
    ],
    usual_order: "r.created_at DESC",
    id: "r.id",
};

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<Holding> {
    let time = |column| Ok::<_, Error>(row.get::<Option<i64>>(column)?.map(Timestamp::from_ms));
    Ok(Holding {
        id: row.parse("resources", "id")?,
        name: row.get("name")?,
        slug: row.get("slug")?,
        description: row.get("description")?,
        state: row.parse("resources", "state")?,
        backend_id: row.get("backend_id")?,
        backend_metadata: row.json("resources", "backend_metadata")?,
        attributes: row.json("resources", "attributes")?,
        options: row.json("resources", "options")?,
        report: row.json("resources", "report")?,
        limits: row.json("resources", "limits")?,
        error_message: row.get("error_message")?,
        end_day: row.get::<Option<i64>>("end_day")?.map(Day::from_number),
        invoiced: row.get::<i64>("invoiced")? != 0,
        customer: row.parse("resources", "customer_id")?,
        customer_name: row.get("customer")?,
        project: row.parse("resources", "project_id")?,
        project_name: row.get("project")?,
        offering: row.parse("resources", "offering_id")?,
        offering_name: row.get("offering")?,
        offering_slug: row.get("offering_slug")?,
        offering_kind: row.get("offering_kind")?,
        category: row.parse("categories", "category_id")?,
        category_title: row.get("category")?,
        seller: row.parse("resources", "seller_id")?,
        seller_name: row.get("seller")?,
        plan: row.parse("resources", "plan_id")?,
        plan_name: row.get("plan")?,
        plan_unit: row.parse("plans", "plan_unit")?,
        renews_at: time("renews_at")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
        terminated_at: time("terminated_at")?,
    })
}

fn json(value: &impl serde::Serialize, column: &'static str) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Corrupt {
        table: "resources",
        column,
        row: error.to_string(),
    })
}

/// Writes what is said of a resource; its state is moved by [`shift`] alone, its limits are set with its plan.
pub async fn describe(tx: &mut Tx, holding: &Holding) -> Result<u64> {
    sql(
        tx,
        "UPDATE resources SET name = $2, description = $3, backend_id = $4, backend_metadata = $5, attributes = $6,
             options = $7, report = $8, error_message = $9, end_day = $10, updated_at = $11, slug = $12
         WHERE id = $1",
    )
    .bind(holding.id.to_string())
    .bind(holding.name.clone())
    .bind(holding.description.clone())
    .bind(holding.backend_id.clone())
    .bind(json(&holding.backend_metadata, "backend_metadata")?)
    .bind(json(&holding.attributes, "attributes")?)
    .bind(json(&holding.options, "options")?)
    .bind(json(&holding.report, "report")?)
    .bind(holding.error_message.clone())
    .bind(holding.end_day.map(Day::number))
    .bind(holding.updated_at.ms())
    .bind(holding.slug.clone())
    .execute()
    .await
}

/// What an order gives a resource beside what every resource has.
#[derive(Debug, Clone)]
pub struct Origin {
    pub seller: CustomerId,
    pub slug: String,
    pub description: String,
    pub attributes: Map<String, Value>,
    pub limits: BTreeMap<String, i64>,
    pub end_day: Option<Day>,
    pub invoiced: bool,
    pub at: Timestamp,
}

/// Notes where a new resource comes from.
pub async fn adorn(tx: &mut Tx, id: ResourceId, origin: &Origin) -> Result<()> {
    sql(
        tx,
        "UPDATE resources SET seller_id = $2, slug = $3, description = $4, attributes = $5, limits = $6, end_day = $7,
             invoiced = $8, updated_at = $9 WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(origin.seller.to_string())
    .bind(origin.slug.clone())
    .bind(origin.description.clone())
    .bind(json(&origin.attributes, "attributes")?)
    .bind(json(&origin.limits, "limits")?)
    .bind(origin.end_day.map(Day::number))
    .bind(i64::from(origin.invoiced))
    .bind(origin.at.ms())
    .execute()
    .await
    .map(drop)
}

/// Moves a resource to another state if it is in one of these; how many that were.
pub async fn shift(
    tx: &mut Tx,
    id: ResourceId,
    from: &[ResourceState],
    to: ResourceState,
    error: &str,
    now: Timestamp,
) -> Result<u64> {
    for from in from {
        let rows = sql(
            &mut *tx,
            "UPDATE resources SET state = $3, error_message = $4, updated_at = $5,
                 terminated_at = CASE WHEN $3 = 'terminated' THEN $5 ELSE terminated_at END,
                 renews_at = CASE WHEN $3 = 'terminated' THEN NULL ELSE renews_at END
             WHERE id = $1 AND state = $2",
        )
        .bind(id.to_string())
        .bind(from.as_str())
        .bind(to.as_str())
        .bind(error.to_owned())
        .bind(now.ms())
        .execute()
        .await?;
        if rows > 0 {
            return Ok(rows);
        }
    }
    Ok(0)
}

/// Puts a resource on a plan with limits; a fee that was never due becomes due at a time where one is given.
pub async fn set_plan(
    tx: &mut Tx,
    id: ResourceId,
    plan: PlanId,
    limits: &BTreeMap<String, i64>,
    renews_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<u64> {
    sql(
        tx,
        "UPDATE resources SET plan_id = $2, limits = $3, renews_at = $4, updated_at = $5 WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(plan.to_string())
    .bind(json(limits, "limits")?)
    .bind(renews_at.map(Timestamp::ms))
    .bind(now.ms())
    .execute()
    .await
}

/// Resources whose last day has passed and that nobody is ending.
pub async fn expired(on: impl crate::Run<'_>, today: Day, most: i64) -> Result<Vec<ResourceId>> {
    sql(
        on,
        // COALESCE keeps SQLite from going through all that are in these states instead of the few that have a last day.
        "SELECT id FROM resources WHERE end_day < $1 AND COALESCE(state, '') IN ('ok', 'paused', 'erred')
         ORDER BY end_day, id LIMIT $2",
    )
    .bind(today.number())
    .bind(most)
    .all(|row| row.parse("resources", "id"))
    .await
}

/// How many resources of an offering are in each state.
pub async fn count_by_state(
    on: impl crate::Run<'_>,
    offering: OfferingId,
) -> Result<Vec<(ResourceState, u64)>> {
    sql(
        on,
        "SELECT state, COUNT(*) AS n FROM resources WHERE offering_id = $1 GROUP BY state ORDER BY state",
    )
    .bind(offering.to_string())
    .all(|row| Ok((row.parse("resources", "state")?, row.count("n")?)))
    .await
}

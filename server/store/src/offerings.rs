//! The administration of offerings and plans: what providers and operators see and change of them, in every state.

mod parts;

use model::{
    CategoryId, CustomerId, OfferingId, OfferingState, PlanId, PlanUnit, ProviderId, Spec,
    Timestamp, Usd,
};
use serde_json::{Map, Value};

pub use parts::{PLAN_COMPONENTS, PlanComponentRow, read_plan_component};

use crate::{
    Error, Result, Row, Run, Tx,
    lists::{Kind, Shelf, filter, nothing},
    sql,
};

/// An offering with everything about it.
#[derive(Debug, Clone)]
pub struct OfferingRow {
    pub id: OfferingId,
    pub slug: String,
    pub name: String,
    /// What Waldur calls its type; empty when it was not made by that surface: it is billed by the wallet.
    pub kind: String,
    pub state: OfferingState,
    pub shared: bool,
    pub paused_reason: String,
    pub backend_id: String,
    /// What is only kept and shown again.
    pub details: Map<String, Value>,
    pub spec: Spec,
    /// The provider fulfils by hand; there is nothing to call.
    pub by_hand: bool,
    pub provider: ProviderId,
    pub customer: CustomerId,
    pub customer_name: String,
    pub category: CategoryId,
    pub category_title: String,
    pub orders: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl OfferingRow {
    /// Whether what is had of it is billed by the monthly invoice instead of the wallet.
    pub fn is_invoiced(&self) -> bool {
        !self.kind.is_empty()
    }

    /// A yes or no among the options of its plug-in, under one of these names.
    pub fn option(&self, names: &[&str]) -> Option<bool> {
        let options = self.details.get("plugin_options")?;
        names.iter().find_map(|name| options.get(*name)?.as_bool())
    }
}

const STATES: &[&str] = &["draft", "active", "paused", "archived", "unavailable"];

/// What can be asked of the offerings.
pub const SHELF: Shelf = Shelf {
    select: "o.id, o.slug, o.name, o.kind, o.state, o.shared, o.paused_reason, o.backend_id, o.details, o.spec,
        o.backend, o.provider_id, o.created_at, o.updated_at, p.customer_id, c.name AS customer, o.category_id,
        g.title AS category, (SELECT COUNT(*) FROM orders d WHERE d.offering_id = o.id) AS orders",
    from: "offerings o JOIN providers p ON p.id = o.provider_id JOIN customers c ON c.id = p.customer_id
        JOIN categories g ON g.id = o.category_id",
    counted: "offerings o",
    filters: &[
        filter("name", Kind::Contains, "LOWER(o.name) LIKE ? ESCAPE '\\'"),
        filter("name_exact", Kind::Text, "o.name IN (?)"),
        filter("keyword", Kind::Contains, "LOWER(o.name) LIKE ? ESCAPE '\\'"),
        filter("query", Kind::Contains, "LOWER(o.name) LIKE ? ESCAPE '\\'"),
        filter("description", Kind::Contains, "LOWER(o.spec) LIKE ? ESCAPE '\\'"),
        filter("slug", Kind::Text, "o.slug IN (?)"),
        filter("type", Kind::Text, "o.kind IN (?)"),
        filter(
            "state",
            Kind::Word(STATES),
            "CASE WHEN o.state IN ('in_review', 'changes_requested', 'rejected') THEN 'draft' ELSE o.state END IN (?)",
        ),
        filter("awaits_review", Kind::Bool, "CASE WHEN o.state = 'in_review' THEN 1 ELSE 0 END = ?"),
        filter("shared", Kind::Bool, "o.shared = ?"),
        filter("category_uuid", Kind::Id, "o.category_id IN (?)"),
        filter("category", Kind::Id, "o.category_id IN (?)"),
        filter("customer", Kind::Id, "p.customer_id IN (?)"),
        filter("customer_uuid", Kind::Id, "p.customer_id IN (?)"),
        filter("created", Kind::Time, "o.created_at >= ?"),
        filter("created_before", Kind::Time, "o.created_at <= ?"),
        filter("modified", Kind::Time, "o.updated_at >= ?"),
        filter("modified_before", Kind::Time, "o.updated_at <= ?"),
        // It is kept among the details, as JSON without spaces; a quotation mark within a text has a backslash before it.
        filter(
            "billable",
            Kind::Bool,
            "CASE WHEN o.details LIKE '%\"billable\":false%' THEN 0 ELSE 1 END = ?",
        ),
        // What is not shared is for the projects of its seller.
        filter(
            "project_uuid",
            Kind::Id,
            "o.shared = 1
             OR EXISTS (SELECT 1 FROM projects j WHERE j.customer_id = p.customer_id AND j.id IN (?))",
        ),
        filter("allowed_customer_uuid", Kind::Id, "o.shared = 1 OR p.customer_id IN (?)"),
        filter(
            "service_manager_uuid",
            Kind::Id,
            "EXISTS (SELECT 1 FROM members m WHERE m.scope_id = o.id AND m.user_id IN (?))",
        ),
        nothing("attributes"),
        nothing("tag"),
        nothing("parent_uuid"),
        nothing("category_group_uuid"),
        nothing("organization_group_uuid"),
    ],
    orders: &[
        ("name", "o.name"),
        ("created", "o.created_at"),
        ("modified", "o.updated_at"),
        ("type", "o.kind"),
        ("state", "o.state"),
    ],
    usual_order: "o.created_at DESC",
    id: "o.id",
};

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<OfferingRow> {
    let backend: model::Backend = row.json("offerings", "backend")?;
    Ok(OfferingRow {
        id: row.parse("offerings", "id")?,
        slug: row.get("slug")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        state: row.parse("offerings", "state")?,
        shared: row.get::<i64>("shared")? != 0,
        paused_reason: row.get("paused_reason")?,
        backend_id: row.get("backend_id")?,
        details: row.json("offerings", "details")?,
        spec: row.json("offerings", "spec")?,
        by_hand: backend == model::Backend::Manual,
        provider: row.parse("offerings", "provider_id")?,
        customer: row.parse("providers", "customer_id")?,
        customer_name: row.get("customer")?,
        category: row.parse("offerings", "category_id")?,
        category_title: row.get("category")?,
        orders: row.count("orders")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
    })
}

fn text(value: &impl serde::Serialize, column: &'static str) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Corrupt {
        table: "offerings",
        column,
        row: error.to_string(),
    })
}

/// Writes what providers and operators may change of an offering; `changed` is from `catalog::begin_change`.
pub async fn update(tx: &mut Tx, offering: &OfferingRow, changed: i64) -> Result<u64> {
    sql(
        tx,
        "UPDATE offerings SET name = $2, kind = $3, state = $4, shared = $5, paused_reason = $6, backend_id = $7,
             details = $8, spec = $9, category_id = $10, updated_at = $11, changed = $12 WHERE id = $1",
    )
    .bind(offering.id.to_string())
    .bind(offering.name.clone())
    .bind(offering.kind.clone())
    .bind(offering.state.as_str())
    .bind(i64::from(offering.shared))
    .bind(offering.paused_reason.clone())
    .bind(offering.backend_id.clone())
    .bind(text(&offering.details, "details")?)
    .bind(text(&offering.spec, "spec")?)
    .bind(offering.category.to_string())
    .bind(offering.updated_at.ms())
    .bind(changed)
    .execute()
    .await
}

/// Whether a slug is taken by an offering.
pub async fn has_slug(on: impl Run<'_>, slug: &str) -> Result<bool> {
    sql(on, "SELECT 1 AS one FROM offerings WHERE slug = $1")
        .bind(slug.to_owned())
        .optional(|_| Ok(()))
        .await
        .map(|found| found.is_some())
}

/// Whether anything was ever ordered or had of an offering, so that it must stay.
pub async fn is_used(on: impl Run<'_>, id: OfferingId) -> Result<bool> {
    sql(
        on,
        "SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM orders WHERE offering_id = $1)
             OR EXISTS (SELECT 1 FROM resources WHERE offering_id = $1)
             OR EXISTS (SELECT 1 FROM reviews WHERE offering_id = $1)
             OR EXISTS (SELECT 1 FROM tickets WHERE offering_id = $1)",
    )
    .bind(id.to_string())
    .optional(|_| Ok(()))
    .await
    .map(|found| found.is_some())
}

/// A plan with what it costs by itself now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRow {
    pub id: PlanId,
    pub offering: OfferingId,
    pub offering_name: String,
    pub name: String,
    pub description: String,
    pub article_code: String,
    pub backend_id: String,
    pub unit: PlanUnit,
    pub unit_price: Usd,
    pub init_price: Usd,
    pub switch_price: Usd,
    /// What the wallet pays each month where it pays.
    pub monthly_fee: Usd,
    /// How many resources may be on it at once.
    pub most: Option<i64>,
    pub archived_at: Option<Timestamp>,
    /// How many are on it.
    pub resources: u64,
    /// The seller, and whether the offering is billed by invoice: what a service needs to know to let somebody in.
    pub seller: CustomerId,
    pub seller_name: String,
    pub invoiced: bool,
    pub offering_state: OfferingState,
}

/// What can be asked of the plans.
pub const PLANS: Shelf = Shelf {
    select: "l.id, l.offering_id, o.name AS offering, l.name, l.description, l.article_code, l.backend_id, l.unit,
        l.unit_price, l.init_price, l.switch_price, l.monthly_fee, l.most, l.archived_at, o.kind, o.state,
        p.customer_id, p.name AS seller, (SELECT COUNT(*) FROM resources r WHERE r.plan_id = l.id AND r.state <> 'terminated')
        AS resources",
    from: "plans l JOIN offerings o ON o.id = l.offering_id JOIN providers p ON p.id = o.provider_id",
    counted: "plans l",
    filters: &[
        filter("offering", Kind::Id, "l.offering_id IN (?)"),
        filter("offering_uuid", Kind::Id, "l.offering_id IN (?)"),
        filter("offering_slug", Kind::Text, "o.slug IN (?)"),
        filter("customer_provider_uuid", Kind::Id, "p.customer_id IN (?)"),
        nothing("parent_offering_uuid"),
        filter("name", Kind::Contains, "LOWER(l.name) LIKE ? ESCAPE '\\'"),
        filter("name_exact", Kind::Text, "l.name IN (?)"),
    ],
    orders: &[("name", "l.name"), ("created", "l.created_at")],
    usual_order: "l.offering_id, l.position",
    id: "l.id",
};

/// Reads a row of [`PLANS`].
pub fn read_plan(row: &Row) -> Result<PlanRow> {
    let kind: String = row.get("kind")?;
    Ok(PlanRow {
        id: row.parse("plans", "id")?,
        offering: row.parse("plans", "offering_id")?,
        offering_name: row.get("offering")?,
        name: row.get("name")?,
        description: row.get("description")?,
        article_code: row.get("article_code")?,
        backend_id: row.get("backend_id")?,
        unit: row.parse("plans", "unit")?,
        unit_price: Usd::from_micros(row.get("unit_price")?),
        init_price: Usd::from_micros(row.get("init_price")?),
        switch_price: Usd::from_micros(row.get("switch_price")?),
        monthly_fee: Usd::from_micros(row.get("monthly_fee")?),
        most: row.get("most")?,
        archived_at: row.get::<Option<i64>>("archived_at")?.map(Timestamp::from_ms),
        resources: row.count("resources")?,
        seller: row.parse("providers", "customer_id")?,
        seller_name: row.get("seller")?,
        invoiced: !kind.is_empty(),
        offering_state: row.parse("offerings", "state")?,
    })
}

/// Writes what may be changed of a plan.
pub async fn update_plan(tx: &mut Tx, plan: &PlanRow) -> Result<u64> {
    sql(
        tx,
        "UPDATE plans SET name = $2, description = $3, article_code = $4, backend_id = $5, unit = $6, unit_price = $7,
             init_price = $8, switch_price = $9, monthly_fee = $10, most = $11, archived_at = $12 WHERE id = $1",
    )
    .bind(plan.id.to_string())
    .bind(plan.name.clone())
    .bind(plan.description.clone())
    .bind(plan.article_code.clone())
    .bind(plan.backend_id.clone())
    .bind(plan.unit.as_str())
    .bind(plan.unit_price.micros())
    .bind(plan.init_price.micros())
    .bind(plan.switch_price.micros())
    .bind(plan.monthly_fee.micros())
    .bind(plan.most)
    .bind(plan.archived_at.map(Timestamp::ms))
    .execute()
    .await
}

/// Notes when a plan was made and its place after the others.
pub async fn next_plan_place(on: impl Run<'_>, offering: OfferingId) -> Result<i64> {
    sql(on, "SELECT COALESCE(MAX(position), -1) + 1 AS n FROM plans WHERE offering_id = $1")
        .bind(offering.to_string())
        .one(|row| row.get("n"))
        .await
}

/// Whether a slug is taken by a plan of an offering.
pub async fn has_plan_slug(on: impl Run<'_>, offering: OfferingId, slug: &str) -> Result<bool> {
    sql(on, "SELECT 1 AS one FROM plans WHERE offering_id = $1 AND slug = $2")
        .bind(offering.to_string())
        .bind(slug.to_owned())
        .optional(|_| Ok(()))
        .await
        .map(|found| found.is_some())
}

/// Notes when a plan was made.
pub async fn stamp_plan(tx: &mut Tx, id: PlanId, now: Timestamp) -> Result<()> {
    sql(tx, "UPDATE plans SET created_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(now.ms())
        .execute()
        .await
        .map(drop)
}

/// Whether one more resource may be on a plan. The plan's row stays locked, so that this stays true until the transaction
/// ends.
pub async fn has_place(tx: &mut Tx, id: PlanId) -> Result<bool> {
    let most = sql(&mut *tx, "UPDATE plans SET most = most WHERE id = $1 RETURNING most")
        .bind(id.to_string())
        .optional(|row| row.get::<Option<i64>>("most"))
        .await?;
    let Some(most) = most.flatten() else { return Ok(true) };
    let has: i64 =
        sql(tx, "SELECT COUNT(*) AS n FROM resources WHERE plan_id = $1 AND state <> 'terminated'")
            .bind(id.to_string())
            .one(|row| row.get("n"))
            .await?;
    Ok(has < most)
}

/// Takes an offering away that nothing was ever ordered of, with its plans and their prices.
pub async fn remove(tx: &mut Tx, id: OfferingId) -> Result<u64> {
    const ALL: [&str; 9] = [
        "DELETE FROM component_prices WHERE plan_component_id IN (SELECT x.id FROM plan_components x
             JOIN plans l ON l.id = x.plan_id WHERE l.offering_id = $1)",
        "DELETE FROM plan_components WHERE plan_id IN (SELECT id FROM plans WHERE offering_id = $1)",
        "DELETE FROM components WHERE offering_id = $1",
        "DELETE FROM plan_prices WHERE plan_id IN (SELECT id FROM plans WHERE offering_id = $1)",
        "DELETE FROM price_versions WHERE plan_id IN (SELECT id FROM plans WHERE offering_id = $1)",
        "DELETE FROM plans WHERE offering_id = $1",
        "DELETE FROM screenshots WHERE offering_id = $1",
        "DELETE FROM members WHERE scope_kind = 'offering' AND scope_id = $1",
        "DELETE FROM offerings WHERE id = $1",
    ];
    let mut rows = 0;
    for text in ALL {
        rows = sql(&mut *tx, text).bind(id.to_string()).execute().await?;
    }
    Ok(rows)
}

/// Is on sale to everybody, or is of these providers or managers, or paused and had by these customers or projects.
pub const ON_SALE_TO: &str = "(o.state = 'active' AND o.shared = 1)
                 OR (o.state IN ('active', 'paused') AND (p.customer_id IN (?) OR o.id IN (?)))
                 OR (o.state = 'paused' AND EXISTS (SELECT 1 FROM resources r WHERE r.offering_id = o.id
                     AND r.state <> 'terminated' AND (r.customer_id IN (?) OR r.project_id IN (?))))";

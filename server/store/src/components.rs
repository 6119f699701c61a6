//! What of an offering is counted and billed, and what that costs in each plan: append-only prices with the time that
//! they are in force from. Prices are micro-dollars, amounts of fixed components and limits are whole units.

mod prices;

use model::{
    Billing, ComponentId, LimitPeriod, OfferingId, PlanComponentId, PlanId, PlanUnit,
    PriceVersionId, Timestamp, Usd,
};

pub use prices::{
    insert_plan_price, insert_price, plan_price, plan_price_history, price_history, terms,
};

use crate::{
    Result, Row, Run, Tx,
    lists::{Kind, Shelf, filter},
    sql,
};

/// Something of an offering that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    pub id: ComponentId,
    pub offering: OfferingId,
    /// The word that limits and usages name it by, as in `cpu`.
    pub kind: String,
    pub name: String,
    pub description: String,
    pub measured_unit: String,
    pub article_code: String,
    pub billing: Billing,
    pub limit_period: Option<LimitPeriod>,
    /// The most that may be used in a period.
    pub limit_amount: Option<i64>,
    /// The least and the most that may be ordered, and what is ordered when nothing is said.
    pub least: Option<i64>,
    pub most: Option<i64>,
    pub usual: Option<i64>,
    pub is_boolean: bool,
    pub position: i64,
}

/// A component in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanComponent {
    pub id: PlanComponentId,
    /// Its number on the wire.
    pub number: i64,
    pub plan: PlanId,
    pub component: ComponentId,
    /// How much of a fixed component the plan has.
    pub amount: i64,
}

/// What a unit of a component costs in a plan from a time on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentPrice {
    pub id: PriceVersionId,
    pub plan_component: PlanComponentId,
    pub effective_at: Timestamp,
    pub price: Usd,
    /// Graduated prices; empty when every unit costs the same.
    pub tiers: Vec<Tier>,
    pub created_at: Timestamp,
}

/// From so many units on (millionths of a unit), a unit costs so much (micro-dollars).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tier {
    pub from: i64,
    pub price: i64,
}

/// What a plan costs by itself from a time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanPrice {
    pub id: PriceVersionId,
    pub plan: PlanId,
    pub effective_at: Timestamp,
    /// For each unit of time of the plan.
    pub unit_price: Usd,
    /// Once when a resource begins.
    pub init_price: Usd,
    /// Once when a resource is switched to the plan.
    pub switch_price: Usd,
    pub created_at: Timestamp,
}

/// A component of a plan with what it costs now: what invoices and pages read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    pub plan_component: PlanComponent,
    pub component: Component,
    /// None when no price was ever set: it costs nothing.
    pub price: Option<ComponentPrice>,
}

/// The time that a plan's prices are for, and what belongs to it beside its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTerms {
    pub plan: PlanId,
    pub offering: OfferingId,
    pub name: String,
    pub unit: PlanUnit,
    pub article_code: String,
}

/// Adds a component; `Conflict` when the offering has one of this kind.
pub async fn insert(tx: &mut Tx, component: &Component) -> Result<()> {
    sql(
        tx,
        "INSERT INTO components (id, offering_id, kind, name, description, measured_unit, article_code, billing,
             limit_period, limit_amount, least, most, usual, is_boolean, position)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(component.id.to_string())
    .bind(component.offering.to_string())
    .bind(component.kind.clone())
    .bind(component.name.clone())
    .bind(component.description.clone())
    .bind(component.measured_unit.clone())
    .bind(component.article_code.clone())
    .bind(component.billing.as_str())
    .bind(component.limit_period.map(LimitPeriod::as_str))
    .bind(component.limit_amount)
    .bind(component.least)
    .bind(component.most)
    .bind(component.usual)
    .bind(i64::from(component.is_boolean))
    .bind(component.position)
    .execute()
    .await
    .map(drop)
}

/// Changes what a component is called and how much of it may be ordered; its kind stays.
pub async fn update(tx: &mut Tx, component: &Component) -> Result<u64> {
    sql(
        tx,
        "UPDATE components SET name = $2, description = $3, measured_unit = $4, article_code = $5, billing = $6,
             limit_period = $7, limit_amount = $8, least = $9, most = $10, usual = $11, is_boolean = $12
         WHERE id = $1",
    )
    .bind(component.id.to_string())
    .bind(component.name.clone())
    .bind(component.description.clone())
    .bind(component.measured_unit.clone())
    .bind(component.article_code.clone())
    .bind(component.billing.as_str())
    .bind(component.limit_period.map(LimitPeriod::as_str))
    .bind(component.limit_amount)
    .bind(component.least)
    .bind(component.most)
    .bind(component.usual)
    .bind(i64::from(component.is_boolean))
    .execute()
    .await
}

/// Takes a component away that no plan has a price for and nobody has used; whether it went.
pub async fn remove_unused(tx: &mut Tx, id: ComponentId) -> Result<bool> {
    let used = sql(
        &mut *tx,
        "SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM component_usages WHERE component_id = $1)
             OR EXISTS (SELECT 1 FROM component_prices v JOIN plan_components x ON x.id = v.plan_component_id
                 WHERE x.component_id = $1)",
    )
    .bind(id.to_string())
    .optional(|_| Ok(()))
    .await?;
    if used.is_some() {
        return Ok(false);
    }
    let parts = "DELETE FROM plan_components WHERE component_id = $1";
    sql(&mut *tx, parts).bind(id.to_string()).execute().await?;
    let rows =
        sql(tx, "DELETE FROM components WHERE id = $1").bind(id.to_string()).execute().await?;
    Ok(rows == 1)
}

/// The components of offerings, for lists of many of them.
pub const SHELF: Shelf = Shelf {
    select: "k.id, k.offering_id, k.kind, k.name, k.description, k.measured_unit, k.article_code, k.billing,
        k.limit_period, k.limit_amount, k.least, k.most, k.usual, k.is_boolean, k.position",
    from: "components k",
    counted: "",
    filters: &[filter("offering_uuid", Kind::Id, "k.offering_id IN (?)")],
    orders: &[],
    usual_order: "k.position",
    id: "k.id",
};

/// Reads a component.
pub fn read(row: &Row) -> Result<Component> {
    Ok(Component {
        id: row.parse("components", "id")?,
        offering: row.parse("components", "offering_id")?,
        kind: row.get("kind")?,
        name: row.get("name")?,
        description: row.get("description")?,
        measured_unit: row.get("measured_unit")?,
        article_code: row.get("article_code")?,
        billing: row.parse("components", "billing")?,
        limit_period: row.parse_some("components", "limit_period")?,
        limit_amount: row.get("limit_amount")?,
        least: row.get("least")?,
        most: row.get("most")?,
        usual: row.get("usual")?,
        is_boolean: row.get::<i64>("is_boolean")? != 0,
        position: row.get("position")?,
    })
}

/// The components of an offering in their order.
pub async fn of_offering(on: impl Run<'_>, offering: OfferingId) -> Result<Vec<Component>> {
    sql(
        on,
        "SELECT id, offering_id, kind, name, description, measured_unit, article_code, billing, limit_period,
             limit_amount, least, most, usual, is_boolean, position
         FROM components WHERE offering_id = $1 ORDER BY position, id",
    )
    .bind(offering.to_string())
    .all(read)
    .await
}

/// Puts a component into a plan and numbers it.
pub async fn insert_plan_component(
    tx: &mut Tx,
    id: PlanComponentId,
    plan: PlanId,
    component: ComponentId,
    amount: i64,
) -> Result<PlanComponent> {
    let number = sql(
        &mut *tx,
        "UPDATE versions SET version = version + 1 WHERE name = 'plan_components' RETURNING version",
    )
    .one(|row| row.get("version"))
    .await?;
    sql(
        tx,
        "INSERT INTO plan_components (id, number, plan_id, component_id, amount) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id.to_string())
    .bind(number)
    .bind(plan.to_string())
    .bind(component.to_string())
    .bind(amount)
    .execute()
    .await?;
    Ok(PlanComponent { id, number, plan, component, amount })
}

/// Sets how much of a fixed component a plan has.
pub async fn set_amount(tx: &mut Tx, id: PlanComponentId, amount: i64) -> Result<u64> {
    sql(tx, "UPDATE plan_components SET amount = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(amount)
        .execute()
        .await
}

fn read_plan_component(row: &Row) -> Result<PlanComponent> {
    Ok(PlanComponent {
        id: row.parse("plan_components", "pc_id")?,
        number: row.get("number")?,
        plan: row.parse("plan_components", "plan_id")?,
        component: row.parse("plan_components", "id")?,
        amount: row.get("amount")?,
    })
}

fn read_tiers(row: &Row, column: &'static str) -> Result<Vec<Tier>> {
    let Some(text) = row.get::<Option<String>>(column)? else { return Ok(Vec::new()) };
    serde_json::from_str(&text).map_err(|error| crate::Error::Corrupt {
        table: "component_prices",
        column,
        row: error.to_string(),
    })
}

fn read_priced(row: &Row) -> Result<Priced> {
    let plan_component = read_plan_component(row)?;
    let price = match row.parse_some("component_prices", "price_id")? {
        None => None,
        Some(id) => Some(ComponentPrice {
            id,
            plan_component: plan_component.id,
            effective_at: Timestamp::from_ms(row.get("effective_at")?),
            price: Usd::from_micros(row.get("price")?),
            tiers: read_tiers(row, "tiers")?,
            created_at: Timestamp::from_ms(row.get("priced_at")?),
        }),
    };
    Ok(Priced { plan_component, component: read(row)?, price })
}

/// The components of a plan with the prices in force at a time, in their order.
pub async fn of_plan(on: impl Run<'_>, plan: PlanId, at: Timestamp) -> Result<Vec<Priced>> {
    sql(
        on,
        "SELECT pc.id AS pc_id, pc.number, pc.plan_id, pc.amount, c.id, c.offering_id, c.kind, c.name, c.description,
             c.measured_unit, c.article_code, c.billing, c.limit_period, c.limit_amount, c.least, c.most, c.usual,
             c.is_boolean, c.position, v.id AS price_id, v.effective_at, v.price, v.tiers, v.created_at AS priced_at
         FROM plan_components pc JOIN components c ON c.id = pc.component_id
         LEFT JOIN component_prices v ON v.id = (
             SELECT n.id FROM component_prices n WHERE n.plan_component_id = pc.id AND n.effective_at <= $2
             ORDER BY n.effective_at DESC, n.id DESC LIMIT 1)
         WHERE pc.plan_id = $1 ORDER BY c.position, pc.id",
    )
    .bind(plan.to_string())
    .bind(at.ms())
    .all(read_priced)
    .await
}

/// The components of all plans of an offering with the prices in force at a time.
pub async fn of_plans(
    on: impl Run<'_>,
    offering: OfferingId,
    at: Timestamp,
) -> Result<Vec<Priced>> {
    sql(
        on,
        "SELECT pc.id AS pc_id, pc.number, pc.plan_id, pc.amount, c.id, c.offering_id, c.kind, c.name, c.description,
             c.measured_unit, c.article_code, c.billing, c.limit_period, c.limit_amount, c.least, c.most, c.usual,
             c.is_boolean, c.position, v.id AS price_id, v.effective_at, v.price, v.tiers, v.created_at AS priced_at
         FROM plan_components pc JOIN components c ON c.id = pc.component_id
         LEFT JOIN component_prices v ON v.id = (
             SELECT n.id FROM component_prices n WHERE n.plan_component_id = pc.id AND n.effective_at <= $2
             ORDER BY n.effective_at DESC, n.id DESC LIMIT 1)
         WHERE c.offering_id = $1 ORDER BY pc.plan_id, c.position, pc.id",
    )
    .bind(offering.to_string())
    .bind(at.ms())
    .all(read_priced)
    .await
}

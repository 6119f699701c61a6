//! Components in plans.

use model::{OfferingId, PlanId, PlanUnit, Usd};

use crate::{
    Result, Row,
    lists::{Kind, Shelf, filter},
};

/// A component in a plan with what both are called: what `marketplace-plan-components` lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanComponentRow {
    pub id: model::PlanComponentId,
    pub number: i64,
    pub amount: i64,
    pub price: Usd,
    pub plan: PlanId,
    pub plan_name: String,
    pub plan_unit: PlanUnit,
    pub offering: OfferingId,
    pub offering_name: String,
    pub component: model::ComponentId,
    pub kind: String,
    pub component_name: String,
    pub measured_unit: String,
    pub billing: model::Billing,
}

/// What can be asked of the components in plans.
pub const PLAN_COMPONENTS: Shelf = Shelf {
    select: "x.id, x.number, x.amount, l.id AS plan_id, l.name AS plan, l.unit, o.id AS offering_id, o.name AS offering,
        k.id AS component_id, k.kind, k.name AS component, k.measured_unit, k.billing,
        COALESCE((SELECT v.price FROM component_prices v WHERE v.plan_component_id = x.id
            ORDER BY v.effective_at DESC, v.id DESC LIMIT 1), 0) AS price",
    from: "plan_components x JOIN plans l ON l.id = x.plan_id JOIN offerings o ON o.id = l.offering_id
        JOIN components k ON k.id = x.component_id JOIN providers p ON p.id = o.provider_id",
    counted: "plan_components x",
    filters: &[
        filter("offering_uuid", Kind::Id, "o.id IN (?)"),
        filter("offering", Kind::Id, "o.id IN (?)"),
        filter("plan_uuid", Kind::Id, "l.id IN (?)"),
        filter("plan", Kind::Id, "l.id IN (?)"),
        filter("shared", Kind::Bool, "o.shared = ?"),
    ],
    orders: &[],
    usual_order: "x.number",
    id: "x.id",
};

/// Reads a row of [`PLAN_COMPONENTS`].
pub fn read_plan_component(row: &Row) -> Result<PlanComponentRow> {
    Ok(PlanComponentRow {
        id: row.parse("plan_components", "id")?,
        number: row.get("number")?,
        amount: row.get("amount")?,
        price: Usd::from_micros(row.get("price")?),
        plan: row.parse("plans", "plan_id")?,
        plan_name: row.get("plan")?,
        plan_unit: row.parse("plans", "unit")?,
        offering: row.parse("offerings", "offering_id")?,
        offering_name: row.get("offering")?,
        component: row.parse("components", "component_id")?,
        kind: row.get("kind")?,
        component_name: row.get("component")?,
        measured_unit: row.get("measured_unit")?,
        billing: row.parse("components", "billing")?,
    })
}

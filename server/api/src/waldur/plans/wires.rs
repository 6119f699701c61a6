//! Plans and their components as they go over the wire.

use std::collections::BTreeMap;

use market::{PlanComponentRow, PlanDetail};
use model::Usd;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    Doors,
    waldur::{
        links::{self, hex},
        read::decimal,
        schema,
    },
};

pub fn schemas() -> Vec<(String, Value)> {
    vec![
        schema::<PlanUsage>(),
        schema::<PlanWire>(),
        schema::<NestedPart>(),
        schema::<PartWire>(),
        schema::<DetailWire>(),
    ]
}

/// A sentence about what was done.
#[derive(Serialize, ToSchema)]
#[schema(as = Detail)]
pub struct DetailWire {
    detail: String,
}

#[derive(Serialize, ToSchema)]
struct NestedPart {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    measured_unit: String,
    amount: i64,
    price: String,
    future_price: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Plan)]
pub struct PlanWire {
    url: String,
    uuid: String,
    name: String,
    description: String,
    article_code: String,
    max_amount: Option<i64>,
    archived: bool,
    is_active: bool,
    unit_price: String,
    unit: &'static str,
    init_price: f64,
    switch_price: f64,
    #[schema(value_type = Vec<Object>)]
    organization_groups: [(); 0],
    components: Vec<NestedPart>,
    backend_id: String,
    offering: String,
    offering_uuid: String,
    offering_name: String,
    prices: BTreeMap<String, f64>,
    future_prices: BTreeMap<String, f64>,
    quotas: BTreeMap<String, i64>,
    resources_count: u64,
    plan_type: &'static str,
    minimal_price: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PlanComponent)]
pub struct PartWire {
    url: String,
    uuid: String,
    id: i64,
    offering_uuid: String,
    offering_name: String,
    plan: String,
    plan_uuid: String,
    plan_name: String,
    plan_unit: &'static str,
    component: String,
    component_uuid: String,
    component_name: String,
    #[serde(rename = "type")]
    kind: String,
    measured_unit: String,
    billing_type: &'static str,
    amount: i64,
    price: String,
}

/// An amount as a number; the text makes it, so that it is what the text says.
fn number(amount: Usd) -> f64 {
    decimal(amount).parse().unwrap_or_default()
}

/// A plan on the wire.
pub fn wire(doors: &Doors, detail: PlanDetail) -> PlanWire {
    use model::Billing::{Fixed, Limit, One, Usage};
    let PlanDetail { plan, parts } = detail;
    let price = if plan.invoiced { plan.unit_price } else { plan.monthly_fee };
    let has = |wanted: &[model::Billing]| parts.iter().any(|part| wanted.contains(&part.billing));
    let minimal: i64 = parts
        .iter()
        .filter(|part| part.billing == Fixed)
        .map(|part| part.price.micros().saturating_mul(part.amount))
        .fold(price.micros(), i64::saturating_add);
    PlanWire {
        url: doors.link(links::PLANS, plan.id),
        uuid: hex(plan.id),
        name: plan.name,
        description: plan.description,
        article_code: plan.article_code,
        max_amount: plan.most,
        archived: plan.archived_at.is_some(),
        is_active: plan
            .most
            .is_none_or(|most| u64::try_from(most).is_ok_and(|most| plan.resources < most)),
        unit_price: decimal(price),
        unit: plan.unit.as_str(),
        init_price: number(plan.init_price),
        switch_price: number(plan.switch_price),
        organization_groups: [],
        backend_id: plan.backend_id,
        offering: doors.link(links::PROVIDER_OFFERINGS, plan.offering),
        offering_uuid: hex(plan.offering),
        offering_name: plan.offering_name,
        prices: parts.iter().map(|part| (part.kind.clone(), number(part.price))).collect(),
        future_prices: BTreeMap::new(),
        quotas: parts
            .iter()
            .filter(|part| part.billing == Fixed)
            .map(|part| (part.kind.clone(), part.amount))
            .collect(),
        resources_count: plan.resources,
        plan_type: match (has(&[Usage]), has(&[Limit]), has(&[Fixed, One]) || price > Usd::ZERO) {
            (true, false, false) => "usage-based",
            (false, true, false) => "limit-based",
            (false, false, _) => "fixed",
            _ => "mixed",
        },
        minimal_price: decimal(Usd::from_micros(minimal)),
        components: parts.into_iter().map(nested).collect(),
    }
}

fn nested(part: PlanComponentRow) -> NestedPart {
    NestedPart {
        kind: part.kind,
        name: part.component_name,
        measured_unit: part.measured_unit,
        amount: part.amount,
        price: decimal(part.price),
        future_price: None,
    }
}

pub fn part_wire(doors: &Doors, part: PlanComponentRow) -> PartWire {
    PartWire {
        url: doors.link("marketplace-plan-components", part.id),
        uuid: hex(part.id),
        id: part.number,
        offering_uuid: hex(part.offering),
        offering_name: part.offering_name,
        plan: doors.link(links::PLANS, part.plan),
        plan_uuid: hex(part.plan),
        plan_name: part.plan_name,
        plan_unit: part.plan_unit.as_str(),
        component: part.component.hex(),
        component_uuid: hex(part.component),
        component_name: part.component_name,
        kind: part.kind,
        measured_unit: part.measured_unit,
        billing_type: part.billing.as_str(),
        amount: part.amount,
        price: decimal(part.price),
    }
}

/// How many resources are on a plan, and may be.
#[derive(Serialize, ToSchema)]
pub struct PlanUsage {
    plan_uuid: String,
    plan_name: String,
    /// Null for any number.
    limit: Option<i64>,
    usage: u64,
    /// Null for any number.
    remaining: Option<i64>,
    offering_uuid: String,
    offering_name: String,
    customer_provider_uuid: String,
    customer_provider_name: String,
}

impl PlanUsage {
    pub fn of(detail: PlanDetail) -> Self {
        let plan = detail.plan;
        let used = i64::try_from(plan.resources).unwrap_or(i64::MAX);
        Self {
            plan_uuid: hex(plan.id),
            plan_name: plan.name,
            limit: plan.most,
            usage: plan.resources,
            remaining: plan.most.map(|most| (most - used).max(0)),
            offering_uuid: hex(plan.offering),
            offering_name: plan.offering_name,
            customer_provider_uuid: hex(plan.seller),
            customer_provider_name: plan.seller_name,
        }
    }
}

//! Offerings and components as they go over the wire.

use market::{Component, Offer, Side};
use model::OfferingState;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::kept::is_readable;
use crate::{
    Doors,
    waldur::{
        links::{self, hex},
        plans::{self, PlanWire},
        schema,
        screenshots::{self, ScreenshotWire},
    },
};

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<OfferingWire>(), schema::<ComponentWire>(), schema::<QuotaWire>()]
}

#[derive(Serialize, ToSchema)]
#[schema(as = Offering)]
pub struct OfferingWire {
    url: String,
    uuid: String,
    created: String,
    modified: String,
    name: String,
    slug: String,
    description: String,
    customer: String,
    customer_uuid: String,
    customer_name: String,
    category: String,
    category_uuid: String,
    category_title: String,
    state: &'static str,
    #[serde(rename = "type")]
    kind: String,
    shared: bool,
    billable: bool,
    paused_reason: String,
    backend_id: String,
    order_count: u64,
    components: Vec<ComponentWire>,
    plans: Vec<PlanWire>,
    screenshots: Vec<ScreenshotWire>,
    quotas: Vec<QuotaWire>,
    #[schema(value_type = Vec<Object>)]
    files: [(); 0],
    #[schema(value_type = Vec<Object>)]
    tags: [(); 0],
    thumbnail: Option<String>,
    image: Option<String>,
    /// What the provider has said beside: `attributes`, `options`, `terms_of_service` …
    #[serde(flatten)]
    #[schema(value_type = Object)]
    details: Map<String, Value>,
}

/// How many resources there are of the most that there may be; -1 stands for no bound.
#[derive(Serialize, ToSchema)]
#[schema(as = OfferingQuota)]
struct QuotaWire {
    name: &'static str,
    usage: u64,
    limit: i64,
}

/// What the plans together allow: without a bound when one of those that can be ordered has none.
fn quotas(plans: &[market::PlanDetail]) -> Vec<QuotaWire> {
    let open = plans.iter().filter(|plan| plan.plan.archived_at.is_none());
    let bounds: Option<Vec<i64>> = open.map(|plan| plan.plan.most).collect();
    let limit = bounds.filter(|bounds| !bounds.is_empty()).map(|bounds| {
        let gone = plans.iter().filter(|plan| plan.plan.archived_at.is_some());
        let kept: u64 = gone.map(|plan| plan.plan.resources).sum();
        bounds.into_iter().fold(i64::try_from(kept).unwrap_or(i64::MAX), i64::saturating_add)
    });
    vec![QuotaWire {
        name: "nc_resource_count",
        usage: plans.iter().map(|plan| plan.plan.resources).sum(),
        limit: limit.unwrap_or(-1),
    }]
}

#[derive(Serialize, ToSchema)]
#[schema(as = OfferingComponent)]
pub struct ComponentWire {
    uuid: String,
    offering_uuid: String,
    billing_type: &'static str,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    description: String,
    measured_unit: String,
    unit_factor: i64,
    limit_period: Option<&'static str>,
    limit_amount: Option<i64>,
    article_code: String,
    max_value: Option<i64>,
    min_value: Option<i64>,
    default_limit: Option<i64>,
    is_boolean: bool,
    is_builtin: bool,
    is_prepaid: bool,
}

/// As Waldur spells it; what is still looked at is a draft there.
pub const fn state(state: OfferingState) -> &'static str {
    match state {
        OfferingState::Draft
        | OfferingState::InReview
        | OfferingState::ChangesRequested
        | OfferingState::Rejected => "Draft",
        OfferingState::Active => "Active",
        OfferingState::Paused => "Paused",
        OfferingState::Archived => "Archived",
        OfferingState::Unavailable => "Unavailable",
    }
}

/// A component on the wire.
pub fn component(one: Component) -> ComponentWire {
    ComponentWire {
        uuid: hex(one.id),
        offering_uuid: hex(one.offering),
        billing_type: one.billing.as_str(),
        kind: one.kind,
        name: one.name,
        description: one.description,
        measured_unit: one.measured_unit,
        unit_factor: 1,
        limit_period: one.limit_period.map(model::LimitPeriod::as_str),
        limit_amount: one.limit_amount,
        article_code: one.article_code,
        max_value: one.most,
        min_value: one.least,
        default_limit: one.usual,
        is_boolean: one.is_boolean,
        is_builtin: false,
        is_prepaid: false,
    }
}

/// An offering on the wire, seen from one side: who orders sees neither archived plans nor how it is fulfilled.
pub fn wire(doors: &Doors, side: Side, offer: Offer) -> OfferingWire {
    let Offer { row, components, plans, screenshots } = offer;
    let public = side == Side::Public;
    let mut details = row.details;
    if public {
        for hidden in ["backend_metadata", "service_attributes"] {
            details.remove(hidden);
        }
    }
    // What was kept before it was checked is not told either: a client would fail on it.
    details.retain(|name, value| !value.is_null() && is_readable(name, value));
    if !details.contains_key("attributes") {
        details.insert("attributes".to_owned(), Value::Object(Map::new()));
    }
    let billable = details.remove("billable").and_then(|value| value.as_bool()).unwrap_or(true);
    let kind = if public { links::PUBLIC_OFFERINGS } else { links::PROVIDER_OFFERINGS };
    OfferingWire {
        url: doors.link(kind, row.id),
        uuid: hex(row.id),
        created: row.created_at.to_string(),
        modified: row.updated_at.to_string(),
        name: row.name,
        slug: row.slug,
        description: row.spec.description,
        customer: doors.link(links::CUSTOMERS, row.customer),
        customer_uuid: hex(row.customer),
        customer_name: row.customer_name,
        category: doors.link(links::CATEGORIES, row.category),
        category_uuid: hex(row.category),
        category_title: row.category_title,
        state: state(row.state),
        kind: row.kind,
        shared: row.shared,
        billable,
        paused_reason: row.paused_reason,
        backend_id: row.backend_id,
        order_count: row.orders,
        components: components.into_iter().map(component).collect(),
        quotas: quotas(&plans),
        plans: plans
            .into_iter()
            .filter(|plan| !public || plan.plan.archived_at.is_none())
            .map(|plan| plans::wire(doors, plan))
            .collect(),
        screenshots: screenshots.into_iter().map(|shot| screenshots::wire(doors, shot)).collect(),
        files: [],
        tags: [],
        thumbnail: None,
        image: None,
        details,
    }
}

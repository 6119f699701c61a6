//! An order as it goes over the wire.

use std::collections::BTreeMap;

use market::OrderRow;
use model::{OrderKind, Usd};
use serde::Serialize;
use serde_json::{Map, Value};
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
    vec![schema::<OrderWire>()]
}

#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderWire {
    url: String,
    uuid: String,
    slug: String,
    created: String,
    modified: String,
    state: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    cost: String,
    #[schema(value_type = Object)]
    attributes: Map<String, Value>,
    limits: BTreeMap<String, i64>,
    offering: String,
    offering_uuid: String,
    offering_name: String,
    offering_type: String,
    provider_uuid: String,
    provider_name: String,
    category_uuid: String,
    category_title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    plan_uuid: Option<String>,
    plan_name: Option<String>,
    plan_unit: Option<&'static str>,
    project: String,
    project_uuid: String,
    project_name: String,
    customer: String,
    customer_uuid: String,
    customer_name: String,
    customer_slug: String,
    resource_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marketplace_resource_uuid: Option<String>,
    resource_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by_full_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by_username: Option<String>,
    consumer_reviewed_by: Option<String>,
    consumer_reviewed_by_full_name: Option<String>,
    consumer_reviewed_by_username: Option<String>,
    consumer_reviewed_at: Option<String>,
    provider_reviewed_by: Option<String>,
    provider_reviewed_by_full_name: Option<String>,
    provider_reviewed_by_username: Option<String>,
    provider_reviewed_at: Option<String>,
    was_auto_approved: bool,
    request_comment: String,
    consumer_rejection_comment: String,
    provider_rejection_comment: String,
    output: String,
    error_message: String,
    error_traceback: String,
    completed_at: Option<String>,
    callback_url: Option<String>,
    start_date: Option<String>,
    can_terminate: bool,
    old_plan_uuid: Option<String>,
    old_plan_name: Option<String>,
    new_plan_uuid: Option<String>,
    new_plan_name: Option<String>,
    old_cost_estimate: f64,
    new_cost_estimate: Option<String>,
    fixed_price: f64,
    activation_price: f64,
}

fn number(amount: Usd) -> f64 {
    decimal(amount).parse().unwrap_or_default()
}

/// An order on the wire.
pub fn wire(doors: &Doors, row: OrderRow) -> OrderWire {
    let order = row.order;
    let people = |id: Option<model::UserId>| id.map(|id| doors.link(links::USERS, id));
    let split = |person: Option<(String, String)>| person.unzip();
    let (created_name, created_email) = split(row.created_by);
    let (consumer_name, consumer_email) = split(row.consumer_reviewed_by);
    let (provider_name, provider_email) = split(row.provider_reviewed_by);
    let named = order.attributes.get("name").and_then(Value::as_str).unwrap_or_default();
    let changes = order.kind == OrderKind::Update;
    let time = |at: Option<model::Timestamp>| at.map(|at| at.to_string());
    OrderWire {
        url: doors.link(links::ORDERS, order.id),
        uuid: hex(order.id),
        slug: order.slug,
        created: order.created_at.to_string(),
        modified: order.updated_at.to_string(),
        state: order.state.as_str(),
        kind: order.kind.as_str(),
        cost: decimal(order.cost),
        resource_name: row.resource_name.unwrap_or_else(|| named.to_owned()),
        attributes: order.attributes,
        limits: order.limits,
        offering: doors.link(links::PUBLIC_OFFERINGS, order.offering),
        offering_uuid: hex(order.offering),
        offering_name: row.offering_name,
        offering_type: row.offering_kind,
        provider_uuid: hex(order.seller),
        provider_name: row.seller_name,
        category_uuid: hex(row.category),
        category_title: row.category_title,
        plan: order.plan.map(|id| doors.link(links::PLANS, id)),
        plan_uuid: order.plan.map(hex),
        plan_unit: row.plan_unit.map(model::PlanUnit::as_str),
        project: doors.link(links::PROJECTS, order.project),
        project_uuid: hex(order.project),
        project_name: row.project_name,
        customer: doors.link(links::CUSTOMERS, order.customer),
        customer_uuid: hex(order.customer),
        customer_name: row.customer_name,
        customer_slug: row.customer_slug,
        resource_uuid: order.resource.map(hex),
        marketplace_resource_uuid: order.resource.map(hex),
        created_by: people(order.created_by),
        created_by_full_name: created_name,
        created_by_username: created_email,
        consumer_reviewed_by: people(order.consumer_reviewed_by),
        consumer_reviewed_by_full_name: consumer_name,
        consumer_reviewed_by_username: consumer_email,
        consumer_reviewed_at: time(order.consumer_reviewed_at),
        provider_reviewed_by: people(order.provider_reviewed_by),
        provider_reviewed_by_full_name: provider_name,
        provider_reviewed_by_username: provider_email,
        provider_reviewed_at: time(order.provider_reviewed_at),
        was_auto_approved: order.auto_approved,
        request_comment: order.request_comment,
        consumer_rejection_comment: order.consumer_comment,
        provider_rejection_comment: order.provider_comment,
        output: order.output,
        error_message: order.error_message,
        error_traceback: order.error_traceback,
        completed_at: time(order.completed_at),
        callback_url: (!order.callback_url.is_empty()).then_some(order.callback_url),
        start_date: order.start_day.map(|day| day.to_string()),
        can_terminate: order.state.is_pending(),
        old_plan_uuid: order.old_plan.filter(|_| changes).map(hex),
        old_plan_name: row.old_plan_name.filter(|_| changes),
        new_plan_uuid: order.plan.filter(|_| changes).map(hex),
        new_plan_name: row.plan_name.clone().filter(|_| changes),
        plan_name: row.plan_name,
        old_cost_estimate: number(order.old_cost),
        new_cost_estimate: changes.then(|| decimal(order.cost)),
        fixed_price: number(order.cost),
        activation_price: number(order.activation_price),
    }
}

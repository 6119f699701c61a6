//! `/api/marketplace-orders/`: what is asked for, and how far it is.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use market::{Error, ORDERS, OrderChange, OrderDraft, OrderRow, Orders, Remark, Step};
use model::{OrderId, OrderKind, Usd};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    answer::{Listing, gone, single, told},
    links::{self, OFFERINGS, hex},
    read::decimal,
    schema,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    idempotency::{Once, Reply},
    openapi::{Door, Takes, may, must},
    queries::Query,
};

/// What can be done to an order by its path: the step, the code it is answered with, and what is said.
const ACTS: [(&str, &str, Step, u16, &str); 9] = [
    (
        "/api/marketplace-orders/{uuid}/approve_by_consumer/",
        "Consent for the organization",
        Step::ApproveAsConsumer,
        200,
        "Order has been approved.",
    ),
    (
        "/api/marketplace-orders/{uuid}/approve_by_provider/",
        "Consent for the provider",
        Step::ApproveAsProvider,
        200,
        "Order has been approved.",
    ),
    (
        "/api/marketplace-orders/{uuid}/reject_by_consumer/",
        "Refuse for the organization",
        Step::RejectAsConsumer,
        200,
        "Order has been rejected.",
    ),
    (
        "/api/marketplace-orders/{uuid}/reject_by_provider/",
        "Refuse for the provider",
        Step::RejectAsProvider,
        200,
        "Order has been rejected.",
    ),
    (
        "/api/marketplace-orders/{uuid}/cancel/",
        "Take an order back",
        Step::Cancel,
        202,
        "Order has been canceled.",
    ),
    (
        "/api/marketplace-orders/{uuid}/set_state_executing/",
        "The provider works on it",
        Step::SetExecuting,
        200,
        "Order is being executed.",
    ),
    (
        "/api/marketplace-orders/{uuid}/set_state_done/",
        "The provider has done it",
        Step::SetDone,
        200,
        "Order has been completed.",
    ),
    (
        "/api/marketplace-orders/{uuid}/set_state_erred/",
        "It has failed",
        Step::SetErred,
        200,
        "Order has been set as erred.",
    ),
    (
        "/api/marketplace-orders/{uuid}/retry/",
        "Try what has failed again",
        Step::Retry,
        200,
        "Order is being executed again.",
    ),
];

pub fn routes() -> Router<Shared> {
    let mut routes = [
        door("/api/marketplace-orders", get(list).post(create)),
        door("/api/marketplace-orders/{uuid}", get(find).patch(update).put(update).delete(remove)),
        door("/api/marketplace-orders/{uuid}/approve", post(approve)),
        door("/api/marketplace-orders/{uuid}/reject", post(reject)),
        door("/api/marketplace-orders/{uuid}/unlink", post(unlink)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge);
    for (path, _, step, status, sentence) in ACTS {
        let act = move |State(doors): State<Shared>,
                        caller: SignedIn,
                        Named(id): Named,
                        mut fields: Fields| async move {
            let remark = remark(&mut fields)?;
            doors.market.orders().act(&caller.actor, named(&id)?, step, remark).await?;
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            Answer::Ok(told(status, sentence))
        };
        routes = routes.merge(door(path, post(act)));
    }
    routes
}

pub fn doors() -> Vec<Door> {
    let path = "/api/marketplace-orders/";
    let one = "/api/marketplace-orders/{uuid}/";
    let change = |method| {
        Door::new(method, one, "Change what was ordered while nobody works on it")
            .fields(&[
                may("limits", Takes::Object),
                may("attributes", Takes::Object),
                may("start_date", Takes::Day),
            ])
            .answers(200, "Order")
            .refuses(&[403, 404, 409])
    };
    let said = [
        may("comment", Takes::Text),
        may("consumer_rejection_comment", Takes::Text),
        may("provider_rejection_comment", Takes::Text),
        may("error_message", Takes::Text),
        may("error_traceback", Takes::Text),
        may("attributes", Takes::Object),
    ];
    let mut all = vec![
        Door::list(path, "Orders", "Order", ORDERS.filters),
        Door::new("post", path, "Order something")
            .fields(&[
                must("offering", Takes::Link),
                must("project", Takes::Link),
                may("plan", Takes::Link),
                may("attributes", Takes::Object),
                may("limits", Takes::Object),
                may("accepting_terms_of_service", Takes::Flag),
                may("callback_url", Takes::Text),
                may("request_comment", Takes::Text),
                may("start_date", Takes::Day),
                may("slug", Takes::Text),
            ])
            .answers(201, "Order")
            .refuses(&[403])
            .once(),
        Door::new("get", one, "An order").answers(200, "Order").refuses(&[404]),
        change("patch"),
        change("put"),
        Door::new("delete", one, "Delete an order that nobody works on")
            .empty()
            .refuses(&[403, 404, 409]),
        Door::new(
            "post",
            "/api/marketplace-orders/{uuid}/approve/",
            "Consent as far as the caller may: for the organization, the provider, or both",
        )
        .fields(&said)
        .answers(200, "Order")
        .refuses(&[403, 404, 409]),
        Door::new(
            "post",
            "/api/marketplace-orders/{uuid}/reject/",
            "Refuse for the side that is asked",
        )
        .fields(&said)
        .answers(200, "Order")
        .refuses(&[403, 404, 409]),
        Door::new(
            "post",
            "/api/marketplace-orders/{uuid}/unlink/",
            "Forget an order and end what it has made (operators)",
        )
        .empty()
        .refuses(&[403, 404, 409]),
    ];
    all.extend(ACTS.map(|(path, summary, _, status, _)| {
        Door::new("post", path, summary)
            .fields(&said)
            .answers(status, "Detail")
            .refuses(&[403, 404, 409])
    }));
    all
}

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

fn named(text: &str) -> Result<OrderId, Error> {
    text.parse().map_err(|_| Error::Missing("order"))
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let mut asked = listing.asked(&ORDERS)?;
    for (name, as_provider) in
        [("can_approve_as_consumer", false), ("can_approve_as_provider", true)]
    {
        if listing.query.text(name).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            asked = asked.and(Orders::awaiting(&caller.actor, as_provider));
        }
    }
    let (found, total) = doors.market.orders().list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<OrderWire> = found.into_iter().map(|one| wire(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let found = doors.market.orders().find(&caller.actor, named(&id)?).await?;
    Ok(single(&query, &wire(&doors, found)))
}

/// Limits: whole numbers by the kind of their component.
pub fn limits(fields: &mut Fields) -> Option<BTreeMap<String, i64>> {
    let map = fields.may_object("limits")?;
    let mut found = BTreeMap::new();
    for (name, value) in map {
        let whole = |n: f64| format!("{n:.0}").parse::<i64>().ok().filter(|_| n.fract() == 0.0);
        let amount = match &value {
            Value::Number(n) => n.as_i64().or_else(|| n.as_f64().and_then(whole)),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        match amount {
            Some(amount) if name.len() <= 50 => drop(found.insert(name, amount)),
            _ => return fields.fault("limits", "A valid integer is required."),
        }
    }
    Some(found)
}

async fn create(
    State(doors): State<Shared>,
    caller: SignedIn,
    once: Once,
    mut fields: Fields,
) -> Answer {
    let offering = fields.must_link("offering", OFFERINGS);
    let project = fields.must_link("project", &[links::PROJECTS]);
    let plan = fields.may_link("plan", &["plans", links::PLANS]);
    let attributes = fields.may_object("attributes").unwrap_or_default();
    let limits = limits(&mut fields).unwrap_or_default();
    let callback_url = fields.may_text("callback_url", 2_000).unwrap_or_default();
    let request_comment = fields.may_text("request_comment", 2_000).unwrap_or_default();
    let start_day = fields.may_day("start_date");
    let slug = fields.may_text("slug", 60).filter(|slug| !slug.is_empty());
    fields.check()?;
    let draft = OrderDraft {
        offering: offering.ok_or(Error::Missing("offering"))?,
        project: project.ok_or(Error::Missing("project"))?,
        plan,
        attributes,
        limits,
        callback_url,
        request_comment,
        start_day,
        slug,
        reference: once.reference(&caller),
    };
    let (shared, actor) = (doors.clone(), caller.actor.clone());
    let raw = fields.raw().clone();
    once.run(&doors, &caller, &raw, async move {
        let made = shared.market.orders().create(&actor, draft).await?;
        let body = serde_json::to_value(wire(&shared, made)).unwrap_or_default();
        Ok(Reply { status: StatusCode::CREATED, body })
    })
    .await
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let change = OrderChange {
        limits: limits(&mut fields),
        attributes: fields.may_object("attributes"),
        start_day: if fields.has("start_date") { Some(fields.may_day("start_date")) } else { None },
    };
    fields.check()?;
    let order = doors.market.orders().update(&caller.actor, named(&id)?, change).await?;
    Ok(Json(wire(&doors, order)).into_response())
}

async fn remove(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    doors.market.orders().remove(&caller.actor, named(&id)?).await?;
    Ok(gone())
}

async fn unlink(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    doors.market.orders().unlink(&caller.actor, named(&id)?).await?;
    Ok(gone())
}

fn remark(fields: &mut Fields) -> Result<Remark, crate::errors::ApiError> {
    let names = ["consumer_rejection_comment", "provider_rejection_comment", "comment"];
    let comment = names.into_iter().find_map(|name| fields.may_text(name, 2_000));
    let remark = Remark {
        comment: comment.unwrap_or_default(),
        error_message: fields.may_text("error_message", 4_000).unwrap_or_default(),
        error_traceback: fields.may_text("error_traceback", 20_000).unwrap_or_default(),
        attributes: fields.may_object("attributes").unwrap_or_default(),
    };
    fields.check()?;
    Ok(remark)
}

async fn approve(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let remark = remark(&mut fields)?;
    let order = doors.market.orders().approve(&caller.actor, named(&id)?, remark).await?;
    Ok(Json(wire(&doors, order)).into_response())
}

async fn reject(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let remark = remark(&mut fields)?;
    let order = doors.market.orders().reject(&caller.actor, named(&id)?, remark).await?;
    Ok(Json(wire(&doors, order)).into_response())
}

//! `/api/marketplace-orders/`: what is asked for, and how far it is.

mod wire;

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use market::{Error, ORDERS, OrderChange, OrderDraft, Orders, Remark, Step};
use model::OrderId;
use serde_json::Value;

pub use self::wire::{OrderWire, schemas, wire};
use super::{
    answer::{Listing, gone, single, told},
    links::{self, OFFERINGS},
};
use crate::{
    Answer, Shared,
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

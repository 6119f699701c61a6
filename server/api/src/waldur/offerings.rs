//! Offerings under the three names that clients know: `/api/marketplace-public-offerings/` for who orders,
//! `/api/marketplace-provider-offerings/` for who sells, and the old `/api/marketplace-offerings/` for both.

mod acts;
mod figures;
mod kept;
mod wire;

use axum::{
    Json, Router,
    extract::{Path, State},
    response::IntoResponse,
    routing::get,
};
use market::{
    Asked, Clause, ComponentDraft, Error, OFFERINGS, ORDERS, OfferChange, OfferDraft, Side,
};
use model::{OfferingId, OrderId, PlanId};
use serde_json::Value;

use self::kept::{KEPT, kept};
pub use self::wire::{OfferingWire, wire};
use super::{
    answer::{Listing, gone, made, single},
    links, orders, plans,
};
use crate::{
    Answer, Shared,
    actors::{MaybeActor, SignedIn},
    bodies::{Fields, Named},
    door,
    openapi::{Door, Field, Open, Takes, may, must},
    queries::Query,
};

const PUBLIC: &str = "/api/marketplace-public-offerings/";
const PUBLIC_ONE: &str = "/api/marketplace-public-offerings/{uuid}/";
const PUBLIC_PLANS: &str = "/api/marketplace-public-offerings/{uuid}/plans/";
const PUBLIC_PLAN: &str = "/api/marketplace-public-offerings/{uuid}/plans/{plan}/";

/// The two names with everything on them, and what of theirs can be seen.
const MANAGED: [(&str, &str, Side); 2] = [
    (
        "/api/marketplace-provider-offerings/",
        "/api/marketplace-provider-offerings/{uuid}/",
        Side::Provider,
    ),
    ("/api/marketplace-offerings/", "/api/marketplace-offerings/{uuid}/", Side::Either),
];

const SAID: &[Field] = &[
    may("description", Takes::Text),
    may("slug", Takes::Text),
    may("shared", Takes::Flag),
    may("backend_id", Takes::Text),
];

pub fn routes() -> Router<Shared> {
    let mut all = vec![
        door(PUBLIC, get(public_list)),
        door(PUBLIC_ONE, get(public_find)),
        door(PUBLIC_PLANS, get(public_plans)),
        door(PUBLIC_PLAN, get(public_plan)),
        door("/api/marketplace-provider-offerings/{uuid}/orders/{order}", get(order)),
    ];
    for (list, one, side) in MANAGED {
        let listed = move |State(doors): State<Shared>, caller: SignedIn, listing: Listing| async move {
            let asked = listing.asked(&OFFERINGS)?;
            let offers = doors.market.offers();
            let (found, total) =
                offers.list(Some(&caller.actor), side, asked, listing.range()).await?;
            let items: Vec<OfferingWire> =
                found.into_iter().map(|offer| wire(&doors, side, offer)).collect();
            listing.answer(&doors, &items, total)
        };
        let found = move |State(doors): State<Shared>,
                          caller: SignedIn,
                          Named(id): Named,
                          query: Query| async move {
            let offer = doors.market.offers().find(Some(&caller.actor), side, named(&id)?).await?;
            Answer::Ok(single(&query, &wire(&doors, side, offer)))
        };
        all.push(door(list, get(listed).post(create)));
        all.push(door(one, get(found).patch(update).put(update).delete(remove)));
    }
    all.push(acts::routes());
    all.push(figures::routes());
    all.into_iter().fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    let kept: Vec<Field> = KEPT.iter().map(|(name, takes)| may(name, *takes)).collect();
    let making = [
        &[must("name", Takes::Text), must("category", Takes::Link), must("type", Takes::Text)][..],
        &[
            may("customer", Takes::Link),
            may("state", Takes::Text),
            may("components", Takes::List),
            may("plans", Takes::List),
        ],
        SAID,
        &kept,
    ]
    .concat();
    let changing =
        [&[may("name", Takes::Text), may("category", Takes::Link)], SAID, &kept].concat();
    let mut all = vec![
        Door::list(PUBLIC, "What can be ordered", "Offering", OFFERINGS.filters)
            .open(Open::Checked),
        Door::new("get", PUBLIC_ONE, "Something that can be ordered")
            .open(Open::Checked)
            .answers(200, "Offering")
            .refuses(&[404]),
        Door::list(PUBLIC_PLANS, "The plans that can be ordered", "Plan", &[]).open(Open::Checked),
        Door::new("get", PUBLIC_PLAN, "A plan that can be ordered")
            .open(Open::Checked)
            .answers(200, "Plan")
            .refuses(&[404]),
        Door::new(
            "get",
            "/api/marketplace-provider-offerings/{uuid}/orders/{order}/",
            "An order of an offering",
        )
        .answers(200, "Order")
        .refuses(&[404]),
    ];
    for (list, one, _) in MANAGED {
        let change = |method| {
            Door::new(method, one, "Change what is said of an offering")
                .fields(&changing)
                .answers(200, "Offering")
                .refuses(&[403, 404])
        };
        all.extend([
            Door::list(list, "Offerings", "Offering", OFFERINGS.filters),
            Door::new("post", list, "Make an offering")
                .fields(&making)
                .answers(201, "Offering")
                .refuses(&[403, 409]),
            Door::new("get", one, "An offering").answers(200, "Offering").refuses(&[404]),
            change("patch"),
            change("put").needs(&[must("name", Takes::Text), must("category", Takes::Link)]),
            Door::new("delete", one, "Delete an offering that nobody ever ordered")
                .empty()
                .refuses(&[403, 404, 409]),
        ]);
    }
    all.extend(acts::doors());
    all.extend(figures::doors());
    all
}

pub fn schemas() -> Vec<(String, Value)> {
    [wire::schemas(), acts::schemas(), figures::schemas()].concat()
}

fn named(text: &str) -> Result<OfferingId, Error> {
    text.parse().map_err(|_| Error::Missing("offering"))
}

async fn public_list(State(doors): State<Shared>, caller: MaybeActor, listing: Listing) -> Answer {
    let actor = caller.0.as_ref().map(|caller| &*caller.actor);
    let mut asked = listing.asked(&OFFERINGS)?;
    // Who manages what is nobody's business but their own.
    let me = actor.and_then(market::Actor::user);
    let managers = listing.query.pairs().filter(|(name, _)| *name == "service_manager_uuid");
    if managers.into_iter().any(|(_, id)| !id.is_empty() && id.parse().ok() != me) {
        asked = asked.and(Clause::plain("1 = 0"));
    }
    let offers = doors.market.offers();
    let (found, total) = offers.list(actor, Side::Public, asked, listing.range()).await?;
    let items: Vec<OfferingWire> =
        found.into_iter().map(|offer| wire(&doors, Side::Public, offer)).collect();
    listing.answer(&doors, &items, total)
}

async fn public_find(
    State(doors): State<Shared>,
    caller: MaybeActor,
    Named(id): Named,
    query: Query,
) -> Answer {
    let actor = caller.0.as_ref().map(|caller| &*caller.actor);
    let offer = doors.market.offers().find(actor, Side::Public, named(&id)?).await?;
    Ok(single(&query, &wire(&doors, Side::Public, offer)))
}

async fn public_plans(
    State(doors): State<Shared>,
    caller: MaybeActor,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let actor = caller.0.as_ref().map(|caller| &*caller.actor);
    let found = doors.market.offers().plans(actor, named(&id)?, None).await?;
    let items: Vec<plans::PlanWire> =
        found.into_iter().map(|plan| plans::wire(&doors, plan)).collect();
    listing.answer_all(&doors, &items)
}

async fn public_plan(
    State(doors): State<Shared>,
    caller: MaybeActor,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
    query: Query,
) -> Answer {
    let Path((id, plan)) = path.map_err(|_| Error::Missing("plan"))?;
    let actor = caller.0.as_ref().map(|caller| &*caller.actor);
    let plan: PlanId = plan.parse().map_err(|_| Error::Missing("plan"))?;
    let found = doors.market.offers().plans(actor, named(&id)?, Some(plan)).await?;
    let found = found.into_iter().next().ok_or(Error::Missing("plan"))?;
    Ok(single(&query, &plans::wire(&doors, found)))
}

async fn order(
    State(doors): State<Shared>,
    caller: SignedIn,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
    query: Query,
) -> Answer {
    let Path((id, order)) = path.map_err(|_| Error::Missing("order"))?;
    let order: OrderId = order.parse().map_err(|_| Error::Missing("order"))?;
    let found = doors.market.orders().find(&caller.actor, order).await?;
    if found.order.offering != named(&id)? {
        return Err(Error::Missing("order").into());
    }
    Ok(single(&query, &orders::wire(&doors, found)))
}

/// Orders of an offering.
fn of_offering(listing: &Listing, id: OfferingId) -> Result<Asked, crate::errors::ApiError> {
    Ok(listing.asked(&ORDERS)?.and(Clause::of("d.offering_id IN (?)", [id.to_string()])))
}

/// What a body says of a component.
pub(super) fn component(fields: &mut Fields) -> ComponentDraft {
    let most = 1_000_000_000_000;
    ComponentDraft {
        kind: fields.must_text("type", 50).unwrap_or_default(),
        name: fields.must_text("name", 150).unwrap_or_default(),
        description: fields.may_text("description", 500).unwrap_or_default(),
        measured_unit: fields.may_text("measured_unit", 30).unwrap_or_default(),
        article_code: fields.may_text("article_code", 30).unwrap_or_default(),
        billing: fields.may_word("billing_type"),
        limit_period: fields.may_word("limit_period"),
        limit_amount: fields.may_int("limit_amount", 0, most),
        least: fields.may_int("min_value", 0, most),
        most: fields.may_int("max_value", 0, most),
        usual: fields.may_int("default_limit", 0, most),
        is_boolean: fields.may_bool("is_boolean").unwrap_or(false),
    }
}

/// The objects of a list, each read by itself; its faults are told of its place.
fn each<T>(fields: &mut Fields, name: &str, read: impl Fn(&mut Fields) -> T) -> Vec<T> {
    let mut found = Vec::new();
    for (place, item) in fields.may_list(name).unwrap_or_default().into_iter().enumerate() {
        let Value::Object(members) = item else {
            let at = format!("{name}/{place}/non_field_errors");
            fields.fault::<()>(&at, "Expected a dictionary of items.");
            continue;
        };
        let mut inner = Fields::of(members);
        found.push(read(&mut inner));
        for fault in inner.take_faults() {
            fields.fault::<()>(&format!("{name}/{place}/{}", fault.field), &fault.message);
        }
    }
    found
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let name = fields.must_text("name", 150).unwrap_or_default();
    let category = fields.must_link("category", &[links::CATEGORIES]);
    let kind = fields.must_text("type", 100).unwrap_or_default();
    let customer = fields.may_link("customer", &[links::CUSTOMERS]);
    let active = match fields.may_text("state", 20).as_deref() {
        None | Some("" | "Draft" | "draft") => false,
        Some("Active" | "active") => true,
        Some(other) => {
            let shown: String = other.chars().take(20).collect();
            fields.fault("state", &format!("\"{shown}\" is not a valid choice.")).unwrap_or(false)
        }
    };
    let draft = OfferDraft {
        name,
        category,
        customer,
        kind,
        active,
        slug: fields.may_text("slug", 60).filter(|slug| !slug.is_empty()),
        description: fields.may_text("description", 20_000).unwrap_or_default(),
        shared: fields.may_bool("shared"),
        backend_id: fields.may_text("backend_id", 255).unwrap_or_default(),
        details: kept(&mut fields),
        components: each(&mut fields, "components", component),
        plans: each(&mut fields, "plans", plans::read),
    };
    fields.check()?;
    let offer = doors.market.offers().create(&caller.actor, draft).await?;
    Ok(made(&wire(&doors, Side::Provider, offer)))
}

/// What a body changes of an offering.
fn change(fields: &mut Fields) -> OfferChange {
    OfferChange {
        name: fields.may_text("name", 150),
        slug: fields.may_text("slug", 60),
        category: fields.may_link("category", &[links::CATEGORIES]),
        description: fields.may_text("description", 20_000),
        shared: fields.may_bool("shared"),
        backend_id: fields.may_text("backend_id", 255),
        details: kept(fields),
    }
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let change = change(&mut fields);
    fields.check()?;
    let offer = doors.market.offers().update(&caller.actor, named(&id)?, change).await?;
    Ok(Json(wire(&doors, Side::Provider, offer)).into_response())
}

async fn remove(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    doors.market.offers().remove(&caller.actor, named(&id)?).await?;
    Ok(gone())
}

//! `/api/marketplace-plans/` and `/api/marketplace-plan-components/`: what is had for how much.

mod wires;

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use market::{Error, PLAN_COMPONENTS, PLANS, PlanDraft, PriceDraft, Tier};
use model::{PlanId, PlanUnit};
use serde_json::{Map, Value};

use self::wires::{PartWire, PlanUsage, part_wire};
pub use self::wires::{PlanWire, schemas, wire};
use super::{
    answer::{Listing, made, single, told},
    links::OFFERINGS,
    read::{price, whole},
};
use crate::{
    Answer, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    openapi::{Door, Field, Takes, may, must},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [
        door("/api/marketplace-plans", get(list).post(create)),
        door("/api/marketplace-plans/usage_stats", get(usage_stats)),
        door("/api/marketplace-plans/{uuid}", get(find).patch(update).put(update)),
        door("/api/marketplace-plans/{uuid}/archive", post(archive)),
        door("/api/marketplace-plans/{uuid}/update_prices", post(update_prices)),
        door("/api/marketplace-plans/{uuid}/update_quotas", post(update_quotas)),
        door("/api/marketplace-plan-components", get(parts)),
        door("/api/marketplace-plan-components/{id}", get(part)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

const SAID: &[Field] = &[
    may("description", Takes::Text),
    may("article_code", Takes::Text),
    may("max_amount", Takes::Int),
    may("unit_price", Takes::Price),
    may("init_price", Takes::Price),
    may("switch_price", Takes::Price),
    may("unit", Takes::Text),
    may("backend_id", Takes::Text),
];

pub fn doors() -> Vec<Door> {
    let path = "/api/marketplace-plans/";
    let one = "/api/marketplace-plans/{uuid}/";
    let change = |method| {
        Door::new(method, one, "Change a plan; a new price holds from now on")
            .fields(&[&[may("name", Takes::Text)], SAID].concat())
            .answers(200, "Plan")
            .refuses(&[403, 404])
    };
    let act = |path, summary| Door::new("post", path, summary).refuses(&[400, 403, 404]);
    vec![
        Door::list(path, "Plans", "Plan", PLANS.filters),
        Door::list(
            "/api/marketplace-plans/usage_stats/",
            "How many resources are on plans, and may be",
            "PlanUsage",
            PLANS.filters,
        ),
        Door::new("post", path, "Add a plan to an offering")
            .fields(
                &[
                    &[must("name", Takes::Text), must("offering", Takes::Link)][..],
                    &[may("archived", Takes::Flag)],
                    SAID,
                ]
                .concat(),
            )
            .answers(201, "Plan")
            .refuses(&[403, 409]),
        Door::new("get", one, "A plan").answers(200, "Plan").refuses(&[404]),
        change("patch"),
        change("put").needs(&[must("name", Takes::Text)]),
        act("/api/marketplace-plans/{uuid}/archive/", "Take a plan off the shelf")
            .answers(200, "Detail")
            .refuses(&[403, 404, 409]),
        act(
            "/api/marketplace-plans/{uuid}/update_prices/",
            "Set what components cost from now on: a number, or an object with `price` and `tiers`",
        )
        .fields(&[must("prices", Takes::Object)])
        .answers(200, "Detail"),
        act(
            "/api/marketplace-plans/{uuid}/update_quotas/",
            "Set how much of fixed components a plan has",
        )
        .fields(&[must("quotas", Takes::Object)])
        .answers(200, "Detail"),
        Door::list(
            "/api/marketplace-plan-components/",
            "Components in plans",
            "PlanComponent",
            PLAN_COMPONENTS.filters,
        ),
        Door::new(
            "get",
            "/api/marketplace-plan-components/{id}/",
            "A component in a plan, by its number or its UUID",
        )
        .answers(200, "PlanComponent")
        .refuses(&[404]),
    ]
}

fn named(text: &str) -> Result<PlanId, Error> {
    text.parse().map_err(|_| Error::Missing("plan"))
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&PLANS)?;
    let (found, total) = doors.market.plans().list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<PlanWire> = found.into_iter().map(|one| wire(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn usage_stats(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&PLANS)?;
    let (found, total) = doors.market.plans().list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<PlanUsage> = found.into_iter().map(PlanUsage::of).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let found = doors.market.plans().find(&caller.actor, named(&id)?).await?;
    Ok(single(&query, &wire(&doors, found)))
}

/// What a body says of a plan.
pub fn read(fields: &mut Fields) -> PlanDraft {
    let most = match fields.value("max_amount") {
        Some(Value::Null) => Some(None),
        _ => fields.may_int("max_amount", 0, 1_000_000_000).map(Some),
    };
    PlanDraft {
        name: fields.may_text("name", 150),
        description: fields.may_text("description", 4_000),
        article_code: fields.may_text("article_code", 30),
        backend_id: fields.may_text("backend_id", 255),
        unit: fields.may_word::<PlanUnit>("unit"),
        unit_price: fields.may_price("unit_price"),
        init_price: fields.may_price("init_price"),
        switch_price: fields.may_price("switch_price"),
        most,
        prices: fields.may_object("prices").map(|map| prices(fields, &map)).unwrap_or_default(),
        amounts: fields.may_object("quotas").map(|map| amounts(fields, &map)).unwrap_or_default(),
    }
}

/// Prices by component: an amount, or an object of an amount and the tiers above it.
fn prices(fields: &mut Fields, map: &Map<String, Value>) -> BTreeMap<String, PriceDraft> {
    let mut found = BTreeMap::new();
    for (name, value) in map.iter().take(200) {
        let draft = match value {
            Value::Object(members) => tiered(members),
            other => price(other)
                .map(|amount| PriceDraft { price: amount.unwrap_or_default(), tiers: Vec::new() }),
        };
        match draft {
            Ok(draft) => drop(found.insert(name.clone(), draft)),
            Err(why) => {
                let shown: String = name.chars().take(50).collect();
                fields.fault::<()>("prices", &format!("{shown}: {why}"));
            }
        }
    }
    found
}

fn tiered(members: &Map<String, Value>) -> Result<PriceDraft, &'static str> {
    let amount = price(members.get("price").unwrap_or(&Value::Null))?.unwrap_or_default();
    let mut tiers: Vec<Tier> = Vec::new();
    for tier in members.get("tiers").and_then(Value::as_array).into_iter().flatten().take(50) {
        let of = |name: &str| price(tier.get(name).unwrap_or(&Value::Null));
        let next = Tier {
            from: of("from")?.unwrap_or_default().micros(),
            price: of("price")?.unwrap_or_default().micros(),
        };
        if tiers.last().is_some_and(|last| last.from >= next.from) {
            return Err("Each tier must begin above the one before.");
        }
        tiers.push(next);
    }
    Ok(PriceDraft { price: amount, tiers })
}

fn amounts(fields: &mut Fields, map: &Map<String, Value>) -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    for (name, value) in map.iter().take(200) {
        match whole(value).filter(|n| (0..=1_000_000_000).contains(n)) {
            Some(amount) => drop(found.insert(name.clone(), amount)),
            None => {
                fields.fault::<()>("quotas", "A valid integer is required.");
            }
        }
    }
    found
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let name = fields.must_text("name", 150);
    let offering = fields.must_link("offering", OFFERINGS);
    let draft = PlanDraft { name, ..read(&mut fields) };
    let archived = fields.may_bool("archived").unwrap_or(false);
    fields.check()?;
    let offering = offering.ok_or(Error::Missing("offering"))?;
    let plans = doors.market.plans();
    let mut plan = plans.create(&caller.actor, offering, draft).await?;
    if archived {
        plan = plans.archive(&caller.actor, plan.plan.id).await?;
    }
    Ok(made(&wire(&doors, plan)))
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let draft = read(&mut fields);
    fields.check()?;
    let plan = doors.market.plans().update(&caller.actor, named(&id)?, draft).await?;
    Ok(Json(wire(&doors, plan)).into_response())
}

async fn archive(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    doors.market.plans().archive(&caller.actor, named(&id)?).await?;
    Ok(told(StatusCode::OK, "Plan has been archived."))
}

async fn update_prices(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    if !fields.has("prices") {
        fields.fault::<()>("prices", "This field is required.");
    }
    let map = fields.may_object("prices").unwrap_or_default();
    let prices = prices(&mut fields, &map);
    fields.check()?;
    doors.market.plans().set_prices(&caller.actor, named(&id)?, prices).await?;
    Ok(told(StatusCode::OK, "Prices have been updated."))
}

async fn update_quotas(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    if !fields.has("quotas") {
        fields.fault::<()>("quotas", "This field is required.");
    }
    let map = fields.may_object("quotas").unwrap_or_default();
    let amounts = amounts(&mut fields, &map);
    fields.check()?;
    doors.market.plans().set_amounts(&caller.actor, named(&id)?, amounts).await?;
    Ok(told(StatusCode::OK, "Quotas have been updated."))
}

async fn parts(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&PLAN_COMPONENTS)?;
    let (found, total) = doors.market.plans().parts(&caller.actor, asked, listing.range()).await?;
    let items: Vec<PartWire> = found.into_iter().map(|one| part_wire(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn part(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let found = doors.market.plans().part(&caller.actor, &id).await?;
    Ok(single(&query, &part_wire(&doors, found)))
}

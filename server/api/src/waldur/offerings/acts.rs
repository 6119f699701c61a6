//! What is done to an offering: moved from state to state, described, given components.

use axum::{
    Json, Router,
    extract::State,
    response::IntoResponse,
    routing::{MethodRouter, post},
};
use market::{OfferMove, Side};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{change, component, named, wire};
use crate::{
    Answer, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    openapi::{Door, Field, Takes, may, must},
    waldur::{answer::made, schema},
};

/// The paths of one act under both names.
macro_rules! both {
    ($end:literal) => {
        [
            concat!("/api/marketplace-provider-offerings/{uuid}/", $end, "/"),
            concat!("/api/marketplace-offerings/{uuid}/", $end, "/"),
        ]
    };
}
pub(super) use both;

const MOVES: [([&str; 2], OfferMove, &str, &str); 7] = [
    (both!("activate"), OfferMove::Activate, "Put it on sale", "Offering has been activated."),
    (both!("pause"), OfferMove::Pause, "Take no more orders", "Offering has been paused."),
    (both!("unpause"), OfferMove::Unpause, "Take orders again", "Offering has been unpaused."),
    (both!("archive"), OfferMove::Archive, "Take it off the shelf", "Offering has been archived."),
    (both!("draft"), OfferMove::Draft, "Make it a draft again", "Offering has been drafted."),
    (
        both!("make_available"),
        OfferMove::MakeAvailable,
        "It is up again",
        "Offering has been made available.",
    ),
    (
        both!("make_unavailable"),
        OfferMove::MakeUnavailable,
        "It is down for a while",
        "Offering has been made unavailable.",
    ),
];

const UPDATES: [[&str; 2]; 7] = [
    both!("update_description"),
    both!("update_overview"),
    both!("update_attributes"),
    both!("update_options"),
    both!("update_resource_options"),
    both!("update_location"),
    both!("update_integration"),
];

/// What can be asked of an offering, and by what it is answered.
fn asked() -> Vec<([&'static str; 2], MethodRouter<Shared>)> {
    vec![
        (both!("create_offering_component"), post(create_component)),
        (both!("update_offering_component"), post(update_component)),
        (both!("remove_offering_component"), post(remove_component)),
    ]
}

pub fn routes() -> Router<Shared> {
    let mut all = Router::new();
    for (paths, step, _, sentence) in MOVES {
        for path in paths {
            let act = move |State(doors): State<Shared>,
                            caller: SignedIn,
                            Named(id): Named,
                            mut fields: Fields| async move {
                let reason = fields.may_text("paused_reason", 1_000);
                fields.check()?;
                let offers = doors.market.offers();
                let offer =
                    offers.shift(&caller.actor, named(&id)?, step, reason.as_deref()).await?;
                let state = wire::state(offer.row.state);
                Answer::Ok(Json(json!({ "detail": sentence, "state": state })).into_response())
            };
            all = all.merge(door(path, post(act)));
        }
    }
    for path in UPDATES.into_iter().flatten() {
        let bare = path.ends_with("/update_attributes/");
        let act = move |State(doors): State<Shared>,
                        caller: SignedIn,
                        Named(id): Named,
                        mut fields: Fields| async move {
            let mut said = change(&mut fields);
            fields.check()?;
            if bare && !said.details.contains_key("attributes") {
                // Waldur's own body is the attributes themselves.
                said = market::OfferChange::default();
                let all = fields.members();
                said.details.insert("attributes".to_owned(), Value::Object(all));
            }
            let offers = doors.market.offers();
            let offer = offers.update(&caller.actor, named(&id)?, said).await?;
            Answer::Ok(Json(wire(&doors, Side::Provider, offer)).into_response())
        };
        all = all.merge(door(path, post(act).patch(act)));
    }
    for (paths, methods) in asked() {
        for path in paths {
            all = all.merge(door(path, methods.clone()));
        }
    }
    all
}

const COMPONENT: &[Field] = &[
    may("uuid", Takes::Text),
    may("description", Takes::Text),
    may("measured_unit", Takes::Text),
    may("limit_period", Takes::Text),
    may("limit_amount", Takes::Int),
    may("article_code", Takes::Text),
    may("max_value", Takes::Int),
    may("min_value", Takes::Int),
    may("default_limit", Takes::Int),
    may("is_boolean", Takes::Flag),
];

pub fn doors() -> Vec<Door> {
    let mut all = Vec::new();
    for (paths, _, summary, _) in MOVES {
        all.extend(paths.map(|path| {
            Door::new("post", path, summary)
                .fields(&[may("paused_reason", Takes::Text)])
                .answers(200, "OfferingMoved")
                .refuses(&[403, 404, 409])
        }));
    }
    for path in UPDATES.into_iter().flatten() {
        let fields: Vec<Field> =
            super::KEPT.iter().map(|(name, takes)| may(name, *takes)).collect();
        let fields = [
            &[may("name", Takes::Text), may("category", Takes::Link)],
            &[may("description", Takes::Text), may("backend_id", Takes::Text)],
            &fields[..],
        ]
        .concat();
        all.extend(["post", "patch"].map(|method| {
            Door::new(method, path, "Change what is said of an offering")
                .fields(&fields)
                .answers(200, "Offering")
                .refuses(&[403, 404])
        }));
    }
    let new =
        [must("type", Takes::Text), must("name", Takes::Text), must("billing_type", Takes::Text)];
    for path in both!("create_offering_component") {
        all.push(
            Door::new("post", path, "Add a component")
                .fields(&[&new[..], COMPONENT].concat())
                .answers(201, "OfferingComponent")
                .refuses(&[403, 404]),
        );
    }
    for path in both!("update_offering_component") {
        all.push(
            Door::new("post", path, "Change a component, found by `uuid` or `type`")
                .fields(
                    &[
                        &[may("type", Takes::Text), may("name", Takes::Text)][..],
                        &[may("billing_type", Takes::Text)],
                        COMPONENT,
                    ]
                    .concat(),
                )
                .answers(200, "OfferingComponent")
                .refuses(&[403, 404]),
        );
    }
    for path in both!("remove_offering_component") {
        all.push(
            Door::new("post", path, "Take a component away, found by `uuid` or `type`")
                .fields(&[may("uuid", Takes::Text), may("type", Takes::Text)])
                .answers(200, "Detail")
                .refuses(&[403, 404, 409]),
        );
    }
    all
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<OfferingMoved>()]
}

#[derive(Serialize, ToSchema)]
struct OfferingMoved {
    detail: String,
    state: String,
}

async fn create_component(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let draft = component(&mut fields);
    if !fields.has("billing_type") {
        fields.fault::<()>("billing_type", "This field is required.");
    }
    fields.check()?;
    let offers = doors.market.offers();
    let found = offers.add_component(&caller.actor, named(&id)?, &draft).await?;
    Ok(made(&wire::component(found)))
}

/// Which component is meant: by its id, else by its kind.
fn which(fields: &mut Fields) -> String {
    let id = fields.may_text("uuid", 40).filter(|id| !id.is_empty());
    let found = id.or_else(|| fields.may_text("type", 50)).unwrap_or_default();
    if found.is_empty() {
        fields.fault::<()>("uuid", "This field is required.");
    }
    found
}

async fn update_component(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let which = which(&mut fields);
    let most = 1_000_000_000_000;
    let name = fields.may_text("name", 150);
    let description = fields.may_text("description", 500);
    let unit = fields.may_text("measured_unit", 30);
    let code = fields.may_text("article_code", 30);
    let billing = fields.may_word("billing_type");
    let period = fields.may_word("limit_period");
    let numbers = ["limit_amount", "min_value", "max_value", "default_limit"]
        .map(|name| (fields.has(name), fields.may_int(name, 0, most)));
    let boolean = fields.may_bool("is_boolean");
    fields.check()?;
    let offers = doors.market.offers();
    let found = offers
        .update_component(&caller.actor, named(&id)?, &which, |draft| {
            let put = |old: &mut String, new: Option<String>| {
                if let Some(new) = new {
                    *old = new;
                }
            };
            put(&mut draft.name, name);
            put(&mut draft.description, description);
            put(&mut draft.measured_unit, unit);
            put(&mut draft.article_code, code);
            draft.billing = billing.or(draft.billing);
            draft.limit_period = period.or(draft.limit_period);
            draft.is_boolean = boolean.unwrap_or(draft.is_boolean);
            let [amount, least, most, usual] = numbers;
            let set = |old: &mut Option<i64>, (sent, new): (bool, Option<i64>)| {
                if sent {
                    *old = new;
                }
            };
            set(&mut draft.limit_amount, amount);
            set(&mut draft.least, least);
            set(&mut draft.most, most);
            set(&mut draft.usual, usual);
        })
        .await?;
    Ok(Json(wire::component(found)).into_response())
}

async fn remove_component(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let which = which(&mut fields);
    fields.check()?;
    doors.market.offers().remove_component(&caller.actor, named(&id)?, &which).await?;
    Ok(Json(json!({ "detail": "Component has been removed." })).into_response())
}

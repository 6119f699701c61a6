//! `/api/customers/`: tenants, their quotas and their teams.

mod quotas;
mod wire;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use market::{
    CUSTOMER_COUNTS, CUSTOMER_DETAILS, CUSTOMER_NUMBERS, CUSTOMER_TIMES, CUSTOMERS, CustomerChange,
    Error, Mine, Scope,
};
use model::{CustomerId, Quota};
use serde_json::Value;

use self::wire::{Customer, QuotaWire, wire, wires};
use super::{
    answer::{Listing, gone, made, single, told},
    schema, team,
};
use crate::{
    Answer, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    errors::ApiError,
    openapi::{Door, Field, Takes, may, must},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [
        door("/api/customers", get(list).post(create)),
        door("/api/customers/self_register", post(self_register)),
        door("/api/customers/{uuid}", get(find).patch(update).put(replace).delete(remove)),
        door("/api/customers/{uuid}/block", post(block)),
        door("/api/customers/{uuid}/unblock", post(unblock)),
        quotas::routes(),
        team::routes("/api/customers", |text| Ok(Scope::Customer(id_of(text)?))),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

const TEXTS: &[Field] = &[
    may("name", Takes::Text),
    may("email", Takes::Text),
    may("country", Takes::Text),
    may("native_name", Takes::Text),
    may("abbreviation", Takes::Text),
    may("registration_code", Takes::Text),
    may("agreement_number", Takes::Text),
    may("contact_details", Takes::Text),
    may("backend_id", Takes::Text),
    may("slug", Takes::Text),
    may("description", Takes::Text),
    may("default_tax_percent", Takes::Price),
    may("blocked", Takes::Flag),
    may("archived", Takes::Flag),
    may("quotas", Takes::Any),
];

const NEW: &[Field] = &[
    must("name", Takes::Text),
    may("email", Takes::Text),
    may("country", Takes::Text),
    may("native_name", Takes::Text),
    may("abbreviation", Takes::Text),
    may("registration_code", Takes::Text),
    may("agreement_number", Takes::Text),
    may("contact_details", Takes::Text),
    may("backend_id", Takes::Text),
    may("slug", Takes::Text),
    may("description", Takes::Text),
    may("default_tax_percent", Takes::Price),
    may("blocked", Takes::Flag),
    may("archived", Takes::Flag),
    may("quotas", Takes::Any),
];

const MINE: &[(&str, &str)] = &[
    ("owned_by_current_user", "`true` for those that the caller owns."),
    ("current_user_has_role", "`true` for those in which the caller has a role."),
];

pub fn doors() -> Vec<Door> {
    let one = |method, summary| {
        Door::new(method, "/api/customers/{uuid}/", summary)
            .answers(200, "Customer")
            .refuses(&[400, 403, 404])
    };
    let act =
        |path, summary| Door::new("post", path, summary).answers(200, "Told").refuses(&[403, 404]);
    let mut doors = vec![
        Door::list("/api/customers/", "Organizations", "Customer", CUSTOMERS.filters).query(MINE),
        Door::new("post", "/api/customers/", "Make an organization (operators)")
            .fields(NEW)
            .answers(201, "Customer")
            .refuses(&[403]),
        Door::new(
            "post",
            "/api/customers/self_register/",
            "Open an organization of one's own, where the operator allows it",
        )
        .fields(NEW)
        .answers(201, "Customer")
        .refuses(&[403, 409]),
        one("get", "An organization"),
        one("patch", "Change an organization").fields(TEXTS),
        one("put", "Change an organization").fields(NEW),
        Door::new("delete", "/api/customers/{uuid}/", "Remove an empty organization (operators)")
            .empty()
            .refuses(&[403, 404, 409]),
        act("/api/customers/{uuid}/block/", "Stop an organization (operators)"),
        act("/api/customers/{uuid}/unblock/", "Let an organization go on (operators)"),
    ];
    doors.push(quotas::door_of());
    doors.extend(team::doors(team::CUSTOMER_PATHS));
    doors
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![
        schema::<Customer>(),
        schema::<QuotaWire>(),
        schema::<quotas::QuotaRow>(),
        schema::<super::Told>(),
    ]
}

/// Reads an id of a path; what is none names nothing.
fn id_of(text: &str) -> Result<CustomerId, ApiError> {
    text.parse().map_err(|_| ApiError::Market(Error::Missing("organization")))
}

/// What the body says of a customer.
fn change(fields: &mut Fields, whole: bool) -> Result<CustomerChange, ApiError> {
    let name = if whole || fields.has("name") { fields.must_text("name", 150) } else { None };
    let mut change = CustomerChange {
        name,
        slug: fields.may_text("slug", 80),
        email: fields.may_text("email", 254),
        country: fields.may_text("country", 100),
        abbreviation: fields.may_text("abbreviation", 12),
        native_name: fields.may_text("native_name", 500),
        registration_code: fields.may_text("registration_code", 160),
        agreement_number: fields.may_text("agreement_number", 160),
        contact_details: fields.may_text("contact_details", 2_000),
        backend_id: fields.may_text("backend_id", 255),
        tax_rate: fields.may_percent("default_tax_percent"),
        blocked: fields.may_bool("blocked"),
        archived: fields.may_bool("archived"),
        ..CustomerChange::default()
    };
    for (name, most) in CUSTOMER_DETAILS {
        if fields.has(name) {
            let text = fields.may_text(name, *most).filter(|text| !text.is_empty());
            change.details.insert((*name).to_owned(), text.map_or(Value::Null, Value::String));
        }
    }
    for name in CUSTOMER_NUMBERS {
        if fields.has(name) {
            let number = fields.may_number(name, 1_000_000.0);
            change.details.insert((*name).to_owned(), number.unwrap_or(Value::Null));
        }
    }
    for name in CUSTOMER_COUNTS {
        if fields.has(name) {
            let count = fields.may_int(name, 0, i64::from(i32::MAX));
            change.details.insert((*name).to_owned(), count.into());
        }
    }
    for name in CUSTOMER_TIMES {
        if fields.has(name) {
            let time = fields.may_time(name).map(|at| at.to_string());
            change.details.insert((*name).to_owned(), time.into());
        }
    }
    change.quotas = quotas(fields);
    fields.check()?;
    Ok(change)
}

/// Limits as a map `{"nc_project_count": 10}` or as the list that answers have.
fn quotas(fields: &mut Fields) -> Vec<(Quota, Option<i64>)> {
    let pairs: Vec<(String, Value)> = match fields.value("quotas") {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Object(map)) => map.iter().map(|(name, v)| (name.clone(), v.clone())).collect(),
        Some(Value::Array(list)) => list
            .iter()
            .map(|item| {
                let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
                (name.to_owned(), item.get("limit").cloned().unwrap_or_default())
            })
            .collect(),
        Some(_) => {
            fields.fault::<()>("quotas", "Expected a dictionary of items.");
            return Vec::new();
        }
    };
    let mut read = Vec::new();
    for (name, value) in pairs.into_iter().take(20) {
        let Ok(quota) = name.parse::<Quota>() else {
            let shown: String = name.chars().take(100).collect();
            fields.fault::<()>("quotas", &format!("There is no quota \"{shown}\"."));
            continue;
        };
        let value = value.get("limit").cloned().unwrap_or(value);
        match (&value, value.as_i64()) {
            (Value::Null, _) | (_, Some(-1)) => read.push((quota, None)),
            (_, Some(most)) if most >= 0 => read.push((quota, Some(most))),
            _ => {
                fields.fault::<()>("quotas", "A limit is a whole number from 0, or -1 for none.");
            }
        }
    }
    read
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let mine = Mine {
        owned: listing.query.flag("owned_by_current_user")?,
        member: listing.query.flag("current_user_has_role")?,
    };
    let asked = listing.asked(&CUSTOMERS)?;
    let (found, total) =
        doors.market.customers().list(&caller.actor, asked, mine, listing.range()).await?;
    let items = wires(&doors, &caller, found).await?;
    listing.answer(&doors, &items, total)
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let draft = change(&mut fields, true)?;
    let row = doors.market.customers().create(&caller.actor, draft).await?;
    Ok(made(&wire(&doors, &caller, row).await?))
}

async fn self_register(
    State(doors): State<Shared>,
    caller: SignedIn,
    mut fields: Fields,
) -> Answer {
    let draft = change(&mut fields, true)?;
    let row = doors.market.customers().self_register(&caller.actor, draft).await?;
    Ok(made(&wire(&doors, &caller, row).await?))
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    query: Query,
) -> Answer {
    let row = doors.market.customers().find(&caller.actor, id_of(&uuid)?).await?;
    Ok(single(&query, &wire(&doors, &caller, row).await?))
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    fields: Fields,
) -> Answer {
    change_one(&doors, &caller, &uuid, fields, false).await
}

async fn replace(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    fields: Fields,
) -> Answer {
    change_one(&doors, &caller, &uuid, fields, true).await
}

async fn change_one(
    doors: &Shared,
    caller: &SignedIn,
    uuid: &str,
    mut fields: Fields,
    whole: bool,
) -> Answer {
    let id = id_of(uuid)?;
    // What is foreign is not there, whatever is wrong with the body.
    doors.market.customers().find(&caller.actor, id).await?;
    let change = change(&mut fields, whole)?;
    let row = doors.market.customers().update(&caller.actor, id, change).await?;
    Ok(axum::Json(wire(doors, caller, row).await?).into_response())
}

async fn remove(State(doors): State<Shared>, caller: SignedIn, Named(uuid): Named) -> Answer {
    doors.market.customers().remove(&caller.actor, id_of(&uuid)?).await?;
    Ok(gone())
}

async fn block(State(doors): State<Shared>, caller: SignedIn, Named(uuid): Named) -> Answer {
    switch(&doors, &caller, &uuid, true).await
}

async fn unblock(State(doors): State<Shared>, caller: SignedIn, Named(uuid): Named) -> Answer {
    switch(&doors, &caller, &uuid, false).await
}

async fn switch(
    doors: &Shared,
    caller: &SignedIn,
    uuid: &str,
    blocked: bool,
) -> Result<Response, ApiError> {
    doors.market.customers().block(&caller.actor, id_of(uuid)?, blocked).await?;
    let done = if blocked { "Organization is blocked." } else { "Organization is not blocked." };
    Ok(told(StatusCode::OK, done))
}

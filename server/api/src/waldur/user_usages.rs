//! `/api/marketplace-component-user-usages/`: whose part of what was used was how much, and the doors that tell it.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use market::{Error, Part, USER_USAGES, UserUsage};
use model::{UsageId, UserId};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    answer::{Listing, single},
    component_usages::{must_amount, named, quantity},
    links::{self, hex},
    schema,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    openapi::{Door, Takes, may, must},
    queries::Query,
};

const PATH: &str = "/api/marketplace-component-user-usages/";
const USAGES: &str = "marketplace-component-usages";

pub fn routes() -> Router<Shared> {
    [
        door(PATH, get(list)),
        door("/api/marketplace-component-user-usages/{uuid}", get(find)),
        door("/api/marketplace-component-usages/{uuid}/set_user_usage", post(set_one)),
        door("/api/marketplace-component-usages/{uuid}/set_user_usages", post(set_many)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    vec![
        Door::list(
            PATH,
            "Whose part of what was used was how much",
            "UserUsage",
            USER_USAGES.filters,
        ),
        Door::new(
            "get",
            "/api/marketplace-component-user-usages/{uuid}/",
            "One person's part of what was used",
        )
        .answers(200, "UserUsage")
        .refuses(&[404]),
        Door::new(
            "post",
            "/api/marketplace-component-usages/{uuid}/set_user_usage/",
            "Tell how much of it was one person's",
        )
        .fields(&[
            must("username", Takes::Text),
            must("usage", Takes::Price),
            may("user", Takes::Link),
        ])
        .answers_any(201)
        .refuses(&[403, 404, 409]),
        Door::new(
            "post",
            "/api/marketplace-component-usages/{uuid}/set_user_usages/",
            "Tell how much of it was whose: all of it or nothing",
        )
        .fields(&[must("usages", Takes::List)])
        .answers_any(201)
        .refuses(&[403, 404, 409]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<Wire>()]
}

/// One person's part of what was used of a component in a month.
#[derive(Serialize, ToSchema)]
#[schema(as = UserUsage)]
struct Wire {
    uuid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    username: String,
    component_usage: String,
    /// A whole number where it is one.
    #[schema(value_type = f64)]
    usage: Value,
    measured_unit: String,
    description: String,
    modified: String,
    backend_id: String,
    resource_name: String,
    resource_uuid: String,
    offering_name: String,
    offering_uuid: String,
    project_name: String,
    project_uuid: String,
    customer_name: String,
    customer_uuid: String,
    component_type: String,
    date: String,
    billing_period: String,
}

fn wire(doors: &Doors, part: UserUsage) -> Wire {
    Wire {
        uuid: hex(part.id),
        user: part.user.map(|id| doors.link(links::USERS, id)),
        username: part.username,
        component_usage: doors.link(USAGES, part.usage),
        usage: quantity(part.amount),
        measured_unit: part.measured_unit,
        description: part.description,
        modified: part.updated_at.to_string(),
        backend_id: String::new(),
        resource_name: part.resource_name,
        resource_uuid: hex(part.resource),
        offering_name: part.offering_name,
        offering_uuid: hex(part.offering),
        project_name: part.project_name,
        project_uuid: hex(part.project),
        customer_name: part.customer_name,
        customer_uuid: hex(part.customer),
        component_type: part.kind,
        date: part.day.start().to_string(),
        billing_period: part.month.to_string(),
    }
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&USER_USAGES)?;
    let (found, total) = doors.market.usages().parts(&caller.actor, asked, listing.range()).await?;
    let items: Vec<Wire> = found.into_iter().map(|part| wire(&doors, part)).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let id: UsageId = id.parse().map_err(|_| Error::Missing("usage"))?;
    let part = doors.market.usages().part(&caller.actor, id).await?;
    Ok(single(&query, &wire(&doors, part)))
}

/// One person's part, or `None` after a fault was noted.
fn part(fields: &mut Fields) -> Option<Part> {
    let username = fields.must_text("username", 200);
    let amount = must_amount(fields, "usage");
    // Accounts of offerings are not kept here: what is told of one is told by its name alone.
    let account = fields.value("user").and_then(Value::as_str);
    let account = account.is_some_and(|text| text.contains("/marketplace-offering-users/"));
    let user: Option<UserId> =
        if account { None } else { fields.may_link("user", &[links::USERS]) };
    Some(Part { username: username?, user, amount: amount? })
}

async fn set_one(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let id = named(&id)?;
    let part = part(&mut fields);
    fields.check()?;
    let Some(part) = part else {
        return Err(Error::field("username", "This field is required.").into());
    };
    doors.market.usages().divide(&caller.actor, id, std::slice::from_ref(&part)).await?;
    let body = json!({ "username": part.username, "usage": quantity(part.amount), "component_usage": hex(id) });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

async fn set_many(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let id = named(&id)?;
    let listed = if fields.has("usages") {
        fields.may_list("usages").unwrap_or_default()
    } else {
        fields.fault("usages", "This field is required.").unwrap_or_default()
    };
    let mut parts = Vec::with_capacity(listed.len());
    for (place, item) in listed.into_iter().enumerate() {
        let Value::Object(members) = item else {
            let at = format!("usages/{place}/non_field_errors");
            fields.fault::<()>(&at, "Expected a dictionary of items.");
            continue;
        };
        let mut inner = Fields::of(members);
        parts.extend(part(&mut inner));
        for fault in inner.take_faults() {
            fields.fault::<()>(&format!("usages/{place}/{}", fault.field), &fault.message);
        }
    }
    fields.check()?;
    doors.market.usages().divide(&caller.actor, id, &parts).await?;
    Ok((StatusCode::CREATED, Json(json!({ "count": parts.len() }))).into_response())
}

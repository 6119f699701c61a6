//! `/api/marketplace-component-usages/`: what providers tell of the use of their components.
//!
//! What the gateway counts by itself is paid from the wallet and shows there; it is no component usage.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use market::{COMPONENT_USAGES, ComponentUsage, Error, Reported, Whose};
use model::UsageId;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    answer::{Listing, made, single},
    links::{self, hex},
    read::amount,
    schema,
};
use crate::{
    Answer, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    openapi::{Door, Takes, may, must},
    queries::Query,
};

const PATH: &str = "/api/marketplace-component-usages/";
/// The kinds of addresses that a resource may be named by.
const RESOURCES: &[&str] = &[links::RESOURCES, "marketplace-provider-resources"];

pub fn routes() -> Router<Shared> {
    [
        door(PATH, get(list).post(create)),
        door("/api/marketplace-component-usages/set_usage", post(set_usage)),
        door("/api/marketplace-component-usages/{uuid}", get(find)),
        door("/api/marketplace-component-usages/{uuid}/history", get(history)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    vec![
        Door::list(PATH, "What was used of components", "ComponentUsage", COMPONENT_USAGES.filters),
        Door::new("post", PATH, "Tell what was used of a component in the month of a date")
            .fields(&[
                must("resource", Takes::Link),
                must("component", Takes::Link),
                must("usage", Takes::Price),
                may("date", Takes::Day),
                may("description", Takes::Text),
                may("recurring", Takes::Flag),
                may("missing_usage_policy", Takes::Text),
            ])
            .answers(201, "ComponentUsage")
            .refuses(&[403]),
        Door::new(
            "post",
            "/api/marketplace-component-usages/set_usage/",
            "Tell what was used of several components",
        )
        .fields(&[
            may("resource", Takes::Text),
            may("plan_period", Takes::Text),
            may("date", Takes::Day),
            must("usages", Takes::List),
        ])
        .answers_any(201)
        .refuses(&[403]),
        Door::new(
            "get",
            "/api/marketplace-component-usages/{uuid}/",
            "What was used of a component in a month",
        )
        .answers(200, "ComponentUsage")
        .refuses(&[404]),
        Door::new(
            "get",
            "/api/marketplace-component-usages/{uuid}/history/",
            "Every amount that was told, with its reason",
        )
        .answers_any(200)
        .refuses(&[404]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<Wire>()]
}

/// What was used of a component in a month.
#[derive(Serialize, ToSchema)]
#[schema(as = ComponentUsage)]
struct Wire {
    uuid: String,
    created: String,
    description: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    measured_unit: String,
    /// A whole number where it is one.
    #[schema(value_type = f64)]
    usage: Value,
    date: String,
    recurring: bool,
    /// `reuse` where it counts again in the months of which nothing is told.
    missing_usage_policy: &'static str,
    resource_name: String,
    resource_uuid: String,
    offering_name: String,
    offering_uuid: String,
    project_name: String,
    project_uuid: String,
    customer_name: String,
    customer_uuid: String,
    billing_period: String,
}

fn wire(usage: ComponentUsage) -> Wire {
    Wire {
        uuid: hex(usage.id),
        created: usage.created_at.to_string(),
        description: usage.description,
        kind: usage.kind,
        name: usage.name,
        measured_unit: usage.measured_unit,
        usage: quantity(usage.amount),
        date: usage.day.start().to_string(),
        recurring: usage.recurring,
        missing_usage_policy: if usage.recurring { "reuse" } else { "none" },
        resource_name: usage.resource_name,
        resource_uuid: hex(usage.resource),
        offering_name: usage.offering_name,
        offering_uuid: hex(usage.offering),
        project_name: usage.project_name,
        project_uuid: hex(usage.project),
        customer_name: usage.customer_name,
        customer_uuid: hex(usage.customer),
        billing_period: usage.month.to_string(),
    }
}

/// Millionths as a number.
pub fn quantity(millionths: i64) -> Value {
    json!(model::Credits::from_micros(millionths))
}

pub fn named(text: &str) -> Result<UsageId, Error> {
    text.parse().map_err(|_| Error::Missing("usage"))
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&COMPONENT_USAGES)?;
    let (found, total) = doors.market.usages().list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<Wire> = found.into_iter().map(wire).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let usage = doors.market.usages().find(&caller.actor, named(&id)?).await?;
    Ok(single(&query, &wire(usage)))
}

async fn history(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    let id = named(&id)?;
    let changes = doors.market.usages().changes(&caller.actor, id).await?;
    let people = doors.market.usages().of_users(&caller.actor, id).await?;
    let told: Vec<Value> = changes
        .into_iter()
        .map(|change| {
            json!({
                "created": change.at,
                "user_uuid": change.user.map(hex).unwrap_or_default(),
                "old": quantity(change.old),
                "new": quantity(change.new),
                "date": change.day,
                "reason": change.reason,
            })
        })
        .collect();
    let people: Vec<Value> = people
        .into_iter()
        .map(|(username, amount)| json!({ "username": username, "usage": quantity(amount) }))
        .collect();
    Ok(Json(json!({ "changes": told, "users": people })).into_response())
}

/// An amount that must be there.
pub fn must_amount(fields: &mut Fields, name: &str) -> Option<i64> {
    match fields.value(name).map(amount) {
        None => fields.fault(name, "This field is required."),
        Some(Ok(amount)) => Some(amount),
        Some(Err(message)) => fields.fault(name, message),
    }
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let resource = fields.must_link("resource", RESOURCES);
    let component = component(&mut fields);
    let usage = must_amount(&mut fields, "usage");
    let day = fields.may_day("date");
    let description = fields.may_text("description", 2_000).unwrap_or_default();
    let recurring = fields.may_bool("recurring").unwrap_or(false);
    let policy = fields.value("missing_usage_policy").map(reuses).transpose();
    let reuses = policy.unwrap_or_else(|why| fields.fault("missing_usage_policy", &why));
    let recurring = recurring || reuses == Some(true);
    fields.check()?;
    let (Some(resource), Some(component), Some(amount)) = (resource, component, usage) else {
        return Err(Error::field("non_field_errors", "Fields are missing.").into());
    };
    // The component's kind is found by its address.
    let reported = Reported { kind: String::new(), amount, description, recurring };
    let usages = doors.market.usages();
    let told = usages.tell_one(&caller.actor, resource, &component, reported, day).await?;
    Ok(made(&wire(told)))
}

/// The component's number or id, from its address.
fn component(fields: &mut Fields) -> Option<String> {
    let text = match fields.value("component") {
        Some(Value::Number(number)) => number.to_string(),
        _ => fields.must_text("component", 500)?,
    };
    let path = text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (before, last) = path.rsplit_once('/').unwrap_or(("", path));
    let known = ["", "/api/marketplace-plan-components", "/api/marketplace-components"];
    if before.is_empty() || known.iter().any(|kind| !kind.is_empty() && before.ends_with(kind)) {
        return Some(last.to_owned());
    }
    fields.fault("component", links::WrongLink::SENTENCE)
}

async fn set_usage(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let resource = fields.may_link("resource", RESOURCES);
    let period = fields.may_link("plan_period", &["marketplace-plan-periods"]);
    let day = fields.may_day("date");
    let listed = if fields.has("usages") {
        fields.may_list("usages").unwrap_or_default()
    } else {
        fields.fault("usages", "This field is required.").unwrap_or_default()
    };
    let reported: Vec<Reported> =
        listed.iter().enumerate().filter_map(|one| read(&mut fields, one)).collect();
    if !fields.has("resource") && !fields.has("plan_period") {
        fields.fault::<()>("resource", "This field is required.");
    }
    fields.check()?;
    let whose = match (resource, period) {
        (Some(id), _) => Whose::Resource(id),
        (None, Some(id)) => Whose::Period(id),
        (None, None) => return Err(Error::field("resource", "This field may not be null.").into()),
    };
    let ids = doors.market.usages().tell(&caller.actor, whose, &reported, day).await?;
    let ids: Vec<String> = ids.into_iter().map(hex).collect();
    Ok((StatusCode::CREATED, Json(json!({ "usages": ids }))).into_response())
}

/// Whether a policy has the last amount count again; `zero` and `none` are the same here, where what is not told is 0.
fn reuses(policy: &Value) -> Result<bool, String> {
    match policy {
        Value::Null => Ok(false),
        Value::String(word) if matches!(word.as_str(), "" | "none" | "zero") => Ok(false),
        Value::String(word) if word == "reuse" => Ok(true),
        other => {
            let text = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            let shown: String = text.chars().take(100).collect();
            Err(format!("\"{shown}\" is not a valid choice."))
        }
    }
}

/// One amount of the list; what is wrong with it is told of its place.
fn read(fields: &mut Fields, (place, item): (usize, &Value)) -> Option<Reported> {
    let at = |name: &str| format!("usages/{place}/{name}");
    let Value::Object(item) = item else {
        return fields.fault(&at("non_field_errors"), "Expected a dictionary of items.");
    };
    let text = |name: &str, item: &Map<String, Value>| match item.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    let kind = text("type", item).filter(|kind| !kind.is_empty() && kind.len() <= 200);
    if kind.is_none() {
        fields.fault::<()>(&at("type"), "This field is required.");
    }
    let amount = match item.get("amount").map(amount) {
        Some(Ok(amount)) => Some(amount),
        Some(Err(message)) => fields.fault(&at("amount"), message),
        None => fields.fault(&at("amount"), "This field is required."),
    };
    let description = text("description", item).unwrap_or_default();
    let hidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if description.chars().count() > 2_000 || description.chars().any(hidden) {
        return fields.fault(&at("description"), "Use 2000 printable characters or less.");
    }
    let recurring = item.get("recurring").and_then(Value::as_bool).unwrap_or(false);
    let reuses = match item.get("missing_usage_policy").map(reuses).transpose() {
        Ok(reuses) => reuses.unwrap_or(false),
        Err(why) => return fields.fault(&at("missing_usage_policy"), &why),
    };
    Some(Reported { kind: kind?, amount: amount?, description, recurring: recurring || reuses })
}

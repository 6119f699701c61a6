//! What an offering has done: its orders, costs, buyers, use and history.

use axum::{
    Json, Router,
    extract::State,
    response::IntoResponse,
    routing::{MethodRouter, get},
};
use market::{EVENTS, Error, Side};
use model::{Day, Usd};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{acts::both, named, of_offering};
use crate::{
    Answer, Shared,
    actors::SignedIn,
    bodies::Named,
    door,
    openapi::Door,
    waldur::{answer::Listing, component_usages, links::hex, orders, read, schema},
};

/// What can be asked of an offering, and by what it is answered.
fn asked() -> Vec<([&'static str; 2], MethodRouter<Shared>)> {
    vec![
        (both!("orders"), get(list_orders)),
        (both!("costs"), get(costs)),
        (both!("component_stats"), get(component_stats)),
        (both!("customers"), get(customers)),
        (both!("history"), get(history)),
        (both!("state_counters"), get(state_counters)),
        (both!("stats"), get(stats)),
    ]
}

pub fn routes() -> Router<Shared> {
    let all =
        asked().into_iter().flat_map(|(paths, methods)| paths.map(|path| (path, methods.clone())));
    all.fold(Router::new(), |all, (path, methods)| all.merge(door(path, methods)))
}

pub fn doors() -> Vec<Door> {
    let mut all = Vec::new();
    let lists = [
        (both!("orders"), "Orders of an offering", "Order"),
        (both!("costs"), "What was invoiced for an offering, by month", "OfferingCosts"),
        (both!("customers"), "Who has it", "ProviderCustomer"),
        (both!("history"), "What was done to it", "OfferingHistory"),
    ];
    for (paths, summary, schema) in lists {
        let filters = match schema {
            "Order" => market::ORDERS.filters,
            "OfferingHistory" => EVENTS.filters,
            _ => &[],
        };
        all.extend(
            paths.map(|path| Door::list(path, summary, schema, filters).refuses(&[403, 404])),
        );
    }
    for path in both!("component_stats") {
        all.push(
            Door::list(path, "What was used of it, by month and component", "ComponentStat", &[])
                .query(&[
                    ("start", "The first month or day, `2025-01` or `2025-01-31`; a year ago when left out."),
                    ("end", "The last month or day."),
                ])
                .refuses(&[403, 404]),
        );
    }
    for path in both!("state_counters").into_iter().chain(both!("stats")) {
        all.push(
            Door::new("get", path, "How many of the provider's offerings are in each state")
                .refuses(&[403, 404]),
        );
    }
    all
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<OfferingCosts>(), schema::<ComponentStat>(), schema::<OfferingHistory>()]
}

#[derive(Serialize, ToSchema)]
struct OfferingCosts {
    /// As in `2025-01`.
    period: String,
    price: f64,
    tax: f64,
    total: f64,
}

#[derive(Serialize, ToSchema)]
struct ComponentStat {
    /// As in `2025-01`.
    period: String,
    /// The first day of the month.
    billing_period: String,
    /// The last moment of the month's last day.
    date: String,
    /// A whole number where it is one.
    #[schema(value_type = f64)]
    usage: Value,
    description: String,
    measured_unit: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
}

#[derive(Serialize, ToSchema)]
struct OfferingHistory {
    /// The same for the same event, wherever it is in the list.
    id: i64,
    revision_date: String,
    #[schema(value_type = Option<Object>)]
    revision_user: Option<Value>,
    revision_comment: String,
    #[schema(value_type = Object)]
    serialized_data: Value,
}

async fn list_orders(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let id = named(&id)?;
    doors.market.offers().find(Some(&caller.actor), Side::Either, id).await?;
    let asked = of_offering(&listing, id)?;
    let (found, total) = doors.market.orders().list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<orders::OrderWire> =
        found.into_iter().map(|one| orders::wire(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn costs(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let found = doors.market.offers().costs(&caller.actor, named(&id)?).await?;
    let number = |micros: i64| read::decimal(Usd::from_micros(micros)).parse().unwrap_or_default();
    let one = |(year, month, price, tax): (i64, i64, i64, i64)| OfferingCosts {
        period: format!("{year:04}-{month:02}"),
        price: number(price),
        tax: number(tax),
        total: number(price.saturating_add(tax)),
    };
    let items: Vec<OfferingCosts> = found.into_iter().map(one).collect();
    listing.answer_all(&doors, &items)
}

async fn component_stats(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let id = named(&id)?;
    let today = doors.market.core().now().day();
    let to = day(&listing, "end")?.unwrap_or(today);
    let from = day(&listing, "start")?.unwrap_or_else(|| to.plus(-364));
    let found = doors.market.stats().of_offering(&caller.actor, id, from, to).await?;
    let one = |used: market::Used| {
        let first = Day::from_civil(used.year, used.month, 1).unwrap_or(today);
        let last = model::Month::of(first).end().start().plus_ms(-1);
        ComponentStat {
            period: format!("{:04}-{:02}", used.year, used.month),
            billing_period: first.to_string(),
            date: last.to_string(),
            usage: component_usages::quantity(used.amount),
            description: used.name.clone(),
            measured_unit: used.measured_unit,
            kind: used.kind,
            name: used.name,
        }
    };
    let items: Vec<ComponentStat> = found.into_iter().map(one).collect();
    listing.answer_all(&doors, &items)
}

/// A month or a day that is asked for.
fn day(listing: &Listing, name: &str) -> Result<Option<Day>, Error> {
    let Some(text) = listing.query.text(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let whole = if text.len() == 7 { format!("{text}-01") } else { text.to_owned() };
    let found = whole.parse().map_err(|_| Error::field(name, "Enter a month or a day."))?;
    Ok(Some(found))
}

/// A number of 53 bits that stands for an event: its time and the first of its random bits.
fn number_of(id: model::EventId) -> i64 {
    let [_, _, _, _, _, _, high, low, ..] = *id.as_bytes();
    let random = i64::from(high & 0x0f) << 8 | i64::from(low);
    id.made_at().ms() << 12 | random
}

async fn customers(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let found = doors.market.offers().customers(&caller.actor, named(&id)?).await?;
    let one = |(id, name): (String, String)| json!({ "uuid": hex(id), "name": name });
    let items: Vec<Value> = found.into_iter().map(one).collect();
    listing.answer_all(&doors, &items)
}

async fn history(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let asked = listing.asked(&EVENTS)?;
    let offers = doors.market.offers();
    let (found, total) = offers.history(&caller.actor, named(&id)?, asked, listing.range()).await?;
    let one = |event: market::Event| OfferingHistory {
        id: number_of(event.id),
        revision_date: event.at.to_string(),
        revision_user: event.user.map(|id| json!({ "uuid": hex(id) })),
        revision_comment: event.message,
        serialized_data: event.context,
    };
    let items: Vec<OfferingHistory> = found.into_iter().map(one).collect();
    listing.answer(&doors, &items, total)
}

async fn state_counters(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    let found = doors.market.offers().count_resources(&caller.actor, named(&id)?).await?;
    let one = |(state, count): &(model::ResourceState, u64)| json!({ "state": crate::waldur::resources::state(*state), "count": count });
    let resources: Vec<Value> = found.iter().map(one).collect();
    Ok(Json(json!({ "resources": resources, "users": [] })).into_response())
}

async fn stats(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    let offers = doors.market.offers();
    let id = named(&id)?;
    let resources = offers.count_resources(&caller.actor, id).await?;
    let customers = offers.customers(&caller.actor, id).await?.len();
    let live = resources.iter().filter(|(state, _)| *state != model::ResourceState::Terminated);
    let live: u64 = live.map(|(_, count)| count).sum();
    Ok(Json(json!({ "resources_count": live, "customers_count": customers })).into_response())
}

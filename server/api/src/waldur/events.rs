//! `/api/events/`: what was done.

use axum::{Router, extract::State, routing::get};
use market::{EVENTS, Error, Event};
use model::EventId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    answer::{Listing, single},
    links::hex,
    schema,
};
use crate::{
    Answer, Shared, actors::SignedIn, bodies::Named, door, errors::ApiError, openapi::Door,
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [door("/api/events", get(list)), door("/api/events/{uuid}", get(find))]
        .into_iter()
        .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    vec![
        Door::list("/api/events/", "What was done, newest first", "Event", EVENTS.filters),
        Door::new("get", "/api/events/{uuid}/", "Something that was done")
            .answers(200, "Event")
            .refuses(&[404]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<EventWire>()]
}

/// Something that was done.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventWire {
    uuid: String,
    created: String,
    event_type: String,
    message: String,
    #[schema(value_type = Object)]
    context: Value,
}

impl From<Event> for EventWire {
    fn from(event: Event) -> Self {
        let mut context = event.context;
        if let Some(members) = context.as_object_mut() {
            let mut add = |name: String, id: Option<String>| {
                if let Some(id) = id {
                    members.entry(name).or_insert(Value::String(id));
                }
            };
            add("user_uuid".to_owned(), event.user.map(hex));
            add("customer_uuid".to_owned(), event.customer.map(hex));
            add("project_uuid".to_owned(), event.project.map(hex));
            add(format!("{}_uuid", event.object_kind), Some(hex(&event.object_id)));
        }
        Self {
            uuid: hex(event.id),
            created: event.at.to_string(),
            event_type: event.kind,
            message: event.message,
            context,
        }
    }
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&EVENTS)?;
    let (found, total) = doors.market.history().list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<EventWire> = found.into_iter().map(EventWire::from).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    query: Query,
) -> Answer {
    let id: EventId = uuid.parse().map_err(|_| ApiError::Market(Error::Missing("event")))?;
    let event = doors.market.history().find(&caller.actor, id).await?;
    Ok(single(&query, &EventWire::from(event)))
}

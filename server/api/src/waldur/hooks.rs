//! `/api/hooks-web/`: where people's programs want to hear of events.

mod words;

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use market::{Error, HOOKS, Hook, HookChange};
use model::HookId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use self::words::{apart, changed, is_group, is_type};
use super::{
    answer::{Listing, gone, made, single},
    links::hex,
    schema,
    tokens::texts,
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
        door("/api/hooks-web", get(list).post(create)),
        door("/api/hooks-web/{uuid}", get(find).patch(update).put(replace).delete(remove)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

const NEW: &[Field] = &[
    must("destination_url", Takes::Text),
    may("event_types", Takes::List),
    may("event_groups", Takes::List),
    may("own_event_types", Takes::List),
    may("own_event_groups", Takes::List),
    may("content_type", Takes::Text),
    may("is_active", Takes::Flag),
];

const CHANGES: &[Field] = &[
    may("destination_url", Takes::Text),
    may("event_types", Takes::List),
    may("event_groups", Takes::List),
    may("own_event_types", Takes::List),
    may("own_event_groups", Takes::List),
    may("content_type", Takes::Text),
    may("is_active", Takes::Flag),
];

pub fn doors() -> Vec<Door> {
    let one = |method, summary| {
        Door::new(method, "/api/hooks-web/{uuid}/", summary)
            .answers(200, "WebHook")
            .refuses(&[400, 403, 404])
    };
    vec![
        Door::list("/api/hooks-web/", "The caller's hooks", "WebHook", HOOKS.filters),
        Door::new(
            "post",
            "/api/hooks-web/",
            "Have a program told of events, signed as Standard Webhooks has it",
        )
        .fields(NEW)
        .answers(201, "WebHook")
        .refuses(&[403, 409]),
        one("get", "A hook"),
        one("patch", "Change a hook").fields(CHANGES),
        one("put", "Change a hook").fields(NEW),
        Door::new("delete", "/api/hooks-web/{uuid}/", "Delete a hook").empty().refuses(&[403, 404]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<WebHook>()]
}

/// Where a program wants to hear of events.
#[derive(Serialize, ToSchema)]
pub struct WebHook {
    url: String,
    uuid: String,
    author_uuid: String,
    author_fullname: String,
    author_username: String,
    author_email: String,
    hook_type: &'static str,
    destination_url: String,
    event_types: Vec<String>,
    event_groups: Vec<String>,
    /// Kinds of events that Waldur has no names for.
    own_event_types: Vec<String>,
    /// Groups of events that Waldur has no names for.
    own_event_groups: Vec<String>,
    content_type: String,
    is_active: bool,
    /// The messages are signed with it.
    secret: String,
    created: String,
    modified: String,
}

async fn wires(
    doors: &Shared,
    caller: &SignedIn,
    hooks: Vec<Hook>,
) -> Result<Vec<WebHook>, ApiError> {
    let (me, _) = doors.market.users().me(&caller.actor).await?;
    let wire = |hook: Hook| {
        let (event_types, own_event_types) = apart(hook.event_types, is_type);
        let (event_groups, own_event_groups) = apart(hook.event_groups, is_group);
        WebHook {
            url: doors.link("hooks-web", hook.id),
            uuid: hex(hook.id),
            author_uuid: hex(me.id),
            author_fullname: me.full_name.clone(),
            author_username: me.email.clone(),
            author_email: me.email.clone(),
            hook_type: "webhook",
            destination_url: hook.url,
            event_types,
            event_groups,
            own_event_types,
            own_event_groups,
            content_type: hook.content_type,
            is_active: hook.active,
            secret: hook.secret,
            created: hook.created_at.to_string(),
            modified: hook.updated_at.to_string(),
        }
    };
    Ok(hooks.into_iter().map(wire).collect())
}

async fn wire(doors: &Shared, caller: &SignedIn, hook: Hook) -> Result<WebHook, ApiError> {
    let made = wires(doors, caller, vec![hook]).await?.pop();
    made.ok_or(ApiError::Market(Error::Missing("hook")))
}

fn id_of(text: &str) -> Result<HookId, ApiError> {
    text.parse().map_err(|_| ApiError::Market(Error::Missing("hook")))
}

/// What the body says, over what the hook hears of already.
fn change(
    fields: &mut Fields,
    whole: bool,
    before: (Vec<String>, Vec<String>),
) -> Result<HookChange, ApiError> {
    let url = if whole || fields.has("destination_url") {
        fields.must_text("destination_url", 2_000)
    } else {
        None
    };
    let change = HookChange {
        url,
        event_types: changed(
            texts(fields, "event_types"),
            texts(fields, "own_event_types"),
            before.0,
            is_type,
        ),
        event_groups: changed(
            texts(fields, "event_groups"),
            texts(fields, "own_event_groups"),
            before.1,
            is_group,
        ),
        content_type: fields.may_text("content_type", 10).filter(|text| !text.is_empty()),
        active: fields.may_bool("is_active"),
    };
    fields.check()?;
    Ok(change)
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&HOOKS)?;
    let (found, total) = doors.market.hooks().list(&caller.actor, asked, listing.range()).await?;
    let items = wires(&doors, &caller, found).await?;
    listing.answer(&doors, &items, total)
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let draft = change(&mut fields, true, Default::default())?;
    let hook = doors.market.hooks().create(&caller.actor, draft).await?;
    Ok(made(&wire(&doors, &caller, hook).await?))
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    query: Query,
) -> Answer {
    let hook = doors.market.hooks().find(&caller.actor, id_of(&uuid)?).await?;
    Ok(single(&query, &wire(&doors, &caller, hook).await?))
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
    let hook = doors.market.hooks().find(&caller.actor, id).await?;
    let change = change(&mut fields, whole, (hook.event_types, hook.event_groups))?;
    let hook = doors.market.hooks().update(&caller.actor, id, change).await?;
    Ok(Json(wire(doors, caller, hook).await?).into_response())
}

async fn remove(State(doors): State<Shared>, caller: SignedIn, Named(uuid): Named) -> Answer {
    doors.market.hooks().remove(&caller.actor, id_of(&uuid)?).await?;
    Ok(gone())
}

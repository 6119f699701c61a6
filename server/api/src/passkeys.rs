//! Passkeys: `/api-auth/passkeys/…`. The script of the pages calls these with what the browser's functions give it.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use market::Error;
use model::Title;
use serde_json::{Value, json};

use crate::{
    Answer, Shared,
    actors::{From, SignedIn, cookie, same_site},
    bodies::{Body, Fields, Posted},
    door, flash, sessions,
};

/// The cookie that ties a device's answer to what it was asked.
const ASKED_COOKIE: &str = "__Host-passkey";
/// Seconds for which a browser keeps it; the server has the last word.
const ASKED_SECONDS: u32 = 300;

pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(door("/api-auth/passkeys/invitation", post(invite)))
        .merge(door("/api-auth/passkeys", post(add)))
        .merge(door("/api-auth/passkeys/challenge", post(challenge)))
        .merge(door("/api-auth/passkeys/session", post(enter)))
}

/// What a device is asked, and the cookie that the answer needs.
fn asked((options, secret): (String, String)) -> Response {
    let mut response = (StatusCode::OK, options).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    flash::keep(&mut response, ASKED_COOKIE, &secret, ASKED_SECONDS);
    response
}

fn secret(headers: &HeaderMap) -> Result<&str, Error> {
    cookie(headers, ASKED_COOKIE).ok_or(Error::Conflict("This took too long. Start again."))
}

/// Asks for a new passkey of who is signed in.
async fn invite(State(doors): State<Shared>, caller: SignedIn) -> Answer {
    Ok(asked(doors.market.passkeys().begin(&caller.actor).await?))
}

struct New {
    credential: Value,
    name: Title,
}

impl Posted for New {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (credential, name) = (fields.required("credential"), fields.required("name"));
        Some(Self { credential: credential?, name: name? })
    }
}

async fn add(
    State(doors): State<Shared>,
    caller: SignedIn,
    headers: HeaderMap,
    Body { value, .. }: Body<New>,
) -> Answer {
    let (answer, passkeys) = (value.credential.to_string(), doors.market.passkeys());
    passkeys.add(&caller.actor, secret(&headers)?, &answer, &value.name).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    flash::forget(&mut response, ASKED_COOKIE);
    Ok(response)
}

/// Asks whoever is there for a passkey.
async fn challenge(State(doors): State<Shared>, From(client): From, headers: HeaderMap) -> Answer {
    same_site(&headers)?;
    Ok(asked(doors.market.passkeys().ask(&client).await?))
}

struct Shown {
    credential: Value,
    next: Option<String>,
}

impl Posted for Shown {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (credential, next) = (fields.required("credential"), fields.optional("next"));
        Some(Self { credential: credential?, next })
    }
}

/// Signs in who has shown a passkey, and says where to go.
async fn enter(
    State(doors): State<Shared>,
    From(client): From,
    headers: HeaderMap,
    Body { value, .. }: Body<Shown>,
) -> Answer {
    same_site(&headers)?;
    let (answer, passkeys) = (value.credential.to_string(), doors.market.passkeys());
    let session = passkeys.enter(secret(&headers)?, &answer, &client).await?;
    let next = match flash::next_path(value.next.as_deref()) {
        Some(next) => next.to_owned(),
        None => sessions::home(&doors, &session).await?,
    };
    let mut response = Json(json!({ "next": next })).into_response();
    flash::start_session(&mut response, &session);
    flash::forget(&mut response, ASKED_COOKIE);
    Ok(response)
}

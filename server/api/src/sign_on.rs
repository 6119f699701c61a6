//! Signing in with an identity provider: `/api-auth/oidc/…`. Browsers are sent there and come back; the provider itself
//! calls when somebody has left it.

use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use market::{Client, Error};

use crate::{
    Answer, Shared,
    actors::{From, cookie},
    bodies::{Body, Fields, Posted},
    door,
    errors::{ApiError, RequestId},
    flash,
    queries::Query,
};

/// The cookie that ties the answer of the provider to the browser that asked.
const WAY_COOKIE: &str = "__Host-sign-on";
/// Seconds for which a browser keeps it; the server has the last word.
const WAY_SECONDS: u32 = 900;
/// The longest code or state that is looked at.
const LONGEST: usize = 4_096;
/// The longest logout token that is looked at.
const TOKEN: usize = 16_384;

pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(door("/api-auth/oidc/start", get(start)))
        .merge(door("/api-auth/oidc/callback", get(callback)))
        .merge(door("/api-auth/oidc/backchannel-logout", post(back_channel)))
}

/// Sends a browser to the provider.
async fn start(
    State(doors): State<Shared>,
    Extension(id): Extension<RequestId>,
    From(client): From,
    query: Query,
) -> Answer {
    let next = flash::next_path(query.text("next"));
    match doors.market.sign_on().start(next.unwrap_or("/"), &client).await {
        Ok((address, secret)) => {
            let place = HeaderValue::from_str(&address)
                .map_err(|error| Error::Internal(Box::new(error)))?;
            let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
            flash::keep(&mut response, WAY_COOKIE, &secret, WAY_SECONDS);
            Ok(response)
        }
        Err(missing @ Error::Missing(_)) => Err(missing.into()),
        Err(error) => Ok(refuse(&error.into(), id)),
    }
}

/// A browser comes back with the provider's answer.
async fn callback(
    State(doors): State<Shared>,
    Extension(id): Extension<RequestId>,
    From(client): From,
    headers: HeaderMap,
    query: Query,
) -> Answer {
    if !doors.market.sign_on().is_on() {
        return Err(Error::Missing("page").into());
    }
    let mut response = match finish(&doors, &headers, &query, &client).await {
        Ok((secret, next)) => {
            let mut response = flash::see_other(flash::next_path(Some(&next)).unwrap_or("/"));
            flash::start_session(&mut response, &secret);
            response
        }
        Err(error) => refuse(&error, id),
    };
    flash::forget(&mut response, WAY_COOKIE);
    Ok(response)
}

async fn finish(
    doors: &Shared,
    headers: &HeaderMap,
    query: &Query,
    client: &Client,
) -> Result<(String, String), ApiError> {
    let short = |name: &str| query.text(name).filter(|text| text.len() <= LONGEST);
    if let Some(error) = short("error") {
        tracing::info!(error, "the identity provider let somebody not in");
        return Err(Error::Conflict("The identity provider did not sign you in. Try again.").into());
    }
    let (Some(state), Some(code), Some(secret)) =
        (short("state"), short("code"), cookie(headers, WAY_COOKIE))
    else {
        return Err(Error::Conflict(
            "This sign-in was started in another browser, or too long ago. Start it again.",
        )
        .into());
    };
    Ok(doors.market.sign_on().finish(secret, state, code, client).await?)
}

/// Back to the sign-in page, which says why.
fn refuse(error: &ApiError, id: RequestId) -> Response {
    error.log(id);
    flash::back("/login/", None, error.problem(id), &[])
}

/// What the provider posts when somebody has left it.
struct Left {
    logout_token: String,
}

impl Posted for Left {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { logout_token: fields.line("logout_token", TOKEN)? })
    }
}

async fn back_channel(State(doors): State<Shared>, Body { value, .. }: Body<Left>) -> Answer {
    let mut response = match doors.market.sign_on().back_channel(&value.logout_token).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(error) => return Err(error.into()),
    };
    let kept = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    Ok(response)
}

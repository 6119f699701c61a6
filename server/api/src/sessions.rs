//! Accounts and signing in: `/api-auth/…`. The sign-in and registration pages post their forms here.

use axum::{
    Extension, Json, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use market::{Client, Entered, Error};
use model::{Register, Registered, SignIn};
use serde_json::json;

use crate::{
    Answer, Shared,
    actors::{From, SESSION_COOKIE, cookie, same_site, token},
    bodies::{Body, Fields, Posted},
    door,
    errors::{ApiError, RequestId},
    flash,
    idempotency::to_the_end,
};

/// The cookie of a sign-in that waits for its second factor.
const PENDING_COOKIE: &str = "__Host-pending";
/// Seconds for which a browser keeps it; the server has the last word.
const PENDING_SECONDS: u32 = 600;

pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(door("/api-auth/register", post(register)))
        .merge(door("/api-auth/password", post(password)))
        .merge(door("/api-auth/session", post(sign_in).delete(sign_out)))
        .merge(door("/api-auth/logout", post(log_out)))
}

impl Posted for Register {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (email, password) = (fields.required("email"), fields.required("password"));
        let full_name = fields.required("full_name");
        Some(Self { email: email?, password: password?, full_name: full_name? })
    }
}

impl Posted for SignIn {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (username, password) = (fields.required("username"), fields.required("password"));
        let otp = fields.optional("otp");
        Some(Self { username: username?, password: password?, otp })
    }
}

async fn register(
    State(doors): State<Shared>,
    Extension(id): Extension<RequestId>,
    From(client): From,
    headers: HeaderMap,
    mut fields: Fields,
) -> Answer {
    same_site(&headers)?;
    if !fields.form {
        let made = open_account(&doors, fields.parse()?, &client).await?;
        return Ok((StatusCode::CREATED, Json(made)).into_response());
    }
    let made = register_and_sign_in(&doors, &mut fields, &client).await;
    let next = flash::next_path(fields.text("next"));
    match made {
        Ok((place, secret)) => {
            let mut response = flash::see_other(next.unwrap_or(&place));
            flash::start_session(&mut response, &secret);
            Ok(response)
        }
        Err(ApiError::Market(Error::Unverified)) => Ok(flash::see_other("/login/verify/")),
        Err(error) => {
            error.log(id);
            let typed = [("email", fields.text("email")), ("full_name", fields.text("full_name"))];
            Ok(flash::back("/register/", next, error.problem(id), &typed))
        }
    }
}

/// An account is not left half made when its owner hangs up.
async fn open_account(
    doors: &Shared,
    asked: Register,
    client: &Client,
) -> Result<Registered, ApiError> {
    let (market, client) = (doors.market.clone(), client.clone());
    to_the_end(async move { Ok(market.identity().register_from(asked, &client).await?) }).await
}

async fn register_and_sign_in(
    doors: &Shared,
    fields: &mut Fields,
    client: &Client,
) -> Result<(String, String), ApiError> {
    let asked: Register = fields.parse()?;
    let made = open_account(doors, asked, client).await?;
    let secret = doors.market.identity().enter(made.user_uuid, client).await?;
    Ok((format!("/organizations/{}/", made.customer_uuid), secret))
}

async fn password(
    State(doors): State<Shared>,
    From(client): From,
    Body { value, .. }: Body<SignIn>,
) -> Answer {
    let token = doors.market.identity().issue_token(&value, &client).await?;
    Ok(Json(json!({ "token": token })).into_response())
}

async fn sign_in(
    State(doors): State<Shared>,
    Extension(id): Extension<RequestId>,
    From(client): From,
    headers: HeaderMap,
    mut fields: Fields,
) -> Answer {
    same_site(&headers)?;
    if !fields.form {
        let known: SignIn = fields.parse()?;
        let Entered::Session(secret) = doors.market.identity().sign_in(&known, &client).await?
        else {
            return Err(Error::SecondFactor("Enter the code of your second factor.").into());
        };
        let mut response = StatusCode::NO_CONTENT.into_response();
        flash::start_session(&mut response, &secret);
        return Ok(response);
    }
    if fields.text("_method").is_some_and(|method| method.eq_ignore_ascii_case("delete")) {
        let (left, mut response) = end(&doors, &headers).await?;
        *response.status_mut() = StatusCode::SEE_OTHER;
        let place = left.as_deref().unwrap_or("/");
        let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
        response.headers_mut().insert(header::LOCATION, place);
        return Ok(response);
    }
    let second = fields.text("username").is_none() && fields.text("otp").is_some();
    let done = if second {
        pass_second_factor(&doors, &headers, &fields, &client).await.map(Entered::Session)
    } else {
        async { Ok(doors.market.identity().sign_in(&fields.parse()?, &client).await?) }.await
    };
    let next = flash::next_path(fields.text("next"));
    match done {
        Ok(Entered::Session(secret)) => {
            let place = match next {
                Some(next) => next.to_owned(),
                None => home(&doors, &secret).await?,
            };
            let mut response = flash::see_other(&place);
            flash::start_session(&mut response, &secret);
            if second {
                flash::forget(&mut response, PENDING_COOKIE);
            }
            Ok(response)
        }
        Ok(Entered::Pending(secret)) => {
            let mut response = flash::onward("/login/code/", next);
            flash::keep(&mut response, PENDING_COOKIE, &secret, PENDING_SECONDS);
            Ok(response)
        }
        Err(error) => {
            let error: ApiError = error;
            error.log(id);
            let typed = [("username", fields.text("username"))];
            let form = match &error {
                ApiError::Market(Error::Unverified) => "/login/verify/",
                ApiError::Market(Error::SecondFactor(_) | Error::Limited { .. }) if second => {
                    "/login/code/"
                }
                _ => "/login/",
            };
            Ok(flash::back(form, next, error.problem(id), &typed))
        }
    }
}

/// The second step of signing in: the browser has the secret of the first one.
async fn pass_second_factor(
    doors: &Shared,
    headers: &HeaderMap,
    fields: &Fields,
    client: &Client,
) -> Result<String, ApiError> {
    const LATE: Error =
        Error::Conflict("The first step was too long ago. Enter e-mail and password again.");
    let pending = cookie(headers, PENDING_COOKIE).ok_or(LATE)?;
    let code = fields.text("otp").unwrap_or_default();
    match doors.market.identity().pass_second_factor(pending, code, client).await {
        Err(Error::Anonymous) => Err(LATE.into()),
        other => Ok(other?),
    }
}

/// Where somebody goes who just signed in and wanted nothing else: to their first organization.
pub async fn home(doors: &Shared, secret: &str) -> Result<String, ApiError> {
    let identity = doors.market.identity();
    let actor = identity.by_session(secret).await?.ok_or(Error::Anonymous)?;
    let me = identity.me(&actor).await?;
    Ok(me.customers.first().map_or_else(|| "/".to_owned(), |c| format!("/organizations/{}/", c.id)))
}

/// Also for a session that has ended already: who signs out wants to be out.
async fn sign_out(State(doors): State<Shared>, headers: HeaderMap) -> Answer {
    same_site(&headers)?;
    Ok(end(&doors, &headers).await?.1)
}

/// The same, for a token too, and where to leave the identity provider, if it is to be left as well.
async fn log_out(State(doors): State<Shared>, headers: HeaderMap) -> Answer {
    same_site(&headers)?;
    if let Some(token) = token(&headers) {
        doors.market.identity().revoke_token(token).await?;
    }
    let (left, mut response) = end(&doors, &headers).await?;
    if let Some(logout_url) = left {
        *response.status_mut() = StatusCode::OK;
        let (parts, _) = response.into_parts();
        return Ok((parts, Json(json!({ "logout_url": logout_url }))).into_response());
    }
    Ok(response)
}

async fn end(doors: &Shared, headers: &HeaderMap) -> Result<(Option<String>, Response), ApiError> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let Some(secret) = cookie(headers, SESSION_COOKIE) else { return Ok((None, response)) };
    let left = doors.market.identity().sign_out(secret).await?;
    flash::end_session(&mut response);
    Ok((left, response))
}

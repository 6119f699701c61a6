//! Accounts and signing in: `/api-auth/…`. The sign-in and registration pages post their forms here.

use axum::{
    Extension, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use market::Error;
use model::{Register, Registered, SignIn};
use serde_json::json;

use crate::{
    Answer, Shared,
    actors::{SESSION_COOKIE, cookie, same_site},
    bodies::{Body, Fields, Posted},
    door,
    errors::{ApiError, RequestId},
    flash,
    idempotency::to_the_end,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(door("/api-auth/register", post(register)))
        .merge(door("/api-auth/password", post(password)))
        .merge(door("/api-auth/session", post(sign_in).delete(sign_out)))
        .merge(door("/api-auth/logout", post(sign_out)))
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
        Some(Self { username: username?, password: password? })
    }
}

async fn register(
    State(doors): State<Shared>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    mut fields: Fields,
) -> Answer {
    same_site(&headers)?;
    if !fields.form {
        let made = open_account(&doors, fields.parse()?).await?;
        return Ok((StatusCode::CREATED, Json(made)).into_response());
    }
    let made = register_and_sign_in(&doors, &mut fields).await;
    let next = flash::next_path(fields.text("next"));
    match made {
        Ok((place, secret)) => {
            let mut response = flash::see_other(next.unwrap_or(&place));
            flash::start_session(&mut response, &secret);
            Ok(response)
        }
        Err(error) => {
            error.log(id);
            let typed = [("email", fields.text("email")), ("full_name", fields.text("full_name"))];
            Ok(flash::back("/register/", next, error.problem(id), &typed))
        }
    }
}

/// An account is not left half made when its owner hangs up.
async fn open_account(doors: &Shared, asked: Register) -> Result<Registered, ApiError> {
    let market = doors.market.clone();
    to_the_end(async move { Ok(market.identity().register(asked).await?) }).await
}

async fn register_and_sign_in(
    doors: &Shared,
    fields: &mut Fields,
) -> Result<(String, String), ApiError> {
    let asked: Register = fields.parse()?;
    let made = open_account(doors, asked).await?;
    let secret = doors.market.identity().session_for(made.user_uuid).await?;
    Ok((format!("/organizations/{}/", made.customer_uuid), secret))
}

async fn password(State(doors): State<Shared>, Body { value, .. }: Body<SignIn>) -> Answer {
    let token = doors.market.identity().issue_token(&value).await?;
    Ok(Json(json!({ "token": token })).into_response())
}

async fn sign_in(
    State(doors): State<Shared>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    mut fields: Fields,
) -> Answer {
    same_site(&headers)?;
    if !fields.form {
        let known: SignIn = fields.parse()?;
        let secret = doors.market.identity().sign_in(&known).await?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        flash::start_session(&mut response, &secret);
        return Ok(response);
    }
    if fields.text("_method").is_some_and(|method| method.eq_ignore_ascii_case("delete")) {
        return end(&doors, &headers, flash::see_other("/")).await;
    }
    let done = async { Ok(doors.market.identity().sign_in(&fields.parse()?).await?) }.await;
    let next = flash::next_path(fields.text("next"));
    match done {
        Ok(secret) => {
            let place = match next {
                Some(next) => next.to_owned(),
                None => home(&doors, &secret).await?,
            };
            let mut response = flash::see_other(&place);
            flash::start_session(&mut response, &secret);
            Ok(response)
        }
        Err(error) => {
            let error: ApiError = error;
            error.log(id);
            let typed = [("username", fields.text("username"))];
            Ok(flash::back("/login/", next, error.problem(id), &typed))
        }
    }
}

/// Where somebody goes who just signed in and wanted nothing else: to their first organization.
async fn home(doors: &Shared, secret: &str) -> Result<String, ApiError> {
    let identity = doors.market.identity();
    let actor = identity.by_session(secret).await?.ok_or(Error::Anonymous)?;
    let me = identity.me(&actor).await?;
    Ok(me.customers.first().map_or_else(|| "/".to_owned(), |c| format!("/organizations/{}/", c.id)))
}

/// Also for a session that has ended already: who signs out wants to be out.
async fn sign_out(State(doors): State<Shared>, headers: HeaderMap) -> Answer {
    same_site(&headers)?;
    end(&doors, &headers, StatusCode::NO_CONTENT.into_response()).await
}

async fn end(doors: &Shared, headers: &HeaderMap, mut response: Response) -> Answer {
    if let Some(secret) = cookie(headers, SESSION_COOKIE) {
        doors.market.identity().sign_out(secret).await?;
        flash::end_session(&mut response);
    }
    Ok(response)
}

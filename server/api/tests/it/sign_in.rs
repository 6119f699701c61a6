//! Signing in from outside: the second factor at every door, and guesses that are counted for all of them.

use axum::{body::Body, http::Method};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use market::{Actor, Client, Entered};
use model::SignIn;
use serde_json::{Value, json};

use crate::app::{Answered, App, PASSWORD, Person, app};

fn told(answer: &Answered) -> Value {
    let cookie = answer.cookie("__Host-flash").unwrap();
    let (_, value) = cookie.split_once('=').unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).unwrap()).unwrap()
}

async fn actor(app: &App, person: &Person) -> Actor {
    let known = SignIn { username: person.email.clone(), password: PASSWORD.to_owned(), otp: None };
    let identity = app.market.identity();
    let entered = identity.sign_in(&known, &Client::default()).await.unwrap();
    let Entered::Session(secret) = entered else { panic!("{entered:?}") };
    identity.by_session(&secret).await.unwrap().unwrap()
}

/// Gives somebody a second factor; its recovery codes.
async fn with_second_factor(app: &App, person: &Person) -> Vec<String> {
    let (me, factors) = (actor(app, person).await, app.market.second_factors());
    let setup = factors.begin(&me).await.unwrap();
    let secret = totp_rs::Secret::try_from_base32(&setup.secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let now = u64::try_from(app.market.core().now().ms() / 1_000).unwrap();
    factors.confirm(&me, &totp.generate(now).to_string()).await.unwrap()
}

#[tokio::test]
async fn programs_are_asked_for_the_second_factor() {
    let app = app().await;
    let person = app.person("factor").await;
    let codes = with_second_factor(&app, &person).await;
    let body = |otp: Value| json!({ "username": person.email, "password": PASSWORD, "otp": otp });
    for path in ["/api-auth/password/", "/api-auth/session/"] {
        let without = app.post(path, "", &body(Value::Null)).await;
        let said = without.expect(401);
        assert_eq!(said["code"], "second_factor_required", "{path}");
        assert!(said["detail"].is_string());
        assert_eq!(
            app.post(path, "", &body(json!("000000"))).await.expect(401)["code"],
            said["code"]
        );
        assert!(without.cookie("__Host-session").is_none());
    }
    let token = app.post("/api-auth/password/", "", &body(json!(codes[0]))).await.expect(200);
    assert_eq!(token["token"].as_str().unwrap().len(), 40);
    assert_eq!(app.post("/api-auth/password/", "", &body(json!(codes[0]))).await.status, 401);
    let session = app.post("/api-auth/session/", "", &body(json!(codes[1]))).await;
    assert_eq!(session.status, 204);
    assert!(session.cookie("__Host-session").is_some());
    // A wrong password is a wrong password, whatever code comes with it.
    let wrong =
        json!({ "username": person.email, "password": "not the password", "otp": codes[2] });
    let said = app.post("/api-auth/password/", "", &wrong).await.expect(401);
    assert_eq!(said, json!({ "detail": "Invalid username/password." }));
}

#[tokio::test]
async fn who_signs_out_with_a_token_gives_it_up() {
    let app = app().await;
    let (person, other) = (app.person("leaver").await, app.person("stayer").await);
    let out = app.post("/api-auth/logout/", &person.authorization, &json!({})).await;
    assert_eq!(out.status, 204, "{out:?}");
    assert_eq!(app.get("/api/users/me/", &person.authorization).await.status, 401);
    assert_eq!(app.get("/api/users/me/", &other.authorization).await.status, 200);
}

#[tokio::test]
async fn the_form_has_two_steps() {
    let app = app().await;
    let person = app.person("steps").await;
    let codes = with_second_factor(&app, &person).await;
    let first =
        format!("username={}&password={}&next=/a/", person.email, PASSWORD.replace(' ', "+"));
    let step = app.form("/api-auth/session/", &[], &first).await;
    assert_eq!((step.status.as_u16(), step.header("location")), (303, "/login/code/?next=%2Fa%2F"));
    assert!(step.cookie("__Host-session").is_none());
    let pending = step.cookie("__Host-pending").unwrap();

    let wrong =
        app.form("/api-auth/session/", &[("cookie", &pending)], "otp=000000&next=/a/").await;
    assert_eq!(wrong.header("location"), "/login/code/?next=%2Fa%2F");
    assert!(told(&wrong)["message"].as_str().unwrap().contains("incorrect"));
    let code = format!("otp={}&next=/a/", codes[0]);
    let nobody = app.form("/api-auth/session/", &[], &code).await;
    assert_eq!(nobody.header("location"), "/login/?next=%2Fa%2F");
    let other = format!("__Host-pending={}", "0".repeat(64));
    let nobody = app.form("/api-auth/session/", &[("cookie", &other)], &code).await;
    assert_eq!(nobody.header("location"), "/login/?next=%2Fa%2F");
    let elsewhere = [("cookie", pending.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(app.form("/api-auth/session/", &elsewhere, &code).await.status, 403);

    let done = app.form("/api-auth/session/", &[("cookie", &pending)], &code).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/a/"));
    let session = done.cookie("__Host-session").unwrap();
    let me = app.ask(Method::GET, "/wallets/me", &[("cookie", &session)], Body::empty()).await;
    me.expect(200);
    let again = format!("otp={}", codes[1]);
    let again = app.form("/api-auth/session/", &[("cookie", &pending)], &again).await;
    assert_eq!(again.header("location"), "/login/", "a first step leads to one session");
}

#[tokio::test]
async fn guesses_are_counted_for_all_doors_together() {
    let app = app().await;
    let person = app.person("target").await;
    let guess = json!({ "username": person.email, "password": "not the password" });
    let form = format!("username={}&password=not+the+password", person.email);
    app.post("/api-auth/password/", "", &guess).await.expect(401);
    app.post("/api-auth/session/", "", &guess).await.expect(401);
    app.form("/api-auth/session/", &[], &form).await;
    app.form("/api-auth/password/", &[], &form).await.expect(401);
    let right = json!({ "username": person.email, "password": PASSWORD });
    for path in ["/api-auth/password/", "/api-auth/session/"] {
        let locked = app.post(path, "", &right).await;
        locked.expect(429);
        let wait: u32 = locked.header("retry-after").parse().unwrap();
        assert!((500..=600).contains(&wait), "{wait}");
    }
    let form = format!("username={}&password={}", person.email, PASSWORD.replace(' ', "+"));
    let locked = app.form("/api-auth/session/", &[], &form).await;
    assert_eq!(locked.header("location"), "/login/");
    assert!(told(&locked)["message"].as_str().unwrap().contains("limit"));
}

#[tokio::test]
async fn without_an_identity_provider_its_doors_are_closed() {
    let app = app().await;
    for path in ["/api-auth/oidc/start/", "/api-auth/oidc/callback/?code=a&state=b"] {
        app.get(path, "").await.expect(404);
    }
    let body = json!({ "logout_token": "x" });
    app.post("/api-auth/oidc/backchannel-logout/", "", &body).await.expect(404);
    app.post("/api-auth/oidc/backchannel-logout/", "", &json!({})).await.expect(400);
    let out = app.ask(Method::POST, "/api-auth/logout/", &[], Body::empty()).await;
    assert_eq!((out.status.as_u16(), out.text.as_str()), (204, ""));
}

//! The sign-in and registration forms of the pages, which work without script.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::app::{Answered, PASSWORD, app};

fn flash(answer: &Answered) -> Value {
    let cookie = answer.cookie("__Host-flash").unwrap();
    let (_, value) = cookie.split_once('=').unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).unwrap()).unwrap()
}

#[tokio::test]
async fn registering_signs_in_and_goes_on() {
    let app = app().await;
    let body = "email=form%40example.com&password=a+long+password&full_name=F%C3%B6rm";
    let answer = app.form("/api-auth/register/", &[], body).await;
    assert_eq!(answer.status, 303);
    assert!(answer.header("location").starts_with("/organizations/"), "{answer:?}");
    let cookie = answer.cookie("__Host-session").unwrap();
    let wallet = app
        .ask(axum::http::Method::GET, "/wallets/me", &[("cookie", &cookie)], String::new())
        .await;
    assert_eq!(wallet.expect(200)["balance"], 100);

    // The address is taken now; what was typed comes back, the password does not.
    let again =
        app.form("/api-auth/register/", &[], &format!("{body}&next=/marketplace/%3Fa%3Db")).await;
    assert_eq!(
        (again.status.as_u16(), again.header("location")),
        (303, "/register/?next=%2Fmarketplace%2F%3Fa%3Db")
    );
    let told = flash(&again);
    assert!(!told["message"].as_str().unwrap().is_empty());
    assert_eq!(told["values"], json!({ "email": "form@example.com", "full_name": "Förm" }));
    assert!(again.cookie("__Host-session").is_none());

    let empty = app.form("/api-auth/register/", &[], "email=x&full_name=").await;
    let fields: Vec<_> =
        flash(&empty)["fields"].as_array().unwrap().iter().map(|f| f["field"].clone()).collect();
    assert_eq!(fields, ["email", "password", "full_name"]);
    let long =
        app.form("/api-auth/register/", &[], &format!("email={}", "x".repeat(100_000))).await;
    assert!(long.header("set-cookie").len() < 4_096);
}

#[tokio::test]
async fn signing_in_and_out() {
    let app = app().await;
    let person = app.person("formal").await;
    let right = format!("username={}&password={}", person.email, PASSWORD.replace(' ', "+"));
    let home = app.form("/api-auth/session/", &[], &right).await;
    assert_eq!(home.header("location"), format!("/organizations/{}/", person.customer));
    for (next, place) in [
        ("/a/?b=c", "/a/?b=c"),
        ("//evil.example", ""),
        ("/%5Cevil.example", ""),
        ("https://evil.example", ""),
        ("/%09/evil.example", ""),
    ] {
        let answer = app.form("/api-auth/session", &[], &format!("{right}&next={next}")).await;
        let place = if place.is_empty() { home.header("location") } else { place };
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, place), "{next}");
        assert!(answer.cookie("__Host-session").is_some());
    }
    let wrong = format!("username={}&password=wrong-password&next=/a/", person.email);
    let answer = app.form("/api-auth/session/", &[], &wrong).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/login/?next=%2Fa%2F"));
    assert!(answer.header("set-cookie").contains("; Max-Age=300"));
    assert_eq!(flash(&answer)["values"], json!({ "username": person.email }));
    assert!(!answer.text.contains("wrong-password"));

    for headers in [[("sec-fetch-site", "cross-site")], [("origin", "https://evil.example")]] {
        assert_eq!(app.form("/api-auth/session/", &headers, &right).await.status, 403);
        assert_eq!(app.form("/api-auth/register/", &headers, &right).await.status, 403);
    }
    let cookie = home.cookie("__Host-session").unwrap();
    let out = app.form("/api-auth/session/", &[("cookie", &cookie)], "_method=delete").await;
    assert_eq!((out.status.as_u16(), out.header("location")), (303, "/"));
    let gone = app
        .ask(axum::http::Method::GET, "/wallets/me", &[("cookie", &cookie)], String::new())
        .await;
    assert_eq!(gone.status, 401);
}

#[tokio::test]
async fn forms_are_read_where_json_is() {
    let app = app().await;
    let person = app.person("curl").await;
    let headers = [("authorization", person.authorization.as_str())];
    let answer = app.form("/billing/authorize", &headers, "run_id=r&budget=2.5&resource=").await;
    assert_eq!(answer.expect(200)["budget"], 2.5);
    let token = app
        .form("/api-auth/password/", &[], &format!("username={}&password={PASSWORD}", person.email))
        .await;
    assert_eq!(token.expect(200)["token"].as_str().unwrap().len(), 40);
}

//! Who gets in, and how who does not is told.

use axum::{body::Body, http::Method};
use serde_json::json;

use crate::app::{PASSWORD, app};

const CLOSED: &[(&str, &str)] = &[
    ("GET", "/wallets/me"),
    ("GET", "/wallets/me/ledger"),
    ("POST", "/billing/authorize"),
    ("POST", "/billing/settle"),
    ("GET", "/instances/"),
    ("POST", "/integrations/commerce/provision"),
    ("POST", "/integrations/commerce/add-credits"),
    ("GET", "/v1/services?scope=subscribed"),
    ("GET", "/v1/services?scope=owned"),
    ("POST", "/v1/services/x/subscribe"),
    ("DELETE", "/v1/services/x/subscribe"),
    ("GET", "/v1/receipts/x"),
    ("POST", "/marketplace/services/x/reviews"),
];

#[tokio::test]
async fn closed_doors_ask_for_credentials() {
    let app = app().await;
    let unknown = "Token 0123456789012345678901234567890123456789";
    let revoked = format!("Bearer {}", model::SecretKey::new([7; 28]).reveal());
    for (method, path) in CLOSED {
        for authorization in [
            "",
            unknown,
            "Token short",
            "token a b",
            "Token",
            "Bearer",
            &revoked,
            "Bearer sk-x",
            "Basic eDp5",
        ] {
            let headers = [("authorization", authorization)];
            let headers = if authorization.is_empty() { &[][..] } else { &headers[..] };
            let answer = app.ask(method.parse().unwrap(), path, headers, Body::empty()).await;
            let body = answer.expect(401);
            if path.starts_with("/instances") {
                assert_eq!(answer.header("www-authenticate"), "Token");
                assert!(body["detail"].is_string(), "{body}");
            } else {
                assert_eq!(answer.header("www-authenticate"), "Bearer");
                assert_eq!(body["error"]["code"], "not_authenticated", "{path} {authorization}");
                assert_eq!(body["error"]["request_id"], answer.header("x-request-id"));
            }
        }
    }
    let models = app.get("/v1/models", "Bearer cmp_sk_wrong").await.expect(401);
    assert_eq!(models["error"]["code"], "invalid_api_key");
    let anonymous = app.get("/instances/", "").await;
    assert_eq!(anonymous.status, 401);
    let none = app.ask(Method::GET, "/instances/", &[], Body::empty()).await.expect(401);
    assert_eq!(none, json!({ "detail": "Authentication credentials were not provided." }));
    let invalid = app.get("/instances/", unknown).await.expect(401);
    assert_eq!(invalid, json!({ "detail": "Invalid token." }));
}

#[tokio::test]
async fn tokens_are_given_for_passwords() {
    let app = app().await;
    let person = app.person("someone").await;
    for scheme in ["token", "TOKEN", "Token"] {
        let authorization = person.authorization.replace("Token", scheme);
        app.get("/wallets/me", &authorization).await.expect(200);
    }
    let right = json!({ "username": person.email.to_uppercase(), "password": PASSWORD });
    let token = app.post("/api-auth/password/", "", &right).await.expect(200);
    let token = token["token"].as_str().unwrap();
    assert_eq!(token.len(), 40);
    app.get("/wallets/me", &format!("Token {token}")).await.expect(200);
    for wrong in [
        json!({ "username": person.email, "password": "not the password" }),
        json!({ "username": "nobody@example.com", "password": PASSWORD }),
        json!({ "username": "x".repeat(5_000), "password": "y".repeat(5_000) }),
    ] {
        let answer = app.post("/api-auth/password/", "", &wrong).await;
        assert_eq!(answer.expect(401), json!({ "detail": "Invalid username/password." }));
    }
}

#[tokio::test]
async fn a_session_is_a_cookie_that_other_sites_cannot_use() {
    let app = app().await;
    let person = app.person("browser").await;
    let right = json!({ "username": person.email, "password": PASSWORD });
    let answer = app.post("/api-auth/session/", "", &right).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    let set = answer.header("set-cookie");
    for part in
        ["__Host-session=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Max-Age="]
    {
        assert!(set.contains(part), "{set}");
    }
    let cookie = answer.cookie("__Host-session").unwrap();
    let run = |headers: &[(&str, &str)]| {
        let mut all = vec![
            ("cookie", cookie.as_str()),
            ("host", "cmp.example"),
            ("content-type", "application/json"),
        ];
        all.extend_from_slice(headers);
        let request = all
            .iter()
            .fold(axum::http::Request::post("/billing/authorize"), |request, (name, value)| {
                request.header(*name, *value)
            });
        app.send(request.body(Body::from(r#"{"run_id":"r","budget":1}"#)).unwrap())
    };
    run(&[]).await.expect(200);
    run(&[("sec-fetch-site", "same-origin")]).await.expect(200);
    run(&[("origin", "https://cmp.example")]).await.expect(200);
    for bad in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        run(&[bad]).await.expect(403);
    }
    let cookies = [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
    // Reading needs no check: the other site does not see the answer.
    app.ask(Method::GET, "/wallets/me", &cookies, Body::empty()).await.expect(200);

    let cookies = [("cookie", cookie.as_str())];
    let out = app.ask(Method::DELETE, "/api-auth/session/", &cookies, Body::empty()).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    app.ask(Method::GET, "/wallets/me", &cookies, Body::empty()).await.expect(401);
    assert_eq!(
        app.ask(Method::POST, "/api-auth/logout/", &cookies, Body::empty()).await.status,
        204
    );
    let refused = json!({ "username": person.email, "password": "wrong wrong wrong" });
    app.post("/api-auth/session/", "", &refused).await.expect(401);
}

//! Bad input: always a refusal in the shape of the path, never a failure of ours.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, http::Method};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::app::{Answered, App, app};

const POSTS: &[&str] = &[
    "/api-auth/register/",
    "/api-auth/password/",
    "/api-auth/session/",
    "/billing/authorize",
    "/billing/settle",
    "/integrations/commerce/provision",
    "/integrations/commerce/add-credits",
    "/v1/services/SLUG/subscribe",
];

/// Its bodies are read by the gateway, which has tests of its own; here is seen that the doors' rules hold there too.
const METERED: &[&str] = &["/v1/chat/completions"];

/// The shape that the callers of a path can read.
#[track_caller]
fn assert_shape(path: &str, answer: &Answered) {
    let body = answer.json();
    if path.starts_with("/api-auth") || path.starts_with("/instances") {
        let fields = body.as_object().unwrap();
        let listed =
            |value: &Value| value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
        assert!(!fields.is_empty(), "{path}");
        assert!(
            fields.iter().all(|(name, value)| name == "detail" || listed(value)),
            "{path} {body}"
        );
    } else if path.starts_with("/v1/chat") || path.starts_with("/v1/models") {
        let error = body["error"].as_object().unwrap();
        for name in ["message", "type", "param", "code"] {
            assert!(error.contains_key(name), "{path} {body}");
        }
    } else {
        assert!(
            body["error"]["code"].is_string() && body["error"]["message"].is_string(),
            "{path} {body}"
        );
        assert!(body["error"]["request_id"].is_string(), "{path} {body}");
    }
}

/// Somebody who gets through every door, so that the body is what is judged.
async fn callers(app: &App) -> (String, String) {
    let chief = app.operator().await;
    let buyer = app.person("bad-input").await;
    let key = app.key(&buyer, &app.service().slug).await;
    (chief, format!("Bearer {key}"))
}

market::both_engines! {
    bad_bodies_are_refused_in_the_shape_of_the_path, |market| {
        garbage(&App::over(market), POSTS).await;
    }

    bad_bodies_are_refused_on_the_metered_path, |market| {
        garbage(&App::over(market), METERED).await;
    }

    garbled_bodies_never_make_the_house_fail, |market| {
        garbled(&App::over(market)).await;
    }
}

#[tokio::test]
async fn oversized_bodies_are_refused_at_the_limit() {
    oversized(&app().await, POSTS).await;
}

#[tokio::test]
async fn oversized_bodies_are_refused_on_the_metered_path() {
    oversized(&app().await, METERED).await;
}

async fn garbage(app: &App, paths: &[&str]) {
    let (chief, key) = callers(app).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!(r#"{{"run_id":{}1{}}}"#, r#"{"a":"#.repeat(500), "}".repeat(500));
    let types = r#"{"plan":[1],"run_id":[1],"email":{},"username":7,"customer":true,"model":7,"messages":7,"credits":"x"}"#;
    let cases: &[(&str, &[u8], &[u16])] = &[
        ("application/json", b"{", &[400]),
        ("application/json", b"not json", &[400]),
        ("application/json", b"\xff\xfe\x00", &[400]),
        ("application/json", b"[]", &[400]),
        ("application/json", b"null", &[400]),
        ("application/json", b"\"text\"", &[400]),
        ("application/json", b"{\"run_id\":1e999}", &[400]),
        ("application/json", types.as_bytes(), &[400]),
        ("application/json", b"{\"plan\":\"a\",\"plan\":\"b\",\"model\":7}", &[400]),
        ("application/json", deep.as_bytes(), &[400]),
        ("application/json", nested.as_bytes(), &[400]),
        ("text/plain", b"{}", &[400, 415]),
        ("multipart/form-data; boundary=x", b"--x--", &[400, 415]),
    ];
    for path in paths {
        let path = path.replace("SLUG", &app.service().slug);
        let authorization = if path.starts_with("/v1/chat") { &key } else { &chief };
        for (kind, body, expected) in cases {
            let headers = [("content-type", *kind), ("authorization", authorization.as_str())];
            let answer = app.ask(Method::POST, &path, &headers, body.to_vec()).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            assert!(
                expected.contains(&answer.status.as_u16()),
                "{path} {kind} {shown}: {answer:?}"
            );
            assert_shape(&path, &answer);
            assert!(!answer.header("x-request-id").is_empty());
        }
    }
}

async fn oversized(app: &App, paths: &[&str]) {
    let (chief, key) = callers(app).await;
    for path in paths {
        let path = path.replace("SLUG", &app.service().slug);
        let authorization = if path.starts_with("/v1/chat") { &key } else { &chief };
        let headers =
            [("content-type", "application/json"), ("authorization", authorization.as_str())];
        // Announced: the doors need not see a byte of it, the gateway may.
        let mut announced = headers.to_vec();
        announced.push(("content-length", "4194305"));
        let body = if path.starts_with("/v1/chat") { vec![b' '; (4 << 20) + 1] } else { vec![] };
        let answer = app.ask(Method::POST, &path, &announced, body).await;
        assert_eq!(answer.status, 413, "{path} {answer:?}");
        assert_shape(&path, &answer);
        // Not announced, as a chunked body is not; who waited for its end would wait forever.
        let answer = app.ask(Method::POST, &path, &headers, Body::new(Endless)).await;
        assert_eq!(answer.status, 413, "{path}");
        assert_shape(&path, &answer);
    }
}

/// A body of spaces without an end.
struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from_static(&[b' '; 16_384])))))
    }
}

/// Good bodies with bytes of them changed, left out or said twice, the same ones in each run.
async fn garbled(app: &App) {
    let (chief, _) = callers(app).await;
    let buyer = app.person("garbled").await;
    let slug = app.service().slug;
    let bodies = [
        ("/api-auth/password/", json!({ "username": buyer.email, "password": "p" })),
        ("/billing/authorize", json!({ "run_id": "run", "budget": 1.5 })),
        ("/billing/settle", json!({ "run_id": "run", "credits": 1 })),
        (
            "/integrations/commerce/provision",
            json!({ "customer": buyer.customer, "offering": slug, "reference": "r" }),
        ),
        (
            "/integrations/commerce/add-credits",
            json!({ "customer": buyer.customer, "credits": 5, "reference": "r" }),
        ),
    ];
    let mut seed = 7_u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let bytes = b"\0\"\\{}[],:x19.-e \xff\xc3";
    for (path, body) in bodies {
        for _ in 0..60 {
            let mut text = body.to_string().into_bytes();
            for _ in 0..=draw(3) {
                let place = draw(text.len());
                match draw(3) {
                    0 => text[place] = bytes[draw(bytes.len())],
                    1 => drop(text.remove(place)),
                    _ => text.insert(place, bytes[draw(bytes.len())]),
                }
            }
            let shown = String::from_utf8_lossy(&text).into_owned();
            let headers = [("content-type", "application/json"), ("authorization", chief.as_str())];
            let answer = app.ask(Method::POST, path, &headers, text).await;
            assert!(answer.status.as_u16() < 500, "{path} {shown}: {answer:?}");
            if !answer.status.is_success() {
                assert_shape(path, &answer);
            }
        }
    }
}

#[tokio::test]
async fn every_fault_is_named() {
    let app = app().await;
    let chief = app.operator().await;
    let empty = app.post("/api-auth/register/", "", &json!({})).await.expect(400);
    let required = json!(["This field is required."]);
    assert_eq!(empty, json!({ "email": required, "password": required, "full_name": required }));
    let body = json!({ "email": "x", "password": "short", "full_name": null });
    let wrong = app.post("/api-auth/register/", "", &body).await.expect(400);
    assert_eq!(wrong["email"], json!(["Enter an e-mail address, like name@example.com"]));
    assert_eq!(wrong["full_name"], json!(["This field may not be null."]));
    let body = json!({ "email": "short@example.com", "password": "short", "full_name": "S" });
    assert!(app.post("/api-auth/register/", "", &body).await.expect(400)["password"].is_array());

    let id = "018bcfe5-6800-7707-8707-070707070707";
    for (path, body, field) in [
        ("/billing/authorize", json!({ "run_id": "", "budget": 1 }), "run_id"),
        ("/billing/authorize", json!({ "run_id": "x".repeat(201), "budget": 1 }), "run_id"),
        ("/billing/authorize", json!({ "run_id": "a\u{0}b", "budget": 1 }), "run_id"),
        ("/billing/authorize", json!({ "run_id": "a", "budget": 0 }), "budget"),
        ("/billing/authorize", json!({ "run_id": "a", "budget": -1 }), "budget"),
        ("/billing/authorize", json!({ "run_id": "a", "budget": 0.000_000_1 }), "budget"),
        ("/billing/authorize", json!({ "run_id": "a", "budget": 1e30 }), "budget"),
        ("/billing/authorize", json!({ "run_id": "a", "budget": true }), "budget"),
        ("/billing/authorize", json!({ "run_id": "a", "budget": 1, "resource": "x" }), "resource"),
        ("/billing/settle", json!({ "credits": 1 }), "run_id"),
        ("/billing/settle", json!({ "credits": 1, "run_id": "a", "reservation_id": id }), "run_id"),
        ("/billing/settle", json!({ "credits": 1, "reservation_id": "a" }), "reservation_id"),
        ("/billing/settle", json!({ "credits": -1, "run_id": "a" }), "credits"),
        (
            "/integrations/commerce/add-credits",
            json!({ "customer": id, "credits": 0, "reference": "r" }),
            "credits",
        ),
        (
            "/integrations/commerce/add-credits",
            json!({ "customer": id, "credits": 1_000_000_001, "reference": "r" }),
            "credits",
        ),
        (
            "/integrations/commerce/add-credits",
            json!({ "customer": "x", "credits": 1, "reference": "r" }),
            "customer",
        ),
        (
            "/integrations/commerce/provision",
            json!({ "customer": id, "offering": "x" }),
            "reference",
        ),
        ("/v1/services/x/subscribe", json!({ "project": 7 }), "project"),
    ] {
        let answer = app.post(path, &chief, &body).await.expect(400);
        let fields = answer["error"]["fields"].as_array().unwrap();
        assert!(fields.iter().any(|fault| fault["field"] == field), "{path} {body}: {answer}");
    }
    for (path, field) in [
        ("/wallets/me?customer=x", "customer"),
        ("/wallets/me/ledger?page=0", "page"),
        ("/wallets/me/ledger?page=-1", "page"),
        ("/wallets/me/ledger?page_size=x", "page_size"),
        ("/v1/services?scope=none", "scope"),
    ] {
        let answer = app.get(path, &chief).await.expect(400);
        assert_eq!(answer["error"]["fields"][0]["field"], field, "{path}");
    }
    for key in ["", "a b", "\u{e4}", &"k".repeat(256)] {
        let headers = [
            ("content-type", "application/json"),
            ("authorization", chief.as_str()),
            ("idempotency-key", key),
        ];
        let answer = app
            .ask(Method::POST, "/billing/settle", &headers, r#"{"run_id":"a","credits":1}"#)
            .await;
        assert_eq!(answer.expect(400)["error"]["fields"][0]["field"], "Idempotency-Key");
    }
}

market::both_engines! { an_address_is_taken_once, |market| {
    let app = App::over(market);
    let person = app.person("first").await;
    let body = json!({ "email": person.email.to_uppercase(), "password": "another password", "full_name": "Second" });
    let answer = app.post("/api-auth/register/", "", &body).await;
    assert!(answer.expect(409)["detail"].is_string());
} }

market::both_engines! { strange_addresses_and_methods, |market| {
    let app = App::over(market);
    let me = app.person("explorer").await.authorization;
    for path in [
        "/v1/services/%00",
        "/v1/services/%ff",
        "/v1/services/no-such",
        "/v1/receipts/%00",
        "/v1/receipts/%ff%fe",
    ] {
        assert_shape(path, &app.get(path, &me).await);
        assert_eq!(app.get(path, &me).await.status, 404, "{path}");
    }
    assert_eq!(app.get("/v1/models/no-such", "Token x").await.status, 401);
    let none = app.ask(Method::GET, "/v1/models/no-such", &[], Body::empty()).await;
    assert_eq!(none.expect(404)["error"]["code"], "model_not_found");
    for query in [
        "search=%00%ff",
        "page=99999999999999999999",
        "category=%27%3B--",
        "sort=x&sort=y",
        "&&&=&=",
    ] {
        app.get(&format!("/marketplace/services?{query}"), &me).await.expect(200);
    }
    for (method, path) in [
        (Method::PUT, "/api-auth/password/"),
        (Method::DELETE, "/instances/"),
        (Method::GET, "/billing/authorize"),
        (Method::PATCH, "/wallets/me"),
        (Method::POST, "/v1/models"),
        (Method::GET, "/v1/chat/completions"),
        (Method::PUT, "/v1/services/x/subscribe/"),
    ] {
        let answer = app.ask(method.clone(), path, &[], Body::empty()).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_shape(path, &answer);
        assert!(!answer.header("allow").is_empty(), "{method} {path}");
    }
    let put = app.ask(Method::PUT, "/api-auth/password/", &[], Body::empty()).await;
    assert_eq!(put.json(), json!({ "detail": "Method \"PUT\" not allowed." }));
} }

/// Every door that a whole thing is put to says which fields it needs, and asks for each of them, as a patch does not.
#[tokio::test]
async fn what_is_put_must_be_whole() {
    let app = app().await;
    let chief = app.operator().await;
    let category = app
        .post("/api/marketplace-categories/", &chief, &json!({ "title": "T" }))
        .await
        .expect(201);
    let ask = async |method: Method, path: &str, body: Value| {
        let headers = [("authorization", chief.as_str()), ("content-type", "application/json")];
        app.ask(method, path, &headers, body.to_string()).await
    };
    let document = api::openapi("https://cmp.example");
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let put = &methods["put"]["requestBody"]["content"]["application/json"]["schema"];
        let Some(needed) = put["required"].as_array().filter(|names| !names.is_empty()) else {
            continue;
        };
        let id = category["uuid"].as_str().unwrap();
        let one: String = path
            .split(['{', '}'])
            .enumerate()
            .map(|(n, part)| if n % 2 == 1 { id } else { part })
            .collect();
        let lacking = ask(Method::PUT, &one, json!({})).await;
        // What looks first whether the thing is there finds none by the id of a category.
        if lacking.status == 404 {
            continue;
        }
        let faults = lacking.expect(400);
        for name in needed {
            assert_eq!(
                faults[name.as_str().unwrap()],
                json!(["This field is required."]),
                "{path}: {faults}"
            );
        }
        asked += 1;
    }
    assert!(asked >= 8, "only {asked} doors were asked");
    let path = format!("/api/marketplace-categories/{}/", category["uuid"].as_str().unwrap());
    let lacking = ask(Method::PUT, &path, json!({ "description": "D" })).await.expect(400);
    assert_eq!(lacking, json!({ "title": ["This field is required."] }));
    let changed = ask(Method::PATCH, &path, json!({ "description": "D" })).await.expect(200);
    assert_eq!((&changed["title"], &changed["description"]), (&json!("T"), &json!("D")));
    let put =
        ask(Method::PUT, path.trim_end_matches('/'), json!({ "title": "U" })).await.expect(200);
    assert_eq!((&put["title"], &put["description"]), (&json!("U"), &json!("D")));
}

//! Reviews, providers and tries through the doors.

use std::{collections::HashMap, net::IpAddr};

use api::ClientAddr;
use axum::{body::Body, http::Request};
use market::{Market, Settings};
use serde_json::{Value, json};

use crate::app::{Answered, App, PASSWORD, Person, app};

/// Asks a service something by its own door.
async fn try_from(app: &App, address: &str, slug: &str, who: &str, body: &Value) -> Answered {
    let mut request = Request::post(format!("/marketplace/services/{slug}/try"))
        .header("content-type", "application/json");
    if !who.is_empty() {
        request = request.header("authorization", who);
    }
    let address: IpAddr = address.parse().unwrap();
    let request = request.extension(ClientAddr(address));
    app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn hello() -> Value {
    json!({ "messages": [{ "role": "user", "content": "What is a receipt here?" }] })
}

/// Uses a service by its key as often as a review needs.
async fn ten_calls(app: &App, person: &Person, slug: &str) {
    let key = format!("Bearer {}", app.key(person, slug).await);
    let mut body = hello();
    body["model"] = json!(slug);
    for _ in 0..10 {
        app.post("/v1/chat/completions", &key, &body).await.expect(200);
    }
}

async fn balance(app: &App, person: &Person) -> f64 {
    let wallet = app.get("/wallets/me", &person.authorization).await.expect(200);
    wallet["balance"].as_f64().unwrap()
}

async fn assert_proven(app: &App) {
    let (_, offences) = app.market.prove().await.unwrap();
    assert_eq!(offences, vec![]);
}

market::both_engines! {
    reviews_are_written_and_read, |market| {
        let app = App::over(market);
        let slug = app.service().slug;
        let path = format!("/marketplace/services/{slug}/reviews");
        let empty = app.get(&path, "").await.expect(200);
        assert_eq!((&empty["reviews"], &empty["average"], &empty["total"]), (&json!([]), &Value::Null, &json!(0)));
        assert_eq!(empty["distribution"], json!([0, 0, 0, 0, 0]));
        let person = app.person("reviewer").await;
        let me = &person.authorization;
        let said = json!({ "stars": 4, "text": "<script>alert(1)</script>" });
        let early = app.post(&path, me, &said).await.expect(409);
        assert!(early["error"]["message"].as_str().unwrap().contains("after 10 requests"), "{early}");
        ten_calls(&app, &person, &slug).await;
        let first = app.post(&path, me, &said).await.expect(200);
        assert_eq!(app.post(&path, me, &said).await.expect(200), first);
        assert_eq!(first["review"]["text"], said["text"], "text is text");
        let page = app.get(&format!("{path}/?stars=4&sort=highest&page=1"), "").await.expect(200);
        assert_eq!(page["reviews"], json!([first["review"]]));
        assert_eq!((&page["average"], &page["distribution"]), (&json!(4.0), &json!([0, 0, 0, 1, 0])));
        let service = app.get(&format!("/v1/services/{slug}"), "").await.expect(200);
        assert_eq!((&service["service"]["rating"], &service["service"]["reviewCount"]), (&json!(4.0), &json!(1)));
        for wrong in [json!({}), json!({ "stars": 0 }), json!({ "stars": 6 }), json!({ "stars": 4.5 }), json!({ "stars": "many" }), json!({ "stars": 5, "text": "x".repeat(2_001) })] {
            app.post(&path, me, &wrong).await.expect(400);
        }
        for wrong in ["stars=0", "stars=6", "stars=x", "sort=best", "page=0"] {
            app.get(&format!("{path}?{wrong}"), "").await.expect(400);
        }
        app.post(&path, "", &said).await.expect(401);
        app.post("/marketplace/services/nothing/reviews", me, &said).await.expect(404);
        app.get("/marketplace/services/nothing/reviews", "").await.expect(404);
        let form = app.form(&path, &[("authorization", me)], "stars=5&text=good").await.expect(200);
        assert_eq!((&form["review"]["stars"], &form["review"]["id"]), (&json!(5), &first["review"]["id"]));
    }

    a_try_is_answered_like_a_call, |market| {
        let app = App::over(market);
        let slug = app.service().slug;
        let whole = try_from(&app, "203.0.113.9", &slug, "", &hello()).await;
        let answer = whole.expect(200);
        assert_eq!(answer["object"], "chat.completion");
        assert!(!answer["choices"][0]["message"]["content"].as_str().unwrap().is_empty());
        assert_eq!((whole.header("x-cmp-demo"), whole.header("x-cmp-demo-left")), ("true", "4"));
        for name in ["x-cmp-receipt-id", "x-cmp-credits", "x-cmp-prompt-tokens", "x-request-id"] {
            assert!(!whole.header(name).is_empty(), "{name}");
        }
        let mut asked = hello();
        asked["stream"] = json!(true);
        asked["model"] = json!(slug);
        let stream = try_from(&app, "203.0.113.9", &slug, "", &asked).await;
        assert_eq!(stream.status, 200);
        assert!(stream.header("content-type").starts_with("text/event-stream"));
        assert!(stream.text.trim_end().ends_with("data: [DONE]"), "{}", stream.text);
        assert!(stream.text.contains("\"receipt_id\""));
        assert_eq!(stream.header("x-cmp-demo-left"), "3");

        for wrong in [json!([]), json!({}), json!({ "messages": "hi" }), json!({ "messages": [], "model": "other" })] {
            let refused = try_from(&app, "203.0.113.9", &slug, "", &wrong).await.expect(400);
            assert_eq!(refused["error"]["type"], "invalid_request_error", "{refused}");
        }
        try_from(&app, "203.0.113.9", "nothing", "", &hello()).await.expect(404);
        try_from(&app, "203.0.113.9", &slug, "Token short", &hello()).await.expect(401);
        for left in ["2", "1", "0"] {
            let more = try_from(&app, "203.0.113.9", &slug, "", &hello()).await;
            assert_eq!((more.status.as_u16(), more.header("x-cmp-demo-left")), (200, left));
        }
        let over = try_from(&app, "203.0.113.9", &slug, "", &hello()).await;
        let told = over.expect(429);
        assert_eq!(told["error"]["type"], "rate_limit_error");
        assert!(told["error"]["message"].as_str().unwrap().contains("Create an account"), "{told}");
        assert!((1..=86_400).contains(&over.header("retry-after").parse::<u32>().unwrap()));
        try_from(&app, "203.0.113.10", &slug, "", &hello()).await.expect(200);

        let person = app.person("subscriber").await;
        let me = &person.authorization;
        let stranger = try_from(&app, "203.0.113.11", &slug, me, &hello()).await;
        assert_eq!((stranger.status.as_u16(), stranger.header("x-cmp-demo")), (200, "true"));
        assert!((balance(&app, &person).await - 100.0).abs() < f64::EPSILON);
        let key = format!("Bearer {}", app.key(&person, &slug).await);
        let mut spent = 0.0;
        for who in [me, &key] {
            let own = try_from(&app, "203.0.113.9", &slug, who, &hello()).await;
            assert_eq!((own.status.as_u16(), own.header("x-cmp-demo"), own.header("x-cmp-demo-left")), (200, "false", ""));
            spent += own.header("x-cmp-credits").parse::<f64>().unwrap();
        }
        assert!(spent > 0.0 && (100.0 - spent - balance(&app, &person).await).abs() < 1e-9);
        assert_proven(&app).await;
    }

    providers_are_listed_with_what_they_sell, |market| {
        let app = App::over(market);
        let services = app.get("/v1/services", "").await.expect(200);
        let mut sold: HashMap<String, Vec<String>> = HashMap::new();
        for service in services["services"].as_array().unwrap() {
            let of = sold.entry(service["providerId"].as_str().unwrap().to_owned()).or_default();
            of.push(service["id"].as_str().unwrap().to_owned());
        }
        let person = app.person("fan").await;
        let service = app.service();
        ten_calls(&app, &person, &service.slug).await;
        let path = format!("/marketplace/services/{}/reviews", service.slug);
        app.post(&path, &person.authorization, &json!({ "stars": 2 })).await.expect(200);
        let listed = app.get("/v1/providers", "").await.expect(200);
        let providers = listed["providers"].as_array().unwrap();
        assert!(providers.len() >= sold.len() && providers.len() > 1);
        for provider in providers {
            let (id, slug) = (provider["id"].as_str().unwrap(), provider["slug"].as_str().unwrap());
            let expected = sold.get(id).cloned().unwrap_or_default();
            assert_eq!(provider["service_count"], expected.len());
            let reviewed = id == service.provider_id.to_string();
            let rating = if reviewed { json!(2.0) } else { Value::Null };
            assert_eq!((&provider["rating"], &provider["review_count"]), (&rating, &json!(u8::from(reviewed))));
            let by_id = app.get(&format!("/v1/providers/{id}"), "").await.expect(200);
            assert_eq!(&by_id["provider"], provider);
            let mut ids: Vec<_> = by_id["services"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect();
            let mut expected = expected;
            ids.sort();
            expected.sort();
            assert_eq!(ids, expected);
            for path in [format!("/v1/providers/{slug}"), format!("/marketplace/providers/{slug}"), format!("/marketplace/providers/{id}/")] {
                assert_eq!(app.get(&path, "").await.expect(200), by_id, "{path}");
            }
        }
        for path in ["/v1/providers/nobody", "/marketplace/providers/nobody"] {
            app.get(path, "").await.expect(404);
        }
    }
}

fn bounded() -> Settings {
    Settings { demo_calls_per_address: 7, demo_calls_per_day: 12, ..Settings::default() }
}

/// A hundred tries at once are as many as there may be, by the whole way through the doors.
async fn no_more_than_the_cap(market: Market) {
    market.seed().await.unwrap();
    let app = std::sync::Arc::new(App::over(market));
    let slug = app.service().slug;
    for (address, expected) in [("2001:db8:7::1", 7), ("192.0.2.1", 5), ("192.0.2.2", 0)] {
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let (app, slug) = (std::sync::Arc::clone(&app), slug.clone());
                tokio::spawn(
                    async move { try_from(&app, address, &slug, "", &hello()).await.status },
                )
            })
            .collect();
        let mut answered = 0;
        for task in tasks {
            match task.await.unwrap().as_u16() {
                200 => answered += 1,
                status => assert_eq!(status, 429),
            }
        }
        assert_eq!(answered, expected, "{address}");
    }
    assert_proven(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_the_cap_on_sqlite() {
    let db = market::testing::sqlite().await;
    no_more_than_the_cap(Market::open(db, bounded()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_the_cap_on_postgres() {
    let db = market::testing::postgres().await;
    no_more_than_the_cap(Market::open(db, bounded()).await.unwrap()).await;
}

/// When the day's credits are gone, a visitor hears of the demo and not of a wallet.
#[tokio::test]
async fn an_empty_demo_is_used_up() {
    let micro = model::Credits::from_micros(1);
    let settings = Settings { demo_credits_per_day: micro, ..Settings::default() };
    let market = Market::open(market::testing::sqlite().await, settings).await.unwrap();
    market.seed().await.unwrap();
    let app = App::over(market);
    let refused = try_from(&app, "203.0.113.9", &app.service().slug, "", &hello()).await;
    let told = refused.expect(429);
    assert!(told["error"]["message"].as_str().unwrap().contains("Create an account"), "{told}");
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test]
async fn another_site_cannot_spend_with_a_visitors_session() {
    let app = app().await;
    let person = app.person("browser").await;
    let slug = app.service().slug;
    app.key(&person, &slug).await;
    let right = json!({ "username": person.email, "password": PASSWORD });
    let cookie = app.post("/api-auth/session/", "", &right).await.cookie("__Host-session").unwrap();
    let path = format!("/marketplace/services/{slug}/try");
    let ask = async |site: &str| {
        let headers =
            [("cookie", cookie.as_str()), ("sec-fetch-site", site), ("host", "cmp.example")];
        app.ask(axum::http::Method::POST, &path, &headers, hello().to_string()).await
    };
    let ours = ask("same-origin").await;
    assert_eq!((ours.status.as_u16(), ours.header("x-cmp-demo")), (200, "false"));
    let theirs = ask("cross-site").await.expect(403);
    assert!(theirs["error"]["message"].is_string());
    let review = format!("/marketplace/services/{slug}/reviews");
    let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
    app.form(&review, &headers, "stars=1").await.expect(403);
}

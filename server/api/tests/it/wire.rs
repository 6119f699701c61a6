//! What Waldur's own clients send and read, where a small difference makes them fail.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    app::{Answered, App, app},
    orders::Shop,
};

async fn send(app: &App, method: Method, path: &str, who: &str, body: &Value) -> Answered {
    let headers = [("content-type", "application/json"), ("authorization", who)];
    app.ask(method, path, &headers, body.to_string()).await
}

fn has(item: &Value, names: &[&str]) {
    for name in names {
        assert!(item.get(name).is_some(), "{name} in {item}");
    }
}

#[tokio::test]
async fn what_the_client_needs_is_there() {
    let shop = Shop::open(market::testing::market().await, json!({ "auto_approve": true })).await;
    let (app, me, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    let made = shop.order().await.expect(201);
    shop.work().await;
    let resource = shop.see(&made).await["marketplace_resource_uuid"].as_str().unwrap().to_owned();

    let person = app.get("/api/users/me/", me).await.expect(200);
    let join = json!({ "role": "PROJECT.ADMIN", "user": person["uuid"] });
    app.post(&format!("/api/projects/{}/add_user/", shop.project), chief, &join).await.expect(201);
    let team = app.get(&format!("/api/marketplace-resources/{resource}/team/"), me).await;
    let team = team.expect(200);
    has(
        &team[0],
        &[
            "url",
            "uuid",
            "username",
            "full_name",
            "role",
            "expiration_time",
            "offering_user_username",
            "offering_user_state",
        ],
    );
    assert_eq!(team[0]["username"], json!(shop.buyer.email));

    let scopes = app.get("/api/personal-access-tokens/available_scopes/", me).await.expect(200);
    has(&scopes[0], &["permission", "description"]);

    let issue = json!({ "type": "INCIDENT", "summary": "x" });
    let issue = app.post("/api/support-issues/", me, &issue).await.expect(201);
    let said = format!("/api/support-issues/{}/comment/", issue["uuid"].as_str().unwrap());
    let said = app.post(&said, me, &json!({ "description": "x" })).await.expect(201);
    assert_eq!(said["author_image"], "");

    let report = format!("/api/marketplace-provider-resources/{resource}/submit_report/");
    for wrong in [json!(["x"]), json!([1]), json!([{ "header": 1, "body": "x" }])] {
        app.post(&report, chief, &json!({ "report": wrong })).await.expect(400);
    }
    let right = json!({ "report": [{ "header": "Health", "body": "Good" }] });
    app.post(&report, chief, &right).await.expect(200);
}

#[tokio::test]
async fn what_the_client_cannot_read_is_refused() {
    let shop = Shop::open(market::testing::market().await, json!({})).await;
    let (app, chief) = (&shop.app, shop.chief.as_str());
    let customer = format!("/api/customers/{}/", shop.buyer.customer);
    for wrong in [
        json!({ "country": "ZZ" }),
        json!({ "country": "ee" }),
        json!({ "accounting_start_date": "soon" }),
        json!({ "sponsor_number": "S-1" }),
        json!({ "grace_period_days": 1.5 }),
    ] {
        send(app, Method::PATCH, &customer, chief, &wrong).await.expect(400);
    }
    let wrong = send(app, Method::PATCH, &customer, chief, &json!({ "country": "ZZ" })).await;
    assert_eq!(wrong.expect(400), json!({ "country": ["\"ZZ\" is not a valid choice."] }));
    let right = json!({
        "country": "EE", "accounting_start_date": "2025-01-01T01:00:00+01:00", "sponsor_number": "7",
        "grace_period_days": 30,
    });
    let right = send(app, Method::PATCH, &customer, chief, &right).await.expect(200);
    assert_eq!(right["country_name"], "Estonia");
    assert_eq!(
        (&right["sponsor_number"], right["grace_period_days"].as_i64()),
        (&json!(7), Some(30))
    );
    assert!(right["accounting_start_date"].as_str().unwrap().starts_with("2025-01-01T00:00:00"));

    let offering = format!("/api/marketplace-provider-offerings/{}/", shop.offering);
    for wrong in [
        json!({ "country": "ZZ" }),
        json!({ "options": { "options": { "size": { "label": "Size" } } } }),
        json!({ "options": { "options": { "size": { "type": "string" } } } }),
        json!({ "options": { "options": { "size": { "type": "rope", "label": "Size" } } } }),
        json!({ "resource_options": { "options": ["size"] } }),
        json!({ "options": { "order": "size" } }),
    ] {
        send(app, Method::PATCH, &offering, chief, &wrong).await.expect(400);
    }
    let right = json!({
        "country": "EE",
        "options": { "order": ["size"], "options": { "size": { "type": "select_string", "label": "Size", "choices": ["S"] } } },
    });
    send(app, Method::PATCH, &offering, chief, &right).await.expect(200);
}

#[tokio::test]
async fn hooks_name_only_events_that_the_client_knows() {
    let app = app().await;
    let me = app.person("listener").await.authorization;
    let hook = json!({
        "destination_url": "https://example.com/h", "event_types": ["session_ended", "invoice_paid"],
        "event_groups": ["orders"],
    });
    let hook = app.post("/api/hooks-web/", &me, &hook).await.expect(201);
    let path = format!("/api/hooks-web/{}/", hook["uuid"].as_str().unwrap());
    let told = |hook: &Value| {
        ["event_types", "own_event_types", "event_groups", "own_event_groups"]
            .map(|name| hook[name].clone())
    };
    let whole = [json!(["invoice_paid"]), json!(["session_ended"]), json!([]), json!(["orders"])];
    assert_eq!(told(&hook), whole);
    // A client that writes back what it has read changes nothing.
    let body = json!({ "destination_url": "https://example.com/h", "event_types": ["invoice_paid"], "event_groups": [] });
    assert_eq!(told(&send(&app, Method::PUT, &path, &me, &body).await.expect(200)), whole);
    let body = json!({ "own_event_groups": [], "event_groups": ["users"] });
    let hook = send(&app, Method::PATCH, &path, &me, &body).await.expect(200);
    assert_eq!((&hook["event_groups"], &hook["own_event_groups"]), (&json!(["users"]), &json!([])));
}

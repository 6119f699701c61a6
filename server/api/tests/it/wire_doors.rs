//! Doors of Waldur's that its clients look for, and what they are told there.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    app::{Answered, App},
    orders::Shop,
};

async fn patch(app: &App, path: &str, who: &str, body: &Value) -> Answered {
    let headers = [("content-type", "application/json"), ("authorization", who)];
    app.ask(Method::PATCH, path, &headers, body.to_string()).await
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

market::both_engines! { doors_that_clients_look_for, |market| {
    let shop = Shop::open(market, json!({ "auto_approve": true })).await;
    let (app, me, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    shop.order().await.expect(201);
    shop.work().await;

    for noun in ["support-priorities", "support-statuses"] {
        let all = app.get(&format!("/api/{noun}/"), me).await.expect(200);
        for one in all.as_array().unwrap() {
            let path = format!("/api/{noun}/{}/", text(&one["uuid"]));
            assert_eq!(&app.get(&path, me).await.expect(200), one);
        }
        app.get(&format!("/api/{noun}/none/"), me).await.expect(404);
        app.get(&format!("/api/{noun}/none/"), "").await.expect(401);
    }

    let stats = format!("/api/marketplace-plans/usage_stats/?offering_uuid={}", shop.offering);
    let stats = app.get(&stats, chief).await.expect(200);
    assert_eq!((&stats[0]["usage"], &stats[0]["limit"], &stats[0]["plan_name"]), (&json!(1), &Value::Null, &json!("Professional")));
    let other = app.get("/api/marketplace-plans/usage_stats/?customer_provider_uuid=01a182baca7d74448897cb2c64ad7798", chief).await;
    assert_eq!(other.expect(200), json!([]));

    let quotas = app.get("/api/customer-quotas/?quota_name=nc_resource_count", me).await.expect(200);
    assert_eq!((quotas.as_array().unwrap().len(), &quotas[0]["value"]), (1, &json!(1)));
    assert_eq!(app.get("/api/customer-quotas/?quota_name=vpc_cpu_count", me).await.expect(200), json!([]));
    let foreign = app.person("stranger-to-bots").await.authorization;
    let path = format!("/api/customer-quotas/?quota_name=nc_resource_count&customer_uuid={}", shop.buyer.customer);
    assert_eq!(app.get(&path, &foreign).await.expect(200), json!([]));

    // How a customer pays is told to those who may see its bills.
    let customer = format!("/api/customers/{}/", shop.buyer.customer);
    let profile = json!({ "name": "By invoice", "organization": customer, "payment_type": "invoices" });
    let profile = app.post("/api/payment-profiles/", chief, &profile).await.expect(201);
    let seen = app.get(&customer, me).await.expect(200);
    assert_eq!(seen["payment_profiles"][0]["uuid"], profile["uuid"]);

    let mine = app.get("/api/users/me/", me).await.expect(200);
    assert!(mine["slug"].is_string() && mine["token_lifetime"].is_null());
    assert!(mine.as_object().unwrap().contains_key("agreement_date"));
} }

market::both_engines! { usage_is_told_as_clients_tell_it, |market| {
    let shop = Shop::open(market, json!({ "auto_approve": true })).await;
    let (app, me, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    let component = json!({ "type": "calls", "name": "Calls", "billing_type": "usage" });
    let path = format!("/api/marketplace-provider-offerings/{}/create_offering_component/", shop.offering);
    app.post(&path, chief, &component).await.expect(201);
    let made = shop.order().await.expect(201);
    shop.work().await;
    let resource = shop.see(&made).await["marketplace_resource_uuid"].clone();
    let tell = "/api/marketplace-component-usages/set_usage/";
    let told = |items: Value| json!({ "resource": resource, "usages": items });
    let wrong = app.post(tell, chief, &told(json!([{ "type": "calls", "amount": 1 }, { "amount": "x" }]))).await;
    let amount = "A valid number with at most 6 decimal places is required.";
    assert_eq!(wrong.expect(400), json!({ "usages": [{}, { "type": ["This field is required."], "amount": [amount] }] }));
    let item = |policy: &str| json!([{ "type": "calls", "amount": "5", "missing_usage_policy": policy }]);
    let wrong = app.post(tell, chief, &told(item("guess"))).await.expect(400);
    assert_eq!(wrong["usages"][0]["missing_usage_policy"][0], "\"guess\" is not a valid choice.");
    app.post(tell, chief, &told(item("reuse"))).await.expect(201);
    let seen = app.get("/api/marketplace-component-usages/", me).await.expect(200);
    assert_eq!((&seen[0]["recurring"], &seen[0]["missing_usage_policy"]), (&json!(true), &json!("reuse")));
    app.post(tell, chief, &told(item("zero"))).await.expect(201);
    let seen = app.get("/api/marketplace-component-usages/", me).await.expect(200);
    assert_eq!((&seen[0]["recurring"], &seen[0]["missing_usage_policy"]), (&json!(false), &json!("none")));
} }

market::both_engines! { what_is_asked_for_is_done_or_refused, |market| {
    let shop = Shop::open(market, json!({})).await;
    let (app, me, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    let caller = app.get("/api/users/me/", me).await.expect(200);
    let issue = json!({
        "type": "INCIDENT", "summary": "x", "caller": caller["url"],
        "customer": format!("/api/customers/{}/", shop.buyer.customer),
    });
    let made = app.post("/api/support-issues/", chief, &issue).await.expect(201);
    assert_eq!(made["caller_uuid"], caller["uuid"]);
    app.post("/api/support-issues/", me, &issue).await.expect(201);
    let boss = app.get("/api/users/me/", chief).await.expect(200);
    let issue = json!({ "type": "INCIDENT", "summary": "x", "caller": boss["url"] });
    app.post("/api/support-issues/", me, &issue).await.expect(403);

    let offering = format!("/api/marketplace-provider-offerings/{}/", shop.offering);
    let slug = app.get(&offering, chief).await.expect(200)["slug"].clone();
    patch(app, &offering, chief, &json!({ "slug": slug })).await.expect(200);
    let wrong = patch(app, &offering, chief, &json!({ "slug": "another" })).await.expect(400);
    assert!(wrong["slug"].is_array());
    let plan = json!({ "name": "Old", "offering": offering, "unit_price": "1", "archived": true });
    let plan = app.post("/api/marketplace-plans/", chief, &plan).await.expect(201);
    assert_eq!(plan["archived"], true);
    let half = json!({ "name": "Half", "offering": offering, "unit_price": "0.0000005" });
    let half = app.post("/api/marketplace-plans/", chief, &half).await.expect(400);
    assert_eq!(half["unit_price"][0], "Ensure that there are no more than 6 decimal places.");
} }

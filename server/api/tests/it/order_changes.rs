//! What becomes of orders that are changed after somebody consented, or tried again after everything has ended, and of
//! plans that are taken off the shelf.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use crate::{app::Answered, orders::Shop};

async fn change(shop: &Shop, who: &str, order: &Value, body: &Value) -> Answered {
    let path = format!("/api/marketplace-orders/{}/", order["uuid"].as_str().unwrap());
    let headers = [("authorization", who), ("content-type", "application/json")];
    shop.app.ask(Method::PATCH, &path, &headers, Body::from(body.to_string())).await
}

market::both_engines! { a_change_asks_for_consent_anew, |market| {
    let shop = Shop::open(market, json!({})).await;
    let (app, owner, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    let component = json!({ "type": "seats", "name": "Seats", "measured_unit": "seats", "billing_type": "limit" });
    let path = format!("/api/marketplace-provider-offerings/{}/create_offering_component/", shop.offering);
    app.post(&path, chief, &component).await.expect(201);
    let prices = format!("/api/marketplace-plans/{}/update_prices/", shop.plan);
    app.post(&prices, chief, &json!({ "prices": { "seats": "1" } })).await.expect(200);
    let member = app.person("member-of-project").await.authorization;
    let user = app.get("/api/users/me/", &member).await.expect(200)["uuid"].clone();
    let role = json!({ "user": user, "role": "PROJECT.MEMBER" });
    app.post(&format!("/api/projects/{}/add_user/", shop.project), chief, &role).await.expect(201);

    let mut body = shop.body();
    body["limits"] = json!({ "seats": 1 });
    let order = app.post("/api/marketplace-orders/", &member, &body).await.expect(201);
    assert_eq!(order["state"], "pending-consumer");
    shop.act(owner, &order, "approve_by_consumer").await.expect(200);
    assert_eq!(shop.see(&order).await["state"], "pending-provider");
    // Nobody has consented to a million of them.
    let seen = change(&shop, &member, &order, &json!({ "limits": { "seats": 1_000_000 } })).await.expect(200);
    assert_eq!((&seen["state"], &seen["cost"]), (&json!("pending-consumer"), &json!("1000099.0000000")));
    assert!(seen["consumer_reviewed_by"].is_null(), "{seen}");
    shop.act(chief, &order, "approve_by_provider").await.expect(409);
    // Whoever may consent does so by changing it.
    shop.act(owner, &order, "approve_by_consumer").await.expect(200);
    let day = model::Timestamp::from_ms(app.market.core().now().ms() + 5 * 86_400_000).day();
    let late = json!({ "start_date": day.to_string() });
    assert_eq!(change(&shop, owner, &order, &late).await.expect(200)["state"], "pending-provider");
    shop.act(chief, &order, "approve_by_provider").await.expect(200);
    assert_eq!(shop.see(&order).await["state"], "pending-start-date");
    // The provider has not seen these.
    let two = json!({ "limits": { "seats": 2 } });
    assert_eq!(change(&shop, owner, &order, &two).await.expect(200)["state"], "pending-provider");
    shop.work().await;
    assert_eq!(shop.see(&order).await["state"], "pending-provider");
} }

market::both_engines! { two_changes_at_once_are_both_kept, |market| {
    let shop = Shop::open(market, json!({})).await;
    let (app, owner, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    let path = format!("/api/marketplace-provider-offerings/{}/create_offering_component/", shop.offering);
    for kind in ["a", "b", "c", "d"] {
        let component = json!({ "type": kind, "name": kind, "measured_unit": "x", "billing_type": "limit" });
        app.post(&path, chief, &component).await.expect(201);
    }
    let order = shop.order().await.expect(201);
    let bodies: Vec<Value> = ["a", "b", "c", "d"].map(|kind| json!({ "limits": { kind: 7 } })).into();
    let asked = bodies.iter().map(|body| change(&shop, owner, &order, body));
    for answer in futures_util::future::join_all(asked).await {
        answer.expect(200);
    }
    assert_eq!(shop.see(&order).await["limits"], json!({ "a": 7, "b": 7, "c": 7, "d": 7 }));
} }

market::both_engines! { nothing_begins_on_what_has_ended, |market| {
    let shop = Shop::open(market, json!({ "manual_fulfilment": true })).await;
    let (app, owner, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    let order = shop.order().await.expect(201);
    shop.act(chief, &order, "approve").await.expect(200);
    shop.work().await;
    shop.act(chief, &order, "set_state_erred").await.expect(200);
    let resource = shop.see(&order).await["marketplace_resource_uuid"].as_str().unwrap().to_owned();
    let path = format!("/api/marketplace-resources/{resource}");
    let end = app.post(&format!("{path}/terminate/"), owner, &json!({})).await.expect(200);
    let end = json!({ "uuid": end["order_uuid"] });
    shop.act(chief, &end, "approve").await.expect(200);
    shop.work().await;
    shop.act(chief, &end, "set_state_done").await.expect(200);
    assert_eq!(app.get(&path, owner).await.expect(200)["state"], "Terminated");
    // What failed is tried again, too late.
    shop.act(chief, &order, "retry").await.expect(200);
    shop.work().await;
    let late = shop.act(chief, &order, "set_state_done").await.expect(409);
    assert_eq!(late["detail"], "The resource of this order has ended.");
    assert_eq!(app.get(&format!("{path}/plan_periods/"), owner).await.expect(200), json!([]));
    assert_eq!(app.get(&path, owner).await.expect(200)["state"], "Terminated");
} }

market::both_engines! { archived_plans_are_had_and_not_sold, |market| {
    let shop = Shop::open(market, json!({ "auto_approve": true })).await;
    let (app, owner, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    let subscribe = async |who: &str, plan: &Value| {
        app.post("/v1/services/ai-agent/subscribe", who, &json!({ "plan": plan })).await
    };
    let body = json!({ "offering": shop.offering, "name": "Small", "unit_price": "9", "max_amount": 1 });
    let small = app.post("/api/marketplace-plans/", chief, &body).await.expect(201);
    subscribe(owner, &small["uuid"]).await.expect(201);
    // As many as there may be.
    let other = app.person("second-buyer").await.authorization;
    subscribe(&other, &small["uuid"]).await.expect(409);
    let archive = |plan: Value| {
        let path = format!("/api/marketplace-plans/{}/archive/", plan.as_str().unwrap());
        async move { app.post(&path, chief, &json!({})).await.expect(200) }
    };
    archive(json!(shop.plan)).await;
    subscribe(&other, &json!(shop.plan)).await.expect(404);
    let names = || -> Option<Vec<String>> {
        let catalog = app.market.catalog();
        let found = catalog.named("ai-agent")?;
        Some(found.plans.iter().map(|plan| plan.name.clone()).collect())
    };
    assert_eq!(names().unwrap(), ["Small"]);
    archive(small["uuid"].clone()).await;
    assert_eq!(names(), None, "there is nothing to buy");
    // Who has it keeps it.
    let had = app.get("/api/marketplace-resources/?state=OK", owner).await;
    assert_eq!(had.header("x-result-count"), "1");
} }

//! The Waldur doors of the catalogue, orders and resources: the operator guide's lines, both approvals, races, what is
//! somebody else's.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use crate::app::{Answered, App, Person};

/// What an operator sells by hand, and who buys it.
pub struct Shop {
    pub app: App,
    pub chief: String,
    pub buyer: Person,
    pub offering: String,
    pub plan: String,
    pub project: String,
}

impl Shop {
    pub async fn open(market: market::Market, options: Value) -> Self {
        let app = App::over(market);
        let chief = app.operator().await;
        let buyer = app.person("buyer-of-bots").await;
        let body = json!({ "title": "AI Services", "description": "AI and ML services" });
        let category = app.post("/api/marketplace-categories/", &chief, &body).await.expect(201);
        let body = json!({
            "name": "AI Agent",
            "category": format!("/api/marketplace-categories/{}/", category["uuid"].as_str().unwrap()),
            "type": "GSVAgents.Agent",
            "state": "Active",
            "description": "Deploy AI agents",
            "plugin_options": options,
        });
        let made = app.post("/api/marketplace-offerings/", &chief, &body).await.expect(201);
        assert_eq!(
            (&made["state"], &made["category_title"]),
            (&json!("Active"), &json!("AI Services"))
        );
        let offering = made["uuid"].as_str().unwrap().to_owned();
        let body = json!({
            "offering": format!("/api/marketplace-offerings/{offering}/"),
            "name": "Professional", "unit_price": "99.00", "unit": "month",
        });
        let plan = app.post("/api/marketplace-plans/", &chief, &body).await.expect(201);
        assert_eq!(plan["unit_price"], "99.0000000");
        let customer = buyer.customer.parse().unwrap();
        let project = market::testing::first_project(&app.market, customer).await;
        Self {
            chief,
            offering,
            plan: plan["uuid"].as_str().unwrap().to_owned(),
            project: project.hex(),
            buyer,
            app,
        }
    }

    pub fn body(&self) -> Value {
        let (offering, plan) = (&self.offering, &self.plan);
        json!({
            "offering": format!("/api/marketplace-public-offerings/{offering}/"),
            "plan": format!("/api/marketplace-public-offerings/{offering}/plans/{plan}/"),
            "project": format!("/api/projects/{}/", self.project),
            "attributes": { "name": "First bot" },
            "accepting_terms_of_service": true,
        })
    }

    pub async fn order(&self) -> Answered {
        self.app.post("/api/marketplace-orders/", &self.buyer.authorization, &self.body()).await
    }

    pub async fn act(&self, who: &str, order: &Value, act: &str) -> Answered {
        let id = order["uuid"].as_str().unwrap();
        self.app.post(&format!("/api/marketplace-orders/{id}/{act}/"), who, &json!({})).await
    }

    pub async fn see(&self, order: &Value) -> Value {
        let id = order["uuid"].as_str().unwrap();
        let path = format!("/api/marketplace-orders/{id}/");
        self.app.get(&path, &self.buyer.authorization).await.expect(200)
    }

    /// Lets the work be done that is due.
    pub async fn work(&self) {
        while self.app.market.work().await.unwrap() > 0 {}
    }
}

market::both_engines! { from_a_category_to_a_resource, |market| {
    let shop = Shop::open(market, json!({})).await;
    let (app, me, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    // What an operator makes is on the marketplace as soon as it has a plan.
    assert!(app.market.catalog().named("ai-agent").is_some());
    let component = json!({ "type": "calls", "name": "API calls", "measured_unit": "calls", "billing_type": "usage" });
    let path = format!("/api/marketplace-provider-offerings/{}/create_offering_component/", shop.offering);
    app.post(&path, chief, &component).await.expect(201);
    app.post(&path, chief, &component).await.expect(400);
    let prices = format!("/api/marketplace-plans/{}/update_prices/", shop.plan);
    app.post(&prices, chief, &json!({ "prices": { "calls": "0.01" } })).await.expect(200);
    app.post(&prices, chief, &json!({ "prices": { "cpus": "0.01" } })).await.expect(400);
    app.post(&prices, chief, &json!({ "prices": { "calls": "9".repeat(30) } })).await.expect(400);
    let parts = app.get(&format!("/api/marketplace-plan-components/?offering_uuid={}", shop.offering), chief).await;
    let part = &parts.expect(200)[0];
    assert_eq!((&part["price"], &part["plan_name"]), (&json!("0.0100000"), &json!("Professional")));
    for name in [part["uuid"].as_str().unwrap().to_owned(), part["id"].to_string()] {
        let one = app.get(&format!("/api/marketplace-plan-components/{name}/"), me).await;
        assert_eq!(&one.expect(200), part);
    }

    let made = shop.order().await.expect(201);
    assert_eq!((&made["state"], &made["cost"]), (&json!("pending-provider"), &json!("99.0000000")));
    assert_eq!(made["plan_uuid"], json!(shop.plan));
    shop.act(me, &made, "approve_by_provider").await.expect(403);
    let second = shop.order().await.expect(201);
    let waiting = app.get("/api/marketplace-orders/?state=pending%20provider", chief).await;
    assert_eq!(waiting.expect(200).as_array().unwrap().len(), 2);
    let waiting = app.get("/api/marketplace-orders/?can_approve_as_provider=true", me).await;
    assert_eq!(waiting.expect(200), json!([]));
    shop.act(chief, &made, "approve").await.expect(200);
    shop.act(chief, &second, "reject").await.expect(200);
    shop.work().await;
    assert_eq!(shop.see(&second).await["state"], "rejected");
    let done = shop.see(&made).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["resource_name"], "First bot");
    let again = shop.act(chief, &made, "cancel").await;
    assert!(again.expect(409)["detail"].as_str().unwrap().starts_with("Valid states for operation"));

    let resource = done["marketplace_resource_uuid"].as_str().unwrap();
    let list = app.get(&format!("/api/marketplace-resources/?offering_uuid={}&state=OK", shop.offering), me).await;
    assert_eq!(list.expect(200)[0]["uuid"], resource);
    let path = format!("/api/marketplace-resources/{resource}");
    let periods = app.get(&format!("{path}/plan_periods/"), me).await.expect(200);
    assert_eq!((periods.as_array().unwrap().len(), &periods[0]["plan_uuid"]), (1, &json!(shop.plan)));

    // Another plan: the price before and after is in the order; the old time ends, a new one begins.
    let body = json!({ "offering": shop.offering, "name": "Large", "unit_price": "199", "switch_price": "5" });
    let large = app.post("/api/marketplace-plans/", chief, &body).await.expect(201);
    let body = json!({ "plan": large["url"] });
    let asked = app.post(&format!("{path}/switch_plan/"), me, &body).await.expect(200);
    let asked = json!({ "uuid": asked["order_uuid"] });
    app.post(&format!("{path}/terminate/"), me, &json!({})).await.expect(409);
    let seen = shop.see(&asked).await;
    assert_eq!((&seen["type"], &seen["cost"]), (&json!("Update"), &json!("204.0000000")));
    assert_eq!(seen["old_cost_estimate"], 99.0);
    shop.act(chief, &asked, "approve_by_provider").await.expect(200);
    shop.work().await;
    let periods = app.get(&format!("{path}/plan_periods/"), me).await.expect(200);
    assert_eq!((&periods[0]["plan_name"], &periods[1]["plan_name"]), (&json!("Professional"), &json!("Large")));
    assert!(periods[0]["end"].is_string() && periods[1]["end"].is_null());

    let asked = app.post(&format!("{path}/terminate/"), me, &json!({})).await.expect(200);
    shop.act(chief, &json!({ "uuid": asked["order_uuid"] }), "approve").await.expect(200);
    shop.work().await;
    assert_eq!(app.get(&path, me).await.expect(200)["state"], "Terminated");
    let used = app.ask(Method::DELETE, &format!("/api/marketplace-offerings/{}/", shop.offering),
        &[("authorization", chief)], Body::empty()).await;
    used.expect(409);
} }

market::both_engines! { of_two_at_once_exactly_one_consents, |market| {
    let shop = Shop::open(market, json!({})).await;
    let made = shop.order().await.expect(201);
    let tries = (0..8).map(|n| {
        shop.act(&shop.chief, &made, if n % 2 == 0 { "approve_by_provider" } else { "cancel" })
    });
    let answers = futures_util::future::join_all(tries).await;
    let won = answers.iter().filter(|a| a.status.is_success()).count();
    let lost = answers.iter().filter(|a| a.status.as_u16() == 409).count();
    assert_eq!((won, lost), (1, 7), "{answers:?}");
    shop.work().await;
    let state = shop.see(&made).await["state"].clone();
    assert!(state == "done" || state == "canceled", "{state}");
    shop.act(&shop.chief, &made, "approve_by_provider").await.expect(409);
} }

market::both_engines! { a_quota_holds_against_orders_at_once, |market| {
    let shop = Shop::open(market, json!({ "auto_approve": true })).await;
    let customer = shop.buyer.customer.parse().unwrap();
    market::testing::set_quota(&shop.app.market, customer, model::Quota::Resources, 3).await;
    let answers = futures_util::future::join_all((0..10).map(|_| shop.order())).await;
    let made = answers.iter().filter(|a| a.status.as_u16() == 201).count();
    let full = answers.iter().filter(|a| a.status.as_u16() == 409).count();
    assert_eq!((made, full), (3, 7), "{answers:?}");
    shop.work().await;
    let has = shop.app.get("/api/marketplace-resources/?state=OK", &shop.buyer.authorization).await;
    assert_eq!(has.header("x-result-count"), "3");
    let done = shop.app.get("/api/marketplace-orders/?state=done&was_auto_approved=true", &shop.chief).await;
    assert_eq!(done.header("x-result-count"), "3");
} }

market::both_engines! { work_that_was_cut_off_is_done_once, |market| {
    let shop = Shop::open(market, json!({ "manual_fulfilment": true })).await;
    let made = shop.order().await.expect(201);
    shop.act(&shop.chief, &made, "approve_by_provider").await.expect(200);
    shop.work().await;
    let seen = shop.see(&made).await;
    assert_eq!(seen["state"], "executing", "it waits for the provider");
    let resource = seen["marketplace_resource_uuid"].as_str().unwrap().to_owned();
    // The same work again, as after a crash between the work and its mark.
    for _ in 0..2 {
        let order = made["uuid"].as_str().unwrap().parse().unwrap();
        market::testing::work_again(&shop.app.market, order).await;
        shop.work().await;
    }
    let has = shop.app.get("/api/marketplace-resources/", &shop.buyer.authorization).await;
    assert_eq!(has.header("x-result-count"), "1");
    let path = format!("/api/marketplace-provider-resources/{resource}");
    let told = shop.app.post(&format!("{path}/set_backend_id/"), &shop.chief, &json!({ "backend_id": "b-1" })).await;
    assert!(told.expect(200)["status"].is_string());
    shop.act(&shop.chief, &made, "set_state_done").await.expect(200);
    shop.act(&shop.chief, &made, "set_state_done").await.expect(409);
    let seen = shop.app.get(&path, &shop.chief).await.expect(200);
    assert_eq!((&seen["state"], &seen["backend_id"]), (&json!("OK"), &json!("b-1")));
} }

market::both_engines! { foreign_orders_and_resources_do_not_exist, |market| {
    let shop = Shop::open(market, json!({ "auto_approve": true })).await;
    let (app, me) = (&shop.app, shop.buyer.authorization.as_str());
    let made = shop.order().await.expect(201);
    shop.work().await;
    let resource = shop.see(&made).await["marketplace_resource_uuid"].as_str().unwrap().to_owned();
    let thief = app.person("thief-of-bots").await.authorization;
    let order = made["uuid"].as_str().unwrap();
    for path in [format!("/api/marketplace-orders/{order}/"), format!("/api/marketplace-resources/{resource}/"),
        format!("/api/marketplace-provider-resources/{resource}/"), format!("/api/marketplace-resources/{resource}/plan_periods/"),
        format!("/api/marketplace-resources/{resource}/team/"), "/api/marketplace-orders/nothing/".to_owned()] {
        app.get(&path, &thief).await.expect(404);
        app.get(&path, "").await.expect(401);
    }
    let acts = ["approve", "reject", "approve_by_consumer", "approve_by_provider", "reject_by_consumer",
        "reject_by_provider", "cancel", "set_state_executing", "set_state_done", "set_state_erred", "retry", "unlink"];
    for act in acts {
        shop.act(&thief, &made, act).await.expect(404);
    }
    for act in ["terminate", "update_options", "switch_plan", "update_limits"] {
        let body = json!({ "plan": shop.plan, "limits": {}, "options": {} });
        app.post(&format!("/api/marketplace-resources/{resource}/{act}/"), &thief, &body).await.expect(404);
    }
    for act in ["set_backend_id", "set_backend_metadata", "set_as_ok", "set_as_erred", "set_limits", "submit_report", "refresh_last_sync"] {
        let path = format!("/api/marketplace-provider-resources/{resource}/{act}/");
        let body = json!({ "backend_id": "x", "backend_metadata": {}, "limits": {}, "report": [] });
        app.post(&path, &thief, &body).await.expect(404);
        app.post(&path, me, &body).await.expect(403);
    }
    // In a foreign project nothing is ordered, in foreign offerings nothing is changed.
    let refused = app.post("/api/marketplace-orders/", &thief, &shop.body()).await.expect(400);
    assert_eq!(refused["project"][0], "Invalid hyperlink - Object does not exist.");
    for act in ["activate", "pause", "archive", "draft", "make_unavailable"] {
        let path = format!("/api/marketplace-provider-offerings/{}/{act}/", shop.offering);
        app.post(&path, &thief, &json!({})).await.expect(403);
    }
    app.post("/api/marketplace-categories/", &thief, &json!({ "title": "x" })).await.expect(403);
    let list = app.get("/api/marketplace-provider-offerings/", &thief).await;
    assert_eq!(list.header("x-result-count"), "0");
    let body = json!({ "name": "x", "category": "/api/marketplace-categories/1/", "type": "x" });
    app.post("/api/marketplace-provider-offerings/", &thief, &body).await.expect(400);
} }

market::both_engines! { a_paused_offering_is_seen_by_those_who_have_it, |market| {
    let shop = Shop::open(market, json!({ "auto_approve": true })).await;
    let (app, me, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    shop.order().await.expect(201);
    shop.work().await;
    let other = app.person("passer-by").await.authorization;
    let public = format!("/api/marketplace-public-offerings/{}/", shop.offering);
    let managed = format!("/api/marketplace-provider-offerings/{}", shop.offering);
    for who in ["", me, other.as_str()] {
        assert_eq!(app.get(&public, who).await.expect(200)["state"], "Active");
    }
    let moved = app.post(&format!("{managed}/pause/"), chief, &json!({ "paused_reason": "rest" })).await.expect(200);
    assert_eq!(moved["state"], "Paused");
    app.post(&format!("{managed}/pause/"), chief, &json!({})).await.expect(409);
    assert_eq!(app.get(&public, me).await.expect(200)["paused_reason"], "By the operator. rest");
    app.get(&public, &other).await.expect(404);
    app.get(&public, "").await.expect(404);
    assert_eq!(shop.order().await.expect(400)["offering"][0], "Offering is not available.");
    app.post(&format!("{managed}/archive/"), chief, &json!({})).await.expect(200);
    app.get(&public, me).await.expect(404);
    assert!(app.market.catalog().named("ai-agent").is_none());
} }

market::both_engines! { starting_to_use_writes_an_order, |market| {
    let app = App::over(market);
    let me = app.person("starter").await;
    let service = app.service();
    app.key(&me, &service.slug).await;
    let made = app.get("/api/marketplace-orders/", &me.authorization).await.expect(200);
    assert_eq!((&made[0]["type"], &made[0]["state"]), (&json!("Create"), &json!("done")));
    assert_eq!(made[0]["offering_uuid"], json!(service.id.hex()));
    let path = format!("/v1/services/{}/subscribe", service.slug);
    app.ask(Method::DELETE, &path, &[("authorization", &me.authorization)], Body::empty()).await;
    let made = app.get("/api/marketplace-orders/?type=Terminate", &me.authorization).await.expect(200);
    assert_eq!(made[0]["state"], "done");
    let ended = app.get("/api/marketplace-resources/?state=Terminated", &me.authorization).await;
    assert_eq!(ended.header("x-result-count"), "1");
} }

market::both_engines! { hostile_orders_are_refused, |market| {
    let shop = Shop::open(market, json!({})).await;
    let (app, me) = (&shop.app, shop.buyer.authorization.as_str());
    let mut deep = json!(1);
    for _ in 0..12 {
        deep = json!([deep]);
    }
    let long = "x".repeat(40_000);
    for (field, value) in [
        ("attributes", json!({ "a": deep })),
        ("attributes", json!({ "a": long })),
        ("attributes", json!({ "name": 7 })),
        ("attributes", json!([])),
        ("limits", json!({ "unknown": 1 })),
        ("limits", json!({ "x": 1.5 })),
        ("start_date", json!("9999-01-01")),
        ("start_date", json!("2001-01-01")),
        ("start_date", json!("soon")),
        ("plan", json!("/api/marketplace-plans/018bcfe5680077078707070707070707/")),
        ("offering", json!("/api/customers/1/")),
        ("callback_url", json!("javascript:alert(1)")),
        ("callback_url", json!("https://user:secret@shop.example/")),
        ("project", Value::Null),
    ] {
        let mut body = shop.body();
        body[field] = value.clone();
        let refused = app.post("/api/marketplace-orders/", me, &body).await.expect(400);
        assert!(refused[field].is_array(), "{field} {value}: {refused}");
    }
    let first = app.post_once("/api/marketplace-orders/", me, "k", &shop.body()).await.expect(201);
    let again = app.post_once("/api/marketplace-orders/", me, "k", &shop.body()).await.expect(201);
    assert_eq!(first["uuid"], again["uuid"]);
    assert_eq!(app.get("/api/marketplace-orders/", me).await.header("x-result-count"), "1");
} }

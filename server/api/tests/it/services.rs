//! The catalogue, subscriptions, instances and models.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use crate::app::{App, app};

market::both_engines! { from_the_catalogue_to_a_call, |market| {
    let app = App::over(market);
    let me = app.person("newcomer").await.authorization;
    let service = app.service();
    let page = app.get("/marketplace/services?page_size=5&sort=price", "").await.expect(200);
    assert_eq!(page["services"].as_array().unwrap().len(), 5);
    assert!(page["total"].as_u64().unwrap() >= 24);
    let everything = app.get("/v1/services", "").await.expect(200);
    assert_eq!(everything["services"].as_array().unwrap().len() as u64, page["total"]);

    let by_slug = app.get(&format!("/v1/services/{}", service.slug), "").await.expect(200);
    let by_id = app.get(&format!("/v1/services/{}/", service.id.hex()), "").await.expect(200);
    assert_eq!(by_slug, by_id);
    assert_eq!(by_slug["service"]["slug"], json!(service.slug));

    let path = format!("/v1/services/{}/subscribe", service.slug);
    let made = app.post(&path, &me, &json!({})).await.expect(201);
    assert_eq!(made["endpoint"], "https://cmp.example/v1");
    let key = format!("Bearer {}", made["api_key"].as_str().unwrap());
    let has = app.get("/instances/", &me).await.expect(200);
    assert_eq!(has, json!([made["subscription"]]));
    let subscribed = app.get("/v1/services?scope=subscribed", &me).await.expect(200);
    assert_eq!(subscribed["services"][0]["slug"], json!(service.slug));
    assert_eq!(
        app.get("/v1/services?scope=owned", &me).await.expect(200)["services"],
        json!([])
    );

    let models = app.get("/v1/models", &key).await.expect(200);
    assert!(models["data"].as_array().unwrap().iter().any(|m| m["id"] == json!(service.slug)));
    let one = app.get(&format!("/v1/models/{}", service.slug), &key).await.expect(200);
    assert_eq!(one["object"], "model");
    assert_eq!(app.get("/wallets/me", &key).await.expect(200)["balance"], 100);

    let ended = app.ask(Method::DELETE, &path, &[("authorization", &me)], Body::empty()).await;
    assert_eq!((ended.status.as_u16(), ended.text.as_str()), (204, ""));
    let again = app.ask(Method::DELETE, &path, &[("authorization", &me)], Body::empty()).await;
    again.expect(404);
    assert_eq!(app.get("/instances", &me).await.expect(200), json!([]));
    app.get("/wallets/me", &key).await.expect(401);
} }

market::both_engines! { a_metered_call_and_its_receipt, |market| {
    let app = App::over(market);
    let buyer = app.person("caller").await;
    let service = app.service();
    let key = format!("Bearer {}", app.key(&buyer, &service.slug).await);
    let body =
        json!({ "model": service.slug, "messages": [{ "role": "user", "content": "hello" }] });
    let answer = app.post("/v1/chat/completions", &key, &body).await;
    assert_eq!(answer.expect(200)["object"], "chat.completion");
    assert!(!answer.header("x-request-id").is_empty());

    let ledger = app.get("/wallets/me/ledger", &key).await.expect(200);
    let Some(receipt) = ledger["entries"][0]["receipt_id"].as_str() else {
        assert_eq!(ledger["total"], 1, "a call without a receipt was charged");
        return;
    };
    let path = format!("/v1/receipts/{receipt}");
    let shown = app.get(&path, &key).await.expect(200);
    assert_eq!(shown["receipt"]["id"], receipt);
    app.get(&path, &buyer.authorization).await.expect(200);
    let stranger = app.person("stranger").await.authorization;
    app.get(&path, &stranger).await.expect(404);
} }

market::both_engines! { what_calls_were_like_is_public, |market| {
    let app = App::over(market);
    let service = app.service();
    let path = format!("/marketplace/services/{}/metrics", service.slug);
    let unseen = app.get(&path, "").await;
    assert_eq!(unseen.header("cache-control"), "public, max-age=30");
    let unseen = unseen.expect(200);
    assert_eq!((&unseen["calls"], &unseen["samples_needed"]), (&json!(0), &json!(100)));
    assert!(unseen.get("updated_at").is_none());

    let buyer = app.person("measurer").await;
    let key = format!("Bearer {}", app.key(&buyer, &service.slug).await);
    let body =
        json!({ "model": service.slug, "messages": [{ "role": "user", "content": "hello" }] });
    app.post("/v1/chat/completions", &key, &body).await.expect(200);
    app.market.quality().roll_up().await.unwrap();
    let seen = app.get(&format!("/marketplace/services/{}/metrics/", service.id), "").await.expect(200);
    assert_eq!((&seen["calls"], &seen["probes"]), (&json!(1), &json!(0)));
    assert_eq!(seen["measured"]["uptime7d"], Value::Null, "one sample is no figure");
    assert_eq!(seen["hours"].as_array().unwrap().len(), 72);
    let days = seen["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[29]["samples"]), (30, &json!(1)));
    assert!(seen["updated_at"].is_string());
    for missing in ["no-such-service", "%00", "018bcfe5-6800-7707-8707-070707070707"] {
        let path = format!("/marketplace/services/{missing}/metrics");
        assert_eq!(app.get(&path, "").await.expect(404)["error"]["code"], "not_found");
    }
} }

market::both_engines! { what_is_somebody_elses_does_not_exist, |market| {
    let app = App::over(market);
    let (owner, thief) = (app.person("owner").await, app.person("thief").await);
    let them = &thief.authorization;
    let run = json!({ "run_id": "mine", "budget": 5 });
    let held = app.post("/billing/authorize", &owner.authorization, &run).await.expect(200);
    let path = format!("/v1/services/{}/subscribe", app.service().slug);
    let made = app.post(&path, &owner.authorization, &json!({})).await.expect(201);
    let resource = &made["subscription"]["instance_id"];

    for (path, body) in [
        ("/billing/settle", json!({ "reservation_id": held["reservation_id"], "credits": 1 })),
        ("/billing/settle", json!({ "run_id": "mine", "credits": 1 })),
        ("/billing/authorize", json!({ "run_id": "x", "budget": 1, "resource": resource })),
        (path.as_str(), json!({ "customer": owner.customer })),
    ] {
        let answer = app.post(path, them, &body).await;
        assert_eq!(answer.expect(404)["error"]["code"], "not_found", "{path} {body}");
    }
    for path in [
        format!("/wallets/me?customer={}", owner.customer),
        format!("/wallets/me/ledger?customer={}", owner.customer),
        "/v1/receipts/018bcfe5-6800-7707-8707-070707070707".to_owned(),
        "/v1/receipts/nothing".to_owned(),
    ] {
        app.get(&path, them).await.expect(404);
    }
    // Without the right role, whose money it is makes no difference.
    for (path, rest) in [
        ("add-credits", json!({ "credits": 5 })),
        ("provision", json!({ "offering": app.service().slug })),
    ] {
        let mut body = json!({ "customer": thief.customer, "reference": "r" });
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let answer = app.post(&format!("/integrations/commerce/{path}"), them, &body).await;
        assert_eq!(answer.expect(403)["error"]["code"], "permission_denied");
    }
} }

market::both_engines! { integrations_provision_once, |market| {
    let app = App::over(market);
    let buyer = app.person("provisioned").await;
    let chief = app.operator().await;
    let service = app.service();
    let order =
        json!({ "customer": buyer.customer, "offering": service.slug, "reference": "o-1" });
    let path = "/integrations/commerce/provision";
    let made = app.post_once(path, &chief, "p", &order).await.expect(200);
    assert_eq!(made["organization"], "provisioned's Workspace");
    assert!(made["api_key"].as_str().unwrap().starts_with("cmp_sk_"));
    let mut names: Vec<_> = made.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["api_key", "instance_id", "name", "organization", "state"]);
    assert_eq!(app.post_once(path, &chief, "p", &order).await.expect(200), made);
    let replayed = app.post(path, &chief, &order).await.expect(200);
    assert_eq!(
        (&replayed["instance_id"], &replayed["api_key"]),
        (&made["instance_id"], &Value::Null)
    );
    for body in [
        json!({ "customer": buyer.customer, "offering": "no-such-service", "reference": "o-2" }),
        json!({ "customer": buyer.customer, "offering": service.slug, "plan": "no-such", "reference": "o-3" }),
        json!({ "customer": service.id, "offering": service.slug, "reference": "o-4" }),
    ] {
        app.post(path, &chief, &body).await.expect(404);
    }
    assert_eq!(
        app.get("/instances/", &buyer.authorization).await.header("x-result-count"),
        "1"
    );
} }

#[tokio::test]
async fn lists_answer_head_with_the_count() {
    let app = app().await;
    let me = app.person("counter").await.authorization;
    let head = app.ask(Method::HEAD, "/instances/", &[("authorization", &me)], Body::empty()).await;
    assert_eq!(
        (head.status.as_u16(), head.header("x-result-count"), head.text.as_str()),
        (200, "0", "")
    );
}

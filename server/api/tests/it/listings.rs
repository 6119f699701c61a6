//! What a provider puts on sale for the first time waits for an operator.

use serde_json::json;

use crate::app::App;

market::both_engines! { a_new_listing_waits_for_an_operator, |market| {
    let app = App::over(market);
    let chief = app.operator().await;
    let seller = app.person("seller-of-bots").await;
    let me = seller.authorization.as_str();
    let own = format!("/api/customers/{}/", seller.customer);
    app.post("/api/marketplace-service-providers/", &chief, &json!({ "customer": own })).await.expect(201);
    let category = app.post("/api/marketplace-categories/", &chief, &json!({ "title": "Bots" })).await.expect(201);
    let draft = json!({ "name": "Mine", "category": category["url"], "customer": own, "type": "Marketplace.Basic" });
    let made = app.post("/api/marketplace-provider-offerings/", me, &draft).await.expect(201);
    let plan = json!({ "name": "Plan", "offering": made["url"], "unit_price": "1.00", "unit": "month" });
    app.post("/api/marketplace-plans/", me, &plan).await.expect(201);
    let path = format!("/api/marketplace-provider-offerings/{}", made["uuid"].as_str().unwrap());
    let public = format!("/api/marketplace-public-offerings/{}/", made["uuid"].as_str().unwrap());
    // The provider's word is a request only, and one is enough.
    let sent = app.post(&format!("{path}/activate/"), me, &json!({})).await.expect(200);
    assert_eq!(sent["state"], "Draft");
    app.post(&format!("{path}/activate/"), me, &json!({})).await.expect(409);
    app.get(&public, "").await.expect(404);
    let waiting = app.get("/api/marketplace-provider-offerings/?awaits_review=true", &chief).await;
    assert_eq!(waiting.header("x-result-count"), "1");
    // The operator's is the last; what was on sale goes on without.
    let active = app.post(&format!("{path}/activate/"), &chief, &json!({})).await.expect(200);
    assert_eq!(active["state"], "Active");
    app.get(&public, "").await.expect(200);
    for (act, state) in [("pause", "Paused"), ("unpause", "Active"), ("pause", "Paused"), ("activate", "Active")] {
        let moved = app.post(&format!("{path}/{act}/"), me, &json!({})).await.expect(200);
        assert_eq!(moved["state"], state, "{act}");
    }
    // Back in its draft it is new again.
    app.post(&format!("{path}/draft/"), me, &json!({})).await.expect(200);
    assert_eq!(app.post(&format!("{path}/activate/"), me, &json!({})).await.expect(200)["state"], "Draft");
    // One that is made “active” waits as well.
    let mut body = draft;
    body["state"] = json!("Active");
    body["plans"] = json!([{ "name": "Plan", "unit_price": "1.00", "unit": "month" }]);
    let made = app.post("/api/marketplace-provider-offerings/", me, &body).await.expect(201);
    assert_eq!(made["state"], "Draft");
} }

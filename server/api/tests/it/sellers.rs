//! What sellers see of what they sell: figures of components, people, tickets, and what was told beside a resource.

use serde_json::{Value, json};

use crate::orders::Shop;

market::both_engines! {
    what_was_used_shows_wherever_it_belongs, |market| {
        let shop = Shop::open(market, json!({})).await;
        let (app, me, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
        let offering = format!("/api/marketplace-provider-offerings/{}/", shop.offering);
        let component = json!({ "type": "calls", "name": "API calls", "measured_unit": "calls", "billing_type": "usage" });
        app.post(&format!("{offering}create_offering_component/"), chief, &component).await.expect(201);
        let other = app.person("other").await;
        let order = shop.order().await.expect(201);
        shop.act(chief, &order, "approve").await.expect(200);
        shop.work().await;
        let resource = shop.see(&order).await["marketplace_resource_uuid"].as_str().unwrap().to_owned();
        let path = format!("/api/marketplace-resources/{resource}/");
        assert_eq!(app.get(&path, me).await.expect(200)["current_usages"], json!({}));
        let used = json!({ "resource": resource, "usages": [{ "type": "calls", "amount": "12.5", "description": "peak" }] });
        app.post("/api/marketplace-component-usages/set_usage/", chief, &used).await.expect(201);

        let seen = app.get(&path, me).await.expect(200);
        assert_eq!(seen["current_usages"], json!({ "calls": 12.5 }));
        for list in ["/api/marketplace-resources/", "/api/marketplace-provider-resources/"] {
            let listed = app.get(list, chief).await.expect(200);
            assert_eq!(listed[0]["current_usages"], json!({ "calls": 12.5 }), "{list}");
        }
        let periods = app.get(&format!("{path}plan_periods/"), me).await.expect(200);
        let part = &periods[0]["components"][0];
        assert_eq!(
            (&part["type"], &part["usage"], &part["description"], &part["recurring"]),
            (&json!("calls"), &json!("12.5000000"), &json!("peak"), &json!(false)),
        );
        for name in ["uuid", "created", "name", "measured_unit", "date"] {
            assert!(part[name].is_string(), "{name}: {part}");
        }

        let stats = format!("{offering}component_stats/");
        let stat = app.get(&stats, chief).await.expect(200);
        let period = stat[0]["period"].as_str().unwrap().to_owned();
        assert_eq!(
            (&stat[0]["usage"], &stat[0]["type"], &stat[0]["measured_unit"]),
            (&json!(12.5), &json!("calls"), &json!("calls")),
        );
        assert_eq!(stat[0]["billing_period"], json!(format!("{period}-01")));
        assert!(stat[0]["date"].as_str().unwrap().starts_with(&period), "{stat}");
        let within = app.get(&format!("{stats}?start={period}&end={period}"), chief).await.expect(200);
        assert_eq!(within, stat);
        assert_eq!(app.get(&format!("{stats}?start=2020-01&end=2020-12"), chief).await.expect(200), json!([]));
        for wrong in ["start=x", "end=2026-13", "start=2026-05&end=2026-01", "start=9999-01-01"] {
            app.get(&format!("{stats}?{wrong}"), chief).await.expect(400);
        }
        app.get(&stats, me).await.expect(403);

        let sold = app.get(&offering, chief).await.expect(200);
        assert_eq!(sold["quotas"], json!([{ "name": "nc_resource_count", "usage": 1, "limit": -1 }]));
        let plan = format!("/api/marketplace-plans/{}/", shop.plan);
        let most = [("content-type", "application/json"), ("authorization", chief)];
        app.ask(axum::http::Method::PATCH, &plan, &most, json!({ "max_amount": 4 }).to_string()).await.expect(200);
        let sold = app.get(&offering, chief).await.expect(200);
        assert_eq!(sold["quotas"][0]["limit"], json!(4));

        let history = app.get(&format!("{offering}history/?o=created"), chief).await.expect(200);
        let ids: Vec<i64> = history.as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect();
        let mut known = ids.clone();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known.len(), ids.len(), "{ids:?}");
        assert!(ids.iter().all(|id| (1..1 << 53).contains(id)), "{ids:?}");

        let providers = app.get("/api/marketplace-service-providers/?page_size=100", chief).await.expect(200);
        let seller = sold["customer_uuid"].clone();
        let provider = providers.as_array().unwrap().iter().find(|one| one["customer_uuid"] == seller).unwrap();
        let provider = format!("/api/marketplace-service-providers/{}/", provider["uuid"].as_str().unwrap());
        let people = app.get(&format!("{provider}users/"), chief).await;
        assert_eq!(people.header("x-result-count"), "1");
        let people = people.expect(200);
        assert_eq!(people[0]["email"], json!(shop.buyer.email));
        assert_eq!(app.get(&format!("{provider}users/?query=nobody"), chief).await.expect(200), json!([]));
        app.get(&format!("{provider}users/"), &other.authorization).await.expect(404);
        let waiting = async |who: &str| app.get(&format!("{provider}stat/"), who).await.expect(200)["unresolved_tickets"].clone();
        assert_eq!(waiting(chief).await, json!(0));
        let issue = json!({ "type": "INCIDENT", "summary": "It is silent", "resource": path });
        let issue = app.post("/api/support-issues/", me, &issue).await.expect(201);
        assert_eq!(waiting(chief).await, json!(1));
        let done = format!("/api/support-issues/{}/resolve/", issue["uuid"].as_str().unwrap());
        app.post(&done, chief, &json!({})).await.expect(200);
        assert_eq!(waiting(chief).await, json!(0));
        let revenue = app.get(&format!("{provider}revenue/"), chief).await.expect(200);
        assert_eq!(revenue, json!([]));
        let end = app.post(&format!("{path}terminate/"), me, &json!({})).await.expect(200);
        let end = json!({ "uuid": end["order_uuid"] });
        shop.act(chief, &end, "approve_by_provider").await.expect(200);
        shop.work().await;
        assert_eq!(app.get(&format!("{provider}users/"), chief).await.expect(200), Value::Array(Vec::new()));
    }
}

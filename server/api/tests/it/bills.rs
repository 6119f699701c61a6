//! Notices of invoices, corrected payments, parts of what was used, and bulk usage, on both engines.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    app::{Answered, App},
    billing::bought_at,
};

async fn send(app: &App, method: Method, path: &str, who: &str, body: &Value) -> Answered {
    let headers = [("content-type", "application/json"), ("authorization", who)];
    app.ask(method, path, &headers, body.to_string()).await
}

market::both_engines! {
    the_notice_of_an_invoice_is_mailed_to_its_owners_once_a_day, |market| {
        let shop = bought_at(App::over(market)).await;
        let (app, chief, buyer) = (&shop.app, shop.chief.as_str(), shop.buyer.authorization.as_str());
        let invoice = shop.invoice().await;
        let path = format!("/api/invoices/{}/send_notification/", invoice["uuid"].as_str().unwrap());
        let other = app.person("other").await;
        app.post(&path, buyer, &json!({})).await.expect(403);
        app.post(&path, &other.authorization, &json!({})).await.expect(404);
        app.post(&path, "", &json!({})).await.expect(401);
        for _ in 0..2 {
            let told = app.post(&path, chief, &json!({})).await.expect(200);
            assert_eq!(told["detail"], "Invoice notification sending has been successfully scheduled.");
        }
        let staff = app.market.identity().by_token(chief.trim_start_matches("Token ")).await.unwrap().unwrap();
        let mails = app.market.mails().list(&staff, 1).await.unwrap();
        let sent: Vec<_> = mails.iter().filter(|mail| mail.subject == "Invoice 1").collect();
        let [mail] = sent.as_slice() else { panic!("{mails:?}") };
        assert_eq!(mail.to, shop.buyer.email);
        let mail = app.market.mails().find(&staff, mail.id).await.unwrap();
        assert!(mail.text.contains("$10.00 in all"), "{mail:?}");
        // What is paid is not asked for.
        let url = format!("/api/invoices/{}/", invoice["uuid"].as_str().unwrap());
        app.post(&format!("{url}paid/"), chief, &json!({})).await.expect(200);
        let refused = app.post(&path, chief, &json!({})).await.expect(409);
        assert_eq!(refused["detail"], "Notification only for the created invoice can be sent.");
    }

    payments_are_corrected_by_who_keeps_the_books, |market| {
        let shop = bought_at(App::over(market)).await;
        let (app, chief, buyer) = (&shop.app, shop.chief.as_str(), shop.buyer.authorization.as_str());
        let other = app.person("other").await;
        let profile = |customer: &str| json!({ "name": "P", "payment_type": "invoices",
            "organization": format!("/api/customers/{customer}/") });
        let own = app.post("/api/payment-profiles/", chief, &profile(&shop.buyer.customer)).await.expect(201);
        let second = app.post("/api/payment-profiles/", chief, &profile(&shop.buyer.customer)).await.expect(201);
        let foreign = app.post("/api/payment-profiles/", chief, &profile(&other.customer)).await.expect(201);
        let body = json!({ "profile": own["url"], "date_of_payment": "2026-01-02", "sum": "7.00", "proof": "JVBERi0x" });
        let made = app.post("/api/payments/", chief, &body).await.expect(201);
        assert!(made["proof"].is_string());
        let path = format!("/api/payments/{}/", made["uuid"].as_str().unwrap());
        let patch = |who: String, body: Value| {
            let path = path.clone();
            async move { send(app, Method::PATCH, &path, &who, &body).await }
        };
        patch(buyer.to_owned(), json!({ "sum": "1" })).await.expect(403);
        patch(other.authorization.clone(), json!({ "sum": "1" })).await.expect(404);
        let fixed = patch(chief.to_owned(), json!({ "sum": "8.50" })).await.expect(200);
        assert_eq!((&fixed["sum"], &fixed["date_of_payment"]), (&json!("8.5000000"), &json!("2026-01-02")));
        assert_eq!((&fixed["profile"], &fixed["proof"]), (&own["url"], &made["proof"]));
        let moved = patch(chief.to_owned(), json!({ "profile": second["url"], "date_of_payment": "2026-01-03", "proof": null }));
        let moved = moved.await.expect(200);
        assert_eq!((&moved["profile"], &moved["date_of_payment"]), (&second["url"], &json!("2026-01-03")));
        assert!(moved.get("proof").is_none());
        for (field, value) in [
            ("profile", foreign["url"].clone()),
            ("profile", Value::Null),
            ("date_of_payment", json!("2999-01-01")),
            ("sum", json!("-1")),
            ("proof", json!("eA==")),
        ] {
            let refused = patch(chief.to_owned(), json!({ field: value })).await.expect(400);
            assert!(refused[field].is_array(), "{field}: {refused}");
        }
        let lacking = send(app, Method::PUT, &path, chief, &json!({ "sum": "1" })).await.expect(400);
        assert_eq!(lacking["profile"], json!(["This field is required."]));
        assert_eq!(lacking["date_of_payment"], json!(["This field is required."]));
        assert_eq!(app.get(&path, buyer).await.expect(200)["sum"], "8.5000000");
    }

    what_was_used_is_divided_among_people, |market| {
        let shop = bought_at(App::over(market)).await;
        let (app, chief, buyer) = (&shop.app, shop.chief.as_str(), shop.buyer.authorization.as_str());
        let other = app.person("other").await;
        let used = json!({ "resource": shop.resource, "usages": [{ "type": "calls", "amount": "9" }] });
        app.post("/api/marketplace-component-usages/set_usage/", chief, &used).await.expect(201);
        let usage = app.get("/api/marketplace-component-usages/", chief).await.expect(200)[0]["uuid"].clone();
        let path = format!("/api/marketplace-component-usages/{}/set_user_usages/", usage.as_str().unwrap());
        let me = app.get("/api/users/me/", buyer).await.expect(200);
        let parts = json!({ "usages": [
            { "username": "anna", "usage": "3", "user": me["url"] },
            { "username": "bert", "usage": 2.5 },
        ] });
        app.post(&path, &other.authorization, &parts).await.expect(404);
        app.post(&path, buyer, &parts).await.expect(403);
        let wrong = json!({ "usages": [{ "username": "carl", "usage": 1 }, { "username": "", "usage": -1 }] });
        assert_eq!(app.post(&path, chief, &wrong).await.expect(400)["usages"].as_array().unwrap().len(), 2);
        app.post(&path, chief, &parts).await.expect(201);
        app.post(&path, chief, &json!({ "usages": [{ "username": "anna", "usage": "4" }] })).await.expect(201);
        let list = "/api/marketplace-component-user-usages/";
        let listed = app.get(&format!("{list}?o=username"), buyer).await.expect(200);
        let names: Vec<_> = listed.as_array().unwrap().iter().map(|one| (&one["username"], &one["usage"])).collect();
        assert_eq!(names, [(&json!("anna"), &json!(4)), (&json!("bert"), &json!(2.5))], "nothing of carl was kept");
        assert_eq!((&listed[0]["user"], &listed[0]["component_type"]), (&me["url"], &json!("calls")));
        assert!(listed[1].get("user").is_none());
        let year = listed[0]["billing_period"].as_str().unwrap().get(..4).unwrap().to_owned();
        for (query, n) in [
            ("username=anna".to_owned(), "1"),
            (format!("resource_uuid={}", shop.resource), "2"),
            (format!("billing_period_year={year}.0"), "2"),
            (format!("offering_uuid={}", shop.resource), "0"),
            ("type=calls&date_after=2030-01-01".to_owned(), "0"),
        ] {
            assert_eq!(app.get(&format!("{list}?{query}"), chief).await.header("x-result-count"), n, "{query}");
        }
        assert_eq!(app.get(list, &other.authorization).await.header("x-result-count"), "0");
        let one = format!("{list}{}/", listed[0]["uuid"].as_str().unwrap());
        assert_eq!(app.get(&one, buyer).await.expect(200), listed[0]);
        app.get(&one, &other.authorization).await.expect(404);
    }

    what_was_used_elsewhere_is_on_the_invoice_once, |market| {
        let shop = bought_at(App::over(market)).await;
        let (app, chief, buyer) = (&shop.app, shop.chief.as_str(), shop.buyer.authorization.as_str());
        let customer = app.get(&format!("/api/customers/{}/", shop.buyer.customer), chief).await.expect(200);
        let path = "/api/invoices/import_usage/";
        let body = |items: Value| json!({ "year": shop.month.year(), "month": shop.month.month(), "items": items });
        let told = body(json!([
            { "name": "GPU hours", "unit_price": "12.34", "customer_uuid": customer["uuid"], "article_code": "G1", "offering_name": "Old cloud" },
            { "name": "Disk", "unit_price": 5, "customer_name": customer["name"] },
            { "name": "Disk", "unit_price": "5", "customer_name": "Nobody at all" },
        ]));
        app.post(path, buyer, &told).await.expect(403);
        app.post(path, "", &told).await.expect(401);
        let first = app.post(path, chief, &told).await.expect(200);
        assert_eq!((&first["created"], &first["skipped"]), (&json!(2), &json!(0)));
        assert_eq!(first["errors"], json!([{ "customer_name": "Nobody at all", "reason": "Customer is not found." }]));
        let again = app.post(path, chief, &told).await.expect(200);
        assert_eq!((&again["created"], &again["skipped"]), (&json!(0), &json!(2)));
        for (field, wrong) in [
            ("items", json!([{ "name": "x", "unit_price": "-1", "customer_name": "y" }])),
            ("items", json!([{ "unit_price": "1", "customer_name": "y" }])),
            ("items", json!([{ "name": "x", "unit_price": "1" }])),
            ("items", json!(["x"])),
            ("items", json!("x")),
        ] {
            assert!(app.post(path, chief, &body(wrong)).await.expect(400)[field].is_array());
        }
        let future = json!({ "year": 2199, "month": 12, "items": [] });
        assert!(app.post(path, chief, &future).await.expect(400)["month"].is_array());
        let invoice = shop.invoice().await;
        assert_eq!(invoice["price"], "27.3400000", "ten dollars of the plan, and what was told");
        let items = invoice["items"].as_array().unwrap();
        let names: Vec<&str> = items.iter().map(|item| item["name"].as_str().unwrap()).collect();
        assert_eq!((names.len(), names[1], names[2]), (3, "GPU hours", "Disk"));
        assert_eq!((&items[1]["article_code"], &items[1]["details"]["offering_name"]), (&json!("G1"), &json!("Old cloud")));
        let pdf = format!("/api/invoices/{}/pdf/", invoice["uuid"].as_str().unwrap());
        assert_eq!(app.get(&pdf, buyer).await.status, 200);
        // What is final stays as it is.
        let late = body(json!([{ "name": "Late", "unit_price": "1", "customer_uuid": customer["uuid"], "customer_name": "L" }]));
        let late = app.post(path, chief, &late).await.expect(200);
        assert_eq!((&late["created"], &late["errors"][0]["customer_name"]), (&json!(0), &json!("L")));
        assert_eq!(shop.invoice().await["price"], "27.3400000");
    }
}

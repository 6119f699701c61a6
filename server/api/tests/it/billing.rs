//! Usages, invoices, payments, credits and figures as Waldur's clients call them.

use axum::{body::Body, http::Method};
use market::testing::billing::{part, plan, resource};
use model::{Billing, Month};
use serde_json::{Value, json};
use store::customers::projects;

use crate::app::{App, Person, app};

const DOLLAR: i64 = 1_000_000;

/// A buyer with a resource since the first of the last month: 10 dollars a month and 5 cents a call.
pub struct Bought {
    pub app: App,
    pub buyer: Person,
    pub chief: String,
    pub resource: String,
    pub offering: String,
    pub month: Month,
}

async fn bought() -> Bought {
    bought_at(app().await).await
}

pub async fn bought_at(app: App) -> Bought {
    let buyer = app.person("debtor").await;
    let chief = app.operator().await;
    let market = &app.market;
    let month = Month::of(market.core().now().day()).previous();
    let (offering, customer) = (app.service().id, buyer.customer.parse().unwrap());
    let parts = [part("calls", Billing::Usage, 50_000)];
    let since = month.first().start();
    let plan = plan(market, offering, "Pro", (10 * DOLLAR, 0, 0), &parts, since).await.unwrap();
    let project = projects(market.core().db(), customer).await.unwrap()[0].id;
    let mut tx = market.core().db().begin().await.unwrap();
    let what = (offering, plan);
    let resource = resource(market, &mut tx, (customer, project), what, &[], since).await.unwrap();
    tx.commit().await.unwrap();
    let (resource, offering) = (resource.hex(), offering.hex());
    Bought { app, buyer, chief, resource, offering, month }
}

impl Bought {
    pub async fn invoice(&self) -> Value {
        let customer = format!("/api/customers/{}/", self.buyer.customer);
        let body =
            json!({ "customer": customer, "year": self.month.year(), "month": self.month.month() });
        self.app.post("/api/invoices/", &self.chief, &body).await.expect(201)
    }

    async fn count(&self, path: &str) -> String {
        let headers = [("authorization", self.chief.as_str())];
        let answer = self.app.ask(Method::HEAD, path, &headers, Body::empty()).await;
        assert_eq!(answer.status, 200);
        answer.header("x-result-count").to_owned()
    }
}

#[tokio::test]
async fn usage_is_told_and_refused_in_waldurs_words() {
    let shop = bought().await;
    let (app, chief) = (&shop.app, shop.chief.as_str());
    let path = "/api/marketplace-component-usages/set_usage/";
    let tell = |kind: &str, amount: Value| {
        let day = shop.month.first().plus(3).to_string();
        json!({ "resource": shop.resource, "date": format!("{day}T00:00:00Z"),
            "usages": [{ "type": kind, "amount": amount, "description": "", "recurring": false }] })
    };
    app.post(path, chief, &tell("calls", json!("150.5"))).await.expect(201);
    let refused = app.post(path, chief, &tell("x", json!(1))).await.expect(400);
    assert_eq!(refused, json!(["These components are invalid: x."]));
    for amount in
        [json!("9".repeat(30)), json!(-1), json!("1e3"), json!("NaN"), json!(null), json!([])]
    {
        app.post(path, chief, &tell("calls", amount)).await.expect(400);
    }
    for date in ["9999-01-01", "1999-01-01", "2026-02-30", "x"] {
        let mut body = tell("calls", json!(1));
        body["date"] = json!(date);
        assert!(app.post(path, chief, &body).await.expect(400)["date"].is_array(), "{date}");
    }
    let unknown =
        json!({ "resource": shop.offering, "usages": [{ "type": "calls", "amount": 1 }] });
    assert!(app.post(path, chief, &unknown).await.expect(400)["resource"].is_array());
    app.post(path, &shop.buyer.authorization, &tell("calls", json!(1))).await.expect(403);
    let listed = app
        .get(
            &format!(
                "/api/marketplace-component-usages/?resource_uuid={}&billing_period_year={}",
                shop.resource,
                shop.month.year()
            ),
            chief,
        )
        .await
        .expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["usage"], &listed[0]["type"]), (&json!(150.5), &json!("calls")));
    let user = json!({ "username": "anna", "usage": 3 });
    let path = format!(
        "/api/marketplace-component-usages/{}/set_user_usage/",
        listed[0]["uuid"].as_str().unwrap()
    );
    app.post(&path, chief, &user).await.expect(201);
    app.post(&path, &shop.buyer.authorization, &user).await.expect(403);
    let other = app.person("stranger").await;
    app.post(&path, &other.authorization, &user).await.expect(404);
}

#[tokio::test]
async fn an_invoice_is_made_shown_paid_and_taken_back() {
    let shop = bought().await;
    let (app, chief, buyer) = (&shop.app, shop.chief.as_str(), shop.buyer.authorization.as_str());
    let component = json!({ "resource": format!("/api/marketplace-resources/{}/", shop.resource),
        "component": "/api/marketplace-plan-components/1/", "usage": 1500, "date": "2024-01-15" });
    let told = app.post("/api/marketplace-component-usages/", chief, &component).await.expect(201);
    assert_eq!((&told["usage"], &told["billing_period"]), (&json!(1500), &json!("2024-01-01")));
    let invoice = shop.invoice().await;
    assert_eq!(shop.invoice().await["uuid"], invoice["uuid"]);
    assert_eq!(
        (&invoice["state"], &invoice["price"], &invoice["number"]),
        (&json!("created"), &json!("10.0000000"), &json!(1))
    );
    assert_eq!(invoice["items"][0]["price"], json!(10));
    assert!(invoice["due_date"].is_string() && invoice.get("paid_date").is_none());
    let url = format!("/api/invoices/{}/", invoice["uuid"].as_str().unwrap());
    assert_eq!(app.get(&url, buyer).await.expect(200), invoice);
    let filter = format!(
        "customer_uuid={}&year={}&month={}",
        shop.buyer.customer,
        shop.month.year(),
        shop.month.month()
    );
    let listed =
        app.get(&format!("/api/invoices/?{filter}&state=created"), chief).await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0], invoice);
    let bare = app.get(&format!("/api/invoices/?{filter}&field=uuid"), chief).await.expect(200);
    assert_eq!(bare, json!([{ "uuid": invoice["uuid"] }]));
    let items = app.get(&format!("/api/invoices/?{filter}&field=items"), chief).await.expect(200);
    assert_eq!(items, json!([{ "items": invoice["items"] }]));
    let sparse = app
        .get(&format!("/api/invoices/?{filter}&field=items&field=uuid"), chief)
        .await
        .expect(200);
    assert_eq!(sparse[0]["items"].as_array().unwrap().len(), 1);
    assert_eq!(shop.count(&format!("/api/invoices/?{filter}")).await, "1");
    app.get("/api/invoices/?state=x", chief).await.expect(400);
    // Somebody else's is not there; who may only see may not change.
    let other = app.person("stranger").await;
    let item = format!("/api/invoice-items/{}/", invoice["items"][0]["uuid"].as_str().unwrap());
    let one = app.get(&item, buyer).await.expect(200);
    assert_eq!((&one["invoice"], &one["price"]), (&invoice["url"], &json!(10)));
    app.get(&item, &other.authorization).await.expect(404);
    for path in ["", "items/", "stats/", "history/", "pdf/"] {
        app.get(&format!("{url}{path}"), &other.authorization).await.expect(404);
    }
    for (path, body) in [
        ("paid/", json!({})),
        ("cancel/", json!({})),
        ("set_backend_id/", json!({ "backend_id": "x" })),
    ] {
        app.post(&format!("{url}{path}"), buyer, &body).await.expect(403);
        app.post(&format!("{url}{path}"), &other.authorization, &body).await.expect(404);
    }
    assert_eq!(app.get("/api/invoices/", &other.authorization).await.expect(200), json!([]));
    app.post(&format!("{url}set_backend_id/"), chief, &json!({ "backend_id": "book-1" }))
        .await
        .expect(200);
    app.post(&format!("{url}set_payment_url/"), chief, &json!({ "payment_url": "javascript:x" }))
        .await
        .expect(400);
    assert_eq!(app.get(&format!("{url}items/"), buyer).await.expect(200)["price"], json!(10));
    assert_eq!(
        app.get(&format!("{url}stats/"), buyer).await.expect(200)[0]["aggregated_price"],
        json!(10)
    );
    let pdf = app
        .ask(Method::GET, &format!("{url}pdf/"), &[("authorization", buyer)], Body::empty())
        .await;
    assert_eq!((pdf.status.as_u16(), pdf.header("content-type")), (200, "application/pdf"));
    // A day that a profile must be there for, then the operator guide's.
    let dated = json!({ "date": shop.month.end().to_string() });
    assert!(
        app.post(&format!("{url}paid/"), chief, &dated).await.expect(400)["non_field_errors"]
            .is_array()
    );
    let profile = json!({ "name": "P", "organization": format!("/api/customers/{}/", shop.buyer.customer), "payment_type": "invoices" });
    let profile = app.post("/api/payment-profiles/", chief, &profile).await.expect(201);
    app.post("/api/payment-profiles/", buyer, &json!({ "name": "P", "organization": format!("/api/customers/{}/", shop.buyer.customer), "payment_type": "invoices" })).await.expect(403);
    assert_eq!(app.post(&format!("{url}paid/"), chief, &dated).await.expect(200)["state"], "paid");
    let again = app.post(&format!("{url}paid/"), chief, &dated).await.expect(409);
    assert_eq!(again["detail"], "Valid states for operation: created.");
    let payments = app.get("/api/payments/", buyer).await.expect(200);
    assert_eq!(
        (&payments[0]["invoice_uuid"], &payments[0]["profile"]),
        (&invoice["uuid"], &profile["url"])
    );
    let id = payments[0]["uuid"].as_str().unwrap();
    app.post(&format!("/api/payments/{id}/unlink_from_invoice/"), chief, &json!({}))
        .await
        .expect(200);
    app.post(
        &format!("/api/payments/{id}/link_to_invoice/"),
        chief,
        &json!({ "invoice": invoice["url"] }),
    )
    .await
    .expect(200);
    app.get(&format!("/api/payments/{id}/proof/"), chief).await.expect(404);
    app.get(&format!("/api/payments/{id}/"), &other.authorization).await.expect(404);
    // The month of the guide's usage is another one, and can be taken back.
    let guide = json!({ "customer": format!("/api/customers/{}/", shop.buyer.customer), "year": 2024, "month": 1 });
    let made = app.post("/api/invoices/", chief, &guide).await.expect(201);
    assert_eq!(made["price"], "75.0000000");
    let url = format!("/api/invoices/{}/", made["uuid"].as_str().unwrap());
    let note =
        app.post(&format!("{url}cancel/"), chief, &json!({ "reason": "a test" })).await.expect(200);
    assert_eq!(
        (&note["total"], &note["number"], &note["credits"]),
        (&json!("-75.0000000"), &json!(3), &made["url"])
    );
    assert_eq!(app.get(&url, buyer).await.expect(200)["credit_note"], note["url"]);
    assert_eq!(shop.count("/api/invoices/").await, "2");
    assert_eq!(shop.count("/api/invoices/?credit_notes=true").await, "1");
    for (year, month) in [(9_999, 1), (2_024, 13), (1, 1)] {
        let wrong = json!({ "customer": format!("/api/customers/{}/", shop.buyer.customer), "year": year, "month": month });
        app.post("/api/invoices/", chief, &wrong).await.expect(400);
    }
    app.post("/api/invoices/", buyer, &guide).await.expect(403);
    app.post("/api/invoices/", &other.authorization, &guide).await.expect(404);
}

#[tokio::test]
async fn credits_and_figures_have_what_the_clients_need() {
    let shop = bought().await;
    let (app, chief, buyer) = (&shop.app, shop.chief.as_str(), shop.buyer.authorization.as_str());
    let gift =
        json!({ "customer": format!("/api/customers/{}/", shop.buyer.customer), "value": "40.00" });
    let first = app.post_once("/api/customer-credits/", chief, "gift-1", &gift).await.expect(201);
    assert_eq!(first["value"], "48.0000000");
    assert_eq!(
        app.post_once("/api/customer-credits/", chief, "gift-1", &gift).await.expect(201),
        first
    );
    app.post("/api/customer-credits/", buyer, &gift).await.expect(403);
    for value in ["-1", "0", "999999999999", "1e3"] {
        let wrong = json!({ "customer": format!("/api/customers/{}/", shop.buyer.customer), "value": value });
        app.post("/api/customer-credits/", chief, &wrong).await.expect(400);
    }
    let changes = app.get("/api/credit-transactions/", buyer).await.expect(200);
    assert_eq!(changes.as_array().unwrap().len(), 2);
    assert!(
        changes
            .as_array()
            .unwrap()
            .iter()
            .all(|change| change["transaction_type"] == "staff_grant")
    );
    let own = format!("/api/customer-credits/{}/", shop.buyer.customer);
    for name in [
        "uuid",
        "url",
        "customer",
        "customer_name",
        "customer_uuid",
        "customer_slug",
        "offerings",
        "minimal_consumption",
        "allocated_to_projects",
        "consumption_last_month",
        "withdrawable_balance",
    ] {
        assert!(app.get(&own, buyer).await.expect(200).get(name).is_some(), "{name}");
    }
    assert!(app.get(&format!("{own}consumptions/"), buyer).await.expect(200).is_array());
    let other = app.person("stranger").await;
    app.get(&own, &other.authorization).await.expect(404);
    shop.invoice().await;
    let span = "start=2024-01-01&end=2030-12-31";
    app.get(&format!("/api/marketplace-stats/revenue/?{span}"), chief).await.expect(200);
    let revenue = app.get("/api/marketplace-stats/revenue/", chief).await.expect(200);
    assert_eq!(revenue[0]["total"], "10.0000000");
    app.get("/api/marketplace-stats/revenue/?start=9999-01-01", chief).await.expect(400);
    app.get("/api/marketplace-stats/revenue/", buyer).await.expect(403);
    app.get(&format!("/api/marketplace-stats/usage/?offering={}", shop.offering), chief)
        .await
        .expect(200);
    app.get(&format!("/api/marketplace-stats/usage/?offering={}", shop.offering), buyer)
        .await
        .expect(404);
    app.get("/api/marketplace-stats/usage/?offering=x", chief).await.expect(400);
    for path in ["component_usages", "component_usages_per_month", "resources_missing_usage"] {
        assert!(
            app.get(&format!("/api/marketplace-stats/{path}/"), chief).await.expect(200).is_array()
        );
    }
    let stats = app.get("/api/marketplace-stats/order_stats/", chief).await.expect(200);
    assert!(stats["summary"]["total"].is_u64() && stats["daily"].is_array());
    let kpis = app.get("/api/marketplace-stats/kpis/", chief).await.expect(200);
    assert_eq!((&kpis["mrr"], &kpis["paying_customers"]), (&json!("10.0000000"), &json!(1)));
    assert_eq!(
        app.get("/api/marketplace-stats/offering_costs_summary/", chief).await.expect(200)["offering_count"],
        1
    );
    let growth = app.get("/api/invoices/growth/", buyer).await.expect(200);
    assert_eq!(growth["total_periods"].as_array().unwrap().len(), 12);
}

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

#[tokio::test]
async fn lists_are_sent_as_fields_of_one_name() {
    let shop = Shop::open(market::testing::market().await, json!({})).await;
    let (app, chief) = (&shop.app, shop.chief.as_str());
    let path = format!("/api/marketplace-provider-offerings/{}/", shop.offering);
    let category = app.get(&path, chief).await.expect(200)["category"].as_str().unwrap().to_owned();
    let component = |kind: &str| {
        json!({ "type": kind, "name": kind, "billing_type": "usage", "min_value": "10.0" })
            .to_string()
    };
    let parts = [
        ("name", "Sent in parts".to_owned()),
        ("category", category.clone()),
        ("type", "Marketplace.Basic".to_owned()),
        ("components", component("calls")),
        ("components", component("tokens")),
        (
            "plans",
            json!({ "name": "Only", "unit_price": "1", "quotas": { "calls": "5.0" } }).to_string(),
        ),
    ];
    let mut body = String::new();
    for (name, value) in &parts {
        let head = ["--b\r\ncontent-disposition: form-data; name=\"", name, "\"\r\n\r\n"].concat();
        body.extend([head.as_str(), value, "\r\n"]);
    }
    body += "--b--\r\n";
    let headers = [("content-type", "multipart/form-data; boundary=b"), ("authorization", chief)];
    let path = "/api/marketplace-provider-offerings/";
    let made = app.ask(Method::POST, path, &headers, body).await.expect(201);
    let kinds: Vec<&Value> =
        made["components"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
    assert_eq!(kinds.len(), 2, "{made}");
    assert_eq!(
        (&made["components"][0]["min_value"], &made["plans"][0]["name"]),
        (&json!(10), &json!("Only"))
    );
    // What is one text is not two.
    let twice = app.form(path, &[("authorization", chief)], "name=a&name=b&type=x").await;
    assert!(twice.expect(400)["name"].is_array());
}

#[tokio::test]
async fn what_clients_send_is_understood() {
    let shop = Shop::open(market::testing::market().await, json!({ "auto_approve": true })).await;
    let (app, me, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    let component = json!({ "type": "calls", "name": "Calls", "billing_type": "usage" });
    let path =
        format!("/api/marketplace-provider-offerings/{}/create_offering_component/", shop.offering);
    app.post(&path, chief, &component).await.expect(201);
    let made = shop.order().await.expect(201);
    shop.work().await;
    let resource = shop.see(&made).await["marketplace_resource_uuid"].clone();
    let used = json!({ "resource": resource, "usages": [{ "type": "calls", "amount": "5" }] });
    app.post("/api/marketplace-component-usages/set_usage/", chief, &used).await.expect(201);
    let usage =
        app.get("/api/marketplace-component-usages/", me).await.expect(200)[0]["uuid"].clone();
    let path =
        format!("/api/marketplace-component-usages/{}/set_user_usage/", usage.as_str().unwrap());
    let account =
        "https://cmp.example/api/marketplace-offering-users/01a182baca7d74448897cb2c64ad7798/";
    let part = json!({ "username": "anna", "usage": "2", "user": account });
    app.post(&path, chief, &part).await.expect(201);

    // Declined as the client does it: by the secret of the link.
    let guest = app.person("guest-of-bots").await;
    let body = json!({
        "email": guest.email, "scope": format!("/api/customers/{}/", shop.buyer.customer), "role": "CUSTOMER.SUPPORT",
    });
    let invited = app.post("/api/user-invitations/", chief, &body).await.expect(201);
    let link = invited["link"].as_str().unwrap().trim_end_matches('/');
    let token = link.rsplit(['/', '=', '#']).next().unwrap();
    let reject = "/api/user-invitations/reject/";
    app.post(reject, &guest.authorization, &json!({ "token": "x" })).await.expect(404);
    app.post(reject, &guest.authorization, &json!({})).await.expect(400);
    app.post(reject, &guest.authorization, &json!({ "token": token })).await.expect(200);

    // Without a field that there is, the whole thing is answered.
    let whole = app.get("/api/projects/", me).await.expect(200);
    assert_eq!(app.get("/api/projects/?field=colour", me).await.expect(200), whole);
    let bare = app.get("/api/projects/?field=colour&field=name", me).await.expect(200);
    assert_eq!(bare[0].as_object().unwrap().len(), 1);

    // A flag that is taken away takes no other with it.
    let (_, support) = app.operator_as("helper@example.com", model::Role::Support).await;
    let path = format!("/api/users/{support}/");
    let changed = send(app, Method::PATCH, &path, chief, &json!({ "is_staff": false })).await;
    assert_eq!(changed.expect(200)["is_support"], true);
    let changed = send(app, Method::PATCH, &path, chief, &json!({ "is_support": false })).await;
    assert_eq!(changed.expect(200)["is_support"], false);
}

market::both_engines! { no_filter_is_overheard, |market| {
    let shop = Shop::open(market, json!({ "auto_approve": true })).await;
    let (app, me, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    shop.order().await.expect(201);
    shop.work().await;
    let issue = json!({ "type": "INCIDENT", "summary": "x" });
    app.post("/api/support-issues/", me, &issue).await.expect(201);
    let (never, own) = ("01a182baca7d74448897cb2c64ad7798", &shop.buyer.customer);
    let provider = format!("/api/marketplace-provider-offerings/{}/", shop.offering);
    let seller = app.get(&provider, chief).await.expect(200)["customer_uuid"].as_str().unwrap().to_owned();
    let myself = app.get("/api/users/me/", me).await.expect(200)["uuid"].as_str().unwrap().to_owned();
    let offers = "/api/marketplace-provider-offerings/?name_exact=AI%20Agent";
    let count = async |path: String, who: &str| {
        let listed = app.get(&path, who).await;
        listed.expect(200);
        listed.header("x-result-count").parse::<u64>().unwrap()
    };
    for (path, all) in [
        (format!("{offers}&billable=true"), 1), (format!("{offers}&billable=false"), 0),
        (format!("{offers}&project_uuid={never}"), 1), (format!("{offers}&allowed_customer_uuid={own}"), 1),
        (format!("{offers}&service_manager_uuid={never}"), 0), (format!("{offers}&tag=x"), 0),
        (format!("{offers}&parent_uuid={never}"), 0), (format!("{offers}&category_group_uuid={never}"), 0),
        (format!("{offers}&organization_group_uuid={never}"), 0), (format!("{offers}&attributes=%7B%22a%22%3A1%7D"), 0),
        ("/api/marketplace-categories/?offering_name=ai%20agent".to_owned(), 1),
        (format!("/api/marketplace-categories/?customer_uuid={own}"), 0),
        (format!("/api/marketplace-categories/?group_uuid={never}"), 0),
        ("/api/customers/?accounting_is_running=false".to_owned(), 0),
        (format!("/api/customers/?organization_group_uuid={never}"), 0),
        ("/api/invoices/?accounting_is_running=false".to_owned(), 0),
        (format!("/api/support-issues/?provider_uuid={seller}"), 0),
        ("/api/support-issues/?is_routed=true".to_owned(), 0), ("/api/support-issues/?is_routed=false".to_owned(), 1),
        ("/api/support-issues/?sla_breached=true".to_owned(), 0), ("/api/support-issues/?sla_breached=false".to_owned(), 1),
        (format!("/api/marketplace-orders/?service_manager_uuid={never}"), 0),
        ("/api/users/?organization=nowhere".to_owned(), 0), ("/api/users/?registration_method=saml".to_owned(), 0),
        ("/api/users/?organization_roles=CUSTOMER.JANITOR".to_owned(), 0), ("/api/users/?project_roles=PROJECT.ADMIN".to_owned(), 0),
        ("/api/marketplace-component-user-usages/?component_usage__billing_period=2001-01-01".to_owned(), 0),
    ] {
        assert_eq!(count(path.clone(), chief).await, all, "{path}");
    }
    let some = count("/api/marketplace-categories/?has_shared=true".to_owned(), chief).await;
    let rest = count("/api/marketplace-categories/?has_shared=false".to_owned(), chief).await;
    assert!(some > 0 && some + rest == count("/api/marketplace-categories/".to_owned(), chief).await);
    assert!(count("/api/users/?organization_roles=CUSTOMER.OWNER".to_owned(), chief).await > 0);
    for (path, all) in [
        (format!("/api/users/?email={}", shop.buyer.email), 1), ("/api/users/?email=chief@example.com".to_owned(), 0),
        ("/api/users/?username=buyer".to_owned(), 0), ("/api/users/?is_staff=false".to_owned(), 0),
        (format!("/api/marketplace-public-offerings/?service_manager_uuid={myself}"), 0),
    ] {
        assert_eq!(count(path.clone(), me).await, all, "{path}");
    }
    // A seller asks for buyers' people by their address, and not by what they are here.
    let sellers = app.get(&format!("/api/marketplace-service-providers/?customer_uuid={seller}"), chief).await.expect(200);
    let users = format!("/api/marketplace-service-providers/{}/users/", sellers[0]["uuid"].as_str().unwrap());
    assert_eq!(count(format!("{users}?email={}", shop.buyer.email), chief).await, 1);
    assert_eq!(count(format!("{users}?is_staff=false"), chief).await, 0);
} }

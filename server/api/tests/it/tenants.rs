//! One tenant never meets another's things: every door of the document that names a thing, with every thing of tenant A,
//! asked by a stranger, by nobody, by somebody of lower role, and by A itself once it is blocked.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answered, App, Person};

/// Names a thing that never was.
const NEVER: &str = "01a182baca7d74448897cb2c64ad7798";

/// What is everybody's: it is nobody's secret that it is there.
const PUBLIC: &[&str] =
    &["marketplace-categories", "roles", "support-priorities", "support-statuses"];

/// What somebody of lower role may do all the same: `CUSTOMER.SUPPORT` opens and follows tickets, and has things of its
/// own to run.
const LOWER: &[&str] = &["/comment/", "/escalate/"];

/// What nothing is made of here: their own tests ask for them.
const UNMADE: &[&str] = &["invoice-items", "marketplace-screenshots"];

async fn send(app: &App, method: &str, path: &str, who: &str) -> Answered {
    send_body(app, method, path, who, &json!({})).await
}

async fn send_body(app: &App, method: &str, path: &str, who: &str, body: &Value) -> Answered {
    let method: Method = method.to_uppercase().parse().unwrap();
    let mut headers = vec![("content-type", "application/json")];
    if !who.is_empty() {
        headers.push(("authorization", who));
    }
    app.ask(method, path, &headers, body.to_string()).await
}

async fn made(app: &App, path: &str, who: &str, body: Value) -> Value {
    let answer = app.post(path, who, &body).await;
    assert_eq!(answer.status.as_u16(), 201, "POST {path}: {}", answer.text);
    answer.json()
}

fn id(made: &Value) -> String {
    made["uuid"].as_str().unwrap_or_else(|| panic!("no uuid in {made}")).replace('-', "")
}

fn url(made: &Value) -> Value {
    made["url"].clone()
}

/// One of everything that a tenant can have, by the segment that names it.
async fn belongings(app: &App, tenant: &Person, chief: &str) -> BTreeMap<&'static str, String> {
    let (me, customer) = (tenant.authorization.as_str(), tenant.customer.replace('-', ""));
    let own = format!("/api/customers/{customer}/");
    let category =
        made(app, "/api/marketplace-categories/", chief, json!({ "title": "Shelf" })).await;
    let seller =
        made(app, "/api/marketplace-service-providers/", me, json!({ "customer": own })).await;
    let offering = made(
        app,
        "/api/marketplace-provider-offerings/",
        me,
        json!({ "name": "Draft", "category": url(&category), "customer": own, "type": "Marketplace.Basic" }),
    )
    .await;
    let parts =
        format!("/api/marketplace-provider-offerings/{}/create_offering_component/", id(&offering));
    app.post(&parts, me, &json!({ "type": "calls", "name": "Calls", "billing_type": "usage" }))
        .await
        .expect(201);
    let plan = made(
        app,
        "/api/marketplace-plans/",
        me,
        json!({ "name": "Plan", "offering": url(&offering), "unit_price": "1.00", "unit": "month" }),
    )
    .await;
    let project = made(app, "/api/projects/", me, json!({ "name": "P", "customer": own })).await;
    // What the operator sells to everybody, bought by the tenant.
    let sold = made(
        app,
        "/api/marketplace-offerings/",
        chief,
        json!({ "name": "Sold", "category": url(&category), "type": "Marketplace.Basic", "state": "Active" }),
    )
    .await;
    let parts =
        format!("/api/marketplace-provider-offerings/{}/create_offering_component/", id(&sold));
    app.post(&parts, chief, &json!({ "type": "calls", "name": "Calls", "billing_type": "usage" }))
        .await
        .expect(201);
    let price = made(
        app,
        "/api/marketplace-plans/",
        chief,
        json!({ "name": "Plan", "offering": url(&sold), "unit_price": "1.00", "unit": "month" }),
    )
    .await;
    let order = made(
        app,
        "/api/marketplace-orders/",
        me,
        json!({ "offering": url(&sold), "plan": url(&price), "project": url(&project), "attributes": { "name": "r" } }),
    )
    .await;
    let path = format!("/api/marketplace-orders/{}/", id(&order));
    app.post(&format!("{path}approve/"), chief, &json!({})).await.expect(200);
    while app.market.work().await.unwrap() > 0 {}
    let order = app.get(&path, me).await.expect(200);
    assert_eq!(order["state"], "done", "{order}");
    let resource = order["marketplace_resource_uuid"].as_str().unwrap().replace('-', "");
    let waiting = made(
        app,
        "/api/marketplace-orders/",
        me,
        json!({ "offering": url(&sold), "plan": url(&price), "project": url(&project), "attributes": { "name": "s" } }),
    )
    .await;
    let used = json!({ "resource": resource, "usages": [{ "type": "calls", "amount": "5" }] });
    app.post("/api/marketplace-component-usages/set_usage/", chief, &used).await.expect(201);
    let usages = app.get("/api/marketplace-component-usages/", me).await.expect(200);
    let part = format!("/api/marketplace-component-usages/{}/set_user_usage/", id(&usages[0]));
    app.post(&part, chief, &json!({ "username": "anna", "usage": 2 })).await.expect(201);
    let month = json!({ "customer": own, "year": 2024, "month": 1 });
    let invoice = made(app, "/api/invoices/", chief, month).await;
    let profile = json!({ "name": "By invoice", "organization": own, "payment_type": "invoices" });
    let profile = made(app, "/api/payment-profiles/", chief, profile).await;
    let paid = json!({ "profile": url(&profile), "date_of_payment": "2024-01-02" });
    let paid = made(app, "/api/payments/", chief, paid).await;
    let issue =
        made(app, "/api/support-issues/", me, json!({ "type": "INCIDENT", "summary": "x" })).await;
    let said = format!("/api/support-issues/{}/comment/", id(&issue));
    let comment = made(app, &said, me, json!({ "description": "x" })).await;
    let token = json!({ "name": "ci", "scopes": ["read"], "expires_at": "2030-01-01T00:00:00Z" });
    let token = made(app, "/api/personal-access-tokens/", me, token).await;
    let hook = json!({ "destination_url": "https://example.com/h", "event_types": [], "event_groups": [] });
    let hook = made(app, "/api/hooks-web/", me, hook).await;
    let guest = json!({ "email": "guest@example.com", "scope": own, "role": "CUSTOMER.OWNER" });
    let guest = made(app, "/api/user-invitations/", me, guest).await;
    let person = app.get("/api/users/me/", me).await.expect(200);
    BTreeMap::from([
        ("customers", customer),
        ("projects", id(&project)),
        ("users", id(&person)),
        ("marketplace-service-providers", id(&seller)),
        ("marketplace-offerings", id(&offering)),
        ("marketplace-provider-offerings", id(&offering)),
        ("marketplace-public-offerings", id(&offering)),
        ("marketplace-plans", id(&plan)),
        ("marketplace-orders", id(&waiting)),
        ("marketplace-resources", resource.clone()),
        ("marketplace-provider-resources", resource),
        ("marketplace-component-usages", id(&usages[0])),
        ("invoices", id(&invoice)),
        ("payment-profiles", id(&profile)),
        ("payments", id(&paid)),
        ("support-issues", id(&issue)),
        ("support-comments", id(&comment)),
        ("personal-access-tokens", id(&token)),
        ("hooks-web", id(&hook)),
        ("user-invitations", id(&guest)),
    ])
}

/// Every method and path under `/api/` that names a thing, with its noun.
fn named_doors() -> Vec<(String, String, String)> {
    let document = api::openapi("https://cmp.example");
    let mut doors = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(noun) = path.strip_prefix("/api/").and_then(|rest| rest.split('/').next()) else {
            continue;
        };
        if path.contains('{') {
            for method in methods.as_object().unwrap().keys() {
                doors.push((method.clone(), path.clone(), noun.to_owned()));
            }
        }
    }
    doors
}

/// A body with a text, which is an address of mail as well, in every field that must be there.
fn whole(document: &Value, method: &str, path: &str) -> Value {
    let schema =
        &document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"];
    let names = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    names.iter().map(|name| (name.as_str().unwrap().to_owned(), json!("x@example.com"))).collect()
}

/// A path with this id in every place.
fn filled(path: &str, id: &str) -> String {
    let parts = path.split(['{', '}']).enumerate();
    parts.map(|(n, part)| if n % 2 == 1 { id } else { part }).collect()
}

/// An answer without what differs between any two.
fn plain(answer: &Answered, id: &str) -> (u16, String) {
    (answer.status.as_u16(), answer.text.replace(id, "ID"))
}

market::both_engines! {
    nobody_meets_anothers_things, |market| {
        let app = App::over(market);
        let (tenant, stranger, helper) =
            (app.person("tenant").await, app.person("stranger").await, app.person("helper").await);
        let chief = app.operator().await;
        let mut things: BTreeMap<String, String> =
            belongings(&app, &tenant, &chief).await.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let mut without = BTreeSet::new();
        let me = app.get("/api/users/me/", &helper.authorization).await.expect(200);
        let role = json!({ "role": "CUSTOMER.SUPPORT", "user": me["uuid"] });
        app.post(&format!("/api/customers/{}/add_user/", things["customers"]), &chief, &role).await.expect(201);

        let document = api::openapi("https://cmp.example");
        let (mut asked, mut wrong) = (0, Vec::new());
        for (method, path, noun) in named_doors() {
            if PUBLIC.contains(&noun.as_str()) {
                continue;
            }
            if !things.contains_key(noun.as_str()) {
                // What comes of other things is in its list.
                let list = app.get(&format!("/api/{noun}/"), &tenant.authorization).await;
                let first = list.json()[0]["uuid"].as_str().map(|id| id.replace('-', ""));
                things.insert(noun.clone(), first.unwrap_or_default());
            }
            let id = &things[noun.as_str()];
            if id.is_empty() {
                without.insert(noun);
                continue;
            }
            let (theirs, never) = (filled(&path, id), filled(&path, NEVER));
            // To a stranger it is as if it had never been.
            let body = whole(&document, &method, &path);
            let (seen, unseen) = (
                send_body(&app, &method, &theirs, &stranger.authorization, &body).await,
                send_body(&app, &method, &never, &stranger.authorization, &body).await,
            );
            let status = seen.status.as_u16();
            // Who sells is no secret.
            let open = noun == "marketplace-service-providers" && matches!(method.as_str(), "get" | "head");
            if !open && (seen.status.is_success() || status == 403 || status >= 500 || plain(&seen, id) != plain(&unseen, NEVER)) {
                wrong.push(format!("stranger {method} {path}: {status} {}, never: {} {}", seen.text, unseen.status, unseen.text));
            }
            let nobody = send(&app, &method, &theirs, "").await.status.as_u16();
            if !(nobody == 401 || nobody == 404 || open) {
                wrong.push(format!("nobody {method} {path}: {nobody}"));
            }
            let own = matches!(noun.as_str(), "users" | "personal-access-tokens" | "hooks-web");
            if method != "get" && method != "head" && !own && !LOWER.iter().any(|end| path.ends_with(end)) {
                let lower = send_body(&app, &method, &theirs, &helper.authorization, &body).await;
                if lower.status.is_success() || lower.status.is_server_error() {
                    wrong.push(format!("lower role {method} {path}: {} {}", lower.status, lower.text));
                }
            }
            asked += 1;
        }
        assert_eq!(wrong, Vec::<String>::new());
        // Nothing of these is made above.
        let known = UNMADE.iter().map(|noun| (*noun).to_owned()).collect();
        assert!(without.is_subset(&known), "{without:?}");
        assert!(asked > 100, "only {asked} doors were asked");
    }

    a_blocked_tenant_changes_nothing, |market| {
        let app = App::over(market);
        let (tenant, chief) = (app.person("tenant").await, app.operator().await);
        let things = belongings(&app, &tenant, &chief).await;
        let key = app.key(&tenant, &app.service().slug).await;
        app.post(&format!("/api/customers/{}/block/", things["customers"]), &chief, &json!({})).await.expect(200);

        let call = json!({ "model": app.service().slug, "messages": [{ "role": "user", "content": "hi" }] });
        let answer = app.post("/v1/chat/completions", &format!("Bearer {key}"), &call).await;
        assert!(answer.status.is_client_error(), "{answer:?}");
        let me = tenant.authorization.as_str();
        let project = format!("/api/projects/{}/", things["projects"]);
        let offering = app.get("/api/marketplace-public-offerings/?name=Sold", me).await.expect(200);
        let order = json!({ "offering": offering[0]["url"], "project": project, "attributes": { "name": "t" } });
        let path = format!("/api/marketplace-resources/{}/", things["marketplace-resources"]);
        for (path, body) in [
            ("/api/marketplace-orders/".to_owned(), order),
            (format!("{path}update_limits/"), json!({ "limits": {} })),
            ("/api/projects/".to_owned(), json!({ "name": "Q", "customer": format!("/api/customers/{}/", things["customers"]) })),
        ] {
            let answer = app.post(&path, me, &body).await;
            assert!(matches!(answer.status.as_u16(), 400 | 403 | 409), "{path}: {answer:?}");
        }
        // Neither its team, nor what it says of itself, nor what it sells.
        let owner = app.get("/api/users/me/", me).await.expect(200);
        let mate = app.person("mate").await;
        let mate = app.get("/api/users/me/", &mate.authorization).await.expect(200);
        let own = format!("/api/customers/{}/", things["customers"]);
        let plan = format!("/api/marketplace-plans/{}/", things["marketplace-plans"]);
        let sold = format!("/api/marketplace-provider-offerings/{}/", things["marketplace-offerings"]);
        let seller = format!("/api/marketplace-service-providers/{}/", things["marketplace-service-providers"]);
        for (method, path, body) in [
            ("patch", own.clone(), json!({ "name": "Other" })),
            ("post", format!("{own}update_user/"), json!({ "user": owner["uuid"], "role": "CUSTOMER.OWNER" })),
            ("post", format!("/api/user-invitations/{}/send/", things["user-invitations"]), json!({})),
            ("post", format!("{sold}update_description/"), json!({ "description": "x" })),
            ("post", format!("{sold}activate/"), json!({})),
            ("post", format!("{sold}create_offering_component/"), json!({ "type": "ram", "name": "RAM", "billing_type": "usage" })),
            ("patch", plan.clone(), json!({ "name": "Other" })),
            ("post", format!("{plan}update_prices/"), json!({ "prices": { "calls": "1" } })),
            ("patch", seller, json!({ "description": "x" })),
            ("post", "/billing/authorize".to_owned(), json!({ "run_id": "r", "budget": 1 })),
        ] {
            let answer = send_body(&app, method, &path, me, &body).await;
            assert_eq!(answer.status, 409, "{method} {path}: {answer:?}");
        }
        // The operator may; and people go.
        let add = json!({ "user": mate["uuid"], "role": "CUSTOMER.OWNER" });
        app.post(&format!("{own}add_user/"), &chief, &add).await.expect(201);
        let gone = app.post(&format!("{own}delete_user/"), me, &add).await;
        assert!(gone.status.is_success(), "{gone:?}");
        app.post(&format!("/api/customers/{}/unblock/", things["customers"]), &chief, &json!({})).await.expect(200);
        let answer = app.post("/v1/chat/completions", &format!("Bearer {key}"), &call).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

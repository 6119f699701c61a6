//! Tenants over the wire: customers, projects, teams, people, events.

use axum::http::Method;
use futures_util::future::join_all;
use market::both_engines;
use serde_json::{Value, json};

use crate::app::{App, Person};

async fn send(
    app: &App,
    method: &str,
    path: &str,
    who: &str,
    body: &Value,
) -> crate::app::Answered {
    let headers = [("content-type", "application/json"), ("authorization", who)];
    app.ask(method.parse::<Method>().unwrap(), path, &headers, body.to_string()).await
}

/// The id of whoever asks.
async fn id_of(app: &App, who: &str) -> String {
    app.get("/api/users/me/", who).await.expect(200)["uuid"].as_str().unwrap().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A customer made by an operator.
async fn customer(app: &App, chief: &str, name: &str) -> String {
    text(&app.post("/api/customers/", chief, &json!({ "name": name })).await.expect(201)["uuid"])
}

/// Makes somebody a member of a customer by an operator's hand.
async fn join(app: &App, chief: &str, customer: &str, person: &Person, role: &str) {
    let user = id_of(app, &person.authorization).await;
    let path = format!("/api/customers/{customer}/add_user/");
    let made = app.post(&path, chief, &json!({ "user": user, "role": role })).await.expect(201);
    assert_eq!(made, json!({ "expiration_time": null }));
}

both_engines! {
    customers_are_made_found_changed_and_removed, |market| {
        let app = App::over(market);
        let chief = app.operator().await;
        let body = json!({
            "name": "Acme Corp", "email": "billing@acme.com", "country": "US", "address": "", "bank_name": "",
            "latitude": null, "longitude": null, "native_name": "", "abbreviation": "ACM", "vat_code": "EU1",
            "default_tax_percent": "20.5", "homepage": "", "backend_id": "b-1", "type": null,
        });
        let made = app.post("/api/customers/", &chief, &body).await.expect(201);
        assert_eq!(made["default_tax_percent"], "20.50");
        assert_eq!(made["vat_code"], "EU1");
        assert_eq!(made["display_name"], "Acme Corp (ACM)");
        assert_eq!(made["projects_count"], 0);
        assert!(made.as_object().unwrap().values().all(|value| !value.is_null()), "{made}");
        let path = format!("/api/customers/{}/", text(&made["uuid"]));
        assert_eq!(made["url"], format!("https://cmp.example{path}"));

        for (query, found) in [
            ("name_exact=Acme%20Corp", 1), ("name=acme", 1), ("query=ACM", 1), ("name_exact=acme", 0),
            ("backend_id=b-1", 1), ("is_active=true&name=acme", 1), ("is_active=false", 0), ("archived=true", 0),
            ("owned_by_current_user=true", 0), ("name=acme&has_resources=true", 0), ("name=acme&is_service_provider=false", 1),
        ] {
            let path = format!("/api/customers/?{query}");
            let listed = app.get(&path, &chief).await;
            assert_eq!(listed.expect(200).as_array().unwrap().len(), found, "{query}");
            assert_eq!(listed.header("x-result-count"), found.to_string());
            let head = send(&app, "HEAD", &path, &chief, &Value::Null).await;
            assert_eq!((head.status.as_u16(), head.header("x-result-count")), (200, found.to_string().as_str()));
        }
        assert_eq!(app.get("/api/customers/?is_active=x", &chief).await.status, 400);

        let map = json!({ "quotas": { "nc_project_count": 10 } });
        let changed = send(&app, "PATCH", &path, &chief, &map).await.expect(200);
        let limit = |body: &Value| body["quotas"].as_array().unwrap().iter()
            .find(|q| q["name"] == "nc_project_count").unwrap()["limit"].clone();
        assert_eq!(limit(&changed), 10);
        let list = json!({ "quotas": [{ "name": "nc_project_count", "limit": -1 }], "name": "Acme" });
        let changed = send(&app, "PATCH", &path, &chief, &list).await.expect(200);
        assert_eq!((limit(&changed), &changed["name"]), (json!(-1), &json!("Acme")));
        for wrong in [
            json!({ "quotas": { "x": 1 } }), json!({ "quotas": { "nc_project_count": -2 } }), json!({ "quotas": 5 }),
            json!({ "country": "usa" }), json!({ "email": "x" }), json!({ "name": "" }), json!({ "homepage": "javascript:x" }),
            json!({ "default_tax_percent": "201" }), json!({ "vat_code": "x".repeat(21) }), json!({ "latitude": "north" }),
            json!({ "slug": "A B" }),
        ] {
            let refused = send(&app, "PATCH", &path, &chief, &wrong).await;
            assert_eq!(refused.status, 400, "{wrong}: {refused:?}");
        }
        assert_eq!(app.post("/api/customers/", &chief, &json!({})).await.expect(400), json!({ "name": ["This field is required."] }));

        // Others see nothing of it and change nothing.
        let other = app.person("other").await;
        assert_eq!(app.get(&path, &other.authorization).await.status, 404);
        for (method, below) in [("PATCH", ""), ("PUT", ""), ("DELETE", ""), ("POST", "block/"), ("POST", "unblock/"),
            ("POST", "add_user/"), ("POST", "update_user/"), ("POST", "delete_user/"), ("GET", "users/"), ("GET", "list_users/")] {
            let answer = send(&app, method, &format!("{path}{below}"), &other.authorization, &json!({})).await;
            assert_eq!(answer.status, 404, "{method} {below}: {answer:?}");
        }
        assert_eq!(app.post("/api/customers/", &other.authorization, &body).await.status, 403);
        assert_eq!(app.post("/api/customers/self_register/", &other.authorization, &body).await.status, 403);
        assert_eq!(app.get("/api/customers/", &other.authorization).await.expect(200).as_array().unwrap().len(), 1);

        // Owners change what is theirs to change.
        join(&app, &chief, &text(&made["uuid"]), &other, "CUSTOMER.OWNER").await;
        let own = send(&app, "PATCH", &path, &other.authorization, &json!({ "email": "new@acme.com", "blocked": false })).await;
        assert_eq!(own.expect(200)["email"], "new@acme.com");
        for staff in [json!({ "blocked": true }), json!({ "quotas": { "nc_project_count": 99 } }), json!({ "default_tax_percent": 0 })] {
            assert_eq!(send(&app, "PATCH", &path, &other.authorization, &staff).await.status, 403, "{staff}");
        }
        for act in ["block/", "unblock/"] {
            assert_eq!(send(&app, "POST", &format!("{path}{act}"), &other.authorization, &Value::Null).await.status, 403);
        }

        let project = json!({ "name": "P", "customer": made["url"], "type": null, "start_date": "2030-01-01" });
        let project = app.post("/api/projects/", &other.authorization, &project).await.expect(201);
        assert_eq!((&project["customer_name"], &project["start_date"]), (&json!("Acme"), &json!("2030-01-01")));
        let refused = send(&app, "DELETE", &path, &chief, &Value::Null).await.expect(409);
        assert_eq!(refused["detail"], "Cannot delete organization with existing projects");
        let below = format!("/api/projects/{}/", text(&project["uuid"]));
        let wrong = json!({ "end_date": "2029-12-31" });
        assert_eq!(send(&app, "PATCH", &below, &other.authorization, &wrong).await.status, 400);
        assert_eq!(send(&app, "DELETE", &below, &other.authorization, &Value::Null).await.status, 204);
        assert_eq!(app.get(&below, &chief).await.status, 404);
        let removed = format!("/api/projects/?customer={}&is_removed=true", text(&made["uuid"]));
        assert_eq!(app.get(&removed, &chief).await.expect(200)[0]["is_removed"], true);
        assert_eq!(send(&app, "DELETE", &path, &chief, &Value::Null).await.status, 204);
        assert_eq!(app.get(&path, &chief).await.status, 404);
        assert_eq!(app.get(&path, &other.authorization).await.status, 404);

        let events = app.get(&format!("/api/events/?customer_uuid={}&page_size=100", text(&made["uuid"])), &chief).await.expect(200);
        let kinds: Vec<&str> = events.as_array().unwrap().iter().map(|e| e["event_type"].as_str().unwrap()).collect();
        for kind in ["customer_creation_succeeded", "customer_update_succeeded", "role_granted", "project_creation_succeeded",
            "project_deletion_succeeded", "customer_deletion_succeeded"] {
            assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
        }
        assert_eq!(app.get(&format!("/api/events/?customer_uuid={}", text(&made["uuid"])), &app.person("third").await.authorization).await.expect(200), json!([]));
    }

    a_quota_holds_however_many_ask_at_once, |market| {
        let app = App::over(market);
        let chief = app.operator().await;
        let id = customer(&app, &chief, "Five").await;
        let path = format!("/api/customers/{id}/");
        send(&app, "PATCH", &path, &chief, &json!({ "quotas": { "nc_project_count": 5 } })).await.expect(200);
        let made = join_all((0..20).map(|n| {
            let body = json!({ "name": format!("P{n}"), "customer": format!("/api/customers/{id}/") });
            let (app, chief) = (&app, &chief);
            async move { app.post("/api/projects/", chief, &body).await.status.as_u16() }
        })).await;
        assert_eq!(made.iter().filter(|status| **status == 201).count(), 5, "{made:?}");
        assert_eq!(made.iter().filter(|status| **status == 409).count(), 15, "{made:?}");
        let after = app.get(&path, &chief).await.expect(200);
        assert_eq!(after["projects_count"], 5);
        let quota = after["quotas"].as_array().unwrap().iter().find(|q| q["name"] == "nc_project_count").unwrap().clone();
        assert_eq!(quota, json!({ "name": "nc_project_count", "usage": 5, "limit": 5 }));
    }

    of_two_owners_who_leave_at_once_one_stays, |market| {
        let app = App::over(market);
        let chief = app.operator().await;
        for round in 0..5 {
            let id = customer(&app, &chief, "Pair").await;
            let (one, two) = (app.person(&format!("one{round}")).await, app.person(&format!("two{round}")).await);
            join(&app, &chief, &id, &one, "CUSTOMER.OWNER").await;
            join(&app, &chief, &id, &two, "CUSTOMER.OWNER").await;
            let leave = |person: &Person| {
                let (who, path) = (person.authorization.clone(), format!("/api/customers/{id}/delete_user/"));
                let app = &app;
                async move {
                    let body = json!({ "user": id_of(app, &who).await, "role": "CUSTOMER.OWNER" });
                    app.post(&path, &who, &body).await.status.as_u16()
                }
            };
            let mut left = join_all([leave(&one), leave(&two)]).await;
            left.sort_unstable();
            assert_eq!(left, [200, 409]);
            let team = app.get(&format!("/api/customers/{id}/list_users/"), &chief).await.expect(200);
            assert_eq!(team.as_array().unwrap().len(), 1);
            // Nor is the last one's role given an end.
            let body = json!({ "user": team[0]["user_uuid"], "role": "CUSTOMER.OWNER", "expiration_time": "2999-01-01T00:00:00+00:00" });
            assert_eq!(app.post(&format!("/api/customers/{id}/update_user/"), &chief, &body).await.status, 409);
        }
    }

    a_blocked_customers_key_stops_at_once, |market| {
        let app = App::over(market);
        let chief = app.operator().await;
        let buyer = app.person("purchaser").await;
        let slug = app.service().slug;
        let key = app.key(&buyer, &slug).await;
        let call = json!({ "model": slug, "messages": [{ "role": "user", "content": "hi" }] });
        let bearer = format!("Bearer {key}");
        assert_eq!(app.post("/v1/chat/completions", &bearer, &call).await.status, 200);
        let path = format!("/api/customers/{}/", buyer.customer);
        for _ in 0..2 {
            assert!(send(&app, "POST", &format!("{path}block/"), &chief, &Value::Null).await.expect(200)["detail"].is_string());
        }
        assert_eq!(app.post("/v1/chat/completions", &bearer, &call).await.status, 403);
        assert_eq!(app.get(&path, &buyer.authorization).await.expect(200)["blocked"], true);
        let body = json!({ "name": "P", "customer": path });
        assert_eq!(app.post("/api/projects/", &buyer.authorization, &body).await.status, 409);
        send(&app, "PATCH", &path, &chief, &json!({ "blocked": false })).await.expect(200);
        assert_eq!(app.post("/v1/chat/completions", &bearer, &call).await.status, 200);
    }

    people_know_their_own, |market| {
        let app = App::over(market);
        let chief = app.operator().await;
        let (owner, worker, stranger) = (app.person("owner").await, app.person("worker").await, app.person("stranger").await);
        let id = owner.customer.clone();
        let project = app.get(&format!("/api/projects/?customer={id}"), &owner.authorization).await.expect(200)[0].clone();
        let user = id_of(&app, &worker.authorization).await;
        let add = format!("/api/projects/{}/add_user/", text(&project["uuid"]));
        let body = json!({ "user": user, "role": "PROJECT.MEMBER" });
        // Whom one does not know one invites.
        assert_eq!(app.post(&add, &owner.authorization, &body).await.status, 400);
        app.post(&add, &chief, &body).await.expect(201);
        assert_eq!(app.post(&add, &owner.authorization, &json!({ "user": user, "role": "CUSTOMER.OWNER" })).await.status, 400);
        assert_eq!(app.post(&add, &worker.authorization, &body).await.status, 403);
        assert_eq!(app.post(&add, &stranger.authorization, &body).await.status, 404);

        let names = |list: &Value| -> Vec<String> {
            let mut names: Vec<String> = list.as_array().unwrap().iter().map(|u| text(&u["full_name"])).collect();
            names.sort();
            names
        };
        let mine = app.get("/api/users/?page_size=100", &owner.authorization).await.expect(200);
        assert_eq!(names(&mine), ["owner", "worker"]);
        assert!(mine.as_array().unwrap().iter().all(|u| u["email"].is_string()), "{mine}");
        let seen = app.get("/api/users/?page_size=100", &worker.authorization).await.expect(200);
        assert_eq!(names(&seen), ["worker"], "only who shares the project");
        assert_eq!(names(&app.get("/api/users/", &stranger.authorization).await.expect(200)), ["stranger"]);
        assert_eq!(app.get(&format!("/api/users/{user}/"), &stranger.authorization).await.status, 404);
        assert_eq!(app.get(&format!("/api/users/?customer_uuid={id}"), &stranger.authorization).await.expect(200), json!([]));
        assert!(app.get("/api/users/?page_size=100", &chief).await.expect(200).as_array().unwrap().len() > 3);

        // A member of the project sees a colleague, but not the address.
        let colleague = app.person("colleague").await;
        let body = json!({ "user": id_of(&app, &colleague.authorization).await, "role": "PROJECT.MEMBER" });
        app.post(&add, &chief, &body).await.expect(201);
        let seen = app.get("/api/users/?full_name=colleague", &worker.authorization).await.expect(200);
        assert_eq!(names(&seen), ["colleague"]);
        assert!(seen[0].get("email").is_none() && seen[0].get("username").is_none(), "{seen}");
        let team = app.get(&format!("/api/projects/{}/list_users/", text(&project["uuid"])), &worker.authorization).await.expect(200);
        let other = team.as_array().unwrap().iter().find(|m| m["user_full_name"] == "colleague").unwrap().clone();
        assert!(other.get("user_email").is_none(), "{other}");

        // Who is shut out is out.
        let path = format!("/api/users/{user}/");
        assert_eq!(send(&app, "DELETE", &path, &owner.authorization, &Value::Null).await.status, 403);
        assert_eq!(send(&app, "PATCH", &path, &owner.authorization, &json!({ "full_name": "x" })).await.status, 403);
        let staff = send(&app, "PATCH", &path, &worker.authorization, &json!({ "is_staff": true })).await;
        assert_eq!(staff.status, 403);
        let named = send(&app, "PATCH", &path, &worker.authorization, &json!({ "full_name": "Wanda Worker" })).await.expect(200);
        assert_eq!((&named["first_name"], &named["last_name"]), (&json!("Wanda"), &json!("Worker")));
        assert_eq!(send(&app, "DELETE", &path, &chief, &Value::Null).await.status, 204);
        assert_eq!(app.get("/api/users/me/", &worker.authorization).await.status, 401);

        let made = app.post("/api/users/", &chief, &json!({ "username": "n", "email": "new@example.com", "first_name": "New", "is_support": true })).await.expect(201);
        assert_eq!((&made["full_name"], &made["is_support"]), (&json!("New"), &json!(true)));
        let again = app.post("/api/users/", &chief, &json!({ "username": "n", "email": "NEW@example.com" })).await;
        assert_eq!(again.status, 400, "{again:?}");
        let me = app.get("/api/users/me/", &owner.authorization).await.expect(200);
        assert_eq!(me["permissions"][0]["role_name"], "CUSTOMER.OWNER");
        assert!(me.get("token").is_none());
    }
}

#[tokio::test]
async fn what_a_client_asks_first() {
    let app = crate::app::app().await;
    let root = app.get("/api/", "").await.expect(200);
    assert_eq!(root["customers"], "https://cmp.example/api/customers/");
    assert!(app.get("/api/version/", "").await.expect(200)["version"].is_string());
    assert!(app.get("/api/configuration/", "").await.expect(200).is_object());
    app.get("/health-check/", "").await.expect(200);
    assert_eq!(app.get("/api/roles/", "").await.status, 401);
    let person = app.person("reader").await;
    let roles = app.get("/api/roles/", &person.authorization).await.expect(200);
    assert_eq!(roles.as_array().unwrap().len(), 7);
    let one =
        app.get(&format!("/api/roles/{}/", text(&roles[0]["uuid"])), &person.authorization).await;
    assert_eq!(one.expect(200)["name"], "CUSTOMER.OWNER");
}

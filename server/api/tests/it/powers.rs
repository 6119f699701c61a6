//! Powers that are handed on: invitations, access tokens, hooks.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request},
};
use market::both_engines;
use serde_json::{Value, json};

use crate::app::{Answered, App, Ear};

async fn send(app: &App, method: &str, path: &str, who: &str, body: &Value) -> Answered {
    let headers = [("content-type", "application/json"), ("authorization", who)];
    let sent = if body.is_null() { String::new() } else { body.to_string() };
    app.ask(method.parse::<Method>().unwrap(), path, &headers, sent).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// From an address.
async fn from(app: &App, ip: &str, who: &str) -> u16 {
    let request = Request::builder().uri("/api/users/me/").header("authorization", who);
    let request = request.extension(api::ClientAddr(ip.parse().unwrap()));
    app.send(request.body(Body::empty()).unwrap()).await.status.as_u16()
}

both_engines! {
    an_invitation_is_for_the_account_with_the_address, |market| {
        let app = App::over(market);
        let (owner, wrong, guest) = (app.person("host").await, app.person("wrong").await, app.person("guest").await);
        let scope = format!("/api/customers/{}/", owner.customer);
        let offer = json!({ "email": "Guest@example.com", "scope": scope, "role": "CUSTOMER.MANAGER" });
        assert_eq!(app.post("/api/user-invitations/", &wrong.authorization, &offer).await.status, 400, "a foreign scope");
        for bad in [
            json!({ "email": "x", "scope": scope, "role": "CUSTOMER.MANAGER" }),
            json!({ "email": "a@b.c", "scope": scope, "role": "PROJECT.MEMBER" }),
            json!({ "email": "a@b.c", "scope": "x", "role": "CUSTOMER.MANAGER" }),
            json!({ "email": "a@b.c", "scope": scope, "role": "KING" }),
        ] {
            assert_eq!(app.post("/api/user-invitations/", &owner.authorization, &bad).await.status, 400, "{bad}");
        }
        let made = app.post("/api/user-invitations/", &owner.authorization, &offer).await.expect(201);
        assert_eq!((&made["state"], &made["role_name"]), (&json!("pending"), &json!("CUSTOMER.MANAGER")));
        let link = text(&made["link"]);
        let secret = link.trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
        let path = format!("/api/user-invitations/{}/", text(&made["uuid"]));
        assert!(app.get(&path, &owner.authorization).await.expect(200).get("link").is_none());
        assert_eq!(app.get(&path, &wrong.authorization).await.status, 404);

        // With the link but another account: told so. Without either: nothing there.
        let refused = send(&app, "POST", &format!("/api/user-invitations/{secret}/accept/"), &wrong.authorization, &Value::Null).await;
        assert!(text(&refused.expect(403)["detail"]).contains("another e-mail address"));
        assert_eq!(send(&app, "POST", &format!("{path}accept/"), &wrong.authorization, &Value::Null).await.status, 404);
        // The right account has not shown that it reads the mail, so that it needs the link.
        assert_eq!(send(&app, "POST", &format!("{path}accept/"), &guest.authorization, &Value::Null).await.status, 403);
        let body = json!({ "secret": "0".repeat(64) });
        assert_eq!(send(&app, "POST", &format!("{path}accept/"), &guest.authorization, &body).await.status, 403);
        assert_eq!(app.get(&scope, &guest.authorization).await.status, 404);
        let accept = format!("/api/user-invitations/{secret}/accept/");
        assert!(send(&app, "POST", &accept, &guest.authorization, &Value::Null).await.expect(200)["detail"].is_string());
        assert_eq!(app.get(&scope, &guest.authorization).await.expect(200)["uuid"], made["customer_uuid"]);
        assert_eq!(send(&app, "POST", &accept, &guest.authorization, &Value::Null).await.status, 409);
        assert_eq!(send(&app, "POST", &format!("{path}cancel/"), &owner.authorization, &Value::Null).await.status, 409);
        // A manager is no owner.
        assert_eq!(app.post("/api/user-invitations/", &guest.authorization, &offer).await.status, 403);

        // One that was taken back is no good, one that is sent again has another link.
        let made = app.post("/api/user-invitations/", &owner.authorization, &json!({ "email": "wrong@example.com", "scope": scope, "role": "CUSTOMER.SUPPORT" })).await.expect(201);
        let path = format!("/api/user-invitations/{}/", text(&made["uuid"]));
        let again = send(&app, "POST", &format!("{path}send/"), &owner.authorization, &Value::Null).await.expect(200);
        assert_ne!(made["link"], again["link"]);
        let old = text(&made["link"]).trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
        assert_eq!(send(&app, "POST", &format!("/api/user-invitations/{old}/accept/"), &wrong.authorization, &Value::Null).await.status, 404);
        send(&app, "POST", &format!("{path}cancel/"), &owner.authorization, &Value::Null).await.expect(200);
        let new = text(&again["link"]).trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
        assert_eq!(send(&app, "POST", &format!("/api/user-invitations/{new}/accept/"), &wrong.authorization, &Value::Null).await.status, 409);
        let states = app.get("/api/user-invitations/?state=canceled", &owner.authorization).await.expect(200);
        assert_eq!(states.as_array().unwrap().len(), 1);
    }

    a_token_does_what_it_is_for, |market| {
        let app = App::over(market);
        let person = app.person("maker").await;
        let make = async |body: Value| app.post("/api/personal-access-tokens/", &person.authorization, &body).await;
        for wrong in [
            json!({ "name": "t", "scopes": [] }), json!({ "name": "t", "scopes": ["king"] }), json!({ "name": "", "scopes": ["read"] }),
            json!({ "name": "t" }), json!({ "name": "t", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z" }),
            json!({ "name": "t", "scopes": ["read"], "allowed_networks": ["10.0.0.0/40"] }),
        ] {
            assert_eq!(make(wrong.clone()).await.status, 400, "{wrong}");
        }
        let made = make(json!({ "name": "reader", "scopes": ["read"], "expires_at": "2030-01-01T00:00:00+00:00" })).await.expect(201);
        let token = text(&made["token"]);
        assert_eq!(token.len(), 40);
        let reader = format!("token {token}");
        let path = format!("/api/customers/{}/", person.customer);
        assert_eq!(app.get(&path, &reader).await.status, 200);
        for (method, path) in [("PATCH", path.as_str()), ("PUT", &path), ("DELETE", &path), ("POST", "/api/projects/"), ("POST", "/api/personal-access-tokens/"),
            ("POST", "/api/marketplace-orders/"), ("POST", "/v1/services/x/subscribe")] {
            let answer = send(&app, method, path, &reader, &json!({ "name": "x" })).await;
            assert!(answer.status == 403 || (path.contains("orders") && answer.status == 404), "{method} {path}: {answer:?}");
        }
        let writer = format!("Token {}", text(&make(json!({ "name": "w", "scopes": ["read", "write"] })).await.expect(201)["token"]));
        assert_eq!(send(&app, "PATCH", &path, &writer, &json!({ "name": "Renamed" })).await.status, 200);
        let more = json!({ "name": "more", "scopes": ["staff"] });
        assert_eq!(app.post("/api/personal-access-tokens/", &writer, &more).await.status, 403, "a token makes no token");

        // An operator's token without the scope is no operator's.
        let chief = app.operator().await;
        let plain = app.post("/api/personal-access-tokens/", &chief, &json!({ "name": "p", "scopes": ["read", "write"] })).await.expect(201);
        let plain = format!("Token {}", text(&plain["token"]));
        assert_eq!(app.get(&path, &plain).await.status, 404);
        let staff = app.post("/api/personal-access-tokens/", &chief, &json!({ "name": "s", "scopes": ["read", "staff"] })).await.expect(201);
        assert_eq!(app.get(&path, &format!("Token {}", text(&staff["token"]))).await.status, 200);

        // From where it may be used.
        let made = make(json!({ "name": "near", "scopes": ["read"], "allowed_networks": ["192.0.2.0/24", "2001:db8::1"] })).await.expect(201);
        assert_eq!(made["allowed_networks"], json!(["192.0.2.0/24", "2001:db8::1/128"]));
        let near = format!("Token {}", text(&made["token"]));
        assert_eq!((from(&app, "192.0.2.9", &near).await, from(&app, "192.0.3.9", &near).await), (200, 401));
        assert_eq!(app.get("/api/users/me/", &near).await.status, 401, "from nowhere");
        let id = text(&made["uuid"]);
        let acl = format!("/api/personal-access-tokens/{id}/set_network_acl/");
        app.post(&acl, &person.authorization, &json!({ "allowed_networks": [] })).await.expect(200);
        assert_eq!(from(&app, "192.0.3.9", &near).await, 200);
        assert_eq!(app.post(&acl, &chief, &json!({ "allowed_networks": [] })).await.status, 404, "somebody else's");

        // Another in its place, then none.
        let rotate = format!("/api/personal-access-tokens/{id}/rotate/");
        let next = send(&app, "POST", &rotate, &person.authorization, &Value::Null).await.expect(201);
        let after = format!("Token {}", text(&next["token"]));
        assert_eq!((from(&app, "192.0.3.9", &near).await, from(&app, "192.0.3.9", &after).await), (401, 200));
        let gone = format!("/api/personal-access-tokens/{}/", text(&next["uuid"]));
        assert_eq!(send(&app, "DELETE", &gone, &person.authorization, &Value::Null).await.status, 204);
        assert_eq!(from(&app, "192.0.3.9", &after).await, 401);
        let listed = app.get("/api/personal-access-tokens/?page_size=50", &person.authorization).await.expect(200);
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert!(listed.as_array().unwrap().iter().all(|t| t.get("token").is_none()));
    }

    hooks_hear_what_their_owners_may_read, |market| {
        let ear = Arc::new(Ear::default());
        market.tell_hooks_by(ear.clone());
        let app = App::over(market);
        let (owner, other) = (app.person("hearer").await, app.person("eavesdropper").await);
        for wrong in ["", "ftp://x", "https://u:p@x/"] {
            let body = json!({ "destination_url": wrong });
            assert_eq!(app.post("/api/hooks-web/", &owner.authorization, &body).await.status, 400, "{wrong}");
        }
        let hook = |url: &str, groups: Value| json!({ "destination_url": url, "event_groups": groups, "content_type": "json" });
        let mine = app.post("/api/hooks-web/", &owner.authorization, &hook("https://mine.example/", json!(["projects"]))).await.expect(201);
        app.post("/api/hooks-web/", &other.authorization, &hook("https://other.example/", json!(["projects"]))).await.expect(201);
        let path = format!("/api/hooks-web/{}/", text(&mine["uuid"]));
        assert_eq!(app.get(&path, &other.authorization).await.status, 404);

        let project = json!({ "name": "P", "customer": format!("/api/customers/{}/", owner.customer) });
        app.post("/api/projects/", &owner.authorization, &project).await.expect(201);
        ear.1.lock().unwrap().push(500);
        assert_eq!(app.market.tell_hooks().await.unwrap(), 1);
        assert_eq!(app.market.tell_hooks().await.unwrap(), 0, "it waits before it tries again");
        let told = ear.0.lock().unwrap().clone();
        let [(url, headers, body)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(url, "https://mine.example/");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["event_type"], "project_creation_succeeded");
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            assert!(headers.iter().any(|(found, value)| *found == name && !value.is_empty()), "{name} in {headers:?}");
        }
        tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
        assert_eq!(app.market.tell_hooks().await.unwrap(), 1);
        let told = ear.0.lock().unwrap().clone();
        let id = |n: usize| told[n].1.iter().find(|(name, _)| *name == "webhook-id").unwrap().1.clone();
        assert_eq!((told.len(), id(0)), (2, id(1)));
        assert_eq!(app.market.tell_hooks().await.unwrap(), 0);

        // One that is switched off hears nothing.
        send(&app, "PATCH", &path, &owner.authorization, &json!({ "is_active": false })).await.expect(200);
        app.post("/api/projects/", &owner.authorization, &project).await.expect(201);
        assert_eq!(app.market.tell_hooks().await.unwrap(), 0);
        assert_eq!(send(&app, "DELETE", &path, &owner.authorization, &Value::Null).await.status, 204);
    }
}

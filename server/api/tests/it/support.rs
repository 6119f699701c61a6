//! Tickets through `/api/support-issues/`: who sees them, who works on them, and the wire.

use axum::{body::Body, http::Method};
use model::Role;
use serde_json::{Value, json};

use crate::app::{App, Person};

const ISSUES: &str = "/api/support-issues/";

async fn open(app: &App, person: &Person, summary: &str) -> Value {
    let body = json!({ "type": "INCIDENT", "summary": summary, "description": "It is silent." });
    app.post(ISSUES, &person.authorization, &body).await.expect(201)
}

async fn patch(app: &App, path: &str, who: &str, body: &Value) -> crate::app::Answered {
    let headers = [("authorization", who), ("content-type", "application/json")];
    app.ask(Method::PATCH, path, &headers, body.to_string()).await
}

market::both_engines! {
    a_ticket_goes_from_open_to_resolved, |market| {
        let app = App::over(market);
        let (buyer, chief) = (app.person("buyer1").await, app.operator().await);
        let issue = open(&app, &buyer, "The bot is silent").await;
        let path = format!("{ISSUES}{}/", issue["uuid"].as_str().unwrap());
        assert_eq!(issue["status"], "Open");
        assert_eq!(issue["customer_uuid"], buyer.customer.replace('-', ""));
        assert_eq!(issue["available_statuses"], json!([]));

        let me = app.get("/v1/services?scope=all", &chief).await;
        assert_eq!(me.status, 200);
        let listed = app.get("/api/support-issues/?state=open", &chief).await;
        assert_eq!(listed.header("x-result-count"), "1");
        assert_eq!(listed.expect(200)[0]["key"], issue["key"]);

        let answered = app.post(&format!("{path}comment/"), &chief, &json!({ "description": "Looking." })).await;
        assert_eq!(answered.expect(201)["is_public"], true);
        let seen = app.get(&path, &buyer.authorization).await.expect(200);
        assert!(seen["first_response_at"].is_string());

        let waits = app.post(&format!("{path}set_status/"), &chief, &json!({ "status": "Waiting" })).await;
        assert_eq!(waits.expect(200)["status"], "Waiting");
        let done = app.post(&format!("{path}resolve/"), &chief, &json!({ "resolution": "Restarted." })).await.expect(200);
        assert_eq!((done["status"].as_str(), done["resolution"].as_str()), (Some("Resolved"), Some("Restarted.")));
        assert_eq!(done["resolved"], true);
        let open = app.get("/api/support-issues/?state=open", &chief).await;
        assert_eq!((open.header("x-result-count"), open.expect(200)), ("0", json!([])));
        let resolved = app.get("/api/support-issues/?status=Resolved&status=Closed", &chief).await;
        assert_eq!(resolved.header("x-result-count"), "1");
    }

    strangers_see_nothing_and_reporters_do_not_decide, |market| {
        let app = App::over(market);
        let (buyer, stranger) = (app.person("buyer2").await, app.person("stranger").await);
        let issue = open(&app, &buyer, "Private").await;
        let path = format!("{ISSUES}{}/", issue["uuid"].as_str().unwrap());
        let who = &stranger.authorization;
        assert_eq!(app.get(ISSUES, who).await.expect(200), json!([]));
        app.get(&path, who).await.expect(404);
        patch(&app, &path, who, &json!({ "summary": "x" })).await.expect(404);
        for action in ["resolve/", "set_status/", "comment/", "escalate/", "attach_resource/"] {
            let body = json!({ "status": "Closed", "description": "x", "resource": buyer.customer });
            app.post(&format!("{path}{action}"), who, &body).await.expect(404);
        }
        app.post(ISSUES, who, &json!({ "type": "INCIDENT", "summary": "x", "customer": format!("/api/customers/{}/", buyer.customer) })).await.expect(400);
        app.get(&path, "").await.expect(401);
        // Its own people may say more, but not that it is done, or who has it.
        let own = &buyer.authorization;
        patch(&app, &path, own, &json!({ "summary": "Still private" })).await.expect(200);
        app.post(&format!("{path}resolve/"), own, &json!({})).await.expect(403);
        patch(&app, &path, own, &json!({ "assignee": "/api/users/00000000000000000000000000000001/" })).await.expect(403);
    }

    what_operators_say_among_themselves_stays_there, |market| {
        let app = App::over(market);
        let (buyer, chief) = (app.person("buyer3").await, app.operator().await);
        let issue = open(&app, &buyer, "Bill").await;
        let path = format!("{ISSUES}{}/comment/", issue["uuid"].as_str().unwrap());
        let secret = json!({ "description": "He is right.", "is_public": false });
        let said = app.post(&path, &chief, &secret).await.expect(201);
        app.post(&path, &buyer.authorization, &json!({ "description": "Hello?" })).await.expect(201);
        let heard = app.get("/api/support-comments/", &buyer.authorization).await;
        assert_eq!(heard.header("x-result-count"), "1");
        app.get(&format!("/api/support-comments/{}/", said["uuid"].as_str().unwrap()), &buyer.authorization).await.expect(404);
        assert_eq!(app.get("/api/support-comments/", &chief).await.header("x-result-count"), "2");
    }

    an_assignee_is_somebody_who_works_on_tickets, |market| {
        let app = App::over(market);
        let (buyer, chief) = (app.person("buyer4").await, app.operator().await);
        let helper = app.operator_as("helper@example.com", Role::Support).await;
        let issue = open(&app, &buyer, "Slow").await;
        let path = format!("{ISSUES}{}/", issue["uuid"].as_str().unwrap());
        let reporter = issue["reporter_uuid"].as_str().unwrap();
        patch(&app, &path, &chief, &json!({ "assignee": format!("/api/users/{reporter}/") })).await.expect(400);
        let own = app.post(ISSUES, &helper.0, &json!({ "type": "INCIDENT", "summary": "x", "customer": format!("/api/customers/{}/", buyer.customer) })).await.expect(201);
        let assigned = patch(&app, &path, &chief, &json!({ "assignee": own["reporter"] })).await.expect(200);
        assert_eq!(assigned["assignee_uuid"], helper.1);
        assert_eq!(assigned["status"], "Assigned");
        let back = patch(&app, &path, &helper.0, &json!({ "assignee": null })).await.expect(200);
        assert_eq!(back["status"], "Open");
    }

    lists_are_paged_as_waldurs_clients_expect, |market| {
        let app = App::over(market);
        let (buyer, chief) = (app.person("buyer5").await, app.operator().await);
        for n in 0..5 {
            open(&app, &buyer, &format!("next prev {n}")).await;
        }
        let page = app.get("/api/support-issues/?page_size=2&page=2&query=next&field=uuid&field=summary", &chief).await;
        assert_eq!(page.header("x-result-count"), "5");
        let link = page.header("link");
        let parts: Vec<&str> = link.split(", ").collect();
        let rels: Vec<&str> = parts.iter().map(|part| part.rsplit("rel=").next().unwrap()).collect();
        assert_eq!(rels, ["\"first\"", "\"prev\"", "\"next\"", "\"last\""]);
        assert!(parts[2].starts_with("<https://cmp.example/api/support-issues/?page=3&"), "{link}");
        assert_eq!(link.matches("next").count(), 1, "{link}");
        let items = page.expect(200);
        assert_eq!(items.as_array().unwrap().len(), 2);
        assert_eq!(items[0].as_object().unwrap().len(), 2);
        // The last page has no next; beyond it there is nothing.
        let last = app.get("/api/support-issues/?page_size=2&page=3", &chief).await;
        assert!(!last.header("link").contains("next"));
        let beyond = app.get("/api/support-issues/?page_size=2&page=4", &chief).await;
        assert_eq!(beyond.expect(404), json!({ "detail": "Invalid page." }));
        let wrong = app.get("/api/support-issues/?status=x", &chief).await.expect(400);
        assert_eq!(wrong, json!({ "status": ["Select a valid choice. x is not one of the available choices."] }));
        let counted = app.ask(Method::HEAD, ISSUES, &[("authorization", &chief)], Body::empty()).await;
        assert_eq!((counted.header("x-result-count"), counted.text.as_str()), ("5", ""));
        let oldest = app.get("/api/support-issues/?o=created&page_size=1", &chief).await.expect(200);
        assert_eq!(oldest[0]["summary"], "next prev 0");
    }
}

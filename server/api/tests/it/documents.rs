//! The `OpenAPI` document against the doors: what it names is there, and what is there is as it says.

use axum::body::Body;
use serde_json::{Value, json};

use crate::app::app;

/// Follows references.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => {
            let found = document.pointer(name.trim_start_matches('#'));
            resolve(document, found.unwrap_or_else(|| panic!("{name} is not in the document")))
        }
        None => schema,
    }
}

/// What is wrong with a value by its schema; knows as much of JSON Schema as the document uses.
fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let schema = resolve(document, schema);
    if let Some(all) = schema["allOf"].as_array() {
        return all.iter().flat_map(|part| faults(document, part, value, at)).collect();
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any.iter().any(|part| faults(document, part, value, at).is_empty());
        return if fits { vec![] } else { vec![format!("{at}: {value} fits nothing")] };
    }
    let right = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        other => panic!("{at}: unknown type {other:?}"),
    };
    if !right {
        return vec![format!("{at}: {value} is no {}", schema["type"])];
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return vec![format!("{at}: {value} is none of {}", schema["enum"])];
    }
    let mut found = Vec::new();
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            found.extend(faults(document, member, value, &format!("{at}.{name}")));
        }
    }
    for (n, value) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(document, &schema["items"], value, &format!("{at}[{n}]")));
    }
    found
}

/// Every name that a schema of an object gives to its members.
fn members(document: &Value, schema: &Value) -> Vec<String> {
    let schema = resolve(document, schema);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    parts.flat_map(|part| members(document, part)).chain(own).collect()
}

fn references(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("$ref") {
                found.push(value.clone());
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn every_described_door_is_there() {
    let app = app().await;
    let document = app.get("/openapi.json", "").await.expect(200);
    assert_eq!(document, api::openapi("https://cmp.example"));
    let mut named = Vec::new();
    references(&document, &mut named);
    for reference in &named {
        assert!(resolve(&document, reference).is_object());
    }

    let mut seen = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, door) in methods.as_object().unwrap() {
            let operation = door["operationId"].clone();
            assert!(!seen.contains(&operation), "{operation} comes twice");
            seen.push(operation);
            for path in
                [path.trim_end_matches('/').to_owned(), format!("{}/", path.trim_end_matches('/'))]
            {
                let slug = app.service().slug;
                let path: String = path
                    .split(['{', '}'])
                    .enumerate()
                    .map(|(n, part)| if n % 2 == 1 { slug.as_str() } else { part })
                    .collect();
                let answer = app
                    .ask(method.to_uppercase().parse().unwrap(), &path, &[], Body::empty())
                    .await;
                assert_ne!(answer.status, 405, "{method} {path}");
                // A path that is not ours is answered without a name for the request.
                assert!(!answer.header("x-request-id").is_empty(), "{method} {path}");
            }
        }
    }
    assert!(!seen.is_empty());
}

#[tokio::test]
async fn answers_are_as_described() {
    let app = app().await;
    let document = api::openapi("https://cmp.example");
    let buyer = app.person("reader").await;
    let (me, chief, slug) = (&buyer.authorization, app.operator().await, app.service().slug);
    let run = json!({ "run_id": "r", "budget": 1 });
    let gift = json!({ "customer": buyer.customer, "credits": 1.5, "reference": "g" });
    let order = json!({ "customer": buyer.customer, "offering": slug, "reference": "o" });
    let subscribe = format!("/v1/services/{slug}/subscribe");
    let detail = format!("/v1/services/{slug}");
    let metrics = format!("/marketplace/services/{slug}/metrics");
    let reviews = format!("/marketplace/services/{slug}/reviews");
    let tried = format!("/marketplace/services/{slug}/try");
    let hello = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    let seller = app.service().provider_id.to_string();
    let (provider, seller) =
        (format!("/v1/providers/{seller}"), format!("/marketplace/providers/{seller}"));
    let register =
        json!({ "email": "n@example.com", "password": "twelve letters", "full_name": "N" });
    let known = json!({ "username": "n@example.com", "password": "twelve letters" });
    for (method, described, path, who, body) in [
        ("post", "/api-auth/register/", "/api-auth/register/", "", register),
        ("post", "/api-auth/password/", "/api-auth/password/", "", known),
        ("get", "/wallets/me", "/wallets/me", me, Value::Null),
        ("post", "/billing/authorize", "/billing/authorize", me, run),
        ("post", "/billing/settle", "/billing/settle", me, json!({ "run_id": "r", "credits": 1 })),
        ("get", "/wallets/me/ledger", "/wallets/me/ledger", me, Value::Null),
        ("post", "/v1/services/{id}/subscribe", &subscribe, me, json!({})),
        ("get", "/instances/", "/instances/", me, Value::Null),
        (
            "post",
            "/integrations/commerce/provision",
            "/integrations/commerce/provision",
            &chief,
            order,
        ),
        (
            "post",
            "/integrations/commerce/add-credits",
            "/integrations/commerce/add-credits",
            &chief,
            gift,
        ),
        ("get", "/marketplace/services", "/marketplace/services?page_size=100", "", Value::Null),
        ("get", "/marketplace/services/{id}/metrics", &metrics, "", Value::Null),
        ("get", "/v1/services", "/v1/services", "", Value::Null),
        ("get", "/v1/services/{id}", &detail, "", Value::Null),
        ("get", "/marketplace/services/{id}/reviews", &reviews, "", Value::Null),
        ("post", "/marketplace/services/{id}/try", &tried, "", hello),
        ("get", "/v1/providers", "/v1/providers", "", Value::Null),
        ("get", "/v1/providers/{id}", &provider, "", Value::Null),
        ("get", "/marketplace/providers/{id}", &seller, "", Value::Null),
        ("get", "/v1/models", "/v1/models", "", Value::Null),
        ("get", "/healthz", "/healthz", "", Value::Null),
        ("get", "/readyz", "/readyz", "", Value::Null),
    ] {
        let mut headers = vec![("content-type", "application/json")];
        if !who.is_empty() {
            headers.push(("authorization", who));
        }
        let sent = if body.is_null() { String::new() } else { body.to_string() };
        let answer = app.ask(method.to_uppercase().parse().unwrap(), path, &headers, sent).await;
        let responses = &document["paths"][described][method]["responses"];
        let response = &responses[answer.status.as_str()];
        assert!(answer.status.is_success() && !response.is_null(), "{method} {path}: {answer:?}");
        let schema = &response["content"]["application/json"]["schema"];
        assert_eq!(faults(&document, schema, &answer.json(), "$"), [""; 0], "{method} {path}");
    }

    // Nothing is answered that is not described.
    let page = app.get("/v1/services", "").await.json();
    let known = members(&document, &document["components"]["schemas"]["Service"]);
    for service in page["services"].as_array().unwrap() {
        let unknown: Vec<_> =
            service.as_object().unwrap().keys().filter(|name| !known.contains(name)).collect();
        assert_eq!(unknown, [""; 0]);
    }
}

/// The document is a promise: a change of it is seen in a change of the file beside this one. With `CMP_SNAPSHOTS=write`
/// the test writes the file instead.
#[test]
fn the_document_is_the_one_that_was_published() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/openapi.json");
    let mut text = serde_json::to_string_pretty(&api::openapi("https://cmp.example")).unwrap();
    text.push('\n');
    if std::env::var_os("CMP_SNAPSHOTS").is_some_and(|what| what == "write") {
        std::fs::write(path, text).unwrap();
        return;
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        text == published,
        "the document has changed: look at it, then run with CMP_SNAPSHOTS=write"
    );
}

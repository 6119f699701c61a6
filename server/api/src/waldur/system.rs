//! What a client asks before anything else: the version, the configuration, what there is.

use std::collections::BTreeMap;

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::schema;
use crate::{
    Answer, Shared, door,
    openapi::{Door, Open},
};

/// The version of Waldur whose clients are answered as they expect.
const SPEAKS: &str = "8.1.3";

pub fn routes() -> Router<Shared> {
    [
        door("/api", get(root)),
        door("/api/version", get(version)),
        door("/api/configuration", get(configuration)),
        door("/health-check", get(health)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    vec![
        Door::new("get", "/api/", "The lists there are, by name")
            .open(Open::ToAll)
            .answers_any(200),
        Door::new("get", "/api/version/", "The version of the interface, and of the server")
            .open(Open::ToAll)
            .answers(200, "Version"),
        Door::new("get", "/api/configuration/", "What a client may need to know")
            .open(Open::ToAll)
            .answers_any(200),
        Door::new("get", "/health-check/", "Whether the database answers")
            .open(Open::ToAll)
            .answers_any(200)
            .refuses(&[503]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<Version>()]
}

/// Versions.
#[derive(Serialize, ToSchema)]
pub struct Version {
    /// Of Waldur's interface.
    version: &'static str,
    /// Of this server.
    server: &'static str,
}

async fn root(State(doors): State<Shared>) -> Answer {
    let mut found = BTreeMap::new();
    for path in super::doors().iter().map(Door::path) {
        let Some(name) = path.strip_prefix("/api/").and_then(|rest| rest.strip_suffix('/')) else {
            continue;
        };
        if !name.is_empty() && !name.contains(['/', '{']) {
            found.insert(name.to_owned(), format!("{}{path}", doors.public_url));
        }
    }
    Ok(Json(found).into_response())
}

async fn version() -> Answer {
    Ok(Json(Version { version: SPEAKS, server: env!("CARGO_PKG_VERSION") }).into_response())
}

async fn configuration(State(doors): State<Shared>) -> Answer {
    let settings = doors.market.settings();
    let body = json!({
        "SITE_NAME": "CMP",
        "HOMEPORT_URL": doors.public_url,
        "ONBOARDING_UNIVERSAL_AUTO_APPROVE": settings.self_register,
        "CREATE_DEFAULT_PROJECT_ON_ORGANIZATION_CREATION": settings.default_project,
        "ANONYMOUS_USER_CAN_VIEW_OFFERINGS": true,
    });
    Ok(Json(body).into_response())
}

async fn health(State(doors): State<Shared>) -> Answer {
    let ready = doors.market.ready().await.is_ok();
    let (status, word) = if ready {
        (axum::http::StatusCode::OK, "working")
    } else {
        (axum::http::StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    };
    Ok((status, Json(json!({ "DatabaseBackend": word }))).into_response())
}

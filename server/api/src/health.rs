//! For the machines that watch this one.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use crate::{Shared, door};

pub fn routes() -> Router<Shared> {
    door("/healthz", get(health)).merge(door("/readyz", get(ready)))
}

/// The process runs.
async fn health() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

/// The database answers.
async fn ready(State(doors): State<Shared>) -> Response {
    match doors.market.ready().await {
        Ok(()) => Json(json!({ "status": "ok" })).into_response(),
        Err(error) => {
            tracing::warn!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable" })))
                .into_response()
        }
    }
}

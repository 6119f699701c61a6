//! What a caller has: `/instances/`, a bare array as Waldur's clients expect lists.

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};

use crate::{Answer, Shared, actors::SignedIn, door};

pub fn routes() -> Router<Shared> {
    door("/instances", get(list))
}

async fn list(State(doors): State<Shared>, caller: SignedIn) -> Answer {
    let found = doors.market.resources().list(&caller.actor).await?;
    Ok(([("x-result-count", found.len().to_string())], Json(found)).into_response())
}

//! Quality as measured: `/marketplace/services/{id}/metrics`.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
    routing::get,
};

use crate::{Answer, Shared, bodies::Named, door, services::named};

pub fn routes() -> Router<Shared> {
    door("/marketplace/services/{id}/metrics", get(metrics))
}

async fn metrics(State(doors): State<Shared>, Named(name): Named) -> Answer {
    let id = named(&doors.market.catalog(), &name)?.service.id;
    let view = doors.market.quality().view(id).await?;
    // New figures come once a minute, and they are the same for everybody.
    let kept = [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=30"))];
    Ok((kept, Json(view)).into_response())
}

//! The doors that `OpenAI`'s clients call: models, and the metered path itself, which belongs to the gateway.

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use market::Error;
use model::Service;
use serde_json::{Value, json};

use crate::{
    Answer, Shared,
    actors::MaybeActor,
    bodies::Named,
    door,
    errors::{ApiError, REQUEST_ID, RequestId, Shape},
    services,
};

/// The metered path: no layer, no extractor; the gateway reads what it needs.
pub fn routes() -> Router<Shared> {
    door("/v1/chat/completions", post(complete).fallback(not_allowed))
}

pub fn model_routes() -> Router<Shared> {
    door("/v1/models", get(list)).merge(door("/v1/models/{id}", get(find)))
}

async fn complete(State(doors): State<Shared>, request: Request) -> Response {
    let mut response = doors.gateway.chat(request).await.map(Body::new);
    if !response.headers().contains_key(REQUEST_ID) {
        response.headers_mut().insert(REQUEST_ID, RequestId::next().header());
    }
    response
}

async fn not_allowed(method: Method) -> Response {
    let id = RequestId::next();
    let mut response = ApiError::Method.render(Shape::OpenAi, id, &method);
    response.headers_mut().insert(REQUEST_ID, id.header());
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

/// The services that can be called, under the names to call them by. A list for everybody, but a key that does not work
/// is told so here rather than at the first call.
async fn list(State(doors): State<Shared>, _: MaybeActor) -> Answer {
    let catalog = doors.market.catalog();
    let services = catalog.all();
    let data: Vec<Value> =
        services.iter().filter(|s| s.callable).map(|s| entry(&s.service)).collect();
    Ok(Json(json!({ "object": "list", "data": data })).into_response())
}

async fn find(State(doors): State<Shared>, _: MaybeActor, Named(name): Named) -> Answer {
    let catalog = doors.market.catalog();
    let service = services::named(&catalog, &name)?;
    if !service.callable {
        return Err(Error::Missing("service").into());
    }
    Ok(Json(entry(&service.service)).into_response())
}

fn entry(service: &Service) -> Value {
    json!({
        "id": service.slug,
        "object": "model",
        "created": service.created_at.ms().div_euclid(1_000),
        "owned_by": service.provider_name,
    })
}

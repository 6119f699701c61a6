//! Who sells: `/v1/providers…`, and the data of the page `/marketplace/providers/{id}`.

use std::sync::Arc;

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use market::{Error, Seller};
use model::{ProviderView, Service};
use serde::Serialize;
use serde_json::json;

use crate::{Answer, Shared, bodies::Named, door};

pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(door("/v1/providers", get(list)))
        .merge(door("/v1/providers/{id}", get(find)))
        .merge(door("/marketplace/providers/{id}", get(find)))
}

#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    provider: Arc<ProviderView>,
    service_count: u64,
    review_count: u64,
    rating: Option<f64>,
}

impl From<Seller> for Entry {
    fn from(seller: Seller) -> Self {
        Self {
            provider: seller.provider,
            service_count: seller.services,
            review_count: seller.reviews,
            rating: seller.rating,
        }
    }
}

async fn list(State(doors): State<Shared>) -> Answer {
    let sellers = doors.market.catalog().sellers();
    let providers: Vec<Entry> = sellers.into_iter().map(Entry::from).collect();
    Ok(Json(json!({ "providers": providers })).into_response())
}

async fn find(State(doors): State<Shared>, Named(name): Named) -> Answer {
    let found = doors.market.catalog().seller(&name);
    let (seller, details) = found.ok_or(Error::Missing("provider"))?;
    let services: Vec<&Service> = details.iter().map(|detail| &detail.service).collect();
    let provider = Entry::from(seller);
    Ok(Json(json!({ "provider": provider, "services": services })).into_response())
}

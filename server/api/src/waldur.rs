//! The Waldur-style surface under `/api/`: what existing Waldur clients call, to the letter.
//!
//! Every noun has a module with its `routes`, its `doors` (what `OpenAPI` says of them) and its wire structs, which
//! derive `ToSchema`. [`answer`] writes lists and single things with paging, sparse fields and links; [`read`] reads
//! bodies with the messages of Django REST Framework; [`links`] makes and reads the addresses of things.

pub mod answer;
mod categories;
pub mod links;
mod offerings;
mod orders;
mod plans;
pub mod read;
mod resources;
mod screenshots;
mod service_providers;
mod support;

use axum::Router;
use serde_json::{Map, Value};

use crate::{Shared, openapi::Door};

/// Every door of the surface.
pub fn routes() -> Router<Shared> {
    let nouns: Vec<Router<Shared>> = vec![
        support::routes(),
        categories::routes(),
        offerings::routes(),
        orders::routes(),
        plans::routes(),
        resources::routes(),
        screenshots::routes(),
        service_providers::routes(),
    ];
    nouns.into_iter().fold(Router::new(), Router::merge)
}

/// What `OpenAPI` says of them.
pub fn doors() -> Vec<Door> {
    let nouns: Vec<Vec<Door>> = vec![
        support::doors(),
        categories::doors(),
        offerings::doors(),
        orders::doors(),
        plans::doors(),
        resources::doors(),
        screenshots::doors(),
        service_providers::doors(),
    ];
    nouns.into_iter().flatten().collect()
}

/// The schemas of the wire structs, by name.
pub fn schemas() -> Map<String, Value> {
    let nouns: Vec<Vec<(String, Value)>> = vec![
        support::schemas(),
        categories::schemas(),
        offerings::schemas(),
        orders::schemas(),
        plans::schemas(),
        resources::schemas(),
        screenshots::schemas(),
        service_providers::schemas(),
    ];
    nouns.into_iter().flatten().collect()
}

/// The schema of a wire struct, for [`schemas`].
pub fn schema<T: utoipa::ToSchema>() -> (String, Value) {
    (T::name().into_owned(), serde_json::to_value(T::schema()).unwrap_or_default())
}

//! The Waldur-style surface under `/api/`: what existing Waldur clients call, to the letter.
//!
//! Every noun has a module with its `routes`, its `doors` (what `OpenAPI` says of them) and its wire structs, which
//! derive `ToSchema`. [`answer`] writes lists and single things with paging, sparse fields and links; [`read`] reads
//! bodies with the messages of Django REST Framework; [`links`] makes and reads the addresses of things.

pub mod answer;
mod categories;
mod component_usages;
mod credits;
mod customers;
mod events;
mod hooks;
mod invitations;
mod invoices;
pub mod links;
mod offerings;
mod orders;
mod payments;
mod plans;
mod projects;
pub mod read;
mod resources;
mod roles;
mod screenshots;
mod service_providers;
mod stats;
mod support;
mod system;
pub mod team;
mod tokens;
mod user_usages;
mod users;

use axum::Router;
use serde_json::{Map, Value};

use crate::{Shared, openapi::Door};

/// Every door of the surface.
pub fn routes() -> Router<Shared> {
    let nouns: Vec<Router<Shared>> = vec![
        support::routes(),
        customers::routes(),
        projects::routes(),
        users::routes(),
        roles::routes(),
        events::routes(),
        system::routes(),
        team::offering_routes(),
        component_usages::routes(),
        user_usages::routes(),
        invoices::routes(),
        payments::routes(),
        credits::routes(),
        stats::routes(),
        categories::routes(),
        offerings::routes(),
        orders::routes(),
        plans::routes(),
        resources::routes(),
        screenshots::routes(),
        service_providers::routes(),
        invitations::routes(),
        tokens::routes(),
        hooks::routes(),
    ];
    nouns.into_iter().fold(Router::new(), Router::merge)
}

/// What `OpenAPI` says of them.
pub fn doors() -> Vec<Door> {
    let nouns: Vec<Vec<Door>> = vec![
        support::doors(),
        customers::doors(),
        projects::doors(),
        users::doors(),
        roles::doors(),
        events::doors(),
        system::doors(),
        team::offering_doors(),
        component_usages::doors(),
        user_usages::doors(),
        invoices::doors(),
        payments::doors(),
        credits::doors(),
        stats::doors(),
        categories::doors(),
        offerings::doors(),
        orders::doors(),
        plans::doors(),
        resources::doors(),
        screenshots::doors(),
        service_providers::doors(),
        invitations::doors(),
        tokens::doors(),
        hooks::doors(),
    ];
    nouns.into_iter().flatten().collect()
}

/// The schemas of the wire structs, by name.
pub fn schemas() -> Map<String, Value> {
    let nouns: Vec<Vec<(String, Value)>> = vec![
        support::schemas(),
        customers::schemas(),
        projects::schemas(),
        users::schemas(),
        roles::schemas(),
        events::schemas(),
        system::schemas(),
        invitations::schemas(),
        tokens::schemas(),
        hooks::schemas(),
        team::schemas(),
        component_usages::schemas(),
        user_usages::schemas(),
        invoices::schemas(),
        payments::schemas(),
        credits::schemas(),
        stats::schemas(),
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

/// A sentence about what was done.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Told {
    detail: String,
}

/// The schema of a wire struct, for [`schemas`].
pub fn schema<T: utoipa::ToSchema>() -> (String, Value) {
    (T::name().into_owned(), serde_json::to_value(T::schema()).unwrap_or_default())
}

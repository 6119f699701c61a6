//! `/api/roles/`: what somebody can be in a customer, a project or an offering.

use axum::{Router, extract::State, routing::get};
use market::Error;
use model::{ScopeKind, ScopeRole};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    answer::{Listing, single},
    schema,
};
use crate::{
    Answer, Doors, Shared, actors::SignedIn, bodies::Named, door, openapi::Door, queries::Query,
};

/// The ids of the roles, which do not change.
pub const fn role_id(role: ScopeRole) -> &'static str {
    match role {
        ScopeRole::CustomerOwner => "c1a5e0000000400080000000000000a1",
        ScopeRole::CustomerManager => "c1a5e0000000400080000000000000a2",
        ScopeRole::CustomerSupport => "c1a5e0000000400080000000000000a3",
        ScopeRole::ProjectAdmin => "c1a5e0000000400080000000000000b1",
        ScopeRole::ProjectManager => "c1a5e0000000400080000000000000b2",
        ScopeRole::ProjectMember => "c1a5e0000000400080000000000000b3",
        ScopeRole::OfferingManager => "c1a5e0000000400080000000000000c1",
    }
}

/// The role of a name or an id.
pub fn role_of(text: &str) -> Option<ScopeRole> {
    let plain = text.replace('-', "").to_ascii_lowercase();
    let named = text.parse().ok();
    named.or_else(|| ScopeRole::ALL.iter().copied().find(|role| role_id(*role) == plain))
}

pub fn routes() -> Router<Shared> {
    [door("/api/roles", get(list)), door("/api/roles/{uuid}", get(find))]
        .into_iter()
        .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    vec![
        Door::list("/api/roles/", "Roles", "RoleDetails", &[]),
        Door::new("get", "/api/roles/{uuid}/", "A role")
            .answers(200, "RoleDetails")
            .refuses(&[404]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<RoleDetails>()]
}

/// What somebody can be.
#[derive(Serialize, ToSchema)]
pub struct RoleDetails {
    url: String,
    uuid: String,
    name: String,
    description: String,
    is_system_role: bool,
    is_active: bool,
    content_type: String,
    permissions: Vec<String>,
}

impl RoleDetails {
    fn new(doors: &Doors, role: ScopeRole) -> Self {
        let content_type = match role.scope() {
            ScopeKind::Customer => "customer",
            ScopeKind::Project => "project",
            ScopeKind::Offering => "offering",
        };
        Self {
            url: format!("{}/api/roles/{}/", doors.public_url, role_id(role)),
            uuid: role_id(role).to_owned(),
            name: role.as_str().to_owned(),
            description: role.title().to_owned(),
            is_system_role: true,
            is_active: true,
            content_type: content_type.to_owned(),
            permissions: market::Permission::of(role).iter().map(|p| (*p).to_owned()).collect(),
        }
    }
}

async fn list(State(doors): State<Shared>, _: SignedIn, listing: Listing) -> Answer {
    let name = listing.query.text("name");
    let roles: Vec<RoleDetails> = ScopeRole::ALL
        .iter()
        .filter(|role| name.is_none_or(|name| role.as_str() == name))
        .map(|role| RoleDetails::new(&doors, *role))
        .collect();
    listing.answer_all(&doors, &roles)
}

async fn find(
    State(doors): State<Shared>,
    _: SignedIn,
    Named(uuid): Named,
    query: Query,
) -> Answer {
    let role = role_of(&uuid).ok_or(Error::Missing("role"))?;
    Ok(single(&query, &RoleDetails::new(&doors, role)))
}

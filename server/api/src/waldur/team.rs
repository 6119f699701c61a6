//! Who has which role in a customer, a project or an offering: the same doors below each of them.

use axum::{
    Json, Router,
    extract::State,
    response::IntoResponse,
    routing::{get, post},
};
use market::{Error, Scope, Teammate};
use model::{ScopeRole, Timestamp, UserId};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    answer::Listing,
    links::{self, hex},
    roles::{role_id, role_of},
    schema,
};
use crate::{
    Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    errors::ApiError,
    openapi::{Door, Field, Takes, may, must},
};

/// Reads the id of a path as a scope.
type Find = fn(&str) -> Result<Scope, ApiError>;

/// The five doors below a thing that has a team.
pub fn routes(below: &str, find: Find) -> Router<Shared> {
    let path = |name: &str| format!("{below}/{{uuid}}/{name}");
    let doors = [
        door(
            &path("list_users"),
            get(
                move |State(doors): State<Shared>,
                      caller: SignedIn,
                      Named(uuid): Named,
                      listing: Listing| async move {
                    let mates = doors.market.team().list(&caller.actor, find(&uuid)?).await?;
                    let roles: Vec<UserRole> = mates
                        .into_iter()
                        .filter(|m| fits(m, &listing))
                        .map(UserRole::from)
                        .collect();
                    listing.answer_all(&doors, &roles)
                },
            ),
        ),
        door(
            &path("users"),
            get(
                move |State(doors): State<Shared>,
                      caller: SignedIn,
                      Named(uuid): Named,
                      listing: Listing| async move {
                    let mates = doors.market.team().list(&caller.actor, find(&uuid)?).await?;
                    let people: Vec<ScopeUser> =
                        mates.into_iter().map(|mate| ScopeUser::new(&doors, mate)).collect();
                    listing.answer_all(&doors, &people)
                },
            ),
        ),
        door(
            &path("add_user"),
            post(
                move |State(doors): State<Shared>,
                      caller: SignedIn,
                      Named(uuid): Named,
                      fields: Fields| async move {
                    let scope = find(&uuid)?;
                    // What is foreign is not there, whatever is wrong with the body.
                    doors.market.team().list(&caller.actor, scope).await?;
                    let (user, role, ends) = asked(fields)?;
                    doors.market.team().add(&caller.actor, scope, user, role, ends).await?;
                    let body = json!({ "expiration_time": ends.map(|at| at.to_string()) });
                    Ok::<_, ApiError>((axum::http::StatusCode::CREATED, Json(body)).into_response())
                },
            ),
        ),
        door(
            &path("update_user"),
            post(
                move |State(doors): State<Shared>,
                      caller: SignedIn,
                      Named(uuid): Named,
                      fields: Fields| async move {
                    let scope = find(&uuid)?;
                    doors.market.team().list(&caller.actor, scope).await?;
                    let (user, role, ends) = asked(fields)?;
                    doors.market.team().update(&caller.actor, scope, user, role, ends).await?;
                    let body = json!({ "expiration_time": ends.map(|at| at.to_string()) });
                    Ok::<_, ApiError>(Json(body).into_response())
                },
            ),
        ),
        door(
            &path("delete_user"),
            post(
                move |State(doors): State<Shared>,
                      caller: SignedIn,
                      Named(uuid): Named,
                      fields: Fields| async move {
                    let scope = find(&uuid)?;
                    doors.market.team().list(&caller.actor, scope).await?;
                    let (user, role, _) = asked(fields)?;
                    doors.market.team().remove(&caller.actor, scope, user, role).await?;
                    Ok::<_, ApiError>(Json(json!({})).into_response())
                },
            ),
        ),
    ];
    doors.into_iter().fold(Router::new(), Router::merge)
}

/// The paths of the five doors: `list_users`, `users`, `add_user`, `update_user`, `delete_user`.
pub type Paths = [&'static str; 5];

pub const CUSTOMER_PATHS: Paths = [
    "/api/customers/{uuid}/list_users/",
    "/api/customers/{uuid}/users/",
    "/api/customers/{uuid}/add_user/",
    "/api/customers/{uuid}/update_user/",
    "/api/customers/{uuid}/delete_user/",
];

pub const PROJECT_PATHS: Paths = [
    "/api/projects/{uuid}/list_users/",
    "/api/projects/{uuid}/users/",
    "/api/projects/{uuid}/add_user/",
    "/api/projects/{uuid}/update_user/",
    "/api/projects/{uuid}/delete_user/",
];

const OFFERING_PATHS: Paths = [
    "/api/marketplace-provider-offerings/{uuid}/list_users/",
    "/api/marketplace-provider-offerings/{uuid}/users/",
    "/api/marketplace-provider-offerings/{uuid}/add_user/",
    "/api/marketplace-provider-offerings/{uuid}/update_user/",
    "/api/marketplace-provider-offerings/{uuid}/delete_user/",
];

/// The team of an offering.
pub fn offering_routes() -> Router<Shared> {
    routes("/api/marketplace-provider-offerings", |text| {
        let id = text.parse().map_err(|_| ApiError::Market(Error::Missing("service")))?;
        Ok(Scope::Offering(id))
    })
}

/// What `OpenAPI` says of the team of an offering.
pub fn offering_doors() -> Vec<Door> {
    doors(OFFERING_PATHS)
}

const ROLE: &[Field] =
    &[must("role", Takes::Text), must("user", Takes::Link), may("expiration_time", Takes::Text)];

/// What `OpenAPI` says of the five doors.
pub fn doors([list, users, add, update, delete]: Paths) -> Vec<Door> {
    let act =
        |path, summary| Door::new("post", path, summary).fields(ROLE).refuses(&[403, 404, 409]);
    vec![
        Door::list(list, "Roles and who has them", "UserRole", &[]),
        Door::list(users, "The people of a team", "ScopeUser", &[]),
        act(add, "Give somebody a role").answers(201, "RoleEnd"),
        act(update, "Say when a role ends").answers(200, "RoleEnd"),
        act(delete, "Take a role away").answers_any(200),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<UserRole>(), schema::<ScopeUser>(), schema::<RoleEnd>()]
}

/// When a role ends; null for never.
#[derive(Serialize, ToSchema)]
pub struct RoleEnd {
    expiration_time: Option<String>,
}

/// A role that somebody has.
#[derive(Serialize, ToSchema)]
pub struct UserRole {
    created: String,
    expiration_time: Option<String>,
    role_name: String,
    role_uuid: String,
    user_uuid: String,
    user_full_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by_full_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by_uuid: Option<String>,
}

impl From<Teammate> for UserRole {
    fn from(mate: Teammate) -> Self {
        let email = mate.shows_email.then_some(mate.account.email);
        Self {
            created: mate.member.created_at.to_string(),
            expiration_time: mate.member.expires_at.map(|at| at.to_string()),
            role_name: mate.member.role.as_str().to_owned(),
            role_uuid: role_id(mate.member.role).to_owned(),
            user_uuid: hex(mate.account.id),
            user_full_name: mate.account.full_name,
            user_email: email.clone(),
            user_username: email,
            created_by_uuid: mate.author.as_ref().map(|author| hex(author.id)),
            created_by_full_name: mate.author.map(|author| author.full_name),
        }
    }
}

/// Somebody of a team.
#[derive(Serialize, ToSchema)]
pub struct ScopeUser {
    url: String,
    uuid: String,
    full_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    role: String,
    role_name: String,
    expiration_time: Option<String>,
    /// Always null: accounts of offerings are not kept here.
    offering_user_username: Option<String>,
    /// Always null: accounts of offerings are not kept here.
    offering_user_state: Option<String>,
}

impl ScopeUser {
    fn new(doors: &Doors, mate: Teammate) -> Self {
        let email = mate.shows_email.then_some(mate.account.email);
        Self {
            url: doors.link(links::USERS, mate.account.id),
            uuid: hex(mate.account.id),
            full_name: mate.account.full_name,
            username: email.clone(),
            email,
            role: mate.member.role.as_str().to_owned(),
            role_name: mate.member.role.as_str().to_owned(),
            expiration_time: mate.member.expires_at.map(|at| at.to_string()),
            offering_user_username: None,
            offering_user_state: None,
        }
    }
}

/// Whether a role is among those that were asked for.
fn fits(mate: &Teammate, listing: &Listing) -> bool {
    let all = |name: &str| -> Vec<&str> {
        listing.query.pairs().filter(|(n, v)| *n == name && !v.is_empty()).map(|(_, v)| v).collect()
    };
    let (roles, users) = (all("role"), all("user"));
    let role = mate.member.role;
    (roles.is_empty() || roles.iter().any(|text| role_of(text) == Some(role)))
        && (users.is_empty() || users.iter().any(|text| text.parse() == Ok(mate.account.id)))
}

fn asked(mut fields: Fields) -> Result<(UserId, ScopeRole, Option<Timestamp>), ApiError> {
    let user = fields.must_link("user", &[links::USERS]);
    let role = fields.must_text("role", 100);
    let role = role.and_then(|text| match role_of(&text) {
        Some(role) => Some(role),
        None => fields.fault("role", "Object does not exist."),
    });
    let ends = fields.may_time("expiration_time");
    fields.check()?;
    match (user, role) {
        (Some(user), Some(role)) => Ok((user, role, ends)),
        _ => Err(ApiError::Market(Error::Missing("user"))),
    }
}

//! `/api/user-invitations/`: roles that are offered by mail or link.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use market::{Error, INVITATIONS, InvitationDraft, InvitationRow, Invited, Scope};
use model::{InvitationId, ScopeKind};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    answer::{Listing, single, told},
    links::{self, hex, id_of as id_in},
    roles::{role_id, role_of},
    schema,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    errors::ApiError,
    openapi::{Door, Takes, may, must},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [
        door("/api/user-invitations", get(list).post(create)),
        door("/api/user-invitations/reject", post(reject_by_token)),
        door("/api/user-invitations/{uuid}", get(find)),
        door("/api/user-invitations/{uuid}/accept", post(accept)),
        door("/api/user-invitations/{uuid}/reject", post(reject)),
        door("/api/user-invitations/{uuid}/cancel", post(cancel)),
        door("/api/user-invitations/{uuid}/send", post(send)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    let act = |path, summary| {
        Door::new("post", path, summary).answers(200, "Told").refuses(&[403, 404, 409])
    };
    vec![
        Door::list("/api/user-invitations/", "Invitations", "Invitation", INVITATIONS.filters),
        Door::new("post", "/api/user-invitations/", "Offer somebody a role")
            .fields(&[
                must("email", Takes::Text),
                must("scope", Takes::Link),
                must("role", Takes::Text),
                may("extra_invitation_text", Takes::Text),
            ])
            .answers(201, "Invitation")
            .refuses(&[403, 409]),
        Door::new("get", "/api/user-invitations/{uuid}/", "An invitation")
            .answers(200, "Invitation")
            .refuses(&[404]),
        act(
            "/api/user-invitations/{uuid}/accept/",
            "Take the role; `uuid` is the invitation's id or the secret of its link",
        )
        .fields(&[may("secret", Takes::Text)]),
        act("/api/user-invitations/{uuid}/reject/", "Decline the role")
            .fields(&[may("secret", Takes::Text)]),
        act(
            "/api/user-invitations/reject/",
            "Decline the role; the token is the secret of the link",
        )
        .fields(&[must("token", Takes::Text)]),
        act("/api/user-invitations/{uuid}/cancel/", "Take an invitation back"),
        Door::new("post", "/api/user-invitations/{uuid}/send/", "Send an invitation again")
            .answers(200, "Invitation")
            .refuses(&[403, 404, 409]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<InvitationWire>()]
}

/// A role that is offered.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationWire {
    url: String,
    uuid: String,
    email: String,
    state: String,
    role: String,
    role_name: String,
    role_description: String,
    scope: String,
    scope_uuid: String,
    scope_name: String,
    scope_description: String,
    scope_type: String,
    customer_uuid: String,
    customer_name: String,
    created: String,
    expires: String,
    created_by_full_name: String,
    created_by_username: String,
    /// Always null: people have no pictures here.
    created_by_image: Option<String>,
    extra_invitation_text: String,
    error_message: String,
    execution_state: String,
    /// The address to hand over, told once to whoever made the invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl InvitationWire {
    fn new(doors: &Doors, row: InvitationRow, link: Option<String>) -> Self {
        let it = row.invitation;
        let scope = match it.kind {
            ScopeKind::Customer => links::CUSTOMERS,
            ScopeKind::Project => links::PROJECTS,
            ScopeKind::Offering => links::PROVIDER_OFFERINGS,
        };
        Self {
            url: doors.link("user-invitations", it.id),
            uuid: hex(it.id),
            email: it.email,
            state: it.state.as_str().to_owned(),
            role: role_id(it.role).to_owned(),
            role_name: it.role.as_str().to_owned(),
            role_description: it.role.title().to_owned(),
            scope: doors.link(scope, &it.scope),
            scope_uuid: hex(&it.scope),
            scope_name: row.scope_name,
            scope_description: String::new(),
            scope_type: it.kind.as_str().to_owned(),
            customer_uuid: hex(it.customer),
            customer_name: row.customer_name,
            created: it.created_at.to_string(),
            expires: it.expires_at.to_string(),
            created_by_full_name: row.author_name,
            created_by_username: row.author_email,
            created_by_image: None,
            extra_invitation_text: it.note,
            error_message: String::new(),
            execution_state: "OK".to_owned(),
            link,
        }
    }

    fn invited(doors: &Doors, invited: Invited) -> Self {
        let link = format!("{}{}", doors.public_url, invited.path());
        Self::new(doors, invited.row, Some(link))
    }
}

fn id_of(text: &str) -> Result<InvitationId, ApiError> {
    text.parse().map_err(|_| ApiError::Market(Error::Missing("invitation")))
}

/// The scope that an address names.
fn scope(fields: &mut Fields) -> Option<Scope> {
    let text = fields.must_text("scope", 2_000)?;
    let found = id_in(&text, &[links::CUSTOMERS])
        .map(Scope::Customer)
        .or_else(|_| id_in(&text, &[links::PROJECTS]).map(Scope::Project))
        .or_else(|_| id_in(&text, links::OFFERINGS).map(Scope::Offering));
    match found {
        // A bare id says nothing of what it is the id of.
        Ok(scope) if text.contains('/') => Some(scope),
        _ => fields.fault("scope", links::WrongLink::SENTENCE),
    }
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&INVITATIONS)?;
    let (found, total) =
        doors.market.invitations().list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<InvitationWire> =
        found.into_iter().map(|row| InvitationWire::new(&doors, row, None)).collect();
    listing.answer(&doors, &items, total)
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let email = fields.must_text("email", 254);
    let scope = scope(&mut fields);
    let role = fields.must_text("role", 100);
    let role = role.and_then(|text| match role_of(&text) {
        Some(role) => Some(role),
        None => fields.fault("role", "Object does not exist."),
    });
    let note = fields.may_text("extra_invitation_text", 250).unwrap_or_default();
    fields.check()?;
    let (Some(email), Some(scope), Some(role)) = (email, scope, role) else {
        return Err(ApiError::Market(Error::Missing("invitation")));
    };
    let draft = InvitationDraft { email, scope, role, note };
    let made = doors.market.invitations().create(&caller.actor, draft).await?;
    let body = Json(InvitationWire::invited(&doors, made));
    Ok((StatusCode::CREATED, body).into_response())
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    query: Query,
) -> Answer {
    let row = doors.market.invitations().find(&caller.actor, id_of(&uuid)?).await?;
    Ok(single(&query, &InvitationWire::new(&doors, row, None)))
}

/// The invitation that is meant, by its id or by the secret of its link.
async fn meant(
    doors: &Shared,
    named: &str,
    fields: &mut Fields,
) -> Result<(InvitationId, Option<String>), ApiError> {
    let sent = fields.may_text("secret", 200);
    fields.check()?;
    if let Ok(id) = named.parse() {
        return Ok((id, sent));
    }
    let row = doors.market.invitations().by_secret(named).await?;
    Ok((row.invitation.id, Some(named.to_owned())))
}

async fn accept(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    mut fields: Fields,
) -> Answer {
    let (id, secret) = meant(&doors, &uuid, &mut fields).await?;
    doors.market.invitations().accept(&caller.actor, id, secret.as_deref()).await?;
    Ok(told(StatusCode::OK, "Invitation is accepted."))
}

async fn reject(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    mut fields: Fields,
) -> Answer {
    let (id, secret) = meant(&doors, &uuid, &mut fields).await?;
    doors.market.invitations().reject(&caller.actor, id, secret.as_deref()).await?;
    Ok(told(StatusCode::OK, "Invitation is rejected."))
}

async fn reject_by_token(
    State(doors): State<Shared>,
    caller: SignedIn,
    mut fields: Fields,
) -> Answer {
    let secret = fields.must_text("token", 200).unwrap_or_default();
    fields.check()?;
    let row = doors.market.invitations().by_secret(secret.trim()).await?;
    let id = row.invitation.id;
    doors.market.invitations().reject(&caller.actor, id, Some(secret.trim())).await?;
    Ok(told(StatusCode::OK, "Invitation is rejected."))
}

async fn cancel(State(doors): State<Shared>, caller: SignedIn, Named(uuid): Named) -> Answer {
    doors.market.invitations().cancel(&caller.actor, id_of(&uuid)?).await?;
    Ok(told(StatusCode::OK, "Invitation is canceled."))
}

async fn send(State(doors): State<Shared>, caller: SignedIn, Named(uuid): Named) -> Answer {
    let sent = doors.market.invitations().send(&caller.actor, id_of(&uuid)?).await?;
    Ok(Json(InvitationWire::invited(&doors, sent)).into_response())
}

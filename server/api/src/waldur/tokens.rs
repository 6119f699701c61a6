//! `/api/personal-access-tokens/`: tokens that people make for their programs.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use market::{AccessToken, Error, TOKEN_SCOPES, TOKENS, TokenDraft};
use model::AccessTokenId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    answer::{Listing, gone, single},
    links::hex,
    schema,
};
use crate::{
    Answer, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    errors::ApiError,
    openapi::{Door, Takes, may, must},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [
        door("/api/personal-access-tokens", get(list).post(create)),
        door("/api/personal-access-tokens/available_scopes", get(scopes)),
        door("/api/personal-access-tokens/{uuid}", get(find).delete(remove)),
        door("/api/personal-access-tokens/{uuid}/rotate", post(rotate)),
        door("/api/personal-access-tokens/{uuid}/set_network_acl", post(set_networks)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    vec![
        Door::list(
            "/api/personal-access-tokens/",
            "The caller's tokens",
            "AccessToken",
            TOKENS.filters,
        ),
        Door::new("post", "/api/personal-access-tokens/", "Make a token; it is shown once")
            .fields(&[
                must("name", Takes::Text),
                must("scopes", Takes::List),
                may("allowed_networks", Takes::List),
                may("expires_at", Takes::Text),
            ])
            .answers(201, "AccessTokenCreated")
            .refuses(&[403, 409]),
        Door::list(
            "/api/personal-access-tokens/available_scopes/",
            "What a token may be for",
            "TokenScope",
            &[],
        ),
        Door::new("get", "/api/personal-access-tokens/{uuid}/", "A token")
            .answers(200, "AccessToken")
            .refuses(&[404]),
        Door::new("delete", "/api/personal-access-tokens/{uuid}/", "Revoke a token")
            .empty()
            .refuses(&[403, 404]),
        Door::new(
            "post",
            "/api/personal-access-tokens/{uuid}/rotate/",
            "Put a new token in the place of one; it is shown once",
        )
        .answers(201, "AccessTokenCreated")
        .refuses(&[403, 404]),
        Door::new(
            "post",
            "/api/personal-access-tokens/{uuid}/set_network_acl/",
            "Say from where a token may be used",
        )
        .fields(&[must("allowed_networks", Takes::List)])
        .answers(200, "AccessToken")
        .refuses(&[403, 404]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<TokenWire>(), schema::<Created>(), schema::<TokenScope>()]
}

/// A token without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessToken)]
pub struct TokenWire {
    uuid: String,
    name: String,
    token_prefix: String,
    scopes: Vec<String>,
    /// Always empty: tokens are not bound to single things.
    allowed_scopes: Vec<Value>,
    allowed_networks: Vec<String>,
    expires_at: String,
    is_active: bool,
    /// When it was made, as long as it was not used.
    last_used_at: String,
    last_used_ip: String,
    use_count: i64,
    created: String,
}

/// A token that was just made.
#[expect(clippy::struct_field_names, reason = "the wire calls it so")]
#[derive(Serialize, ToSchema)]
#[schema(as = AccessTokenCreated)]
pub struct Created {
    uuid: String,
    name: String,
    /// The secret, shown this once.
    token: String,
    token_prefix: String,
    scopes: Vec<String>,
    /// Always empty: tokens are not bound to single things.
    allowed_scopes: Vec<Value>,
    allowed_networks: Vec<String>,
    expires_at: String,
    created: String,
}

/// What a token may be for.
#[derive(Serialize, ToSchema)]
pub struct TokenScope {
    permission: &'static str,
    key: &'static str,
    name: &'static str,
    description: &'static str,
}

fn wire(doors: &Shared, token: AccessToken) -> TokenWire {
    let end = token.expires_at.unwrap_or(token.created_at);
    TokenWire {
        uuid: hex(token.id),
        name: token.name,
        token_prefix: token.prefix,
        scopes: token.scopes,
        allowed_scopes: Vec::new(),
        allowed_networks: token.networks,
        is_active: token.revoked_at.is_none() && end > doors.market.core().now(),
        expires_at: end.to_string(),
        last_used_at: token.last_used_at.unwrap_or(token.created_at).to_string(),
        last_used_ip: token.last_used_ip.unwrap_or_default(),
        use_count: token.uses,
        created: token.created_at.to_string(),
    }
}

fn created((token, secret): (AccessToken, String)) -> axum::response::Response {
    let body = Created {
        uuid: hex(token.id),
        name: token.name,
        token: secret,
        token_prefix: token.prefix,
        scopes: token.scopes,
        allowed_scopes: Vec::new(),
        allowed_networks: token.networks,
        expires_at: token.expires_at.unwrap_or(token.created_at).to_string(),
        created: token.created_at.to_string(),
    };
    (StatusCode::CREATED, Json(body)).into_response()
}

fn id_of(text: &str) -> Result<AccessTokenId, ApiError> {
    text.parse().map_err(|_| ApiError::Market(Error::Missing("token")))
}

/// A list of texts.
pub fn texts(fields: &mut Fields, name: &str) -> Option<Vec<String>> {
    let items = fields.may_list(name)?;
    let texts: Vec<String> =
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
    if texts.len() < items.len() || texts.iter().any(|text| text.len() > 200) {
        return fields.fault(name, "Not a valid string.");
    }
    Some(texts)
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&TOKENS)?;
    let (found, total) = doors.market.tokens().list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<TokenWire> = found.into_iter().map(|token| wire(&doors, token)).collect();
    listing.answer(&doors, &items, total)
}

async fn scopes(State(doors): State<Shared>, _: SignedIn, listing: Listing) -> Answer {
    let all: Vec<TokenScope> = TOKEN_SCOPES
        .iter()
        .map(|(key, text)| TokenScope { permission: key, key, name: key, description: text })
        .collect();
    listing.answer_all(&doors, &all)
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let name = fields.must_text("name", 150);
    if !fields.has("scopes") {
        fields.fault::<()>("scopes", "This field is required.");
    }
    let scopes = texts(&mut fields, "scopes");
    let networks = texts(&mut fields, "allowed_networks");
    let expires_at = fields.may_time("expires_at");
    if fields.may_list("allowed_scopes").is_some_and(|bound| !bound.is_empty()) {
        fields.fault::<()>("allowed_scopes", "Tokens are not bound to single things here.");
    }
    fields.check()?;
    let draft = TokenDraft {
        name: name.unwrap_or_default(),
        scopes: scopes.unwrap_or_default(),
        networks: networks.unwrap_or_default(),
        expires_at,
    };
    Ok(created(doors.market.tokens().create(&caller.actor, draft).await?))
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    query: Query,
) -> Answer {
    let token = doors.market.tokens().find(&caller.actor, id_of(&uuid)?).await?;
    Ok(single(&query, &wire(&doors, token)))
}

async fn remove(State(doors): State<Shared>, caller: SignedIn, Named(uuid): Named) -> Answer {
    doors.market.tokens().revoke(&caller.actor, id_of(&uuid)?).await?;
    Ok(gone())
}

async fn rotate(State(doors): State<Shared>, caller: SignedIn, Named(uuid): Named) -> Answer {
    Ok(created(doors.market.tokens().rotate(&caller.actor, id_of(&uuid)?).await?))
}

async fn set_networks(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    mut fields: Fields,
) -> Answer {
    let id = id_of(&uuid)?;
    doors.market.tokens().find(&caller.actor, id).await?;
    if !fields.has("allowed_networks") {
        fields.fault::<()>("allowed_networks", "This field is required.");
    }
    let networks = texts(&mut fields, "allowed_networks").unwrap_or_default();
    fields.check()?;
    let token = doors.market.tokens().set_networks(&caller.actor, id, &networks).await?;
    Ok(Json(wire(&doors, token)).into_response())
}

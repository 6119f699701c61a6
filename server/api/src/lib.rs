//! The REST doors: what developers, SDKs and other programs call.
//!
//! A door does four things and nothing else: find the actor ([`actors`]), parse the input ([`bodies`]), call one
//! service method of the market, translate the result. It holds no rule, no SQL and no page. What goes wrong is
//! answered in the shape that the callers of the path know ([`errors`]): Django REST Framework's on the Waldur paths,
//! `OpenAI`'s on the model paths, `{"error": …}` elsewhere.
//!
//! To add a door: write the handler in the module of its noun, put it into that module's `routes`, describe it in
//! `openapi.rs`, and add it to the tables of `tests/it`. A POST that moves money runs inside [`idempotency::Once`].
//!
//! ```ignore
//! async fn wallet(State(doors): State<Shared>, caller: SignedIn, query: Query) -> Answer {
//!     let customer = query.read("customer")?;
//!     Ok(Json(doors.market.wallets().wallet(&caller.actor, customer).await?).into_response())
//! }
//! ```

mod actors;
mod billing;
mod bodies;
mod chat;
mod commerce;
mod crawlers;
mod errors;
mod flash;
mod health;
mod idempotency;
mod instances;
mod openapi;
mod passkeys;
mod providers;
mod quality;
mod queries;
mod reviews;
mod schemas;
mod services;
mod sessions;
mod sign_on;
mod tryouts;
mod waldur;
mod wallets;

use std::sync::Arc;

use axum::{Router, middleware, response::Response, routing::MethodRouter};
use market::Market;

pub use openapi::openapi;
pub use tryouts::ClientAddr;

use crate::{errors::ApiError, idempotency::Replays};

/// What the doors need.
pub struct Api {
    pub market: Market,
    pub gateway: gateway::Gateway,
    /// Where the world finds this server, without a slash at the end.
    pub public_url: String,
}

/// The state of the router.
struct Doors {
    market: Market,
    gateway: gateway::Gateway,
    public_url: String,
    replays: Replays,
}

type Shared = Arc<Doors>;

type Answer = Result<Response, ApiError>;

/// All doors. Paths that are none of them are left to the router that this one is merged into.
pub fn router(api: Api) -> Router {
    let doors = Arc::new(Doors {
        market: api.market,
        gateway: api.gateway,
        public_url: api.public_url.trim_end_matches('/').to_owned(),
        replays: Replays::default(),
    });
    // The layer does not reach the metered path, which is added after it and pays for nothing it does not need.
    [
        sessions::routes(),
        sign_on::routes(),
        passkeys::routes(),
        wallets::routes(),
        billing::routes(),
        commerce::routes(),
        services::routes(),
        quality::routes(),
        reviews::routes(),
        tryouts::routes(),
        providers::routes(),
        instances::routes(),
        health::routes(),
        crawlers::routes(),
        openapi::routes(),
        waldur::routes(),
        chat::model_routes(),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
    .route_layer(middleware::from_fn(errors::translate))
    .merge(chat::routes())
    .with_state(doors)
}

/// One door at its path with and without the slash at the end: generated clients follow no redirects.
fn door(path: &str, methods: MethodRouter<Shared>) -> Router<Shared> {
    let bare = path.trim_end_matches('/');
    Router::new().route(bare, methods.clone()).route(&format!("{bare}/"), methods)
}

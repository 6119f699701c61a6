//! The marketplace on both engines: accounts, subscriptions, the ledger under load and after a crash.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is not as it must be fails the test"
)]

mod billing;
mod catalog;
mod crashes;
mod earnings;
mod imports;
mod ledger;
mod order_lists;
mod people;
mod quality;
mod queues;
mod reviews;
mod sign_in;
mod sign_on;
mod subscriptions;
mod tenancy;
mod tickets;
mod tryouts;

use market::{Actor, Market, Request, Route, Subscribe};
use model::{Credits, CustomerId, OfferingId, ReceiptId, Register};

/// A person who has just registered, and their customer.
pub async fn newcomer(market: &Market, name: &str) -> (Actor, CustomerId) {
    let registered = market
        .identity()
        .register(Register {
            email: format!("{name}@example.org").parse().unwrap(),
            password: "correct horse battery".to_owned(),
            full_name: name.parse().unwrap(),
        })
        .await
        .unwrap();
    let actor = market.identity().by_token(&registered.token).await.unwrap().unwrap();
    (actor, registered.customer_uuid)
}

/// The sample operator.
pub async fn operator(market: &Market) -> Actor {
    let token = market.identity().token_of(&"operator@example.com".parse().unwrap()).await.unwrap();
    market.identity().by_token(&token).await.unwrap().unwrap()
}

/// A service of the sample content that is paid by use.
pub fn pay_per_use(market: &Market) -> OfferingId {
    let catalog = market.catalog();
    let page =
        catalog.find(&model::CatalogQuery { page_size: 100, ..model::CatalogQuery::default() });
    let found = page
        .services
        .iter()
        .map(|found| &found.service)
        .find(|s| s.monthly_fee.micros() == 0 && s.price_per_1k_tokens.micros() > 100);
    found.unwrap().id
}

/// The ledger balances, and says so.
pub async fn assert_proven(market: &Market) {
    let (extent, offences) = market.prove().await.unwrap();
    assert_eq!(offences, vec![], "{extent:?}");
}

/// Subscribes somebody to a service; what their key opens.
pub async fn subscribed(
    market: &Market,
    actor: &Actor,
    offering: OfferingId,
) -> std::sync::Arc<Route> {
    let order = Subscribe { offering, plan: None, customer: None, project: None, reference: None };
    let key = market.resources().subscribe(actor, order).await.unwrap().key.unwrap();
    market.route(&key).await.unwrap()
}

/// A metered call as the gateway holds and records it: what it has cost.
pub async fn call(market: &Market, route: &Route, status: u16) -> market::Result<Credits> {
    let (core, cost) = (market.core(), Credits::from_micros(1_000));
    let lease_max = Credits::whole(1_000).unwrap();
    let held = market.ledger().hold(core, &route.purse, cost, lease_max).await?;
    let request = Request {
        id: core.id(ReceiptId::new),
        resource: route.resource,
        customer: route.customer,
        key: route.key,
        at: core.now(),
        status,
        outcome: if status < 400 { "complete" } else { "upstream_failed" },
        streamed: false,
        estimated: false,
        prompt_tokens: 1,
        completion_tokens: 1,
        credits: if status < 400 { cost } else { Credits::ZERO },
        price_version: route.price_version,
        first_byte_ms: 1,
        total_ms: 1,
    };
    market.ledger().record(&route.purse, held, route.payee, request).await
}

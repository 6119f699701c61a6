//! The marketplace on both engines: accounts, subscriptions, the ledger under load and after a crash.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is not as it must be fails the test"
)]

mod catalog;
mod crashes;
mod ledger;
mod people;
mod quality;
mod subscriptions;

use market::{Actor, Market};
use model::{CustomerId, OfferingId, Register};

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

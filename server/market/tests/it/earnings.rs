//! What providers have earned from wallets: as the ledger has it, counted once, by month, on both engines.

use std::sync::Arc;

use market::{Earnings, Market, ports::TestClock, testing::with_clock};
use model::{CatalogQuery, Credits, ProviderId};
use store::ledger::Account;

use crate::{newcomer, operator, subscriptions::start};

const DAY_MS: i64 = 86_400_000;

async fn earned(market: &Market, provider: ProviderId) -> Vec<Earnings> {
    let operator = operator(market).await;
    market.vendors().revenue(&operator, provider).await.unwrap()
}

async fn months_are_counted_once(db: store::Db) {
    // The 14th of November 2023.
    let clock = Arc::new(TestClock::at(1_700_000_000_000));
    let market = with_clock(db, Arc::clone(&clock)).await;
    let (actor, customer) = newcomer(&market, "payer").await;
    let chief = operator(&market).await;
    let catalog = market.catalog();
    let query =
        CatalogQuery { search: "customer support agent".to_owned(), ..CatalogQuery::default() };
    let service = catalog.find(&query).services.first().unwrap().service.clone();
    let asked =
        market::Asked::default().and(market::Clause::of("o.id IN (?)", [service.id.to_string()]));
    let row =
        market.offers().list(Some(&chief), market::Side::Either, asked, (1, 0)).await.unwrap().0;
    let seller = row.first().unwrap().row.customer;
    let provider = store::shelves::provider_of(market.core().db(), seller).await.unwrap().unwrap();
    assert_eq!(earned(&market, provider).await, []);

    let much = Credits::whole(5_000).unwrap();
    market.wallets().add_credits(&chief, customer, much, "much").await.unwrap();
    market.resources().subscribe(&actor, start(service.id, None)).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        clock.advance_ms(31 * DAY_MS);
        market.renew().await.unwrap();
        let live = earned(&market, provider).await;
        market.vendors().count_earnings().await.unwrap();
        market.vendors().count_earnings().await.unwrap();
        seen = earned(&market, provider).await;
        assert_eq!(live, seen, "counted days are what was counted before");
    }
    let account = Account::Earnings(provider);
    let held = store::ledger::balance(market.core().db(), account).await.unwrap().unwrap();
    let held = held.balance.micros();
    assert!(held > 0);
    assert_eq!(seen.iter().map(|month| month.credits).sum::<i64>(), held);
    assert!(seen.len() >= 3, "{seen:?}");
    assert!(seen.windows(2).all(|pair| pair[0].month > pair[1].month), "{seen:?}");
    assert!(seen.iter().all(|month| month.invoiced == 0 && month.wallets > 0), "{seen:?}");
    // Whoever is somebody else learns nothing.
    let hidden = market.vendors().revenue(&actor, provider).await;
    assert!(matches!(hidden, Err(market::Error::Missing(_))), "{hidden:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    months_are_counted_once(market::testing::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    months_are_counted_once(market::testing::postgres().await).await;
}

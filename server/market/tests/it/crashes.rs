//! Leases: what a server may spend by itself, what comes back when it dies, and two servers on one database.

use market::{Command, Held, Market, Outcome, Request, Settings, Source};
use model::{
    Credits, CustomerId, HoldId, KeyId, LeaseId, PriceVersionId, ProviderId, ReceiptId, ResourceId,
};
use store::Db;

use crate::{assert_proven, newcomer, operator};

fn credits(n: i64) -> Credits {
    Credits::whole(n).unwrap()
}

async fn payee(market: &Market) -> ProviderId {
    store::catalog::providers(market.core().db()).await.unwrap()[0].id
}

/// A metered call of a customer as the gateway records it.
fn call(market: &Market, customer: CustomerId, cost: Credits) -> Request {
    let core = market.core();
    Request {
        id: core.id(ReceiptId::new),
        resource: core.id(ResourceId::new),
        customer,
        key: core.id(KeyId::new),
        at: core.now(),
        status: 200,
        outcome: "complete",
        streamed: false,
        estimated: false,
        prompt_tokens: 1,
        completion_tokens: 1,
        credits: cost,
        price_version: core.id(PriceVersionId::new),
        first_byte_ms: 1,
        total_ms: 1,
    }
}

async fn hold(market: &Market, customer: CustomerId, amount: Credits) -> market::Result<Held> {
    let purse = market.ledger().purse(customer);
    market.ledger().hold(market.core(), &purse, amount, credits(1_000)).await
}

async fn opened(db: Db, name: &str) -> Market {
    let settings = Settings { server_name: name.to_owned(), ..Settings::default() };
    let market = Market::open(db, settings).await.unwrap();
    market.seed().await.unwrap();
    market
}

/// A rich customer's calls come from a lease; the books and the wallet agree at every step.
async fn leases(db: Db) {
    let market = opened(db, "a").await;
    let (actor, customer) = newcomer(&market, "rich").await;
    market
        .wallets()
        .add_credits(&operator(&market).await, customer, credits(900), "x")
        .await
        .unwrap();
    let payee = payee(&market).await;
    let purse = market.ledger().purse(customer);
    let held = hold(&market, customer, credits(1)).await.unwrap();
    assert!(matches!(held.source, Source::Lease(_)));
    let wallet = market.wallets().wallet(&actor, None).await.unwrap();
    assert_eq!(
        (wallet.balance, wallet.held),
        (credits(1_000), credits(1)),
        "an idle lease is not shown as held"
    );
    let mut tasks = Vec::new();
    for _ in 0..300 {
        let (market, purse) = (market.clone(), market.ledger().purse(customer));
        tasks.push(tokio::spawn(async move {
            let held = hold(&market, customer, credits(1)).await.unwrap();
            let request = call(&market, customer, Credits::from_micros(333_333));
            market.ledger().record(&purse, held, payee, request).await.unwrap()
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), Credits::from_micros(333_333));
    }
    let spent = market
        .ledger()
        .record(&purse, held, payee, call(&market, customer, credits(1)))
        .await
        .unwrap();
    assert_eq!(spent, credits(1));
    assert_proven(&market).await;
    let wallet = market.wallets().wallet(&actor, None).await.unwrap();
    assert_eq!(wallet.balance, Credits::from_micros(1_000_000_000 - 300 * 333_333 - 1_000_000));
    assert_eq!(wallet.held, Credits::ZERO);
    // A budget of all that is left needs what is idle of the lease.
    let all =
        market::Authorize { run_id: "all".to_owned(), budget: wallet.available, resource: None };
    let answer = market.wallets().authorize(&actor, all).await.unwrap();
    assert!(matches!(answer, market::Authorized::Allowed { .. }), "{answer:?}");
    assert_proven(&market).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_on_sqlite() {
    leases(market::testing::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_on_postgres() {
    leases(market::testing::postgres().await).await;
}

/// Of a balance that pays for exactly seven calls, two hundred at once get exactly seven.
async fn seven(db: Db) {
    let market = opened(db, "a").await;
    let (_, customer) = newcomer(&market, "seven").await;
    market
        .wallets()
        .add_credits(&operator(&market).await, customer, credits(5), "x")
        .await
        .unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let market = market.clone();
            tokio::spawn(async move { hold(&market, customer, credits(15)).await.is_ok() })
        })
        .collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += u32::from(task.await.unwrap());
    }
    assert_eq!(admitted, 7);
    assert_proven(&market).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seven_on_sqlite() {
    seven(market::testing::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seven_on_postgres() {
    seven(market::testing::postgres().await).await;
}

/// A server that has died gets its lease and its holds back into the wallets, and what it had settled stays settled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_server_held_comes_back() {
    let (url, _) = market::testing::postgres_url().await;
    let db = Db::open(&url).await.unwrap();
    db.migrate().await.unwrap();
    let first = opened(db, "same name").await;
    first.start().await.unwrap();
    let (_, customer) = newcomer(&first, "victim").await;
    first
        .wallets()
        .add_credits(&operator(&first).await, customer, credits(900), "x")
        .await
        .unwrap();
    let payee = payee(&first).await;
    let held = hold(&first, customer, credits(2)).await.unwrap();
    let lost = hold(&first, customer, credits(2)).await.unwrap();
    assert!(matches!(lost.source, Source::Lease(_)));
    let purse = first.ledger().purse(customer);
    first.ledger().record(&purse, held, payee, call(&first, customer, credits(2))).await.unwrap();
    let big = first
        .ledger()
        .carry_out(Command::Reserve {
            hold: first.core().id(HoldId::new),
            lease: first.core().id(LeaseId::new),
            customer,
            amount: credits(500),
            lease_max: credits(1),
            expires_at: first.core().now().plus_ms(1_000_000),
        })
        .await
        .unwrap();
    assert!(matches!(big, Outcome::Held { .. }));
    // The first server is never stopped: it is gone as far as the second can know, because the second has its name.
    let second = opened(Db::open(&url).await.unwrap(), "same name").await;
    second.start().await.unwrap();
    let operator = operator(&second).await;
    let wallet = second.wallets().wallet(&operator, Some(customer)).await.unwrap();
    assert_eq!((wallet.balance, wallet.held), (credits(998), Credits::ZERO));
    assert_proven(&second).await;
    // A call that the first one finishes late is still paid, from what is there.
    let late = call(&first, customer, credits(1));
    let debited = first.ledger().record(&purse, lost, payee, late).await.unwrap();
    assert_eq!(debited, credits(1));
    assert_proven(&second).await;
}

/// Two servers on one database: neither spends what the other holds, and idle credits move to who needs them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_a_wallet() {
    let (url, _) = market::testing::postgres_url().await;
    let db = Db::open(&url).await.unwrap();
    db.migrate().await.unwrap();
    let one = opened(db, "one").await;
    let two = opened(Db::open(&url).await.unwrap(), "two").await;
    one.start().await.unwrap();
    two.start().await.unwrap();
    let (_, customer) = newcomer(&one, "shared").await;
    let payee = payee(&one).await;
    let mut tasks = Vec::new();
    for n in 0..400 {
        let market = if n % 2 == 0 { one.clone() } else { two.clone() };
        tasks.push(tokio::spawn(async move {
            let Ok(held) = hold(&market, customer, Credits::from_micros(500_000)).await else {
                return 0;
            };
            let purse = market.ledger().purse(customer);
            let request = call(&market, customer, Credits::from_micros(500_000));
            market.ledger().record(&purse, held, payee, request).await.unwrap().micros()
        }));
    }
    let mut spent = 0;
    for task in tasks {
        spent += task.await.unwrap();
    }
    assert_eq!(
        spent, 100_000_000,
        "a hundred credits pay for two hundred calls, no more and no fewer"
    );
    assert_proven(&one).await;
    one.stop().await.unwrap();
    assert_proven(&two).await;
}

//! Marketplaces for tests: fresh, migrated, with the sample content, on either engine.

pub mod billing;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use store::Db;

use crate::{
    Market, Settings,
    ports::{Clock, SystemEntropy, TestClock},
};

/// The environment variable that names the PostgreSQL server that tests may make databases on.
pub const POSTGRES: &str = "TEST_DATABASE_URL";

/// An empty, migrated SQLite database in memory.
///
/// # Panics
/// When the database cannot be made: the test cannot go on.
#[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
pub async fn sqlite() -> Db {
    let db = Db::open("sqlite::memory:").await.expect("SQLite in memory");
    db.migrate().await.expect("migrations");
    db
}

/// An empty, migrated PostgreSQL database of its own.
///
/// # Panics
/// When there is no server for tests: a missing engine is a failure, never a skip.
#[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
pub async fn postgres() -> Db {
    let (url, _) = postgres_url().await;
    let db = Db::open(&url).await.expect("PostgreSQL");
    db.migrate().await.expect("migrations");
    db
}

/// The address of an empty PostgreSQL database of its own, and its name.
///
/// # Panics
/// When there is no server for tests.
#[expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test without a database cannot go on"
)]
pub async fn postgres_url() -> (String, String) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var(POSTGRES)
        .expect("TEST_DATABASE_URL names a PostgreSQL server; `make test` starts one");
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let name = format!(
        "cmp_{}_{}_{}",
        std::process::id(),
        since.as_nanos() % 1_000_000_000,
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    store::testing::create_database(&server, &name).await.expect("a database for the test");
    let base = server.rsplit_once('/').map_or(server.as_str(), |(base, _)| base);
    (format!("{base}/{name}"), name)
}

/// A marketplace with the sample content on SQLite in memory.
pub async fn market() -> Market {
    on(sqlite().await).await
}

/// A marketplace with the sample content on PostgreSQL.
pub async fn market_on_postgres() -> Market {
    on(postgres().await).await
}

/// A marketplace with the sample content on a database.
///
/// # Panics
/// When it cannot be opened.
#[expect(clippy::expect_used, reason = "a test without a marketplace cannot go on")]
pub async fn on(db: Db) -> Market {
    let market = Market::open(db, Settings::default()).await.expect("a marketplace");
    market.seed().await.expect("sample content");
    market
}

/// A marketplace with the sample content whose clock the test moves.
///
/// # Panics
/// When it cannot be opened.
#[expect(clippy::expect_used, reason = "a test without a marketplace cannot go on")]
pub async fn with_clock(db: Db, clock: Arc<TestClock>) -> Market {
    let clock: Arc<dyn Clock> = clock;
    let market = Market::open_with(db, Settings::default(), clock, Arc::new(SystemEntropy))
        .await
        .expect("a marketplace");
    market.seed().await.expect("sample content");
    market
}

/// The first project of a customer.
///
/// # Panics
/// When there is none.
#[expect(clippy::expect_used, reason = "a test without a project cannot go on")]
pub async fn first_project(market: &Market, customer: model::CustomerId) -> model::ProjectId {
    let found = store::customers::projects(market.core().db(), customer).await.expect("projects");
    found.first().expect("a project").id
}

/// Sets a quota of a customer.
///
/// # Panics
/// When that fails.
#[expect(clippy::expect_used, reason = "a test without its quota cannot go on")]
pub async fn set_quota(
    market: &Market,
    customer: model::CustomerId,
    quota: model::Quota,
    most: i64,
) {
    let mut tx = market.core().db().begin().await.expect("a transaction");
    store::quotas::set(&mut tx, customer, quota, Some(most)).await.expect("a quota");
    tx.commit().await.expect("a commit");
}

/// Queues the work of an order once more, as when a server died after it and before it was noted.
///
/// # Panics
/// When that fails.
#[expect(clippy::expect_used, reason = "a test without its work cannot go on")]
pub async fn work_again(market: &Market, order: model::OrderId) {
    let mut tx = market.core().db().begin().await.expect("a transaction");
    let payload = order.to_string();
    market.queue(&mut tx, crate::work::Kind::Order, &payload, None).await.expect("work");
    tx.commit().await.expect("a commit");
}

/// Runs a test on both engines: `both_engines!(name, |market| { … })` makes `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! both_engines {
    ($($(#[$meta:meta])* $name:ident, |$market:ident| $body:block)+) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn body($market: $crate::Market) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                body($crate::testing::market().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                body($crate::testing::market_on_postgres().await).await;
            }
        }
    )+ };
}

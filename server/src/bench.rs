//! What `bench/` measures from inside: the ledger alone, and the floor of serving bytes.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::bail;
use axum::{Router, body::Bytes, routing::get};
use http::header;
use market::{Command, Market, Outcome};
use model::{CatalogQuery, Credits, EntryId, EntryKind, HoldId};
use store::Db;

use crate::settings::Settings;

/// Every tenth client spends from an account of its own.
const COLD_EVERY: usize = 10;

/// Runs pairs of authorise and settle, each durable before the next, 90 % of them on one customer's account.
pub async fn ledger(
    db: Db,
    settings: &Settings,
    length: Duration,
    clients: usize,
) -> anyhow::Result<serde_json::Value> {
    let engine = db.engine();
    let market = Market::open(db, settings.market()).await?;
    let cold = clients.div_ceil(COLD_EVERY);
    let mut customers = Vec::with_capacity(cold + 1);
    for _ in 0..=cold {
        let (customer, _) = market.identity().create_customer("Benchmark", None).await?;
        let entry = market.core().id(EntryId::new);
        let amount = Credits::from_micros(1_000_000_000_000);
        let reference = format!("credits:bench:{customer}");
        market
            .ledger()
            .carry_out(Command::Credit {
                entry,
                customer,
                amount,
                kind: EntryKind::TopUp,
                reference,
            })
            .await?;
        customers.push(customer);
    }
    let done = Arc::new(AtomicU64::new(0));
    let (began, mut tasks) = (Instant::now(), Vec::with_capacity(clients));
    for client in 0..clients {
        let slot = if client % COLD_EVERY == 0 { 1 + client / COLD_EVERY } else { 0 };
        let Some(customer) = customers.get(slot).copied() else {
            bail!("no account for client {client}")
        };
        let (market, done) = (market.clone(), Arc::clone(&done));
        let (reply, answer) = tokio::sync::oneshot::channel();
        market::spawn("bench client", async move {
            let mut took = Vec::new();
            let mut run = 0_u64;
            let failure = loop {
                if began.elapsed() >= length {
                    break None;
                }
                run += 1;
                let at = Instant::now();
                if let Err(error) = transfer(&market, customer, format!("{client}-{run}")).await {
                    break Some(error);
                }
                took.push(u64::try_from(at.elapsed().as_micros() / 2).unwrap_or(u64::MAX));
                done.fetch_add(2, Ordering::Relaxed);
            };
            let _ = reply.send((took, failure));
        });
        tasks.push(answer);
    }
    let mut took = Vec::new();
    for task in tasks {
        let (times, failure) = task.await?;
        if let Some(error) = failure {
            return Err(error.into());
        }
        took.extend(times);
    }
    let seconds = began.elapsed().as_secs_f64();
    let (_, offences) = market.prove().await?;
    if !offences.is_empty() {
        bail!("the ledger does not balance: {offences:?}");
    }
    market.stop().await?;
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a count of transfers is far below 2^52")]
    let rate = done.load(Ordering::Relaxed) as f64 / seconds;
    Ok(serde_json::json!({
        "engine": engine, "clients": clients, "seconds": seconds.round(), "transfers": done.load(Ordering::Relaxed),
        "transfers_per_s": rate.round(), "p50_us": at(50), "p99_us": at(99), "proof": "balances",
    }))
}

async fn transfer(
    market: &Market,
    customer: model::CustomerId,
    run_id: String,
) -> market::Result<()> {
    let budget = Credits::from_micros(1_000);
    let hold = market.core().id(HoldId::new);
    let expires_at = market.core().now().plus_ms(60_000);
    let authorize =
        Command::Authorize { hold, customer, run_id, resource: None, budget, expires_at };
    let Outcome::Authorized { hold, .. } = market.ledger().carry_out(authorize).await? else {
        return Err(market::Error::Conflict("unexpected outcome"));
    };
    let credits = Credits::from_micros(300);
    market
        .ledger()
        .carry_out(Command::Settle { hold, customer, payee: None, credits })
        .await
        .map(drop)
}

/// Times finding, counting and a change until it is seen, on the catalogue in memory.
pub async fn search(market: &Market, queries: &str) -> anyhow::Result<serde_json::Value> {
    let catalog = market.catalog();
    let parse = |line: &str| {
        let query = line.split_once('?').map_or(line, |(_, query)| query);
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        CatalogQuery::read(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())))
    };
    let queries: Vec<CatalogQuery> =
        queries.lines().filter(|line| !line.is_empty()).map(parse).collect();
    let (mut counts, mut finds, mut matched) = (Vec::new(), Vec::new(), 0);
    for query in &queries {
        let began = Instant::now();
        std::hint::black_box(catalog.facets(query));
        counts.push(began.elapsed());
        let began = Instant::now();
        matched += catalog.find(query).total;
        finds.push(began.elapsed());
    }
    let some = catalog.find(&CatalogQuery::default()).services;
    let mut changes = Vec::new();
    for service in some.iter().take(20) {
        for _ in 0..2 {
            let began = Instant::now();
            market.bench_flip(&service.service.slug).await?;
            changes.push(began.elapsed());
        }
    }
    let figures = |mut took: Vec<Duration>| {
        took.sort_unstable();
        let at = |percent: usize| {
            took.get(took.len().saturating_sub(1) * percent / 100).map(Duration::as_micros)
        };
        serde_json::json!({ "n": took.len(), "p50_us": at(50), "p99_us": at(99), "max_us": at(100) })
    };
    Ok(serde_json::json!({
        "offerings": catalog.total(), "queries": queries.len(), "matched": matched,
        "counts": figures(counts), "find": figures(finds), "change_to_visible": figures(changes),
    }))
}

/// Makes customers to bill, or the invoices of the last month for all that have none yet.
pub async fn invoices(
    market: &Market,
    prepare: Option<usize>,
) -> anyhow::Result<serde_json::Value> {
    let month = model::Month::of(market.core().now().day()).previous();
    let began = Instant::now();
    if let Some(customers) = prepare {
        market.seed().await?;
        market::testing::billing::crowd(market, customers, month).await?;
        return Ok(
            serde_json::json!({ "customers": customers, "seconds": began.elapsed().as_secs_f64() }),
        );
    }
    let made = market::testing::billing::run_month(market, month).await?;
    let seconds = began.elapsed().as_secs_f64();
    let (invoices, items, customers, whole) =
        market::testing::billing::audit(market, month).await?;
    if !whole || invoices != customers {
        bail!("{invoices} invoices of {customers} customers; numbers without a gap: {whole}");
    }
    Ok(serde_json::json!({ "engine": market.core().db().engine(), "made": made, "seconds": seconds,
        "invoices": invoices, "items": items, "numbers": "without gaps" }))
}

/// Serves the same bytes to everybody.
pub async fn serve_file(bytes: Vec<u8>, addr: SocketAddr) -> anyhow::Result<()> {
    let bytes = Bytes::from(bytes);
    let answer =
        move || async move { ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], bytes) };
    let app = Router::new().fallback(get(answer));
    let listener = tokio::net::TcpListener::bind(addr).await?;
    Ok(axum::serve(listener, app).await?)
}

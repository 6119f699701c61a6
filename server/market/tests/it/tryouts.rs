//! Tries: one's own subscription pays for them, or the demo, which nobody gets more of than there is.

use std::sync::Arc;

use market::{Error, Market, Settings, Tryout, both_engines, ports::TestClock};
use model::{Credits, Day, OfferingId, Title};
use store::{Db, demos, ledger::Account};

use crate::{assert_proven, call, newcomer, operator, pay_per_use, subscribed};

const VISITOR: &str = "203.0.113.9";

async fn opened(db: Db, settings: Settings) -> Market {
    let market = Market::open(db, settings).await.unwrap();
    market.seed().await.unwrap();
    market
}

/// How many of so many tries at once are let in; each has its own address when they are far apart.
async fn burst(markets: &[Market], tries: usize, apart: bool) -> usize {
    let offering = pay_per_use(&markets[0]);
    let tasks: Vec<_> = (0..tries)
        .map(|n| {
            let market = markets[n % markets.len()].clone();
            let visitor = if apart { format!("198.51.100.{n}") } else { VISITOR.to_owned() };
            tokio::spawn(async move {
                let tryout = market.tryouts().route(None, &visitor, offering).await?;
                call(&market, &tryout.route, 200).await?;
                Ok::<Tryout, Error>(tryout)
            })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(tryout) => {
                assert!(tryout.demo);
                answered += 1;
            }
            Err(Error::Limited { retry_after_s, .. }) => {
                assert!((1..=86_400).contains(&retry_after_s));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    answered
}

async fn demo_balance(market: &Market) -> Credits {
    let customer = demos::customer();
    let wallet = market.wallets().wallet(&operator(market).await, Some(customer)).await;
    wallet.unwrap().balance
}

both_engines! {
    a_visitor_tries_at_the_platforms_cost, |market| {
        let offering = pay_per_use(&market);
        let before = market.catalog().detail(offering).unwrap().provider.id;
        for left in [4, 3, 2, 1, 0] {
            let tryout = market.tryouts().route(None, VISITOR, offering).await.unwrap();
            assert_eq!((tryout.demo, tryout.left), (true, Some(left)));
            assert_eq!(tryout.route.offering, offering);
            call(&market, &tryout.route, 200).await.unwrap();
        }
        let sixth = market.tryouts().route(None, VISITOR, offering).await.unwrap_err();
        assert!(sixth.sentence().contains("Create an account"), "{}", sixth.sentence());
        let neighbour = market.tryouts().route(None, "::ffff:203.0.113.9", offering).await;
        assert!(matches!(neighbour, Err(Error::Limited { .. })), "the same address in other words");
        let another = market.tryouts().route(None, "203.0.113.10", offering).await.unwrap();
        assert_eq!(another.left, Some(4));
        let budget = Credits::whole(50).unwrap();
        assert_eq!(budget.minus(demo_balance(&market).await), Some(Credits::from_micros(5_000)));
        let earned = store::ledger::balance(market.core().db(), Account::Earnings(before)).await.unwrap();
        assert_eq!(earned.unwrap().balance, Credits::from_micros(5_000 - 750), "the provider earns as always");
        assert_proven(&market).await;
        // The calls are listed as all others are.
        let chief = operator(&market).await;
        let usage = market.usage().view(&chief, another.route.resource, 1, 1).await.unwrap();
        assert_eq!((usage.total_requests, usage.requests.len()), (5, 5));
    }

    who_has_a_subscription_pays_with_it, |market| {
        let offering = pay_per_use(&market);
        let (actor, _) = newcomer(&market, "subscriber").await;
        let stranger = market.tryouts().route(Some(&actor), VISITOR, offering).await.unwrap();
        assert!(stranger.demo, "an account alone is no subscription");
        let route = subscribed(&market, &actor, offering).await;
        let before = market.wallets().wallet(&actor, None).await.unwrap().balance;
        for _ in 0..20 {
            let tryout = market.tryouts().route(Some(&actor), VISITOR, offering).await.unwrap();
            assert_eq!((tryout.demo, tryout.left), (false, None));
            assert_eq!((tryout.route.resource, tryout.route.key), (route.resource, route.key));
            call(&market, &tryout.route, 200).await.unwrap();
        }
        let after = market.wallets().wallet(&actor, None).await.unwrap().balance;
        assert_eq!(before.minus(after), Some(Credits::from_micros(20_000)));
        // Without a key it is still the subscriber's.
        let (second, _) = market.keys().create(&actor, route.resource, &"b".parse::<Title>().unwrap()).await.unwrap();
        market.keys().revoke(&actor, route.resource, route.key).await.unwrap();
        let tryout = market.tryouts().route(Some(&actor), VISITOR, offering).await.unwrap();
        assert_eq!(tryout.route.key, second.id, "a revoked key is not named");
        market.keys().revoke(&actor, route.resource, second.id).await.unwrap();
        let tryout = market.tryouts().route(Some(&actor), VISITOR, offering).await.unwrap();
        assert!(!tryout.demo);
        call(&market, &tryout.route, 200).await.unwrap();
        let usage = market.usage().view(&actor, route.resource, 1, 1).await.unwrap();
        assert_eq!((usage.total_requests, usage.requests[0].key_hint.as_str()), (21, ""));
        let (other, _) = newcomer(&market, "other").await;
        assert!(market.tryouts().route(Some(&other), "192.0.2.1", offering).await.unwrap().demo, "it is nobody else's");
        market.resources().terminate(&actor, route.resource).await.unwrap();
        assert!(market.tryouts().route(Some(&actor), VISITOR, offering).await.unwrap().demo);
        assert_proven(&market).await;
    }

    what_cannot_be_asked_is_no_try, |market| {
        let offering = pay_per_use(&market);
        let ask = async |body: &str| market.tryouts().ask(None, VISITOR, offering, body.as_bytes()).await;
        for _ in 0..20 {
            assert!(matches!(ask("{}").await, Err(Error::Invalid(_))));
            let long = format!(r#"{{"messages":[{{"role":"user","content":"{}"}}]}}"#, "x".repeat(9_000));
            assert!(matches!(ask(&long).await, Err(Error::Invalid(_))));
        }
        let (tryout, body) = ask(r#"{"messages":[{}],"max_tokens":4000,"n":3}"#).await.unwrap();
        assert_eq!(tryout.left, Some(4), "the first try");
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["max_tokens"], &body["n"]), (&512.into(), &1.into()));
        assert_eq!(body["model"], tryout.route.slug.as_str());
        let (actor, _) = newcomer(&market, "own").await;
        subscribed(&market, &actor, offering).await;
        let long = format!(r#"{{"messages":["{}"],"max_tokens":4000,"n":3}}"#, "x".repeat(9_000));
        let (_, body) = market.tryouts().ask(Some(&actor), VISITOR, offering, long.as_bytes()).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["max_tokens"], &body["n"]), (&4_000.into(), &3.into()), "who pays is not bounded");
        let nothing = market.core().id(OfferingId::new);
        assert!(matches!(market.tryouts().route(None, VISITOR, nothing).await, Err(Error::Missing("service"))));
    }
}

async fn the_caps_hold(first: Db, second: Option<Db>, budget: i64) -> usize {
    let settings = Settings {
        demo_calls_per_day: 7,
        demo_credits_per_day: Credits::from_micros(budget),
        server_name: "one".to_owned(),
        ..Settings::default()
    };
    let mut markets = vec![opened(first, settings.clone()).await];
    if let Some(db) = second {
        markets.push(
            Market::open(db, Settings { server_name: "two".to_owned(), ..settings }).await.unwrap(),
        );
    }
    assert_eq!(burst(&markets, 100, true).await, 7, "all together");
    assert_eq!(burst(&markets, 20, true).await, 0);
    assert_proven(&markets[0]).await;
    let entries = store::ledger::entries(markets[0].core().db(), demos::customer(), 0, 100).await;
    let entries = entries.unwrap();
    entries.iter().filter(|entry| entry.amount.is_positive()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caps_hold_on_sqlite() {
    assert_eq!(the_caps_hold(market::testing::sqlite().await, None, 50_000_000).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caps_hold_on_two_servers() {
    let (url, _) = market::testing::postgres_url().await;
    let first = Db::open(&url).await.unwrap();
    first.migrate().await.unwrap();
    let second = Db::open(&url).await.unwrap();
    assert_eq!(the_caps_hold(first, Some(second), 50_000_000).await, 1, "the day is paid for once");
}

async fn one_address(db: Db) {
    let settings = Settings { demo_calls_per_address: 7, ..Settings::default() };
    let market = opened(db, settings).await;
    assert_eq!(burst(std::slice::from_ref(&market), 100, false).await, 7);
    // The refused ones have not used up what is for everybody.
    let left = market.tryouts().route(None, "192.0.2.1", pay_per_use(&market)).await.unwrap().left;
    assert_eq!(left, Some(6));
    assert_proven(&market).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_on_sqlite() {
    one_address(market::testing::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_on_postgres() {
    one_address(market::testing::postgres().await).await;
}

/// A new day brings new tries and fills the wallet up; it does not pile budgets up.
async fn days(db: Db) {
    let clock = Arc::new(TestClock::at(1_700_000_000_000));
    let market = market::testing::with_clock(db, Arc::clone(&clock)).await;
    let offering = pay_per_use(&market);
    let budget = Credits::whole(50).unwrap();
    for day in 0..3 {
        for _ in 0..5 {
            let tryout = market.tryouts().route(None, VISITOR, offering).await.unwrap();
            call(&market, &tryout.route, 200).await.unwrap();
        }
        let Err(Error::Limited { retry_after_s, .. }) =
            market.tryouts().route(None, VISITOR, offering).await
        else {
            panic!("a sixth try");
        };
        let midnight = Day::from_number(19_676 + day).start().ms();
        let now = market.core().now().ms();
        assert_eq!(i64::from(retry_after_s), (midnight - now) / 1_000, "until midnight UTC");
        assert_eq!(budget.minus(demo_balance(&market).await), Some(Credits::from_micros(5_000)));
        clock.advance_ms(86_400_000);
    }
    assert_proven(&market).await;
    let rows = store::testing::tamper(market.core().db(), "DELETE FROM demo_calls").await.unwrap();
    assert_eq!(rows, 6, "a visitor and all together, on three days");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_on_sqlite() {
    days(market::testing::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_on_postgres() {
    days(market::testing::postgres().await).await;
}

#[tokio::test]
async fn the_demo_can_be_turned_off() {
    for settings in [
        Settings { demo_credits_per_day: Credits::ZERO, ..Settings::default() },
        Settings { demo_calls_per_address: 0, ..Settings::default() },
        Settings { demo_calls_per_day: 0, ..Settings::default() },
    ] {
        let market = opened(market::testing::sqlite().await, settings).await;
        let offering = pay_per_use(&market);
        assert!(!market.tryouts().has_demo());
        let refused = market.tryouts().route(None, VISITOR, offering).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        let (actor, _) = newcomer(&market, "own").await;
        subscribed(&market, &actor, offering).await;
        assert!(!market.tryouts().route(Some(&actor), VISITOR, offering).await.unwrap().demo);
    }
}

#[tokio::test]
async fn an_empty_wallet_ends_the_demo() {
    let settings =
        Settings { demo_credits_per_day: Credits::from_micros(2_500), ..Settings::default() };
    let market = opened(market::testing::sqlite().await, settings).await;
    let offering = pay_per_use(&market);
    let mut answered = 0;
    for _ in 0..5 {
        let tryout = market.tryouts().route(None, VISITOR, offering).await.unwrap();
        match call(&market, &tryout.route, 200).await {
            Ok(_) => answered += 1,
            Err(Error::Unpaid { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(answered, 2);
    assert_proven(&market).await;
}

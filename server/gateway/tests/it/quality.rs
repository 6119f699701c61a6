//! What calls and probes leave behind in the measured quality.

use std::{sync::Arc, time::Duration};

use gateway::{Config, Gateway, Prober};
use http_body_util::BodyExt as _;
use market::{Market, Settings, both_engines, ports::TestClock, testing};
use model::{CatalogQuery, ErrorCounts, OfferingId, QualityView, ServiceStatus};
use serde_json::json;

use crate::{
    Buyer, DONE, FINISH, USAGE, chunk, completion, text,
    upstream::{Act, Upstream},
};

/// What was measured so far.
async fn view(market: &Market, offering: OfferingId) -> QualityView {
    market.quality().roll_up().await.unwrap();
    market.quality().view(offering).await.unwrap()
}

fn offering(buyer: &Buyer) -> OfferingId {
    buyer.market.catalog().named(&buyer.model).unwrap().service.id
}

/// Waits for less than tests usually do.
fn impatient(market: &Market) -> Gateway {
    let patience = Duration::from_millis(700);
    let config = Config {
        allow_private: true,
        first_byte: patience,
        between_bytes: patience,
        ..Config::default()
    };
    Gateway::new(market.clone(), config)
}

both_engines! {
    failures_are_counted_by_kind_and_the_callers_own_are_not, |market| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let cut = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";
        let cut = Act::Write { pieces: vec![cut.to_owned(), "{".to_owned()], pause: Duration::ZERO, hang: false };
        let refused = r#"{"error":{"message":"no"}}"#;
        let one = |kind: &str| {
            let n = |k: &str| u64::from(k == kind);
            ErrorCounts { unreachable: n("unreachable"), timeout: n("timeout"), status: n("status"), cut: n("cut"), malformed: n("malformed") }
        };
        let stream = |events: &[String], hang| Act::events(events, hang);
        let cases = [
            (false, Act::json(200, &completion(10, 4)), Some("")),
            (true, stream(&[chunk("hello"), FINISH.to_owned(), USAGE.to_owned(), DONE.to_owned()], false), Some("")),
            // An end without a word of what was used is one all the same.
            (true, stream(&[chunk("hello"), FINISH.to_owned(), DONE.to_owned()], false), Some("")),
            (false, Act::json(500, "{}"), Some("status")),
            (false, Act::json(503, "{}"), Some("status")),
            (false, Act::json(401, "{}"), Some("status")),
            (false, Act::json(302, "{}"), Some("status")),
            (false, Act::json(200, "not json"), Some("malformed")),
            (false, Act::json(200, "{}"), Some("malformed")),
            (true, stream(&[DONE.to_owned()], false), Some("malformed")),
            (false, cut, Some("cut")),
            (true, Act::raw(head), Some("cut")),
            (true, stream(&[chunk("hello")], false), Some("cut")),
            (true, stream(&[chunk("hello")], true), Some("timeout")),
            (false, Act::Silence, Some("timeout")),
            (false, Act::json(400, refused), None),
            (false, Act::json(404, refused), None),
            (false, Act::json(413, refused), None),
            (false, Act::json(415, "no JSON"), None),
            (false, Act::json(422, refused), None),
            (false, Act::json(429, refused), None),
            (false, Act::HangUp, Some("unreachable")),
        ];
        let upstream = Upstream::start(cases.iter().map(|(_, act, _)| act.clone()).collect()).await;
        let mut buyer = Buyer::of(market, &upstream.url).await;
        buyer.gateway = impatient(&buyer.market);
        let offering = offering(&buyer);
        let mut before = view(&buyer.market, offering).await;
        for (streamed, act, expected) in cases {
            let _ = text(buyer.post(&buyer.body(&json!({ "stream": streamed }))).await).await;
            assert!(buyer.gateway.drain(Duration::from_secs(5)).await);
            let after = view(&buyer.market, offering).await;
            let counted = u64::from(expected.is_some());
            assert_eq!(after.calls, before.calls + counted, "{act:?}");
            let (mut errors, one) = (before.errors, one(expected.unwrap_or_default()));
            errors.unreachable += one.unreachable;
            errors.timeout += one.timeout;
            errors.status += one.status;
            errors.cut += one.cut;
            errors.malformed += one.malformed;
            assert_eq!(after.errors, errors, "{act:?}");
            before = after;
        }
        // What is refused before the upstream is asked says nothing about it.
        let other = buyer.body(&json!({ "model": "another" }));
        assert_eq!(buyer.post(&other).await.status(), 404);
        assert_eq!(buyer.post(&json!({})).await.status(), 400);
        let after = view(&buyer.market, offering).await;
        assert_eq!((after.calls, after.probes, after.peak_concurrency), (before.calls, 0, 1));
        let block = after.hours.iter().fold((0, 0), |sum, b| (sum.0 + b.samples, sum.1 + b.failed));
        assert_eq!(block, (after.calls, after.errors.total()));
    }

    who_leaves_early_does_not_count_and_who_leaves_later_was_answered, |market| {
        let (_open, gate) = tokio::sync::watch::channel(false);
        let tokens: Vec<String> = (0..1_000).map(|_| chunk("12345678")).collect();
        let role = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n".to_owned();
        let upstream = Upstream::start(vec![
            Act::events(std::slice::from_ref(&role), true),
            Act::events_every(&tokens, Duration::from_millis(10)),
            Act::json_when(gate, "{}"),
        ]).await;
        let buyer = Buyer::of(market, &upstream.url).await;
        let offering = offering(&buyer);
        let stream = buyer.body(&json!({ "stream": true }));
        for expected in [0, 1] {
            let mut response = buyer.post(&stream).await;
            response.body_mut().frame().await.unwrap().unwrap();
            drop(response);
            assert!(buyer.gateway.drain(Duration::from_secs(5)).await);
            let seen = view(&buyer.market, offering).await;
            assert_eq!((seen.calls, seen.errors), (expected, ErrorCounts::default()));
        }
    }

    what_answers_took_becomes_figures, |market| {
        let mut script: Vec<String> = (0..12).map(|_| chunk("12345678")).collect();
        script.extend([FINISH, USAGE, DONE].map(str::to_owned));
        let upstream = Upstream::start_always(Act::events_every(&script, Duration::from_millis(4))).await;
        let buyer = Arc::new(Buyer::of(market, &upstream.url).await);
        let offering = offering(&buyer);
        for _ in 0..10 {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..10 {
                let buyer = Arc::clone(&buyer);
                tasks.spawn(async move {
                    let body = buyer.body(&json!({ "stream": true, "max_tokens": 100 }));
                    text(buyer.post(&body).await).await
                });
            }
            while let Some(answer) = tasks.join_next().await {
                assert!(answer.unwrap().contains("[DONE]"));
            }
        }
        let seen = view(&buyer.market, offering).await;
        assert_eq!((seen.calls, seen.errors.total()), (100, 0));
        let measured = seen.measured;
        assert_eq!((measured.uptime7d, measured.uptime30d), (Some(100.0), Some(100.0)));
        let (p50, p99) = (measured.latency_p50.unwrap(), measured.latency_p99.unwrap());
        assert!((4..5_000).contains(&p50) && p50 <= p99, "{measured:?}");
        // Forty tokens, of which 39 in 14 pauses of at least 4 ms.
        let tps = measured.throughput_tps.unwrap();
        assert!(tps > 1.0 && tps < 39.0 / 0.050, "{tps}");
        assert!((2..=10).contains(&seen.peak_concurrency), "{}", seen.peak_concurrency);
    }
}

/// A started marketplace whose clock the test moves.
async fn started(postgres: bool) -> (Market, Arc<TestClock>) {
    let clock = Arc::new(TestClock::at(1_773_138_600_000));
    let db = if postgres { testing::postgres().await } else { testing::sqlite().await };
    let market = testing::with_clock(db, Arc::clone(&clock)).await;
    market.start().await.unwrap();
    (market, clock)
}

/// How many services have something to ask and are open.
fn open(market: &Market) -> usize {
    let catalog = market.catalog();
    let all = catalog.find(&CatalogQuery { page_size: 100, ..CatalogQuery::default() });
    let now = market.core().now();
    all.services
        .iter()
        .filter(|s| s.callable && s.service.status != ServiceStatus::Maintenance)
        .filter(|s| catalog.open_state(s.service.id, now).open)
        .count()
}

/// Every service is asked once in a period, whatever the rounds; nobody is charged.
async fn probes(postgres: bool) {
    let (market, clock) = started(postgres).await;
    let upstream = Upstream::start_always(Act::json(200, &completion(9, 1))).await;
    let buyer = Buyer::of(market.clone(), &upstream.url).await;
    let offering = offering(&buyer);
    // All of the test is within the time that one heartbeat is good for.
    let every = Duration::from_secs(9);
    let mut prober = Prober::new(&buyer.gateway, every);
    assert_eq!(prober.round().await.unwrap(), 0, "no time has passed");
    clock.advance_ms(9_000);
    let expected = open(&market);
    assert!(expected > 20);
    assert_eq!(prober.round().await.unwrap(), expected);
    assert_eq!(prober.round().await.unwrap(), 0);
    let mut most = 0;
    for _ in 0..20 {
        clock.advance_ms(450);
        most = most.max(prober.round().await.unwrap());
    }
    assert!(most < expected / 2, "{most} of {expected} at once");
    let bodies = upstream.bodies().await;
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    let body: serde_json::Value = serde_json::from_str(&bodies[0]).unwrap();
    assert_eq!((&body["model"], &body["max_tokens"]), (&json!("real-model"), &json!(1)));
    let seen = view(&market, offering).await;
    assert_eq!((seen.calls, seen.probes, seen.errors.total()), (0, 2, 0));
    assert_eq!(buyer.spent().await, model::Credits::ZERO);
    let instances = market.resources().list(&buyer.actor).await.unwrap();
    let usage = market.usage().view(&buyer.actor, instances[0].instance_id, 1, 1).await.unwrap();
    assert!(usage.requests.is_empty());
    market.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_is_asked_once_in_a_period_sqlite() {
    probes(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_is_asked_once_in_a_period_postgres() {
    probes(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_that_is_refused_says_nothing_and_one_that_fails_does() {
    let (market, clock) = started(false).await;
    let acts = [400, 422, 429, 404, 500, 200].map(|status| Act::json(status, "{}"));
    let upstream = Upstream::start(acts.to_vec()).await;
    let buyer = Buyer::of(market.clone(), &upstream.url).await;
    let mut prober = Prober::new(&buyer.gateway, Duration::from_secs(10));
    let mut counted = Vec::new();
    for round in 0..7 {
        clock.advance_ms(10_000);
        if round > 0 {
            // Says that it is alive at this time of the test's.
            market.start().await.unwrap();
        }
        prober.round().await.unwrap();
        let seen = view(&market, offering(&buyer)).await;
        counted.push((seen.probes, seen.errors.status, seen.errors.malformed));
        assert!(seen.probes < 6 || seen.errors.unreachable == 1);
    }
    let expected = [(0, 0, 0), (0, 0, 0), (0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 2, 1)];
    assert_eq!(counted, expected);
    market.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_the_first_asks() {
    let (one, clock) = started(true).await;
    let upstream = Upstream::start_always(Act::json(200, &completion(9, 1))).await;
    let buyer = Buyer::of(one.clone(), &upstream.url).await;
    // Ids are in the order of time.
    clock.advance_ms(10);
    let settings = Settings { server_name: "two".to_owned(), ..Settings::default() };
    let two = Market::open_with(
        one.core().db().alone().await.unwrap(),
        settings,
        clock.clone(),
        Arc::new(market::ports::SystemEntropy),
    );
    let two = two.await.unwrap();
    two.start().await.unwrap();
    let every = Duration::from_secs(10);
    let mut first = Prober::new(&buyer.gateway, every);
    let mut second = Prober::new(&impatient(&two), every);
    clock.advance_ms(10_000);
    assert_eq!(second.round().await.unwrap(), 0);
    assert!(first.round().await.unwrap() > 20);
    assert_eq!(upstream.bodies().await.len(), 1);
    // The second takes over, without making up for what it left to the first.
    one.stop().await.unwrap();
    clock.advance_ms(10_000);
    two.start().await.unwrap();
    assert!(second.round().await.unwrap() > 20);
    assert_eq!(upstream.bodies().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probing_goes_on_until_it_is_stopped() {
    let market = testing::market().await;
    market.start().await.unwrap();
    let upstream = Upstream::start_always(Act::json(200, &completion(9, 1))).await;
    let buyer = Buyer::of(market.clone(), &upstream.url).await;
    let probing = buyer.gateway.probe(Duration::from_secs(1));
    let asked = async {
        while upstream.bodies().await.len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), asked).await.unwrap();
    probing.stop().await;
    let asked = upstream.bodies().await.len();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(upstream.bodies().await.len(), asked);
    market.stop().await.unwrap();
}

//! Measured quality: counting, writing, summing up, and what the catalogue makes of it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use market::{
    Answered, Failure, Histogram, Market, Settings,
    ports::{SystemEntropy, TestClock},
    testing,
};
use model::{CatalogQuery, Choice, ErrorCounts, OfferingId, ServerId, Sort, Timestamp};
use store::{
    Db,
    quality::{Counts, Span, Window},
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Marketplaces on one database, with one clock.
struct Lab {
    db: Db,
    clock: Arc<TestClock>,
}

impl Lab {
    fn new(db: Db, now: &str) -> Self {
        let now: Timestamp = now.parse().unwrap();
        Self { db, clock: Arc::new(TestClock::at(now.ms())) }
    }

    fn now(&self) -> Timestamp {
        market::ports::Clock::now(&*self.clock)
    }

    /// Another server.
    async fn server(&self, name: &str) -> Market {
        let settings = Settings { server_name: name.to_owned(), ..Settings::default() };
        let clock = Arc::clone(&self.clock);
        let market =
            Market::open_with(self.db.clone(), settings, clock, Arc::new(SystemEntropy)).await;
        let market = market.unwrap();
        market.seed().await.unwrap();
        market
    }

    /// Every row of a span, whoever's.
    async fn rows(&self, span: Span, of: &[OfferingId]) -> Vec<Window> {
        let mut tx = self.db.snapshot().await.unwrap();
        let (from, until) = (Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX));
        store::quality::windows(&mut tx, span, of, from, until).await.unwrap()
    }
}

/// Services that are on sale.
fn services(market: &Market, n: usize) -> Vec<OfferingId> {
    let query = CatalogQuery { page_size: 100, ..CatalogQuery::default() };
    let mut ids: Vec<_> =
        market.catalog().find(&query).services.iter().map(|found| found.service.id).collect();
    ids.sort();
    ids.truncate(n);
    assert_eq!(ids.len(), n);
    ids
}

fn took(ms: u64) -> Answered {
    let first_token = Some(Duration::from_millis(ms));
    Answered { first_token, total: first_token, speed: Some(ms * 1_000) }
}

/// Runs a test of a database on both engines.
macro_rules! on_both {
    ($($name:ident)+) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::tests::$name(market::testing::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::tests::$name(market::testing::postgres().await).await;
            }
        }
    )+ };
}

on_both! {
    a_figure_needs_a_hundred_samples
    figures_reach_the_catalogue
    sums_are_those_of_every_sample
    rows_are_written_whole_and_survive_a_kill
    what_is_old_is_removed
    the_first_living_server_leads
}

mod tests {
    use super::*;

    pub async fn a_figure_needs_a_hundred_samples(db: Db) {
        let lab = Lab::new(db, "2026-03-10T10:30:00Z");
        let market = lab.server("one").await;
        let offering = services(&market, 1)[0];
        let gauge = market.quality().gauge(offering);
        for n in 0..99 {
            // Probes count like calls.
            if n % 3 == 0 {
                gauge.probe(lab.now(), Ok(Duration::from_millis(200)));
            } else {
                gauge.call(lab.now(), Ok(took(200)));
            }
        }
        market.quality().roll_up().await.unwrap();
        let view = market.quality().view(offering).await.unwrap();
        assert_eq!((view.calls, view.probes, view.samples_needed), (66, 33, 100));
        assert_eq!(view.measured, model::ServiceMetrics::default());
        assert_eq!(view.updated_at, Some("2026-03-10T10:30:00Z".parse().unwrap()));
        assert_eq!((view.hours.len(), view.days.len()), (72, 30));
        assert_eq!((view.hours[71].samples, view.days[29].samples), (99, 99));
        assert_eq!(view.hours[71].start, "2026-03-10T10:00:00Z".parse().unwrap());
        assert_eq!(view.hours[70].uptime(), None);

        gauge.call(lab.now(), Err(Failure::Status));
        market.quality().roll_up().await.unwrap();
        let view = market.quality().view(offering).await.unwrap();
        let measured = view.measured;
        assert_eq!((measured.uptime7d, measured.uptime30d), (Some(99.0), Some(99.0)));
        assert_eq!(view.errors, ErrorCounts { status: 1, ..ErrorCounts::default() });
        assert_eq!((measured.latency_p50, measured.throughput_tps), (None, None), "99 were timed");
        gauge.call(lab.now(), Ok(took(200)));
        market.quality().roll_up().await.unwrap();
        let measured = market.quality().view(offering).await.unwrap().measured;
        let p50 = measured.latency_p50.unwrap();
        assert!((194..=206).contains(&p50), "{p50}");
        assert_eq!(measured.throughput_rps, None, "68 calls");
        for _ in 0..33 {
            gauge.call(lab.now(), Ok(took(200)));
        }
        market.quality().roll_up().await.unwrap();
        let measured = market.quality().view(offering).await.unwrap().measured;
        assert_eq!(measured.throughput_rps, Some(1.683), "101 calls in a minute");
        assert!(measured.throughput_tps.unwrap() > 190.0);
        // A week and an hour later nothing of it counts for the week, and a month later nothing at all.
        lab.clock.advance_ms(7 * 24 * HOUR);
        market.quality().roll_up().await.unwrap();
        let view = market.quality().view(offering).await.unwrap();
        assert_eq!(
            (view.calls, view.measured.uptime7d, view.measured.latency_p50),
            (0, None, None)
        );
        assert!(view.measured.uptime30d.is_some() && view.measured.throughput_rps.is_none());
        let stored = store::figures::quality(&lab.db, Some(offering)).await.unwrap()[0].1;
        assert!(
            stored.uptime7d.is_none() && stored.uptime30d.is_some(),
            "computed again by itself"
        );
        lab.clock.advance_ms(30 * 24 * HOUR);
        market.quality().roll_up().await.unwrap();
        let stored = store::figures::quality(&lab.db, Some(offering)).await.unwrap()[0].1;
        assert_eq!(stored, store::figures::Quality::default());
        let nobody = OfferingId::new(1, [0; 10]);
        assert!(matches!(market.quality().view(nobody).await, Err(market::Error::Missing(_))));
    }

    pub async fn figures_reach_the_catalogue(db: Db) {
        let lab = Lab::new(db, "2026-03-10T10:30:00Z");
        let market = lab.server("one").await;
        let ids = services(&market, 3);
        let [slow, fast, rare] = ids[..] else { panic!() };
        for _ in 0..120 {
            market.quality().gauge(slow).call(lab.now(), Ok(took(400)));
            market.quality().gauge(fast).call(lab.now(), Ok(took(50)));
        }
        for _ in 0..3 {
            market.quality().gauge(fast).call(lab.now(), Err(Failure::Unreachable));
        }
        market.quality().gauge(rare).call(lab.now(), Ok(took(1)));
        market.quality().roll_up().await.unwrap();
        assert_eq!(market.catalog().detail(slow).unwrap().service.metrics.uptime7d, None);
        market.refresh_figures().await.unwrap();
        let catalog = market.catalog();
        let found = |query: &CatalogQuery| -> Vec<OfferingId> {
            let found = catalog.find(query).services;
            found.iter().map(|detail| detail.service.id).collect()
        };
        let sorted = |sort| {
            let query = CatalogQuery { sort: Some(sort), ..CatalogQuery::default() };
            found(&query)[..2].to_vec()
        };
        assert_eq!(sorted(Sort::Latency), [fast, slow]);
        assert_eq!(sorted(Sort::Uptime), [slow, fast]);
        let with = |choice: Choice| found(&CatalogQuery::default().with(choice));
        assert_eq!(with(Choice::Uptime(99_000)), [slow]);
        assert_eq!(with(Choice::Latency(100)), [fast]);
        assert_eq!(with(Choice::Throughput(100)), [slow]);
        let shown = catalog.detail(fast).unwrap().service.metrics;
        assert_eq!(shown, market.quality().view(fast).await.unwrap().measured);
        assert_eq!(shown.uptime7d, Some(97.56));
    }

    /// What the test itself counts.
    #[derive(Default)]
    struct Ledger {
        counts: Counts,
        first_token: Histogram,
        minutes: BTreeMap<i64, u64>,
    }

    type Truth = BTreeMap<(OfferingId, i64), Ledger>;

    fn holds(rows: &[Window], truth: &Truth, peak: u64) {
        assert_eq!(rows.len(), truth.len());
        for row in rows {
            let expected = &truth[&(row.offering, row.start.ms())];
            assert_eq!(row.counts, expected.counts);
            assert_eq!(Histogram::from_bytes(&row.first_token).unwrap(), expected.first_token);
            assert_eq!(row.peak_minute, expected.minutes.values().copied().max().unwrap_or(0));
            assert_eq!((row.server, row.peak_running), (None, peak));
        }
    }

    pub async fn sums_are_those_of_every_sample(db: Db) {
        // From the evening to the next morning, in UTC.
        let lab = Lab::new(db, "2026-03-10T21:40:10Z");
        let servers = [lab.server("one").await, lab.server("two").await];
        let ids = services(&servers[0], 3);
        let (mut hours, mut days) = (Truth::new(), Truth::new());
        let mut dice = 12_345_u64;
        let mut roll = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) % sides
        };
        for step in 0..400 {
            lab.clock.advance_ms(i64::try_from(roll(80_000)).unwrap());
            let now = lab.now();
            let offering = ids[usize::try_from(roll(3)).unwrap()];
            let server = &servers[usize::try_from(roll(2)).unwrap()];
            let gauge = server.quality().gauge(offering);
            for _ in 0..=roll(3) {
                let (kind, ms) = (roll(8), roll(5_000));
                let error = match kind {
                    0 => Some(Failure::Timeout),
                    1 => Some(Failure::Malformed),
                    _ => None,
                };
                match (kind, error) {
                    (_, Some(error)) => gauge.call(now, Err(error)),
                    (2, None) => gauge.probe(now, Ok(Duration::from_millis(ms))),
                    (_, None) => gauge.call(now, Ok(took(ms))),
                }
                for (truth, span) in [(&mut hours, Span::Hour), (&mut days, Span::Day)] {
                    let told = truth.entry((offering, span.start(now).ms())).or_default();
                    told.counts.errors.timeout += u64::from(kind == 0);
                    told.counts.errors.malformed += u64::from(kind == 1);
                    told.counts.probes += u64::from(kind == 2);
                    told.counts.calls += u64::from(kind != 2);
                    *told.minutes.entry(Span::Minute.start(now).ms()).or_default() +=
                        u64::from(kind != 2);
                    if error.is_none() {
                        told.first_token.record(ms * 1_000);
                    }
                }
            }
            if step % 7 == 0 {
                server.quality().flush().await.unwrap();
            }
            if step % 31 == 0 {
                servers[usize::from(step % 2 == 0)].quality().roll_up().await.unwrap();
            }
        }
        assert!(days.len() > 3 && hours.len() > 9, "the test crosses midnight");
        for server in &servers {
            server.quality().flush().await.unwrap();
        }
        servers[0].quality().roll_up().await.unwrap();
        let rows = [lab.rows(Span::Hour, &ids).await, lab.rows(Span::Day, &ids).await];
        holds(&rows[0], &hours, 0);
        holds(&rows[1], &days, 0);
        // Whoever does it again, and from however far back, leaves the same behind.
        let third = lab.server("three").await;
        for server in [&servers[0], &servers[1], &third] {
            server.quality().roll_up().await.unwrap();
            let again = [lab.rows(Span::Hour, &ids).await, lab.rows(Span::Day, &ids).await];
            assert_eq!(again, rows);
        }
    }

    pub async fn rows_are_written_whole_and_survive_a_kill(db: Db) {
        let lab = Lab::new(db, "2026-03-10T10:30:20Z");
        let one = lab.server("one").await;
        let ids = services(&one, 1);
        let calls = |market: &Market, n: u32| {
            let gauge = market.quality().gauge(ids[0]);
            let _running = gauge.begin();
            for _ in 0..n {
                gauge.call(lab.now(), Ok(took(5)));
            }
        };
        calls(&one, 3);
        one.quality().flush().await.unwrap();
        let written = lab.rows(Span::Minute, &ids).await;
        assert_eq!((written.len(), written[0].counts.calls, written[0].peak_running), (1, 3, 1));
        one.quality().flush().await.unwrap();
        assert_eq!(lab.rows(Span::Minute, &ids).await, written, "nothing new, nothing written");
        calls(&one, 4);
        one.quality().flush().await.unwrap();
        let written = lab.rows(Span::Minute, &ids).await;
        assert_eq!((written.len(), written[0].counts.calls), (1, 7), "the whole minute, once");
        // Killed: what was not written is lost, and a new life counts in rows of its own.
        calls(&one, 100);
        drop(one);
        let two = lab.server("one").await;
        calls(&two, 5);
        two.quality().roll_up().await.unwrap();
        assert_eq!(lab.rows(Span::Minute, &ids).await.len(), 2);
        let hours = lab.rows(Span::Hour, &ids).await;
        assert_eq!((hours.len(), hours[0].counts.calls, hours[0].peak_minute), (1, 12, 12));
        // Minutes that ended since the last writing are written, too.
        calls(&two, 6);
        lab.clock.advance_ms(5 * MINUTE);
        calls(&two, 1);
        two.quality().flush().await.unwrap();
        let minutes = lab.rows(Span::Minute, &ids).await;
        assert_eq!(minutes.iter().map(|w| w.counts.calls).sum::<u64>(), 7 + 11 + 1);
    }

    pub async fn what_is_old_is_removed(db: Db) {
        let lab = Lab::new(db, "2026-03-10T10:30:20Z");
        let market = lab.server("one").await;
        let ids = services(&market, 2);
        let gauge = market.quality().gauge(ids[0]);
        gauge.call(lab.now(), Ok(took(5)));
        market.quality().roll_up().await.unwrap();
        for (after, spans) in [(47, [1, 1, 1]), (3, [0, 1, 1]), (39 * 24, [0, 0, 1])] {
            lab.clock.advance_ms(after * HOUR);
            market.quality().roll_up().await.unwrap();
            for (span, expected) in [Span::Minute, Span::Hour, Span::Day].into_iter().zip(spans) {
                assert_eq!(lab.rows(span, &ids).await.len(), expected, "{span:?} after {after} h");
            }
        }
        lab.clock.advance_ms(365 * 24 * HOUR);
        market.quality().roll_up().await.unwrap();
        assert!(lab.rows(Span::Day, &ids).await.is_empty());
        assert_eq!(market.quality().view(ids[0]).await.unwrap().updated_at, None);
        // No more than so many at once, the oldest first.
        let other = market.quality().gauge(ids[1]);
        for _ in 0..5 {
            other.call(lab.now(), Ok(took(5)));
            lab.clock.advance_ms(MINUTE);
        }
        market.quality().flush().await.unwrap();
        let removed = store::quality::sweep(&lab.db, Span::Minute, lab.now(), 2).await.unwrap();
        let left = lab.rows(Span::Minute, &ids).await;
        assert_eq!((removed, left.len()), (2, 3));
        assert_eq!(left[0].start, Span::Minute.start(lab.now().plus_ms(-3 * MINUTE)));
    }

    pub async fn the_first_living_server_leads(db: Db) {
        let lab = Lab::new(db, "2026-03-10T10:30:20Z");
        let market = lab.server("one").await;
        assert!(!market.quality().leads().await.unwrap(), "it has not begun to work");
        market.start().await.unwrap();
        assert!(market.quality().leads().await.unwrap());
        let (older, younger) = (ServerId::new(1, [1; 10]), ServerId::new(i64::MAX >> 17, [1; 10]));
        let beat = |id: ServerId, ago: i64| {
            let (db, now) = (lab.db.clone(), lab.now().plus_ms(-ago));
            async move { store::servers::beat(&db, id, "other", now).await.unwrap() }
        };
        beat(younger, 0).await;
        beat(older, 20_000).await;
        assert!(market.quality().leads().await.unwrap(), "the older one is silent");
        beat(older, 0).await;
        assert!(!market.quality().leads().await.unwrap());
        market.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_writes_what_it_has_counted() {
    let (url, _) = testing::postgres_url().await;
    let db = Db::open(&url).await.unwrap();
    db.migrate().await.unwrap();
    let lab = Lab::new(db, "2026-03-10T10:30:20Z");
    let one = lab.server("one").await;
    let ids = services(&one, 1);
    one.quality().gauge(ids[0]).call(lab.now(), Ok(took(5)));
    one.stop().await.unwrap();
    let lab = Lab { db: Db::open(&url).await.unwrap(), ..lab };
    assert_eq!(lab.rows(Span::Minute, &ids).await.len(), 1);
}

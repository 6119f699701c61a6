//! Counting what is happening: one gauge for each offering that is called or probed, kept until it is written.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use model::{OfferingId, ServerId, Timestamp};
use store::quality::{Span, Window};

use super::tally::{Failure, Tally};

/// How many finished minutes are kept while the database is away.
const KEPT: usize = 120;

/// What an answer to a call was like. Parts that could not be measured are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answered {
    /// From sending the request to the first token.
    pub first_token: Option<Duration>,
    /// From sending the request to the end.
    pub total: Option<Duration>,
    /// Thousandths of a token per second, after the first token.
    pub speed: Option<u64>,
}

/// Measures one offering on this server. A call locks nothing but its own offering's gauge, and that for less than a
/// microsecond.
#[derive(Debug)]
pub struct Gauge {
    offering: OfferingId,
    running: AtomicU32,
    /// The most that ran at once since the last sample.
    peak: AtomicU32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The beginning of the minute that is counted.
    minute: Timestamp,
    tally: Tally,
    /// How many samples were counted ever, and how many of them are in rows that were written or are in `done`.
    counted: u64,
    settled: u64,
    /// Minutes that are over and not written.
    done: VecDeque<(Timestamp, Tally)>,
}

impl State {
    /// Begins another minute when it is time. A clock that is set back goes on counting the minute it was in.
    fn turn(&mut self, now: Timestamp) {
        let minute = Span::Minute.start(now);
        if minute <= self.minute {
            return;
        }
        if self.counted == self.settled {
            self.tally.clear();
        } else {
            if self.done.len() >= KEPT {
                self.done.pop_front();
            }
            self.done.push_back((self.minute, std::mem::take(&mut self.tally)));
            self.settled = self.counted;
        }
        self.minute = minute;
    }
}

/// A running call; dropping it ends it.
#[derive(Debug)]
pub struct Running(Arc<Gauge>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How far a gauge had come when its rows were made.
#[derive(Debug)]
pub(super) struct Mark {
    minute: Timestamp,
    counted: u64,
    done: usize,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Gauge {
    fn new(offering: OfferingId) -> Self {
        Self {
            offering,
            running: AtomicU32::new(0),
            peak: AtomicU32::new(0),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call as running.
    pub fn begin(self: &Arc<Self>) -> Running {
        let running = self.running.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        self.peak.fetch_max(running, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    fn count(&self, now: Timestamp, add: impl FnOnce(&mut Tally)) {
        let running = self.running.load(Ordering::Relaxed);
        let peak = self.peak.swap(running, Ordering::Relaxed).max(running);
        let mut state = self.state();
        state.turn(now);
        state.counted += 1;
        let tally = &mut state.tally;
        tally.peak_running = tally.peak_running.max(u64::from(peak));
        add(tally);
    }

    /// Counts a call that the provider has answered or failed. What is the caller's own doing is not counted at all.
    pub fn call(&self, now: Timestamp, outcome: Result<Answered, Failure>) {
        self.count(now, |tally| {
            tally.counts.calls += 1;
            tally.peak_minute += 1;
            match outcome {
                Ok(answered) => {
                    for (histogram, value) in [
                        (&mut tally.first_token, answered.first_token.map(micros)),
                        (&mut tally.total, answered.total.map(micros)),
                        (&mut tally.speed, answered.speed),
                    ] {
                        if let Some(value) = value {
                            histogram.record(value);
                        }
                    }
                }
                Err(failure) => tally.fail(failure),
            }
        });
    }

    /// Counts a probe, with how long the answer took.
    pub fn probe(&self, now: Timestamp, outcome: Result<Duration, Failure>) {
        self.count(now, |tally| {
            tally.counts.probes += 1;
            match outcome {
                Ok(time) => tally.first_token.record(micros(time)),
                Err(failure) => tally.fail(failure),
            }
        });
    }

    /// Adds the rows that are not written yet, each with its whole content; none when there is nothing new.
    pub(super) fn unsaved(
        &self,
        now: Timestamp,
        server: ServerId,
        rows: &mut Vec<Window>,
    ) -> Option<Mark> {
        let mut state = self.state();
        state.turn(now);
        let fresh = state.counted != state.settled;
        if !fresh && state.done.is_empty() {
            return None;
        }
        let row =
            |(start, tally): (&Timestamp, &Tally)| tally.row(self.offering, *start, Some(server));
        rows.extend(state.done.iter().map(|(start, tally)| row((start, tally))));
        if fresh {
            rows.push(row((&state.minute, &state.tally)));
        }
        Some(Mark { minute: state.minute, counted: state.counted, done: state.done.len() })
    }

    /// Notes that rows were written.
    pub(super) fn saved(&self, mark: &Mark) {
        let mut state = self.state();
        let done = mark.done.min(state.done.len());
        state.done.drain(..done);
        if state.minute == mark.minute {
            state.settled = mark.counted;
        }
    }

    /// Nothing is lost when it is made anew: it has no row of the running minute and none to write.
    fn is_idle(&self) -> bool {
        let state = self.state();
        state.done.is_empty() && state.tally.is_empty()
    }
}

/// The gauges of this server.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    known: Mutex<HashMap<OfferingId, Arc<Gauge>>>,
    /// One writing at a time.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// When this server last made hours and days of minutes; none while another does.
    pub(super) rolled: Mutex<Option<Timestamp>>,
}

impl Gauges {
    fn known(&self) -> MutexGuard<'_, HashMap<OfferingId, Arc<Gauge>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The gauge of an offering. Who calls often keeps it.
    pub fn of(&self, offering: OfferingId) -> Arc<Gauge> {
        let mut known = self.known();
        Arc::clone(known.entry(offering).or_insert_with(|| Arc::new(Gauge::new(offering))))
    }

    pub(super) fn all(&self) -> Vec<Arc<Gauge>> {
        self.known().values().cloned().collect()
    }

    /// Forgets the gauges that nobody holds and that have nothing to say.
    pub(super) fn forget_idle(&self) {
        self.known().retain(|_, gauge| Arc::strong_count(gauge) > 1 || !gauge.is_idle());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn rows(gauge: &Gauge, now: i64) -> (Vec<Window>, Option<Mark>) {
        let mut rows = Vec::new();
        let mark = gauge.unsaved(at(now), ServerId::new(1, [1; 10]), &mut rows);
        (rows, mark)
    }

    #[test]
    fn minutes_are_written_until_they_are_over() {
        let gauges = Gauges::default();
        let gauge = gauges.of(OfferingId::new(1, [7; 10]));
        assert!(rows(&gauge, 5_000).1.is_none());
        gauge.call(at(10_000), Ok(Answered::default()));
        let (first, mark) = rows(&gauge, 15_000);
        assert_eq!((first.len(), first[0].counts.calls), (1, 1));
        // A sample between making the row and writing it is in the next row of the same minute.
        gauge.call(at(16_000), Err(Failure::Cut));
        gauge.saved(&mark.unwrap());
        let (second, mark) = rows(&gauge, 20_000);
        assert_eq!((second[0].start, second[0].counts.calls), (at(0), 2));
        assert_eq!(second[0].counts.errors.cut, 1);
        gauge.saved(&mark.unwrap());
        assert!(rows(&gauge, 25_000).1.is_none());
        // The minute turns while rows are being written: nothing is lost, nothing counted twice.
        gauge.call(at(59_000), Ok(Answered::default()));
        let (_, mark) = rows(&gauge, 59_500);
        gauge.probe(at(61_000), Ok(Duration::from_millis(3)));
        gauge.saved(&mark.unwrap());
        let (both, mark) = rows(&gauge, 62_000);
        let counts: Vec<_> =
            both.iter().map(|w| (w.start.ms(), w.counts.calls, w.counts.probes)).collect();
        assert_eq!(counts, [(0, 3, 0), (60_000, 0, 1)]);
        gauge.saved(&mark.unwrap());
        // What has a row of the running minute is kept, else the row would be overwritten by less.
        drop(gauge);
        gauges.forget_idle();
        assert_eq!(gauges.all().len(), 1);
        let gauge = gauges.of(OfferingId::new(1, [7; 10]));
        assert!(rows(&gauge, 120_000).1.is_none());
        gauges.forget_idle();
        assert_eq!(gauges.all().len(), 1, "somebody holds it");
        drop(gauge);
        gauges.forget_idle();
        assert!(gauges.all().is_empty());
    }

    #[test]
    fn what_runs_at_once_is_counted() {
        let gauge = Arc::new(Gauge::new(OfferingId::new(1, [7; 10])));
        let three: Vec<_> = (0..3).map(|_| gauge.begin()).collect();
        drop(three);
        let one = gauge.begin();
        gauge.call(at(1), Ok(Answered::default()));
        assert_eq!(rows(&gauge, 2).0[0].peak_running, 3);
        gauge.call(at(60_000), Ok(Answered::default()));
        drop(one);
        let peaks: Vec<_> = rows(&gauge, 60_001).0.iter().map(|w| w.peak_running).collect();
        assert_eq!(peaks, [3, 1]);
    }

    #[test]
    fn a_clock_that_is_set_back_loses_nothing() {
        let gauge = Gauge::new(OfferingId::new(1, [7; 10]));
        gauge.call(at(120_000), Ok(Answered::default()));
        gauge.call(at(60_000), Ok(Answered::default()));
        let rows = rows(&gauge, 60_000).0;
        assert_eq!((rows.len(), rows[0].start, rows[0].counts.calls), (1, at(120_000), 2));
    }
}

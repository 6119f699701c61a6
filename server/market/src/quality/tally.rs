//! What was measured of one offering in one stretch of time.

use model::{OfferingId, ServerId, Timestamp};
use store::quality::{Counts, Window};

use super::histogram::Histogram;

/// The way in which a provider failed a call or a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The endpoint could not be reached.
    Unreachable,
    /// It did not begin or go on in time.
    Timeout,
    /// It answered with a failure of its own.
    Status,
    /// It broke off within an answer.
    Cut,
    /// It answered with something that is no completion.
    Malformed,
}

/// The counts and times of a minute, an hour or a day. Times are microseconds, speeds thousandths of a token a second.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub counts: Counts,
    pub peak_minute: u64,
    pub peak_running: u64,
    pub first_token: Histogram,
    pub total: Histogram,
    pub speed: Histogram,
}

impl Tally {
    pub fn fail(&mut self, failure: Failure) {
        let errors = &mut self.counts.errors;
        *match failure {
            Failure::Unreachable => &mut errors.unreachable,
            Failure::Timeout => &mut errors.timeout,
            Failure::Status => &mut errors.status,
            Failure::Cut => &mut errors.cut,
            Failure::Malformed => &mut errors.malformed,
        } += 1;
    }

    /// Empties it and keeps the room.
    pub fn clear(&mut self) {
        self.counts = Counts::default();
        (self.peak_minute, self.peak_running) = (0, 0);
        self.first_token.clear();
        self.total.clear();
        self.speed.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.counts.samples() == 0
    }

    /// The row that holds it.
    pub fn row(&self, offering: OfferingId, start: Timestamp, server: Option<ServerId>) -> Window {
        Window {
            offering,
            start,
            server,
            counts: self.counts,
            peak_minute: self.peak_minute,
            peak_running: self.peak_running,
            first_token: self.first_token.to_bytes(),
            total: self.total.to_bytes(),
            speed: self.speed.to_bytes(),
        }
    }

    /// Adds a row to it, but for the busiest minute. A histogram that cannot be read is left out and noted: figures that
    /// lack a minute are better than none for ever.
    fn add(&mut self, window: &Window) {
        self.counts.add(&window.counts);
        self.peak_running = self.peak_running.max(window.peak_running);
        for (mine, bytes) in [
            (&mut self.first_token, &window.first_token),
            (&mut self.total, &window.total),
            (&mut self.speed, &window.speed),
        ] {
            match Histogram::from_bytes(bytes) {
                Some(theirs) => mine.merge(&theirs),
                None => {
                    tracing::warn!(offering.id = %window.offering, start = %window.start, "a histogram of measured quality is not readable and is left out");
                }
            }
        }
    }
}

/// Adds rows of one offering together, in the order of their times. What several servers counted in the same minute adds
/// up to the calls of that minute; the busiest stays.
pub(super) fn together<'a>(windows: impl IntoIterator<Item = &'a Window>) -> Tally {
    let mut whole = Tally::default();
    let mut minute = (Timestamp::from_ms(i64::MIN), 0_u64);
    for window in windows {
        whole.add(window);
        if minute.0 != window.start {
            minute = (window.start, 0);
        }
        minute.1 = minute.1.saturating_add(window.peak_minute);
        whole.peak_minute = whole.peak_minute.max(minute.1);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(minute: i64, calls: u64, first_token: Vec<u8>) -> Window {
        let counts = Counts { calls, ..Counts::default() };
        let tally = Tally { counts, peak_minute: calls, ..Tally::default() };
        let start = Timestamp::from_ms(minute * 60_000);
        Window { first_token, ..tally.row(OfferingId::new(1, [1; 10]), start, None) }
    }

    #[test]
    fn the_busiest_minute_is_that_of_all_servers() {
        let rows = [row(0, 5, vec![]), row(1, 3, vec![]), row(1, 4, vec![]), row(3, 6, vec![])];
        let whole = together(&rows);
        assert_eq!((whole.counts.calls, whole.peak_minute), (18, 7));
    }

    #[test]
    fn a_spoilt_row_is_left_out_and_absurd_ones_overflow_nothing() {
        let mut times = Histogram::default();
        times.record(5_000);
        let mut absurd = row(1, u64::MAX, vec![0xff; 5_000]);
        absurd.counts.errors.cut = u64::MAX;
        let rows = [row(0, 1, vec![1, 0x80]), absurd.clone(), absurd, row(2, 1, times.to_bytes())];
        let whole = together(&rows);
        assert_eq!((whole.first_token, whole.counts.calls), (times, u64::MAX));
        assert_eq!(whole.counts.samples(), u64::MAX);
    }
}

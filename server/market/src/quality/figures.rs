//! The figures that the catalogue shows and sorts by. What each means is public: `model::QUALITY_DEFINITIONS`.

use std::collections::{BTreeMap, HashMap};

use model::{OfferingId, SAMPLES_NEEDED, ServiceMetrics, Timestamp};
use store::{
    Tx,
    figures::Quality,
    quality::{Counts, Span, Sum, Window},
};

use super::tally::{Tally, together};
use crate::Result;

/// The last seven days, in hours.
const WEEK_HOURS: i64 = 7 * 24;
/// Blocks of days that are shown and make the uptime of 30 days.
pub(super) const DAYS: i64 = 30;

/// What the figures of one offering are made of.
#[derive(Debug, Default)]
pub(super) struct Basis {
    /// The last 168 hours, the running one included.
    pub week: Tally,
    /// The last 30 days, today included.
    pub month: Counts,
    /// The last 24 hours, the running one included.
    pub day: Sum,
}

/// A time moved back by so many stretches.
pub(super) const fn back(span: Span, from: Timestamp, by: i64) -> Timestamp {
    span.start(from).plus_ms(-by * span.ms())
}

/// The share that was answered, in thousandths of a percent. It is rounded down: 99.999 % never shows as 100.
fn uptime(counts: &Counts) -> Option<u32> {
    let samples = counts.samples();
    let answered = samples.saturating_sub(counts.errors.total());
    let share = u128::from(answered) * 100_000 / u128::from(samples.max(1));
    u32::try_from(share).ok().filter(|_| samples >= SAMPLES_NEEDED)
}

impl Basis {
    pub fn quality(&self) -> Quality {
        let enough = |n: u64| n >= SAMPLES_NEEDED;
        let latency = |percent| {
            let micros = Some(&self.week.first_token).filter(|times| enough(times.count()));
            let micros = micros?.percentile(percent)?;
            // Nothing takes no time at all.
            u32::try_from((micros.saturating_add(500) / 1_000).max(1)).ok()
        };
        let speed = Some(&self.week.speed).filter(|speeds| enough(speeds.count()));
        let busiest = enough(self.day.counts.calls).then_some(self.day.peak_minute);
        Quality {
            uptime7d: uptime(&self.week.counts),
            uptime30d: uptime(&self.month),
            latency_p50: latency(50),
            latency_p95: latency(95),
            latency_p99: latency(99),
            rps: busiest.and_then(|calls| u32::try_from(calls.saturating_mul(1_000) / 60).ok()),
            tps: speed
                .and_then(|speeds| speeds.percentile(50))
                .and_then(|tps| u32::try_from(tps).ok()),
        }
    }
}

/// Figures as they go over the wire.
pub(crate) fn metrics(quality: &Quality) -> ServiceMetrics {
    let thousandths = |n: Option<u32>| n.map(|n| f64::from(n) / 1_000.0);
    ServiceMetrics {
        uptime7d: thousandths(quality.uptime7d),
        uptime30d: thousandths(quality.uptime30d),
        latency_p50: quality.latency_p50,
        latency_p95: quality.latency_p95,
        latency_p99: quality.latency_p99,
        throughput_rps: thousandths(quality.rps),
        throughput_tps: thousandths(quality.tps),
    }
}

/// Reads what figures are made of. Of the last week only the hours before its first whole day are read as hours.
pub(super) async fn bases(
    tx: &mut Tx,
    now: Timestamp,
    offerings: &[OfferingId],
) -> Result<HashMap<OfferingId, Basis>> {
    let week = back(Span::Hour, now, WEEK_HOURS - 1);
    let whole = match Span::Day.start(week) {
        day if day == week => day,
        day => day.plus_ms(Span::Day.ms()),
    };
    let end = now.plus_ms(Span::Day.ms());
    let mut rows = store::quality::windows(&mut *tx, Span::Hour, offerings, week, whole).await?;
    rows.extend(store::quality::windows(&mut *tx, Span::Day, offerings, whole, end).await?);
    let month = back(Span::Day, now, DAYS - 1);
    let months = store::quality::sums(&mut *tx, Span::Day, offerings, month).await?;
    let day = back(Span::Hour, now, 23);
    let days = store::quality::sums(&mut *tx, Span::Hour, offerings, day).await?;

    let mut found: HashMap<OfferingId, Basis> = HashMap::new();
    for (offering, windows) in by_offering(&rows) {
        found.entry(offering).or_default().week = together(windows);
    }
    for (offering, sum) in months {
        found.entry(offering).or_default().month = sum.counts;
    }
    for (offering, sum) in days {
        found.entry(offering).or_default().day = sum;
    }
    Ok(found)
}

/// The rows of each offering, in the order in which they come.
pub(super) fn by_offering(rows: &[Window]) -> BTreeMap<OfferingId, Vec<&Window>> {
    rows.iter().fold(BTreeMap::new(), |mut found, row| {
        found.entry(row.offering).or_default().push(row);
        found
    })
}

#[cfg(test)]
mod tests {
    use model::ErrorCounts;

    use super::*;

    #[test]
    fn uptime_is_never_rounded_up() {
        let of = |samples, cut| {
            uptime(&Counts {
                calls: samples,
                probes: 0,
                errors: ErrorCounts { cut, ..ErrorCounts::default() },
            })
        };
        assert_eq!(of(99, 0), None);
        assert_eq!(of(100, 0), Some(100_000));
        assert_eq!(of(100, 100), Some(0));
        assert_eq!(of(1_000_000, 1), Some(99_999));
        assert_eq!(of(3_000, 1_000), Some(66_666));
    }

    #[test]
    fn each_figure_needs_samples_of_its_own() {
        let mut basis = Basis::default();
        basis.week.counts.calls = 100;
        for _ in 0..99 {
            basis.week.first_token.record(300);
        }
        basis.day = Sum { peak_minute: 90, ..Sum::default() };
        basis.day.counts.calls = 99;
        assert_eq!(basis.quality(), Quality { uptime7d: Some(100_000), ..Quality::default() });
        basis.week.first_token.record(300);
        basis.day.counts.calls = 100;
        let quality = basis.quality();
        assert_eq!((quality.latency_p99, quality.rps, quality.tps), (Some(1), Some(1_500), None));
    }
}

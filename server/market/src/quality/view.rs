//! Everything measured about one service, as its page and its door show it.

use model::{OfferingId, QualityView, SAMPLES_NEEDED, Timestamp, UptimeBlock};
use store::quality::{Counts, Span};

use super::{
    Quality,
    figures::{DAYS, back, bases, metrics},
};
use crate::{Error, Result};

/// Blocks of hours that are shown.
const HOURS: i64 = 72;

impl Quality<'_> {
    /// What was measured of a service, for anybody.
    ///
    /// # Errors
    /// `Missing` when it is not on sale.
    pub async fn view(&self, offering: OfferingId) -> Result<QualityView> {
        let catalog = self.0.catalog();
        let service = catalog.detail(offering).ok_or(Error::Missing("service"))?;
        let now = self.0.core().now();
        let (first_hour, first_day) =
            (back(Span::Hour, now, HOURS - 1), back(Span::Day, now, DAYS - 1));
        let mut tx = self.0.core().db().snapshot().await?;
        let basis = bases(&mut tx, now, &[offering]).await?.remove(&offering).unwrap_or_default();
        let hours = store::quality::blocks(&mut tx, Span::Hour, offering, first_hour).await?;
        let days = store::quality::blocks(&mut tx, Span::Day, offering, first_day).await?;
        // Minutes are not kept as long as hours, and those not as long as days.
        let mut newest = None;
        for span in [Span::Minute, Span::Hour, Span::Day] {
            if newest.is_none() {
                newest = store::quality::newest_of(&mut tx, span, offering).await?;
            }
        }
        drop(tx);
        let errors = basis.week.counts.errors;
        Ok(QualityView {
            service_id: offering,
            calls: basis.week.counts.calls,
            probes: basis.week.counts.probes,
            samples_needed: SAMPLES_NEEDED,
            measured: metrics(&basis.quality()),
            promised: service.promises,
            errors,
            peak_concurrency: u32::try_from(basis.day.peak_running).unwrap_or(u32::MAX),
            hours: tracker(Span::Hour, first_hour, HOURS, &hours),
            days: tracker(Span::Day, first_day, DAYS, &days),
            updated_at: newest,
        })
    }
}

/// One block for each stretch of time, whether there is a row or not.
fn tracker(
    span: Span,
    from: Timestamp,
    blocks: i64,
    rows: &[(Timestamp, Counts)],
) -> Vec<UptimeBlock> {
    let mut rows = rows.iter().peekable();
    (0..blocks)
        .map(|n| from.plus_ms(n * span.ms()))
        .map(|start| {
            let counts = rows.next_if(|(at, _)| *at == start).map(|(_, counts)| *counts);
            let counts = counts.unwrap_or_default();
            UptimeBlock { start, samples: counts.samples(), failed: counts.errors.total() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_there() {
        let at = |hour: i64| Timestamp::from_ms(hour * Span::Hour.ms());
        let counts = Counts { calls: 3, probes: 2, ..Counts::default() };
        let tracked = tracker(Span::Hour, at(10), 4, &[(at(10), counts), (at(12), counts)]);
        let seen: Vec<_> = tracked.iter().map(|b| (b.start, b.samples)).collect();
        assert_eq!(seen, [(at(10), 5), (at(11), 0), (at(12), 5), (at(13), 0)]);
    }
}

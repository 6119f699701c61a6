//! Minutes become hours, hours become days, and days and hours become figures. Every row is computed anew from the finer
//! rows, so that doing it twice, or on two servers, leaves the same behind.

use std::collections::{BTreeMap, BTreeSet};

use model::{OfferingId, Timestamp};
use store::{
    Script,
    quality::{Span, Window},
};

use super::{
    Quality,
    figures::{back, bases, by_offering},
    tally::together,
};
use crate::Result;

/// Rows of one transaction: the ledger waits for it on SQLite.
const BATCH: usize = 512;
/// Offerings whose figures are computed at a time.
const OFFERINGS: usize = 64;
/// A minute may be written so much later than it began.
const LATE_MS: i64 = 3 * 60_000;
/// Figures older than this are computed again, because their samples grow old; so many of them each minute at most.
const STALE_MS: i64 = 3_600_000;
const STALE: u32 = 2_000;
/// How long rows are kept, and how many are removed in a transaction and in a run.
const KEPT: [(Span, i64); 3] = [(Span::Minute, 48), (Span::Hour, 40 * 24), (Span::Day, 400 * 24)];
const SWEPT: u32 = 2_000;
const SWEEPS: u32 = 10;

impl Quality<'_> {
    /// Writes what was counted since the last time. Each row is the whole minute of this server, so that writing it
    /// again changes nothing; what a server had not written when it died is not in the figures.
    pub async fn flush(&self) -> Result<()> {
        let (core, gauges) = (self.0.core(), &self.0.shared().gauges);
        let _turn = gauges.writing.lock().await;
        let now = core.now();
        let (mut rows, mut marks) = (Vec::new(), Vec::new());
        let mut all = gauges.all().into_iter().peekable();
        while let Some(gauge) = all.next() {
            if let Some(mark) = gauge.unsaved(now, self.0.shared().server, &mut rows) {
                marks.push((gauge, mark));
            }
            if rows.len() >= BATCH || all.peek().is_none() {
                self.save(Span::Minute, &rows).await?;
                marks.drain(..).for_each(|(gauge, mark)| gauge.saved(&mark));
                rows.clear();
            }
        }
        gauges.forget_idle();
        Ok(())
    }

    async fn save(&self, span: Span, rows: &[Window]) -> Result<()> {
        for batch in rows.chunks(BATCH) {
            let mut tx = self.0.core().db().begin().await?;
            let mut script = Script::new(&tx);
            store::quality::save(&mut script, span, batch)?;
            script.run(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes hours of the minutes that are new, days of the hours, figures of both, and removes what is too old.
    pub async fn roll_up(&self) -> Result<()> {
        self.flush().await?;
        let (db, now) = (self.0.core().db(), self.0.core().now());
        let hours = store::quality::touched(db, self.since(now).await?).await?;
        let mut touched: BTreeMap<Timestamp, Vec<OfferingId>> = BTreeMap::new();
        let mut days: BTreeMap<Timestamp, BTreeSet<OfferingId>> = BTreeMap::new();
        for (hour, offering) in hours {
            touched.entry(hour).or_default().push(offering);
            days.entry(Span::Day.start(hour)).or_default().insert(offering);
        }
        for (hour, offerings) in &touched {
            self.sum(Span::Minute, Span::Hour, *hour, offerings).await?;
        }
        for (day, offerings) in days {
            let offerings: Vec<_> = offerings.into_iter().collect();
            self.sum(Span::Hour, Span::Day, day, &offerings).await?;
        }
        let mut figures: BTreeSet<OfferingId> = touched.into_values().flatten().collect();
        figures.extend(store::quality::stale_figures(db, now.plus_ms(-STALE_MS), STALE).await?);
        let figures: Vec<_> = figures.into_iter().collect();
        for offerings in figures.chunks(OFFERINGS) {
            self.figure(now, offerings).await?;
        }
        self.sweep(now).await?;
        *self.rolled() = Some(now);
        Ok(())
    }

    /// Where to begin: a little before the last time; with a new hour, the hour before that again, for what came late;
    /// and where the last server left off when this one did nothing yet.
    async fn since(&self, now: Timestamp) -> Result<Timestamp> {
        let last = *self.rolled();
        let Some(last) = last else {
            let kept = back(Span::Hour, now, 48);
            let newest = store::quality::newest(self.0.core().db(), Span::Hour).await?;
            return Ok(newest.map_or(kept, |hour| back(Span::Hour, hour, 1).max(kept)));
        };
        let late = last.plus_ms(-LATE_MS);
        let turned = Span::Hour.start(last) != Span::Hour.start(now);
        Ok(if turned { late.min(back(Span::Hour, last, 1)) } else { late })
    }

    /// Writes one row for all finer rows of each offering in a stretch of time.
    async fn sum(
        &self,
        from: Span,
        to: Span,
        start: Timestamp,
        offerings: &[OfferingId],
    ) -> Result<()> {
        for offerings in offerings.chunks(OFFERINGS) {
            let mut tx = self.0.core().db().snapshot().await?;
            let until = start.plus_ms(to.ms());
            let rows = store::quality::windows(&mut tx, from, offerings, start, until).await?;
            drop(tx);
            let sums: Vec<_> = by_offering(&rows)
                .into_iter()
                .map(|(offering, rows)| together(rows).row(offering, start, None))
                .collect();
            self.save(to, &sums).await?;
        }
        Ok(())
    }

    async fn figure(&self, now: Timestamp, offerings: &[OfferingId]) -> Result<()> {
        let mut tx = self.0.core().db().snapshot().await?;
        let bases = bases(&mut tx, now, offerings).await?;
        drop(tx);
        // Without a sample there is nothing to say, and what was said before is no longer so.
        let figures: Vec<_> = offerings
            .iter()
            .map(|id| (*id, bases.get(id).map(super::figures::Basis::quality).unwrap_or_default()))
            .collect();
        let mut tx = self.0.core().db().begin().await?;
        let mut script = Script::new(&tx);
        store::quality::save_figures(&mut script, now, &figures)?;
        script.run(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    async fn sweep(&self, now: Timestamp) -> Result<()> {
        for (span, hours) in KEPT {
            let before = back(Span::Hour, now, hours);
            for _ in 0..SWEEPS {
                let removed =
                    store::quality::sweep(self.0.core().db(), span, before, SWEPT).await?;
                if removed < u64::from(SWEPT) {
                    break;
                }
            }
        }
        Ok(())
    }
}

//! Which services are due to be asked, and by which server. The gateway does the asking.

use std::{sync::Arc, time::Duration};

use model::{Backend, OfferingId, ServiceStatus, Timestamp};

use super::{Gauge, Quality};
use crate::Result;

/// The most probes that begin in a second: with more offerings than that allows, each is asked less often.
const A_SECOND: u128 = 20;

/// A service to be asked.
#[derive(Debug)]
pub struct Probe {
    pub offering: OfferingId,
    pub backend: Backend,
    pub gauge: Arc<Gauge>,
}

/// How often each of so many offerings is asked, in milliseconds: as often as wished, or a doubling of that, so that the
/// times of all do not move when one more is listed.
fn period(every: Duration, offerings: usize) -> i64 {
    let mut ms = every.as_millis().clamp(1_000, 1 << 40);
    while offerings as u128 * 1_000 > ms * A_SECOND {
        ms *= 2;
    }
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// Where within the period an offering's turn is: its id's random part spreads them evenly.
fn phase(offering: OfferingId, period: i64) -> i64 {
    let [.., a, b, c, d] = *offering.as_bytes();
    i64::from(u32::from_be_bytes([a, b, c, d])) % period
}

/// Whether an offering's turn comes after one time and not after another.
fn is_due(offering: OfferingId, period: i64, after: Timestamp, until: Timestamp) -> bool {
    let phase = phase(offering, period);
    let turns = |at: Timestamp| (at.ms() - phase).div_euclid(period);
    turns(until) > turns(after)
}

impl Quality<'_> {
    /// The offerings whose turn comes within a stretch of time (its beginning excluded), when each has one turn in
    /// `every`. Nothing is remembered: whoever asks for stretches that follow each other gets each turn once.
    pub fn due(&self, every: Duration, after: Timestamp, until: Timestamp) -> Vec<OfferingId> {
        let catalog = self.0.catalog();
        let period = period(every, catalog.ids().len());
        catalog.ids().filter(|id| is_due(*id, period, after, until)).collect()
    }

    /// What to ask of an offering; none when it is not on sale, has nothing to call, or need not answer now by its hours
    /// or for maintenance.
    pub fn probe(&self, offering: OfferingId) -> Option<Probe> {
        let catalog = self.0.catalog();
        let listed = catalog.listed(offering).filter(|listed| listed.active)?;
        let open = catalog.open_state(offering, self.0.core().now()).open
            && listed.detail.service.status != ServiceStatus::Maintenance;
        (open && listed.detail.callable).then(|| Probe {
            offering,
            backend: listed.backend.clone(),
            gauge: self.gauge(offering),
        })
    }

    /// Whether this is the server that does what only one should do: the first of those that are alive.
    pub async fn leads(&self) -> Result<bool> {
        let core = self.0.core();
        let since = core.now().plus_ms(-crate::jobs::SILENT_MS);
        let first = store::servers::first(core.db(), since).await?;
        Ok(first == Some(self.0.shared().server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_offerings_are_asked_less_often() {
        let of = |n| period(Duration::from_mins(5), n);
        assert_eq!((of(0), of(6_000), of(6_001)), (300_000, 300_000, 600_000));
        assert_eq!(of(100_000), 300_000 * 32);
        assert_eq!(of(100_001), of(100_000));
    }

    #[test]
    fn each_has_one_turn_in_a_period_and_they_are_spread() {
        let ids: Vec<_> = (0..1_000_u32)
            .map(|n| {
                let [a, b, c, d] = n.wrapping_mul(0x9E37_79B9).to_be_bytes();
                OfferingId::new(5, [0, 0, 0, 0, 0, 0, a, b, c, d])
            })
            .collect();
        let begin = Timestamp::from_ms(1_700_000_000_123);
        let (mut turns, mut most) = (vec![0; ids.len()], 0);
        let (mut after, mut at) = (begin, begin);
        while at < begin.plus_ms(300_000) {
            at = at.plus_ms(1_500);
            let due = ids.iter().zip(&mut turns).filter(|(id, _)| is_due(**id, 300_000, after, at));
            let due: Vec<_> = due.collect();
            most = most.max(due.len());
            for (_, turns) in due {
                *turns += 1;
            }
            after = at;
        }
        assert!(turns.iter().all(|n| *n == 1));
        assert!(most < 20, "{most} at once");
        // A long pause makes nobody's turn come twice.
        assert!(is_due(ids[0], 300_000, begin, begin.plus_ms(3_000_000)));
    }
}

//! Quality as measured: what every call and probe was like, by the minute, the hour and the day, and the figures that
//! come of it.
//!
//! The gateway counts into the [`Gauge`] of an offering, which its route holds, so that no call waits for another
//! offering's. Every few seconds what is new is written; once a minute the first of the living servers makes hours, days
//! and figures of it (`rollup.rs`), and the catalogue reads the figures. Money never depends on any of it.

mod figures;
mod gauge;
mod histogram;
mod probes;
mod rollup;
mod tally;
mod view;

use std::sync::{Arc, MutexGuard, PoisonError};

use model::{OfferingId, Timestamp};

pub(crate) use figures::metrics;
pub(crate) use gauge::Gauges;
pub use gauge::{Answered, Gauge, Running};
pub use histogram::Histogram;
pub use probes::Probe;
pub use tally::Failure;

use crate::{Market, Result};

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct Quality<'a>(pub(crate) &'a Market);

impl Quality<'_> {
    /// What counts an offering's calls on this server.
    pub fn gauge(&self, offering: OfferingId) -> Arc<Gauge> {
        self.0.shared().gauges.of(offering)
    }

    fn rolled(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.0.shared().gauges.rolled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is done once a minute, by one server.
    pub(crate) async fn tick(&self) -> Result<()> {
        if self.leads().await? {
            return self.roll_up().await;
        }
        *self.rolled() = None;
        Ok(())
    }
}

//! What this server may spend of one customer's credits without asking: its lease.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use model::{Credits, CustomerId, LeaseId, Timestamp};

use super::Source;

/// After a hold had to be taken one by one, further calls do not queue for a lease for this long, in milliseconds.
const LOW_MS: i64 = 1_000;

/// Credits set aside for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a hold that is neither settled nor released stays set aside until it expires"]
pub struct Held {
    pub source: Source,
    pub amount: Credits,
}

/// What a purse gives back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Idle {
    pub lease: LeaseId,
    pub free: Credits,
    /// Nothing of the lease is in use, so it can be closed.
    pub whole: bool,
}

#[derive(Debug, Default)]
struct State {
    lease: Option<LeaseId>,
    /// Micro-credits that a call may take.
    free: i64,
    /// Micro-credits that running calls have taken.
    taken: i64,
    /// Calls since the last look of the sweeper.
    used: bool,
}

/// One customer's lease on this server.
#[derive(Debug)]
pub struct Purse {
    customer: CustomerId,
    state: Mutex<State>,
    /// One call at a time asks for more, so that a burst does not lease everything.
    topping: tokio::sync::Mutex<()>,
    low_until: AtomicI64,
    last_used: AtomicI64,
}

impl Held {
    /// For a call that costs nothing.
    pub const FREE: Self = Self { source: Source::Free, amount: Credits::ZERO };
}

impl Purse {
    pub(super) fn new(customer: CustomerId) -> Self {
        Self {
            customer,
            state: Mutex::default(),
            topping: tokio::sync::Mutex::default(),
            low_until: AtomicI64::new(0),
            last_used: AtomicI64::new(0),
        }
    }

    pub const fn customer(&self) -> CustomerId {
        self.customer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is idle of the lease: part of `held` in the books, yet free for the customer's next call.
    pub fn free(&self) -> Credits {
        Credits::from_micros(self.state().free)
    }

    pub(super) fn lease(&self) -> Option<LeaseId> {
        self.state().lease
    }

    pub(super) async fn topping(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.topping.lock().await
    }

    pub(super) fn try_topping(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        self.topping.try_lock().ok()
    }

    pub(super) fn is_low(&self, now: Timestamp) -> bool {
        now.ms() < self.low_until.load(Ordering::Relaxed)
    }

    pub(super) fn set_low(&self, now: Timestamp) {
        self.low_until.store(now.ms().saturating_add(LOW_MS), Ordering::Relaxed);
    }

    /// Takes an amount from the lease, if it is there.
    pub(super) fn take(&self, amount: Credits) -> Option<Held> {
        let mut state = self.state();
        let lease = state.lease.filter(|_| state.free >= amount.micros())?;
        state.free -= amount.micros();
        state.taken += amount.micros();
        state.used = true;
        Some(Held { source: Source::Lease(lease), amount })
    }

    /// Adds to the lease.
    pub(super) fn put(&self, lease: LeaseId, granted: Credits) {
        let mut state = self.state();
        match state.lease {
            // A lease that was closed meanwhile stays closed; what is in it comes back when the server stops.
            Some(current) if current != lease => return,
            Some(_) => {}
            None => state.lease = Some(lease),
        }
        state.free += granted.micros();
        state.used = true;
    }

    /// Ends a call's hold: what it did not cost is free again.
    pub(super) fn settle(&self, held: Held, cost: Credits) {
        let Source::Lease(lease) = held.source else { return };
        let mut state = self.state();
        if state.lease == Some(lease) {
            state.taken -= held.amount.micros();
            state.free += held.amount.micros() - cost.min(held.amount).micros();
        }
    }

    /// Takes all that is free out of the purse, to be given back.
    pub(super) fn empty(&self) -> Option<Idle> {
        let mut state = self.state();
        let lease = state.lease?;
        let whole = state.taken == 0;
        if state.free == 0 && !whole {
            return None;
        }
        let free = Credits::from_micros(std::mem::take(&mut state.free));
        if whole {
            state.lease = None;
        }
        Some(Idle { lease, free, whole })
    }

    /// True when no call has come since the last look before a time; looking counts as one.
    pub(super) fn unused_since(&self, since: Timestamp) -> bool {
        let mut state = self.state();
        if std::mem::take(&mut state.used) {
            // The look after this one is the first that can find it unused.
            self.last_used.store(since.ms(), Ordering::Relaxed);
            return false;
        }
        state.lease.is_some() && self.last_used.load(Ordering::Relaxed) < since.ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credits(n: i64) -> Credits {
        Credits::whole(n).unwrap()
    }

    #[test]
    fn what_goes_in_comes_out_once() {
        let purse = Purse::new(CustomerId::new(1, [1; 10]));
        let lease = LeaseId::new(1, [2; 10]);
        assert!(purse.take(credits(1)).is_none());
        purse.put(lease, credits(10));
        let held = purse.take(credits(4)).unwrap();
        assert!(purse.take(credits(7)).is_none());
        let idle = purse.empty().unwrap();
        assert_eq!((idle.free, idle.whole), (credits(6), false));
        assert!(purse.empty().is_none(), "a call is running and nothing is free");
        purse.settle(held, credits(3));
        let idle = purse.empty().unwrap();
        assert_eq!((idle.free, idle.whole), (credits(1), true));
        assert!(purse.empty().is_none());
    }
}

//! Wrong passwords, counted per address, so that guessing takes longer than anybody has.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use model::Timestamp;

use crate::{Error, Result, secrets::sha256};

/// Wrong passwords in a row after which an address has to wait.
const ALLOWED: u32 = 5;
/// How long it waits, in milliseconds: ten minutes.
const WAIT_MS: i64 = 10 * 60 * 1_000;
/// How many addresses are watched; past that the count starts anew, which gives a guesser a few more tries at most.
const WATCHED: usize = 50_000;

/// The failures of late, by the hash of the address that was typed. Addresses without an account count too, so that
/// the answer tells nobody which ones have one.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<[u8; 32], (u32, Timestamp)>>);

impl Attempts {
    /// Refuses an address that has to wait.
    pub fn check(&self, address: &str, now: Timestamp) -> Result<()> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.get(&sha256(address.as_bytes())) {
            Some((count, last)) if *count >= ALLOWED && now < last.plus_ms(WAIT_MS) => {
                let wait_s = (last.ms() + WAIT_MS - now.ms() + 999) / 1_000;
                let retry_after_s = u32::try_from(wait_s).unwrap_or(600);
                Err(Error::Limited { retry_after_s, what: "sign-in" })
            }
            _ => Ok(()),
        }
    }

    /// Notes how an attempt went; a right password clears the count.
    pub fn note(&self, address: &str, now: Timestamp, right: bool) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = sha256(address.as_bytes());
        if right {
            failures.remove(&address);
            return;
        }
        if failures.len() >= WATCHED {
            failures.clear();
        }
        let (count, last) = failures.entry(address).or_insert((0, now));
        *count = if now < last.plus_ms(WAIT_MS) { count.saturating_add(1) } else { 1 };
        *last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_has_to_wait_and_the_owner_gets_in() {
        let attempts = Attempts::default();
        let at = |ms| Timestamp::from_ms(ms);
        for n in 0..5 {
            attempts.check("a@b.c", at(n)).unwrap();
            attempts.note("a@b.c", at(n), false);
        }
        assert!(matches!(
            attempts.check("a@b.c", at(5)),
            Err(Error::Limited { retry_after_s: 600, .. })
        ));
        attempts.check("other@b.c", at(5)).unwrap();
        attempts.check("a@b.c", at(WAIT_MS + 10)).unwrap();
        attempts.note("a@b.c", at(WAIT_MS + 10), true);
        attempts.check("a@b.c", at(WAIT_MS + 11)).unwrap();
    }
}

//! What the house needs from outside: the time and randomness. Tests hand in their own.

use std::{
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
};

use model::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Gives random bytes for ids and secrets.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// The way of a message to a hook, on the heap so that the port can be a trait object: the status that it was answered with,
/// or why it was not.
pub type Telling<'a> = Pin<Box<dyn Future<Output = Result<u16, String>> + Send + 'a>>;

/// Tells hooks of events. It must not reach into our own network, and gives up after ten seconds.
pub trait Tell: Send + Sync {
    /// Posts a body with headers to an address.
    fn tell(&self, url: String, headers: Vec<(&'static str, String)>, body: String) -> Telling<'_>;
}

impl std::fmt::Debug for dyn Tell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tell")
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that reads the clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock before 1970 is treated as 1970.
        Timestamp::from_ms(
            since.map_or(0, |age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that draws randomness")]
    #[expect(
        clippy::expect_used,
        reason = "without randomness no secret may be made; stopping is right"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// A clock that stands still until it is told to move, for tests.
#[derive(Debug, Default)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub const fn at(ms: i64) -> Self {
        Self(AtomicI64::new(ms))
    }

    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::Relaxed))
    }
}

/// A generator of distinct, foreseeable bytes, for tests.
#[derive(Debug, Default)]
pub struct TestEntropy(AtomicU64);

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let n = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let drawn = (n ^ (n >> 29)).to_be_bytes();
            chunk.iter_mut().zip(drawn).for_each(|(byte, with)| *byte = with);
        }
    }
}

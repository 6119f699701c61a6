//! The metered hot path: a call with a key goes to the provider's endpoint and is paid for.
//!
//! key → limits of the plan → credits set aside → upstream → what was used is debited, the rest given back. Bodies go
//! through as bytes; nothing here asks a database while credits are plentiful. It may not know pages or SQL; what is
//! charged when is written in `meter.rs`.
//!
//! To add an upstream protocol: a variant of `model::Backend` and a branch in `Call::send`; the meter only wants to
//! know what was used.

mod answers;
mod bodies;
mod builtin;
mod call;
mod guard;
mod meter;
mod peek;
mod probe;
mod refusals;
mod seen;
mod stream;
mod tell;
mod upstream;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use market::{Market, Route};

pub use bodies::{Body, discard};
pub use guard::is_public;
pub use probe::{Prober, Probing};
pub use tell::Teller;

/// The most bytes that a request body may have.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// How the gateway treats upstreams.
#[derive(Debug, Clone)]
pub struct Config {
    /// Calls to addresses that are not public are allowed: for tests, benchmarks and upstreams of one's own network.
    pub allow_private: bool,
    /// How long an upstream may take to begin its answer.
    pub first_byte: Duration,
    /// How long an upstream may pause within its answer.
    pub between_bytes: Duration,
    /// The most micro-credits of a customer that are leased at a time.
    pub lease_max: model::Credits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow_private: false,
            first_byte: Duration::from_mins(2),
            between_bytes: Duration::from_mins(1),
            lease_max: model::Credits::from_micros(1_000_000_000),
        }
    }
}

/// The gateway. Cloning it is cheap.
#[derive(Clone)]
pub struct Gateway(Arc<Shared>);

struct Shared {
    market: Market,
    config: Config,
    client: upstream::Client,
    meters: meter::Meters,
    running: Arc<()>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Gateway {
    pub fn new(market: Market, config: Config) -> Self {
        let client = upstream::Client::new(&config);
        let meters = meter::Meters::new();
        Self(Arc::new(Shared { market, client, config, meters, running: Arc::default() }))
    }

    /// Waits until no call is running any more, as long as that may take; false when some still are.
    pub async fn drain(&self, patience: Duration) -> bool {
        let step = Duration::from_millis(10);
        let mut waited = Duration::ZERO;
        // Every running call holds one more reference.
        while Arc::strong_count(&self.0.running) > 1 {
            if waited >= patience {
                return false;
            }
            tokio::time::sleep(step).await;
            waited += step;
        }
        true
    }

    /// Answers `POST /v1/chat/completions`.
    pub async fn chat<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::fmt::Display,
    {
        answered(call::answer(&self.0, request).await)
    }

    /// Answers a chat completion request that came by another door than the metered path: the same, but that the way was
    /// found without a key.
    pub async fn try_out(&self, route: Arc<Route>, body: Bytes) -> Response<Body> {
        answered(call::answer_by(&self.0, route, body).await)
    }
}

fn answered(answer: Result<Response<Body>, refusals::Refusal>) -> Response<Body> {
    answer.unwrap_or_else(|refusal| {
        meter::Meters::refused(refusal.status());
        refusal.into_response()
    })
}

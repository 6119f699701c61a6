//! What a call is charged.
//!
//! | what happened | what is charged |
//! |---|---|
//! | refused before the upstream (key, limits, wallet, input) | nothing |
//! | the upstream is down, answers with an error, or ends before the first token | nothing |
//! | complete | what the upstream says was used; without its word, four bytes of text are a token |
//! | the caller has gone while a stream ran | the upstream is stopped; the tokens it had produced |
//! | the caller has gone before a whole answer was there | the answer, which was produced |
//! | the upstream breaks off within a stream | the tokens it had produced |
//! | the upstream claims more than the request allows | no more than was set aside |

use std::time::Instant;

use http::StatusCode;
use market::{Held, Request, Route};
use metrics::{Counter, Histogram, counter, histogram};
use model::{Charge, Credits, ReceiptId, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Shared, peek::Peek, refusals::Refusal};

/// How many tokens a text of so many bytes is taken for when nobody has counted them.
pub const fn tokens_of(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(4)
}

/// Figures about all calls.
pub struct Meters {
    complete: Counter,
    client_gone: Counter,
    upstream_cut: Counter,
    upstream_failed: Counter,
    first_byte: Histogram,
    total: Histogram,
}

impl Meters {
    pub fn new() -> Self {
        let calls =
            |outcome: &'static str| counter!("cmp_gateway_calls_total", "outcome" => outcome);
        Self {
            complete: calls("complete"),
            client_gone: calls("client_gone"),
            upstream_cut: calls("upstream_cut"),
            upstream_failed: calls("upstream_failed"),
            first_byte: histogram!("cmp_gateway_first_byte_seconds"),
            total: histogram!("cmp_gateway_call_seconds"),
        }
    }

    pub fn refused(status: StatusCode) {
        counter!("cmp_gateway_refusals_total", "status" => status.as_str().to_owned()).increment(1);
    }

    fn recorded(&self, outcome: Outcome, first_byte: f64, total: f64) {
        match outcome {
            Outcome::Complete => &self.complete,
            Outcome::ClientGone => &self.client_gone,
            Outcome::UpstreamCut => &self.upstream_cut,
            Outcome::UpstreamFailed => &self.upstream_failed,
        }
        .increment(1);
        self.first_byte.record(first_byte);
        self.total.record(total);
    }
}

/// How a call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Complete,
    ClientGone,
    UpstreamCut,
    UpstreamFailed,
}

impl Outcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::ClientGone => "client_gone",
            Self::UpstreamCut => "upstream_cut",
            Self::UpstreamFailed => "upstream_failed",
        }
    }
}

/// What a call has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// Counted here, because the upstream did not say.
    pub estimated: bool,
}

/// The upstream's word on what was used, if it is one that can be understood.
pub fn usage(raw: Option<&RawValue>) -> Option<Used> {
    #[derive(Deserialize)]
    struct Usage {
        prompt_tokens: u64,
        completion_tokens: u64,
    }
    let usage: Usage = serde_json::from_str(raw?.get()).ok()?;
    Some(Used {
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        estimated: false,
    })
}

/// The most that a request can use: no token is shorter than a byte, no prompt longer than the context window.
pub fn worst_case(peek: &Peek, route: &Route) -> Charge {
    let asked = peek.max_tokens.unwrap_or(route.max_output_tokens).min(route.max_output_tokens);
    Charge {
        prompt_tokens: (peek.len() as u64).min(route.context_window),
        completion_tokens: asked.saturating_mul(peek.choices),
        requests: 1,
    }
}

/// What has become of a call, once it is in the books.
#[derive(Debug, Clone, Copy)]
pub struct Recorded {
    pub used: Used,
    pub credits: Credits,
}

/// A running call's account: opened when its credits are set aside, closed when it is recorded.
#[derive(Debug)]
pub struct Meter {
    pub receipt: ReceiptId,
    pub at: Timestamp,
    pub streamed: bool,
    pub held: Held,
    pub began: Instant,
    pub first_byte: Option<Instant>,
}

impl Meter {
    pub fn begin(receipt: ReceiptId, at: Timestamp, streamed: bool, held: Held) -> Self {
        Self { receipt, at, streamed, held, began: Instant::now(), first_byte: None }
    }

    /// Notes that the answer has begun.
    pub fn first_byte(&mut self) {
        self.first_byte.get_or_insert_with(Instant::now);
    }

    /// Puts the call into the books; returns when that is durable.
    ///
    /// # Errors
    /// When the books cannot be written: the answer must not be given away then.
    pub async fn record(
        self,
        shared: &Shared,
        route: &Route,
        status: StatusCode,
        outcome: Outcome,
        used: Option<Used>,
    ) -> Result<Recorded, Refusal> {
        let total = self.began.elapsed();
        let first_byte = self.first_byte.map_or(total, |at| at - self.began);
        let charged = used.map(|used| Charge {
            prompt_tokens: used.prompt_tokens,
            completion_tokens: used.completion_tokens,
            requests: 1,
        });
        let cost = match charged {
            None => Credits::ZERO,
            Some(charge) => {
                let cost = route.price.charge(charge);
                if cost.is_none_or(|cost| cost > self.held.amount) {
                    tracing::warn!(receipt.id = %self.receipt, offering.id = %route.offering, "an upstream claims more than was asked for; no more than was set aside is charged");
                }
                cost.map_or(self.held.amount, |cost| cost.min(self.held.amount))
            }
        };
        let used = used.unwrap_or_default();
        let ms = |d: std::time::Duration| u32::try_from(d.as_millis()).unwrap_or(u32::MAX);
        // A row holds an i64; a lie beyond that is cut to what fits.
        let fits = |tokens: u64| tokens.min(1 << 53);
        let request = Request {
            id: self.receipt,
            resource: route.resource,
            customer: route.customer,
            key: route.key,
            at: self.at,
            status: status.as_u16(),
            outcome: outcome.as_str(),
            streamed: self.streamed,
            estimated: used.estimated,
            prompt_tokens: fits(used.prompt_tokens),
            completion_tokens: fits(used.completion_tokens),
            credits: cost,
            price_version: route.price_version,
            first_byte_ms: ms(first_byte),
            total_ms: ms(total),
        };
        shared.meters.recorded(outcome, first_byte.as_secs_f64(), total.as_secs_f64());
        let credits =
            shared.market.ledger().record(&route.purse, self.held, route.payee, request).await?;
        Ok(Recorded { used, credits })
    }
}

//! Quality as the platform measures it, beside what the provider promises.

use serde::{Deserialize, Serialize};

use crate::{OfferingId, ServiceMetrics, Timestamp};

/// Fewer samples than this mean nothing, so that no figure is shown.
pub const SAMPLES_NEEDED: u64 = 100;

/// What each figure means, for everybody: the figure's name and a sentence.
pub const QUALITY_DEFINITIONS: [(&str, &str); 6] = [
    (
        "Samples",
        "Calls through the gateway and the platform's own probes. Left out are what the caller got wrong (400, 404, 413, 415, 422), 429, and calls that the caller left before the first token.",
    ),
    (
        "Uptime",
        "Samples that were answered, divided by all samples, of the last 7 days or of the last 30 days in UTC; rounded down to a thousandth of a percent.",
    ),
    (
        "Latency",
        "Milliseconds from sending the request to the first token, or to the answer when it comes in one piece: what 50, 95 and 99 of 100 answers of the last 7 days did not exceed. A value is known to 3 percent.",
    ),
    (
        "Tokens per second",
        "Tokens after the first, divided by the time after the first: the median of the streamed answers of the last 7 days. Left out are answers of fewer than 8 tokens, answers of less than 10 milliseconds, and those whose caller read more slowly than they came.",
    ),
    (
        "Requests per second",
        "The calls of the busiest minute of the last 24 hours, divided by 60. It is what was asked for, not the most that could be.",
    ),
    ("Few samples", "There is no figure that fewer than 100 samples stand behind."),
];

/// What a provider commits to (shown as promised, never as measured).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promises {
    /// Percent of calls in 30 days that are answered without an error of the provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<f64>,
    /// Milliseconds to the first token for 95 of 100 calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_p95: Option<u32>,
    /// Tokens per second of a typical answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput_tps: Option<f64>,
}

/// Errors of the provider's by kind. What the caller got wrong and 429 are nobody's downtime and in no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorCounts {
    /// The endpoint could not be reached.
    pub unreachable: u64,
    /// It did not begin or go on in time.
    pub timeout: u64,
    /// It answered with a failure of its own (5xx, or a refusal of our credentials).
    pub status: u64,
    /// It broke off within an answer.
    pub cut: u64,
    /// It answered with something that is no completion.
    pub malformed: u64,
}

impl ErrorCounts {
    pub const fn total(&self) -> u64 {
        self.unreachable + self.timeout + self.status + self.cut + self.malformed
    }
}

/// How a stretch of time went: an hour or a day of an uptime tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UptimeBlock {
    pub start: Timestamp,
    /// Calls and probes that count.
    pub samples: u64,
    /// Those that the provider failed.
    pub failed: u64,
}

impl UptimeBlock {
    /// The share that was answered, in percent; none without a sample.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn uptime(&self) -> Option<f64> {
        let answered = self.samples.checked_sub(self.failed)?;
        (self.samples > 0).then(|| answered as f64 * 100.0 / self.samples as f64)
    }
}

/// Everything measured about a service: `GET /marketplace/services/{id}/metrics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityView {
    pub service_id: OfferingId,
    /// What the figures are made of, over the last seven days.
    pub calls: u64,
    pub probes: u64,
    /// [`SAMPLES_NEEDED`].
    pub samples_needed: u64,
    /// Null where fewer samples than needed are there.
    pub measured: ServiceMetrics,
    pub promised: Promises,
    /// Of the last seven days.
    pub errors: ErrorCounts,
    /// The most calls that ran at once within the last day, on the busiest server.
    pub peak_concurrency: u32,
    /// The last 72 hours, oldest first, one each whether there was a sample or not.
    pub hours: Vec<UptimeBlock>,
    /// The last 30 days, oldest first, one each.
    pub days: Vec<UptimeBlock>,
    /// When the newest sample was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

//! What was measured and what was promised.

use serde_json::{Value, json};

use super::{Group, count, id, list, named, number, object, or_null, time};

pub fn quality() -> Group {
    let metrics = object(
        &[
            ("uptime7d", or_null(number())),
            ("uptime30d", or_null(number())),
            ("latencyP50", or_null(count())),
            ("latencyP95", or_null(count())),
            ("latencyP99", or_null(count())),
            ("throughputRps", or_null(number())),
            ("throughputTps", or_null(number())),
        ],
        &[],
    );
    let promises =
        object(&[], &[("uptime", number()), ("latencyP95", count()), ("throughputTps", number())]);
    let errors =
        ["unreachable", "timeout", "status", "cut", "malformed"].map(|kind| (kind, count()));
    let block = object(&[("start", time()), ("samples", count()), ("failed", count())], &[]);
    let view = object(
        &[
            ("service_id", id()),
            ("calls", count()),
            ("probes", count()),
            ("samples_needed", count()),
            ("measured", named("ServiceMetrics")),
            ("promised", named("Promises")),
            ("errors", named("ErrorCounts")),
            ("peak_concurrency", count()),
            ("hours", list(named("UptimeBlock"))),
            ("days", list(named("UptimeBlock"))),
        ],
        &[("updated_at", time())],
    );
    let definitions: Vec<String> =
        model::QUALITY_DEFINITIONS.iter().map(|(name, what)| format!("{name}: {what}")).collect();
    vec![
        ("ServiceMetrics", told(metrics, &definitions.join(" "))),
        (
            "Promises",
            told(
                promises,
                "What the provider commits to: percent, milliseconds, tokens per second.",
            ),
        ),
        (
            "ErrorCounts",
            told(
                object(&errors, &[]),
                "What the provider failed: the endpoint could not be reached; it did not begin or go on in time; it answered with a failure of its own; it broke off within an answer; it answered with something that is no completion.",
            ),
        ),
        (
            "UptimeBlock",
            told(
                block,
                "An hour, or a day of UTC, with how many samples there were and how many of them failed.",
            ),
        ),
        (
            "QualityView",
            told(
                view,
                "Calls, probes and errors are of the last 7 days, the peak of concurrency of the last 24 hours. There are 72 hours and 30 days, oldest first, those that are running included.",
            ),
        ),
    ]
}

/// A schema with a description.
fn told(mut schema: Value, description: &str) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!(description));
    }
    schema
}

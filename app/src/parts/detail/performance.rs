//! What was measured, beside what was promised. Under the number of samples that mean something there is no figure.

use leptos::prelude::*;
use model::{ErrorCounts, QUALITY_DEFINITIONS, QualityView};

use super::{Details, time};
use crate::{
    format::{count, grouped, percent},
    parts::charts::{Step, uptime_blocks, uptime_legend},
};

/// A time in milliseconds with two significant figures, in seconds from one second on.
pub fn millis(ms: u32) -> String {
    if ms >= 1_000 {
        let seconds = f64::from(ms) / 1_000.0;
        return if ms >= 9_950 {
            format!("{seconds:.0}\u{a0}s")
        } else {
            format!("{seconds:.1}\u{a0}s")
        };
    }
    let rounded = if ms >= 100 { (ms + 5) / 10 * 10 } else { ms };
    if rounded >= 1_000 { "1.0\u{a0}s".to_owned() } else { format!("{rounded}\u{a0}ms") }
}

fn rate(value: f64) -> String {
    if value >= 10.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// Says how many samples are missing; none when there are enough.
pub fn enough(quality: &QualityView) -> Option<String> {
    let samples = quality.calls.saturating_add(quality.probes);
    (samples < quality.samples_needed).then(|| {
        format!(
            "Not enough data yet ({} of {} samples)",
            grouped(samples),
            grouped(quality.samples_needed)
        )
    })
}

/// Figures, trackers, errors and queue.
pub fn performance(all: &Details) -> AnyView {
    let Some(quality) = &all.quality else {
        return all.failed("Figures", "performance");
    };
    let updated = quality.updated_at.map(|at| view! { " · Updated " {time(at)} });
    let few = enough(quality);
    let samples = format!(
        "{} and {} of the last 7 days",
        count(quality.calls, "call", "calls"),
        count(quality.probes, "probe", "probes"),
    );
    view! {
        {few.clone().map(|text| view! { <p class="no-data"><strong>{text}</strong>" Measured figures appear from 100 samples on, because fewer mean little."</p> })}
        {figures(quality, few.is_some())}
        <p class="meta">"Measured from " {samples} {updated}</p>
        {definitions()}
        {all.sub("Uptime")}
        {uptime_blocks("Last 72 hours", &quality.hours, Step::Hour)}
        {uptime_blocks("Last 30 days", &quality.days, Step::Day)}
        {uptime_legend()}
        {all.sub("Errors and queue")}
        {errors(quality.errors, quality.calls.saturating_add(quality.probes))}
        <p>
            "Most calls at once in the last day: " <strong class="num">{grouped(quality.peak_concurrency.into())}</strong>
            ". Calls are not queued here: each one goes to the provider at once, or is refused with 429 when the limit of its plan is reached, so there is no wait before the first byte but the provider’s own."
        </p>
    }
    .into_any()
}

/// The table of promised and measured.
fn figures(quality: &QualityView, few: bool) -> AnyView {
    let (promised, measured) = (quality.promised, quality.measured);
    let tokens = |value: f64| format!("{} tokens/s", rate(value));
    let rows = [
        ("Uptime, 7 days", None, measured.uptime7d.map(percent)),
        ("Uptime, 30 days", promised.uptime.map(percent), measured.uptime30d.map(percent)),
        ("First token, typical (p50)", None, measured.latency_p50.map(millis)),
        (
            "First token, 95 of 100 calls (p95)",
            promised.latency_p95.map(millis),
            measured.latency_p95.map(millis),
        ),
        ("First token, 99 of 100 calls (p99)", None, measured.latency_p99.map(millis)),
        (
            "Speed of an answer",
            promised.throughput_tps.map(tokens),
            measured.throughput_tps.map(tokens),
        ),
        (
            "Requests per second, busiest minute",
            None,
            measured.throughput_rps.map(|v| format!("{v:.2}")),
        ),
    ];
    let row = |(name, promised, measured): (&'static str, Option<String>, Option<String>)| {
        let missing = measured.is_none();
        let measured = measured
            .unwrap_or_else(|| (if few { "not enough data" } else { "no data" }).to_owned());
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="num">{promised.unwrap_or_else(|| "–".to_owned())}</td>
                <td class="num" class:missing=missing>{measured}</td>
            </tr>
        }
    };
    view! {
        <div class="sheet-scroll" tabindex="0" role="region" aria-label="Promised and measured">
            <table class="sheet compact">
                <caption class="sr-only">"What the provider promises beside what this marketplace measured"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Figure"</th>
                        <th scope="col" class="num">"Promised"</th>
                        <th scope="col" class="num">"Measured"</th>
                    </tr>
                </thead>
                <tbody>{rows.map(row).into_iter().collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn definitions() -> AnyView {
    let term = |name: &'static str, text: &'static str| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{text}</dd>
            </div>
        }
    };
    view! {
        <details class="definitions">
            <summary>"How these figures are measured"</summary>
            <dl>
                {QUALITY_DEFINITIONS.iter().map(|(name, text)| term(name, text)).collect_view()}
                {term("Promised", "What the provider commits to, as written; it was not checked when it was listed.")}
            </dl>
        </details>
    }
    .into_any()
}

fn errors(errors: ErrorCounts, samples: u64) -> AnyView {
    if errors.total() == 0 {
        let words = if samples == 0 {
            "No sample in the last 7 days."
        } else {
            "No failure of the provider’s in the last 7 days."
        };
        return view! { <p>{words}</p> }.into_any();
    }
    let kinds = [
        ("The endpoint could not be reached", errors.unreachable),
        ("It did not answer or go on in time", errors.timeout),
        ("It answered with a failure of its own", errors.status),
        ("It broke off within an answer", errors.cut),
        ("What it answered was no completion", errors.malformed),
    ];
    let line = |(words, number): (&'static str, u64)| {
        view! {
            <div class="leader">
                <dt>{words}</dt>
                <dd class="num">{grouped(number)}</dd>
            </div>
        }
    };
    let lines = kinds.into_iter().filter(|(_, number)| *number > 0).map(line).collect_view();
    view! {
        <p>{format!("{} of the provider’s in the last 7 days:", count(errors.total(), "failure", "failures"))}</p>
        <dl class="leaders">{lines}</dl>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_figures() {
        for (ms, text) in [
            (7, "7\u{a0}ms"),
            (84, "84\u{a0}ms"),
            (843, "840\u{a0}ms"),
            (996, "1.0\u{a0}s"),
            (1_240, "1.2\u{a0}s"),
            (12_400, "12\u{a0}s"),
        ] {
            assert_eq!(millis(ms), text);
        }
    }
}

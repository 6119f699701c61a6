//! Colours, tables and charts in each of their states.

use leptos::prelude::*;
use model::{Credits, Day, Timestamp, UptimeBlock, UsageDay};

use crate::{
    contrast,
    parts::{
        badges::{Tone, badge, call_status},
        charts::{Step, credits_per_day, uptime_blocks, uptime_legend},
        notices::warning,
    },
};

/// The tokens and the contrast of the pairs that pages use.
pub fn contrasts() -> AnyView {
    let row = |pair: &contrast::Pair| {
        let figure = |ratio: f64| format!("{ratio:.2}");
        let fits = pair.light >= pair.need && pair.dark >= pair.need;
        let verdict =
            if fits { badge("Fits", Tone::Good) } else { badge("Too little", Tone::Danger) };
        view! {
            <tr>
                <th scope="row"><code>{pair.front}</code> " on " <code>{pair.back}</code></th>
                <td class="num">{figure(pair.light)}</td>
                <td class="num">{figure(pair.dark)}</td>
                <td class="num">{figure(pair.need)}</td>
                <td>{verdict}</td>
            </tr>
        }
    };
    let swatch = |name: &'static str| {
        view! { <li><span class="swatch" data-token=name></span> <code>{name}</code></li> }
    };
    view! {
        <ul class="swatches" aria-label="Tokens">{contrast::TOKENS.map(swatch).into_iter().collect_view()}</ul>
        <div class="sheet-scroll tall" tabindex="0" role="region" aria-label="Contrast of pairs">
            <table class="sheet compact">
                <caption class="sr-only">"Contrast of the pairs of tokens that pages use"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Pair"</th>
                        <th scope="col" class="num">"Light"</th>
                        <th scope="col" class="num">"Dark"</th>
                        <th scope="col" class="num">"Needed"</th>
                        <th scope="col">"Verdict"</th>
                    </tr>
                </thead>
                <tbody>{contrast::pairs().iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A table that is cards on a narrow screen.
pub fn tables() -> AnyView {
    view! {
        <table class="sheet sheet-cards">
            <caption>"A table whose rows are cards on a narrow screen"</caption>
            <thead>
                <tr>
                    <th scope="col">"Time"</th>
                    <th scope="col">"Status"</th>
                    <th scope="col" class="num">"Credits"</th>
                </tr>
            </thead>
            <tbody>
                <tr>
                    <th scope="row" class="num">"20 Nov 2026, 14:02 UTC"</th>
                    <td data-label="Status">{call_status(200, "complete")}</td>
                    <td data-label="Credits" class="num">"0.0375"</td>
                </tr>
                <tr>
                    <th scope="row" class="num">"20 Nov 2026, 14:03 UTC"</th>
                    <td data-label="Status">{call_status(502, "upstream_failed")}</td>
                    <td data-label="Credits" class="num">"0"</td>
                </tr>
            </tbody>
        </table>
    }
    .into_any()
}

/// Bars: dense, with gaps, without data.
pub fn charts() -> AnyView {
    let days = |of: &dyn Fn(i64) -> i64| -> Vec<UsageDay> {
        (0..30)
            .map(|day| UsageDay {
                day: Day::from_number(20_000 + day),
                requests: u64::from(of(day) > 0),
                errors: 0,
                prompt_tokens: 0,
                completion_tokens: 0,
                credits: Credits::from_micros(of(day) * 1_000_000),
            })
            .collect()
    };
    view! {
        <h3>"Dense"</h3>
        {credits_per_day(&days(&|day| day * 37 % 23 + 1))}
        <h3>"Sparse, with a gap"</h3>
        {credits_per_day(&days(&|day| if matches!(day, 4 | 27) { day } else { 0 }))}
        <h3>"No data"</h3>
        {credits_per_day(&days(&|_| 0))}
    }
    .into_any()
}

/// Trackers: every state, sparse, without data, failed.
pub fn trackers() -> AnyView {
    let blocks = |number: i64, of: &dyn Fn(i64) -> (u64, u64)| -> Vec<UptimeBlock> {
        (0..number)
            .map(|place| {
                let (samples, failed) = of(place);
                let start = Timestamp::from_ms(1_763_000_000_000 + place * 3_600_000);
                UptimeBlock { start, samples, failed }
            })
            .collect()
    };
    view! {
        {uptime_blocks("All states", &blocks(72, &|n| match n % 24 {
            5 => (200, 3),
            11 => (40, 9),
            17..=19 => (0, 0),
            _ => (120, 0),
        }), Step::Hour)}
        {uptime_blocks("Sparse", &blocks(30, &|n| if n > 27 { (12, 0) } else { (0, 0) }), Step::Hour)}
        {uptime_blocks("No data", &blocks(72, &|_| (0, 0)), Step::Hour)}
        {uptime_legend()}
        <div class="panel-failed" role="status">
            {warning("Figures could not be loaded. Reference 7f3a9.")}
            <p><a class="btn btn-secondary btn-small" href="#content">"Load again"</a></p>
        </div>
    }
    .into_any()
}

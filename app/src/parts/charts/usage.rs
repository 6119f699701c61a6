//! Bars per day as SVG from the server, with the same figures as a table beneath.

use leptos::prelude::*;
use model::{Credits, UsageDay};

use crate::format::{credits, grouped};

const HEIGHT: i64 = 120;
const STEP: i64 = 12;
const BAR: i64 = 8;

/// Credits per day. Bars begin at zero; a day with any use has a visible bar.
pub fn credits_per_day(days: &[UsageDay]) -> AnyView {
    let most = days.iter().map(|day| day.credits).max().unwrap_or_default();
    let sum =
        days.iter().try_fold(Credits::ZERO, |sum, day| sum.plus(day.credits)).unwrap_or_default();
    let width = i64::try_from(days.len()).unwrap_or(1).max(1) * STEP;
    let bars = days.iter().zip(0_i64..).map(|(day, place)| {
        let share = day.credits.micros().saturating_mul(HEIGHT) / most.micros().max(1);
        let height = if day.credits.is_positive() { share.max(2) } else { 0 };
        let x = place * STEP + (STEP - BAR) / 2;
        view! {
            <rect x=x.to_string() y=(HEIGHT - height).to_string() width=BAR.to_string() height=height.to_string() rx="1">
                <title>{format!("{}: {} credits", day.day, credits(day.credits))}</title>
            </rect>
        }
    });
    let ends = days
        .first()
        .zip(days.last())
        .map(|(first, last)| (first.day.to_string(), last.day.to_string()));
    let (first, last) = ends.unwrap_or_default();
    let summary = format!(
        "Credits per day from {first} to {last}: {} in all, {} on the highest day.",
        credits(sum),
        credits(most)
    );
    view! {
        <figure class="chart">
            <figcaption class="chart-title">"Credits per day" <span class="meta">" (UTC)"</span></figcaption>
            <div class="chart-plot">
                <span class="chart-most num meta" aria-hidden="true">{credits(most)}</span>
                <svg viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" role="img" aria-label=summary>
                    {bars.collect_view()}
                </svg>
            </div>
            <p class="chart-ends meta num" aria-hidden="true">
                <span>{first.clone()}</span>
                <span>{last.clone()}</span>
            </p>
            <details>
                <summary>"View as table"</summary>
                {day_table(days)}
            </details>
        </figure>
    }
    .into_any()
}

fn day_table(days: &[UsageDay]) -> AnyView {
    let row = |day: &UsageDay| {
        view! {
            <tr>
                <th scope="row" class="num">{day.day.to_string()}</th>
                <td class="num">{grouped(day.requests)}</td>
                <td class="num">{grouped(day.errors)}</td>
                <td class="num">{grouped(day.prompt_tokens)}</td>
                <td class="num">{grouped(day.completion_tokens)}</td>
                <td class="num">{credits(day.credits)}</td>
            </tr>
        }
    };
    let used = days.iter().rev().filter(|day| day.requests > 0);
    view! {
        <div class="sheet-scroll" tabindex="0" role="region" aria-label="Use per day">
            <table class="sheet">
                <caption class="meta">"Days with use, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Day"</th>
                        <th scope="col" class="num">"Requests"</th>
                        <th scope="col" class="num">"Errors"</th>
                        <th scope="col" class="num">"Prompt tokens"</th>
                        <th scope="col" class="num">"Answer tokens"</th>
                        <th scope="col" class="num">"Credits"</th>
                    </tr>
                </thead>
                <tbody>{used.map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

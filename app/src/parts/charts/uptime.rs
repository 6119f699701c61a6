//! The uptime tracker: a block for each hour or day. A worse stretch is lower as well as another colour, and a stretch
//! without a sample is a thin line, so that nobody has to tell colours apart.

use leptos::prelude::*;
use model::{SAMPLES_NEEDED, Timestamp, UptimeBlock};

use crate::format::{count, date, date_time, grouped, percent};

const HEIGHT: u32 = 32;
const STEP: usize = 8;
const BAR: usize = 6;

/// How long one block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Hour,
    Day,
}

impl Step {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Hour => ("hour", "hours"),
            Self::Day => ("day", "days"),
        }
    }

    fn name(self, at: Timestamp) -> String {
        match self {
            Self::Hour => date_time(at),
            Self::Day => date(at),
        }
    }
}

/// How a stretch went, in a word that has a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Operational,
    Degraded,
    Outage,
    NoData,
}

impl State {
    fn of(block: &UptimeBlock) -> Self {
        match block.uptime() {
            None => Self::NoData,
            Some(uptime) if uptime >= 99.5 => Self::Operational,
            Some(uptime) if uptime >= 95.0 => Self::Degraded,
            Some(_) => Self::Outage,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Operational => "Operational",
            Self::Degraded => "Degraded",
            Self::Outage => "Outage",
            Self::NoData => "No data",
        }
    }

    const fn limits(self) -> &'static str {
        match self {
            Self::Operational => "99.5 % or more",
            Self::Degraded => "95 to 99.5 %",
            Self::Outage => "under 95 %",
            Self::NoData => "no sample",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Operational => "up-ok",
            Self::Degraded => "up-degraded",
            Self::Outage => "up-down",
            Self::NoData => "up-none",
        }
    }

    const fn height(self) -> u32 {
        match self {
            Self::Operational => HEIGHT,
            Self::Degraded => 20,
            Self::Outage => 10,
            Self::NoData => 2,
        }
    }
}

/// How much of a block was answered, in counts: a share of a few samples would say more than is known.
fn answered(block: &UptimeBlock) -> String {
    let kept = block.samples.saturating_sub(block.failed);
    format!("{} of {} answered", grouped(kept), grouped(block.samples))
}

/// All blocks as one.
fn whole(blocks: &[UptimeBlock]) -> Option<UptimeBlock> {
    let sum = |of: fn(&UptimeBlock) -> u64| blocks.iter().map(of).fold(0, u64::saturating_add);
    let first = blocks.first()?;
    let all = UptimeBlock { samples: sum(|b| b.samples), failed: sum(|b| b.failed), ..*first };
    (all.samples > 0).then_some(all)
}

/// The sentence that says what the blocks show. There is no share before there are enough samples for one.
fn summary(blocks: &[UptimeBlock], step: Step) -> String {
    let (one, many) = step.words();
    let measured = blocks.iter().filter(|block| block.samples > 0);
    let known = count(measured.clone().count() as u64, one, many);
    let Some(all) = whole(blocks) else {
        return format!("No data yet for the last {}.", count(blocks.len() as u64, one, many));
    };
    let share = all.uptime().filter(|_| all.samples >= SAMPLES_NEEDED).map(percent);
    let share = share.map(|share| format!("{share}, ")).unwrap_or_default();
    let worst = measured
        .filter(|block| block.failed > 0)
        .max_by(|a, b| a.failed.saturating_mul(b.samples).cmp(&b.failed.saturating_mul(a.samples)));
    let worst = worst.map_or_else(
        || "No failure.".to_owned(),
        |worst| format!("The worst {one} was {} with {}.", step.name(worst.start), answered(worst)),
    );
    format!("{share}{} in {known} with samples. {worst}", answered(&all))
}

/// Blocks of equal length, oldest first.
pub fn uptime_blocks(title: &'static str, blocks: &[UptimeBlock], step: Step) -> AnyView {
    let summary = summary(blocks, step);
    let bars = blocks.iter().enumerate().map(|(place, block)| {
        let state = State::of(block);
        let said = if block.samples > 0 {
            format!("{}, {}", state.word(), answered(block))
        } else {
            state.word().to_owned()
        };
        view! {
            <rect class=state.class() x=(place * STEP + 1).to_string() y=(HEIGHT - state.height()).to_string() width=BAR.to_string() height=state.height().to_string() rx="1">
                <title>{format!("{}: {said}", step.name(block.start))}</title>
            </rect>
        }
    });
    let ends = blocks.first().zip(blocks.last());
    let ends = ends.map(|(first, last)| {
        view! {
            <p class="chart-ends meta num" aria-hidden="true">
                <span>{step.name(first.start)}</span>
                <span>{step.name(last.start)}</span>
            </p>
        }
    });
    let table = whole(blocks).map(|_| block_table(title, blocks, step));
    view! {
        <figure class="uptime">
            <figcaption class="chart-title">{title} <span class="meta">" (UTC)"</span></figcaption>
            <svg viewBox=format!("0 0 {} {HEIGHT}", blocks.len().max(1) * STEP) preserveAspectRatio="none" role="img" aria-label=format!("{title}: {summary}")>
                {bars.collect_view()}
            </svg>
            {ends}
            <p class="meta">{summary.clone()}</p>
            {table}
        </figure>
    }
    .into_any()
}

/// What the heights and colours of the blocks mean.
pub fn uptime_legend() -> AnyView {
    let item = |state: State| {
        view! {
            <li>
                <svg viewBox=format!("0 0 {STEP} {HEIGHT}") width="8" height="16" aria-hidden="true" focusable="false">
                    <rect class=state.class() x="1" y=(HEIGHT - state.height()).to_string() width=BAR.to_string() height=state.height().to_string() rx="1"></rect>
                </svg>
                {state.word()} <span class="meta">{state.limits()}</span>
            </li>
        }
    };
    let all = [State::Operational, State::Degraded, State::Outage, State::NoData];
    view! { <ul class="legend" aria-label="What the blocks mean">{all.map(item).into_iter().collect_view()}</ul> }
        .into_any()
}

fn block_table(title: &'static str, blocks: &[UptimeBlock], step: Step) -> AnyView {
    let row = |block: &UptimeBlock| {
        view! {
            <tr>
                <th scope="row" class="num">{step.name(block.start)}</th>
                <td class="num">{grouped(block.samples.saturating_sub(block.failed))}</td>
                <td class="num">{grouped(block.samples)}</td>
                <td class="num">{grouped(block.failed)}</td>
            </tr>
        }
    };
    let known = blocks.iter().rev().filter(|block| block.samples > 0);
    let head = if step == Step::Hour { "Hour" } else { "Day" };
    view! {
        <details>
            <summary>"View as table"</summary>
            <div class="sheet-scroll tall" tabindex="0" role="region" aria-label=format!("{title}, as a table")>
                <table class="sheet">
                    <caption class="meta">{format!("{head}s with samples, newest first")}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{head}</th>
                            <th scope="col" class="num">"Answered"</th>
                            <th scope="col" class="num">"Samples"</th>
                            <th scope="col" class="num">"Failed"</th>
                        </tr>
                    </thead>
                    <tbody>{known.map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(hour: i64, samples: u64, failed: u64) -> UptimeBlock {
        UptimeBlock { start: Timestamp::from_ms(hour * 3_600_000), samples, failed }
    }

    #[test]
    fn nearly_everything_is_not_everything_and_nothing_is_not_all() {
        let said = summary(&[block(0, 100_000, 1)], Step::Hour);
        assert!(said.starts_with("99.99 %, 99,999 of 100,000 answered in 1 hour"), "{said}");
        let html = uptime_blocks("Last 72 hours", &[block(0, 0, 0)], Step::Hour).to_html();
        assert!(html.contains("No data yet") && !html.contains("100"), "{html}");
        // A few samples have counts and no share.
        let few = summary(&[block(0, 99, 0)], Step::Hour);
        assert!(few.starts_with("99 of 99 answered") && !few.contains('%'), "{few}");
    }

    #[test]
    fn each_state_has_a_height_of_its_own() {
        let states = [block(0, 10, 0), block(0, 100, 2), block(0, 10, 5), block(0, 0, 0)];
        let mut heights: Vec<u32> = states.iter().map(|b| State::of(b).height()).collect();
        heights.dedup();
        assert_eq!(heights.len(), 4);
    }

    #[test]
    fn the_worst_hour_is_named() {
        let blocks = [block(0, 10, 1), block(1, 10, 9), block(2, 1_000, 10)];
        let html = uptime_blocks("Last 72 hours", &blocks, Step::Hour).to_html();
        assert!(
            html.contains("The worst hour was 1 Jan 1970, 01:00 UTC with 1 of 10 answered"),
            "{html}"
        );
    }
}

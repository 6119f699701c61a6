//! How far something is, step by step: what was done, by whom and when, what is being done, and what comes.

use leptos::prelude::*;
use model::Timestamp;

use super::detail::time;

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Done,
    /// It is at this one.
    Now,
    /// It did not get past this one.
    Failed,
    /// Nobody needed to take it.
    Skipped,
    Ahead,
}

impl Mark {
    const fn class(self) -> &'static str {
        match self {
            Self::Done => "mark-done",
            Self::Now => "mark-now",
            Self::Failed => "mark-failed",
            Self::Skipped => "mark-skipped",
            Self::Ahead => "mark-ahead",
        }
    }

    /// For those who do not see the sign.
    const fn words(self) -> &'static str {
        match self {
            Self::Done => "Done: ",
            Self::Now => "Now: ",
            Self::Failed => "Stopped: ",
            Self::Skipped => "Not needed: ",
            Self::Ahead => "To come: ",
        }
    }
}

/// One step.
#[derive(Debug, Clone)]
pub struct Point {
    pub mark: Mark,
    pub title: String,
    /// Who took it, or who is waited for.
    pub who: String,
    pub at: Option<Timestamp>,
    /// What was said with it, as text.
    pub said: String,
}

/// The steps in their order.
pub fn timeline(points: &[Point]) -> AnyView {
    let item = |point: &Point| {
        let at = point.at.map(|at| view! { <span class="meta num">{time(at)}</span> });
        let who =
            (!point.who.is_empty()).then(|| view! { <p class="meta">{point.who.clone()}</p> });
        let said = (!point.said.is_empty()).then(|| {
            view! { <blockquote dir="auto">{point.said.clone()}</blockquote> }
        });
        let current = (point.mark == Mark::Now).then_some("step");
        view! {
            <li class=point.mark.class() aria-current=current>
                <p class="timeline-head">
                    <strong><span class="sr-only">{point.mark.words()}</span>{point.title.clone()}</strong>
                    {at}
                </p>
                {who}
                {said}
            </li>
        }
    };
    view! { <ol class="timeline">{points.iter().map(item).collect_view()}</ol> }.into_any()
}

//! States and marks as words with a colour, never a colour alone.

use leptos::prelude::*;
use model::{ResourceState, ServiceStatus};

use super::icons::{Icon, icon};

/// What a badge means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Good,
    Warning,
    Danger,
    Accent,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "badge",
            Self::Good => "badge badge-good",
            Self::Warning => "badge badge-warning",
            Self::Danger => "badge badge-danger",
            Self::Accent => "badge badge-accent",
        }
    }
}

/// A word in a tone.
pub fn badge(text: impl Into<String>, tone: Tone) -> AnyView {
    view! { <span class=tone.class()>{text.into()}</span> }.into_any()
}

/// Where a resource stands, in the words of its owner.
pub fn resource_state(state: ResourceState) -> AnyView {
    let (word, tone) = match state {
        ResourceState::Creating => ("Setting up", Tone::Neutral),
        ResourceState::Ok => ("Active", Tone::Good),
        ResourceState::Updating => ("Updating", Tone::Neutral),
        ResourceState::Paused => ("Paused", Tone::Warning),
        ResourceState::Erred => ("Failed", Tone::Danger),
        ResourceState::Terminating => ("Ending", Tone::Warning),
        ResourceState::Terminated => ("Ended", Tone::Neutral),
    };
    badge(word, tone)
}

/// The state of a service, said only when it is not simply on sale.
pub fn service_state(status: ServiceStatus) -> Option<AnyView> {
    match status {
        ServiceStatus::Active => None,
        ServiceStatus::Maintenance => Some(badge("Maintenance", Tone::Warning)),
        ServiceStatus::Deprecated => Some(badge("Deprecated", Tone::Danger)),
    }
}

/// How a call was answered.
pub fn call_status(status: u16, outcome: &str) -> AnyView {
    let word = match outcome {
        "complete" => "Complete",
        "client_gone" => "Client left",
        "upstream_cut" => "Cut short",
        "upstream_failed" => "Upstream failed",
        other => other,
    };
    let tone = match status {
        200..300 if outcome == "complete" => Tone::Good,
        200..400 => Tone::Warning,
        _ => Tone::Danger,
    };
    badge(format!("{status} {word}"), tone)
}

/// Who sells, and whether they were checked.
pub fn provider(name: &str, verified: bool) -> AnyView {
    let mark = verified.then(|| {
        view! {
            <span class="verified">{icon(Icon::Verified)} "verified"</span>
        }
    });
    view! { <span class="provider">{name.to_owned()} {mark}</span> }.into_any()
}

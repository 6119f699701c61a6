//! A service in a list, and a shelf of the marketplace.

use leptos::prelude::*;
use model::{CategoryView, OpenState, Place, Schedule, Service, Timestamp};

use super::{
    badges::{Tone, badge, provider, service_state},
    compare::compare_box,
    highlight::highlight,
    icons::{Icon, icon},
    prices::{leader, price_lines},
};
use crate::format::{count, grouped, percent, token_count, week_time};

/// What a card says beside the service itself.
#[derive(Clone, Copy, Default)]
pub struct CardSetting<'a> {
    /// The title of its category.
    pub category: &'a str,
    /// The beginning of the address of a dialog over the list, up to the service.
    pub over: &'a str,
    /// Folded words to mark.
    pub terms: &'a [String],
    /// Where calls come from.
    pub near: Option<Place>,
    /// Whether it is open; none where that is not worth a word.
    pub open: Option<OpenState>,
    /// Whether it can be chosen for a comparison.
    pub compare: bool,
}

/// A service in a list. Its name links to its page; `return_query` is the list's own query, kept for the dialog.
pub fn service_card(service: &Service, category: &str, return_query: &str) -> AnyView {
    let amp = if return_query.is_empty() { "" } else { "&" };
    let over = format!("/marketplace/?{return_query}{amp}service=");
    card(service, CardSetting { category, over: &over, ..CardSetting::default() })
}

/// A service in a list, with all that a list knows of it.
pub fn card(service: &Service, setting: CardSetting<'_>) -> AnyView {
    let page = format!("/marketplace-public-offering/{}/", service.id);
    let dialog = format!("{}{}", setting.over, service.id);
    let features = service.features.names().into_iter().map(|name| view! { <li>{name}</li> });
    let context = (service.context_window > 0).then(|| {
        view! { <li class="num">{format!("{}\u{a0}context", token_count(service.context_window))}</li> }
    });
    let trial = service
        .trial
        .as_ref()
        .map(|trial| badge(format!("{}-day trial", trial.days), Tone::Accent));
    let measured = measured(service, setting.near);
    let measured = (!measured.is_empty())
        .then(|| view! { <dl class="leaders service-figures">{measured}</dl> });
    let compare = setting.compare.then(|| compare_box(service, false));
    view! {
        <article class="card service" data-cat=service.category.to_string()>
            <div class="service-part">
                <p class="service-kind">
                    {icon(Icon::of_category(&service.category))}
                    <span>{setting.category.to_owned()}</span>
                    <span class="meta">{service.model_family.title()}</span>
                </p>
                <h3 class="service-name">
                    <a href=page.clone()>{highlight(&service.name, setting.terms)}</a>
                </h3>
                <p class="service-tagline">{highlight(&service.tagline, setting.terms)}</p>
                <p class="meta service-by">
                    <span>"by " {provider(&service.provider_name, service.provider_verified)}</span>
                    {rating(service)}
                    {service_state(service.status)}
                    {trial}
                    {setting.open.map(open_words)}
                </p>
            </div>
            <div class="service-part">
                {price_lines(service)}
                {measured}
                <ul class="tags" aria-label="Features">
                    {context}
                    {features.collect_view()}
                </ul>
            </div>
            <p class="service-actions">
                <a class="btn btn-secondary btn-small" href=page data-dialog=dialog>
                    "Details"
                    <span class="sr-only">" of " {service.name.clone()}</span>
                </a>
                <a class="btn btn-ghost btn-small" href=format!("/resource/{}/deploy/", service.id)>
                    "Start using"
                    <span class="sr-only">" " {service.name.clone()}</span>
                </a>
                {compare}
            </p>
        </article>
    }
    .into_any()
}

/// What reviews say, always with their number.
pub fn rating_words(service: &Service) -> String {
    match service.rating {
        Some(stars) if service.review_count > 0 => {
            format!("{stars:.1} of 5\u{a0}· {}", grouped(service.review_count))
        }
        _ => "No reviews yet".to_owned(),
    }
}

fn rating(service: &Service) -> impl IntoView + use<> {
    let star = (service.review_count > 0).then(|| icon(Icon::Star));
    let reviews = (service.review_count > 0).then_some(if service.review_count == 1 {
        " review"
    } else {
        " reviews"
    });
    view! {
        <span class="rating num">
            {star}
            {rating_words(service)}
            {reviews.map(|word| view! { <span class="sr-only">{word}</span> })}
        </span>
    }
}

/// The figures of a card: only what was measured, and the distance as an estimate.
fn measured(service: &Service, near: Option<Place>) -> Vec<AnyView> {
    let metrics = &service.metrics;
    [
        metrics.latency_p95.map(|ms| leader("First token, p95", milliseconds(ms))),
        metrics.uptime30d.map(|share| leader("Uptime, 30 days", percent(share))),
        near.and_then(|place| place.round_trip_ms(&service.geographic.country))
            .map(|ms| leader("Network, estimate", format!("≈\u{a0}{ms}\u{a0}ms"))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A time of a few seconds at most, with two significant figures from a second on.
pub fn milliseconds(ms: u32) -> String {
    if ms < 1_000 {
        format!("{ms}\u{a0}ms")
    } else {
        format!("{}.{}\u{a0}s", ms / 1_000, ms % 1_000 / 100)
    }
}

/// Whether somebody should be told that a service is open: not when it always is.
pub fn has_hours(service: &Service) -> bool {
    service.availability.schedule != Schedule::Always
        || !service.availability.maintenance_windows.is_empty()
}

fn open_words(state: OpenState) -> impl IntoView {
    let until = |words: &'static str, at: Option<Timestamp>| {
        at.map(|at| {
            view! { {words} <time datetime=at.to_string()>{week_time(at)}</time> }
        })
    };
    let (class, word, change) = if state.open {
        ("hours open", "Open now", None)
    } else if state.maintenance {
        ("hours", "Maintenance", until(" until ", state.changes_at))
    } else {
        ("hours", "Closed", until("\u{a0}· opens ", state.changes_at))
    };
    view! { <span class=class>{word} {change}</span> }
}

/// A shelf with the number of services on it.
pub fn category_card(category: &CategoryView) -> AnyView {
    let services = (category.count > 0).then(|| count(category.count, "agent", "agents"));
    view! {
        <a class="shelf" data-cat=category.slug.clone() href=format!("/marketplace-category/{}/", category.slug)>
            <span class="shelf-icon">{icon(Icon::of_category(&category.slug))}</span>
            <span class="shelf-title">{category.title.clone()}</span>
            <span class="meta num">{services}</span>
            <span class="shelf-text">{category.description.clone()}</span>
        </a>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!(milliseconds(840), "840\u{a0}ms");
        assert_eq!(milliseconds(1_270), "1.2\u{a0}s");
    }
}

//! What stands first: name, who sells it, what to do with it, and the facts that people compare.

use leptos::prelude::*;
use model::{Service, ServiceStatus, Usd};

use super::{Details, availability::open_words, performance::millis};
use crate::{
    format::{date, percent, token_count},
    parts::{
        badges::{Tone, badge, provider, service_state},
        icons::{Icon, icon},
        prices::per_million_words,
        ratings::rating,
    },
};

/// Name, provider, stars, and the actions.
pub fn head(all: &Details) -> AnyView {
    let detail = &*all.detail;
    let service = &detail.service;
    let name = if all.in_dialog {
        view! { <h2 class="h1" id="service-name" tabindex="-1">{service.name.clone()}</h2> }
            .into_any()
    } else {
        view! { <h1 id="service-name">{service.name.clone()}</h1> }.into_any()
    };
    let checked = detail.provider.verified_at.map(|at| format!(", checked on {}", date(at)));
    let (average, reviews) = stars(all);
    view! {
        <header class="detail-head">
            <div>
                <p class="service-kind">
                    {icon(Icon::of_category(&service.category))}
                    <a href=format!("/marketplace/?category={}", service.category)>{all.category.clone()}</a>
                </p>
                {name}
                <p class="lead">{service.tagline.clone()}</p>
                <p class="meta detail-by">
                    <span>
                        "by "
                        <a href=format!("/marketplace/providers/{}/", detail.provider.slug)>{provider(&detail.provider.name, detail.provider.verified_at.is_some())}</a>
                        {checked}
                    </span>
                    <a class="plain" href="#reviews">{rating(average, reviews)}</a>
                    {service_state(service.status)}
                </p>
                {(service.status == ServiceStatus::Deprecated).then(|| view! {
                    <p class="meta">"Its provider plans to end it. New subscriptions are possible, but look for a successor."</p>
                })}
            </div>
            <div class="detail-act">
                <a class="btn btn-primary btn-large" href=format!("/resource/{}/deploy/", service.id)>"Start using"</a>
                <p class="num price-line">{per_million_words(detail)}</p>
                {trial_badge(service)}
            </div>
            {actions(all)}
        </header>
    }
    .into_any()
}

/// The average and the number of reviews: as loaded, else as the catalogue has them.
fn stars(all: &Details) -> (Option<f64>, u64) {
    match &all.reviews {
        Some(page) => (page.average, page.distribution.iter().sum()),
        None => (all.detail.service.rating, all.detail.service.review_count),
    }
}

fn trial_badge(service: &Service) -> Option<AnyView> {
    let trial = service.trial.as_ref()?;
    Some(view! { <p>{badge(format!("{}-day trial", trial.days), Tone::Accent)}</p> }.into_any())
}

fn actions(all: &Details) -> AnyView {
    let detail = &*all.detail;
    let page = all.page();
    let test = detail.callable.then(|| {
        view! { <a class="btn btn-secondary" href=format!("{page}try/")>{icon(Icon::Play)} "Test API"</a> }
    });
    let documentation = detail
        .documentation_url
        .as_ref()
        .filter(|url| url.starts_with("https://"))
        .map(|url| {
            view! { <a class="btn btn-secondary" rel="nofollow ugc noopener" href=url.clone()>{icon(Icon::Book)} "View documentation"</a> }
        });
    let compare = (detail.plans.len() > 1).then(|| {
        view! { <a class="btn btn-secondary" href=format!("/marketplace/compare/?offering={}", detail.service.id)>{icon(Icon::Columns)} "Compare plans"</a> }
    });
    view! {
        <p class="detail-actions">
            {test} {documentation} {compare}
            <a class="btn btn-ghost" href=format!("{page}report/")>{icon(Icon::Flag)} "Report issue"</a>
        </p>
    }
    .into_any()
}

fn fact(name: &'static str, value: impl Into<String>) -> AnyView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd class="num">{value.into()}</dd>
        </div>
    }
    .into_any()
}

/// The strip of facts beneath the name.
pub fn facts(all: &Details) -> AnyView {
    let service = &all.detail.service;
    let place = &service.geographic;
    let measured = all.quality.as_ref().map_or(service.metrics, |quality| quality.measured);
    let trial = match (&service.trial, service.trial_tokens) {
        (Some(trial), _) => format!("{} days", trial.days),
        (None, Some(tokens)) => format!("{} tokens", token_count(tokens)),
        (None, None) if all.detail.trial_credits.is_positive() => {
            format!("{} credits", all.detail.trial_credits)
        }
        (None, None) => "None".to_owned(),
    };
    let no_data = || "Not enough data yet".to_owned();
    let price = if service.price_per_1k_tokens == Usd::ZERO {
        "No charge / token".to_owned()
    } else {
        format!("{} / 1K tokens", service.price_per_1k_tokens)
    };
    view! {
        <dl class="facts">
            {fact("Typical price", price)}
            {fact("Trial", trial)}
            {(service.context_window > 0).then(|| fact("Context", format!("{} tokens", token_count(service.context_window))))}
            {(service.max_output_tokens > 0).then(|| fact("Longest answer", format!("{} tokens", token_count(service.max_output_tokens))))}
            {fact("First token, p95", measured.latency_p95.map_or_else(no_data, millis))}
            {fact("Uptime, 30 days", measured.uptime30d.map_or_else(no_data, percent))}
            {(!place.region.is_empty()).then(|| fact("Region", place.region.clone()))}
            {fact("Now", open_words(all.open, all.calendar.as_ref(), all.now))}
        </dl>
    }
    .into_any()
}

/// On a narrow screen the price and the one action stay in reach.
pub fn bottom_bar(all: &Details) -> AnyView {
    view! {
        <p class="detail-bar">
            <span class="num meta">{per_million_words(&all.detail)}</span>
            <a class="btn btn-primary" href=format!("/resource/{}/deploy/", all.detail.service.id)>"Start using"</a>
        </p>
    }
    .into_any()
}

//! Services as a table: compact figures under headings that order the list.

use leptos::prelude::*;
use model::{CatalogQuery, Feature, Service, Sort, Usd};

use super::{
    badges::service_state,
    cards::milliseconds,
    compare::compare_box,
    filters::Listing,
    highlight::highlight,
    icons::{Icon, icon},
};
use crate::format::{grouped, percent, token_count};

/// The services of a page of results as a table.
pub fn service_table(listing: Listing<'_>) -> AnyView {
    let over = listing.over();
    let rows = listing.found.services.iter().map(|found| row(listing, &found.service, &over));
    view! {
        <div class="sheet-scroll" tabindex="0" role="region" aria-label="Table of agents">
            <table class="sheet sheet-cards market-table">
                <caption class="sr-only">
                    {format!("Agents, ordered by: {}", order_words(listing.query))}
                </caption>
                <thead>
                    <tr>
                        <th scope="col">"Agent"</th>
                        {heading(listing, "Price / 1K tokens", &[Sort::Price, Sort::PriceDown])}
                        {heading(listing, "Context", &[Sort::Context])}
                        {heading(listing, "First token", &[Sort::Latency])}
                        {heading(listing, "Uptime", &[Sort::Uptime])}
                        {heading(listing, "Rating of 5", &[Sort::Rating])}
                        <th scope="col">"Features"</th>
                        <th scope="col">"Compare"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What the list is ordered by, in words.
pub fn order_words(query: &CatalogQuery) -> &'static str {
    match query.sort {
        Some(sort) => sort.title(),
        None if query.search.is_empty() => Sort::Popularity.title(),
        None => "Best match",
    }
}

/// A heading that orders the list by its column; a second order of the same column takes turns with the first.
fn heading(listing: Listing<'_>, title: &'static str, sorts: &[Sort]) -> impl IntoView + use<> {
    let now = listing.query.sort.filter(|sort| sorts.contains(sort));
    let next = sorts.iter().copied().find(|sort| Some(*sort) != now).or(now);
    let direction = now.map(|sort| match sort {
        Sort::Price | Sort::Latency => "ascending",
        _ => "descending",
    });
    let sign = direction.map(|way| if way == "ascending" { " ↑" } else { " ↓" });
    let target = CatalogQuery { sort: next, ..listing.query.first_page() };
    let key = next.map(|sort| format!("sort-{}", sort.as_str().trim_start_matches('-')));
    view! {
        <th scope="col" class="num" aria-sort=direction>
            <a href=listing.address(&target) data-go="" data-key=key>
                {title}
                <span aria-hidden="true">{sign}</span>
            </a>
        </th>
    }
}

fn row(listing: Listing<'_>, service: &Service, over: &str) -> impl IntoView + use<> {
    let page = format!("/marketplace-public-offering/{}/", service.id);
    let dialog = format!("{over}{}", service.id);
    let metrics = &service.metrics;
    let verified = service.provider_verified.then(|| {
        view! { <span class="verified">{icon(Icon::Verified)}<span class="sr-only">"verified"</span></span> }
    });
    let trial = service.trial.as_ref().map(|trial| format!("\u{a0}· {}-day trial", trial.days));
    let rating =
        service.rating.map(|stars| format!("{stars:.1}\u{a0}· {}", grouped(service.review_count)));
    let context = (service.context_window > 0).then(|| token_count(service.context_window));
    view! {
        <tr data-row="">
            <th scope="row">
                <a class="row-name" href=page data-dialog=dialog>{highlight(&service.name, listing.query_terms())}</a>
                <span class="meta block">
                    {service.provider_name.to_string()} {verified} {trial} " " {service_state(service.status)}
                </span>
            </th>
            <td class="num" data-label="Price / 1K tokens">{price(service)}</td>
            <td class="num" data-label="Context">{figure(context, "not said")}</td>
            <td class="num" data-label="First token">{figure(metrics.latency_p95.map(milliseconds), "not enough data yet")}</td>
            <td class="num" data-label="Uptime">{figure(metrics.uptime30d.map(percent), "not enough data yet")}</td>
            <td class="num" data-label="Rating of 5, reviews">
                {figure(rating, "no reviews yet")}
            </td>
            <td data-label="Features">
                {figure(short_features(service), "none said")}
            </td>
            <td data-label="Compare">{compare_box(service, true)}</td>
        </tr>
    }
}

/// A figure, or a dash that says why there is none.
fn figure(value: Option<String>, none: &'static str) -> impl IntoView {
    let missing = value.is_none().then(|| {
        view! {
            <span class="none" aria-hidden="true">"–"</span>
            <span class="sr-only">{none}</span>
        }
    });
    view! { <span>{value} {missing}</span> }
}

fn price(service: &Service) -> AnyView {
    let price = service.price_per_1k_tokens;
    let fee = (service.monthly_fee != Usd::ZERO)
        .then(|| view! { <span class="meta block">{format!("from {}\u{a0}/\u{a0}mo", service.monthly_fee)}</span> });
    let words = match (price == Usd::ZERO, fee.is_some()) {
        (true, true) => "in the fee".to_owned(),
        (true, false) => "no charge".to_owned(),
        _ => price.to_string(),
    };
    view! { <span>{words} {fee}</span> }.into_any()
}

fn short_features(service: &Service) -> Option<String> {
    let short = |feature: Feature| match feature {
        Feature::FunctionCalling => "Functions",
        Feature::Json => "JSON",
        Feature::FineTuned => "Fine-tuned",
        other => other.title(),
    };
    let has = Feature::ALL.iter().filter(|feature| service.features.has(**feature));
    let names: Vec<_> = has.map(|feature| short(*feature)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

//! Prices as they are read: unit first, leaders between name and figure, figures under each other.

use std::fmt::Display;

use leptos::prelude::*;
use model::{Limits, PlanView, Service, ServiceDetail, Usd};

use crate::format::{grouped, per_million};

/// One line of a price list: words, dots, figure.
pub fn leader(words: impl Into<String>, figure: impl Into<String>) -> AnyView {
    view! {
        <div class="leader">
            <dt>{words.into()}</dt>
            <dd class="num">{figure.into()}</dd>
        </div>
    }
    .into_any()
}

/// The prices of a service on a card.
pub fn price_lines(service: &Service) -> AnyView {
    let monthly = (service.monthly_fee != Usd::ZERO)
        .then(|| leader("Plans from", format!("{} / month", service.monthly_fee)));
    let (prompt, answer) =
        (service.prompt_price_per_1k_tokens, service.completion_price_per_1k_tokens);
    let free = prompt == Usd::ZERO && answer == Usd::ZERO;
    let usage = if free {
        leader("Tokens", "no charge")
    } else {
        view! {
            {leader("Prompt / 1K tokens", charge(prompt))}
            {leader("Answer / 1K tokens", charge(answer))}
        }
        .into_any()
    };
    view! { <dl class="leaders">{usage} {monthly}</dl> }.into_any()
}

fn charge(price: Usd) -> String {
    if price == Usd::ZERO { "no charge".to_owned() } else { price.to_string() }
}

/// What a plan's fee is, in the words of a button's neighbour.
pub fn fee(plan: &PlanView) -> String {
    if plan.monthly_fee == Usd::ZERO {
        "No monthly fee".to_owned()
    } else {
        format!("{} / month", plan.monthly_fee)
    }
}

/// The limits of a plan in words; a plan without limits says so.
pub fn limit_words(limits: Limits) -> String {
    let words: Vec<String> = [
        limits.requests_per_minute.map(|n| format!("{} requests a minute", grouped(n.into()))),
        limits.requests_per_day.map(|n| format!("{} requests a day", grouped(n.into()))),
        limits.concurrent.map(|n| format!("{} at a time", grouped(n.into()))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if words.is_empty() { "No limit".to_owned() } else { words.join(", ") }
}

/// Two radio buttons that show prices per thousand or per million tokens. Style does the switching, so it needs no
/// script; browsers that cannot switch show both.
pub fn unit_switch() -> AnyView {
    view! {
        <fieldset class="unit-switch segments">
            <legend class="sr-only">"Unit of prices"</legend>
            <label>
                <input class="sr-only" type="radio" name="unit" id="unit-1k" checked=true />
                <span>"per 1K tokens"</span>
            </label>
            <label>
                <input class="sr-only" type="radio" name="unit" id="unit-1m" />
                <span>"per 1M tokens"</span>
            </label>
        </fieldset>
    }
    .into_any()
}

/// A price in both units, of which the switch shows one.
fn token_price(label: &'static str, per_thousand: impl Display, per_million: i64) -> AnyView {
    view! {
        <td data-label=label class="num">
            <span>
                <span class="per-1k">{format!("{per_thousand}\u{a0}/\u{a0}1K")}</span>
                <span class="per-1m">{format!("{}\u{a0}/\u{a0}1M", Usd::from_micros(per_million))}</span>
            </span>
        </td>
    }
    .into_any()
}

/// The plans of a service, one a row, with all prices.
pub fn plan_table(plans: &[PlanView]) -> AnyView {
    let per_request = plans.iter().any(|plan| plan.price.request != 0);
    let row = |plan: &PlanView| {
        let request = per_request.then(|| {
            view! { <td data-label="Request" class="num">{Usd::from_micros(plan.price.request).to_string()}</td> }
        });
        view! {
            <tr>
                <th scope="row">
                    {plan.name.clone()}
                    <span class="meta block">{plan.description.clone()}</span>
                </th>
                <td data-label="Fee" class="num">{fee(plan)}</td>
                {token_price("Prompt tokens", plan.price.prompt_per_1k(), plan.price.prompt)}
                {token_price("Answer tokens", plan.price.completion_per_1k(), plan.price.completion)}
                {request}
                <td data-label="Limits" class="wide">{limit_words(plan.limits)}</td>
            </tr>
        }
    };
    view! {
        <div class="sheet-scroll" tabindex="0" role="region" aria-label="Plans">
            <table class="sheet sheet-cards">
                <caption class="sr-only">"Plans and their prices in US dollars"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Plan"</th>
                        <th scope="col" class="num">"Fee"</th>
                        <th scope="col" class="num">"Prompt tokens"</th>
                        <th scope="col" class="num">"Answer tokens"</th>
                        {per_request.then(|| view! { <th scope="col" class="num">"Request"</th> })}
                        <th scope="col">"Limits"</th>
                    </tr>
                </thead>
                <tbody>{plans.iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The headline figure of a service: what a million tokens cost each way.
pub fn per_million_words(detail: &ServiceDetail) -> String {
    let service = &detail.service;
    let from = if detail.plans.len() > 1 { "from " } else { "" };
    format!(
        "{from}{} in · {} out / 1M tokens",
        per_million(service.prompt_price_per_1k_tokens),
        per_million(service.completion_price_per_1k_tokens)
    )
}

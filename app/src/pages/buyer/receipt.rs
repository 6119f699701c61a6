//! The receipt of one call: what was used, at which prices, and how the ledger booked it.

use leptos::prelude::*;
use leptos_meta::Title;
use market::Catalog;
use model::{Price, Receipt, ReceiptId, ReceiptLine, Usd};

use crate::{
    context::{actor, loaded, market, param},
    format::{credits, date_time, grouped},
    parts::{
        badges::call_status,
        code::copy_button,
        icons::{Icon, icon},
        notices::remark,
        prices::leader,
    },
};

/// One receipt, for those who paid it.
#[component]
pub fn ReceiptPage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        let receipt = market.usage().receipt(&actor, param::<ReceiptId>("receipt")?).await?;
        let (customer, _) = market.resources().owned(&actor, receipt.resource_id).await?;
        let prices = prices_of(&market.catalog(), &receipt);
        let usage = format!("/organizations/{customer}/agents/{}/usage/", receipt.resource_id);
        Ok(page(&receipt, prices, &usage))
    })
}

fn page(receipt: &Receipt, prices: Option<Price>, usage: &str) -> AnyView {
    view! {
        <Title text=format!("Receipt – {} – CMP", receipt.model) />
        <div class="wrap wrap-narrow">
            <h1>"Receipt"</h1>
            <figure class="receipt">
                <figcaption>
                    <span>{icon(Icon::Receipt)} <code>{receipt.model.clone()}</code></span>
                    {call_status(receipt.status, &receipt.outcome)}
                </figcaption>
                <dl class="leaders">
                    {leader("Time", date_time(receipt.at))}
                    {leader("Prompt tokens", grouped(receipt.prompt_tokens))}
                    {leader("Answer tokens", grouped(receipt.completion_tokens))}
                </dl>
                {prices.map(price_lines)}
                <dl class="leaders receipt-sum">{leader("Credits charged", credits(receipt.credits))}</dl>
            </figure>
            {receipt.estimated.then(|| remark("The provider did not say how many tokens were used, so they were counted here."))}
            <section aria-labelledby="lines">
                <h2 id="lines">"How the ledger booked it"</h2>
                {lines(&receipt.lines)}
            </section>
            <section aria-labelledby="ids">
                <h2 id="ids">"References"</h2>
                <dl class="ids">
                    {reference("Receipt", "receipt-id", &receipt.id.to_string())}
                    {reference("Price version", "price-id", &receipt.price_version.to_string())}
                </dl>
            </section>
            <p><a href=usage.to_owned()>"All requests of this agent"</a></p>
        </div>
    }
    .into_any()
}

fn reference(name: &'static str, id: &'static str, value: &str) -> AnyView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>
                <code id=id>{value.to_owned()}</code>
                {copy_button(id, "Copy")}
            </dd>
        </div>
    }
    .into_any()
}

/// The name of a ledger's account as people say it.
fn account(name: &str) -> String {
    match name.split(':').next().unwrap_or(name) {
        "available" => "Wallet".to_owned(),
        "held" => "Set aside for the call".to_owned(),
        "earnings" => "Provider’s earnings".to_owned(),
        "fees" => "Marketplace fee".to_owned(),
        other => other.replace('_', " "),
    }
}

/// The prices that the call was charged with, if they are still those of a plan. Older ones are known by their id.
fn prices_of(catalog: &Catalog, receipt: &Receipt) -> Option<Price> {
    let plans = &catalog.named(&receipt.model)?.plans;
    plans.iter().find(|plan| plan.price_version == receipt.price_version).map(|plan| plan.price)
}

fn price_lines(price: Price) -> AnyView {
    let request = (price.request != 0)
        .then(|| leader("Price per request", Usd::from_micros(price.request).to_string()));
    view! {
        <dl class="leaders receipt-sum">
            {leader("Prompt price / 1M tokens", Usd::from_micros(price.prompt).to_string())}
            {leader("Answer price / 1M tokens", Usd::from_micros(price.completion).to_string())}
            {request}
            {leader("Price of a credit", Usd::from_micros(price.credit_price).to_string())}
        </dl>
    }
    .into_any()
}

fn lines(lines: &[ReceiptLine]) -> AnyView {
    if lines.is_empty() {
        return view! { <p>"Nothing was charged, so nothing was booked."</p> }.into_any();
    }
    let row = |line: &ReceiptLine| {
        view! {
            <tr>
                <td data-label="From">{account(&line.from)}</td>
                <td data-label="To">{account(&line.to)}</td>
                <td data-label="Credits" class="num">{credits(line.amount)}</td>
            </tr>
        }
    };
    view! {
        <table class="sheet sheet-cards">
            <caption class="sr-only">"Transfers between accounts"</caption>
            <thead>
                <tr>
                    <th scope="col">"From"</th>
                    <th scope="col">"To"</th>
                    <th scope="col" class="num">"Credits"</th>
                </tr>
            </thead>
            <tbody>{lines.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

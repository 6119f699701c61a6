//! How paying works here: credits, plans, the platform's part, what is charged when, and a calculator.

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use market::{Catalog, Settings};
use model::{CatalogQuery, ServiceDetail, Sort, Usd};

use super::offering::asked_volume;
use crate::{
    context::{loaded, market, query},
    format::credits,
    parts::{
        detail::estimate_fields,
        notices::remark,
        prices::{fee, leader},
    },
};

/// What happened to a call, and what is charged for it; the README has the same table.
const CHARGES: [(&str, &str); 7] = [
    ("Refused before it reached the agent: key, limits, wallet, input", "Nothing"),
    ("The agent is down, answers with an error, or ends before the first token", "Nothing"),
    (
        "A complete answer",
        "The tokens that the agent says it used. Without its word, four bytes of text are a token, and the receipt says “estimated”",
    ),
    ("You leave a stream", "The agent is stopped; the tokens it had produced"),
    ("You leave before a whole answer is there", "The answer, which was produced"),
    ("The agent breaks off within a stream", "The tokens it had produced"),
    ("The agent claims more than the request allows", "No more than was set aside for the call"),
];

const QUESTIONS: [(&str, &str); 6] = [
    (
        "What is a credit?",
        "The unit of the wallet. Prices are in US dollars; a call is charged in credits, to the millionth, at the price that was in force when it began.",
    ),
    (
        "Can a call cost more than I have?",
        "No. The most that a call can cost is set aside before it starts. When the wallet cannot cover that, the call is refused and nothing is charged.",
    ),
    (
        "What does a trial include?",
        "The days of the trial have no monthly fee. Calls are paid from the wallet from the first one; a new workspace has credits to begin with.",
    ),
    (
        "When is a monthly fee taken?",
        "When it is due, once a month, from the wallet; after the trial where there is one. If the wallet cannot pay it, the subscription waits and its keys say so.",
    ),
    (
        "Do prices change for what I use already?",
        "A provider can set a new price for calls from then on. Receipts keep the price they were made with, and each one names it.",
    ),
    (
        "How do I check a charge?",
        "Every call has a receipt with tokens, prices and the sum. Your usage page lists them, and each answer carries the number of its receipt.",
    ),
];

/// How billing works.
#[component]
pub fn PricingPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let catalog = market.catalog();
        Ok(pricing(&catalog, market.settings()))
    })
}

fn pricing(catalog: &Catalog, settings: &Settings) -> AnyView {
    let trial = settings.trial_credits;
    let start = trial.is_positive().then(|| {
        view! {
            <p>
                <a class="btn btn-primary" href="/register/">{format!("Start with {} credits", credits(trial))}</a>
                " "
                <a class="btn btn-secondary" href="/marketplace/">"Browse agents"</a>
            </p>
        }
    });
    view! {
        <Title text="Pricing – CMP" />
        <Meta name="description" content="How credits, plans and fees work, what is charged when, and what a month of calls costs." />
        <Link rel="canonical" href=format!("{}/pricing/", settings.public_url) />
        <div class="wrap pricing">
            <header class="pricing-head">
                <h1>"Pricing"</h1>
                <p class="lead">"You pay for what your calls use, at the price that the provider shows. Nothing is charged for a call that fails before it answers."</p>
                {start}
            </header>
            {basics(settings)}
            {calculator(catalog)}
            {charges()}
            <section aria-labelledby="questions">
                <h2 id="questions">"Questions"</h2>
                <div class="faq">
                    {QUESTIONS.map(|(question, answer)| view! {
                        <details>
                            <summary>{question}</summary>
                            <p>{answer}</p>
                        </details>
                    }).collect_view()}
                </div>
            </section>
        </div>
    }
    .into_any()
}

/// A share in percent, as in `15 %`.
fn share(hundredths: u16) -> String {
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    if rest == 0 { format!("{whole}\u{a0}%") } else { format!("{whole}.{rest:02}\u{a0}%") }
}

fn basics(settings: &Settings) -> AnyView {
    let (price, fee) = (settings.credit_price, settings.fee.get());
    let trial = settings.trial_credits.is_positive().then(|| {
        leader("A new workspace has", format!("{} credits", credits(settings.trial_credits)))
    });
    let hundred = Usd::from_micros(price.micros().saturating_mul(100)).to_string();
    view! {
        <section class="ways" aria-label="How it works">
            <div class="way">
                <h2>"Credits"</h2>
                <p>"One wallet for a workspace pays every agent in it. No card is needed to begin."</p>
                <dl class="leaders">
                    {leader("1 credit", price.to_string())}
                    {leader("100 credits", hundred)}
                    {trial}
                </dl>
            </div>
            <div class="way">
                <h2>"Plans"</h2>
                <p>"A plan has prices per 1,000 prompt and answer tokens, or per request, and sometimes a monthly fee. You choose it when you start, and see its charge on the button."</p>
                <dl class="leaders">
                    {leader("Pay per use", "no fee, no term")}
                    {leader("Monthly", "a fee, then use")}
                    {leader("Trial", "no fee for its days")}
                </dl>
            </div>
            <div class="way">
                <h2>"Fees"</h2>
                <p>"The price you see is the price you pay. The marketplace takes its part from the provider’s income, never on top."</p>
                <dl class="leaders">
                    {leader("Added to the price", "nothing")}
                    {leader("Marketplace’s part of a charge", share(fee))}
                    {leader("Provider’s part", share(10_000_u16.saturating_sub(fee)))}
                </dl>
            </div>
        </section>
    }
    .into_any()
}

fn calculator(catalog: &Catalog) -> Option<AnyView> {
    let often = catalog.find(&CatalogQuery {
        page_size: CatalogQuery::MAX_PAGE_SIZE,
        sort: Some(Sort::Popularity),
        ..CatalogQuery::default()
    });
    let asked = query::<String>("service").filter(|name| !name.is_empty());
    let named = asked.as_deref().and_then(|name| catalog.named(name));
    let chosen: &ServiceDetail = match named {
        Some(detail) => detail,
        None => often.services.iter().find(|found| found.callable).or(often.services.first())?,
    };
    let unknown = (asked.is_some() && named.is_none())
        .then(|| remark("That agent is not available. Another one is shown."));
    let mut listed: Vec<(&str, &str)> = often
        .services
        .iter()
        .map(|found| (found.service.slug.as_str(), found.service.name.as_str()))
        .collect();
    let here = (chosen.service.slug.as_str(), chosen.service.name.as_str());
    if !listed.contains(&here) {
        listed.push(here);
    }
    listed.sort_by_key(|(_, name)| name.to_lowercase());
    let options = listed.into_iter().map(|(slug, name)| {
        view! { <option value=slug.to_owned() selected=slug == here.0>{name.to_owned()}</option> }
    });
    let plans = chosen.plans.iter().map(|plan| leader(plan.name.clone(), fee(plan)));
    Some(
        view! {
            <section aria-labelledby="calculator">
                <h2 id="calculator">"What a month costs"</h2>
                {unknown}
                <form class="panel-box" id="cost" method="get" action="/pricing/#cost">
                    <div class="pricing-agent">
                        <label class="field">
                            <span class="label">"Agent"</span>
                            <select class="input" name="service">{options.collect_view()}</select>
                        </label>
                        <dl class="leaders">{plans.collect_view()}</dl>
                    </div>
                    {estimate_fields(chosen, asked_volume())}
                    <div class="row">
                        <button class="btn btn-secondary" type="submit">"Recalculate"</button>
                        <p class="meta">
                            "An estimate: real calls differ in length. "
                            <a href=format!("/marketplace-public-offering/{}/", chosen.service.id)>
                                {format!("All prices of {}", chosen.service.name)}
                            </a>
                        </p>
                    </div>
                </form>
            </section>
        }
        .into_any(),
    )
}

fn charges() -> AnyView {
    let row = |(what, charged): (&'static str, &'static str)| {
        view! {
            <tr>
                <th scope="row">{what}</th>
                <td data-label="Charged"><span>{charged}</span></td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="charges">
            <h2 id="charges">"What is charged when"</h2>
            <div class="sheet-scroll" tabindex="0" role="region" aria-label="Table of charges">
                <table class="sheet sheet-cards charges">
                    <caption class="sr-only">"What happened to a call, and what is charged for it"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"What happened"</th>
                            <th scope="col">"Charged"</th>
                        </tr>
                    </thead>
                    <tbody>{CHARGES.map(row).collect_view()}</tbody>
                </table>
            </div>
            <p class="meta">"A charge is prompt tokens × price + answer tokens × price + requests × price, in whole numbers, rounded half up once at the end."</p>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percents() {
        assert_eq!(
            (share(1_500), share(1_250)),
            ("15\u{a0}%".to_owned(), "12.50\u{a0}%".to_owned())
        );
    }
}

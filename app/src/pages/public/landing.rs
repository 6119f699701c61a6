//! The start page: what this is, and one step to what is on sale.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::{Meta, Title};
use market::{Catalog, Settings};
use model::{CatalogQuery, Charge, Choice, ServiceDetail, Sort};

use crate::{
    context::{loaded, market},
    format::{count, credits},
    parts::{
        cards::{category_card, service_card},
        code::{quickstart, tabs},
        icons::{Icon, icon},
        prices::leader,
    },
};

const ABOUT: &str = "CMP is a marketplace of AI agents and services: compare real prices, get a key in one minute, and read a receipt for every call.";

/// The start page.
#[component]
pub fn LandingPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let catalog = market.catalog();
        Ok(landing(&catalog, market.settings()))
    })
}

fn landing(catalog: &Catalog, settings: &Settings) -> AnyView {
    let first_six = |sort: Sort| {
        catalog
            .find(&CatalogQuery { page_size: 6, sort: Some(sort), ..CatalogQuery::default() })
            .services
    };
    // Until there is enough use to speak of, the newest are the most interesting.
    let used = first_six(Sort::Popularity);
    let is_used = |found: &Arc<ServiceDetail>| found.service.usage_stats.monthly_requests > 0;
    let (shown, heading, order) = if used.len() == 6 && used.iter().all(is_used) {
        (used, "Most used", "popularity")
    } else {
        (first_six(Sort::Newest), "New on the marketplace", "newest")
    };
    let cards = shown
        .iter()
        .map(|found| &found.service)
        .map(|service| service_card(service, &category_title(catalog, &service.category), ""));
    let first = shown.iter().find(|found| found.callable).map(|found| &**found);
    let total = catalog.total();
    view! {
        <Title text="CMP – AI agents with a receipt for every call" />
        <Meta name="description" content=ABOUT />
        <div class="rules"></div>
        <section class="wrap hero">
            <div class="hero-say">
                <h1 class="display">"AI agents you can call in a minute, with a receipt for every call."</h1>
                <p class="lead">"Compare real prices, start without a contract, and use one key with any OpenAI client."</p>
                <form class="search" method="get" action="/marketplace/" role="search" aria-label="Start">
                    <label class="sr-only" for="hero-search">"What should the agent do?"</label>
                    <input class="input" id="hero-search" type="search" name="search" placeholder="Support, summaries, code review…" maxlength="200" />
                    <button class="btn btn-primary" type="submit">"Search"</button>
                </form>
                <p class="hero-act">
                    <a class="btn btn-secondary" href="/marketplace/">"Browse agents"</a>
                    <span class="meta num">{(total > 0).then(|| format!("{} on sale now", count(total, "agent", "agents")))}</span>
                </p>
            </div>
            {first.map(sample_receipt)}
        </section>
        <section class="wrap band" aria-labelledby="shelves">
            <h2 class="sr-only" id="shelves">"Categories"</h2>
            <div class="shelves">{catalog.categories().iter().map(category_card).collect_view()}</div>
        </section>
        <section class="wrap band" aria-labelledby="shown">
            <div class="band-head">
                <h2 id="shown">{heading}</h2>
                <a href=format!("/marketplace/?sort={order}")>"See all agents"</a>
            </div>
            <div class="cards">{cards.collect_view()}</div>
            {shown.is_empty().then(|| view! { <p class="meta">"Nothing is on sale yet."</p> })}
        </section>
        {ways()}
        {sample(settings, first)}
        {trust(settings)}
    }
    .into_any()
}

/// The title of a category by its slug.
pub fn category_title(catalog: &Catalog, slug: &str) -> String {
    catalog.title_of(&Choice::Category(slug.to_owned())).to_string()
}

/// What one call to a real service costs, computed with the price in force.
fn sample_receipt(detail: &ServiceDetail) -> Option<AnyView> {
    let plan = detail.plans.first()?;
    let used = Charge { prompt_tokens: 1_200, completion_tokens: 300, requests: 1 };
    let price = plan.price;
    let part = |tokens: Charge| price.charge(tokens).map(credits).unwrap_or_default();
    let (prompt, answer) = (
        part(Charge { prompt_tokens: 1_200, ..Charge::default() }),
        part(Charge { completion_tokens: 300, ..Charge::default() }),
    );
    let total = price.charge(used)?;
    let dollars = price.cost(used)?;
    Some(
        view! {
            <figure class="receipt">
                <figcaption>
                    <span>{icon(Icon::Receipt)} "Example receipt"</span>
                    <span class="meta">{detail.service.name.clone()}</span>
                </figcaption>
                <dl class="leaders">
                    {leader("1,200 prompt tokens", prompt)}
                    {leader("300 answer tokens", answer)}
                </dl>
                <dl class="leaders receipt-sum">
                    {leader("Credits charged", credits(total))}
                    {leader("In dollars", dollars.to_string())}
                </dl>
                <p class="meta">"Computed from the price in force. Your own calls are metered token by token."</p>
            </figure>
        }
        .into_any(),
    )
}

fn ways() -> AnyView {
    let step = |text: &'static str| view! { <li>{text}</li> };
    let way = |id: &'static str, title: &'static str, steps: [&'static str; 3]| {
        view! {
            <div class="way" id=id>
                <h3>{title}</h3>
                <ol>{steps.map(step).collect_view()}</ol>
            </div>
        }
    };
    view! {
        <section class="wrap band" aria-labelledby="ways">
            <h2 id="ways">"How it works"</h2>
            <div class="ways">
                {way("buyers", "For buyers", [
                    "Pick an agent by price, model and features.",
                    "Confirm the charge on the button; the key is yours at once.",
                    "Call it, and see tokens, credits and a receipt per call.",
                ])}
                {way("sellers", "For sellers", [
                    "Put an OpenAI-compatible endpoint behind a listing.",
                    "Set prompt and answer prices; old prices stay with old calls.",
                    "Each charge is split to the micro-credit in a ledger you can check.",
                ])}
                {way("sites", "For site owners", [
                    "Keep the key on your server, next to your site.",
                    "Stream answers to your visitors through your own address.",
                    "The wallet is the limit: a call never costs more than it holds.",
                ])}
            </div>
        </section>
    }
    .into_any()
}

fn sample(settings: &Settings, first: Option<&ServiceDetail>) -> AnyView {
    let slug = first.map_or("agent-name", |detail| detail.service.slug.as_str());
    let trial = settings.trial_credits.is_positive().then(|| {
        format!(
            "A new workspace starts with {} trial credits. No card.",
            credits(settings.trial_credits)
        )
    });
    view! {
        <section class="wrap band try" aria-labelledby="try">
            <div>
                <h2 id="try">"Point your client here"</h2>
                <p>"Two lines change: the address and the key. Streaming, JSON mode and tools pass through as they are."</p>
                <p>{trial}</p>
                <p>
                    <a class="btn btn-primary" href="/register/">"Create account"</a>
                </p>
            </div>
            {tabs("landing", "Language", quickstart(&settings.public_url, slug, None))}
        </section>
    }
    .into_any()
}

/// What somebody can hold us to, each with where to see it.
fn trust(settings: &Settings) -> AnyView {
    let fee = f64::from(settings.fee.get()) / 100.0;
    view! {
        <section class="wrap band" aria-labelledby="trust">
            <div class="band-head">
                <h2 id="trust">"Plain prices, checked figures"</h2>
                <a href="/pricing/">"How billing works"</a>
            </div>
            <dl class="trust">
                <div>
                    <dt>"Nothing for a failed call"</dt>
                    <dd>"A call that is refused, or fails before its first token, costs nothing."</dd>
                </div>
                <div>
                    <dt>"The price is the price"</dt>
                    <dd>{format!("The marketplace’s {fee} % come out of the provider’s income, never on top.")}</dd>
                </div>
                <div>
                    <dt>"Measured, not claimed"</dt>
                    <dd>"Speed and uptime come from real calls. Below 100 samples there is no figure."</dd>
                </div>
                <div>
                    <dt>"A ledger that proves itself"</dt>
                    <dd>"Every charge is in a double-entry ledger whose sums anybody who runs it can recompute."</dd>
                </div>
            </dl>
        </section>
    }
    .into_any()
}

//! The playground: a prompt, parameters, and what a real call answers and costs. `public/try.js` streams it in place;
//! without script the page answers its own form.

mod answer;
mod ask;
mod form;

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use market::{Actor, Error, Market};
use model::{Credits, InstanceView, Price, ResourceState, ServiceDetail};

use self::{
    answer::result,
    ask::{FIRST, Tried, first, read, refused, run},
    form::form,
};
use super::offering::{named_service, trail_below};
use crate::{
    context::{PostedForm, loaded, market, posted, visitor},
    fail::{Fail, escape},
    flash::FlashBody,
    format::{count, credits},
    parts::{
        code::{Ask, samples, tabs},
        crumbs::crumbs,
        icons::{Icon, icon},
        notices::{error_summary, remark},
    },
};

/// Who pays for a try.
enum Payer {
    /// The platform, within its bounds.
    Demo { signed_in: bool },
    /// A wallet, by a subscription.
    Wallet { instance: InstanceView, available: Option<Credits> },
}

/// The page, and the answer to its form.
#[component]
pub fn TryOutPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let detail = named_service(&market)?;
        if !detail.callable {
            return Err(Fail::Market(Error::Conflict(
                "This provider sets the service up by hand. There is no endpoint to try.",
            )));
        }
        let actor = visitor();
        let form = posted();
        let (tried, wrong) = match &form {
            None => (None, None),
            Some(form) => match run(&market, actor.as_deref(), &detail, form).await {
                Ok(tried) => (Some(tried), None),
                Err(error) => (None, Some(refused(error, form)?)),
            },
        };
        let payer = payer(&market, actor.as_deref(), &detail).await?;
        let typed = form.unwrap_or_else(|| first(&detail));
        Ok(page(&market, &detail, &payer, &typed, tried.as_ref(), wrong.as_ref()))
    })
}

async fn payer(
    market: &Market,
    actor: Option<&Actor>,
    detail: &ServiceDetail,
) -> Result<Payer, Error> {
    let Some(actor) = actor else { return Ok(Payer::Demo { signed_in: false }) };
    let mut own = market.resources().list(actor).await?;
    own.retain(|one| one.offering_id == detail.service.id);
    let found = own.into_iter().find(|one| {
        matches!(one.state, ResourceState::Ok | ResourceState::Updating | ResourceState::Paused)
    });
    Ok(match found {
        None => Payer::Demo { signed_in: true },
        Some(instance) => {
            let available = market.wallets().wallet(actor, None).await.ok().map(|w| w.available);
            Payer::Wallet { instance, available }
        }
    })
}

fn page(
    market: &Market,
    detail: &ServiceDetail,
    payer: &Payer,
    typed: &PostedForm,
    tried: Option<&Tried>,
    wrong: Option<&FlashBody>,
) -> AnyView {
    let service = &detail.service;
    let base = &market.settings().public_url;
    let url = format!("{base}/marketplace-public-offering/{}/try/", service.id);
    let prefix = if wrong.is_some() { "Error: " } else { "" };
    let ask = read(detail, typed).unwrap_or_else(|_| Ask::plain(&service.slug, FIRST));
    let price = price_of(detail, payer);
    let name = &service.name;
    view! {
        <Title text=format!("{prefix}Test API – {name} – CMP") />
        <Meta name="description" content=format!("Try {name} in the page: prompt, parameters, a streamed answer, tokens, latency and cost.") />
        <Meta name="robots" content="noindex,follow" />
        <Link rel="canonical" href=url />
        <script src="/try.js" defer></script>
        <div class="wrap">
            {crumbs(&trail_below(market, detail), "Test API")}
            {error_summary(wrong)}
            <header class="page-head">
                <h1>"Test API"</h1>
                <p class="lead">{name.clone()} " by " {detail.provider.name.clone()}</p>
            </header>
            {detail.built_in.as_ref().map(|text| remark(text.to_string()))}
            {who_pays(market, payer, detail)}
            <div class="try-out">
                {form(detail, base, price, typed, wrong)}
                {result(tried)}
            </div>
            <section id="snippet">
                <h2>"The same call from your code"</h2>
                {tabs("snippet", "Language", samples(base, &ask, None))}
                <p class="meta">"It follows what you type. The key comes with “Start using”."</p>
            </section>
        </div>
    }
    .into_any()
}

/// The price that a try is charged by.
fn price_of(detail: &ServiceDetail, payer: &Payer) -> Option<Price> {
    let named = match payer {
        Payer::Demo { .. } => None,
        Payer::Wallet { instance, .. } => {
            detail.plans.iter().find(|plan| plan.name == instance.plan)
        }
    };
    named.or_else(|| detail.plans.first()).map(|plan| plan.price)
}

fn who_pays(market: &Market, payer: &Payer, detail: &ServiceDetail) -> AnyView {
    let start = format!("/resource/{}/deploy/", detail.service.id);
    match payer {
        Payer::Wallet { instance, available } => view! {
            <div class="callout" id="try-payer">
                {icon(Icon::Wallet)}
                <p>
                    {format!("Runs are paid from the wallet of {}, plan {}.", instance.organization, instance.plan)}
                    {available.map(|held| format!(" It holds {} credits.", credits(held)))}
                </p>
            </div>
        }
        .into_any(),
        Payer::Demo { .. } if !market.tryouts().has_demo() => view! {
            <div class="callout callout-warning" id="try-payer">
                {icon(Icon::Alert)}
                <p>
                    "There is no free demo here. "
                    <a href=start>"Start using it"</a>
                    " to run requests."
                </p>
            </div>
        }
        .into_any(),
        Payer::Demo { signed_in } => {
            let most = u64::from(market.settings().demo_calls_per_address);
            let next = if *signed_in {
                view! { <a href=start>"Start using it"</a> }.into_any()
            } else {
                view! { <a href=format!("/register/?next={}", escape(&start))>"Create account"</a> }
                    .into_any()
            };
            view! {
                <div class="callout" id="try-payer">
                    {icon(Icon::Info)}
                    <p>
                        {format!("Free demo: {} a day from your network, up to 512 tokens each, paid by this marketplace. ", count(most, "try", "tries"))}
                        <span id="try-left"></span>
                        " "
                        {next}
                        " for more."
                    </p>
                </div>
            }
            .into_any()
        }
    }
}

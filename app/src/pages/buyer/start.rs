//! Start using a service: what it is, what it will cost, and one button that says the charge.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Actor, Market};
use model::{
    Charge, Credits, CustomerView, HoldId, InstanceView, OfferingId, PlanView, ServiceDetail, Usd,
    Volume,
};

use crate::{
    context::{here, loaded, market, param, query, visitor},
    fail::{Fail, escape},
    flash,
    format::{count, credits},
    pages::public::asked_volume,
    parts::{
        badges::provider,
        crumbs::crumbs,
        detail::estimate_fields,
        fields::hidden,
        notices::{error_summary, warning},
        prices::{fee, leader, limit_words},
    },
};

/// What the page knows of somebody who is signed in.
struct Buyer {
    customers: Vec<CustomerView>,
    /// What is already in use of this offering.
    own: Vec<InstanceView>,
    available: Option<Credits>,
    reference: String,
}

impl Buyer {
    async fn load(market: &Market, actor: &Actor, offering: OfferingId) -> Result<Self, Fail> {
        let customers = market.identity().me(actor).await?.customers;
        let mut own = market.resources().list(actor).await?;
        own.retain(|instance| instance.offering_id == offering);
        let available = match customers.first() {
            Some(first) => Some(market.wallets().wallet(actor, Some(first.id)).await?.available),
            None => None,
        };
        Ok(Self { customers, own, available, reference: reference(market) })
    }
}

/// Shows the price to everybody and the button to those who are signed in.
#[component]
pub fn StartPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let catalog = market.catalog();
        let id = param::<OfferingId>("offering").map_err(|_| Fail::missing("offering"))?;
        let detail = catalog.detail(id).ok_or(Fail::missing("offering"))?.clone();
        let buyer = match visitor() {
            Some(actor) => Some(Buyer::load(&market, &actor, id).await?),
            None => None,
        };
        Ok(page(&detail, buyer.as_ref()))
    })
}

fn page(detail: &ServiceDetail, buyer: Option<&Buyer>) -> AnyView {
    let service = &detail.service;
    let flash = flash::take();
    let volume = asked_volume();
    let chosen = chosen_plan(detail);
    let trail = [
        ("/marketplace/".to_owned(), "Marketplace".to_owned()),
        (format!("/marketplace-public-offering/{}/", service.id), service.name.clone()),
    ];
    let own = buyer.filter(|buyer| !buyer.own.is_empty()).map(already);
    let order = match buyer {
        None => view! { {signed_out_plans(detail)} {signed_out()} }.into_any(),
        Some(buyer) => order_form(detail, buyer, chosen, volume),
    };
    view! {
        <Title text=format!("Start using – {} – CMP", service.name) />
        <div class="wrap start">
            {crumbs(&trail, "Start using")}
            {error_summary(flash.as_ref())}
            <h1>{format!("Start using {}", service.name)}</h1>
            <p class="lead">
                {service.tagline.clone()}
                <span class="meta block">
                    "by " {provider(&detail.provider.name, detail.provider.verified_at.is_some())}
                    " · cancel any time"
                </span>
            </p>
            {own}
            <div class="start-cols">
                <div>
                    <section aria-labelledby="plan-title">
                        <h2 id="plan-title">"Plan"</h2>
                        {order}
                    </section>
                </div>
                <section aria-labelledby="cost-title">
                    <h2 id="cost-title">"Cost estimate"</h2>
                    <form class="panel-box" id="cost" method="get" action=format!("/resource/{}/deploy/", service.id)>
                        {chosen.map(|plan| hidden("plan", plan.id))}
                        {estimate_fields(detail, volume)}
                        <div class="row">
                            <button class="btn btn-secondary" type="submit">"Recalculate"</button>
                            <p class="meta">"An estimate, before taxes."</p>
                        </div>
                    </form>
                </section>
            </div>
        </div>
    }
    .into_any()
}

/// The plan in the address, else the first with a trial or without a fee, else the first.
fn chosen_plan(detail: &ServiceDetail) -> Option<&PlanView> {
    let asked = query::<model::PlanId>("plan");
    let named = detail.plans.iter().find(|plan| Some(plan.id) == asked);
    named.or_else(|| detail.plans.iter().min_by_key(|plan| plan.monthly_fee))
}

fn already(buyer: &Buyer) -> AnyView {
    let base =
        buyer.customers.first().map(|customer| format!("/organizations/{}/agents/", customer.id));
    let base = base.unwrap_or_default();
    let line = |instance: &InstanceView| {
        let agent = format!("{base}{}/", instance.instance_id);
        view! {
            <li>
                <a href=agent.clone()>{instance.name.clone()}</a>
                {format!(" ({}) · ", instance.plan)}
                <a href=format!("{agent}keys/")>"create another key"</a>
                " · "
                <a href=format!("{agent}usage/")>"usage"</a>
            </li>
        }
    };
    view! {
        <div class="callout callout-accent">
            <div>
                <p><strong>"You already use this agent."</strong> " Another subscription is separate and has its own key."</p>
                <ul>{buyer.own.iter().map(line).collect_view()}</ul>
            </div>
        </div>
    }
    .into_any()
}

/// The words of the confirm button: they say the charge.
fn confirm_words(detail: &ServiceDetail, plan: &PlanView) -> String {
    if plan.monthly_fee == Usd::ZERO {
        return "Start using – pay per use".to_owned();
    }
    match &detail.service.trial {
        Some(trial) => format!("Start {}-day trial, then {} / month", trial.days, plan.monthly_fee),
        None => format!("Subscribe for {} / month", plan.monthly_fee),
    }
}

fn plan_words(detail: &ServiceDetail, plan: &PlanView) -> AnyView {
    view! {
        <span class="choice-head">
            <strong>{plan.name.clone()}</strong>
            <span class="num">{fee(plan)}</span>
        </span>
        <span class="meta block">{plan.description.clone()}</span>
        <span class="meta block num">
            {format!(
                "{} prompt, {} answer per 1K tokens",
                plan.price.prompt_per_1k(),
                plan.price.completion_per_1k(),
            )}
        </span>
        <span class="meta block">{limit_words(plan.limits)}</span>
        {(plan.monthly_fee != Usd::ZERO).then_some(detail.service.trial.as_ref()).flatten().map(|trial| {
            view! { <span class="meta block">{format!("{} days without the fee. {}", trial.days, trial.limits)}</span> }
        })}
    }
    .into_any()
}

fn signed_out_plans(detail: &ServiceDetail) -> AnyView {
    let card = |plan: &PlanView| view! { <li class="choice">{plan_words(detail, plan)}</li> };
    view! { <ul class="choices">{detail.plans.iter().map(card).collect_view()}</ul> }.into_any()
}

fn signed_out() -> AnyView {
    let next = escape(&here());
    view! {
        <div class="row">
            <a class="btn btn-primary btn-large" href=format!("/login/?next={next}")>"Sign in to continue"</a>
            <a class="btn btn-secondary btn-large" href=format!("/register/?next={next}")>"Create account"</a>
        </div>
    }
    .into_any()
}

fn order_form(
    detail: &ServiceDetail,
    buyer: &Buyer,
    chosen: Option<&PlanView>,
    volume: Volume,
) -> AnyView {
    let radio = |(plan, place): (&PlanView, usize)| {
        let picked = chosen.is_some_and(|chosen| chosen.id == plan.id);
        view! {
            <label class="choice">
                <input class=format!("pick-{place}") type="radio" name="plan" value=plan.id.to_string() checked=picked />
                <span class="choice-text">{plan_words(detail, plan)}</span>
            </label>
        }
    };
    // One button per plan, because a button says its charge; the stylesheet shows the one of the chosen plan.
    let confirm = |(plan, place): (&PlanView, usize)| {
        view! {
            <button class=format!("btn btn-primary btn-large confirm confirm-{place}") type="submit">
                {confirm_words(detail, plan)}
            </button>
        }
    };
    view! {
        <form class="order" method="post" action="/rpc/resources/start">
            {hidden("offering", detail.service.id)}
            {hidden("reference", &buyer.reference)}
            <fieldset class="choices">
                <legend class="sr-only">"Choose a plan"</legend>
                {detail.plans.iter().zip(1..).map(radio).collect_view()}
            </fieldset>
            {workspace_field(&buyer.customers)}
            {buyer.available.map(|available| wallet_lines(detail, chosen, available, volume))}
            {detail.plans.iter().zip(1..).map(confirm).collect_view()}
            <p class="meta">"The key is created at once. Fees and usage are paid from the wallet; you can end it on the agent’s page."</p>
        </form>
    }
    .into_any()
}

fn workspace_field(customers: &[CustomerView]) -> AnyView {
    match customers {
        [] => warning("You belong to no workspace yet, so there is no wallet to pay from."),
        [only] => hidden("customer", only.id),
        several => {
            let options = several.iter().map(|customer| {
                view! { <option value=customer.id.to_string()>{customer.name.clone()}</option> }
            });
            view! {
                <div class="field">
                    <label class="label" for="customer">"Workspace"</label>
                    <select class="input" id="customer" name="customer">{options.collect_view()}</select>
                </div>
            }
            .into_any()
        }
    }
}

/// What the wallet holds and how far it goes on the chosen plan.
fn wallet_lines(
    detail: &ServiceDetail,
    chosen: Option<&PlanView>,
    available: Credits,
    volume: Volume,
) -> AnyView {
    let one = Charge {
        prompt_tokens: volume.prompt_tokens,
        completion_tokens: volume.completion_tokens,
        requests: 1,
    };
    let each = chosen.and_then(|plan| plan.price.charge(one)).filter(|each| each.is_positive());
    let reach = each.and_then(|each| u64::try_from(available.micros() / each.micros()).ok());
    let needs_fee =
        chosen.filter(|plan| plan.monthly_fee != Usd::ZERO && detail.service.trial.is_none());
    let short = needs_fee.filter(|plan| {
        let fee = i128::from(plan.monthly_fee.micros()) * 1_000_000
            / i128::from(plan.price.credit_price.max(1));
        fee > i128::from(available.micros())
    });
    let on = chosen
        .filter(|_| detail.plans.len() > 1)
        .map(|plan| format!(", on {}", plan.name))
        .unwrap_or_default();
    view! {
        <dl class="leaders panel-box">
            {leader("In your wallet", format!("{} credits", credits(available)))}
            {each.map(|each| leader(format!("A request like in the estimate{on}"), format!("{} credits", credits(each))))}
            {reach.map(|reach| leader("The wallet pays for about", count(reach, "request", "requests")))}
        </dl>
        {short.map(|plan| warning(format!(
            "The wallet holds less than the first fee of {}. Add credits first, or choose a plan without a fee.",
            plan.monthly_fee
        )))}
    }
    .into_any()
}

/// A value of its own for each form, which makes two posts of one form one subscription.
fn reference(market: &Market) -> String {
    format!("page-{}", market.core().id(HoldId::new))
}

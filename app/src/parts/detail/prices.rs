//! What the service costs: plans, bulk prices, the trial, and an estimate of a month.

use leptos::prelude::*;
use model::{PlanCost, PlanView, PriceTier, ServiceDetail, Usd, Volume};

use super::Details;
use crate::{
    format::{credits, grouped, per_million},
    islands::CostEstimate,
    parts::prices::{leader, plan_table, unit_switch},
};

/// All prices.
pub fn prices(all: &Details) -> AnyView {
    let detail = &*all.detail;
    view! {
        {unit_switch()}
        {plan_table(&detail.plans)}
        <p class="meta">"In US dollars, before taxes. Usage is charged in credits from the wallet, call by call, and each call has a receipt."</p>
        {(!detail.service.pricing_tiers.is_empty()).then(|| view! { {all.sub("Bulk prices")} {tiers(&detail.service.pricing_tiers)} })}
        {all.sub("Trial")}
        {trial(all)}
        {all.sub("Cost estimate")}
        {estimate(all)}
    }
    .into_any()
}

fn tiers(tiers: &[PriceTier]) -> AnyView {
    let line = |tier: &PriceTier| {
        let million = per_million(tier.price);
        view! {
            <div class="leader">
                <dt>{format!("From {} tokens a month", grouped(tier.tokens))}</dt>
                <dd class="num">
                    <span class="per-1k">{format!("{} / 1K tokens", tier.price)}</span>
                    <span class="per-1m">{format!("{million} / 1M tokens")}</span>
                </dd>
            </div>
        }
    };
    view! { <dl class="leaders">{tiers.iter().map(line).collect_view()}</dl> }.into_any()
}

/// What is free, what limits it, and how it begins.
fn trial(all: &Details) -> AnyView {
    let detail = &*all.detail;
    let service = &detail.service;
    let credit = detail.trial_credits.is_positive();
    if service.trial.is_none() && service.trial_tokens.is_none() && !credit {
        return view! { <p>"There is no trial: the first call is charged."</p> }.into_any();
    }
    let days = service
        .trial
        .as_ref()
        .map(|trial| leader("Without the monthly fee", format!("{} days", trial.days)));
    let tokens = service.trial_tokens.map(|tokens| leader("Free tokens, about", grouped(tokens)));
    let limits = service.trial.as_ref().filter(|trial| !trial.limits.is_empty());
    let limits = limits.map(|trial| view! { <p>"Limits: " {trial.limits.clone()}</p> });
    let start = if service.trial.is_some() {
        "Choose “Start using” and a plan. The trial begins at once, and calls are paid from the wallet. The first fee is due when the trial is over; end it before, and there is none."
    } else {
        "Create an account and choose “Start using”. Nothing else has to be activated."
    };
    view! {
        <dl class="leaders">
            {days}
            {tokens}
            {credit.then(|| leader("Every new workspace gets", format!("{} credits", credits(detail.trial_credits))))}
        </dl>
        {limits}
        <p>{start}</p>
    }
    .into_any()
}

/// What the calculator has to know of the plans of a service.
pub fn plan_costs(detail: &ServiceDetail) -> Vec<PlanCost> {
    let cost = |plan: &PlanView| PlanCost {
        name: plan.name.clone(),
        price: plan.price,
        monthly_fee: plan.monthly_fee,
    };
    detail.plans.iter().map(cost).collect()
}

fn estimate(all: &Details) -> AnyView {
    if all.detail.service.price_per_1k_tokens == Usd::ZERO && all.detail.plans.is_empty() {
        return view! { <p>"There is no plan to estimate."</p> }.into_any();
    }
    view! {
        <form class="panel-box" id="cost" method="get" action=format!("{}#cost", all.page())>
            {estimate_fields(&all.detail, all.volume)}
            <div class="row">
                <button class="btn btn-secondary" type="submit">"Recalculate"</button>
                <p class="meta">"An estimate: real calls differ in length."</p>
            </div>
        </form>
    }
    .into_any()
}

/// The calculator's fields and figures, without the form around them.
pub fn estimate_fields(detail: &ServiceDetail, volume: Volume) -> AnyView {
    view! {
        <CostEstimate
            plans=plan_costs(detail)
            volume=volume
        />
    }
    .into_any()
}

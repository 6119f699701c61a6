//! One agent of a workspace: how to call it, what it stands at, and how to end it.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{InstanceView, ResourceId, ResourceState};

use crate::{
    context::{Workspace, loaded, param},
    flash,
    format::{date, date_time},
    parts::{
        badges::resource_state,
        code::{copy_button, quickstart, tabs},
        crumbs::crumbs,
        fields::hidden,
        notices::{flash_banner, remark},
        prices::leader,
    },
};

/// The links between the pages of an agent.
pub fn agent_tabs(agent: &str, here: &str) -> AnyView {
    let tab = |(path, words): (&str, &'static str)| {
        let current = (path == here).then_some("page");
        view! { <a href=format!("{agent}{path}") aria-current=current>{words}</a> }
    };
    let tabs = [("", "Overview"), ("keys/", "Keys"), ("usage/", "Usage")].map(tab);
    view! { <nav class="subnav" aria-label="Agent">{tabs.into_iter().collect_view()}</nav> }
        .into_any()
}

/// The trail, name, state and tabs that stand on every page of an agent.
pub fn agent_head(place: &Workspace, instance: &InstanceView, here: &str) -> AnyView {
    let agents = format!("{}agents/", place.path());
    let agent = format!("{agents}{}/", instance.instance_id);
    let mut trail =
        vec![(place.path(), place.customer.name.clone()), (agents, "My agents".to_owned())];
    let (title, last) = match here {
        "" => (instance.name.clone(), instance.name.clone()),
        "keys/" => ("Keys".to_owned(), "Keys".to_owned()),
        _ => ("Usage".to_owned(), "Usage".to_owned()),
    };
    if !here.is_empty() {
        trail.push((agent.clone(), instance.name.clone()));
    }
    let of = (!here.is_empty()).then(|| view! { <p class="meta">{instance.name.clone()}</p> });
    view! {
        {crumbs(&trail, &last)}
        <header class="page-head">
            <h1>{title}</h1>
            {resource_state(instance.state)}
            {of}
        </header>
        {agent_tabs(&agent, here)}
    }
    .into_any()
}

/// The overview of one agent.
#[component]
pub fn AgentPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let id = param::<ResourceId>("resource")?;
        let instance = place.market.resources().find(&place.actor, id).await?;
        let flash = flash::take();
        let detail = place.market.catalog().detail(instance.offering_id).cloned();
        let callable = detail.as_ref().is_none_or(|detail| detail.callable);
        let built_in = detail.and_then(|detail| detail.built_in.clone());
        Ok(view! {
            <Title text=format!("{} – {} – CMP", instance.name, place.customer.name) />
            <div class="wrap">
                {agent_head(&place, &instance, "")}
                {flash_banner(flash.as_ref())}
                {trouble(&instance)}
                {built_in.map(|text| remark(text.to_string()))}
                <div class="split">
                    <div>{callable.then(|| calling(&place, &instance))}</div>
                    <aside>{facts(&instance)} {ending(&place, &instance)}</aside>
                </div>
            </div>
        }
        .into_any())
    })
}

fn trouble(instance: &InstanceView) -> Option<AnyView> {
    match instance.state {
        ResourceState::Paused => Some(remark(
            "This agent is paused: a monthly fee could not be paid. Add credits to the wallet to resume it.",
        )),
        ResourceState::Erred => {
            Some(remark("Setting up this agent failed. You were not charged for calls."))
        }
        ResourceState::Terminated | ResourceState::Terminating => {
            Some(remark("This subscription has ended. Its keys no longer work."))
        }
        ResourceState::Creating | ResourceState::Ok | ResourceState::Updating => None,
    }
}

fn calling(place: &Workspace, instance: &InstanceView) -> AnyView {
    let base = &place.market.settings().public_url;
    let keys = format!("{}agents/{}/keys/", place.path(), instance.instance_id);
    view! {
        <section aria-labelledby="call-title">
            <h2 id="call-title">"Call it"</h2>
            <div class="panel-box">
                <div class="field">
                    <label class="label" for="endpoint">"Base URL"</label>
                    <div class="with-button">
                        <input class="input mono" id="endpoint" readonly="readonly" value=format!("{base}/v1") />
                        {copy_button("endpoint", "Copy URL")}
                    </div>
                </div>
                <div class="field">
                    <label class="label" for="model-name">"Model name"</label>
                    <div class="with-button">
                        <input class="input mono" id="model-name" readonly="readonly" value=instance.offering_slug.clone() />
                        {copy_button("model-name", "Copy name")}
                    </div>
                </div>
            </div>
            {tabs("call", "Language", quickstart(base, &instance.offering_slug, None))}
            <p class="meta">
                "Put your key into the variable " <code>"CMP_API_KEY"</code> ". "
                <a href=keys>"See or create keys"</a>
            </p>
        </section>
    }
    .into_any()
}

fn facts(instance: &InstanceView) -> AnyView {
    view! {
        <section aria-labelledby="facts-title">
            <h2 id="facts-title">"Subscription"</h2>
            <dl class="leaders panel-box">
                {leader("Plan", instance.plan.clone())}
                {leader("Provider", instance.provider.clone())}
                {leader("Since", date(instance.created_at))}
                {leader("Next fee", instance.renews_at.map_or_else(|| "none, pay per use".to_owned(), date_time))}
            </dl>
            <p>
                <a href=format!("/marketplace-public-offering/{}/", instance.offering_id)>"See it on the marketplace"</a>
            </p>
        </section>
    }
    .into_any()
}

fn ending(place: &Workspace, instance: &InstanceView) -> Option<AnyView> {
    if matches!(instance.state, ResourceState::Terminated | ResourceState::Terminating) {
        return None;
    }
    Some(
        view! {
            <details class="danger-zone">
                <summary>"End subscription…"</summary>
                <p>
                    {format!("This ends {} on plan {}. All its keys stop at once and no further fee is due. Receipts and the ledger stay.", instance.name, instance.plan)}
                </p>
                <form method="post" action="/rpc/resources/stop">
                    {hidden("customer", place.customer.id)}
                    {hidden("resource", instance.instance_id)}
                    <button class="btn btn-danger" type="submit">{format!("End {}", instance.name)}</button>
                </form>
            </details>
        }
        .into_any(),
    )
}

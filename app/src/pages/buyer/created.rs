//! The page that shows a new key once. It is never in an address, a log or a cache; a reload finds it gone.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{InstanceView, ResourceId};

use crate::{
    context::{Workspace, forbid_storing, loaded, param},
    flash,
    parts::{
        code::{copy_button, quickstart, tabs},
        crumbs::crumbs,
        fields::hidden,
        icons::{Icon, icon},
        notices::warning,
    },
};

/// Your key is ready – or it was shown before.
#[component]
pub fn KeyCreatedPage() -> impl IntoView {
    loaded(async {
        forbid_storing();
        let place = Workspace::load().await?;
        let id = param::<ResourceId>("resource")?;
        let instance = place.market.resources().find(&place.actor, id).await?;
        Ok(match flash::take_key(id) {
            Some((key, name)) => ready(&place, &instance, &key, &name),
            None => gone(&place, &instance),
        })
    })
}

fn trail(place: &Workspace, instance: &InstanceView) -> AnyView {
    let agents = format!("{}agents/", place.path());
    let agent = format!("{agents}{}/", instance.instance_id);
    let trail = [
        (place.path(), place.customer.name.clone()),
        (agents, "My agents".to_owned()),
        (agent.clone(), instance.name.clone()),
        (format!("{agent}keys/"), "Keys".to_owned()),
    ];
    crumbs(&trail, "New key")
}

fn ready(place: &Workspace, instance: &InstanceView, key: &str, name: &str) -> AnyView {
    let base = &place.market.settings().public_url;
    let agent = format!("{}agents/{}/", place.path(), instance.instance_id);
    view! {
        <Title text=format!("Your key is ready – {} – CMP", instance.name) />
        <div class="wrap wrap-narrow">
            {trail(place, instance)}
            <h1>"Your key is ready"</h1>
            <p class="lead">{instance.name.clone()} " on " {instance.plan.clone()} " can be called now."</p>
            {warning("This key is shown once. Copy it now. If you lose it, create a new one.")}
            <div class="panel-box secrets">
                <div class="field">
                    <label class="label" for="endpoint">"Base URL"</label>
                    <div class="with-button">
                        <input class="input mono" id="endpoint" readonly="readonly" value=format!("{base}/v1") />
                        {copy_button("endpoint", "Copy URL")}
                    </div>
                </div>
                <div class="field">
                    <label class="label" for="secret">"Key" <span class="meta">{format!(" · {name}")}</span></label>
                    <div class="with-button">
                        <input class="input mono" id="secret" readonly="readonly" value=key.to_owned() autocomplete="off" spellcheck="false" />
                        {copy_button("secret", "Copy key")}
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
            <section aria-labelledby="first-call">
                <h2 id="first-call">"Make the first call"</h2>
                <p class="meta">"The samples hold your key on this page only. Keep it on a server, never in a web page."</p>
                {tabs("first", "Language", quickstart(base, &instance.offering_slug, Some(key)))}
            </section>
            {next_steps(&agent, &format!("{}orders/", place.path()))}
        </div>
    }
    .into_any()
}

fn next_steps(agent: &str, orders: &str) -> AnyView {
    view! {
        <section aria-labelledby="next-steps">
            <h2 id="next-steps">"Get started"</h2>
            <ul class="steps">
                <li>{icon(Icon::Key)} <a href=format!("{agent}keys/")>"Name this key, or create one per program"</a></li>
                <li>{icon(Icon::Chart)} <a href=format!("{agent}usage/")>"See requests, tokens and credits as they come in"</a></li>
                <li>{icon(Icon::Receipt)} <a href=orders.to_owned()>"See the order and its price"</a></li>
                <li>{icon(Icon::Arrow)} <a href=agent.to_owned()>"Open the agent"</a></li>
            </ul>
        </section>
    }
    .into_any()
}

fn gone(place: &Workspace, instance: &InstanceView) -> AnyView {
    let agent = format!("{}agents/{}/", place.path(), instance.instance_id);
    view! {
        <Title text=format!("Key – {} – CMP", instance.name) />
        <div class="wrap wrap-narrow">
            {trail(place, instance)}
            <h1>"This key was shown before"</h1>
            <p class="lead">"A key is shown once. Only its hash is kept, so it cannot be shown again."</p>
            <p class="panel-box mono">"cmp_sk_••••••••••••"</p>
            <form class="row" method="post" action="/rpc/keys/create">
                {hidden("customer", place.customer.id)}
                {hidden("resource", instance.instance_id)}
                {hidden("name", "Replacement key")}
                <button class="btn btn-primary" type="submit">"Create a new key"</button>
                <a class="btn btn-secondary" href=format!("{agent}keys/")>"See all keys"</a>
            </form>
        </div>
    }
    .into_any()
}

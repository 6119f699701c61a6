//! The secret keys of an agent: create, rename, revoke.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{KeyView, ResourceId, ResourceState};

use super::agent::agent_head;
use crate::{
    context::{Workspace, loaded, param},
    flash::{self, FlashBody},
    format::{date, date_time},
    parts::{
        badges::{Tone, badge},
        fields::{Field, hidden},
        notices::{empty, error_summary, flash_banner},
    },
};

const NAME: Field = Field {
    name: "name",
    label: "Name of the new key",
    hint: "Where it will be used, as in “shop server”",
    kind: "text",
    autocomplete: "off",
    required: true,
};

/// Keys, newest first, revoked ones last used when they were.
#[component]
pub fn KeysPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let id = param::<ResourceId>("resource")?;
        let instance = place.market.resources().find(&place.actor, id).await?;
        let keys = place.market.keys().list(&place.actor, id).await?;
        let flash = flash::take();
        let flash = flash.as_ref();
        let live =
            !matches!(instance.state, ResourceState::Terminated | ResourceState::Terminating);
        Ok(view! {
            <Title text=format!("Keys – {} – CMP", instance.name) />
            <div class="wrap">
                {agent_head(&place, &instance, "keys/")}
                {error_summary(flash)}
                {flash_banner(flash.filter(|flash| flash.done))}
                {live.then(|| create(&place, id, flash))}
                {table(&place, id, &keys)}
            </div>
        }
        .into_any())
    })
}

fn create(place: &Workspace, resource: ResourceId, flash: Option<&FlashBody>) -> AnyView {
    view! {
        <form class="panel-box inline-form" method="post" action="/rpc/keys/create" novalidate="novalidate">
            {hidden("customer", place.customer.id)}
            {hidden("resource", resource)}
            {NAME.view(flash)}
            <button class="btn btn-primary" type="submit">"Create key"</button>
        </form>
    }
    .into_any()
}

fn table(place: &Workspace, resource: ResourceId, keys: &[KeyView]) -> AnyView {
    if keys.is_empty() {
        return empty("No keys yet", "Create a key to call this agent from your server.", None);
    }
    view! {
        <table class="sheet sheet-cards">
            <caption>"Secret keys " <span class="meta">"for servers only, newest first"</span></caption>
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Key"</th>
                    <th scope="col" class="num">"Created"</th>
                    <th scope="col" class="num">"Last used"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Actions"</th>
                </tr>
            </thead>
            <tbody>{keys.iter().map(|key| row(place, resource, key)).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn row(place: &Workspace, resource: ResourceId, key: &KeyView) -> AnyView {
    let used = key.last_used_at.map_or_else(|| "never".to_owned(), date_time);
    let (state, actions) = match key.revoked_at {
        Some(at) => (badge(format!("Revoked {}", date(at)), Tone::Neutral), ().into_any()),
        None => (badge("Active", Tone::Good), actions(place, resource, key, &used)),
    };
    view! {
        <tr>
            <th scope="row" data-label="Name">{key.name.clone()}</th>
            <td data-label="Key"><code>{format!("cmp_sk_••••{}", key.hint)}</code></td>
            <td data-label="Created" class="num">{date(key.created_at)}</td>
            <td data-label="Last used" class="num">{used.clone()}</td>
            <td data-label="State">{state}</td>
            <td data-label="Actions">{actions}</td>
        </tr>
    }
    .into_any()
}

fn actions(place: &Workspace, resource: ResourceId, key: &KeyView, used: &str) -> AnyView {
    let ids = || {
        view! {
            {hidden("customer", place.customer.id)}
            {hidden("resource", resource)}
            {hidden("key", key.id)}
        }
    };
    let field = format!("name-{}", key.id);
    view! {
        <div class="row">
            <details class="menu">
                <summary>"Rename" <span class="sr-only">" " {key.name.clone()}</span></summary>
                <form class="menu-panel" method="post" action="/rpc/keys/rename">
                    {ids()}
                    <label class="label" for=field.clone()>"New name"</label>
                    <input class="input" id=field name="name" value=key.name.clone() maxlength="150" autocomplete="off" />
                    <button class="btn btn-secondary" type="submit">"Save name"</button>
                </form>
            </details>
            <details class="menu">
                <summary class="danger-text">"Revoke" <span class="sr-only">" " {key.name.clone()}</span></summary>
                <form class="menu-panel" method="post" action="/rpc/keys/revoke">
                    {ids()}
                    <p>
                        {format!("“{}” stops working at once. Last used: {used}.", key.name)}
                    </p>
                    <button class="btn btn-danger" type="submit">"Revoke key"</button>
                </form>
            </details>
        </div>
    }
    .into_any()
}

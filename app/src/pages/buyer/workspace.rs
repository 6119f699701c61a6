//! The home of a workspace: its credits and its agents.

use leptos::prelude::*;
use leptos_meta::Title;

use super::{agents::agent_table, wallet::wallet_tiles};
use crate::{
    context::{Workspace, loaded},
    flash,
    parts::notices::{empty, flash_banner},
};

/// Wallet, agents and the next step.
#[component]
pub fn WorkspacePage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let wallet = place.market.wallets().wallet(&place.actor, Some(place.customer.id)).await?;
        let mut agents =
            place.market.resources().of_customer(&place.actor, place.customer.id).await?;
        let all = agents.len();
        agents.truncate(5);
        let flash = flash::take();
        let list = if agents.is_empty() {
            empty(
                "Start with an agent",
                "Choose one, confirm its price, and its key is ready at once.",
                Some(("/marketplace/", "Browse agents")),
            )
        } else {
            agent_table(&agents, &format!("{}agents/", place.path()))
        };
        let more = (all > agents.len()).then(|| {
            view! { <p><a href=format!("{}agents/", place.path())>{format!("See all {all} agents")}</a></p> }
        });
        let others = (place.me.customers.len() > 1).then(|| {
            let link = |customer: &model::CustomerView| {
                view! { <li><a href=format!("/organizations/{}/", customer.id)>{customer.name.clone()}</a></li> }
            };
            view! {
                <section aria-labelledby="others">
                    <h2 id="others">"Your workspaces"</h2>
                    <ul>{place.me.customers.iter().map(link).collect_view()}</ul>
                </section>
            }
        });
        Ok(view! {
            <Title text=format!("{} – CMP", place.customer.name) />
            <div class="wrap">
                {flash_banner(flash.as_ref())}
                <header class="page-head">
                    <h1>{place.customer.name.clone()}</h1>
                    <p class="meta">{place.me.full_name.clone()} " · " {place.me.email.clone()}</p>
                </header>
                <section aria-labelledby="credits">
                    <div class="band-head">
                        <h2 id="credits">"Credits"</h2>
                        <a href=format!("{}wallet/", place.path())>"Open the wallet"</a>
                    </div>
                    {wallet_tiles(wallet)}
                </section>
                <section aria-labelledby="agents">
                    <div class="band-head">
                        <h2 id="agents">"Agents"</h2>
                        {(!agents.is_empty()).then(|| view! { <a href="/marketplace/">"Browse agents"</a> })}
                    </div>
                    {list}
                    {more}
                </section>
                {others}
            </div>
        }
        .into_any())
    })
}

//! The services that a workspace uses.

use leptos::prelude::*;
use leptos_meta::Title;
use model::InstanceView;

use crate::{
    context::{Workspace, loaded},
    flash,
    format::{count, date},
    parts::{
        badges::resource_state,
        crumbs::crumbs,
        notices::{empty, flash_banner},
    },
};

/// My agents, newest first.
#[component]
pub fn AgentsPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let agents = place.market.resources().of_customer(&place.actor, place.customer.id).await?;
        let flash = flash::take();
        let trail = [(place.path(), place.customer.name.clone())];
        let list = if agents.is_empty() {
            empty(
                "No agents yet",
                "Agents you start using appear here, with their keys and their usage.",
                Some(("/marketplace/", "Browse agents")),
            )
        } else {
            agent_table(&agents, &format!("{}agents/", place.path()))
        };
        Ok(view! {
            <Title text=format!("My agents – {} – CMP", place.customer.name) />
            <div class="wrap">
                {crumbs(&trail, "My agents")}
                {flash_banner(flash.as_ref())}
                <header class="page-head">
                    <h1>"My agents"</h1>
                    <p class="meta">{count(agents.len() as u64, "agent", "agents")}</p>
                    {(!agents.is_empty()).then(|| view! { <a class="btn btn-primary" href="/marketplace/">"Browse agents"</a> })}
                </header>
                {list}
            </div>
        }
        .into_any())
    })
}

/// The agents as a table that becomes cards on a narrow screen.
pub fn agent_table(agents: &[InstanceView], base: &str) -> AnyView {
    let row = |agent: &InstanceView| {
        let page = format!("{base}{}/", agent.instance_id);
        view! {
            <tr>
                <th scope="row" data-label="Agent">
                    <a href=page.clone()>{agent.name.clone()}</a>
                    <span class="meta block">"by " {agent.provider.clone()}</span>
                </th>
                <td data-label="State">{resource_state(agent.state)}</td>
                <td data-label="Plan">{agent.plan.clone()}</td>
                <td data-label="Model name"><code>{agent.offering_slug.clone()}</code></td>
                <td data-label="Since" class="num">{date(agent.created_at)}</td>
                <td data-label="More">
                    <span>
                        <a href=format!("{page}keys/")>"Keys" <span class="sr-only">" of " {agent.name.clone()}</span></a>
                        " · "
                        <a href=format!("{page}usage/")>"Usage" <span class="sr-only">" of " {agent.name.clone()}</span></a>
                    </span>
                </td>
            </tr>
        }
    };
    view! {
        <table class="sheet sheet-cards">
            <caption class="sr-only">"Agents, newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"Agent"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Plan"</th>
                    <th scope="col">"Model name"</th>
                    <th scope="col" class="num">"Since"</th>
                    <th scope="col">"More"</th>
                </tr>
            </thead>
            <tbody>{agents.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

//! Every organization, for the operator: find, block, let go, set quotas.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{
    Actor, Asked, CustomerChange, CustomerRow, Error, Market, Mine, Permission, QuotaView,
};
use model::{CustomerId, Quota};

use super::pager;
use crate::{
    calls::own_form,
    context::{PostedForm, actor, here, loaded, market, posted, query, see_other},
    flash::{self, FlashBody},
    format::{count, date},
    parts::{
        badges::{Tone, badge},
        fields::hidden,
        notices::{empty, error_summary, flash_banner},
    },
};

/// The list with its search and forms.
#[component]
pub fn CustomersPage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        if !actor.sees_all() {
            return Err(Error::Denied.into());
        }
        let told = match posted() {
            None => flash::take(),
            Some(form) => match carry_out(&market, &actor, &form).await {
                Ok(done) => {
                    flash::put(&FlashBody::done(done));
                    see_other(&here());
                    return Ok(().into_any());
                }
                Err(error) => Some(own_form::wrong(error, &form, &[])?),
            },
        };
        let page = pager::page();
        let search = query::<String>("search").unwrap_or_default();
        let asked = Asked::read(&market::CUSTOMERS, [("query", search.as_str())].into_iter())
            .map_err(Error::Invalid)?;
        let range = pager::range(page);
        let (found, total) = market.customers().list(&actor, asked, Mine::default(), range).await?;
        let rules = actor.may_everywhere(Permission::RunCustomers);
        let wrong = told.as_ref().filter(|told| !told.done);
        let list = if found.is_empty() {
            empty(
                "No organization found",
                "Search for a part of a name or of an e-mail address.",
                None,
            )
        } else {
            view! {
                <table class="sheet sheet-cards">
                    <caption>{count(total, "organization", "organizations")}</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Organization"</th>
                            <th scope="col">"State"</th>
                            <th scope="col" class="num">"People"</th>
                            <th scope="col" class="num">"Projects"</th>
                            <th scope="col" class="num">"Agents"</th>
                            <th scope="col">"Since"</th>
                            <th scope="col">"Actions"</th>
                        </tr>
                    </thead>
                    <tbody>{found.iter().map(|row| customer(row, rules)).collect_view()}</tbody>
                </table>
            }
            .into_any()
        };
        Ok(view! {
            <Title text="Organizations – Operator – CMP" />
            <div class="wrap">
                {error_summary(wrong)}
                {flash_banner(told.as_ref().filter(|told| told.done))}
                <header class="page-head">
                    <h1>"Organizations"</h1>
                </header>
                {pager::search("Search organizations", &search)}
                {list}
                {pager::links(page, total, &search)}
            </div>
        }
        .into_any())
    })
}

async fn carry_out(
    market: &Market,
    actor: &Actor,
    form: &PostedForm,
) -> Result<&'static str, Error> {
    own_form::must_be_own()?;
    let id: CustomerId =
        form.text("customer").parse().map_err(|_| Error::Missing("organization"))?;
    match form.text("do") {
        "block" => {
            market.customers().block(actor, id, true).await?;
            Ok("The organization is blocked. Its keys have stopped.")
        }
        "unblock" => {
            market.customers().block(actor, id, false).await?;
            Ok("The organization can go on.")
        }
        "quotas" => {
            let mut quotas = Vec::new();
            for quota in Quota::ALL {
                let most = match form.text(quota.as_str()).trim() {
                    "" => None,
                    text => Some(text.parse().map_err(|_| {
                        Error::Conflict("A limit is a whole number; leave it empty for none.")
                    })?),
                };
                quotas.push((*quota, most));
            }
            let change = CustomerChange { quotas, ..CustomerChange::default() };
            market.customers().update(actor, id, change).await?;
            Ok("The quotas are saved.")
        }
        _ => Err(Error::Missing("page")),
    }
}

fn used(row: &CustomerRow, quota: Quota) -> String {
    let found = row.quotas.iter().find(|view| view.quota == quota);
    found.map_or_else(String::new, |view: &QuotaView| match view.limit {
        Some(most) => format!("{} of {most}", view.used),
        None => view.used.to_string(),
    })
}

fn customer(row: &CustomerRow, rules: bool) -> AnyView {
    let it = &row.tenant.customer;
    let blocked = it.blocked_at.is_some();
    let state = match (blocked, it.archived_at.is_some()) {
        (true, _) => badge("Blocked", Tone::Danger),
        (false, true) => badge("Archived", Tone::Neutral),
        (false, false) => badge("Active", Tone::Good),
    };
    let actions = rules.then(|| {
        let (what, words, class, text) = if blocked {
            ("unblock", "Unblock", "btn btn-secondary", "Its keys work again, and fees fall due from now on.")
        } else {
            ("block", "Block", "btn btn-danger", "Its keys stop at once, nothing can be ordered, and no fee falls due.")
        };
        let field = |view: &QuotaView| {
            let label = match view.quota {
                Quota::Projects => "Projects",
                Quota::Resources => "Agents and services",
            };
            let id = format!("{}-{}", view.quota.as_str(), it.id);
            let limit = view.limit.map(|most| most.to_string()).unwrap_or_default();
            view! {
                <div class="field">
                    <label class="label" for=id.clone()>{label}</label>
                    <input class="input" id=id name=view.quota.as_str() inputmode="numeric" autocomplete="off" value=limit />
                </div>
            }
        };
        view! {
            <div class="row">
                <details class="menu">
                    <summary>"Quotas" <span class="sr-only">" of " {it.name.clone()}</span></summary>
                    <form class="menu-panel" method="post" action=here()>
                        {hidden("do", "quotas")}
                        {hidden("customer", it.id)}
                        <p class="hint">"Leave a field empty for no limit."</p>
                        {row.quotas.iter().map(field).collect_view()}
                        <button class="btn btn-secondary" type="submit">"Save quotas"</button>
                    </form>
                </details>
                <details class="menu">
                    <summary class=(!blocked).then_some("danger-text")>{words} <span class="sr-only">" " {it.name.clone()}</span></summary>
                    <form class="menu-panel" method="post" action=here()>
                        {hidden("do", what)}
                        {hidden("customer", it.id)}
                        <p>{text}</p>
                        <button class=class type="submit">{format!("{words} organization")}</button>
                    </form>
                </details>
            </div>
        }
    });
    view! {
        <tr>
            <th scope="row" data-label="Organization">{it.name.clone()} <span class="meta block">{it.email.clone()}</span></th>
            <td data-label="State">{state}</td>
            <td data-label="People" class="num">{row.tenant.users}</td>
            <td data-label="Projects" class="num">{used(row, Quota::Projects)}</td>
            <td data-label="Agents" class="num">{used(row, Quota::Resources)}</td>
            <td data-label="Since">{date(it.created_at)}</td>
            <td data-label="Actions">{actions}</td>
        </tr>
    }
    .into_any()
}

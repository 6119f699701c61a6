//! Everybody's account, for the operator: find, give a role, shut out, let in.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Actor, Asked, Error, Market, Permission, UserChange, UserRow};
use model::{Role, UserId};

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
pub fn UsersPage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        actor.must_everywhere(Permission::SeeUsers)?;
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
        let asked = Asked::read(&market::PEOPLE, [("query", search.as_str())].into_iter())
            .map_err(Error::Invalid)?;
        let range = pager::range(page);
        let (found, total) = market.users().list(&actor, asked, (None, None), range).await?;
        let rules = actor.may_everywhere(Permission::ManageUsers);
        let wrong = told.as_ref().filter(|told| !told.done);
        let list = if found.is_empty() {
            empty("Nobody found", "Search for a part of a name or of an e-mail address.", None)
        } else {
            let me = actor.user();
            let rows = found.iter().map(|row| person(row, rules && me != Some(row.account.id)));
            view! {
                <table class="sheet sheet-cards">
                    <caption>{count(total, "person", "people")}</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"E-mail address"</th>
                            <th scope="col">"Operator role"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Since"</th>
                            <th scope="col">"Actions"</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            }
            .into_any()
        };
        Ok(view! {
            <Title text="People – Operator – CMP" />
            <div class="wrap">
                {error_summary(wrong)}
                {flash_banner(told.as_ref().filter(|told| told.done))}
                <header class="page-head">
                    <h1>"People"</h1>
                </header>
                {pager::search("Search people", &search)}
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
    let id: UserId = form.text("user").parse().map_err(|_| Error::Missing("user"))?;
    let (change, done) = match form.text("do") {
        "role" => {
            let role = match form.text("role") {
                "" => None,
                text => Some(text.parse::<Role>().map_err(|_| Error::Conflict("Select a role."))?),
            };
            (UserChange { role: Some(role), ..UserChange::default() }, "The role is changed.")
        }
        "deactivate" => (
            UserChange { active: Some(false), ..UserChange::default() },
            "The account is deactivated. Its sessions and tokens have ended.",
        ),
        "activate" => (
            UserChange { active: Some(true), ..UserChange::default() },
            "The account is active again.",
        ),
        _ => return Err(Error::Missing("page")),
    };
    market.users().update(actor, id, change).await?;
    Ok(done)
}

const fn title(role: Role) -> &'static str {
    match role {
        Role::Staff => "Staff",
        Role::Support => "Support",
        Role::Finance => "Finance",
        Role::CatalogManager => "Catalog manager",
        Role::Integration => "Integration",
    }
}

fn person(row: &UserRow, rules: bool) -> AnyView {
    let it = &row.account;
    let state =
        if it.active { badge("Active", Tone::Good) } else { badge("Deactivated", Tone::Danger) };
    let role = it.role.map_or("None", title);
    let actions = rules.then(|| {
        let field = format!("role-{}", it.id);
        let options = Role::ALL.iter().map(|role| {
            view! { <option value=role.as_str() selected=it.role == Some(*role)>{title(*role)}</option> }
        });
        let (what, words, class, text) = if it.active {
            ("deactivate", "Deactivate", "btn btn-danger", "Sessions and tokens end at once. What was done stays.")
        } else {
            ("activate", "Activate", "btn btn-secondary", "The person can sign in again.")
        };
        view! {
            <div class="row">
                <details class="menu">
                    <summary>"Change role" <span class="sr-only">" of " {it.full_name.clone()}</span></summary>
                    <form class="menu-panel" method="post" action=here()>
                        {hidden("do", "role")}
                        {hidden("user", it.id)}
                        <label class="label" for=field.clone()>"Operator role"</label>
                        <select class="input" id=field name="role">
                            <option value="" selected=it.role.is_none()>"None"</option>
                            {options.collect_view()}
                        </select>
                        <button class="btn btn-secondary" type="submit">"Save role"</button>
                    </form>
                </details>
                <details class="menu">
                    <summary class=it.active.then_some("danger-text")>{words} <span class="sr-only">" " {it.full_name.clone()}</span></summary>
                    <form class="menu-panel" method="post" action=here()>
                        {hidden("do", what)}
                        {hidden("user", it.id)}
                        <p>{text}</p>
                        <button class=class type="submit">{format!("{words} account")}</button>
                    </form>
                </details>
            </div>
        }
    });
    view! {
        <tr>
            <th scope="row" data-label="Name">{it.full_name.clone()}</th>
            <td data-label="E-mail address">{it.email.clone()}</td>
            <td data-label="Operator role">{role}</td>
            <td data-label="State">{state}</td>
            <td data-label="Since">{date(it.created_at)}</td>
            <td data-label="Actions">{actions}</td>
        </tr>
    }
    .into_any()
}

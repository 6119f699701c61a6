//! Who belongs to a workspace: roles, invitations.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Asked, Error, Invitation, InvitationDraft, On, Permission, Scope, Teammate};
use model::{InvitationState, ScopeRole, UserId};

use crate::{
    calls::own_form,
    context::{PostedForm, Workspace, loaded, posted, see_other},
    flash::{self, FlashBody},
    format::date,
    parts::{
        areas::select,
        badges::{Tone, badge},
        crumbs::crumbs,
        fields::{Field, hidden},
        notices::{error_summary, flash_banner},
    },
};

const EMAIL: Field = Field {
    name: "email",
    label: "E-mail address",
    hint: "Whoever has an account with it, or makes one, can accept",
    kind: "email",
    autocomplete: "off",
    required: true,
};

/// The roles that there are in an organization.
const ROLES: [ScopeRole; 3] =
    [ScopeRole::CustomerOwner, ScopeRole::CustomerManager, ScopeRole::CustomerSupport];

/// Members, invitations and the forms for both.
#[component]
pub fn TeamPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let base = format!("{}team/", place.path());
        let told = match posted() {
            None => flash::take(),
            Some(form) => match carry_out(&place, &form).await {
                Ok(Done::Here(done)) => {
                    flash::put(&FlashBody::done(done));
                    see_other(&base);
                    return Ok(().into_any());
                }
                Ok(Done::Left) => {
                    flash::put(&FlashBody::done("You have left the organization."));
                    see_other("/account/");
                    return Ok(().into_any());
                }
                Err(error) => Some(own_form::wrong(error, &form, &["email", "role"])?),
            },
        };
        let scope = Scope::Customer(place.customer.id);
        let mates = place.market.team().list(&place.actor, scope).await?;
        let manages = place.actor.may(Permission::ManageTeam, On::customer(place.customer.id));
        let asked = Asked::read(
            &market::INVITATIONS,
            [("state", "pending"), ("customer_uuid", place.customer.id.to_string().as_str())]
                .into_iter(),
        )
        .map_err(Error::Invalid)?;
        let invited = if manages {
            place.market.invitations().list(&place.actor, asked, (100, 0)).await?.0
        } else {
            Vec::new()
        };
        let wrong = told.as_ref().filter(|told| !told.done);
        let prefix = if wrong.is_some() { "Error: " } else { "" };
        let rows = mates.iter().map(|mate| row(&place, &base, mate, manages)).collect_view();
        Ok(view! {
            <Title text=format!("{prefix}Team – {} – CMP", place.customer.name) />
            <div class="wrap">
                {crumbs(&[(place.path(), place.customer.name.clone())], "Team")}
                {error_summary(wrong)}
                {flash_banner(told.as_ref().filter(|told| told.done))}
                <header class="page-head">
                    <h1>"Team"</h1>
                    <p class="meta">"Owners decide about the team, managers about projects and orders, support sees and asks."</p>
                </header>
                <table class="sheet sheet-cards">
                    <caption class="sr-only">"People of this organization"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"E-mail address"</th>
                            <th scope="col">"Role"</th>
                            <th scope="col">"Since"</th>
                            <th scope="col">"Actions"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                {manages.then(|| invitations(&base, &invited.iter().map(|row| row.invitation.clone()).collect::<Vec<_>>()))}
                {manages.then(|| invite(&base, wrong))}
            </div>
        }
        .into_any())
    })
}

/// Where a form leads.
enum Done {
    Here(String),
    Left,
}

async fn carry_out(place: &Workspace, form: &PostedForm) -> Result<Done, Error> {
    own_form::must_be_own()?;
    let (market, actor) = (&place.market, &place.actor);
    let scope = Scope::Customer(place.customer.id);
    let role = |name: &str| -> Result<ScopeRole, Error> {
        form.text(name).parse().map_err(|_| Error::field(name, "Select a role"))
    };
    let user = || -> Result<UserId, Error> {
        form.text("user").parse().map_err(|_| Error::Missing("user"))
    };
    let invitation = || form.text("invitation").parse().map_err(|_| Error::Missing("invitation"));
    let told = |invited: market::Invited| {
        if market.mails().are_sent() {
            return format!("The invitation is on its way to {}.", invited.row.invitation.email);
        }
        let url = &market.settings().public_url;
        format!("Hand over this link; it holds for a week: {url}{}", invited.path())
    };
    match form.text("do") {
        "invite" => {
            let draft = InvitationDraft {
                email: form.text("email").trim().to_owned(),
                scope,
                role: role("role")?,
                note: String::new(),
            };
            Ok(Done::Here(told(market.invitations().create(actor, draft).await?)))
        }
        "send" => Ok(Done::Here(told(market.invitations().send(actor, invitation()?).await?))),
        "cancel" => {
            market.invitations().cancel(actor, invitation()?).await?;
            Ok(Done::Here("The invitation is canceled.".to_owned()))
        }
        "change" => {
            market.team().change(actor, scope, user()?, role("from")?, role("to")?).await?;
            Ok(Done::Here("The role is changed.".to_owned()))
        }
        "remove" => {
            let user = user()?;
            market.team().remove(actor, scope, user, role("from")?).await?;
            let still = market.team().list(actor, scope).await?;
            let mine = actor.user() == Some(user);
            if mine && !still.iter().any(|mate| mate.member.user == user) {
                return Ok(Done::Left);
            }
            Ok(Done::Here("The role is taken away.".to_owned()))
        }
        _ => Err(Error::Missing("page")),
    }
}

fn row(place: &Workspace, base: &str, mate: &Teammate, manages: bool) -> AnyView {
    let name = mate.account.full_name.clone();
    let me = place.actor.user() == Some(mate.member.user);
    let ends = mate.member.expires_at.map(|at| {
        view! { <span class="meta">{format!(" until {}", date(at))}</span> }
    });
    let ids = || {
        view! {
            {hidden("user", mate.member.user)}
            {hidden("from", mate.member.role.as_str())}
        }
    };
    let change = manages.then(|| {
        let id = format!("to-{}-{}", mate.member.user, mate.member.role.as_str());
        let others = ROLES.iter().filter(|role| **role != mate.member.role).map(|role| {
            view! { <option value=role.as_str()>{role.title()}</option> }
        });
        view! {
            <details class="menu">
                <summary>"Change role" <span class="sr-only">" of " {name.clone()}</span></summary>
                <form class="menu-panel" method="post" action=base.to_owned()>
                    {hidden("do", "change")}
                    {ids()}
                    <label class="label" for=id.clone()>"New role"</label>
                    <select class="input" id=id name="to">{others.collect_view()}</select>
                    <button class="btn btn-secondary" type="submit">"Save role"</button>
                </form>
            </details>
        }
    });
    let (word, question) = if me {
        ("Leave", "You lose access to this organization at once.".to_owned())
    } else {
        ("Remove", format!("{name} loses access to this organization at once."))
    };
    let remove = (manages || me).then(|| {
        view! {
            <details class="menu">
                <summary class="danger-text">{word} <span class="sr-only">" " {name.clone()}</span></summary>
                <form class="menu-panel" method="post" action=base.to_owned()>
                    {hidden("do", "remove")}
                    {ids()}
                    <p>{question}</p>
                    <button class="btn btn-danger" type="submit">{if me { "Leave organization" } else { "Remove person" }}</button>
                </form>
            </details>
        }
    });
    let email = if mate.shows_email { mate.account.email.clone() } else { String::new() };
    view! {
        <tr>
            <th scope="row" data-label="Name">{name.clone()} {me.then(|| view! { <span class="meta">" (you)"</span> })}</th>
            <td data-label="E-mail address">{email}</td>
            <td data-label="Role">{mate.member.role.title()} {ends}</td>
            <td data-label="Since">{date(mate.member.created_at)}</td>
            <td data-label="Actions"><div class="row">{change} {remove}</div></td>
        </tr>
    }
    .into_any()
}

fn invitations(base: &str, invited: &[Invitation]) -> AnyView {
    if invited.is_empty() {
        return ().into_any();
    }
    let row = |it: &Invitation| {
        let act = |what: &'static str, words: &'static str| {
            view! {
                <form method="post" action=base.to_owned()>
                    {hidden("do", what)}
                    {hidden("invitation", it.id)}
                    <button class="btn btn-secondary btn-small" type="submit">
                        {words} <span class="sr-only">" to " {it.email.clone()}</span>
                    </button>
                </form>
            }
        };
        let state = (it.state == InvitationState::Pending).then(|| badge("Pending", Tone::Neutral));
        view! {
            <tr>
                <th scope="row" data-label="E-mail address">{it.email.clone()}</th>
                <td data-label="Role">{it.role.title()}</td>
                <td data-label="State">{state}</td>
                <td data-label="Until">{date(it.expires_at)}</td>
                <td data-label="Actions"><div class="row">{act("send", "Send again")} {act("cancel", "Cancel invitation")}</div></td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="invited">
            <h2 id="invited">"Invitations"</h2>
            <table class="sheet sheet-cards">
                <caption class="sr-only">"Invitations that are not answered yet"</caption>
                <thead>
                    <tr>
                        <th scope="col">"E-mail address"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Until"</th>
                        <th scope="col">"Actions"</th>
                    </tr>
                </thead>
                <tbody>{invited.iter().map(row).collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn invite(base: &str, wrong: Option<&FlashBody>) -> AnyView {
    let roles: Vec<(String, String)> = ROLES
        .iter()
        .rev()
        .map(|role| (role.as_str().to_owned(), role.title().to_owned()))
        .collect();
    view! {
        <section class="panel-box" aria-labelledby="invite">
            <h2 id="invite">"Invite somebody"</h2>
            <form method="post" action=base.to_owned() novalidate="novalidate" class="stacked">
                {hidden("do", "invite")}
                {EMAIL.view(wrong)}
                {select("role", "Role", "Select a role", &roles, wrong)}
                <button class="btn btn-primary" type="submit">"Send invitation"</button>
            </form>
        </section>
    }
    .into_any()
}

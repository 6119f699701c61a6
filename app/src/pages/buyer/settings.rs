//! What an organization says of itself, what it may have, and its projects.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{
    Asked, Clause, CustomerChange, CustomerRow, Error, On, Permission, ProjectChange, ProjectRow,
};
use model::Quota;
use serde_json::Value;

use crate::{
    calls::own_form,
    context::{PostedForm, Workspace, loaded, posted, see_other},
    flash::{self, FlashBody},
    format::date,
    parts::{
        areas::Area,
        badges::{Tone, badge},
        crumbs::crumbs,
        fields::{Field, hidden},
        notices::{error_summary, flash_banner},
    },
};

const fn line(name: &'static str, label: &'static str, hint: &'static str) -> Field {
    Field { name, label, hint, kind: "text", autocomplete: "off", required: false }
}

const NAME: Field = Field { required: true, ..line("name", "Name", "") };
const EMAIL: Field = Field {
    kind: "email",
    ..line("email", "E-mail address", "For invoices and for questions about them")
};
const COUNTRY: Field = line("country", "Country", "Two capital letters, as in DE");
const ADDRESS: Field = line("address", "Address", "");
const VAT: Field = line("vat_code", "VAT number", "");
const CONTACT: Area =
    Area { name: "contact_details", label: "Contact details", hint: "", rows: 3, longest: 2_000 };
const PROJECT: Field = Field { required: true, ..line("project", "Name of the new project", "") };

const TYPED: [&str; 7] =
    ["name", "email", "country", "address", "vat_code", "contact_details", "project"];

/// The page with all of it.
#[component]
pub fn CustomerSettingsPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let base = format!("{}settings/", place.path());
        let told = match posted() {
            None => flash::take(),
            Some(form) => match carry_out(&place, &form).await {
                Ok(done) => {
                    flash::put(&FlashBody::done(done));
                    see_other(&base);
                    return Ok(().into_any());
                }
                Err(error) => Some(own_form::wrong(error, &form, &TYPED)?),
            },
        };
        let id = place.customer.id;
        let row = place.market.customers().find(&place.actor, id).await?;
        let asked = Asked::default().and(Clause::of("p.customer_id = ?", [id.to_string()]));
        let (projects, _) =
            place.market.projects().list(&place.actor, asked, false, (300, 0)).await?;
        let on = On::customer(id);
        let changes = place.actor.may(Permission::UpdateCustomer, on);
        let opens = place.actor.may(Permission::ManageProjects, on);
        let wrong = told.as_ref().filter(|told| !told.done);
        let prefix = if wrong.is_some() { "Error: " } else { "" };
        let blocked = row
            .tenant
            .customer
            .blocked_at
            .map(|at| badge(format!("Blocked since {}", date(at)), Tone::Danger));
        Ok(view! {
            <Title text=format!("{prefix}Settings – {} – CMP", place.customer.name) />
            <div class="wrap wrap-narrow account">
                {crumbs(&[(place.path(), place.customer.name.clone())], "Settings")}
                {error_summary(wrong)}
                {flash_banner(told.as_ref().filter(|told| told.done))}
                <header class="page-head">
                    <h1>"Settings"</h1>
                    {blocked}
                </header>
                {about(&row, &base, changes, wrong)}
                {quotas(&row)}
                {project_list(&projects, &base, opens, wrong)}
            </div>
        }
        .into_any())
    })
}

async fn carry_out(place: &Workspace, form: &PostedForm) -> Result<&'static str, Error> {
    own_form::must_be_own()?;
    let (market, actor, id) = (&place.market, &place.actor, place.customer.id);
    match form.text("do") {
        "save" => {
            let text = |name: &str| Some(form.text(name).trim().to_owned());
            let mut change = CustomerChange {
                name: text("name"),
                email: text("email"),
                country: text("country"),
                contact_details: text("contact_details"),
                ..CustomerChange::default()
            };
            for name in ["address", "vat_code"] {
                let typed = form.text(name).trim();
                let most = market::CUSTOMER_DETAILS.iter().find(|(known, _)| *known == name);
                let most = most.map_or(0, |(_, most)| *most);
                if typed.chars().count() > most {
                    return Err(Error::field(name, format!("Use {most} characters or less")));
                }
                let value =
                    if typed.is_empty() { Value::Null } else { Value::String(typed.to_owned()) };
                change.details.insert(name.to_owned(), value);
            }
            market.customers().update(actor, id, change).await?;
            Ok("The settings are saved.")
        }
        "project" => {
            let name = Some(form.text("project").trim().to_owned());
            let draft = ProjectChange { name, ..ProjectChange::default() };
            match market.projects().create(actor, id, draft).await {
                // The form calls the field by what it is the name of.
                Err(Error::Invalid(mut faults)) => {
                    for fault in &mut faults {
                        "project".clone_into(&mut fault.field);
                    }
                    Err(Error::Invalid(faults))
                }
                other => other.map(|_| "The project is made."),
            }
        }
        "remove-project" => {
            let project = form.text("id").parse().map_err(|_| Error::Missing("project"))?;
            market.projects().remove(actor, project).await?;
            Ok("The project is removed.")
        }
        _ => Err(Error::Missing("page")),
    }
}

fn about(row: &CustomerRow, base: &str, changes: bool, wrong: Option<&FlashBody>) -> AnyView {
    let it = &row.tenant.customer;
    let detail =
        |name: &str| it.details.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if !changes {
        return view! {
            <section class="panel-box" aria-labelledby="about">
                <h2 id="about">"Organization"</h2>
                <p><strong>{it.name.clone()}</strong></p>
                <p>{it.email.clone()}</p>
                <p class="meta">"Owners of the organization change this."</p>
            </section>
        }
        .into_any();
    }
    // What was typed last goes before what is kept.
    let mut typed = wrong.cloned().unwrap_or_default();
    for (name, value) in [
        ("name", it.name.clone()),
        ("email", it.email.clone()),
        ("country", it.country.clone()),
        ("address", detail("address")),
        ("vat_code", detail("vat_code")),
        ("contact_details", it.contact_details.clone()),
    ] {
        if wrong.is_none_or(|wrong| wrong.values.get("name").is_none_or(String::is_empty)) {
            typed.values.insert(name.to_owned(), value);
        }
    }
    view! {
        <section class="panel-box" aria-labelledby="about">
            <h2 id="about">"Organization"</h2>
            <form method="post" action=base.to_owned() novalidate="novalidate" class="stacked">
                {hidden("do", "save")}
                {NAME.view(Some(&typed))}
                {EMAIL.view(Some(&typed))}
                {COUNTRY.view(Some(&typed))}
                {ADDRESS.view(Some(&typed))}
                {VAT.view(Some(&typed))}
                {CONTACT.view(Some(&typed), "")}
                <button class="btn btn-primary" type="submit">"Save settings"</button>
            </form>
        </section>
    }
    .into_any()
}

fn quotas(row: &CustomerRow) -> AnyView {
    let line = |view: &market::QuotaView| {
        let what = match view.quota {
            Quota::Projects => "Projects",
            Quota::Resources => "Agents and services",
        };
        let words = match view.limit {
            Some(most) => format!("{} of {most}", view.used),
            None => format!("{}, no limit", view.used),
        };
        view! {
            <tr>
                <th scope="row" data-label="What">{what}</th>
                <td data-label="Used" class="num">{words}</td>
            </tr>
        }
    };
    view! {
        <section class="panel-box" aria-labelledby="quotas">
            <h2 id="quotas">"Quotas"</h2>
            <table class="sheet sheet-cards">
                <caption class="sr-only">"How much of what there may be"</caption>
                <thead><tr><th scope="col">"What"</th><th scope="col" class="num">"Used"</th></tr></thead>
                <tbody>{row.quotas.iter().map(line).collect_view()}</tbody>
            </table>
            <p class="meta">"The operator changes the limits."</p>
        </section>
    }
    .into_any()
}

fn project_list(
    projects: &[ProjectRow],
    base: &str,
    opens: bool,
    wrong: Option<&FlashBody>,
) -> AnyView {
    let row = |row: &ProjectRow| {
        let it = &row.project;
        let remove = (opens && row.resources == 0).then(|| {
            view! {
                <form method="post" action=base.to_owned()>
                    {hidden("do", "remove-project")}
                    {hidden("id", it.id)}
                    <button class="btn btn-secondary btn-small" type="submit">
                        "Remove" <span class="sr-only">" project " {it.name.clone()}</span>
                    </button>
                </form>
            }
        });
        view! {
            <tr>
                <th scope="row" data-label="Project">{it.name.clone()}</th>
                <td data-label="Agents" class="num">{row.resources}</td>
                <td data-label="Since">{date(it.created_at)}</td>
                <td data-label="Actions">{remove}</td>
            </tr>
        }
    };
    let form = opens.then(|| {
        view! {
            <form class="inline-form" method="post" action=base.to_owned() novalidate="novalidate">
                {hidden("do", "project")}
                {PROJECT.view(wrong)}
                <button class="btn btn-secondary" type="submit">"Create project"</button>
            </form>
        }
    });
    view! {
        <section class="panel-box" aria-labelledby="projects">
            <h2 id="projects">"Projects"</h2>
            <table class="sheet sheet-cards">
                <caption class="sr-only">"Projects of this organization"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Project"</th>
                        <th scope="col" class="num">"Agents"</th>
                        <th scope="col">"Since"</th>
                        <th scope="col">"Actions"</th>
                    </tr>
                </thead>
                <tbody>{projects.iter().map(row).collect_view()}</tbody>
            </table>
            {form}
        </section>
    }
    .into_any()
}

//! The tickets of a workspace, and a form for one that is about no particular page.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Asked, Error, Issue};
use model::{InstanceView, TicketView};

use crate::{
    calls::own_form,
    context::{Workspace, loaded, posted, query},
    flash::{self, FlashBody},
    pages::public::report::{FIELDS, open, reference},
    parts::{
        areas::select,
        crumbs::crumbs,
        fields::hidden,
        notices::{error_summary, flash_banner},
        tickets::{TEXT, kind_field, ticket_table},
    },
};

/// How many tickets the market gives at once.
const PAGE_SIZE: u64 = 20;

/// List and form.
#[component]
pub fn SupportPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let wrong = match posted() {
            None => None,
            Some(form) => match open(&place.market, &place.actor, &form).await {
                Ok(_) => return Ok(().into_any()),
                Err(error) => Some((own_form::wrong(error, &form, &FIELDS)?, form)),
            },
        };
        let page = query::<u64>("page").unwrap_or(1).clamp(1, 1_000_000);
        let tickets =
            place.market.tickets().of_customer(&place.actor, place.customer.id, page).await?;
        let own = place.customer.id.to_string();
        let asked = Asked::read(&market::ISSUES, [("customer", own.as_str())].into_iter());
        let asked = asked.map_err(Error::Invalid)?;
        let range = (PAGE_SIZE.cast_signed(), ((page - 1) * PAGE_SIZE).cast_signed());
        let (issues, _) = place.market.issues().list(&place.actor, asked, range).await?;
        let agents = place.market.resources().of_customer(&place.actor, place.customer.id).await?;
        let kept = wrong.as_ref().map(|(_, form)| form.text("reference").to_owned());
        let reference = kept.unwrap_or_else(|| reference(&place.market));
        let wrong = wrong.map(|(wrong, _)| wrong);
        let flash = flash::take();
        let prefix = if wrong.is_some() { "Error: " } else { "" };
        Ok(view! {
            <Title text=format!("{prefix}Support – {} – CMP", place.customer.name) />
            <div class="wrap">
                {crumbs(&[(place.path(), place.customer.name.clone())], "Support")}
                {error_summary(wrong.as_ref())}
                {flash_banner(flash.as_ref())}
                <header class="page-head">
                    <h1>"Support"</h1>
                </header>
                <div class="split">
                    <section>
                        <h2>"Your tickets"</h2>
                        {list(&place, &tickets, &issues, page)}
                    </section>
                    <section>
                        <h2>"Report a problem"</h2>
                        {form(&place, &agents, &reference, wrong.as_ref())}
                    </section>
                </div>
            </div>
        }
        .into_any())
    })
}

fn list(place: &Workspace, tickets: &[TicketView], issues: &[Issue], page: u64) -> AnyView {
    let base = format!("{}support/", place.path());
    if tickets.is_empty() {
        let words = if page == 1 {
            "No tickets yet. A report of a problem becomes a ticket, and its answer appears here."
        } else {
            "There are no more tickets."
        };
        return view! { <p class="panel-box">{words}</p> }.into_any();
    }
    let before = (page > 1).then(|| {
        view! { <a class="btn btn-secondary" rel="prev" href=format!("{base}?page={}", page - 1)>"Newer tickets"</a> }
    });
    let after = (tickets.len() as u64 >= PAGE_SIZE).then(|| {
        view! { <a class="btn btn-secondary" rel="next" href=format!("{base}?page={}", page + 1)>"Older tickets"</a> }
    });
    view! {
        {ticket_table(tickets, issues, &base, place.market.core().now())}
        <p class="row">{before} {after}</p>
    }
    .into_any()
}

fn form(
    place: &Workspace,
    agents: &[InstanceView],
    reference: &str,
    wrong: Option<&FlashBody>,
) -> AnyView {
    let mut options: Vec<(String, String)> =
        agents.iter().map(|agent| (agent.offering_id.to_string(), agent.name.clone())).collect();
    options.sort();
    options.dedup_by(|a, b| a.0 == b.0);
    let agent = (!options.is_empty())
        .then(|| select("offering", "Agent (optional)", "None in particular", &options, wrong));
    view! {
        <form method="post" action=format!("{}support/", place.path()) novalidate="novalidate" class="stacked panel-box">
            {hidden("customer", place.customer.id)}
            {hidden("reference", reference)}
            {kind_field(wrong)}
            {agent}
            {TEXT.view(wrong, "")}
            <button class="btn btn-primary" type="submit">"Open ticket"</button>
        </form>
    }
    .into_any()
}

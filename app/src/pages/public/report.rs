//! Reporting an issue with a service: it becomes a ticket that the operator answers.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Actor, Error, Market, TicketDraft};
use model::{CustomerView, Fault, ServiceDetail, TicketId, TicketKind, TicketView};

use super::offering::{named_service, trail_below};
use crate::{
    calls::own_form,
    context::{PostedForm, actor, loaded, market, posted, see_other},
    flash::{self, FlashBody},
    parts::{
        areas::select,
        crumbs::crumbs,
        fields::hidden,
        notices::{error_summary, warning},
        tickets::{TEXT, kind_field},
    },
};

/// The fields of a report that are shown again.
pub const FIELDS: [&str; 4] = ["kind", "text", "customer", "offering"];

/// A value of its own for each form, which makes two posts of one form one ticket.
pub fn reference(market: &Market) -> String {
    format!("page-{}", market.core().id(TicketId::new))
}

/// Opens the ticket that a form asks for, and leads to it.
pub async fn open(market: &Market, actor: &Actor, form: &PostedForm) -> Result<TicketView, Error> {
    own_form::must_be_own()?;
    let mut faults = Vec::new();
    let kind = form.text("kind").parse::<TicketKind>();
    if kind.is_err() {
        faults.push(Fault::new("kind", "Select what is wrong"));
    }
    if form.text("text").trim().is_empty() {
        faults.push(Fault::new("text", "Enter what happened"));
    }
    let kind = match kind {
        Ok(kind) if faults.is_empty() => kind,
        _ => return Err(Error::Invalid(faults)),
    };
    let id = |name: &str| Some(form.text(name)).filter(|text| !text.is_empty());
    let draft = TicketDraft {
        kind,
        text: form.text("text").to_owned(),
        offering: id("offering")
            .map(|text| text.parse().map_err(|_| Error::Missing("service")))
            .transpose()?,
        customer: id("customer")
            .map(|text| text.parse().map_err(|_| Error::Missing("workspace")))
            .transpose()?,
        reference: form.text("reference").to_owned(),
    };
    let ticket = market.tickets().open(actor, draft).await?;
    flash::put(&FlashBody::done(format!(
        "Ticket #{} is open. The answer appears on this page.",
        ticket.number
    )));
    see_other(&format!("/organizations/{}/support/{}/", ticket.customer_id, ticket.id));
    Ok(ticket)
}

/// Which workspace reports; one needs not to be asked for.
pub fn workspace_field(customers: &[CustomerView], wrong: Option<&FlashBody>) -> AnyView {
    match customers {
        [] => warning("You belong to no workspace yet, so nobody could read the answer."),
        [only] => hidden("customer", only.id),
        several => {
            let options: Vec<(String, String)> =
                several.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
            select("customer", "Workspace", "Select a workspace", &options, wrong)
        }
    }
}

/// The form.
#[component]
pub fn ReportPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let detail = named_service(&market)?;
        let actor = actor()?;
        let wrong = match posted() {
            None => None,
            Some(form) => match open(&market, &actor, &form).await {
                Ok(_) => return Ok(().into_any()),
                Err(error) => Some((own_form::wrong(error, &form, &FIELDS)?, form)),
            },
        };
        let customers = market.identity().me(&actor).await?.customers;
        let kept = wrong.as_ref().map(|(_, form)| form.text("reference").to_owned());
        let reference = kept.unwrap_or_else(|| reference(&market));
        let wrong = wrong.map(|(wrong, _)| wrong);
        Ok(page(&market, &detail, &customers, &reference, wrong.as_ref()))
    })
}

fn page(
    market: &Market,
    detail: &ServiceDetail,
    customers: &[CustomerView],
    reference: &str,
    wrong: Option<&FlashBody>,
) -> AnyView {
    let name = &detail.service.name;
    let prefix = if wrong.is_some() { "Error: " } else { "" };
    let page = format!("/marketplace-public-offering/{}/", detail.service.id);
    let action = format!("{page}report/");
    view! {
        <Title text=format!("{prefix}Report issue – {name} – CMP") />
        <div class="wrap wrap-form">
            {crumbs(&trail_below(market, detail), "Report issue")}
            {error_summary(wrong)}
            <h1>"Report issue"</h1>
            <p class="lead">{name.clone()} " by " {detail.provider.name.clone()}</p>
            <form method="post" action=action novalidate="novalidate" class="stacked">
                {hidden("offering", detail.service.id)}
                {hidden("reference", reference)}
                {workspace_field(customers, wrong)}
                {kind_field(wrong)}
                {TEXT.view(wrong, "")}
                <p class="meta">"The report goes to the operator of this marketplace as a ticket. Your workspace sees it and its answer under Support."</p>
                <p class="row">
                    <button class="btn btn-primary" type="submit">"Send report"</button>
                    <a class="btn btn-ghost" href=page>"Back to the agent"</a>
                </p>
            </form>
        </div>
    }
    .into_any()
}

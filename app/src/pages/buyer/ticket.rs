//! One ticket: what was reported, where it stands, and what the operator says.

use leptos::prelude::*;
use leptos_meta::Title;
use market::Issue;
use model::{TicketId, TicketView, Timestamp};

use crate::{
    context::{Workspace, loaded, param},
    fail::Fail,
    flash,
    format::date_time,
    parts::{
        crumbs::crumbs,
        detail::own_words,
        notices::{flash_banner, remark},
        prices::leader,
        tickets::{reply_promise, resolve_promise, ticket_state},
    },
};

/// A ticket of the workspace.
#[component]
pub fn TicketPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let id = param::<TicketId>("ticket")?;
        let ticket = place.market.tickets().find(&place.actor, id).await?;
        let issue = place.market.issues().find(&place.actor, id).await.ok();
        if ticket.customer_id != place.customer.id {
            return Err(Fail::missing("ticket"));
        }
        let flash = flash::take();
        let trail = [
            (place.path(), place.customer.name.clone()),
            (format!("{}support/", place.path()), "Support".to_owned()),
        ];
        let title = format!("Ticket #{}", ticket.number);
        Ok(view! {
            <Title text=format!("{title} – {} – CMP", place.customer.name) />
            <div class="wrap">
                {crumbs(&trail, &title)}
                {flash_banner(flash.as_ref())}
                <header class="page-head">
                    <h1>{title.clone()}</h1>
                    {ticket_state(ticket.state)}
                    <p class="meta">{ticket.kind.title()}</p>
                </header>
                <div class="split">
                    <div>
                        <section>
                            <h2>"Report"</h2>
                            <div class="panel-box">{own_words(&ticket.text)}</div>
                        </section>
                        <section>
                            <h2>"Answer"</h2>
                            {answer(&ticket)}
                        </section>
                    </div>
                    <aside>{facts(&ticket, issue.as_ref(), place.market.core().now())}</aside>
                </div>
            </div>
        }
        .into_any())
    })
}

fn answer(ticket: &TicketView) -> AnyView {
    match ticket.answer.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => view! { <div class="panel-box">{own_words(text)}</div> }.into_any(),
        None => remark("No answer yet. It appears here as soon as the operator has written one."),
    }
}

fn facts(ticket: &TicketView, issue: Option<&Issue>, now: Timestamp) -> AnyView {
    let agent = ticket.service.clone().zip(ticket.service_id).map(|(name, id)| {
        view! {
            <div class="leader">
                <dt>"Agent"</dt>
                <dd><a href=format!("/marketplace-public-offering/{id}/")>{name}</a></dd>
            </div>
        }
    });
    let level = issue.map(|issue| {
        let helper = issue.assignee_name.clone().unwrap_or_else(|| "nobody yet".to_owned());
        view! {
            {leader("Priority", issue.level.priority.title())}
            {leader("Who works on it", helper)}
            {leader("Answer", reply_promise(&issue.level, now).words)}
            {leader("Solution", resolve_promise(&issue.level, now).words)}
        }
    });
    view! {
        <section>
            <h2>"Ticket"</h2>
            <dl class="leaders panel-box">
                {leader("State", ticket.state.title())}
                {leader("About", ticket.kind.title())}
                {agent}
                {level}
                {leader("Reported by", ticket.reporter.clone())}
                {leader("Opened", date_time(ticket.created_at))}
                {leader("Changed", date_time(ticket.updated_at))}
            </dl>
        </section>
    }
    .into_any()
}

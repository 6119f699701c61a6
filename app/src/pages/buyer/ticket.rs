//! One ticket: what was reported, where it stands, what the operator says, and what was said since.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Asked, Clause, Comment, Issue};
use model::{TicketId, TicketState, TicketView, Timestamp};

use crate::{
    context::{Workspace, loaded, param},
    fail::Fail,
    flash::{self, FlashBody},
    format::date_time,
    parts::{
        crumbs::crumbs,
        detail::own_words,
        fields::hidden,
        notices::{flash_banner, remark},
        prices::leader,
        tickets::{REPLY, conversation, reply_promise, resolve_promise, ticket_state, title_of},
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
        let asked = Asked::default().and(Clause::of("m.ticket_id IN (?)", [id.to_string()]));
        let (said, _) = place.market.issues().comments(&place.actor, asked, (500, 0)).await?;
        let said: Vec<&Comment> = said.iter().collect();
        let flash = flash::take();
        let trail = [
            (place.path(), place.customer.name.clone()),
            (format!("{}support/", place.path()), "Support".to_owned()),
        ];
        let name = title_of(ticket.kind, issue.as_ref().map_or("", |issue| &issue.summary));
        let title = format!("#{} {name}", ticket.number);
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
                            {answer(&ticket, said.is_empty())}
                        </section>
                        <section>
                            <h2>"Messages"</h2>
                            {conversation(&said)}
                            {reply(&ticket, flash.as_ref())}
                        </section>
                    </div>
                    <aside>{facts(&ticket, issue.as_ref(), place.market.core().now())}</aside>
                </div>
            </div>
        }
        .into_any())
    })
}

fn answer(ticket: &TicketView, quiet: bool) -> AnyView {
    match ticket.answer.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => view! { <div class="panel-box">{own_words(text)}</div> }.into_any(),
        None if quiet => {
            remark("No answer yet. It appears here as soon as the operator has written one.")
        }
        None => remark("No solution yet. What was said so far is below."),
    }
}

fn reply(ticket: &TicketView, flash: Option<&FlashBody>) -> AnyView {
    let waits = (ticket.state == TicketState::Waiting)
        .then(|| remark("The operator waits for you: say something, and the ticket goes on."));
    view! {
        {waits}
        <form method="post" action="/rpc/tickets/comment" class="stacked">
            {hidden("ticket", ticket.id)}
            {hidden("customer", ticket.customer_id)}
            {REPLY.view(flash, "")}
            <button class="btn btn-primary" type="submit">"Send message"</button>
        </form>
    }
    .into_any()
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

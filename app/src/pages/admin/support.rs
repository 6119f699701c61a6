//! The operator's queue of tickets, the oldest first, each with its answer.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{TicketState, TicketView};

use crate::{
    context::{actor, loaded, market, query},
    flash,
    parts::{
        areas::typed_text,
        detail::{own_words, time},
        fields::hidden,
        notices::{empty, flash_banner},
        tickets::ticket_state,
    },
};

/// How many tickets the market gives at once.
const PAGE_SIZE: usize = 20;

/// The queue.
#[component]
pub fn TicketQueuePage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        let page = query::<u64>("page").unwrap_or(1).clamp(1, 1_000_000);
        let tickets = market.tickets().queue(&actor, page).await?;
        let flash = flash::take();
        let list = if tickets.is_empty() {
            empty("No tickets to answer", "Reports of problems appear here.", None)
        } else {
            view! { <div class="queue">{tickets.iter().map(item).collect_view()}</div> }.into_any()
        };
        let before = (page > 1).then(|| {
            view! { <a class="btn btn-secondary" rel="prev" href=format!("?page={}", page - 1)>"Previous"</a> }
        });
        let after = (tickets.len() >= PAGE_SIZE).then(|| {
            view! { <a class="btn btn-secondary" rel="next" href=format!("?page={}", page + 1)>"Next"</a> }
        });
        Ok(view! {
            <Title text="Tickets – Operator – CMP" />
            <div class="wrap wrap-narrow">
                {flash_banner(flash.as_ref())}
                <header class="page-head">
                    <h1>"Tickets"</h1>
                    <p class="meta">"Longest waiting first, finished ones last"</p>
                </header>
                {list}
                <p class="row">{before} {after}</p>
            </div>
        }
        .into_any())
    })
}

fn item(ticket: &TicketView) -> AnyView {
    let (answer, state) = (format!("answer-{}", ticket.id), format!("state-{}", ticket.id));
    let agent = ticket.service.clone().zip(ticket.service_id).map(|(name, id)| {
        view! { " · " <a href=format!("/marketplace-public-offering/{id}/")>{name}</a> }
    });
    let option = |to: &TicketState| {
        let words = match to {
            TicketState::Waiting => "Waiting for the customer",
            other => other.title(),
        };
        view! { <option value=to.as_str() selected=*to == TicketState::Resolved>{words}</option> }
    };
    view! {
        <article class="panel-box queue-item" aria-label=format!("Ticket {}", ticket.number)>
            <header class="row">
                <h2>{format!("#{} {}", ticket.number, ticket.kind.title())}</h2>
                {ticket_state(ticket.state)}
            </header>
            <p class="meta">
                {ticket.reporter.clone()} " of " {ticket.customer.clone()} {agent} " · " {time(ticket.created_at)}
            </p>
            {own_words(&ticket.text)}
            {ticket.answer.as_ref().map(|text| view! {
                <div class="reply">
                    <p class="meta"><strong>"Answer so far"</strong></p>
                    {own_words(text)}
                </div>
            })}
            <details class="fold">
                <summary>"Answer…"</summary>
                <form method="post" action="/rpc/tickets/settle" class="queue-form">
                    {hidden("ticket", ticket.id)}
                    <div class="field">
                        <label class="label" for=answer.clone()>"Answer, which the customer reads"</label>
                        <textarea class="input" id=answer name="answer" rows="4" maxlength="2000" dir="auto" inner_html=typed_text(ticket.answer.as_deref().unwrap_or_default())></textarea>
                    </div>
                    <div class="field">
                        <label class="label" for=state.clone()>"Where it stands then"</label>
                        <select class="input" id=state name="state">{TicketState::ALL.iter().map(option).collect_view()}</select>
                    </div>
                    <button class="btn btn-primary" type="submit">"Save answer"</button>
                </form>
            </details>
        </article>
    }
    .into_any()
}

//! Reports of problems: the form, the state, the list.

use leptos::prelude::*;
use model::{TicketKind, TicketState, TicketView};

use super::{
    areas::{Area, select},
    badges::{Tone, badge},
};
use crate::{flash::FlashBody, format::date_time};

/// The text of a report.
pub const TEXT: Area = Area {
    name: "text",
    label: "What happened?",
    hint: "Say what you expected; name the request id or receipt where there is one",
    rows: 6,
    longest: 4_000,
};

/// Where a ticket stands, in a word.
pub fn ticket_state(state: TicketState) -> AnyView {
    let tone = match state {
        TicketState::Open => Tone::Accent,
        TicketState::Assigned | TicketState::Closed => Tone::Neutral,
        TicketState::Waiting => Tone::Warning,
        TicketState::Resolved => Tone::Good,
    };
    badge(state.title(), tone)
}

/// What a report is about.
pub fn kind_field(flash: Option<&FlashBody>) -> AnyView {
    let kinds: Vec<(String, String)> = TicketKind::ALL
        .iter()
        .map(|kind| (kind.as_str().to_owned(), kind.title().to_owned()))
        .collect();
    select("kind", "What is wrong?", "Select a problem", &kinds, flash)
}

/// The tickets of a workspace, the newest first.
pub fn ticket_table(tickets: &[TicketView], base: &str) -> AnyView {
    let row = |ticket: &TicketView| {
        view! {
            <tr>
                <th scope="row">
                    <a href=format!("{base}{}/", ticket.id)>{format!("#{} {}", ticket.number, ticket.kind.title())}</a>
                </th>
                <td data-label="State">{ticket_state(ticket.state)}</td>
                <td data-label="Agent"><span>{ticket.service.clone().unwrap_or_else(|| "–".to_owned())}</span></td>
                <td data-label="Opened" class="num"><time datetime=ticket.created_at.to_string()>{date_time(ticket.created_at)}</time></td>
                <td data-label="Changed" class="num"><time datetime=ticket.updated_at.to_string()>{date_time(ticket.updated_at)}</time></td>
            </tr>
        }
    };
    view! {
        <table class="sheet sheet-cards">
            <caption class="sr-only">"Tickets, newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"Ticket"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Agent"</th>
                    <th scope="col" class="num">"Opened"</th>
                    <th scope="col" class="num">"Changed"</th>
                </tr>
            </thead>
            <tbody>{tickets.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

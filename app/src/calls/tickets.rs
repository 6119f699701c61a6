//! What the operator does about reports of problems.

use leptos::{prelude::*, server};
use market::{Error, IssueChange};
use model::{CustomerId, Priority, TicketId, TicketState, UserId};

use super::{Posted, go_back, read};
use crate::{
    context::see_other,
    fail::escape,
    flash::{self, FlashBody},
};

const QUEUE: &str = "/admin/support/";

/// Moves a ticket on with an answer to its reporter.
#[server(prefix = "/rpc", endpoint = "tickets/settle")]
pub async fn settle_ticket(
    #[server(default)] ticket: String,
    #[server(default)] state: String,
    #[server(default)] answer: String,
) -> Result<(), ServerFnError> {
    match settle(&ticket, &state, &answer).await {
        Ok(()) => {
            flash::put(&FlashBody::done(
                "The answer is saved. The customer reads it on the ticket.",
            ));
            see_other(QUEUE);
        }
        Err(error) => go_back(error, QUEUE),
    }
    Ok(())
}

/// Says who works on a ticket and how much it hurries.
#[server(prefix = "/rpc", endpoint = "tickets/assign")]
pub async fn assign_ticket(
    #[server(default)] ticket: String,
    #[server(default)] assignee: String,
    #[server(default)] priority: String,
    #[server(default)] view: String,
) -> Result<(), ServerFnError> {
    let page =
        if view.is_empty() { QUEUE.to_owned() } else { format!("{QUEUE}?view={}", escape(&view)) };
    match assign(&ticket, &assignee, &priority).await {
        Ok(number) => {
            flash::put(&FlashBody::done(format!("Ticket #{number} is changed.")));
            see_other(&page);
        }
        Err(error) => go_back(error, &page),
    }
    Ok(())
}

/// Says something in a ticket: to everybody who sees it or, where an operator asks for that, to operators alone.
#[server(prefix = "/rpc", endpoint = "tickets/comment")]
pub async fn comment_on_ticket(
    #[server(default)] ticket: String,
    #[server(default)] customer: String,
    #[server(default)] description: String,
    #[server(default)] internal: String,
) -> Result<(), ServerFnError> {
    let page = match (
        read::<CustomerId>(&customer, "organization"),
        read::<TicketId>(&ticket, "ticket"),
    ) {
        (Ok(customer), Ok(ticket)) => format!("/organizations/{customer}/support/{ticket}/"),
        _ => QUEUE.to_owned(),
    };
    match comment(&ticket, &description, internal.is_empty()).await {
        Ok(()) => {
            flash::put(&FlashBody::done("Your message is in the ticket."));
            see_other(&page);
        }
        Err(error) => go_back(error, &page),
    }
    Ok(())
}

async fn comment(ticket: &str, text: &str, public: bool) -> Result<(), Error> {
    let Posted { market, actor } = Posted::find()?;
    let ticket = read::<TicketId>(ticket, "ticket")?;
    market.issues().comment(&actor, ticket, text, public).await.map(drop)
}

async fn assign(ticket: &str, assignee: &str, priority: &str) -> Result<u64, Error> {
    let Posted { market, actor } = Posted::find()?;
    let priority: Priority =
        priority.parse().map_err(|_| Error::Conflict("Select how much the ticket hurries."))?;
    let assignee = match assignee {
        "" => None,
        id => Some(read::<UserId>(id, "user")?),
    };
    let change = IssueChange {
        priority: Some(priority),
        assignee: Some(assignee),
        ..IssueChange::default()
    };
    let ticket = read::<TicketId>(ticket, "ticket")?;
    Ok(market.issues().update(&actor, ticket, change).await?.number)
}

async fn settle(ticket: &str, state: &str, answer: &str) -> Result<(), Error> {
    let Posted { market, actor } = Posted::find()?;
    let state: TicketState =
        state.parse().map_err(|_| Error::Conflict("Select where the ticket stands."))?;
    let ticket = read::<TicketId>(ticket, "ticket")?;
    market.tickets().settle(&actor, ticket, state, answer).await
}

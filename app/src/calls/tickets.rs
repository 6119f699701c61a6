//! What the operator does about reports of problems.

use leptos::{prelude::*, server};
use market::Error;
use model::{TicketId, TicketState};

use super::{Posted, go_back, read};
use crate::{
    context::see_other,
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

async fn settle(ticket: &str, state: &str, answer: &str) -> Result<(), Error> {
    let Posted { market, actor } = Posted::find()?;
    let state: TicketState =
        state.parse().map_err(|_| Error::Conflict("Select where the ticket stands."))?;
    let ticket = read::<TicketId>(ticket, "ticket")?;
    market.tickets().settle(&actor, ticket, state, answer).await
}

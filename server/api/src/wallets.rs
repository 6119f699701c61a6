//! A customer's credits: `/wallets/…`.

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};

use crate::{Answer, Shared, actors::SignedIn, door, queries::Query};

pub fn routes() -> Router<Shared> {
    door("/wallets/me", get(wallet)).merge(door("/wallets/me/ledger", get(ledger)))
}

async fn wallet(State(doors): State<Shared>, caller: SignedIn, query: Query) -> Answer {
    let customer = query.read("customer")?;
    Ok(Json(doors.market.wallets().wallet(&caller.actor, customer).await?).into_response())
}

async fn ledger(State(doors): State<Shared>, caller: SignedIn, query: Query) -> Answer {
    let customer = query.read("customer")?;
    let page = query.number("page", 1, 1_000_000)?;
    let page_size = query.number("page_size", 25, 100)?;
    let found = doors.market.wallets().ledger(&caller.actor, customer, page, page_size).await?;
    Ok(Json(found).into_response())
}

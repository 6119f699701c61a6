//! Credits for runs that the caller meters: set aside before, debit after. `/billing/…`.

use axum::{Router, extract::State, routing::post};
use market::{Authorize, Authorized, Run};
use model::Credits;
use serde_json::json;

use crate::{
    Answer, Shared,
    actors::SignedIn,
    bodies::{Body, Fields, Posted},
    door,
    idempotency::{Once, Reply},
};

pub fn routes() -> Router<Shared> {
    door("/billing/authorize", post(authorize)).merge(door("/billing/settle", post(settle)))
}

impl Posted for Authorize {
    fn read(fields: &mut Fields) -> Option<Self> {
        let run_id = fields.line("run_id", 200);
        let budget: Option<Credits> = fields.required("budget");
        let resource = fields.optional("resource");
        if budget.is_some_and(|budget| !budget.is_positive()) {
            return fields.fault("budget", "Ensure this value is greater than 0.");
        }
        Some(Self { run_id: run_id?, budget: budget?, resource })
    }
}

async fn authorize(
    State(doors): State<Shared>,
    caller: SignedIn,
    once: Once,
    Body { value, raw }: Body<Authorize>,
) -> Answer {
    let (market, actor) = (doors.market.clone(), caller.actor.clone());
    once.run(&doors, &caller, &raw, async move {
        let body = match market.wallets().authorize(&actor, value).await? {
            Authorized::Allowed { budget, balance, reservation } => json!({
                "allowed": true, "budget": budget, "balance": balance, "reservation_id": reservation,
            }),
            Authorized::Refused { reason, balance } => {
                json!({ "allowed": false, "reason": reason, "balance": balance })
            }
        };
        Ok(Reply::ok(body))
    })
    .await
}

/// What a run has used, named by the caller's id of it or by ours.
struct Settle {
    run: Run,
    credits: Credits,
}

impl Posted for Settle {
    fn read(fields: &mut Fields) -> Option<Self> {
        let credits: Option<Credits> = fields.required("credits");
        if credits.is_some_and(|credits| credits < Credits::ZERO) {
            return fields.fault("credits", "Ensure this value is greater than or equal to 0.");
        }
        let run = match (fields.text("run_id").is_some(), fields.optional("reservation_id")) {
            (true, Some(_)) => {
                return fields.fault("run_id", "Send either run_id or reservation_id, not both.");
            }
            (false, Some(reservation)) => Some(Run::Reservation(reservation)),
            (_, None) => fields.line("run_id", 200).map(Run::Id),
        };
        Some(Self { run: run?, credits: credits? })
    }
}

async fn settle(
    State(doors): State<Shared>,
    caller: SignedIn,
    once: Once,
    Body { value, raw }: Body<Settle>,
) -> Answer {
    let (market, actor) = (doors.market.clone(), caller.actor.clone());
    once.run(&doors, &caller, &raw, async move {
        let settled = market.wallets().settle(&actor, value.run, value.credits).await?;
        Ok(Reply::ok(json!({ "debited": settled.debited, "balance": settled.balance })))
    })
    .await
}

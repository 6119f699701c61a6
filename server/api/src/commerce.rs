//! What other programs do for customers: give them services and credits. `/integrations/commerce/…`.

use axum::{Router, extract::State, routing::post};
use market::Provision;
use model::{Credits, CustomerId, SecretKey};
use serde_json::json;

use crate::{
    Answer, Shared,
    actors::SignedIn,
    bodies::{Body, Fields, Posted},
    door,
    idempotency::{Once, Reply},
    services,
};

pub fn routes() -> Router<Shared> {
    door("/integrations/commerce/provision", post(provision))
        .merge(door("/integrations/commerce/add-credits", post(add_credits)))
}

struct Order {
    customer: CustomerId,
    /// An id or a slug.
    offering: String,
    plan: Option<String>,
    reference: String,
}

impl Posted for Order {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (customer, offering) = (fields.required("customer"), fields.line("offering", 200));
        let (plan, reference) = (fields.optional("plan"), fields.line("reference", 200));
        Some(Self { customer: customer?, offering: offering?, plan, reference: reference? })
    }
}

async fn provision(
    State(doors): State<Shared>,
    caller: SignedIn,
    once: Once,
    Body { value, raw }: Body<Order>,
) -> Answer {
    let (market, actor) = (doors.market.clone(), caller.actor.clone());
    once.run(&doors, &caller, &raw, async move {
        let catalog = market.catalog();
        let service = services::named(&catalog, &value.offering)?;
        let order = Provision {
            customer: value.customer,
            offering: service.service.id,
            plan: value.plan.map(|plan| services::plan(service, &plan)).transpose()?,
            reference: value.reference,
        };
        let made = market.resources().provision(&actor, order).await?;
        Ok(Reply::ok(json!({
            "instance_id": made.instance.instance_id,
            "name": made.instance.name,
            "state": made.instance.state,
            "organization": made.instance.organization,
            "api_key": made.key.as_ref().map(SecretKey::reveal),
        })))
    })
    .await
}

struct Gift {
    customer: CustomerId,
    credits: Credits,
    reference: String,
}

/// More credits at once than anybody buys are a slip of the keyboard.
const MOST: Option<Credits> = Credits::whole(1_000_000_000);

impl Posted for Gift {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (customer, credits) = (fields.required("customer"), fields.required("credits"));
        let reference = fields.line("reference", 200);
        let credits: Credits = credits?;
        if !credits.is_positive() {
            return fields.fault("credits", "Ensure this value is greater than 0.");
        }
        if MOST.is_some_and(|most| credits > most) {
            return fields.fault("credits", "Ensure this value is at most 1000000000.");
        }
        Some(Self { customer: customer?, credits, reference: reference? })
    }
}

async fn add_credits(
    State(doors): State<Shared>,
    caller: SignedIn,
    once: Once,
    Body { value, raw }: Body<Gift>,
) -> Answer {
    let (market, actor) = (doors.market.clone(), caller.actor.clone());
    once.run(&doors, &caller, &raw, async move {
        let wallets = market.wallets();
        let added = wallets.add_credits(&actor, value.customer, value.credits, &value.reference);
        let (added, balance) = added.await?;
        Ok(Reply::ok(json!({ "credits_added": added, "new_balance": balance })))
    })
    .await
}

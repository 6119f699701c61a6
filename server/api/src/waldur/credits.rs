//! `/api/customer-credits/` and `/api/credit-transactions/`: the wallets, in dollars at the price of a credit.

use axum::{Router, extract::State, http::StatusCode, routing::get};
use market::{CREDIT_CHANGES, CREDITS, CreditChange, CustomerCredit, Error};
use model::{Credits, CustomerId, EntryId, EntryKind, Usd};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    answer::{Listing, single},
    links::{self, hex},
    read::decimal,
    schema,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    idempotency::{Once, Reply},
    openapi::{Door, Takes, may, must},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [
        door("/api/customer-credits", get(list).post(grant)),
        door("/api/customer-credits/{uuid}", get(find)),
        door("/api/customer-credits/{uuid}/consumptions", get(consumptions)),
        door("/api/credit-transactions", get(changes)),
        door("/api/credit-transactions/{uuid}", get(change)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    vec![
        Door::list(
            "/api/customer-credits/",
            "What customers have in their wallets",
            "CustomerCredit",
            CREDITS.filters,
        ),
        Door::new(
            "post",
            "/api/customer-credits/",
            "Grant a customer credits worth so much (staff, finance)",
        )
        .fields(&[
            must("customer", Takes::Link),
            must("value", Takes::Price),
            may("comment", Takes::Text),
        ])
        .answers(201, "CustomerCredit")
        .refuses(&[403])
        .once(),
        Door::new(
            "get",
            "/api/customer-credits/{uuid}/",
            "What a customer has in its wallet; the id is the customer's",
        )
        .answers(200, "CustomerCredit")
        .refuses(&[404]),
        Door::list(
            "/api/customer-credits/{uuid}/consumptions/",
            "What a customer has spent by month",
            "CustomerCreditConsumption",
            &[],
        ),
        Door::list(
            "/api/credit-transactions/",
            "What changed the wallets",
            "CreditTransaction",
            CREDIT_CHANGES.filters,
        ),
        Door::new("get", "/api/credit-transactions/{uuid}/", "What changed a wallet")
            .answers(200, "CreditTransaction")
            .refuses(&[404]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<CreditWire>(), schema::<ConsumptionWire>(), schema::<TransactionWire>()]
}

/// What a customer has in its wallet. There is no least consumption, no project has a part of its own, and nothing can
/// be withdrawn.
#[derive(Serialize, ToSchema)]
#[schema(as = CustomerCredit)]
struct CreditWire {
    uuid: String,
    url: String,
    customer: String,
    customer_name: String,
    customer_uuid: String,
    customer_slug: String,
    value: String,
    #[schema(value_type = Vec<Object>)]
    offerings: Vec<Value>,
    minimal_consumption: f64,
    allocated_to_projects: f64,
    #[schema(value_type = f64)]
    consumption_last_month: Value,
    withdrawable_balance: f64,
}

fn wire(doors: &Doors, credit: CustomerCredit) -> CreditWire {
    CreditWire {
        uuid: hex(credit.customer),
        url: doors.link("customer-credits", credit.customer),
        customer: doors.link(links::CUSTOMERS, credit.customer),
        customer_name: credit.name,
        customer_uuid: hex(credit.customer),
        customer_slug: credit.slug,
        value: decimal(credit.value),
        offerings: Vec::new(),
        minimal_consumption: 0.0,
        allocated_to_projects: 0.0,
        consumption_last_month: json!(Credits::from_micros(credit.consumption_last_month.micros())),
        withdrawable_balance: 0.0,
    }
}

/// What was spent in the month that begins with a day.
#[derive(Serialize, ToSchema)]
#[schema(as = CustomerCreditConsumption)]
struct ConsumptionWire {
    date: String,
    price: String,
}

/// A change of a wallet.
#[derive(Serialize, ToSchema)]
#[schema(as = CreditTransaction)]
struct TransactionWire {
    uuid: String,
    created: String,
    amount: String,
    transaction_type: &'static str,
    transaction_type_display: &'static str,
    customer_uuid: String,
    customer_name: String,
    comment: String,
}

fn transaction(doors: &Doors, change: CreditChange) -> TransactionWire {
    let amount = doors.market.credits().in_dollars(change.amount);
    TransactionWire {
        uuid: hex(change.id),
        created: change.at.to_string(),
        amount: decimal(amount),
        // The nearest of Waldur's words; what is used compensates what it costs.
        transaction_type: match change.kind {
            EntryKind::Trial | EntryKind::Grant => "staff_grant",
            EntryKind::TopUp => "transfer_in",
            EntryKind::Settle | EntryKind::PlanFee => "compensation",
        },
        transaction_type_display: change.kind.title(),
        customer_uuid: hex(change.customer),
        customer_name: change.customer_name,
        comment: change.reference.unwrap_or_default(),
    }
}

fn named(text: &str) -> Result<CustomerId, Error> {
    text.parse().map_err(|_| Error::Missing("credit"))
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&CREDITS)?;
    let (found, total) = doors.market.credits().list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<CreditWire> = found.into_iter().map(|one| wire(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let credit = doors.market.credits().find(&caller.actor, named(&id)?).await?;
    Ok(single(&query, &wire(&doors, credit)))
}

async fn consumptions(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let spent = doors.market.credits().consumptions(&caller.actor, named(&id)?).await?;
    let items: Vec<ConsumptionWire> = spent
        .into_iter()
        .map(|(day, spent)| ConsumptionWire { date: day.to_string(), price: decimal(spent) })
        .collect();
    listing.answer_all(&doors, &items)
}

async fn changes(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&CREDIT_CHANGES)?;
    let credits = doors.market.credits();
    let (found, total) = credits.changes(&caller.actor, asked, listing.range()).await?;
    let items: Vec<TransactionWire> =
        found.into_iter().map(|one| transaction(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn change(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let id: EntryId = id.parse().map_err(|_| Error::Missing("transaction"))?;
    let change = doors.market.credits().change(&caller.actor, id).await?;
    Ok(single(&query, &transaction(&doors, change)))
}

async fn grant(
    State(doors): State<Shared>,
    caller: SignedIn,
    once: Once,
    mut fields: Fields,
) -> Answer {
    let customer: Option<CustomerId> = fields.must_link("customer", &[links::CUSTOMERS]);
    let value: Option<Usd> = match fields.has("value") {
        true => fields.may_price("value"),
        false => fields.fault("value", "This field is required."),
    };
    fields.check()?;
    let (Some(customer), Some(value)) = (customer, value) else {
        return Err(Error::field("value", "This field may not be null.").into());
    };
    // Without a key of the caller's each request is a grant of its own.
    let reference =
        once.reference(&caller).unwrap_or_else(|| hex(doors.market.core().id(EntryId::new)));
    let (inner, actor) = (doors.clone(), caller.actor.clone());
    let raw = fields.raw().to_vec();
    once.run(&doors, &caller, &raw, async move {
        let credit = inner.market.credits().grant(&actor, customer, value, &reference).await?;
        let body = serde_json::to_value(wire(&inner, credit)).unwrap_or_default();
        Ok(Reply { status: StatusCode::CREATED, body })
    })
    .await
}

//! `/api/payment-profiles/` and `/api/payments/`: how customers pay, and money that came in.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use market::{Error, PAYMENTS, PROFILES, Payment, PaymentChange, Profile, ProfileChange};
use model::{CustomerId, InvoiceId, PaymentId, PaymentKind, PaymentProfileId, Usd};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    answer::{Listing, gone, made, single, told},
    invoices::{file, proof},
    links::{self, hex},
    read::decimal,
    schema,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    openapi::{Door, Field, Takes, may, must},
    queries::Query,
};

const PROFILE_LINKS: &str = "payment-profiles";

pub fn routes() -> Router<Shared> {
    [
        door("/api/payment-profiles", get(profiles).post(add_profile)),
        door(
            "/api/payment-profiles/{uuid}",
            get(profile).patch(change_profile).put(change_profile).delete(remove_profile),
        ),
        door("/api/payment-profiles/{uuid}/enable", post(enable)),
        door("/api/payments", get(list).post(create)),
        door("/api/payments/{uuid}", get(find).patch(update).put(update).delete(remove)),
        door("/api/payments/{uuid}/link_to_invoice", post(link)),
        door("/api/payments/{uuid}/unlink_from_invoice", post(unlink)),
        door("/api/payments/{uuid}/proof", get(show_proof)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

const CHANGES: &[Field] = &[
    may("name", Takes::Text),
    may("payment_type", Takes::Text),
    may("attributes", Takes::Object),
    may("is_active", Takes::Flag),
];

pub fn doors() -> Vec<Door> {
    const ONE: &str = "/api/payment-profiles/{uuid}/";
    vec![
        Door::list(
            "/api/payment-profiles/",
            "How customers pay",
            "PaymentProfile",
            PROFILES.filters,
        ),
        Door::new("post", "/api/payment-profiles/", "Add a way to pay (staff, finance)")
            .fields(&[
                must("name", Takes::Text),
                must("organization", Takes::Link),
                must("payment_type", Takes::Text),
                may("attributes", Takes::Object),
                may("is_active", Takes::Flag),
            ])
            .answers(201, "PaymentProfile")
            .refuses(&[403]),
        Door::new("get", ONE, "A way to pay").answers(200, "PaymentProfile").refuses(&[404]),
        Door::new("patch", ONE, "Change a way to pay")
            .fields(CHANGES)
            .answers(200, "PaymentProfile")
            .refuses(&[403, 404]),
        Door::new("put", ONE, "Change a way to pay")
            .fields(CHANGES)
            .needs(&[must("name", Takes::Text), must("payment_type", Takes::Text)])
            .answers(200, "PaymentProfile")
            .refuses(&[403, 404]),
        Door::new("delete", ONE, "Remove a way to pay that was never used")
            .empty()
            .refuses(&[403, 404, 409]),
        Door::new(
            "post",
            "/api/payment-profiles/{uuid}/enable/",
            "Make a way to pay the one in use",
        )
        .answers_any(200)
        .refuses(&[403, 404]),
        Door::list("/api/payments/", "Payments", "Payment", PAYMENTS.filters),
        Door::new("post", "/api/payments/", "Book a payment (staff, finance)")
            .fields(&[
                must("profile", Takes::Link),
                must("date_of_payment", Takes::Day),
                may("sum", Takes::Price),
                may("proof", Takes::Any),
            ])
            .answers(201, "Payment")
            .refuses(&[403]),
        Door::new("get", "/api/payments/{uuid}/", "A payment")
            .answers(200, "Payment")
            .refuses(&[404]),
        Door::new("patch", "/api/payments/{uuid}/", "Correct a payment (staff, finance)")
            .fields(&[
                may("profile", Takes::Link),
                may("date_of_payment", Takes::Day),
                may("sum", Takes::Price),
                may("proof", Takes::Any),
            ])
            .answers(200, "Payment")
            .refuses(&[403, 404]),
        Door::new("put", "/api/payments/{uuid}/", "Correct a payment (staff, finance)")
            .fields(&[
                must("profile", Takes::Link),
                must("date_of_payment", Takes::Day),
                may("sum", Takes::Price),
                may("proof", Takes::Any),
            ])
            .answers(200, "Payment")
            .refuses(&[403, 404]),
        Door::new("delete", "/api/payments/{uuid}/", "Remove a payment")
            .empty()
            .refuses(&[403, 404]),
        Door::new(
            "post",
            "/api/payments/{uuid}/link_to_invoice/",
            "Say which invoice a payment is for",
        )
        .fields(&[must("invoice", Takes::Link)])
        .answers_any(200)
        .refuses(&[403, 404]),
        Door::new(
            "post",
            "/api/payments/{uuid}/unlink_from_invoice/",
            "Say that a payment is for no invoice",
        )
        .answers_any(200)
        .refuses(&[403, 404]),
        Door::new("get", "/api/payments/{uuid}/proof/", "The file that shows a payment")
            .refuses(&[404]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<ProfileWire>(), schema::<PaymentWire>()]
}

/// How a customer pays.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentProfile)]
pub struct ProfileWire {
    uuid: String,
    url: String,
    name: String,
    organization_uuid: String,
    organization: String,
    #[schema(value_type = Object)]
    attributes: Value,
    payment_type: &'static str,
    payment_type_display: &'static str,
    is_active: bool,
}

pub fn profile_wire(doors: &Doors, profile: Profile) -> ProfileWire {
    ProfileWire {
        uuid: hex(profile.id),
        url: doors.link(PROFILE_LINKS, profile.id),
        name: profile.name,
        organization_uuid: hex(profile.customer),
        organization: doors.link(links::CUSTOMERS, profile.customer),
        attributes: profile.attributes,
        payment_type: profile.kind.as_str(),
        payment_type_display: match profile.kind {
            PaymentKind::FixedPrice => "Fixed-price contract",
            PaymentKind::Invoices => "Monthly invoices",
            PaymentKind::Gateway => "Payment gateways (monthly)",
        },
        is_active: profile.active,
    }
}

/// Money that came in. The client wants an invoice in every one: the nil id stands for none.
#[derive(Serialize, ToSchema)]
#[schema(as = Payment)]
struct PaymentWire {
    uuid: String,
    url: String,
    profile: String,
    sum: String,
    date_of_payment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
    invoice: String,
    invoice_uuid: String,
    invoice_period: String,
    customer_uuid: String,
}

fn wire(doors: &Doors, payment: &Payment) -> PaymentWire {
    const NIL: &str = "00000000000000000000000000000000";
    let url = doors.link("payments", payment.id);
    PaymentWire {
        uuid: hex(payment.id),
        profile: doors.link(PROFILE_LINKS, payment.profile),
        sum: decimal(Usd::from_micros(payment.amount)),
        date_of_payment: payment.day.to_string(),
        proof: payment.proven.then(|| format!("{url}proof/")),
        invoice: payment.invoice.map(|id| doors.link(links::INVOICES, id)).unwrap_or_default(),
        invoice_uuid: payment.invoice.map_or_else(|| NIL.to_owned(), hex),
        invoice_period: payment.period.map(|(y, m)| format!("{m:02}-{y}")).unwrap_or_default(),
        customer_uuid: hex(payment.customer),
        url,
    }
}

fn profile_named(text: &str) -> Result<PaymentProfileId, Error> {
    text.parse().map_err(|_| Error::Missing("payment profile"))
}

fn named(text: &str) -> Result<PaymentId, Error> {
    text.parse().map_err(|_| Error::Missing("payment"))
}

async fn profiles(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&PROFILES)?;
    let payments = doors.market.payments();
    let (found, total) = payments.profiles(&caller.actor, asked, listing.range()).await?;
    let items: Vec<ProfileWire> = found.into_iter().map(|one| profile_wire(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn profile(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let found = doors.market.payments().profile(&caller.actor, profile_named(&id)?).await?;
    Ok(single(&query, &profile_wire(&doors, found)))
}

fn change(fields: &mut Fields) -> ProfileChange {
    ProfileChange {
        name: fields.has("name").then(|| fields.must_text("name", 255)).flatten(),
        kind: fields.may_word("payment_type"),
        active: fields.may_bool("is_active"),
        attributes: fields.may_object("attributes").map(Value::Object),
    }
}

async fn add_profile(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let customer: Option<CustomerId> = fields.must_link("organization", &[links::CUSTOMERS]);
    for name in ["name", "payment_type"] {
        if !fields.has(name) {
            fields.fault::<()>(name, "This field is required.");
        }
    }
    let change = change(&mut fields);
    fields.check()?;
    let customer = customer.ok_or(Error::Missing("organization"))?;
    let profile = doors.market.payments().add_profile(&caller.actor, customer, change).await?;
    Ok(made(&profile_wire(&doors, profile)))
}

async fn change_profile(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let id = profile_named(&id)?;
    let change = change(&mut fields);
    fields.check()?;
    let profile = doors.market.payments().change_profile(&caller.actor, id, change).await?;
    Ok(Json(profile_wire(&doors, profile)).into_response())
}

async fn remove_profile(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    doors.market.payments().remove_profile(&caller.actor, profile_named(&id)?).await?;
    Ok(gone())
}

async fn enable(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    let change = ProfileChange { active: Some(true), ..ProfileChange::default() };
    doors.market.payments().change_profile(&caller.actor, profile_named(&id)?, change).await?;
    Ok(Json(json!({ "status": "Payment profile has been enabled." })).into_response())
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&PAYMENTS)?;
    let payments = doors.market.payments();
    let (found, total) = payments.list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<PaymentWire> = found.into_iter().map(|one| wire(&doors, &one)).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let payment = doors.market.payments().find(&caller.actor, named(&id)?).await?;
    Ok(single(&query, &wire(&doors, &payment)))
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let profile = fields.must_link("profile", &[PROFILE_LINKS]);
    let day = if fields.has("date_of_payment") {
        fields.may_day("date_of_payment")
    } else {
        fields.fault("date_of_payment", "This field is required.")
    };
    let sum = fields.may_price("sum").unwrap_or(Usd::ZERO);
    let proof = proof(&mut fields);
    fields.check()?;
    let (Some(profile), Some(day)) = (profile, day) else {
        return Err(Error::field("date_of_payment", "This field may not be null.").into());
    };
    let paid = (sum.micros(), day);
    let payment = doors.market.payments().add(&caller.actor, profile, paid, proof).await?;
    Ok(made(&wire(&doors, &payment)))
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let id = named(&id)?;
    let none = fields.value("proof").is_some_and(Value::is_null);
    let change = PaymentChange {
        profile: fields
            .has("profile")
            .then(|| fields.must_link("profile", &[PROFILE_LINKS]))
            .flatten(),
        amount: fields.may_price("sum").map(Usd::micros),
        day: fields.may_day("date_of_payment"),
        proof: proof(&mut fields).map(Some).or(none.then_some(None)),
    };
    fields.check()?;
    let payment = doors.market.payments().update(&caller.actor, id, change).await?;
    Ok(Json(wire(&doors, &payment)).into_response())
}

async fn remove(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    doors.market.payments().remove(&caller.actor, named(&id)?).await?;
    Ok(gone())
}

async fn link(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let id = named(&id)?;
    let invoice: Option<InvoiceId> = fields.must_link("invoice", &[links::INVOICES]);
    fields.check()?;
    doors.market.payments().link(&caller.actor, id, invoice).await?;
    Ok(told(StatusCode::OK, "An invoice has been linked to payment."))
}

async fn unlink(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    doors.market.payments().link(&caller.actor, named(&id)?, None).await?;
    Ok(told(StatusCode::OK, "An invoice has been unlinked from payment."))
}

async fn show_proof(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    let (bytes, kind) = doors.market.payments().proof(&caller.actor, named(&id)?).await?;
    Ok(file(bytes, &kind))
}

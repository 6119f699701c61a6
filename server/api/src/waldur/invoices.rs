//! `/api/invoices/` and `/api/invoice-items/`: the months' bills and credit notes.
//!
//! A list has the items unless `field` leaves them out. Credit notes are listed when `credit_notes=true` asks
//! for them: who looks for a customer's month expects one invoice.

mod files;
mod imports;
mod paper;
mod wires;

use std::collections::HashMap;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use market::{Error, INVOICE_ITEMS, INVOICES, Invoice, Note, Paid};
use model::{CustomerId, InvoiceId};
use serde_json::{Value, json};

pub(super) use self::files::{file, proof};
use self::wires::{
    InvoiceCost, InvoiceGrowth, InvoiceItemWire, InvoiceStats, InvoiceWire, ItemWire,
};
use super::{
    answer::{Listing, made, single, told},
    links::{self, hex},
    schema,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    openapi::{Door, Takes, may, must},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [
        door("/api/invoices", get(list).post(create)),
        door("/api/invoices/growth", get(growth)),
        door("/api/invoices/{uuid}", get(find)),
        door("/api/invoices/{uuid}/items", get(items)),
        door("/api/invoices/{uuid}/stats", get(stats)),
        door("/api/invoices/{uuid}/pdf", get(pdf)),
        door("/api/invoices/{uuid}/history", get(history)),
        door("/api/invoices/{uuid}/paid", post(paid)),
        door("/api/invoices/{uuid}/cancel", post(cancel)),
        door("/api/invoices/{uuid}/send_notification", post(send_notification)),
        door("/api/invoices/{uuid}/set_backend_id", post(set_backend_id)),
        door("/api/invoices/{uuid}/set_payment_url", post(set_payment_url)),
        door("/api/invoices/{uuid}/set_reference_number", post(set_reference_number)),
        door("/api/invoice-items", get(list_items)),
        door("/api/invoice-items/{uuid}", get(find_item)),
    ]
    .into_iter()
    .fold(imports::routes(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    let act = |path, summary| Door::new("post", path, summary).refuses(&[403, 404]);
    let see = |path, summary| Door::new("get", path, summary).refuses(&[404]);
    vec![
        Door::list("/api/invoices/", "Invoices", "Invoice", INVOICES.filters),
        Door::new(
            "post",
            "/api/invoices/",
            "Make the invoice of a customer and month, once (staff, finance)",
        )
        .fields(&[
            must("customer", Takes::Link),
            must("year", Takes::Int),
            must("month", Takes::Int),
        ])
        .answers(201, "Invoice")
        .refuses(&[403, 404, 409]),
        Door::new("get", "/api/invoices/growth/", "What was invoiced in the last twelve months")
            .query(&[("customer_uuid", "Of one customer.")])
            .answers(200, "InvoiceGrowth")
            .refuses(&[404]),
        imports::door_of(),
        see("/api/invoices/{uuid}/", "An invoice with its items").answers(200, "Invoice"),
        see("/api/invoices/{uuid}/items/", "The cost of an invoice, item by item")
            .answers(200, "InvoiceCost"),
        see("/api/invoices/{uuid}/stats/", "The cost of an invoice by offering").answers_any(200),
        see("/api/invoices/{uuid}/pdf/", "An invoice on paper: a PDF"),
        see("/api/invoices/{uuid}/history/", "What was done with an invoice").answers_any(200),
        act("/api/invoices/{uuid}/paid/", "Mark an invoice as paid (staff, finance)")
            .fields(&[
                may("date", Takes::Day),
                may("payment_date", Takes::Day),
                may("proof", Takes::Any),
            ])
            .answers(200, "Invoice")
            .refuses(&[403, 404, 409]),
        act(
            "/api/invoices/{uuid}/cancel/",
            "Take an invoice back by a credit note (staff, finance)",
        )
        .fields(&[may("reason", Takes::Text)])
        .answers(200, "Invoice")
        .refuses(&[403, 404, 409]),
        act(
            "/api/invoices/{uuid}/send_notification/",
            "Mail the notice of an invoice to the owners (staff, finance)",
        )
        .answers(200, "Detail")
        .refuses(&[403, 404, 409]),
        act("/api/invoices/{uuid}/set_backend_id/", "Set the id of an invoice in another system")
            .fields(&[may("backend_id", Takes::Text)])
            .answers_any(200),
        act("/api/invoices/{uuid}/set_payment_url/", "Set where an invoice can be paid")
            .fields(&[may("payment_url", Takes::Text)])
            .answers_any(200),
        act("/api/invoices/{uuid}/set_reference_number/", "Set the reference number of an invoice")
            .fields(&[may("reference_number", Takes::Text)])
            .answers_any(200),
        Door::list(
            "/api/invoice-items/",
            "Items of invoices",
            "InvoiceItem",
            INVOICE_ITEMS.filters,
        ),
        see("/api/invoice-items/{uuid}/", "An item of an invoice").answers(200, "InvoiceItem"),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    let own = [
        schema::<InvoiceWire>(),
        schema::<ItemWire>(),
        schema::<InvoiceItemWire>(),
        schema::<InvoiceCost>(),
        schema::<InvoiceGrowth>(),
    ];
    own.into_iter().chain(imports::schemas()).collect()
}

fn named(text: &str) -> Result<InvoiceId, Error> {
    text.parse().map_err(|_| Error::Missing("invoice"))
}

/// An invoice with its items.
async fn whole(doors: &Doors, caller: &SignedIn, invoice: Invoice) -> Result<InvoiceWire, Error> {
    let made = wholes(doors, caller, vec![invoice]).await?.pop();
    made.ok_or(Error::Missing("invoice"))
}

/// Invoices with their items, which are read all at once.
async fn wholes(
    doors: &Doors,
    caller: &SignedIn,
    found: Vec<Invoice>,
) -> Result<Vec<InvoiceWire>, Error> {
    let parts = doors.market.invoices().parts(&caller.actor, &found).await?;
    let mut items: HashMap<InvoiceId, Vec<ItemWire>> = HashMap::new();
    for item in parts.items {
        items.entry(item.item.invoice).or_default().push(ItemWire::of(doors, item));
    }
    let wire = |invoice: Invoice| {
        let id = invoice.id;
        let mut wire = InvoiceWire::of(doors, invoice);
        wire.items = Some(items.remove(&id).unwrap_or_default());
        let note = parts.notes.iter().find(|(canceled, _)| *canceled == id);
        wire.credit_note = note.map(|(_, note)| doors.link(links::INVOICES, *note));
        wire
    };
    Ok(found.into_iter().map(wire).collect())
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&INVOICES)?;
    let notes =
        listing.query.text("credit_notes").is_some() || listing.query.text("number").is_some();
    let invoices = doors.market.invoices();
    let (found, total) = invoices.list(&caller.actor, asked, listing.range(), notes).await?;
    let wires = if listing.wants("items") || listing.wants("credit_note") {
        wholes(&doors, &caller, found).await?
    } else {
        found.into_iter().map(|invoice| InvoiceWire::of(&doors, invoice)).collect()
    };
    listing.answer(&doors, &wires, total)
}

async fn list_items(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&INVOICE_ITEMS)?;
    let invoices = doors.market.invoices();
    let (found, total) = invoices.list_items(&caller.actor, asked, listing.range()).await?;
    let items: Vec<InvoiceItemWire> =
        found.into_iter().map(|item| InvoiceItemWire::of(&doors, item)).collect();
    listing.answer(&doors, &items, total)
}

async fn find_item(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let id = id.parse().map_err(|_| Error::Missing("invoice item"))?;
    let found = doors.market.invoices().find_item(&caller.actor, id).await?;
    Ok(single(&query, &InvoiceItemWire::of(&doors, found)))
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let customer: Option<CustomerId> = fields.must_link("customer", &[links::CUSTOMERS]);
    let month = imports::month(&mut fields);
    fields.check()?;
    let (Some(customer), Some(month)) = (customer, month) else {
        return Err(Error::field("month", "A month is expected.").into());
    };
    let invoice = doors.market.invoices().make(&caller.actor, customer, month).await?;
    Ok(made(&whole(&doors, &caller, invoice).await?))
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let invoice = doors.market.invoices().find(&caller.actor, named(&id)?).await?;
    Ok(single(&query, &whole(&doors, &caller, invoice).await?))
}

async fn items(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    let invoices = doors.market.invoices();
    let invoice = invoices.find(&caller.actor, named(&id)?).await?;
    let items = invoices.items(&caller.actor, invoice.id).await?;
    Ok(Json(InvoiceCost::of(&doors, &invoice, items)).into_response())
}

async fn stats(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let costs = doors.market.stats().costs_of(&caller.actor, named(&id)?).await?;
    let costs: Vec<InvoiceStats> = costs.into_iter().map(InvoiceStats::of).collect();
    listing.answer_all(&doors, &costs)
}

async fn history(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let events = doors.market.invoices().history(&caller.actor, named(&id)?).await?;
    let told: Vec<Value> = (1..)
        .zip(events)
        .map(|(number, event)| {
            let user = event.user.map(|id| json!({ "uuid": hex(id) }));
            json!({
                "id": number,
                "revision_date": event.at,
                "revision_user": user,
                "revision_comment": event.message,
                "serialized_data": event.context,
            })
        })
        .collect();
    listing.answer_all(&doors, &told)
}

async fn growth(State(doors): State<Shared>, caller: SignedIn, query: Query) -> Answer {
    let customer = query.read("customer_uuid")?;
    let months = doors.market.invoices().growth(&caller.actor, customer, 12).await?;
    Ok(Json(InvoiceGrowth::of(&months)).into_response())
}

async fn paid(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let id = named(&id)?;
    // The operator guide's name of the day asks for no profile.
    let (date, guide) = (fields.may_day("date"), fields.may_day("payment_date"));
    let proof = proof(&mut fields);
    fields.check()?;
    let paid = Paid { day: date.or(guide), booked: date.is_some() || proof.is_some(), proof };
    let invoice = doors.market.invoices().pay(&caller.actor, id, paid).await?;
    Ok(Json(whole(&doors, &caller, invoice).await?).into_response())
}

async fn cancel(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let id = named(&id)?;
    let reason = fields.may_text("reason", 2_000).unwrap_or_default();
    fields.check()?;
    let note = doors.market.invoices().cancel(&caller.actor, id, &reason).await?;
    Ok(Json(whole(&doors, &caller, note).await?).into_response())
}

async fn send_notification(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
) -> Answer {
    doors.market.invoices().notify(&caller.actor, named(&id)?).await?;
    Ok(told(StatusCode::OK, "Invoice notification sending has been successfully scheduled."))
}

async fn note(
    doors: &Doors,
    caller: &SignedIn,
    id: &str,
    mut fields: Fields,
    (name, note): (&str, Note),
) -> Answer {
    let id = named(id)?;
    let text = fields.may_text(name, 255).unwrap_or_default();
    if note == Note::PaymentUrl
        && !text.is_empty()
        && !text.starts_with("https://")
        && !text.starts_with("http://")
    {
        fields.fault::<()>(name, "Enter a valid URL.");
    }
    fields.check()?;
    doors.market.invoices().set_note(&caller.actor, id, note, text.trim()).await?;
    Ok(told(StatusCode::OK, "The invoice was updated."))
}

async fn set_backend_id(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    fields: Fields,
) -> Answer {
    note(&doors, &caller, &id, fields, ("backend_id", Note::BackendId)).await
}

async fn set_payment_url(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    fields: Fields,
) -> Answer {
    note(&doors, &caller, &id, fields, ("payment_url", Note::PaymentUrl)).await
}

async fn set_reference_number(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    fields: Fields,
) -> Answer {
    note(&doors, &caller, &id, fields, ("reference_number", Note::ReferenceNumber)).await
}

async fn pdf(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    let invoices = doors.market.invoices();
    let invoice = invoices.find(&caller.actor, named(&id)?).await?;
    let items = invoices.items(&caller.actor, invoice.id).await?;
    let name = invoice.number.map_or_else(|| "preview".to_owned(), |number| number.to_string());
    // Laying out a long table takes a while.
    let written =
        tokio::task::spawn_blocking(move || pdf::render(&paper::paper(&invoice, &items))).await;
    let bytes = written
        .map_err(|error| Error::Internal(Box::new(error)))?
        .map_err(|error| Error::Internal(Box::new(error)))?;
    let disposition = HeaderValue::from_str(&format!("inline; filename=\"invoice-{name}.pdf\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("inline"))),
    ];
    Ok((headers, bytes).into_response())
}

//! `/api/invoices/import_usage/`: items of other systems for the invoices of a month, told in bulk.

use axum::{Json, Router, extract::State, response::IntoResponse, routing::post};
use market::{Error, ImportItem};
use model::{CustomerId, Month, Usd};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    Answer, Shared,
    actors::SignedIn,
    bodies::Fields,
    door,
    openapi::{Door, Takes, must},
    waldur::{links, read::price, schema},
};

const PATH: &str = "/api/invoices/import_usage/";
/// What is only kept and shown with the item.
const KEPT: [&str; 3] = ["service_provider_name", "offering_name", "plan_name"];

pub fn routes() -> Router<Shared> {
    door(PATH, post(import))
}

pub fn door_of() -> Door {
    Door::new("post", PATH, "Tell items for the invoices of a month, in bulk (staff, finance)")
        .fields(&[must("year", Takes::Int), must("month", Takes::Int), must("items", Takes::List)])
        .answers(200, "ImportedUsage")
        .refuses(&[403])
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<ImportedUsage>(), schema::<ImportError>()]
}

#[derive(Serialize, ToSchema)]
struct ImportedUsage {
    created: usize,
    /// Items whose name the customer's month had already.
    skipped: usize,
    errors: Vec<ImportError>,
}

#[derive(Serialize, ToSchema)]
struct ImportError {
    customer_name: String,
    reason: String,
}

/// The month that two fields name; `None` after a fault was noted.
pub(super) fn month(fields: &mut Fields) -> Option<Month> {
    let mut number = |name: &str, least, most| {
        let sent = fields.value(name).is_some_and(|value| !value.is_null() && value != "");
        if sent {
            fields.may_int(name, least, most)
        } else {
            fields.fault(name, "This field is required.")
        }
    };
    let (year, month) = (number("year", 2_000, 2_199), number("month", 1, 12));
    year.zip(month).and_then(|(year, month)| Month::new(year, month))
}

/// An item; `None` after faults were noted.
fn item(fields: &mut Fields) -> Option<ImportItem> {
    let name = fields.must_text("name", 255);
    let value = fields.value("unit_price").cloned();
    let amount = match value.as_ref().map(price) {
        None | Some(Ok(None)) => fields.fault("unit_price", "This field is required."),
        Some(Ok(Some(amount))) => Some(amount),
        Some(Err(why)) => fields.fault("unit_price", why),
    };
    let customer: Option<CustomerId> = fields.may_link("customer_uuid", &[links::CUSTOMERS]);
    let customer_name = fields.may_text("customer_name", 255).unwrap_or_default();
    if customer.is_none() && customer_name.is_empty() {
        fields.fault::<()>("customer_uuid", "This field or customer_name is required.");
    }
    let article_code = fields.may_text("article_code", 30).unwrap_or_default();
    let kept = KEPT.into_iter().filter_map(|name| {
        let text = fields.may_text(name, 255).filter(|text| !text.is_empty())?;
        Some((name.to_owned(), Value::String(text)))
    });
    let details = kept.collect();
    let price = amount.map(Usd::micros)?;
    Some(ImportItem { customer, customer_name, name: name?, price, article_code, details })
}

async fn import(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let month = month(&mut fields);
    let listed = if fields.has("items") {
        fields.may_list("items").unwrap_or_default()
    } else {
        fields.fault("items", "This field is required.").unwrap_or_default()
    };
    let mut items = Vec::with_capacity(listed.len());
    for value in listed {
        let Value::Object(members) = value else {
            fields.fault::<()>("items", "Expected a dictionary of items.");
            continue;
        };
        let mut inner = Fields::of(members);
        items.extend(item(&mut inner));
        for fault in inner.take_faults() {
            fields.fault::<()>("items", &format!("{}: {}", fault.field, fault.message));
        }
    }
    fields.check()?;
    let month = month.ok_or_else(|| Error::field("month", "A month is expected."))?;
    let outcome = doors.market.invoices().import(&caller.actor, month, &items).await?;
    let error = |(customer_name, reason)| ImportError { customer_name, reason };
    Ok(Json(ImportedUsage {
        created: outcome.created,
        skipped: outcome.skipped,
        errors: outcome.errors.into_iter().map(error).collect(),
    })
    .into_response())
}

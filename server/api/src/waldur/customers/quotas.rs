//! `/api/customer-quotas/`: how much of one thing each organization has.

use axum::{Router, extract::State, routing::get};
use market::{CUSTOMERS, Clause, CustomerRow, Error, Mine};
use model::{CustomerId, Quota};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Answer, Shared,
    actors::SignedIn,
    door,
    openapi::Door,
    waldur::{answer::Listing, links},
};

const PATH: &str = "/api/customer-quotas/";

pub fn routes() -> Router<Shared> {
    door(PATH, get(list))
}

pub fn door_of() -> Door {
    Door::list(PATH, "How much of one thing each organization has", "CustomerQuotas", &[]).query(&[
        (
            "quota_name",
            "`nc_project_count` or `nc_resource_count`; of anything else there is nothing.",
        ),
        ("customer_uuid", "Of one organization."),
    ])
}

/// How much of it an organization has.
#[derive(Serialize, ToSchema)]
#[schema(as = CustomerQuotas)]
pub struct QuotaRow {
    value: i64,
    customer_name: String,
    customer_abbreviation: String,
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let name = listing.query.text("quota_name").unwrap_or_default();
    let Ok(asked_for) = name.parse::<Quota>() else {
        return listing.answer_all(&doors, &[] as &[QuotaRow]);
    };
    let mut asked = listing.asked(&CUSTOMERS)?;
    if let Some(text) = listing.query.text("customer_uuid") {
        let wrong = |_| Error::field("customer_uuid", "Enter a valid UUID.");
        let id: CustomerId = links::id_of(text, &[links::CUSTOMERS]).map_err(wrong)?;
        asked = asked.and(Clause::of("c.id IN (?)", [id.to_string()]));
    }
    let customers = doors.market.customers();
    let (found, total) =
        customers.list(&caller.actor, asked, Mine::default(), listing.range()).await?;
    let row = |row: CustomerRow| QuotaRow {
        value: row.quotas.iter().find(|one| one.quota == asked_for).map_or(0, |one| one.used),
        customer_name: row.tenant.customer.name,
        customer_abbreviation: row.tenant.customer.abbreviation,
    };
    let items: Vec<QuotaRow> = found.into_iter().map(row).collect();
    listing.answer(&doors, &items, total)
}

//! Tenants as they go over the wire.

use std::collections::HashMap;

use market::{Asked, CUSTOMER_COUNTS, CUSTOMER_TIMES, Clause, CustomerRow, Error};
use model::CustomerId;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    Doors,
    actors::SignedIn,
    waldur::{
        links::{self, hex},
        payments::{ProfileWire, profile_wire},
        read::moment,
    },
};

/// How many of something there are, and may be: -1 is no limit.
#[derive(Serialize, ToSchema)]
#[schema(as = CustomerQuota)]
pub struct QuotaWire {
    name: String,
    usage: i64,
    limit: i64,
}

/// A tenant.
#[expect(clippy::struct_excessive_bools, reason = "the wire has them")]
#[derive(Serialize, ToSchema)]
pub struct Customer {
    url: String,
    uuid: String,
    created: String,
    name: String,
    slug: String,
    display_name: String,
    email: String,
    country: String,
    country_name: &'static str,
    abbreviation: String,
    native_name: String,
    registration_code: String,
    agreement_number: String,
    contact_details: String,
    backend_id: String,
    blocked: bool,
    archived: bool,
    is_active: bool,
    /// A decimal number as text.
    default_tax_percent: String,
    projects_count: i64,
    users_count: i64,
    is_service_provider: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_provider_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_provider: Option<String>,
    /// How it pays, for those who may see that.
    payment_profiles: Vec<ProfileWire>,
    organization_groups: Vec<Value>,
    quotas: Vec<QuotaWire>,
    /// What was said of it besides: address, bank, telephone and the like.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    details: Map<String, Value>,
}

impl Customer {
    fn new(doors: &Doors, row: CustomerRow, profiles: Vec<ProfileWire>) -> Self {
        let (it, provider) = (row.tenant.customer, row.tenant.provider);
        Self {
            url: doors.link(links::CUSTOMERS, it.id),
            uuid: hex(it.id),
            created: it.created_at.to_string(),
            display_name: if it.abbreviation.is_empty() {
                it.name.clone()
            } else {
                format!("{} ({})", it.name, it.abbreviation)
            },
            name: it.name,
            slug: it.slug,
            email: it.email,
            // What was kept before countries were checked is not told: a client fails on what is no code.
            country_name: model::country_name(&it.country).unwrap_or_default(),
            country: if model::is_country(&it.country) { it.country } else { String::new() },
            abbreviation: it.abbreviation,
            native_name: it.native_name,
            registration_code: it.registration_code,
            agreement_number: it.agreement_number,
            contact_details: it.contact_details,
            backend_id: it.backend_id,
            is_active: it.blocked_at.is_none() && it.archived_at.is_none(),
            blocked: it.blocked_at.is_some(),
            archived: it.archived_at.is_some(),
            default_tax_percent: format!("{}.{:02}", it.tax_rate / 100, it.tax_rate % 100),
            projects_count: row.tenant.projects,
            users_count: row.tenant.users,
            is_service_provider: provider.is_some(),
            service_provider_uuid: provider.map(hex),
            service_provider: provider.map(|id| doors.link("marketplace-service-providers", id)),
            payment_profiles: profiles,
            organization_groups: Vec::new(),
            quotas: row
                .quotas
                .into_iter()
                .map(|quota| QuotaWire {
                    name: quota.quota.as_str().to_owned(),
                    usage: quota.used,
                    limit: quota.limit.unwrap_or(-1),
                })
                .collect(),
            details: details(it.details),
        }
    }
}

/// What was said of a customer, as far as a client can read it: numbers and moments were once kept as they came.
fn details(mut details: Map<String, Value>) -> Map<String, Value> {
    for name in CUSTOMER_COUNTS {
        let Some(value) = details.get_mut(*name) else { continue };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        *value = text.trim().trim_end_matches(".0").parse::<i64>().map_or(Value::Null, Value::from);
    }
    for name in CUSTOMER_TIMES {
        let Some(value) = details.get_mut(*name) else { continue };
        let read = value.as_str().and_then(moment);
        *value = read.map_or(Value::Null, |at| Value::String(at.to_string()));
    }
    // What is null is left out, because not every field may be null to a client.
    details.retain(|_, value| !value.is_null());
    details
}

/// A customer on the wire.
pub async fn wire(doors: &Doors, caller: &SignedIn, row: CustomerRow) -> Result<Customer, Error> {
    let made = wires(doors, caller, vec![row]).await?.pop();
    made.ok_or(Error::Missing("organization"))
}

/// Customers with how they pay, which is read all at once.
pub async fn wires(
    doors: &Doors,
    caller: &SignedIn,
    rows: Vec<CustomerRow>,
) -> Result<Vec<Customer>, Error> {
    let ids = rows.iter().map(|row| row.tenant.customer.id.to_string());
    let asked = Asked::default().and(Clause::of("f.customer_id IN (?)", ids));
    let found = doors.market.payments().profiles(&caller.actor, asked, (10_000, 0)).await?.0;
    let mut profiles: HashMap<CustomerId, Vec<ProfileWire>> = HashMap::new();
    for profile in found {
        profiles.entry(profile.customer).or_default().push(profile_wire(doors, profile));
    }
    let wire = |row: CustomerRow| {
        let own = profiles.remove(&row.tenant.customer.id).unwrap_or_default();
        Customer::new(doors, row, own)
    };
    Ok(rows.into_iter().map(wire).collect())
}

//! What a customer says of itself, and what operators say of it.

use model::{Email, Fault, Quota, Timestamp, Title};
use serde_json::{Map, Value};
use store::customers::Customer;

use crate::{Error, Result, plain::plain};

/// What is kept of a customer only to be shown again, with the most characters of each.
pub const CUSTOMER_DETAILS: &[(&str, usize)] = &[
    ("description", 2_000),
    ("phone_number", 255),
    ("access_subnets", 2_000),
    ("homepage", 255),
    ("domain", 255),
    ("vat_code", 20),
    ("postal", 20),
    ("address", 300),
    ("bank_name", 150),
    ("bank_account", 50),
    ("notification_emails", 1_000),
    ("city", 255),
    ("state", 255),
    ("street", 255),
    ("house_nr", 50),
    ("apartment_nr", 50),
    ("household", 255),
    ("parish", 255),
];

/// Numbers that are kept of a customer only to be shown again.
pub const CUSTOMER_NUMBERS: &[&str] = &["latitude", "longitude"];

/// Whole numbers from 0 that are kept of a customer only to be shown again.
pub const CUSTOMER_COUNTS: &[&str] = &["grace_period_days", "sponsor_number"];

/// Moments that are kept of a customer only to be shown again.
pub const CUSTOMER_TIMES: &[&str] = &["accounting_start_date"];

/// What is to be changed of a customer; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct CustomerChange {
    pub name: Option<String>,
    pub slug: Option<String>,
    pub email: Option<String>,
    pub country: Option<String>,
    pub abbreviation: Option<String>,
    pub native_name: Option<String>,
    pub registration_code: Option<String>,
    pub agreement_number: Option<String>,
    pub contact_details: Option<String>,
    pub backend_id: Option<String>,
    /// In hundredths of a percent.
    pub tax_rate: Option<i64>,
    /// Of [`CUSTOMER_DETAILS`] and what follows it; null takes one away.
    pub details: Map<String, Value>,
    pub blocked: Option<bool>,
    pub archived: Option<bool>,
    /// None takes the limit away.
    pub quotas: Vec<(Quota, Option<i64>)>,
}

/// What only operators may change.
pub(super) fn runs(customer: &Customer) -> (&str, &str, &str, i64, bool, bool) {
    (
        &customer.slug,
        &customer.backend_id,
        &customer.agreement_number,
        customer.tax_rate,
        customer.blocked_at.is_some(),
        customer.archived_at.is_some(),
    )
}

/// Writes what is asked for into the customer, or says all that is wrong with it.
pub(super) fn apply(
    customer: &mut Customer,
    change: &CustomerChange,
    now: Timestamp,
) -> Result<()> {
    let mut faults = Vec::new();
    let mut text = |name: &str, to: &mut String, from: &Option<String>, most: usize| {
        let Some(from) = from else { return };
        match plain(name, from, 0, most) {
            Ok(text) => *to = text,
            Err(Error::Invalid(found)) => faults.extend(found),
            Err(_) => {}
        }
    };
    text("abbreviation", &mut customer.abbreviation, &change.abbreviation, 12);
    text("native_name", &mut customer.native_name, &change.native_name, 500);
    text("registration_code", &mut customer.registration_code, &change.registration_code, 160);
    text("agreement_number", &mut customer.agreement_number, &change.agreement_number, 160);
    text("contact_details", &mut customer.contact_details, &change.contact_details, 2_000);
    text("backend_id", &mut customer.backend_id, &change.backend_id, 255);
    if let Some(name) = &change.name {
        match name.parse::<Title>() {
            Ok(title) => title.as_str().clone_into(&mut customer.name),
            Err(wrong) => faults.push(Fault::new("name", wrong)),
        }
    }
    if let Some(slug) = change.slug.as_ref().filter(|slug| !slug.is_empty()) {
        match slug.parse::<model::Slug>() {
            Ok(slug) => slug.as_str().clone_into(&mut customer.slug),
            Err(wrong) => faults.push(Fault::new("slug", wrong)),
        }
    }
    if let Some(email) = &change.email {
        match email.parse::<Email>() {
            Ok(email) => email.as_str().clone_into(&mut customer.email),
            Err(_) if email.is_empty() => customer.email.clear(),
            Err(_) => faults.push(Fault::new("email", "Enter a valid email address.")),
        }
    }
    if let Some(country) = &change.country {
        if model::is_country(country) {
            country.clone_into(&mut customer.country);
        } else {
            let shown: String = country.chars().take(100).collect();
            faults.push(Fault::new("country", format!("\"{shown}\" is not a valid choice.")));
        }
    }
    if let Some(rate) = change.tax_rate {
        customer.tax_rate = rate.clamp(0, 20_000);
    }
    for (name, value) in &change.details {
        if name == "homepage" && value.as_str().is_some_and(|text| !is_address(text)) {
            faults.push(Fault::new("homepage", "Enter a valid URL."));
        }
        if value.is_null() {
            customer.details.remove(name);
        } else {
            customer.details.insert(name.clone(), value.clone());
        }
    }
    if let Some(blocked) = change.blocked {
        customer.blocked_at = blocked.then(|| customer.blocked_at.unwrap_or(now));
    }
    if let Some(archived) = change.archived {
        customer.archived_at = archived.then(|| customer.archived_at.unwrap_or(now));
    }
    customer.updated_at = now;
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

fn is_address(text: &str) -> bool {
    text.is_empty() || text.starts_with("https://") || text.starts_with("http://")
}

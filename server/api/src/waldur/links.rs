//! Addresses of things: related objects are URLs on this wire, absolute in answers, absolute or path-only in requests.

use std::{fmt::Display, str::FromStr};

use crate::Doors;

/// The kinds of things that have an address, by the segment after `/api/`.
pub const CUSTOMERS: &str = "customers";
pub const PROJECTS: &str = "projects";
pub const USERS: &str = "users";
pub const CATEGORIES: &str = "marketplace-categories";
pub const PUBLIC_OFFERINGS: &str = "marketplace-public-offerings";
pub const PROVIDER_OFFERINGS: &str = "marketplace-provider-offerings";
pub const PLANS: &str = "marketplace-plans";
pub const ORDERS: &str = "marketplace-orders";
pub const RESOURCES: &str = "marketplace-resources";
pub const INVOICES: &str = "invoices";

/// The names that an offering's address may have.
pub const OFFERINGS: &[&str] = &["marketplace-offerings", PUBLIC_OFFERINGS, PROVIDER_OFFERINGS];

/// An id without hyphens, as this wire prints it.
pub fn hex(id: impl Display) -> String {
    id.to_string().replace('-', "")
}

impl Doors {
    /// The address of a thing.
    pub fn link(&self, kind: &str, id: impl Display) -> String {
        format!("{}/api/{kind}/{}/", self.public_url, hex(id))
    }
}

/// Why an address names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongLink;

impl WrongLink {
    pub const SENTENCE: &str = "Invalid hyperlink - No URL match.";
}

/// The id in an address of one of these kinds: absolute or a path, whatever the host, with or without the last slash. A
/// bare id is taken as well. What follows the kind may be longer: the id at the end counts, so that
/// `…/marketplace-public-offerings/{o}/plans/{p}/` names a plan.
pub fn id_of<T: FromStr>(text: &str, kinds: &[&str]) -> Result<T, WrongLink> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default(),
        None => text,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    if parts.next() != Some("api") {
        return Err(WrongLink);
    }
    let parts: Vec<&str> = parts.collect();
    match parts.as_slice() {
        [kind, id] if kinds.contains(kind) => id.parse().map_err(|_| WrongLink),
        [_, _, kind, id] if kinds.contains(kind) => id.parse().map_err(|_| WrongLink),
        _ => Err(WrongLink),
    }
}

#[cfg(test)]
mod tests {
    use model::{CustomerId, PlanId};

    use super::*;

    const ID: &str = "01a182ba-ca7d-7444-8897-cb2c64ad7798";

    #[test]
    fn addresses_are_read_in_every_form() {
        let wanted: CustomerId = ID.parse().unwrap();
        for text in [
            ID.to_owned(),
            hex(ID),
            format!("/api/customers/{ID}/"),
            format!("/api/customers/{}", hex(ID)),
            format!("https://other.example/api/customers/{}/", hex(ID)),
        ] {
            assert_eq!(id_of(&text, &[CUSTOMERS]), Ok(wanted), "{text}");
        }
        for text in ["", "/", "x", "/api/customers/", "/api/projects/01a182ba/", "https://x"] {
            assert_eq!(id_of::<CustomerId>(text, &[CUSTOMERS]), Err(WrongLink), "{text}");
        }
        let nested = format!("/api/marketplace-public-offerings/{}/plans/{}/", hex(ID), hex(ID));
        assert_eq!(id_of(&nested, &["plans", PLANS]), Ok(ID.parse::<PlanId>().unwrap()));
    }
}

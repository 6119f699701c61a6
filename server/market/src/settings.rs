//! What an operator may choose about the marketplace.

use model::{BasisPoints, Credits, Usd};

/// Who sends the invoices.
#[derive(Debug, Clone, Default)]
pub struct Issuer {
    pub name: String,
    pub address: String,
    pub country: String,
    pub email: String,
    pub phone_number: String,
    pub vat_code: String,
    pub bank_name: String,
    pub bank_account: String,
}

impl Issuer {
    /// What an invoice says of it.
    pub(crate) fn details(&self) -> serde_json::Value {
        let all = [
            ("name", &self.name),
            ("address", &self.address),
            ("country", &self.country),
            ("email", &self.email),
            ("phone_number", &self.phone_number),
            ("vat_code", &self.vat_code),
            ("bank_name", &self.bank_name),
            ("bank_account", &self.bank_account),
        ];
        let set = all.into_iter().filter(|(_, text)| !text.is_empty());
        set.map(|(name, text)| (name.to_owned(), serde_json::Value::from(text.as_str()))).collect()
    }
}

/// Whether an operator looks at a listing before it is on sale for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingApproval {
    Required,
    Auto,
}

/// The choices that the services read.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where people reach this marketplace, without a slash at the end.
    pub public_url: String,
    /// What a credit costs.
    pub credit_price: Usd,
    /// The platform's part of what is used.
    pub fee: BasisPoints,
    /// What a new wallet is given.
    pub trial_credits: Credits,
    /// What tries without an account may use in a day; nothing turns them off.
    pub demo_credits_per_day: Credits,
    /// How many tries without an account one address has in a day.
    pub demo_calls_per_address: u32,
    /// How many tries without an account there are in a day.
    pub demo_calls_per_day: u32,
    /// The most credits of one customer that this server leases at a time.
    pub lease_max: Credits,
    /// Whether a customer that an operator makes gets a first project.
    pub default_project: bool,
    /// Whether anybody who is signed in may open an organization.
    pub self_register: bool,
    /// Whether the identity provider alone makes nobody an account: who comes with it must have one here already.
    pub block_uninvited: bool,
    pub listing_approval: ListingApproval,
    /// Names this server among others; one that starts again under its old name takes back what it had left open.
    pub server_name: String,
    /// Who sends the invoices.
    pub issuer: Issuer,
    /// How many days after its month an invoice is due.
    pub invoice_due_days: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:3000".to_owned(),
            credit_price: Usd::from_micros(80_000),
            fee: BasisPoints::try_from(1_500).unwrap_or_else(|_| unreachable!()),
            trial_credits: Credits::from_micros(100_000_000),
            demo_credits_per_day: Credits::from_micros(50_000_000),
            demo_calls_per_address: 5,
            demo_calls_per_day: 500,
            lease_max: Credits::from_micros(1_000_000_000),
            default_project: false,
            self_register: false,
            block_uninvited: false,
            listing_approval: ListingApproval::Required,
            server_name: "cmp".to_owned(),
            issuer: Issuer { name: "CMP".to_owned(), ..Issuer::default() },
            invoice_due_days: 30,
        }
    }
}

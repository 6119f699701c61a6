//! The services: what the marketplace does, who may have it done, and what is one transaction.
//!
//! A door calls exactly one method here. A service takes the actor first and authorises inside; it owns its
//! transactions; it knows no HTTP and holds no SQL. What it needs from outside comes through the ports (`Clock`,
//! `Entropy`), the only traits.
//!
//! To add something the marketplace can do: a method on the service of its noun, its statements in `store`, its
//! refusals as `Error`, and a test on both engines in `tests/it`.

mod access;
mod accounts;
mod actor;
mod attempts;
mod audit;
mod bench;
mod catalog;
mod core;
mod error;
mod idempotency;
mod identity;
mod issues;
mod jobs;
mod keys;
mod ledger;
pub mod mails;
mod market;
pub mod passkeys;
mod permissions;
mod plain;
pub mod ports;
mod providers;
mod quality;
mod resources;
mod reviews;
mod samples;
mod second_factors;
mod secrets;
mod settings;
mod sign_in;
pub mod sign_on;
mod tasks;
mod tenancy;
pub mod testing;
mod tickets;
mod tryouts;
mod usage;
mod wallets;
mod work;

pub use access::{Admission, Route, Ticket};
pub use actor::Actor;
pub use bench::BenchUpstream;
pub use catalog::{Catalog, Found};
pub use core::Core;
pub use error::{Error, Result};
pub use idempotency::{Begun, Idempotency};
pub use identity::Identity;
pub use issues::{IssueChange, IssueDraft, Issues};
pub use keys::Keys;
pub use ledger::{Command, Held, Ledger, Outcome, Purse, Refusal, Source};
pub use mails::Mails;
pub use market::Market;
pub use passkeys::Passkeys;
pub use permissions::{Grant, On, Permission};
pub use providers::Seller;
pub use quality::{Answered, Failure, Gauge, Histogram, Probe, Quality, Running};
pub use resources::{Provision, Resources, Subscribe, Subscribed};
pub use reviews::Reviews;
pub use samples::{SAMPLE_PASSWORD, SAMPLE_USERS};
pub use second_factors::{SecondFactors, Setup};
pub use secrets::sha256;
pub use settings::Settings;
pub use sign_in::{Client, Entered};
pub use sign_on::SignOn;
pub use store::{
    issues::{COMMENTS, Comment, Issue, SHELF as ISSUES},
    lists::{Asked, Clause, Filter, Kind as FilterKind, Shelf, Value as FilterValue},
    proof::{Extent, Offence},
    requests::Request,
};
pub use tasks::spawn;
pub use tickets::{TicketDraft, Tickets};
pub use tryouts::{Tryout, Tryouts};
pub use usage::Usage;
pub use wallets::{Authorize, Authorized, Run, Settled, Wallets};

/// Said of an address that names nothing, or something of somebody else.
pub const WRONG_LINK: &str = "Invalid hyperlink - Object does not exist.";

//! The services: what the marketplace does, who may have it done, and what is one transaction.
//!
//! A door calls exactly one method here. A service takes the actor first and authorises inside; it owns its
//! transactions; it knows no HTTP and holds no SQL. What it needs from outside comes through the ports (`Clock`,
//! `Entropy`), the only traits.
//!
//! To add something the marketplace can do: a method on the service of its noun, its statements in `store`, its
//! refusals as `Error`, and a test on both engines in `tests/it`.

mod access;
mod actor;
mod attempts;
mod audit;
mod bench;
mod bench_orders;
mod catalog;
mod components;
mod core;
mod error;
mod holdings;
mod idempotency;
mod identity;
mod issues;
mod jobs;
mod keys;
mod ledger;
mod market;
mod offers;
mod order_rules;
mod ordering;
mod orders;
mod permissions;
mod plain;
mod plans;
pub mod ports;
mod provider_registry;
mod providers;
mod provisioning;
mod quality;
mod resources;
mod reviews;
mod samples;
mod screenshots;
mod secrets;
mod settings;
mod shelves;
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
pub use bench_orders::BenchOrders;
pub use catalog::{Catalog, Found};
pub use components::ComponentDraft;
pub use core::Core;
pub use error::{Error, Result};
pub use holdings::{HoldingChange, Holdings, Told};
pub use idempotency::{Begun, Idempotency};
pub use identity::Identity;
pub use issues::{IssueChange, IssueDraft, Issues};
pub use keys::Keys;
pub use ledger::{Command, Held, Ledger, Outcome, Purse, Refusal, Source};
pub use market::Market;
pub use offers::{Offer, OfferChange, OfferDraft, OfferMove, Offers, Side};
pub use order_rules::{Gates, Step, next as next_order_state};
pub use ordering::Request as ResourceRequest;
pub use orders::{OrderChange, OrderDraft, Orders, Remark};
pub use permissions::{Grant, On, Permission};
pub use plans::{PlanDetail, PlanDraft, Plans, PriceDraft};
pub use provider_registry::{Named, Trade, Vendor, Vendors};
pub use providers::Seller;
pub use quality::{Answered, Failure, Gauge, Histogram, Probe, Quality, Running};
pub use resources::{Provision, Resources, Subscribe, Subscribed};
pub use reviews::Reviews;
pub use samples::{SAMPLE_PASSWORD, SAMPLE_USERS};
pub use screenshots::Screenshots;
pub use secrets::sha256;
pub use settings::Settings;
pub use shelves::{ShelfChange, Shelved, Shelves};
pub use store::{
    components::{Component, Tier},
    events::Event,
    events::SHELF as EVENTS,
    holdings::{Holding, SHELF as HOLDINGS},
    issues::{COMMENTS, Comment, Issue, SHELF as ISSUES},
    lists::{Asked, Clause, Filter, Kind as FilterKind, Shelf, Value as FilterValue},
    members::Member,
    offerings::{
        OfferingRow, PLAN_COMPONENTS, PLANS, PlanComponentRow, PlanRow, SHELF as OFFERINGS,
    },
    orders::{Order, OrderRow, SHELF as ORDERS},
    plan_periods::PlanPeriod,
    proof::{Extent, Offence},
    requests::Request,
    screenshots::{SHELF as SCREENSHOTS, Screenshot},
    shelves::{CATEGORIES, PROVIDERS},
};
pub use tasks::spawn;
pub use tickets::{TicketDraft, Tickets};
pub use tryouts::{Tryout, Tryouts};
pub use usage::Usage;
pub use wallets::{Authorize, Authorized, Run, Settled, Wallets};

/// Said of an address that names nothing, or something of somebody else.
pub const WRONG_LINK: &str = "Invalid hyperlink - Object does not exist.";

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
mod bench_orders;
mod callbacks;
mod catalog;
mod components;
mod core;
mod credits;
mod customers;
mod earnings;
mod error;
mod history;
mod holdings;
mod hooks;
mod idempotency;
mod identity;
mod invitations;
mod invoices;
mod invoicing;
mod issues;
mod jobs;
mod keys;
mod ledger;
pub mod mails;
mod market;
mod offers;
mod order_rules;
mod ordering;
mod orders;
pub mod passkeys;
mod payments;
mod permissions;
mod plain;
mod plans;
pub mod ports;
mod projects;
mod provider_registry;
mod providers;
mod provisioning;
mod quality;
mod resources;
mod reviews;
mod samples;
mod screenshots;
mod second_factors;
mod secrets;
mod settings;
mod shelves;
mod sign_in;
pub mod sign_on;
mod stats;
mod tasks;
mod team;
mod tenancy;
pub mod testing;
mod tickets;
mod tokens;
mod tryouts;
mod usage;
mod usages;
mod user_usages;
mod users;
mod wallets;
mod work;

pub use access::{Admission, Route, Ticket};
pub use actor::Actor;
pub use bench::BenchUpstream;
pub use bench_orders::BenchOrders;
pub use catalog::{Catalog, Found};
pub use components::ComponentDraft;
pub use core::Core;
pub use credits::{CreditsView, CustomerCredit};
pub use customers::{
    CUSTOMER_COUNTS, CUSTOMER_DETAILS, CUSTOMER_NUMBERS, CUSTOMER_TIMES, CustomerChange,
    CustomerRow, Customers, Mine, QuotaView,
};
pub use earnings::Earnings;
pub use error::{Error, Result};
pub use history::History;
pub use holdings::{HoldingChange, Holdings, Told};
pub use hooks::{HookChange, Hooks};
pub use idempotency::{Begun, Idempotency};
pub use identity::Identity;
pub use invitations::{InvitationDraft, Invitations, Invited};
pub use invoices::{Coming, ImportItem, ImportOutcome, InvoiceParts, Invoices, Paid, Preview};
pub use issues::{IssueChange, IssueDraft, Issues};
pub use keys::Keys;
pub use ledger::{Command, Held, Ledger, Outcome, Purse, Refusal, Source};
pub use mails::Mails;
pub use market::Market;
pub use offers::{Offer, OfferChange, OfferDraft, OfferMove, Offers, Side};
pub use order_rules::{Gates, Step, next as next_order_state};
pub use ordering::Request as ResourceRequest;
pub use orders::{OrderChange, OrderDraft, Orders, Remark};
pub use passkeys::Passkeys;
pub use payments::{PaymentChange, Payments, ProfileChange};
pub use permissions::{Grant, On, Permission};
pub use plans::{PlanDetail, PlanDraft, Plans, PriceDraft};
pub use projects::{ProjectChange, Projects};
pub use provider_registry::{Named, Trade, Vendor, Vendors};
pub use providers::Seller;
pub use quality::{Answered, Failure, Gauge, Histogram, Probe, Quality, Running};
pub use resources::{Provision, Resources, Subscribe, Subscribed};
pub use reviews::Reviews;
pub use samples::{SAMPLE_PASSWORD, SAMPLE_USERS};
pub use screenshots::Screenshots;
pub use second_factors::{SecondFactors, Setup};
pub use secrets::sha256;
pub use settings::{Issuer, ListingApproval, Settings};
pub use shelves::{ShelfChange, Shelved, Shelves};
pub use sign_in::{Client, Entered};
pub use sign_on::SignOn;
pub use stats::{Kpis, Stats};
pub use store::{
    access_tokens::{AccessToken, SHELF as TOKENS},
    components::{Component, Tier},
    credits::{CHANGES as CREDIT_CHANGES, Change as CreditChange, WALLETS as CREDITS},
    customers::{SHELF as CUSTOMERS, Tenant},
    events::{Event, SHELF as EVENTS},
    holdings::{Holding, SHELF as HOLDINGS},
    hooks::{Hook, SHELF as HOOKS},
    invitations::{Invitation, InvitationRow, SHELF as INVITATIONS},
    invoices::{
        ITEMS as INVOICE_ITEMS, Invoice, Item as InvoiceItem, ItemView, Note, SHELF as INVOICES,
    },
    issues::{COMMENTS, Comment, Issue, Queue as TicketQueue, SHELF as ISSUES, breached},
    lists::{Asked, Clause, Filter, Kind as FilterKind, Shelf, Value as FilterValue},
    members::Member,
    offerings::{
        OfferingRow, PLAN_COMPONENTS, PLANS, PlanComponentRow, PlanRow, SHELF as OFFERINGS,
    },
    orders::{Order, OrderRow, SHELF as ORDERS},
    payments::{PAYMENTS, PROFILES, Payment, Profile, Proof},
    people::{Account, PEERS, SHELF as PEOPLE},
    plan_periods::PlanPeriod,
    projects::{Project, ProjectRow, SHELF as PROJECTS},
    proof::{Extent, Offence},
    requests::Request,
    screenshots::{SHELF as SCREENSHOTS, Screenshot},
    shelves::{CATEGORIES, PROVIDERS},
    stats::{Cost, Ordered, Revenue, Silent, Used},
    usages::{SHELF as COMPONENT_USAGES, Usage as ComponentUsage},
    user_usages::{SHELF as USER_USAGES, UserUsage},
};
pub use tasks::spawn;
pub use team::{Scope, Team, Teammate};
pub use tickets::{TicketDraft, Tickets};
pub use tokens::{TOKEN_SCOPES, TokenDraft, Tokens};
pub use tryouts::{Tryout, Tryouts};
pub use usage::Usage;
pub use usages::{Reported, Usages, Whose};
pub use user_usages::Part;
pub use users::{OwnRole, USER_DETAILS, UserChange, UserRow, Users};
pub use wallets::{Authorize, Authorized, Run, Settled, Wallets};

/// Said of an address that names nothing, or something of somebody else.
pub const WRONG_LINK: &str = "Invalid hyperlink - Object does not exist.";

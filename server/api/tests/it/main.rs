//! The doors from outside: whole requests through the router, over a market on every engine there is.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is not as it must be fails the test"
)]

mod app;
mod billing;
mod bills;
mod callbacks;
mod callers;
mod discovery;
mod documents;
mod forms;
mod listings;
mod money;
mod order_changes;
mod orders;
mod powers;
mod sellers;
mod services;
mod sign_in;
mod support;
mod tenancy;
mod tenants;
mod wire;
mod wire_doors;
mod wrong;

//! The records: one SQL text, two native drivers. Every SQL statement of the house is in this crate.
//!
//! A store function takes `impl Run` (the pool or a transaction) or `&mut Tx` when it only makes sense inside one. It
//! never begins a transaction, knows no rule, no clock and no HTTP.
//!
//! To add a table: write `migrations/sqlite/NNNN_name.sql` and its twin in `migrations/postgres`, list the pair in
//! `migrations.rs`, and put its functions into the module of its noun. SQL is portable: `$1…$n`, named columns, no
//! `now()`, `ON CONFLICT` and `RETURNING` allowed, an `ORDER BY` that ends in the id. Where the engines differ, the
//! difference is in `dialect.rs`.
//!
//! ```
//! # async fn example() -> store::Result<()> {
//! let db = store::Db::open("sqlite::memory:").await?;
//! db.migrate().await?;
//! let mut tx = db.begin().await?;
//! store::versions::bump(&mut tx, "catalog").await?;
//! tx.commit().await?;
//! assert_eq!(store::versions::read(&db, "catalog").await?, 2);
//! # Ok(())
//! # }
//! ```

pub mod access_tokens;
pub mod attempts;
pub mod backup;
pub mod billable;
pub mod bulk;
pub mod catalog;
pub mod components;
pub mod credits;
pub mod customers;
mod db;
pub mod demos;
mod dialect;
pub mod earnings;
mod error;
pub mod events;
pub mod figures;
pub mod holdings;
pub mod holds;
pub mod hooks;
pub mod idempotency;
pub mod identities;
pub mod imports;
pub mod invitations;
pub mod invoices;
pub mod issues;
pub mod jobs;
pub mod keys;
pub mod leases;
pub mod ledger;
pub mod links;
pub mod lists;
pub mod mails;
pub mod members;
mod migrations;
pub mod offerings;
pub mod orders;
mod pages;
pub mod passkeys;
pub mod payments;
pub mod people;
pub mod plan_periods;
pub mod projects;
pub mod proof;
pub mod quality;
pub mod quotas;
pub mod requests;
pub mod resources;
pub mod reviews;
pub mod screenshots;
mod script;
pub mod second_factors;
pub mod servers;
pub mod sessions;
pub mod shelves;
pub mod stats;
mod strides;
pub mod surveys;
pub mod testing;
pub mod tickets;
pub mod usages;
pub mod user_usages;
pub mod users;
pub mod versions;

pub use db::{Db, Row, Run, Statement, Target, Tx, sql};
pub use error::{Error, Result};
pub use script::Script;

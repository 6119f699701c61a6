//! One file per page, by the shell it stands in.

pub mod account;
pub mod admin;
pub mod buyer;
pub mod docs;
pub mod public;

//! One file per page, by the shell it stands in.

pub mod account;
pub mod buyer;
pub mod public;

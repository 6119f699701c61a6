//! Pages of the operator. Others learn here that they may not open them.

mod reviews;
mod support;

pub use self::{reviews::ModerationPage, support::TicketQueuePage};

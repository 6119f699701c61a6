//! Pages of the operator. Others learn here that they may not open them.

mod outbox;
mod reviews;
mod support;

pub use self::{
    outbox::{MailPage, OutboxPage},
    reviews::ModerationPage,
    support::TicketQueuePage,
};

//! Pages of the operator. Others learn here that they may not open them.

mod customers;
mod invoices;
mod orders;
mod outbox;
mod pager;
mod reports;
mod reviews;
mod support;
mod users;

pub use self::{
    customers::CustomersPage,
    invoices::InvoicesPage,
    orders::AllOrdersPage,
    outbox::{MailPage, OutboxPage},
    reports::FiguresPage,
    reviews::ModerationPage,
    support::TicketQueuePage,
    users::UsersPage,
};

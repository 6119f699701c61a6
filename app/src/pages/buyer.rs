//! Pages of a workspace that uses services.

mod agent;
mod agents;
mod created;
mod keys;
mod receipt;
mod start;
mod support;
mod ticket;
mod usage;
mod wallet;
mod workspace;

pub use self::{
    agent::AgentPage, agents::AgentsPage, created::KeyCreatedPage, keys::KeysPage,
    receipt::ReceiptPage, start::StartPage, support::SupportPage, ticket::TicketPage,
    usage::UsagePage, wallet::WalletPage, workspace::WorkspacePage,
};

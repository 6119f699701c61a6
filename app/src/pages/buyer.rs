//! Pages of a workspace that uses services.

mod agent;
mod agents;
mod billing;
mod created;
mod invoice;
mod keys;
mod order;
mod orders;
mod receipt;
mod settings;
mod start;
mod support;
mod team;
mod ticket;
mod usage;
mod wallet;
mod workspace;

pub use self::{
    agent::AgentPage,
    agents::AgentsPage,
    billing::BillingPage,
    created::KeyCreatedPage,
    invoice::{InvoicePage, SettlePage},
    keys::KeysPage,
    order::{OrderPage, moved_on},
    orders::OrdersPage,
    receipt::ReceiptPage,
    settings::CustomerSettingsPage,
    start::StartPage,
    support::SupportPage,
    team::TeamPage,
    ticket::TicketPage,
    usage::UsagePage,
    wallet::WalletPage,
    workspace::WorkspacePage,
};

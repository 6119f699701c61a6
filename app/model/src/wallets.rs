//! A customer's credits on the wire.

use serde::{Deserialize, Serialize};

use crate::{Credits, CustomerId, EntryId, PriceVersionId, ReceiptId, Timestamp};

/// What a wallet holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    pub customer_uuid: CustomerId,
    /// All credits of the customer, held ones included.
    pub balance: Credits,
    /// Set aside for runs that have begun.
    pub held: Credits,
    /// What a new run may use.
    pub available: Credits,
}

/// Why a balance changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Given to a new workspace.
    Trial,
    /// Bought, or given by an operator.
    TopUp,
    /// Given by an operator.
    Grant,
    /// A metered call or a settled run.
    Settle,
    /// A plan's monthly fee.
    PlanFee,
}

impl EntryKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::TopUp => "top_up",
            Self::Grant => "grant",
            Self::Settle => "settle",
            Self::PlanFee => "plan_fee",
        }
    }

    /// The words that pages show.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Trial => "Trial credits",
            Self::TopUp => "Credits added",
            Self::Grant => "Credits granted",
            Self::Settle => "Usage",
            Self::PlanFee => "Plan fee",
        }
    }

    /// The kind of a stored word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Trial, Self::TopUp, Self::Grant, Self::Settle, Self::PlanFee]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// One change of a balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    pub id: EntryId,
    pub at: Timestamp,
    pub kind: EntryKind,
    /// Negative when credits left the wallet.
    pub amount: Credits,
    /// The wallet's balance after it.
    pub balance: Credits,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_id: Option<ReceiptId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_version: Option<PriceVersionId>,
}

/// A page of a wallet's ledger, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPage {
    pub entries: Vec<LedgerEntry>,
    pub total: u64,
}

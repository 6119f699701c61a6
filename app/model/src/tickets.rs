//! Reports of problems, and where each stands.

use serde::{Deserialize, Serialize};

use crate::{CustomerId, OfferingId, TicketId, Timestamp};

crate::offerings::words! {
    /// What a report is about.
    TicketKind {
        Latency = "latency",
        Incoherent = "incoherent",
        Incorrect = "incorrect",
        Formatting = "formatting",
        Billing = "billing",
        ApiError = "api_error",
        Listing = "listing",
        Other = "other",
    }

    /// Where a ticket stands.
    TicketState {
        Open = "open",
        Assigned = "assigned",
        Waiting = "waiting",
        Resolved = "resolved",
        Closed = "closed",
    }
}

impl TicketKind {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Latency => "Slow answers",
            Self::Incoherent => "Answers make no sense",
            Self::Incorrect => "Answers are wrong",
            Self::Formatting => "Answers are badly formatted",
            Self::Billing => "A charge is wrong",
            Self::ApiError => "Calls fail",
            Self::Listing => "The listing is wrong or unlawful",
            Self::Other => "Something else",
        }
    }
}

impl TicketState {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Assigned => "Assigned",
            Self::Waiting => "Waiting for you",
            Self::Resolved => "Resolved",
            Self::Closed => "Closed",
        }
    }
}

/// A ticket as its reporter and the operator see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketView {
    pub id: TicketId,
    /// What people call it by, as in `#1042`.
    pub number: u64,
    pub kind: TicketKind,
    pub state: TicketState,
    pub text: String,
    pub customer_id: CustomerId,
    pub customer: String,
    pub reporter: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_id: Option<OfferingId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What the operator said when it was resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

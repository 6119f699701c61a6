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

    /// How much a ticket hurries.
    Priority {
        Critical = "critical",
        High = "high",
        Medium = "medium",
        Low = "low",
    }

    /// What a ticket asks for; spelled as Waldur's clients know it.
    IssueType {
        Informational = "INFORMATIONAL",
        ServiceRequest = "SERVICE_REQUEST",
        ChangeRequest = "CHANGE_REQUEST",
        Incident = "INCIDENT",
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

const HOUR_MS: i64 = 3_600_000;

impl Priority {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::High => "High",
            Self::Medium => "Medium",
            Self::Low => "Low",
        }
    }

    /// How long the first answer may take, in milliseconds.
    pub const fn response_ms(self) -> i64 {
        match self {
            Self::Critical => HOUR_MS,
            Self::High => 4 * HOUR_MS,
            Self::Medium => 24 * HOUR_MS,
            Self::Low => 3 * 24 * HOUR_MS,
        }
    }

    /// How long until it is resolved, in milliseconds.
    pub const fn resolution_ms(self) -> i64 {
        match self {
            Self::Critical => 4 * HOUR_MS,
            Self::High => 24 * HOUR_MS,
            Self::Medium => 3 * 24 * HOUR_MS,
            Self::Low => 7 * 24 * HOUR_MS,
        }
    }
}

/// The clocks of a ticket; they stand still while it waits for its reporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceLevel {
    pub created_at: Timestamp,
    pub priority: Priority,
    pub first_response_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    /// How long it has waited before, in milliseconds.
    pub waited_ms: i64,
    /// Since when it waits now.
    pub waiting_since: Option<Timestamp>,
}

impl ServiceLevel {
    /// How long the clocks have stood still until a time.
    fn paused_ms(&self, now: Timestamp) -> i64 {
        let waiting = self.waiting_since.map_or(0, |since| (now.ms() - since.ms()).max(0));
        self.waited_ms.saturating_add(waiting)
    }

    /// When the first answer is due.
    #[must_use]
    pub fn response_due(&self, now: Timestamp) -> Timestamp {
        self.created_at.plus_ms(self.priority.response_ms()).plus_ms(self.paused_ms(now))
    }

    /// When it is to be resolved.
    #[must_use]
    pub fn resolution_due(&self, now: Timestamp) -> Timestamp {
        self.created_at.plus_ms(self.priority.resolution_ms()).plus_ms(self.paused_ms(now))
    }

    /// Whether a promise was broken: an answer or the solution came, or is still out, after it was due.
    pub fn is_breached(&self, now: Timestamp) -> bool {
        self.first_response_at.unwrap_or(now) > self.response_due(now)
            || self.resolved_at.unwrap_or(now) > self.resolution_due(now)
    }
}

impl TicketState {
    /// Nothing more is expected of anybody.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Resolved | Self::Closed)
    }

    /// One word, as Waldur's clients know it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Assigned => "Assigned",
            Self::Waiting => "Waiting",
            Self::Resolved => "Resolved",
            Self::Closed => "Closed",
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_stand_still_while_a_ticket_waits() {
        let level = ServiceLevel {
            created_at: Timestamp::from_ms(0),
            priority: Priority::Critical,
            first_response_at: Some(Timestamp::from_ms(HOUR_MS)),
            resolved_at: None,
            waited_ms: HOUR_MS,
            waiting_since: Some(Timestamp::from_ms(3 * HOUR_MS)),
        };
        let at = |hours: i64| Timestamp::from_ms(hours * HOUR_MS);
        assert_eq!(level.resolution_due(at(10)), at(4 + 1 + 7));
        assert!(!level.is_breached(at(100)));
        let answered = ServiceLevel { waiting_since: None, ..level };
        assert!(!answered.is_breached(at(5)));
        assert!(answered.is_breached(Timestamp::from_ms(5 * HOUR_MS + 1)));
        let late = ServiceLevel { first_response_at: Some(at(3)), waited_ms: 0, ..answered };
        assert!(late.is_breached(at(3)));
    }
}

//! Mails of the outbox.

use serde::{Deserialize, Serialize};

use crate::{MailId, Timestamp};

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// It is sent as soon as there is a way.
    Waiting,
    Sent,
    /// It was tried often enough, or refused for good.
    Failed,
}

/// A mail as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailView {
    pub id: MailId,
    pub to: String,
    pub subject: String,
    /// Empty in a list, and once it is sent.
    pub text: String,
    pub created_at: Timestamp,
    pub attempts: u64,
    pub state: MailState,
    pub sent_at: Option<Timestamp>,
    /// What went wrong with the last attempt.
    pub error: Option<String>,
}

//! What was used, per resource: days, calls and receipts.

use serde::{Deserialize, Serialize};

use crate::{
    Credits, Day, OfferingId, PriceVersionId, ReceiptId, ResourceId, ResourceState, Timestamp,
};

/// A resource as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceView {
    pub instance_id: ResourceId,
    pub name: String,
    pub state: ResourceState,
    /// The customer's name.
    pub organization: String,
    pub offering_id: OfferingId,
    pub offering_slug: String,
    pub provider: String,
    pub plan: String,
    pub created_at: Timestamp,
    /// When the next monthly fee is due; none for pay per use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renews_at: Option<Timestamp>,
}

/// What a resource used on one day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDay {
    pub day: Day,
    pub requests: u64,
    pub errors: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub credits: Credits,
}

/// One metered call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestView {
    pub receipt_id: ReceiptId,
    pub at: Timestamp,
    /// The status that the caller was answered with.
    pub status: u16,
    /// `complete`, `client_gone`, `upstream_cut` or `upstream_failed`.
    pub outcome: String,
    pub streamed: bool,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// The upstream did not say what was used, so the tokens were counted here.
    pub estimated: bool,
    pub credits: Credits,
    /// Milliseconds to the first byte of the answer.
    pub first_byte_ms: u32,
    pub total_ms: u32,
    pub key_hint: String,
}

/// The usage page of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageView {
    pub instance: InstanceView,
    /// One row a day, oldest first, days without use included.
    pub days: Vec<UsageDay>,
    /// Newest first.
    pub requests: Vec<RequestView>,
    pub total_requests: u64,
    pub page: u64,
}

/// One transfer between two accounts of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// The account that the credits left, as in `held`.
    pub from: String,
    pub to: String,
    pub amount: Credits,
}

/// What one call cost and how the ledger booked it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub id: ReceiptId,
    pub at: Timestamp,
    pub resource_id: ResourceId,
    /// The service's slug.
    pub model: String,
    pub status: u16,
    pub outcome: String,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub estimated: bool,
    pub credits: Credits,
    pub price_version: PriceVersionId,
    pub lines: Vec<ReceiptLine>,
}

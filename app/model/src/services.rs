//! The catalogue on the wire: the seeds' `Service` (M-205…227) and what pages show beside it.

use serde::{Deserialize, Serialize};

use crate::{
    Availability, Capability, CategoryId, Credits, Features, Geographic, Limits, ModelFamily,
    OfferingId, PlanId, Price, PriceTier, PriceVersionId, ProviderId, Timestamp, Trial, Usd,
};

/// Measured quality (M-222). A figure is there only when enough calls were measured to mean something.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceMetrics {
    /// Percent.
    pub uptime7d: Option<f64>,
    /// Percent.
    pub uptime30d: Option<f64>,
    /// Milliseconds to the first token.
    #[serde(rename = "latencyP50")]
    pub latency_p50: Option<u32>,
    #[serde(rename = "latencyP95")]
    pub latency_p95: Option<u32>,
    #[serde(rename = "latencyP99")]
    pub latency_p99: Option<u32>,
    /// Requests per second.
    pub throughput_rps: Option<f64>,
    /// Tokens per second.
    pub throughput_tps: Option<f64>,
}

/// How much a service is used (M-225), counted from metered calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageStats {
    pub total_tokens_served: u64,
    /// Customers with a metered call in the last 30 days.
    pub active_users: u64,
    /// Metered calls in the last 30 days.
    pub monthly_requests: u64,
}

/// An offering as the marketplace lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    pub id: OfferingId,
    pub slug: String,
    pub name: String,
    pub tagline: String,
    pub description: String,
    /// The slug of its category.
    pub category: String,
    pub model_family: ModelFamily,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_model: Option<String>,
    /// US dollars; three prompt tokens are counted for each completion token.
    #[serde(rename = "pricePer1KTokens")]
    pub price_per_1k_tokens: Usd,
    #[serde(rename = "promptPricePer1KTokens")]
    pub prompt_price_per_1k_tokens: Usd,
    #[serde(rename = "completionPricePer1KTokens")]
    pub completion_price_per_1k_tokens: Usd,
    /// The lowest monthly fee of its plans, in US dollars; 0 when it can be had without one.
    pub monthly_fee: Usd,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pricing_tiers: Vec<PriceTier>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
    pub provider_id: ProviderId,
    pub provider_name: String,
    pub provider_verified: bool,
    pub context_window: u64,
    pub max_output_tokens: u64,
    pub features: Features,
    pub api_compatibility: Vec<String>,
    pub geographic: Geographic,
    pub compliance: Vec<String>,
    pub metrics: ServiceMetrics,
    pub availability: Availability,
    /// Stars from 1 to 5; none before the first review.
    pub rating: Option<f64>,
    pub review_count: u64,
    pub usage_stats: UsageStats,
    /// `active`, `maintenance` or `deprecated`.
    pub status: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A plan as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    pub id: PlanId,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub monthly_fee: Usd,
    pub limits: Limits,
    pub price: Price,
    pub price_version: PriceVersionId,
}

/// Who sells (public part).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderView {
    pub id: ProviderId,
    pub name: String,
    pub country: String,
    pub description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
}

/// A service with all that its page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceDetail {
    #[serde(flatten)]
    pub service: Service,
    pub provider: ProviderView,
    pub plans: Vec<PlanView>,
    pub capabilities: Vec<Capability>,
    /// Set when an answerer of this program stands behind the service instead of a language model; says so in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_in: Option<String>,
    /// False when the provider fulfils by hand and there is nothing to call.
    pub callable: bool,
    /// What a new workspace is given to try services with.
    pub trial_credits: Credits,
}

/// A category with the number of services in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryView {
    pub id: CategoryId,
    pub slug: String,
    pub title: String,
    pub description: String,
    pub count: u64,
}

/// A model family with the number of services of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyCount {
    pub family: ModelFamily,
    pub count: u64,
}

/// One page of search results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServicePage {
    pub services: Vec<Service>,
    pub total: u64,
    pub page: u64,
}

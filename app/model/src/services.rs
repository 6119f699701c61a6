//! The catalogue on the wire: the seeds' `Service` (M-205…227) and what pages show beside it.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    Availability, Capability, CategoryId, Choice, Credits, Features, Geographic, Limits,
    ModelFamily, OfferingId, PlanId, Price, PriceTier, PriceVersionId, Promises, ProviderId,
    Timestamp, Trial, Usd,
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

crate::offerings::words! {
    /// How a service on sale stands.
    ServiceStatus {
        Active = "active",
        Maintenance = "maintenance",
        Deprecated = "deprecated",
    }
}

/// An offering as the marketplace lists it. What many services share is kept once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    pub id: OfferingId,
    pub slug: String,
    pub name: String,
    pub tagline: String,
    pub description: String,
    /// The slug of its category.
    pub category: Arc<str>,
    pub model_family: ModelFamily,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_model: Option<Arc<str>>,
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
    pub trial: Option<Box<Trial>>,
    pub provider_id: ProviderId,
    pub provider_name: Arc<str>,
    pub provider_verified: bool,
    pub context_window: u64,
    pub max_output_tokens: u64,
    pub features: Features,
    pub api_compatibility: Arc<[String]>,
    pub geographic: Arc<Geographic>,
    pub compliance: Arc<[String]>,
    pub metrics: ServiceMetrics,
    pub availability: Arc<Availability>,
    /// Stars from 1 to 5; none before the first review.
    pub rating: Option<f64>,
    pub review_count: u64,
    pub usage_stats: UsageStats,
    pub status: ServiceStatus,
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
    pub slug: String,
    pub name: String,
    pub country: String,
    pub description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
    /// When it registered to sell.
    pub created_at: Timestamp,
}

/// A service with all that its page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceDetail {
    #[serde(flatten)]
    pub service: Service,
    pub provider: Arc<ProviderView>,
    pub plans: Vec<PlanView>,
    pub capabilities: Vec<Capability>,
    /// Set when an answerer of this program stands behind the service instead of a language model; says so in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_in: Option<Arc<str>>,
    /// False when the provider fulfils by hand and there is nothing to call.
    pub callable: bool,
    pub promises: Promises,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documentation_url: Option<String>,
    /// What a new workspace is given to try services with.
    pub trial_credits: Credits,
}

/// Whether a service answers at a moment, by what its provider says of its hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenState {
    pub open: bool,
    /// It is closed for maintenance.
    pub maintenance: bool,
    /// When that changes; none when it does not within a week.
    pub changes_at: Option<Timestamp>,
}

/// The hours of a week, days from Monday on, in minutes from midnight of its own time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The IANA name of the zone.
    pub zone: String,
    pub open: [Vec<(u16, u16)>; 7],
    pub maintenance: [Vec<(u16, u16)>; 7],
    /// Single maintenance windows.
    pub once: Vec<(Timestamp, Timestamp)>,
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

/// One value of a filter, with how many services choosing it would show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCount {
    pub choice: Choice,
    /// What people read.
    pub title: Arc<str>,
    pub count: u64,
}

/// One page of search results on the wire: `GET /marketplace/services`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServicePage {
    #[serde(serialize_with = "in_brief")]
    pub services: Vec<Arc<ServiceDetail>>,
    pub total: u64,
    pub page: u64,
    pub page_size: u64,
    /// By the name of the filter and its value, with the other filters applied.
    pub facets: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// What was left out of the query or corrected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
}

/// Lists show services without what only their own page needs.
fn in_brief<S: Serializer>(
    services: &[Arc<ServiceDetail>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(services.iter().map(|detail| &detail.service))
}

//! What is on sale: offerings, their specification, plans and limits.

use serde::{Deserialize, Serialize};

use crate::{
    CategoryId, Feature, PlanId, Price, PriceVersionId, Promises, Schedule, Timestamp, Usd,
};

/// Declares an enum whose variants have one spelling each, in the database, in addresses and on the wire.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? })+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(concat!("one of", $(" ", $text),+)),
                }
            }
        }
    )+ };
}

pub(crate) use words;

words! {
    /// The family of language models that a service belongs to.
    ModelFamily {
        Gpt = "gpt",
        Claude = "claude",
        Llama = "llama",
        Gemini = "gemini",
        Mistral = "mistral",
        Other = "other",
    }

    /// Where an offering stands between draft and archive.
    OfferingState {
        Draft = "draft",
        InReview = "in_review",
        ChangesRequested = "changes_requested",
        Rejected = "rejected",
        Active = "active",
        Paused = "paused",
        Archived = "archived",
        /// Its provider has taken it down for a while; nobody can order it.
        Unavailable = "unavailable",
    }

    /// Where a resource stands in its life.
    ResourceState {
        Creating = "creating",
        Ok = "ok",
        Updating = "updating",
        Paused = "paused",
        Erred = "erred",
        Terminating = "terminating",
        Terminated = "terminated",
    }

    /// Which screens the buyer of an offering gets.
    Capability {
        Chat = "chat",
        Api = "api",
        Knowledge = "knowledge",
        Persona = "persona",
        Branding = "branding",
        Integrations = "integrations",
        Scheduling = "scheduling",
    }

    /// An answerer that is part of this program: no key, no network, no language model.
    BuiltIn {
        /// Says back what it was told.
        Echo = "echo",
        /// Quotes the sentences of its built-in text that fit the question best.
        Extractive = "extractive",
    }
}

impl ModelFamily {
    /// The name that pages show.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Gpt => "GPT",
            Self::Claude => "Claude",
            Self::Llama => "Llama",
            Self::Gemini => "Gemini",
            Self::Mistral => "Mistral",
            Self::Other => "Other",
        }
    }
}

/// What answers the calls of an offering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Backend {
    /// An OpenAI-compatible endpoint.
    Upstream {
        /// The base that `/chat/completions` is added to, as in `https://api.example.com/v1`.
        url: String,
        /// The name that the endpoint knows the model by.
        model: String,
        /// The environment variable of this server that holds the endpoint's key. The key itself is in no table.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_env: Option<String>,
    },
    /// An answerer of this program.
    BuiltIn {
        answerer: BuiltIn,
        /// The text that `extractive` quotes from.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        knowledge: String,
    },
    /// The provider fulfils by hand; there is nothing to call.
    Manual,
}

/// A shelf of the marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    pub id: CategoryId,
    pub slug: String,
    pub title: String,
    pub description: String,
    pub icon: String,
    /// `#rrggbb`: the hue as the seeds give it; pages use tokens that pass the contrast rules instead.
    pub color: String,
}

/// What a service can do (M-218).
#[expect(clippy::struct_excessive_bools, reason = "independent answers to independent questions")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Features {
    #[serde(default)]
    pub function_calling: bool,
    #[serde(default)]
    pub vision: bool,
    #[serde(default)]
    pub streaming: bool,
    #[serde(default)]
    pub json_mode: bool,
    /// Trained further for one purpose.
    #[serde(default)]
    pub fine_tuned: bool,
}

impl Features {
    pub const fn has(self, feature: Feature) -> bool {
        match feature {
            Feature::FunctionCalling => self.function_calling,
            Feature::Vision => self.vision,
            Feature::Streaming => self.streaming,
            Feature::Json => self.json_mode,
            Feature::FineTuned => self.fine_tuned,
        }
    }

    /// The features that are there, by the names that pages show.
    pub fn names(self) -> Vec<&'static str> {
        Feature::ALL.iter().filter(|f| self.has(**f)).map(|f| f.title()).collect()
    }
}

/// Where a service runs (M-220).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Geographic {
    /// ISO 3166 alpha-2.
    pub country: String,
    pub region: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(default)]
    pub data_centers: Vec<String>,
}

/// A stretch of time, as the provider wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    pub start: String,
    pub end: String,
}

/// When a service answers (M-223).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Availability {
    pub schedule: Schedule,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_hours: Vec<Window>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance_windows: Vec<Window>,
}

impl Default for Availability {
    fn default() -> Self {
        Self {
            schedule: Schedule::Always,
            timezone: None,
            custom_hours: Vec::new(),
            maintenance_windows: Vec::new(),
        }
    }
}

/// A bulk price: from so many tokens a month, 1,000 cost so much (M-211).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTier {
    pub tokens: u64,
    pub price: Usd,
}

/// How an offering may be tried before its plan's fee is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Days without the monthly fee.
    pub days: u32,
    /// What the trial leaves out, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub limits: String,
}

/// Everything about an offering that nothing filters on in SQL; the catalogue keeps it in memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// One line for cards.
    pub tagline: String,
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_model: Option<String>,
    pub context_window: u64,
    pub max_output_tokens: u64,
    #[serde(default)]
    pub features: Features,
    #[serde(default)]
    pub api_compatibility: Vec<String>,
    #[serde(default)]
    pub geographic: Geographic,
    #[serde(default)]
    pub compliance: Vec<String>,
    #[serde(default)]
    pub availability: Availability,
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pricing_tiers: Vec<PriceTier>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
    #[serde(default)]
    pub promises: Promises,
    /// Where the provider explains the service, as an `https` address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documentation_url: Option<String>,
    #[serde(default)]
    pub maintenance: bool,
    #[serde(default)]
    pub deprecated: bool,
}

/// What a plan allows; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_day: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
}

/// One way to buy an offering, with the prices in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub id: PlanId,
    pub slug: String,
    pub name: String,
    pub description: String,
    /// Due each month from the wallet; zero is pay per use.
    pub monthly_fee: Usd,
    pub limits: Limits,
    pub price: Price,
    pub price_version: PriceVersionId,
    pub effective_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for family in ModelFamily::ALL {
            assert_eq!(family.as_str().parse(), Ok(*family));
        }
        assert!("GPT".parse::<ModelFamily>().is_err());
    }

    #[test]
    fn a_backend_is_tagged() {
        let text = r#"{"kind":"upstream","url":"https://a.example/v1","model":"m"}"#;
        let backend: Backend = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&backend).unwrap(), text);
    }
}

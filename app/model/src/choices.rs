//! What can narrow the catalogue: one choice is one value of one filter, as an address carries it.

use crate::{ModelFamily, Usd};

crate::offerings::words! {
    /// A filter of the catalogue. Within one, choices widen; between two, they narrow.
    Facet {
        Category = "category",
        Family = "family",
        Price = "price",
        MinPrice = "min_price",
        MaxPrice = "max_price",
        Free = "free",
        Context = "context",
        MinContext = "min_context",
        MaxContext = "max_context",
        Feature = "feature",
        Region = "region",
        Uptime = "uptime",
        Latency = "latency",
        Throughput = "throughput",
        Schedule = "availability",
        Now = "now",
        Compliance = "compliance",
        Rating = "rating",
        Verified = "verified",
        Provider = "provider",
    }

    /// What a service can do, as a filter says it.
    Feature {
        FunctionCalling = "function-calling",
        Vision = "vision",
        Streaming = "streaming",
        Json = "json",
        FineTuned = "fine-tuned",
    }

    /// A step of prices, in US dollars per 1,000 tokens.
    PriceBand {
        /// Less than a cent.
        Low = "lt-0.01",
        /// From one to ten cents.
        Middle = "0.01-0.10",
        /// More than ten cents.
        High = "gt-0.10",
    }

    /// A step of context windows, in tokens; 8K is 8,192 and so on.
    ContextBand {
        Short = "lt-8k",
        Medium = "8k-32k",
        Long = "32k-128k",
        Longest = "gt-128k",
    }

    /// When a service answers, as its provider says.
    Schedule {
        Always = "24/7",
        BusinessHours = "business_hours",
        Custom = "custom",
    }
}

impl Facet {
    /// The name of its parameter in an address. Being open now is asked for among the schedules.
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Now => Self::Schedule.as_str(),
            other => other.as_str(),
        }
    }

    /// Whether two choices of it are both demanded, rather than either.
    pub const fn demands_all(self) -> bool {
        matches!(self, Self::Feature | Self::Compliance)
    }

    /// Whether a second choice replaces the first.
    pub const fn is_single(self) -> bool {
        matches!(
            self,
            Self::MinPrice
                | Self::MaxPrice
                | Self::Free
                | Self::MinContext
                | Self::MaxContext
                | Self::Uptime
                | Self::Latency
                | Self::Throughput
                | Self::Now
                | Self::Rating
                | Self::Verified
        )
    }
}

impl PriceBand {
    pub const fn of(price: Usd) -> Self {
        match price.micros() {
            ..10_000 => Self::Low,
            10_000..=100_000 => Self::Middle,
            _ => Self::High,
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Low => "Under $0.01",
            Self::Middle => "$0.01 – $0.10",
            Self::High => "Over $0.10",
        }
    }
}

impl ContextBand {
    pub const fn of(tokens: u64) -> Self {
        match tokens {
            ..8_000 => Self::Short,
            8_000..=32_768 => Self::Medium,
            32_769..=131_072 => Self::Long,
            _ => Self::Longest,
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Short => "Under 8K",
            Self::Medium => "8K – 32K",
            Self::Long => "32K – 128K",
            Self::Longest => "Over 128K",
        }
    }
}

impl Feature {
    pub const fn title(self) -> &'static str {
        match self {
            Self::FunctionCalling => "Function calling",
            Self::Vision => "Vision",
            Self::Streaming => "Streaming",
            Self::Json => "JSON mode",
            Self::FineTuned => "Custom fine-tuned",
        }
    }
}

impl Schedule {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Always => "24/7",
            Self::BusinessHours => "Business hours",
            Self::Custom => "Own hours",
        }
    }
}

/// One value of one filter. Its order is the order in addresses and in the panel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// The slug of a category.
    Category(String),
    Family(ModelFamily),
    Price(PriceBand),
    /// US dollars per 1,000 tokens.
    MinPrice(Usd),
    /// US dollars per 1,000 tokens.
    MaxPrice(Usd),
    /// A plan that charges nothing, or a trial.
    Free,
    Context(ContextBand),
    /// Tokens.
    MinContext(u64),
    /// Tokens.
    MaxContext(u64),
    Feature(Feature),
    /// The slug of a region.
    Region(String),
    /// Measured over 30 days, in thousandths of a percent, at least.
    Uptime(u32),
    /// Milliseconds to the first token for 95 of 100 calls, at most.
    Latency(u32),
    /// Tokens per second, at least.
    Throughput(u32),
    Schedule(Schedule),
    /// Open at this moment.
    Now,
    /// In lower case, as in `gdpr`.
    Compliance(String),
    /// Stars, at least.
    Rating(u8),
    /// The provider was checked by the operator.
    Verified,
    /// The slug of a provider.
    Provider(String),
}

/// Why a choice was left out, as a sentence.
pub(crate) type Wrong = &'static str;

/// A short text as a slug: what values that come from listings are named by in addresses.
pub fn slug_of(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.chars().take(80) {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// A decimal number with at most `places` decimals as a whole number of the last place. Accepts `$`, `%` and a comma.
fn decimal(text: &str, places: u32) -> Option<u64> {
    let text = text.trim().trim_start_matches('$').trim_end_matches('%').trim().replace(',', ".");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole)
        || !digits(fraction)
        || whole.len() > 9
        || (whole.is_empty() && fraction.is_empty())
    {
        return None;
    }
    let scale = 10_u64.checked_pow(places)?;
    let kept: String = fraction.chars().take(usize::try_from(places).ok()?).collect();
    let fraction: u64 = format!("0{kept:0<width$}", width = places as usize).parse().ok()?;
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    whole.checked_mul(scale)?.checked_add(fraction)
}

/// A decimal number of so many places without trailing zeros.
fn undecimal(value: u64, places: u32) -> String {
    let scale = 10_u64.pow(places);
    let text = format!("{}.{:0width$}", value / scale, value % scale, width = places as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number of tokens, as in `32000` or `32K`.
fn tokens(text: &str) -> Option<u64> {
    let text = text.trim().to_lowercase().replace([',', '_'], "");
    let (digits, unit) = match text.strip_suffix('k') {
        Some(digits) => (digits, 1_000),
        None => text.strip_suffix('m').map_or((text.as_str(), 1), |digits| (digits, 1_000_000)),
    };
    let digits = digits.trim();
    if digits.is_empty() || digits.len() > 12 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(unit).filter(|n| *n <= 1_000_000_000_000)
}

fn price(text: &str) -> Result<Usd, Wrong> {
    decimal(text, 6)
        .filter(|micros| *micros <= 1_000_000_000)
        .and_then(|micros| i64::try_from(micros).ok())
        .map(Usd::from_micros)
        .ok_or("A price that is no number of dollars was left out")
}

fn slug(value: &str, wrong: Wrong) -> Result<String, Wrong> {
    let slug = slug_of(value);
    if slug.is_empty() { Err(wrong) } else { Ok(slug) }
}

/// A box that is ticked or not.
fn flag(value: &str) -> Option<bool> {
    match value.to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

impl Choice {
    /// Reads one parameter: none when it is no filter's name or asks for nothing.
    pub(crate) fn read(name: &str, value: &str) -> Option<Result<Self, Wrong>> {
        const PERFORMANCE: Wrong =
            "An uptime, latency or throughput that is no number was left out";
        const TOKENS: Wrong = "A context window that is no number of tokens was left out";
        let small = |most: u32| {
            let read = decimal(value, 0).and_then(|n| u32::try_from(n).ok());
            read.filter(|n| (1..=most).contains(n))
        };
        Some(match name {
            "category" => slug(value, "An unknown category was left out").map(Self::Category),
            "family" => value
                .to_lowercase()
                .parse()
                .map(Self::Family)
                .map_err(|_| "An unknown model family was left out"),
            "price" => value
                .to_lowercase()
                .parse()
                .map(Self::Price)
                .map_err(|_| "An unknown price range was left out"),
            "min_price" => price(value).map(Self::MinPrice),
            "max_price" => price(value).map(Self::MaxPrice),
            "free" => match flag(value) {
                Some(true) => Ok(Self::Free),
                Some(false) => return None,
                None => Err("An unknown filter value was left out"),
            },
            "context" => value
                .to_lowercase()
                .parse()
                .map(Self::Context)
                .map_err(|_| "An unknown context range was left out"),
            "min_context" => tokens(value).map(Self::MinContext).ok_or(TOKENS),
            "max_context" => tokens(value).map(Self::MaxContext).ok_or(TOKENS),
            "feature" => feature(value).map(Self::Feature).ok_or("An unknown feature was left out"),
            "region" => slug(value, "An unknown region was left out").map(Self::Region),
            "uptime" => decimal(value, 3)
                .and_then(|n| u32::try_from(n).ok())
                .filter(|n| (1..=100_000).contains(n))
                .map(Self::Uptime)
                .ok_or(PERFORMANCE),
            "latency" => small(3_600_000).map(Self::Latency).ok_or(PERFORMANCE),
            "throughput" => small(1_000_000).map(Self::Throughput).ok_or(PERFORMANCE),
            "availability" => match value.to_lowercase().replace('-', "_").as_str() {
                "now" => Ok(Self::Now),
                "24_7" | "24/7" | "247" => Ok(Self::Schedule(Schedule::Always)),
                other => other
                    .parse()
                    .map(Self::Schedule)
                    .map_err(|_| "An unknown availability was left out"),
            },
            "compliance" => {
                slug(value, "An unknown certificate was left out").map(Self::Compliance)
            }
            "rating" => match small(5) {
                Some(stars) => Ok(Self::Rating(u8::try_from(stars).unwrap_or(5))),
                None => Err("A rating that is no number of stars was left out"),
            },
            "verified" => match flag(value) {
                Some(true) => Ok(Self::Verified),
                Some(false) => return None,
                None => Err("An unknown filter value was left out"),
            },
            "provider" => slug(value, "An unknown provider was left out").map(Self::Provider),
            _ => return None,
        })
    }

    /// The filter that it is a value of.
    pub const fn facet(&self) -> Facet {
        match self {
            Self::Category(_) => Facet::Category,
            Self::Family(_) => Facet::Family,
            Self::Price(_) => Facet::Price,
            Self::MinPrice(_) => Facet::MinPrice,
            Self::MaxPrice(_) => Facet::MaxPrice,
            Self::Free => Facet::Free,
            Self::Context(_) => Facet::Context,
            Self::MinContext(_) => Facet::MinContext,
            Self::MaxContext(_) => Facet::MaxContext,
            Self::Feature(_) => Facet::Feature,
            Self::Region(_) => Facet::Region,
            Self::Uptime(_) => Facet::Uptime,
            Self::Latency(_) => Facet::Latency,
            Self::Throughput(_) => Facet::Throughput,
            Self::Schedule(_) => Facet::Schedule,
            Self::Now => Facet::Now,
            Self::Compliance(_) => Facet::Compliance,
            Self::Rating(_) => Facet::Rating,
            Self::Verified => Facet::Verified,
            Self::Provider(_) => Facet::Provider,
        }
    }

    /// Its value as an address carries it.
    pub fn value(&self) -> String {
        match self {
            Self::Category(slug)
            | Self::Region(slug)
            | Self::Compliance(slug)
            | Self::Provider(slug) => slug.clone(),
            Self::Family(family) => family.as_str().to_owned(),
            Self::Price(band) => band.as_str().to_owned(),
            Self::MinPrice(price) | Self::MaxPrice(price) => {
                undecimal(price.micros().unsigned_abs(), 6)
            }
            Self::Free | Self::Verified => "1".to_owned(),
            Self::Context(band) => band.as_str().to_owned(),
            Self::MinContext(tokens) | Self::MaxContext(tokens) => tokens.to_string(),
            Self::Feature(feature) => feature.as_str().to_owned(),
            Self::Uptime(thousandths) => undecimal((*thousandths).into(), 3),
            Self::Latency(n) | Self::Throughput(n) => n.to_string(),
            Self::Schedule(schedule) => schedule.as_str().to_owned(),
            Self::Now => "now".to_owned(),
            Self::Rating(stars) => stars.to_string(),
        }
    }
}

fn feature(value: &str) -> Option<Feature> {
    let folded = value.to_lowercase().replace(['_', ' '], "-");
    match folded.as_str() {
        "functioncalling" | "tools" => Some(Feature::FunctionCalling),
        "jsonmode" | "json-mode" => Some(Feature::Json),
        "finetuned" => Some(Feature::FineTuned),
        other => other.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for text in ["0.0025", "$0.0025", "0,0025", ".0025"] {
            assert_eq!(price(text), Ok(Usd::from_micros(2_500)), "{text}");
        }
        for text in ["", "-1", "1e3", "NaN", "0.1.2", "999999999999"] {
            assert!(price(text).is_err(), "{text}");
        }
        assert_eq!(
            (tokens("32K"), tokens("128000"), tokens("x")),
            (Some(32_000), Some(128_000), None)
        );
        assert_eq!(undecimal(99_900, 3), "99.9");
    }

    #[test]
    fn what_is_read_is_what_is_written() {
        for (name, value) in [
            ("category", "agents"),
            ("family", "gpt"),
            ("price", "0.01-0.10"),
            ("min_price", "0.0025"),
            ("free", "1"),
            ("context", "gt-128k"),
            ("min_context", "32000"),
            ("feature", "function-calling"),
            ("region", "asia-pacific"),
            ("uptime", "99.9"),
            ("latency", "500"),
            ("throughput", "50"),
            ("availability", "24/7"),
            ("availability", "now"),
            ("compliance", "gdpr"),
            ("rating", "4"),
            ("verified", "1"),
            ("provider", "deskwerk"),
        ] {
            let choice = Choice::read(name, value).unwrap().unwrap();
            assert_eq!((choice.facet().parameter(), choice.value().as_str()), (name, value));
        }
        assert_eq!(
            Choice::read("feature", "functionCalling"),
            Some(Ok(Choice::Feature(Feature::FunctionCalling)))
        );
        assert_eq!(Choice::read("free", "0"), None);
    }
}

//! What people read for the values of filters.

use std::sync::Arc;

use model::{Choice, Schedule};

use super::Catalog;

impl Catalog {
    /// What people read for a value of a filter.
    pub fn title_of(&self, choice: &Choice) -> Arc<str> {
        match choice {
            Choice::Category(slug) => self
                .categories
                .iter()
                .find(|c| c.slug == *slug)
                .map_or(slug.as_str(), |c| &c.title)
                .into(),
            Choice::Family(family) => family.title().into(),
            Choice::Price(band) => band.title().into(),
            Choice::MinPrice(price) => format!("From {price} / 1K").into(),
            Choice::MaxPrice(price) => format!("Up to {price} / 1K").into(),
            Choice::Free => "Free tier or trial".into(),
            Choice::Context(band) => band.title().into(),
            Choice::MinContext(tokens) => format!("Context from {tokens} tokens").into(),
            Choice::MaxContext(tokens) => format!("Context up to {tokens} tokens").into(),
            Choice::Feature(feature) => feature.title().into(),
            Choice::Region(slug) => {
                self.regions.get(slug).cloned().unwrap_or_else(|| slug.as_str().into())
            }
            Choice::Uptime(_) => format!("Uptime over {} %", choice.value()).into(),
            Choice::Latency(ms) if *ms >= 1_000 && ms % 1_000 == 0 => {
                format!("First token under {} s", ms / 1_000).into()
            }
            Choice::Latency(ms) => format!("First token under {ms} ms").into(),
            Choice::Throughput(tps) => format!("Over {tps} tokens/s").into(),
            Choice::Schedule(Schedule::BusinessHours) => "Business hours only".into(),
            Choice::Schedule(schedule) => schedule.title().into(),
            Choice::Now => "Open now".into(),
            Choice::Compliance(slug) => {
                self.certificates.get(slug).cloned().unwrap_or_else(|| slug.to_uppercase().into())
            }
            Choice::Rating(stars) => format!("{stars} stars and up").into(),
            Choice::Verified => "Verified provider".into(),
            Choice::Provider(slug) => {
                self.providers.get(slug).map_or(slug.as_str(), |p| &p.name).into()
            }
        }
    }
}

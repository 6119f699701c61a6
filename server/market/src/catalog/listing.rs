//! One offering as the catalogue keeps it, and what it can be found by.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use model::{
    Backend, BuiltIn, Choice, ContextBand, Feature, Limits, OfferingId, OfferingState, PlanId,
    PlanView, Price, PriceBand, PriceVersionId, ProviderId, ProviderView, Service, ServiceDetail,
    ServiceMetrics, ServiceStatus, Sort, Usd, slug_of,
};
use store::{
    catalog::{Offering, Plan, PriceVersion},
    figures::{Quality, Use},
};

use super::{
    columns::Row,
    hours::Hours,
    words::{Field, Tokens, words_of},
};
use crate::Settings;

/// The steps of uptime that the filters offer, in thousandths of a percent.
const UPTIMES: [u32; 2] = [99_000, 99_900];
/// The steps of latency that the filters offer, in milliseconds.
const LATENCIES: [u32; 3] = [100, 500, 1_000];
/// The steps of throughput that the filters offer, in tokens per second.
const THROUGHPUTS: [u32; 2] = [50, 100];
/// The steps of rating that the filters offer.
const RATINGS: [u8; 2] = [4, 3];

/// An offering with what only the house sees of it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub detail: Arc<ServiceDetail>,
    pub backend: Backend,
    /// On sale; a paused one answers those who have it and is shown to nobody.
    pub active: bool,
    /// Plans that cannot be bought any more.
    pub archived: Box<[PlanView]>,
    /// The name folded to lower case: what ties are ordered by.
    pub name: String,
    pub(super) weekly_requests: u64,
    /// None when it is always open.
    pub(super) hours: Option<Box<Hours>>,
}

/// What is measured of an offering and said about it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Figures {
    pub used: Use,
    pub quality: Quality,
    /// The number of reviews and the sum of their stars.
    pub stars: (u64, u64),
}

impl Figures {
    #[expect(clippy::cast_precision_loss, reason = "counts of reviews are far below 2^52")]
    fn rating(&self) -> Option<f64> {
        (self.stars.0 > 0).then(|| self.stars.1 as f64 / self.stars.0 as f64)
    }

    fn metrics(&self) -> ServiceMetrics {
        crate::quality::metrics(&self.quality)
    }
}

/// Keeps equal values once: a hundred thousand listings name a few dozen places and certificates.
#[derive(Debug, Default)]
pub(super) struct Shared {
    places: HashSet<Arc<model::Geographic>>,
    hours: HashSet<Arc<model::Availability>>,
    lists: HashSet<Arc<[String]>>,
    words: HashSet<Arc<str>>,
    pub providers: HashMap<ProviderId, Arc<ProviderView>>,
    pub categories: HashMap<model::CategoryId, Arc<str>>,
}

fn once<T: ?Sized + Hash + Eq, V: Into<Arc<T>>>(known: &mut HashSet<Arc<T>>, value: V) -> Arc<T> {
    let value = value.into();
    if let Some(found) = known.get(&value) {
        return Arc::clone(found);
    }
    known.insert(Arc::clone(&value));
    value
}

/// Everything read of one offering.
pub(super) struct Parts {
    pub offering: Offering,
    pub plans: Priced,
    pub figures: Figures,
}

/// The plans of an offering with the prices in force.
#[derive(Debug, Default)]
pub(super) struct Priced {
    /// Those that can be bought.
    open: Vec<PlanView>,
    /// Those that were taken off the shelf: who is on one stays on it.
    archived: Vec<PlanView>,
}

/// The plans of each offering.
pub(super) fn priced(plans: Vec<Plan>, prices: &[PriceVersion]) -> HashMap<OfferingId, Priced> {
    let prices: HashMap<PlanId, (PriceVersionId, Price)> =
        prices.iter().map(|v| (v.plan, (v.id, v.price))).collect();
    let mut found: HashMap<OfferingId, Priced> = HashMap::new();
    for plan in plans {
        if let Some((price_version, price)) = prices.get(&plan.id).copied() {
            let of = found.entry(plan.offering).or_default();
            let list = if plan.archived { &mut of.archived } else { &mut of.open };
            list.push(plan_view(plan, price, price_version));
        }
    }
    found
}

fn plan_view(plan: Plan, price: Price, price_version: PriceVersionId) -> PlanView {
    let limits: Limits = plan.limits;
    PlanView {
        id: plan.id,
        slug: plan.slug,
        name: plan.name,
        description: plan.description,
        monthly_fee: plan.monthly_fee,
        limits,
        price,
        price_version,
    }
}

/// Puts an offering together; none when its provider, category or plans are missing.
pub(super) fn list(parts: Parts, shared: &mut Shared, settings: &Settings) -> Option<Listed> {
    let Parts { offering, plans: Priced { open: mut plans, archived }, figures } = parts;
    let provider = shared.providers.get(&offering.provider).cloned()?;
    let category = shared.categories.get(&offering.category).cloned()?;
    plans.shrink_to_fit();
    let least = |plans: &[PlanView]| {
        plans.iter().min_by_key(|p| (p.price.blended_per_1k(), p.monthly_fee)).map(|p| p.price)
    };
    let price = least(&plans).or_else(|| least(&archived))?;
    let can_be_bought = !plans.is_empty();
    let spec = offering.spec;
    let status = if spec.maintenance {
        ServiceStatus::Maintenance
    } else if spec.deprecated {
        ServiceStatus::Deprecated
    } else {
        ServiceStatus::Active
    };
    let hours = Hours::read(&spec.availability).map(Box::new);
    let service = Service {
        id: offering.id,
        slug: offering.slug,
        name: offering.name.clone(),
        tagline: spec.tagline,
        description: spec.description,
        category,
        model_family: offering.family,
        base_model: spec.base_model.map(|name| once(&mut shared.words, name)),
        price_per_1k_tokens: price.blended_per_1k(),
        prompt_price_per_1k_tokens: Usd::from_micros(price.prompt / 1_000),
        completion_price_per_1k_tokens: Usd::from_micros(price.completion / 1_000),
        monthly_fee: plans.iter().map(|p| p.monthly_fee).min().unwrap_or_default(),
        pricing_tiers: spec.pricing_tiers,
        trial_tokens: None,
        trial: spec.trial.map(Box::new),
        provider_id: provider.id,
        provider_name: once(&mut shared.words, provider.name.as_str()),
        provider_verified: provider.verified_at.is_some(),
        context_window: spec.context_window,
        max_output_tokens: spec.max_output_tokens,
        features: spec.features,
        api_compatibility: once(&mut shared.lists, spec.api_compatibility),
        geographic: once(&mut shared.places, spec.geographic),
        compliance: once(&mut shared.lists, spec.compliance),
        metrics: figures.metrics(),
        availability: once(&mut shared.hours, spec.availability),
        rating: figures.rating(),
        review_count: figures.stars.0,
        usage_stats: figures.used.stats,
        status,
        created_at: offering.created_at,
        updated_at: offering.updated_at,
    };
    let built_in = match &offering.backend {
        Backend::BuiltIn { answerer: BuiltIn::Echo, .. } => Some(
            "This sample is answered by the built-in echo: it says back what it is told and is not a language model.",
        ),
        Backend::BuiltIn { answerer: BuiltIn::Extractive, .. } => Some(
            "This sample is answered by the built-in extractive answerer: it quotes a text that comes with it and is not a language model.",
        ),
        Backend::Upstream { .. } | Backend::Manual => None,
    };
    let detail = ServiceDetail {
        service,
        provider,
        plans,
        capabilities: spec.capabilities,
        built_in: built_in.map(|text| once(&mut shared.words, text)),
        callable: offering.backend != Backend::Manual,
        promises: spec.promises,
        documentation_url: spec.documentation_url.filter(|url| url.starts_with("https://")),
        trial_credits: settings.trial_credits,
    };
    Some(Listed {
        name: offering.name.to_lowercase(),
        detail: Arc::new(detail),
        backend: offering.backend,
        active: offering.state == OfferingState::Active && can_be_bought,
        archived: archived.into_boxed_slice(),
        weekly_requests: figures.used.weekly_requests,
        hours,
    })
}

impl Listed {
    /// A plan that can be bought, or that is still had.
    pub fn plan(&self, id: PlanId) -> Option<&PlanView> {
        self.detail.plans.iter().chain(&self.archived).find(|plan| plan.id == id)
    }

    /// The same offering with newer figures; none when nothing is different.
    pub(super) fn with_figures(&self, figures: &Figures) -> Option<Self> {
        let service = &self.detail.service;
        let same = self.weekly_requests == figures.used.weekly_requests
            && service.usage_stats == figures.used.stats
            && service.metrics == figures.metrics()
            && service.rating == figures.rating()
            && service.review_count == figures.stars.0;
        if same {
            return None;
        }
        let mut detail = ServiceDetail::clone(&self.detail);
        detail.service.usage_stats = figures.used.stats;
        detail.service.metrics = figures.metrics();
        detail.service.rating = figures.rating();
        detail.service.review_count = figures.stars.0;
        Some(Self {
            detail: Arc::new(detail),
            weekly_requests: figures.used.weekly_requests,
            ..self.clone()
        })
    }

    /// Whether its price can be compared per token; a flat fee for everything cannot.
    pub(super) fn is_priced(&self) -> bool {
        let service = &self.detail.service;
        service.price_per_1k_tokens > Usd::ZERO || service.monthly_fee == Usd::ZERO
    }

    /// What it is found by: every value of every filter with a list of values, but for being open now.
    pub(super) fn choices(&self) -> Vec<Choice> {
        let service = &self.detail.service;
        let mut found = vec![
            Choice::Category(service.category.as_ref().to_owned()),
            Choice::Family(service.model_family),
            Choice::Schedule(service.availability.schedule),
        ];
        if self.is_priced() {
            found.push(Choice::Price(PriceBand::of(service.price_per_1k_tokens)));
        }
        let charges_nothing = |plan: &PlanView| {
            let price = plan.price;
            plan.monthly_fee == Usd::ZERO
                && price.prompt == 0
                && price.completion == 0
                && price.request == 0
        };
        if service.trial.is_some() || self.detail.plans.iter().any(charges_nothing) {
            found.push(Choice::Free);
        }
        if service.context_window > 0 {
            found.push(Choice::Context(ContextBand::of(service.context_window)));
        }
        found.extend(
            Feature::ALL.iter().filter(|f| service.features.has(**f)).map(|f| Choice::Feature(*f)),
        );
        let region = slug_of(&service.geographic.region);
        if !region.is_empty() {
            found.push(Choice::Region(region));
        }
        found.extend(
            service
                .compliance
                .iter()
                .map(|name| slug_of(name))
                .filter(|s| !s.is_empty())
                .map(Choice::Compliance),
        );
        if service.provider_verified {
            found.push(Choice::Verified);
        }
        let figures = Row::of(self);
        found.extend(UPTIMES.iter().filter(|n| figures.uptime >= **n).map(|n| Choice::Uptime(*n)));
        found.extend(
            LATENCIES.iter().filter(|n| figures.latency <= **n).map(|n| Choice::Latency(*n)),
        );
        found.extend(
            THROUGHPUTS
                .iter()
                .filter(|n| figures.throughput >= **n)
                .map(|n| Choice::Throughput(*n)),
        );
        let stars = |n: &&u8| figures.rating >= u16::from(**n) * 100;
        found.extend(RATINGS.iter().filter(stars).map(|n| Choice::Rating(*n)));
        found
    }

    /// The words it is found by.
    pub(super) fn tokens(&self) -> Tokens {
        let service = &self.detail.service;
        let mut tokens = Tokens::new();
        let mut put = |text: &str, field: Field, most: usize| {
            for word in words_of(text).take(most) {
                let best = tokens.entry(word).or_insert(field);
                *best = field.min(*best);
            }
        };
        put(&service.name, Field::FirstOfName, 1);
        put(&service.name, Field::Name, 40);
        put(&service.slug, Field::Name, 40);
        put(service.model_family.title(), Field::Maker, 4);
        put(service.base_model.as_deref().unwrap_or_default(), Field::Maker, 20);
        put(&service.provider_name, Field::Maker, 20);
        put(&service.tagline, Field::Tagline, 60);
        put(&service.description, Field::Description, 300);
        tokens
    }

    /// What it is ordered by: things without a value last, then the value, then the name.
    pub(super) fn sort_key(&self, sort: Sort) -> (bool, i64, i64) {
        let service = &self.detail.service;
        let falling = |value: u64| -i64::try_from(value).unwrap_or(i64::MAX);
        let figures = Row::of(self);
        match sort {
            Sort::Popularity => (self.weekly_requests == 0, falling(self.weekly_requests), 0),
            Sort::Price => (
                !self.is_priced(),
                service.price_per_1k_tokens.micros(),
                service.monthly_fee.micros(),
            ),
            Sort::PriceDown => (
                !self.is_priced(),
                -service.price_per_1k_tokens.micros(),
                -service.monthly_fee.micros(),
            ),
            Sort::Rating => {
                (figures.rating == 0, -i64::from(figures.rating), falling(service.review_count))
            }
            Sort::Newest => (false, -service.created_at.ms(), 0),
            Sort::Latency => (figures.latency == u32::MAX, i64::from(figures.latency), 0),
            Sort::Uptime => (figures.uptime == 0, -i64::from(figures.uptime), 0),
            Sort::Context => (service.context_window == 0, falling(service.context_window), 0),
        }
    }
}

/// The values that every filter offers, whether a service has them or not.
pub(super) fn standing_choices() -> impl Iterator<Item = Choice> {
    let families = model::ModelFamily::ALL.iter().map(|v| Choice::Family(*v));
    let prices = PriceBand::ALL.iter().map(|v| Choice::Price(*v));
    let contexts = ContextBand::ALL.iter().map(|v| Choice::Context(*v));
    let features = Feature::ALL.iter().map(|v| Choice::Feature(*v));
    let schedules = [model::Schedule::Always, model::Schedule::BusinessHours].map(Choice::Schedule);
    families
        .chain(prices)
        .chain([Choice::Free])
        .chain(contexts)
        .chain(features)
        .chain(UPTIMES.map(Choice::Uptime))
        .chain(LATENCIES.map(Choice::Latency))
        .chain(THROUGHPUTS.map(Choice::Throughput))
        .chain(schedules)
        .chain([Choice::Now])
        .chain(RATINGS.map(Choice::Rating))
        .chain([Choice::Verified])
}

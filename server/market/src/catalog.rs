//! The catalogue in memory: everything on sale as one immutable value, made anew when something changes.

mod search;

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use model::{
    Backend, BuiltIn, CategoryView, FamilyCount, Limits, ModelFamily, OfferingId, OfferingState,
    PlanId, PlanView, Price, PriceVersionId, ProviderId, ProviderView, Service, ServiceDetail,
    ServiceMetrics, Usd,
};
use store::catalog::{Offering, Plan, PriceVersion};

use crate::{Core, Result, Settings};

pub use search::Facets;

static EDITIONS: AtomicU64 = AtomicU64::new(1);

/// What is on sale at one moment.
#[derive(Debug)]
pub struct Catalog {
    /// The counter of changes that it was read at.
    pub version: i64,
    /// Another number for every value that was ever loaded: what pages made of it are cached under.
    pub edition: u64,
    listed: Vec<Listed>,
    by_id: HashMap<OfferingId, usize>,
    by_slug: HashMap<String, usize>,
    categories: Vec<CategoryView>,
    families: Vec<FamilyCount>,
    total: u64,
}

/// An offering with what only the house sees of it.
#[derive(Debug)]
pub(crate) struct Listed {
    pub detail: ServiceDetail,
    pub backend: Backend,
    /// On sale; a paused one answers those who have it and is shown to nobody.
    pub active: bool,
    /// What a search looks through, folded to lower case.
    pub text: String,
    pub name: String,
}

impl Catalog {
    /// Reads the catalogue from the database.
    pub(crate) async fn load(core: &Core, settings: &Settings) -> Result<Self> {
        // The counter comes first: a change during the reading makes the next look read again.
        let mut tx = core.db().snapshot().await?;
        let version = store::versions::read(&mut tx, "catalog").await?;
        let categories = store::catalog::categories(&mut tx).await?;
        let providers = store::catalog::providers(&mut tx).await?;
        let offerings = store::catalog::offerings(&mut tx).await?;
        let plans = store::catalog::plans(&mut tx).await?;
        let prices = store::catalog::prices(&mut tx, core.now()).await?;
        let since = core.now().day().plus(-30).number();
        let used: HashMap<_, _> =
            store::catalog::usage(&mut tx, since).await?.into_iter().collect();
        drop(tx);

        let providers: HashMap<ProviderId, _> = providers.into_iter().map(|p| (p.id, p)).collect();
        let slugs: HashMap<_, _> = categories.iter().map(|c| (c.id, c.slug.clone())).collect();
        let mut plans = priced(plans, &prices);
        let mut listed = Vec::with_capacity(offerings.len());
        for offering in offerings {
            let (Some(provider), Some(category), Some(plans)) = (
                providers.get(&offering.provider),
                slugs.get(&offering.category),
                plans.remove(&offering.id),
            ) else {
                tracing::warn!(offering.id = %offering.id, "an offering without plan or provider is left out");
                continue;
            };
            let used = used.get(&offering.id).copied().unwrap_or_default();
            listed.push(list(offering, provider, category, plans, used, settings));
        }
        Ok(Self::index(version, listed, &categories))
    }

    fn index(version: i64, listed: Vec<Listed>, categories: &[model::Category]) -> Self {
        let by_id = listed.iter().enumerate().map(|(n, l)| (l.detail.service.id, n)).collect();
        let by_slug =
            listed.iter().enumerate().map(|(n, l)| (l.detail.service.slug.clone(), n)).collect();
        let active = || listed.iter().filter(|l| l.active).map(|l| &l.detail.service);
        let count = |has: &dyn Fn(&Service) -> bool| active().filter(|s| has(s)).count() as u64;
        let categories = categories
            .iter()
            .map(|category| CategoryView {
                id: category.id,
                slug: category.slug.clone(),
                title: category.title.clone(),
                description: category.description.clone(),
                count: count(&|service| service.category == category.slug),
            })
            .collect();
        let families = ModelFamily::ALL
            .iter()
            .map(|family| FamilyCount {
                family: *family,
                count: count(&|s| s.model_family == *family),
            })
            .collect();
        let total = count(&|_| true);
        let edition = EDITIONS.fetch_add(1, Ordering::Relaxed);
        Self { version, edition, listed, by_id, by_slug, categories, families, total }
    }

    pub(crate) fn listed(&self, id: OfferingId) -> Option<&Listed> {
        self.by_id.get(&id).and_then(|n| self.listed.get(*n))
    }

    /// A service on sale.
    pub fn detail(&self, id: OfferingId) -> Option<&ServiceDetail> {
        self.listed(id).filter(|listed| listed.active).map(|listed| &listed.detail)
    }

    /// A service on sale by its slug or its id.
    pub fn named(&self, name: &str) -> Option<&ServiceDetail> {
        if let Some(n) = self.by_slug.get(name) {
            return self.listed.get(*n).filter(|l| l.active).map(|l| &l.detail);
        }
        name.parse().ok().and_then(|id| self.detail(id))
    }

    /// The categories in their order, with the number of services on sale in each.
    pub fn categories(&self) -> &[CategoryView] {
        &self.categories
    }

    /// The model families with the number of services on sale of each.
    pub fn families(&self) -> &[FamilyCount] {
        &self.families
    }

    /// How many services are on sale.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Who sells an offering.
    pub(crate) fn payee(&self, offering: OfferingId) -> Option<ProviderId> {
        self.listed(offering).map(|listed| listed.detail.provider.id)
    }
}

/// The plans of each offering with the prices in force.
fn priced(plans: Vec<Plan>, prices: &[PriceVersion]) -> HashMap<OfferingId, Vec<PlanView>> {
    let prices: HashMap<PlanId, (PriceVersionId, Price)> =
        prices.iter().map(|v| (v.plan, (v.id, v.price))).collect();
    let mut found: HashMap<OfferingId, Vec<PlanView>> = HashMap::new();
    for plan in plans {
        if let Some((price_version, price)) = prices.get(&plan.id).copied() {
            found.entry(plan.offering).or_default().push(view(plan, price, price_version));
        }
    }
    found
}

fn view(plan: Plan, price: Price, price_version: PriceVersionId) -> PlanView {
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

fn list(
    offering: Offering,
    provider: &store::catalog::Provider,
    category: &str,
    plans: Vec<PlanView>,
    used: model::UsageStats,
    settings: &Settings,
) -> Listed {
    let spec = offering.spec;
    let cheapest =
        plans.iter().min_by_key(|p| (p.price.blended_per_1k(), p.monthly_fee)).map(|p| p.price);
    let price = cheapest.unwrap_or(Price { prompt: 0, completion: 0, request: 0, credit_price: 1 });
    let status = if spec.maintenance {
        "maintenance"
    } else if spec.deprecated {
        "deprecated"
    } else {
        "active"
    };
    let text = [
        offering.name.as_str(),
        &offering.slug,
        &spec.tagline,
        &spec.description,
        offering.family.as_str(),
        spec.base_model.as_deref().unwrap_or_default(),
        &provider.name,
    ]
    .join("\n")
    .to_lowercase();
    let service = Service {
        id: offering.id,
        slug: offering.slug,
        name: offering.name.clone(),
        tagline: spec.tagline,
        description: spec.description,
        category: category.to_owned(),
        model_family: offering.family,
        base_model: spec.base_model,
        price_per_1k_tokens: price.blended_per_1k(),
        prompt_price_per_1k_tokens: Usd::from_micros(price.prompt / 1_000),
        completion_price_per_1k_tokens: Usd::from_micros(price.completion / 1_000),
        monthly_fee: plans.iter().map(|p| p.monthly_fee).min().unwrap_or_default(),
        pricing_tiers: spec.pricing_tiers,
        trial_tokens: None,
        trial: spec.trial,
        provider_id: provider.id,
        provider_name: provider.name.clone(),
        provider_verified: provider.verified_at.is_some(),
        context_window: spec.context_window,
        max_output_tokens: spec.max_output_tokens,
        features: spec.features,
        api_compatibility: spec.api_compatibility,
        geographic: spec.geographic,
        compliance: spec.compliance,
        metrics: ServiceMetrics::default(),
        availability: spec.availability,
        rating: None,
        review_count: 0,
        usage_stats: used,
        status: status.to_owned(),
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
        provider: ProviderView {
            id: provider.id,
            name: provider.name.clone(),
            country: provider.country.clone(),
            description: provider.description.clone(),
            verified_at: provider.verified_at,
        },
        plans,
        capabilities: spec.capabilities,
        built_in: built_in.map(str::to_owned),
        callable: offering.backend != Backend::Manual,
        trial_credits: settings.trial_credits,
    };
    Listed {
        name: offering.name.to_lowercase(),
        detail,
        backend: offering.backend,
        active: offering.state == OfferingState::Active,
        text,
    }
}

//! What benchmarks are run against: an offering with an upstream of the caller's, and a large catalogue.

use model::{
    Availability, Backend, BuiltIn, Category, CategoryId, Credits, Email, EntryId, EntryKind,
    Features, Geographic, Limits, ModelFamily, OfferingId, OfferingState, Promises, ProviderId,
    Role, Schedule, SecretKey, Spec, Trial, Usd,
};
use store::catalog::{Offering, Provider};

use crate::{
    Command, Error, Market, Result, Subscribe,
    samples::{SamplePlan, insert_provider},
};

/// The credits that benchmarks are given.
const BENCH_CREDITS: Credits = Credits::from_micros(1_000_000_000_000);

/// An offering made for measuring, and a key for it.
#[derive(Debug, Clone)]
pub struct BenchUpstream {
    pub model: String,
    pub api_key: SecretKey,
}

/// How many offerings are added in one transaction.
const BATCH: usize = 2_000;

/// A small generator of foreseeable numbers (splitmix64): the same catalogue on every machine.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T], usual: &'a T) -> &'a T {
        let n = self.below(of.len() as u64);
        usize::try_from(n).ok().and_then(|n| of.get(n)).copied().unwrap_or(usual)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

const TASKS: [&str; 24] = [
    "support",
    "translation",
    "summaries",
    "code review",
    "contracts",
    "invoices",
    "onboarding",
    "sales",
    "research",
    "scheduling",
    "transcription",
    "moderation",
    "recruiting",
    "reporting",
    "forecasting",
    "medicine",
    "travel",
    "tutoring",
    "insurance",
    "logistics",
    "accounting",
    "marketing",
    "security",
    "search",
];
const MANNERS: [&str; 12] = [
    "Swift", "Careful", "Nordic", "Plain", "Bright", "Steady", "Quiet", "Sharp", "Open", "Prime",
    "Local", "Deep",
];
const KINDS: [&str; 8] =
    ["Agent", "Assistant", "Desk", "Pilot", "Bot", "Studio", "Engine", "Helper"];
const PLACES: [(&str, &str, &str); 10] = [
    ("DE", "Europe", "Frankfurt"),
    ("IE", "Europe", "Dublin"),
    ("NO", "Europe", "Oslo"),
    ("GB", "Europe", "London"),
    ("US", "North America", "Phoenix"),
    ("CA", "North America", "Montreal"),
    ("IN", "Asia Pacific", "Mumbai"),
    ("JP", "Asia Pacific", "Tokyo"),
    ("BR", "South America", "São Paulo"),
    ("AU", "Oceania", "Sydney"),
];

fn generated_spec(draw: &mut Draw, task: &str, name: &str) -> Spec {
    let place = *draw.one(&PLACES.each_ref(), &PLACES[0]);
    let other = draw.one(&TASKS, "support");
    let contexts = [4_096, 8_192, 16_384, 32_768, 128_000, 200_000, 1_000_000];
    let context_window = *draw.one(&contexts.each_ref(), &8_192);
    let certificates = ["GDPR", "SOC2", "HIPAA", "ISO27001"];
    Spec {
        tagline: format!("Does {task} for teams that also care about {other}."),
        description: format!(
            "{name} takes over {task}: it reads what comes in, answers what it can and hands on what it cannot. It was set up \
             for {other} first and has been used for {task} since. Answers are short and say where they come from. Made for \
             measuring this marketplace; it says back what it is told."
        ),
        base_model: Some(format!("Model {}", draw.below(40))),
        context_window,
        max_output_tokens: 4_096,
        features: Features {
            function_calling: draw.chance(50),
            vision: draw.chance(25),
            streaming: draw.chance(80),
            json_mode: draw.chance(45),
            fine_tuned: draw.chance(10),
        },
        api_compatibility: vec!["openai".to_owned()],
        geographic: Geographic {
            country: place.0.to_owned(),
            region: place.1.to_owned(),
            city: Some(place.2.to_owned()),
            data_centers: vec![format!(
                "{}-{}",
                place.2.get(..3).unwrap_or("dc").to_lowercase(),
                1 + draw.below(3)
            )],
        },
        compliance: certificates
            .iter()
            .filter(|_| draw.chance(35))
            .map(|name| (*name).to_owned())
            .collect(),
        availability: Availability {
            schedule: if draw.chance(85) { Schedule::Always } else { Schedule::BusinessHours },
            timezone: Some("Europe/Berlin".to_owned()),
            ..Availability::default()
        },
        capabilities: Vec::new(),
        pricing_tiers: Vec::new(),
        trial: draw.chance(20).then(|| Trial { days: 14, limits: String::new() }),
        promises: Promises::default(),
        documentation_url: None,
        maintenance: false,
        deprecated: false,
    }
}

impl Market {
    /// Fills an empty database with a large, foreseeable catalogue.
    pub async fn bench_catalog(&self, offerings: u64) -> Result<u64> {
        let core = self.core();
        if store::catalog::count(core.db()).await? > 0 {
            return Err(Error::Conflict("The catalogue is not empty."));
        }
        let (now, mut draw) = (core.now(), Draw(42));
        let mut tx = core.db().begin().await?;
        let mut categories = Vec::new();
        for (position, (slug, title)) in (0..).zip([
            ("agents", "Agents"),
            ("apps", "Apps"),
            ("assistants", "Assistants"),
            ("automations", "Automations"),
        ]) {
            let category = Category {
                id: core.id(CategoryId::new),
                slug: slug.to_owned(),
                title: title.to_owned(),
                description: format!("{title} under measurement."),
                icon: "robot".to_owned(),
                color: "#3B82F6".to_owned(),
            };
            store::catalog::insert_category(&mut tx, &category, position).await?;
            categories.push(category.id);
        }
        store::versions::bump(&mut tx, "shelves").await?;
        tx.commit().await?;
        let mut providers = Vec::new();
        for n in 0..(offerings / 50).clamp(1, 500) {
            let name = format!("{} {n}", draw.one(&MANNERS, "Plain"));
            let (customer, _) = self.identity().create_customer(&name, None).await?;
            let provider = Provider {
                id: core.id(ProviderId::new),
                customer,
                slug: format!("provider-{n}"),
                name,
                country: "DE".to_owned(),
                description: "Measures this marketplace.".to_owned(),
                verified_at: draw.chance(40).then_some(now),
                created_at: now,
            };
            let mut tx = core.db().begin().await?;
            insert_provider(&mut tx, &provider).await?;
            tx.commit().await?;
            providers.push(provider.id);
        }
        let pick = |draw: &mut Draw, of: usize| usize::try_from(draw.below(of as u64)).unwrap_or(0);
        let mut left = 0..offerings;
        loop {
            let batch: Vec<u64> = left.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            let mut tx = core.db().begin().await?;
            let changed = store::catalog::begin_change(&mut tx).await?;
            for n in batch {
                let task = draw.one(&TASKS, "support");
                let name = format!(
                    "{} {} {}",
                    draw.one(&MANNERS, "Plain"),
                    task,
                    draw.one(&KINDS, "Agent")
                );
                let (category, provider) =
                    (pick(&mut draw, categories.len()), pick(&mut draw, providers.len()));
                let (Some(category), Some(provider)) =
                    (categories.get(category), providers.get(provider))
                else {
                    return Err(Error::broken("no shelf to put it on"));
                };
                let families = ModelFamily::ALL;
                let at = now.plus_ms(-i64::try_from(draw.below(400)).unwrap_or(0) * 86_400_000);
                let offering = Offering {
                    id: core.id_at(at, OfferingId::new),
                    provider: *provider,
                    category: *category,
                    slug: format!("generated-{n}"),
                    spec: generated_spec(&mut draw, task, &name),
                    name,
                    family: families
                        .get(pick(&mut draw, families.len()))
                        .copied()
                        .unwrap_or(ModelFamily::Other),
                    state: OfferingState::Active,
                    backend: Backend::BuiltIn { answerer: BuiltIn::Echo, knowledge: String::new() },
                    created_at: at,
                    updated_at: at,
                };
                store::catalog::insert_offering(&mut tx, &offering, changed).await?;
                let cents = [50_000, 400_000, 2_500_000, 15_000_000, 60_000_000, 150_000_000];
                let price = cents.get(pick(&mut draw, cents.len())).copied().unwrap_or(400_000);
                self.insert_plan(&mut tx, offering.id, &usage_plan(price, price * 3)?, 0).await?;
            }
            tx.commit().await?;
        }
        self.reload().await?;
        Ok(self.catalog().total())
    }

    /// Pauses an offering or puts it back on sale, so that the time until everybody sees it can be measured.
    pub async fn bench_flip(&self, name: &str) -> Result<OfferingState> {
        let core = self.core();
        let catalog = self.catalog();
        let on_sale = catalog.named(name).is_some();
        let id = catalog.id_of(name).ok_or(Error::Missing("service"))?;
        let state = if on_sale { OfferingState::Paused } else { OfferingState::Active };
        let mut tx = core.db().begin().await?;
        let changed = store::catalog::begin_change(&mut tx).await?;
        store::catalog::set_state(&mut tx, id, state, core.now(), changed).await?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok(state)
    }

    /// Lists an offering with an upstream of the caller's, with prices as a usual model has them, and gives the key of
    /// a customer who can afford a long benchmark.
    pub async fn bench_upstream(&self, url: &str, upstream_model: &str) -> Result<BenchUpstream> {
        let core = self.core();
        let now = core.now();
        let unique = crate::secrets::random_hex(core.entropy(), 4);
        let (seller, _) = self.identity().create_customer("Benchmarks", None).await?;
        let email: Email =
            format!("bench-{unique}@example.com").parse().map_err(|_| Error::broken("e-mail"))?;
        let user = self
            .identity()
            .create_operator(&email, crate::secrets::random_hex(core.entropy(), 16), Role::Staff)
            .await?;
        let (buyer, _) = self.identity().create_customer("Benchmark buyer", Some(user)).await?;
        let mut tx = core.db().begin().await?;
        let changed = store::catalog::begin_change(&mut tx).await?;
        store::versions::bump(&mut tx, "shelves").await?;
        let provider = Provider {
            id: core.id(ProviderId::new),
            customer: seller,
            slug: format!("bench-{unique}"),
            name: "Benchmarks".to_owned(),
            country: "DE".to_owned(),
            description: "Measures this marketplace.".to_owned(),
            verified_at: None,
            created_at: now,
        };
        insert_provider(&mut tx, &provider).await?;
        let known = store::catalog::categories(&mut tx).await?;
        let category = if let Some(category) = known.first() {
            category.id
        } else {
            let category = Category {
                id: core.id(CategoryId::new),
                slug: "agents".to_owned(),
                title: "Agents".to_owned(),
                description: String::new(),
                icon: "robot".to_owned(),
                color: "#3B82F6".to_owned(),
            };
            store::catalog::insert_category(&mut tx, &category, 0).await?;
            category.id
        };
        let model = format!("bench-{unique}");
        let spec = serde_json::from_value(serde_json::json!({
            "tagline": "An endpoint under measurement",
            "description": "Listed by `cmp-server bench-upstream`.",
            "context_window": 128_000, "max_output_tokens": 4_096,
            "features": { "streaming": true }, "api_compatibility": ["openai"],
        }))
        .map_err(|error| Error::Internal(Box::new(error)))?;
        let offering = Offering {
            id: core.id(OfferingId::new),
            provider: provider.id,
            category,
            slug: model.clone(),
            name: format!("Benchmark {unique}"),
            family: ModelFamily::Other,
            state: OfferingState::Active,
            backend: Backend::Upstream {
                url: url.to_owned(),
                model: upstream_model.to_owned(),
                key_env: None,
            },
            spec,
            created_at: now,
            updated_at: now,
        };
        store::catalog::insert_offering(&mut tx, &offering, changed).await?;
        let plan = usage_plan(1_000_000, 2_000_000)?;
        self.insert_plan(&mut tx, offering.id, &plan, 0).await?;
        tx.commit().await?;
        self.reload().await?;
        self.ledger()
            .carry_out(Command::Credit {
                entry: core.id(EntryId::new),
                customer: buyer,
                amount: BENCH_CREDITS,
                kind: EntryKind::TopUp,
                reference: format!("credits:bench-{unique}"),
            })
            .await?;
        let token = self.identity().token_of(&email).await?;
        let actor = self.identity().by_token(&token).await?.ok_or(Error::Anonymous)?;
        let request = Subscribe {
            offering: offering.id,
            plan: None,
            customer: Some(buyer),
            project: None,
            reference: None,
        };
        let subscribed = self.resources().subscribe(&actor, request).await?;
        let api_key = subscribed.key.ok_or_else(|| Error::broken("no key"))?;
        Ok(BenchUpstream { model, api_key })
    }
}

/// Pays by use, in micro-dollars per million tokens.
fn usage_plan(prompt: i64, completion: i64) -> Result<SamplePlan> {
    Ok(SamplePlan {
        slug: "usage".parse().map_err(|_| Error::broken("slug"))?,
        name: "Pay per use".to_owned(),
        description: String::new(),
        monthly_fee: Usd::ZERO,
        prompt_per_million: Usd::from_micros(prompt),
        completion_per_million: Usd::from_micros(completion),
        per_request: Usd::ZERO,
        limits: Limits::default(),
    })
}

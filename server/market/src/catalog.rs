//! The catalogue in memory: everything on sale as one immutable value. A change makes a new value that shares all it
//! can with the one before, so that a change in a hundred thousand listings takes milliseconds to be seen.

mod columns;
mod hours;
mod index;
mod listing;
mod search;
mod titles;
mod words;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use model::{
    Calendar, Category, CategoryView, Choice, OfferingId, OfferingState, OpenState, ProviderId,
    ProviderView, ServiceDetail, Timestamp,
};

use self::{
    index::Index,
    listing::{Figures, Parts, Shared, list, priced},
};
use crate::{Core, Error, Result, Settings};

pub(crate) use listing::Listed;
pub use search::Found;

static EDITIONS: AtomicU64 = AtomicU64::new(1);

/// What is on sale at one moment.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The counter of changes that it was read at.
    pub version: i64,
    /// The counter of changes of what many offerings share.
    shelves: i64,
    /// Another number for every value that there ever was: what pages made of it are cached under.
    pub edition: u64,
    /// The prices in force at this time.
    priced_at: Timestamp,
    index: Index,
    by_id: Arc<HashMap<OfferingId, u32>>,
    by_slug: Arc<HashMap<String, u32>>,
    providers: Arc<BTreeMap<String, Arc<ProviderView>>>,
    categories: Arc<Vec<Category>>,
    /// The regions' names by their slugs.
    regions: Arc<BTreeMap<String, Arc<str>>>,
    /// The certificates' names by their slugs.
    certificates: Arc<BTreeMap<String, Arc<str>>>,
}

/// What has changed since a catalogue was read.
#[derive(Debug)]
pub(crate) struct Changes {
    version: i64,
    listings: Vec<(OfferingId, Option<Arc<Listed>>)>,
}

async fn figures(
    tx: &mut store::Tx,
    now: Timestamp,
    only: Option<OfferingId>,
) -> Result<HashMap<OfferingId, Figures>> {
    let today = now.day();
    let mut found: HashMap<OfferingId, Figures> = HashMap::new();
    for (id, used) in store::figures::usage(&mut *tx, today.plus(-29), today.plus(-6), only).await?
    {
        found.entry(id).or_default().used = used;
    }
    for (id, quality) in store::figures::quality(&mut *tx, only).await? {
        found.entry(id).or_default().quality = quality;
    }
    for (id, stars) in store::figures::stars(&mut *tx, only).await? {
        found.entry(id).or_default().stars = stars;
    }
    Ok(found)
}

/// Somebody may still call it.
const fn is_live(state: OfferingState) -> bool {
    matches!(
        state,
        OfferingState::Active
            | OfferingState::Paused
            | OfferingState::Archived
            | OfferingState::Unavailable
    )
}

/// Runs what takes long beside the requests.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(Box::new(error)))
}

impl Catalog {
    /// Reads the whole catalogue from the database.
    pub(crate) async fn load(core: &Core, settings: &Settings) -> Result<Self> {
        let now = core.now();
        // The counters come first: a change during the reading makes the next look read again.
        let mut tx = core.db().snapshot().await?;
        let version = store::versions::read(&mut tx, "catalog").await?;
        let shelves = store::versions::read(&mut tx, "shelves").await?;
        let categories = store::catalog::categories(&mut tx).await?;
        let providers = store::catalog::providers(&mut tx).await?;
        let offerings = store::catalog::offerings(&mut tx, 0).await?;
        let plans = store::catalog::plans(&mut tx, 0).await?;
        let prices = store::catalog::prices(&mut tx, now, 0).await?;
        let figures = figures(&mut tx, now, None).await?;
        drop(tx);
        let settings = settings.clone();
        aside(move || {
            let mut shared = Shared::default();
            for provider in &providers {
                shared.providers.insert(provider.id, Arc::new(provider_view(provider)));
            }
            for category in &categories {
                shared.categories.insert(category.id, category.slug.as_str().into());
            }
            let mut plans = priced(plans, &prices);
            let mut listed = Vec::with_capacity(offerings.len());
            for offering in offerings.into_iter().filter(|offering| is_live(offering.state)) {
                let id = offering.id;
                let parts = Parts {
                    plans: plans.remove(&id).unwrap_or_default(),
                    figures: figures.get(&id).copied().unwrap_or_default(),
                    offering,
                };
                if let Some(found) = list(parts, &mut shared, &settings) {
                    listed.push(Arc::new(found));
                } else {
                    tracing::warn!(offering.id = %id, "an offering without plan or provider is left out");
                }
            }
            let providers = shared.providers.values().map(|p| (p.slug.clone(), Arc::clone(p))).collect();
            let mut catalog = Self {
                version,
                shelves,
                edition: 0,
                priced_at: now,
                index: Index::build(listed, now),
                by_id: Arc::default(),
                by_slug: Arc::default(),
                providers: Arc::new(providers),
                categories: Arc::new(categories),
                regions: Arc::default(),
                certificates: Arc::default(),
            };
            catalog.name();
            catalog.renew();
            catalog
        })
        .await
    }

    /// Makes the maps from names to slots anew.
    fn name(&mut self) {
        let (mut by_id, mut by_slug) = (HashMap::new(), HashMap::new());
        let (mut regions, mut certificates) = (BTreeMap::new(), BTreeMap::new());
        for (slot, listed) in self.index.all() {
            let service = &listed.detail.service;
            by_id.insert(service.id, slot);
            by_slug.insert(service.slug.clone(), slot);
            note(&mut regions, &service.geographic.region);
            service.compliance.iter().for_each(|name| note(&mut certificates, name));
        }
        (self.by_id, self.by_slug) = (Arc::new(by_id), Arc::new(by_slug));
        (self.regions, self.certificates) = (Arc::new(regions), Arc::new(certificates));
    }

    /// Makes it another edition.
    fn renew(&mut self) {
        self.edition = EDITIONS.fetch_add(1, Ordering::Relaxed);
    }

    /// Reads what has changed since; none when everything must be read again.
    pub(crate) async fn changes(
        &self,
        core: &Core,
        settings: &Settings,
    ) -> Result<Option<Changes>> {
        let now = core.now();
        let mut tx = core.db().snapshot().await?;
        let version = store::versions::read(&mut tx, "catalog").await?;
        if store::versions::read(&mut tx, "shelves").await? != self.shelves {
            return Ok(None);
        }
        let offerings = store::catalog::offerings(&mut tx, self.version).await?;
        if offerings.len() > 512 {
            return Ok(None);
        }
        let plans = store::catalog::plans(&mut tx, self.version).await?;
        let prices = store::catalog::prices(&mut tx, now, self.version).await?;
        let mut plans = priced(plans, &prices);
        let mut shared = Shared::default();
        for provider in self.providers.values() {
            shared.providers.insert(provider.id, Arc::clone(provider));
        }
        for category in &*self.categories {
            shared.categories.insert(category.id, category.slug.as_str().into());
        }
        let mut listings = Vec::with_capacity(offerings.len());
        for offering in offerings {
            let id = offering.id;
            if !is_live(offering.state) {
                listings.push((id, None));
                continue;
            }
            let figures = figures(&mut tx, now, Some(id)).await?.remove(&id).unwrap_or_default();
            let parts = Parts { plans: plans.remove(&id).unwrap_or_default(), figures, offering };
            let Some(listed) = list(parts, &mut shared, settings) else { return Ok(None) };
            listings.push((id, Some(Arc::new(listed))));
        }
        Ok(Some(Changes { version, listings }))
    }

    /// The listings whose figures have changed, or whose prices have come into force; none when prices did, which is
    /// rare enough to read everything.
    pub(crate) async fn fresh_figures(&self, core: &Core) -> Result<Option<Changes>> {
        let now = core.now();
        let mut tx = core.db().snapshot().await?;
        if !store::catalog::repriced(&mut tx, self.priced_at, now).await?.is_empty() {
            return Ok(None);
        }
        let figures = figures(&mut tx, now, None).await?;
        drop(tx);
        let none = Figures::default();
        let listings = self
            .index
            .all()
            .filter_map(|(_, listed)| {
                let id = listed.detail.service.id;
                let newer = listed.with_figures(figures.get(&id).unwrap_or(&none))?;
                Some((id, Some(Arc::new(newer))))
            })
            .collect();
        Ok(Some(Changes { version: self.version, listings }))
    }

    /// The catalogue at another time of day; none when nothing has opened or closed.
    pub(crate) fn at(&self, now: Timestamp) -> Option<Self> {
        let open = self.index.open_at(now)?;
        let mut next = self.clone();
        next.index.set_open(open);
        next.renew();
        Some(next)
    }

    /// The catalogue with changes; the same value when nothing is different.
    pub(crate) fn with(self: &Arc<Self>, changes: Changes, now: Timestamp) -> Arc<Self> {
        let mut next = Self::clone(self);
        next.version = changes.version;
        if changes.listings.is_empty() {
            if next.version == self.version {
                return Arc::clone(self);
            }
            return Arc::new(next);
        }
        let same_names = changes.listings.iter().all(|(id, listed)| {
            let before = self.listed(*id).map(|l| &l.detail.service);
            let after = listed.as_ref().map(|l| &l.detail.service);
            before.zip(after).is_some_and(|(before, after)| {
                before.slug == after.slug
                    && before.geographic.region == after.geographic.region
                    && before.compliance == after.compliance
            })
        });
        let moved = changes
            .listings
            .into_iter()
            .map(|(id, listed)| (self.by_id.get(&id).copied(), listed))
            .filter(|(slot, listed)| slot.is_some() || listed.is_some())
            .collect();
        next.index.apply(moved, now);
        if !same_names {
            next.name();
        }
        next.renew();
        Arc::new(next)
    }

    pub(crate) fn listed(&self, id: OfferingId) -> Option<&Listed> {
        self.by_id.get(&id).and_then(|slot| self.index.get(*slot)).map(|listed| &**listed)
    }

    /// The ids of all that may be called, in no order that means anything.
    pub(crate) fn ids(&self) -> impl ExactSizeIterator<Item = OfferingId> {
        self.by_id.keys().copied()
    }

    /// Everything on sale, in no order that means anything.
    pub(crate) fn on_sale(&self) -> impl Iterator<Item = &Arc<Listed>> {
        self.index.all().map(|(_, listed)| listed).filter(|listed| listed.active)
    }

    /// A service on sale.
    pub fn detail(&self, id: OfferingId) -> Option<&Arc<ServiceDetail>> {
        self.listed(id).filter(|listed| listed.active).map(|listed| &listed.detail)
    }

    /// A service on sale by its slug or its id.
    pub fn named(&self, name: &str) -> Option<&Arc<ServiceDetail>> {
        if let Some(slot) = self.by_slug.get(name) {
            return self.index.get(*slot).filter(|l| l.active).map(|l| &l.detail);
        }
        name.parse().ok().and_then(|id| self.detail(id))
    }

    /// The id that a slug names, on sale or paused.
    pub(crate) fn id_of(&self, slug: &str) -> Option<OfferingId> {
        let listed = self.by_slug.get(slug).and_then(|slot| self.index.get(*slot))?;
        Some(listed.detail.service.id)
    }

    /// The categories in their order, with the number of services on sale in each.
    pub fn categories(&self) -> Vec<CategoryView> {
        let count = |slug: &str| {
            let set = self.index.set(&Choice::Category(slug.to_owned()), None);
            self.index.active().intersection_count(&set) as u64
        };
        let view = |category: &Category| CategoryView {
            id: category.id,
            slug: category.slug.clone(),
            title: category.title.clone(),
            description: category.description.clone(),
            count: count(&category.slug),
        };
        self.categories.iter().map(view).collect()
    }

    /// The colour of a category, as the operator chose it.
    pub fn color_of(&self, category: &str) -> Option<&str> {
        self.categories.iter().find(|c| c.slug == category).map(|c| c.color.as_str())
    }

    /// How many services are on sale.
    pub fn total(&self) -> u64 {
        self.index.active().count_ones(..) as u64
    }

    /// Everybody who sells, by name.
    pub fn providers(&self) -> Vec<Arc<ProviderView>> {
        let mut found: Vec<_> = self.providers.values().cloned().collect();
        found.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        found
    }

    /// Who sells, by slug or id.
    pub fn provider_named(&self, name: &str) -> Option<&Arc<ProviderView>> {
        self.providers.get(name).or_else(|| {
            let id: ProviderId = name.parse().ok()?;
            self.providers.values().find(|provider| provider.id == id)
        })
    }

    /// Whether a service is open at a time, by what its provider says.
    pub fn open_state(&self, id: OfferingId, at: Timestamp) -> OpenState {
        let hours = self.listed(id).and_then(|listed| listed.hours.as_deref());
        hours.map_or(OpenState { open: true, maintenance: false, changes_at: None }, |hours| {
            hours.state(at)
        })
    }

    /// The week of a service that is not simply always open.
    pub fn calendar(&self, id: OfferingId) -> Option<Calendar> {
        self.listed(id)?.hours.as_deref().map(hours::Hours::calendar)
    }

    /// Who sells an offering.
    pub(crate) fn payee(&self, offering: OfferingId) -> Option<ProviderId> {
        self.listed(offering).map(|listed| listed.detail.provider.id)
    }
}

/// Notes a name under its slug; the first spelling stays.
fn note(names: &mut BTreeMap<String, Arc<str>>, name: &str) {
    let slug = model::slug_of(name);
    if !slug.is_empty() && !names.contains_key(&slug) {
        names.insert(slug, name.into());
    }
}

fn provider_view(provider: &store::catalog::Provider) -> ProviderView {
    ProviderView {
        id: provider.id,
        slug: provider.slug.clone(),
        name: provider.name.clone(),
        country: provider.country.clone(),
        description: provider.description.clone(),
        verified_at: provider.verified_at,
        created_at: provider.created_at,
    }
}

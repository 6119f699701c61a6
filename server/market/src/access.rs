//! What a key opens: everything a metered call needs, kept in memory so that the hot path asks no database.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    },
};

use model::{
    Backend, CustomerId, KeyId, Limits, OfferingId, Price, PriceVersionId, ProviderId, ResourceId,
    ResourceState, SecretKey, Timestamp,
};

use crate::{Error, Gauge, Market, Purse, Result, Running, secrets::sha256};

/// How many keys are kept; past that all are forgotten and read again as they come.
const KEPT: usize = 100_000;
const MINUTE_MS: i64 = 60_000;

/// What one key opens.
#[derive(Debug)]
pub struct Route {
    pub key: KeyId,
    pub resource: ResourceId,
    pub customer: CustomerId,
    pub payee: ProviderId,
    pub offering: OfferingId,
    /// The service's name in `model`.
    pub slug: String,
    pub backend: Backend,
    pub price: Price,
    pub price_version: PriceVersionId,
    pub max_output_tokens: u64,
    pub context_window: u64,
    /// The subscription waits for its fee.
    pub paused: bool,
    /// The customer was blocked by an operator.
    pub blocked: bool,
    pub purse: Arc<Purse>,
    /// Counts what its calls are like.
    pub gauge: Arc<Gauge>,
    admission: Arc<Admission>,
    last_used: AtomicI64,
}

impl Route {
    /// Lets a call in, or says when to come again.
    pub fn admit(&self, now: Timestamp) -> Result<Ticket> {
        self.last_used.store(now.ms(), Ordering::Relaxed);
        let ticket = self.admission.admit(now)?;
        Ok(Ticket { _running: Some(self.gauge.begin()), ..ticket })
    }
}

/// How much of a plan's limits a resource has used on this server.
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    running: Arc<AtomicU32>,
    /// The minute that is counted and how many calls it has had.
    minute: Mutex<(i64, u32)>,
    /// The day that is counted.
    day: AtomicI64,
    today: AtomicU64,
}

/// A running call; dropping it ends it.
#[derive(Debug)]
pub struct Ticket {
    /// Against the plan's limit.
    _slot: Option<Slot>,
    /// For the offering's measured quality.
    _running: Option<Running>,
}

/// One of the calls that a plan allows at once.
#[derive(Debug)]
struct Slot(Arc<AtomicU32>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    pub fn new(limits: Limits, day: i64, today: u64) -> Self {
        Self {
            limits,
            running: Arc::default(),
            minute: Mutex::default(),
            day: AtomicI64::new(day),
            today: AtomicU64::new(today),
        }
    }

    fn admit(&self, now: Timestamp) -> Result<Ticket> {
        if let Some(most) = self.limits.requests_per_day {
            let day = now.day().number();
            if self.day.swap(day, Ordering::Relaxed) != day {
                self.today.store(0, Ordering::Relaxed);
            }
            if self.today.load(Ordering::Relaxed) >= u64::from(most) {
                let left = now.day().plus(1).start().ms() - now.ms();
                return Err(limited(left, "daily request"));
            }
        }
        if let Some(most) = self.limits.requests_per_minute {
            let minute = now.ms().div_euclid(MINUTE_MS);
            let mut counted = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
            if counted.0 != minute {
                *counted = (minute, 0);
            }
            if counted.1 >= most {
                return Err(limited((minute + 1) * MINUTE_MS - now.ms(), "request rate"));
            }
            counted.1 += 1;
        }
        let slot = match self.limits.concurrent {
            None => None,
            Some(most) => {
                let before = self.running.fetch_add(1, Ordering::Relaxed);
                let slot = Slot(Arc::clone(&self.running));
                if before >= most {
                    return Err(limited(1_000, "concurrent request"));
                }
                Some(slot)
            }
        };
        if self.limits.requests_per_day.is_some() {
            self.today.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Ticket { _slot: slot, _running: None })
    }
}

fn limited(wait_ms: i64, what: &'static str) -> Error {
    let seconds = u32::try_from((wait_ms + 999) / 1_000).unwrap_or(u32::MAX).max(1);
    Error::Limited { retry_after_s: seconds, what }
}

/// The keys in memory.
#[derive(Debug, Default)]
pub(crate) struct Access {
    routes: RwLock<HashMap<[u8; 32], Arc<Route>>>,
    /// Counts the times that everything was forgotten, so that what was read before is not kept after.
    generation: AtomicU64,
    admissions: Mutex<HashMap<ResourceId, Arc<Admission>>>,
    /// When keys that are no longer in memory were last used.
    retired: Mutex<Vec<(KeyId, i64)>>,
    /// The counter of changes that was last seen in the database.
    seen: AtomicI64,
}

impl Access {
    fn find(&self, hash: &[u8; 32]) -> Option<Arc<Route>> {
        self.routes.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    /// Notes the database's counter of changes; true when it has moved since the last time.
    pub fn moved_to(&self, version: i64) -> bool {
        self.seen.swap(version, Ordering::Relaxed) != version
    }

    /// Forgets every key; each is read again at its next call.
    pub fn forget(&self) {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::SeqCst);
        let used =
            routes.drain().map(|(_, route)| (route.key, route.last_used.load(Ordering::Relaxed)));
        self.retired
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(used.filter(|(_, at)| *at > 0));
    }

    /// When keys were used since the last time this was asked.
    pub fn take_used(&self) -> Vec<(KeyId, Timestamp)> {
        let mut used =
            std::mem::take(&mut *self.retired.lock().unwrap_or_else(PoisonError::into_inner));
        for route in self.routes.read().unwrap_or_else(PoisonError::into_inner).values() {
            let at = route.last_used.swap(0, Ordering::Relaxed);
            if at > 0 {
                used.push((route.key, at));
            }
        }
        // A key may have been forgotten and used again since.
        let latest: HashMap<KeyId, i64> =
            used.into_iter().fold(HashMap::new(), |mut latest, (key, at)| {
                let seen = latest.entry(key).or_insert(at);
                *seen = at.max(*seen);
                latest
            });
        latest.into_iter().map(|(key, at)| (key, Timestamp::from_ms(at))).collect()
    }
}

impl Market {
    /// What a key opens.
    ///
    /// # Errors
    /// `Anonymous` when the key is unknown, revoked or of an ended subscription.
    pub async fn route(&self, key: &SecretKey) -> Result<Arc<Route>> {
        let access = &self.shared().access;
        let hash = sha256(key.reveal().as_bytes());
        if let Some(route) = access.find(&hash) {
            return Ok(route);
        }
        let generation = access.generation.load(Ordering::SeqCst);
        let route = Arc::new(self.read_route(hash).await?);
        let mut routes = access.routes.write().unwrap_or_else(PoisonError::into_inner);
        if access.generation.load(Ordering::SeqCst) == generation && routes.len() < KEPT {
            routes.insert(hash, Arc::clone(&route));
        }
        Ok(route)
    }

    async fn read_route(&self, hash: [u8; 32]) -> Result<Route> {
        let found = store::keys::by_hash(self.core().db(), hash).await?;
        let (key, id) = found.ok_or(Error::Anonymous)?;
        self.route_of(key, id).await
    }

    /// What a key of a resource opens.
    pub(crate) async fn route_of(&self, key: KeyId, id: ResourceId) -> Result<Route> {
        let db = self.core().db();
        let resource = store::resources::find(db, id).await?.ok_or(Error::Anonymous)?;
        let live = matches!(
            resource.state,
            ResourceState::Ok | ResourceState::Updating | ResourceState::Paused
        );
        if !live {
            return Err(Error::Anonymous);
        }
        let customer =
            store::customers::find(db, resource.customer).await?.ok_or(Error::Anonymous)?;
        let catalog = self.catalog();
        let listed = catalog.listed(resource.offering).ok_or(Error::Missing("service"))?;
        let plan = listed.plan(resource.plan);
        let plan = plan.ok_or(Error::Missing("plan"))?;
        Ok(Route {
            key,
            resource: id,
            customer: customer.id,
            payee: listed.detail.provider.id,
            offering: resource.offering,
            slug: listed.detail.service.slug.clone(),
            backend: listed.backend.clone(),
            price: plan.price,
            price_version: plan.price_version,
            max_output_tokens: listed.detail.service.max_output_tokens,
            context_window: listed.detail.service.context_window,
            paused: resource.state == ResourceState::Paused,
            blocked: customer.blocked_at.is_some(),
            purse: self.ledger().purse(customer.id),
            gauge: self.quality().gauge(resource.offering),
            admission: self.admission(id, plan.limits).await?,
            last_used: AtomicI64::new(0),
        })
    }

    async fn admission(&self, resource: ResourceId, limits: Limits) -> Result<Arc<Admission>> {
        let known = {
            let admissions =
                self.shared().access.admissions.lock().unwrap_or_else(PoisonError::into_inner);
            admissions.get(&resource).filter(|known| known.limits == limits).cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let day = self.core().now().day();
        let today = store::requests::on_day(self.core().db(), resource, day).await?;
        let fresh = Arc::new(Admission::new(limits, day.number(), today));
        let mut admissions =
            self.shared().access.admissions.lock().unwrap_or_else(PoisonError::into_inner);
        admissions.insert(resource, Arc::clone(&fresh));
        Ok(fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_and_end() {
        let limits =
            Limits { requests_per_minute: Some(2), requests_per_day: Some(3), concurrent: Some(1) };
        let admission = Admission::new(limits, 0, 0);
        let at = Timestamp::from_ms;
        let first = admission.admit(at(1_000)).unwrap();
        assert!(matches!(
            admission.admit(at(1_000)),
            Err(Error::Limited { retry_after_s: 1, what: "concurrent request" })
        ));
        drop(first);
        assert!(matches!(
            admission.admit(at(2_000)),
            Err(Error::Limited { retry_after_s: 58, .. })
        ));
        drop(admission.admit(at(61_000)).unwrap());
        drop(admission.admit(at(62_000)).unwrap());
        assert!(matches!(
            admission.admit(at(125_000)),
            Err(Error::Limited { what: "daily request", .. })
        ));
        assert!(admission.admit(at(86_400_000)).is_ok());
    }
}

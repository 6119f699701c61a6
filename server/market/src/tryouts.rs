//! Trying a service in the page: with a subscription of one's own, or without one in the demo, which the platform pays
//! for and bounds.
//!
//! The demo is a workspace like any other, so that its calls are metered, paid to the provider and proven as all others
//! are. Every day its wallet is filled up to the day's budget. How many calls a visitor has had is counted under a keyed
//! hash of the address and the day; no address is kept.

mod asks;

use std::{fmt::Write as _, sync::Arc};

use model::{
    Backend, Credits, Day, EntryId, EntryKind, KeyId, OfferingId, PlanId, ResourceId,
    ResourceState, Service,
};
use store::{demos, ledger::Account, resources::Resource};
use tokio::sync::{Mutex, OnceCell};

use self::asks::Ask;
use crate::{
    Actor, Command, Error, Market, Refusal, Result, Route, plain::neighbourhood, secrets::sha256,
};

/// What [`Error::Limited`] names when the demo is used up.
pub(crate) const DEMO: &str = "demo";
/// What wallets and receipts call the workspace of the demo.
const NAME: &str = "Marketplace demo";

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct Tryouts<'a>(pub(crate) &'a Market);

/// Leave to try a service once.
#[derive(Debug, Clone)]
pub struct Tryout {
    pub route: Arc<Route>,
    /// The platform pays.
    pub demo: bool,
    /// How many more tries the visitor has today; none with a subscription.
    pub left: Option<u32>,
}

/// What this server knows of the demo.
#[derive(Debug, Default)]
pub(crate) struct Demo {
    /// What addresses are hashed with.
    salt: OnceCell<[u8; 16]>,
    /// The day whose budget is in the wallet.
    funded: Mutex<Option<Day>>,
}

impl Tryouts<'_> {
    /// Whether who has no subscription can try a service all the same.
    pub fn has_demo(&self) -> bool {
        let settings = self.0.settings();
        settings.demo_credits_per_day.is_positive()
            && settings.demo_calls_per_address > 0
            && settings.demo_calls_per_day > 0
    }

    /// Who has a subscription pays with it; everybody else uses the demo, which counts as a try from here on.
    pub async fn route(
        &self,
        caller: Option<&Actor>,
        visitor: &str,
        offering: OfferingId,
    ) -> Result<Tryout> {
        match self.own(caller, offering).await? {
            Some(route) => Ok(subscribed(route)),
            None => self.demo(visitor, offering).await,
        }
    }

    /// Like [`Tryouts::route`], with the request that may be made: a chat completion, with the service's name put in
    /// and, in the demo, held to its bounds. What cannot be asked is no try.
    pub async fn ask(
        &self,
        caller: Option<&Actor>,
        visitor: &str,
        offering: OfferingId,
        body: &[u8],
    ) -> Result<(Tryout, Vec<u8>)> {
        let slug = self.service(offering)?.slug;
        let mut ask = Ask::read(body, &slug, offering)?;
        let tryout = if let Some(route) = self.own(caller, offering).await? {
            subscribed(route)
        } else {
            ask.bound(body.len())?;
            self.demo(visitor, offering).await?
        };
        Ok((tryout, ask.request(&slug)?))
    }

    /// What who has used up the demo is told, until midnight UTC.
    pub fn used_up(&self) -> Error {
        let now = self.0.core().now();
        let left_ms = now.day().plus(1).start().ms() - now.ms();
        let seconds = u32::try_from((left_ms + 999) / 1_000).unwrap_or(u32::MAX).max(1);
        Error::Limited { retry_after_s: seconds, what: DEMO }
    }

    /// Forgets who has tried what before today.
    pub(crate) async fn tidy(&self) -> Result<()> {
        let core = self.0.core();
        Ok(demos::sweep(core.db(), core.now().day()).await?)
    }

    /// A service on sale that can be called.
    fn service(self, offering: OfferingId) -> Result<Service> {
        let catalog = self.0.catalog();
        let listed = catalog.listed(offering).filter(|listed| listed.active);
        let listed = listed.ok_or(Error::Missing("service"))?;
        if listed.backend == Backend::Manual {
            return Err(Error::Conflict(
                "This service is fulfilled by its provider by hand; there is nothing to call.",
            ));
        }
        Ok(listed.detail.service.clone())
    }

    /// The way by the caller's own subscription. One that waits for its fee is taken, too: the gateway says so.
    async fn own(
        &self,
        caller: Option<&Actor>,
        offering: OfferingId,
    ) -> Result<Option<Arc<Route>>> {
        let Some(actor) = caller else { return Ok(None) };
        let mut had = self.0.resources().list(actor).await?;
        had.retain(|instance| {
            instance.offering_id == offering
                && matches!(
                    instance.state,
                    ResourceState::Ok | ResourceState::Updating | ResourceState::Paused
                )
        });
        let Some(instance) = had.iter().min_by_key(|had| had.state != ResourceState::Ok) else {
            return Ok(None);
        };
        let keys = store::keys::list(self.0.core().db(), instance.instance_id).await?;
        let first = keys.iter().rev().find(|key| key.revoked_at.is_none());
        let key = first.map_or_else(no_key, |key| key.id);
        Ok(Some(Arc::new(self.0.route_of(key, instance.instance_id).await?)))
    }

    async fn demo(&self, visitor: &str, offering: OfferingId) -> Result<Tryout> {
        let service = self.service(offering)?;
        if !self.has_demo() {
            return Err(Error::Conflict(
                "There is no demo here. Create an account and start using the service to try it.",
            ));
        }
        let catalog = self.0.catalog();
        let detail = catalog.detail(offering).ok_or(Error::Missing("service"))?;
        let plan = detail.plans.iter().min_by_key(|p| (p.price.blended_per_1k(), p.monthly_fee));
        let plan = plan.ok_or(Error::Missing("plan"))?.id;
        let left = self.count(visitor).await?;
        self.fund().await?;
        let resource = self.resource(&service, plan).await?;
        let route = Arc::new(self.0.route_of(no_key(), resource).await?);
        Ok(Tryout { route, demo: true, left: Some(left) })
    }

    /// Counts a try; how many more there are today.
    async fn count(&self, visitor: &str) -> Result<u32> {
        let (core, settings) = (self.0.core(), self.0.settings());
        let today = core.now().day();
        let visitor = self.hash(visitor, today).await?;
        let mut tx = core.db().begin().await?;
        let most = settings.demo_calls_per_address;
        let Some(own) = demos::count(&mut tx, today, &visitor, most).await? else {
            return Err(self.used_up());
        };
        let all = demos::count(&mut tx, today, "", settings.demo_calls_per_day).await?;
        // Without the commit the visitor's own call is not counted either.
        let all = all.ok_or_else(|| self.used_up())?;
        tx.commit().await?;
        Ok((most - own.min(most)).min(settings.demo_calls_per_day.saturating_sub(all)))
    }

    /// A name for a visitor that is another one every day and that nobody can turn back into an address.
    async fn hash(&self, visitor: &str, day: Day) -> Result<String> {
        let salt = self.0.shared().demo.salt.get_or_try_init(|| self.salt()).await?;
        let mut text = salt.to_vec();
        text.extend_from_slice(&day.number().to_be_bytes());
        text.extend_from_slice(neighbourhood(visitor).as_bytes());
        Ok(sha256(&text).iter().fold(String::with_capacity(64), |mut name, byte| {
            // Writing into a string cannot fail.
            let _ = write!(name, "{byte:02x}");
            name
        }))
    }

    async fn salt(&self) -> Result<[u8; 16]> {
        let core = self.0.core();
        let draw = || {
            let mut drawn = [0; 8];
            core.entropy().fill(&mut drawn);
            i64::from_be_bytes(drawn)
        };
        let mut tx = core.db().begin().await?;
        let [one, two] = demos::salt(&mut tx, [draw(), draw()]).await?;
        tx.commit().await?;
        Ok(((i128::from(one) << 64) | i128::from(two.cast_unsigned())).to_be_bytes())
    }

    /// Fills the demo's wallet up to the day's budget, once a day however many servers there are.
    async fn fund(&self) -> Result<()> {
        let core = self.0.core();
        let mut funded = self.0.shared().demo.funded.lock().await;
        let today = core.now().day();
        if *funded == Some(today) {
            return Ok(());
        }
        let customer = demos::customer();
        let mut tx = core.db().begin().await?;
        demos::open(&mut tx, NAME, core.now()).await?;
        let available = store::ledger::balance(&mut tx, Account::Available(customer)).await?;
        let held = store::ledger::balance(&mut tx, Account::Held(customer)).await?;
        tx.commit().await?;
        let has = available.zip(held).and_then(|(a, h)| a.balance.plus(h.balance));
        let budget = self.0.settings().demo_credits_per_day;
        let missing = has.and_then(|has| budget.minus(has)).unwrap_or(Credits::ZERO);
        let command = Command::Credit {
            entry: core.id(EntryId::new),
            customer,
            // The least amount there is stands for a full wallet: the day must be marked as done.
            amount: missing.max(Credits::from_micros(1)),
            kind: EntryKind::Trial,
            reference: format!("demo:{}", today.number()),
        };
        match self.0.ledger().ask(command).await? {
            // Another server has found another balance and was quicker.
            Ok(_) | Err(Refusal::Mismatch) => {}
            Err(refusal) => return Err(refusal.into()),
        }
        *funded = Some(today);
        Ok(())
    }

    /// What the demo calls a service with: one resource for the plan, without a fee.
    async fn resource(&self, service: &Service, plan: PlanId) -> Result<ResourceId> {
        let (core, customer) = (self.0.core(), demos::customer());
        let reference = format!("demo:{plan}");
        let known = || store::resources::by_reference(core.db(), customer, &reference);
        if let Some(found) = known().await? {
            return Ok(found.id);
        }
        let resource = Resource {
            id: core.id(ResourceId::new),
            customer,
            project: demos::project(),
            offering: service.id,
            plan,
            name: service.name.clone(),
            state: ResourceState::Ok,
            reference: Some(reference.clone()),
            created_at: core.now(),
            renews_at: None,
        };
        let mut tx = core.db().begin().await?;
        match store::resources::insert(&mut tx, &resource).await {
            Ok(()) => tx.commit().await?,
            Err(store::Error::Conflict) => {
                drop(tx);
                let found = known().await?.ok_or(Error::Missing("subscription"))?;
                return Ok(found.id);
            }
            Err(other) => return Err(other.into()),
        }
        Ok(resource.id)
    }
}

fn subscribed(route: Arc<Route>) -> Tryout {
    Tryout { route, demo: false, left: None }
}

/// Stands in the list of calls for a call that was made without a key.
fn no_key() -> KeyId {
    KeyId::new(0, [0; 10])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_their_tries() {
        assert_eq!(neighbourhood("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(neighbourhood("2001:db8:1:2:3:4:5:6"), neighbourhood("2001:db8:1:2::1"));
        assert_ne!(neighbourhood("2001:db8:1:2::1"), neighbourhood("2001:db8:1:3::1"));
        assert_ne!(neighbourhood("192.0.2.7"), neighbourhood("192.0.2.8"));
    }
}

//! Subscriptions: starting to use an offering, what a customer has, and ending it.

use model::{
    Backend, Charge, Credits, CustomerId, EntryId, InstanceView, OfferingId, PlanId, PlanView,
    Price, ProjectId, ProviderId, Quota, ResourceId, ResourceState, SecretKey, Usd,
};
use store::resources::Resource;

use crate::{
    Actor, Command, Error, Market, Result, keys,
    tenancy::{lock_open, must_have_room},
    wallets::check_reference,
};

/// The service for subscriptions.
#[derive(Debug, Clone, Copy)]
pub struct Resources<'a>(pub(crate) &'a Market);

/// A request to start using an offering.
#[derive(Debug, Clone)]
pub struct Subscribe {
    pub offering: OfferingId,
    /// None: the offering's first.
    pub plan: Option<PlanId>,
    /// None: the actor's first.
    pub customer: Option<CustomerId>,
    /// None: the customer's first.
    pub project: Option<ProjectId>,
    /// The caller's id of this request: the same one never starts a second subscription.
    pub reference: Option<String>,
}

/// A request of a program that sells for us.
#[derive(Debug, Clone)]
pub struct Provision {
    pub customer: CustomerId,
    pub offering: OfferingId,
    pub plan: Option<PlanId>,
    pub reference: String,
}

/// What has been started.
#[derive(Debug, Clone)]
pub struct Subscribed {
    pub instance: InstanceView,
    /// The first key; it was shown before when this is a replay.
    pub key: Option<SecretKey>,
    pub replayed: bool,
}

impl Resources<'_> {
    /// Starts using an offering: a resource, its first key, and the first month's fee where there is one and no trial.
    pub async fn subscribe(&self, actor: &Actor, request: Subscribe) -> Result<Subscribed> {
        actor.must_be_person()?;
        let customer = actor.customer(request.customer)?;
        if let Some(reference) = &request.reference {
            check_reference(reference)?;
        }
        self.start(customer, request, true).await
    }

    /// Starts an offering for a customer, once per reference. Operators and integrations only.
    pub async fn provision(&self, actor: &Actor, request: Provision) -> Result<Subscribed> {
        actor.must_integrate()?;
        check_reference(&request.reference)?;
        let Provision { customer, offering, plan, reference } = request;
        let reference = Some(format!("provision:{reference}"));
        let request =
            Subscribe { offering, plan, customer: Some(customer), project: None, reference };
        self.start(customer, request, false).await
    }

    async fn start(
        &self,
        customer: CustomerId,
        request: Subscribe,
        one_each: bool,
    ) -> Result<Subscribed> {
        let core = self.0.core();
        if let Some(reference) = &request.reference
            && let Some(found) =
                store::resources::by_reference(core.db(), customer, reference).await?
        {
            return self.replay(found).await;
        }
        let catalog = self.0.catalog();
        let listed = catalog
            .listed(request.offering)
            .filter(|l| l.active)
            .ok_or(Error::Missing("service"))?;
        let plan = choose(&listed.detail.plans, request.plan)?;
        let projects = store::customers::projects(core.db(), customer).await?;
        let project = match request.project {
            Some(id) => projects.iter().find(|p| p.id == id).ok_or(Error::Missing("project"))?,
            None => projects.first().ok_or(Error::Missing("organization"))?,
        };
        let now = core.now();
        let has_fee = plan.monthly_fee > Usd::ZERO;
        let trial = listed.detail.service.trial.as_ref().filter(|_| has_fee);
        let renews_at = match trial {
            Some(trial) => Some(now.plus_ms(i64::from(trial.days) * 86_400_000)),
            None => has_fee.then_some(now),
        };
        let by_hand = listed.backend == Backend::Manual;
        let resource = Resource {
            id: core.id(ResourceId::new),
            customer,
            project: project.id,
            offering: request.offering,
            plan: plan.id,
            name: listed.detail.service.name.clone(),
            state: if by_hand || (has_fee && trial.is_none()) {
                ResourceState::Creating
            } else {
                ResourceState::Ok
            },
            reference: request.reference.clone(),
            created_at: now,
            renews_at,
        };
        let mut tx = core.db().begin().await?;
        lock_open(&mut tx, customer).await?;
        must_have_room(&mut tx, customer, Quota::Resources).await?;
        if one_each {
            let had = store::resources::of_customer(&mut tx, customer).await?;
            if had.iter().any(|instance| instance.offering_id == request.offering) {
                drop(tx);
                return self.conflict(customer, &request).await;
            }
        }
        match store::resources::insert(&mut tx, &resource).await {
            Err(store::Error::Conflict) => {
                drop(tx);
                return self.conflict(customer, &request).await;
            }
            other => other?,
        }
        let (_, secret) = keys::make(core, &mut tx, resource.id, "First key").await?;
        tx.commit().await?;
        if has_fee && trial.is_none() {
            self.first_fee(&resource, plan).await?;
        }
        let instance = store::resources::view(core.db(), resource.id)
            .await?
            .ok_or(Error::Missing("subscription"))?;
        tracing::info!(resource.id = %resource.id, offering.id = %resource.offering, "a subscription was started");
        Ok(Subscribed { instance, key: Some(secret), replayed: false })
    }

    /// Somebody was quicker: the same request, which is answered the same, or another one.
    async fn conflict(&self, customer: CustomerId, request: &Subscribe) -> Result<Subscribed> {
        if let Some(reference) = &request.reference
            && let Some(found) =
                store::resources::by_reference(self.0.core().db(), customer, reference).await?
        {
            return self.replay(found).await;
        }
        Err(Error::Conflict("You already use this service. Create another key for it instead."))
    }

    async fn replay(&self, found: Resource) -> Result<Subscribed> {
        let instance = store::resources::view(self.0.core().db(), found.id).await?;
        let instance = instance.ok_or(Error::Missing("subscription"))?;
        Ok(Subscribed { instance, key: None, replayed: true })
    }

    /// Takes the first month's fee, or takes the subscription back.
    async fn first_fee(&self, resource: &Resource, plan: &PlanView) -> Result<()> {
        match self.charge_fee(resource, plan).await {
            Ok(()) => Ok(()),
            Err(unpaid @ Error::Unpaid { .. }) => {
                self.end(resource.id, ResourceState::Creating).await?;
                Err(unpaid)
            }
            Err(other) => Err(other),
        }
    }

    /// Takes the fee that is due and moves the due day on a month. Doing it again for the same day changes nothing.
    pub(crate) async fn charge_fee(&self, resource: &Resource, plan: &PlanView) -> Result<()> {
        let core = self.0.core();
        let due = resource.renews_at.unwrap_or(resource.created_at);
        let payee = self.payee(resource.id).await?.ok_or(Error::Missing("service"))?;
        self.0
            .ledger()
            .carry_out(Command::PlanFee {
                entry: core.id(EntryId::new),
                customer: resource.customer,
                payee,
                amount: fee_in_credits(plan.monthly_fee, plan.price)?,
                reference: format!("fee:{}:{}", resource.id, due.ms()),
            })
            .await?;
        let mut tx = core.db().begin().await?;
        store::resources::set_renewal(
            &mut tx,
            resource.id,
            due,
            due.plus_month(),
            ResourceState::Ok,
        )
        .await?;
        if resource.state == ResourceState::Paused {
            store::versions::bump(&mut tx, "access").await?;
        }
        tx.commit().await?;
        if resource.state == ResourceState::Paused {
            self.0.shared().access.forget();
        }
        Ok(())
    }

    /// Stops a subscription whose fee could not be paid until it is; its keys answer with what to do.
    pub(crate) async fn pause(&self, resource: &Resource) -> Result<()> {
        let mut tx = self.0.core().db().begin().await?;
        let rows = store::resources::set_state(
            &mut tx,
            resource.id,
            ResourceState::Ok,
            ResourceState::Paused,
            None,
        )
        .await?;
        store::versions::bump(&mut tx, "access").await?;
        tx.commit().await?;
        if rows == 1 {
            self.0.shared().access.forget();
        }
        Ok(())
    }

    /// Ends every subscription of the actor's customers to an offering.
    pub async fn unsubscribe(&self, actor: &Actor, offering: OfferingId) -> Result<()> {
        actor.must_be_person()?;
        let found: Vec<_> =
            self.list(actor).await?.into_iter().filter(|i| i.offering_id == offering).collect();
        if found.is_empty() {
            return Err(Error::Missing("subscription"));
        }
        for instance in found {
            self.end(instance.instance_id, instance.state).await?;
        }
        Ok(())
    }

    /// Ends a subscription: its keys stop at once, nothing more is charged.
    pub async fn terminate(&self, actor: &Actor, id: ResourceId) -> Result<()> {
        actor.must_be_person()?;
        let instance = self.find(actor, id).await?;
        if instance.state == ResourceState::Terminated {
            return Ok(());
        }
        self.end(id, instance.state).await
    }

    async fn end(&self, id: ResourceId, from: ResourceState) -> Result<()> {
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        let now = core.now();
        if store::resources::set_state(&mut tx, id, from, ResourceState::Terminated, Some(now))
            .await?
            == 0
        {
            return Err(Error::Conflict("The subscription has changed meanwhile. Look again."));
        }
        store::keys::revoke_all(&mut tx, id, now).await?;
        store::versions::bump(&mut tx, "access").await?;
        tx.commit().await?;
        self.0.shared().access.forget();
        Ok(())
    }

    /// What the actor's customers have, newest first.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<InstanceView>> {
        let mut found = Vec::new();
        for customer in &actor.customers {
            found.extend(store::resources::of_customer(self.0.core().db(), *customer).await?);
        }
        found.retain(|instance| actor.resource().is_none_or(|id| id == instance.instance_id));
        found
            .sort_by_key(|instance| std::cmp::Reverse((instance.created_at, instance.instance_id)));
        Ok(found)
    }

    /// What one customer of the actor's has, newest first.
    pub async fn of_customer(
        &self,
        actor: &Actor,
        customer: CustomerId,
    ) -> Result<Vec<InstanceView>> {
        let customer = actor.customer(Some(customer))?;
        Ok(store::resources::of_customer(self.0.core().db(), customer).await?)
    }

    /// One subscription.
    pub async fn find(&self, actor: &Actor, id: ResourceId) -> Result<InstanceView> {
        Ok(self.owned(actor, id).await?.1)
    }

    /// One subscription and the customer it belongs to.
    pub async fn owned(&self, actor: &Actor, id: ResourceId) -> Result<(CustomerId, InstanceView)> {
        let db = self.0.core().db();
        let resource =
            store::resources::find(db, id).await?.ok_or(Error::Missing("subscription"))?;
        actor.must_see(resource.customer, id, "subscription")?;
        let view = store::resources::view(db, id).await?.ok_or(Error::Missing("subscription"))?;
        Ok((resource.customer, view))
    }

    /// Who earns what is used of a resource.
    pub(crate) async fn payee(&self, id: ResourceId) -> Result<Option<ProviderId>> {
        let resource = store::resources::find(self.0.core().db(), id).await?;
        Ok(resource.and_then(|resource| self.0.catalog().payee(resource.offering)))
    }

    /// The plan that a resource is on.
    pub(crate) fn plan(self, resource: &Resource) -> Option<PlanView> {
        let catalog = self.0.catalog();
        let listed = catalog.listed(resource.offering)?;
        listed.detail.plans.iter().find(|plan| plan.id == resource.plan).cloned()
    }
}

fn choose(plans: &[PlanView], wanted: Option<PlanId>) -> Result<&PlanView> {
    match wanted {
        Some(id) => plans.iter().find(|plan| plan.id == id),
        None => plans.first(),
    }
    .ok_or(Error::Missing("plan"))
}

/// A fee in dollars as credits at the credit price of the plan's price version.
fn fee_in_credits(fee: Usd, price: Price) -> Result<Credits> {
    let once =
        Price { prompt: 0, completion: 0, request: fee.micros(), credit_price: price.credit_price };
    once.charge(Charge { requests: 1, ..Charge::default() }).ok_or_else(|| Error::broken("fee"))
}

//! Subscriptions: starting to use an offering, what a customer has, and ending it.

use model::{
    Backend, Charge, Credits, CustomerId, EntryId, InstanceView, OfferingId, OrderId, OrderKind,
    OrderState, PlanId, PlanView, Price, ProjectId, ProviderId, ResourceId, ResourceState,
    SecretKey, Usd,
};
use store::{
    Tx, holdings::Origin, offerings::OfferingRow, orders::Order, plan_periods::Opening,
    resources::Resource,
};

use crate::{
    Actor, Command, Error, Market, On, Permission, Result, keys,
    ordering::{must_have_place, new_order, room_for_one_more},
    provisioning::Provisioning,
    tenancy::lock_open,
    wallets::check_reference,
    work::Kind,
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
        let on = match request.project {
            Some(project) => On::project(customer, project),
            None => On::customer(customer),
        };
        actor.must(Permission::PlaceOrders, on, "organization")?;
        if let Some(reference) = &request.reference {
            check_reference(reference)?;
        }
        self.start(actor, customer, request, true).await
    }

    /// Starts an offering for a customer, once per reference. Operators and integrations only.
    pub async fn provision(&self, actor: &Actor, request: Provision) -> Result<Subscribed> {
        actor.must_integrate()?;
        check_reference(&request.reference)?;
        let Provision { customer, offering, plan, reference } = request;
        let reference = Some(format!("provision:{reference}"));
        let request =
            Subscribe { offering, plan, customer: Some(customer), project: None, reference };
        self.start(actor, customer, request, false).await
    }

    async fn start(
        &self,
        actor: &Actor,
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
        let offering = self.0.offers().known(request.offering).await?;
        let offering = offering.ok_or(Error::Missing("service"))?;
        let has_fee = plan.monthly_fee > Usd::ZERO && !offering.is_invoiced();
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
        let due = has_fee && trial.is_none();
        let mut order = self.order_of(actor, &offering, &resource, OrderKind::Create);
        if offering.is_invoiced() {
            let asks = one_each.then_some(actor);
            self.0.orders().begin(asks, &mut order).await?;
        } else if by_hand || due {
            order.state = OrderState::Executing;
        }
        let mut tx = core.db().begin().await?;
        lock_open(&mut tx, customer).await?;
        room_for_one_more(&mut tx, customer).await?;
        must_have_place(&mut tx, plan.id).await?;
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
        self.place(&mut tx, &offering, &mut order, due).await?;
        tx.commit().await?;
        if due {
            self.first_fee(&resource, plan, order.id).await?;
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
    async fn first_fee(&self, resource: &Resource, plan: &PlanView, order: OrderId) -> Result<()> {
        let provisioning = self.0.provisioning();
        match self.charge_fee(resource, plan).await {
            Ok(()) => provisioning.carry_out(&order.to_string()).await,
            Err(unpaid @ Error::Unpaid { .. }) => {
                provisioning.give_up(order, &unpaid.sentence()).await?;
                self.end(None, resource.id, ResourceState::Erred).await?;
                Err(unpaid)
            }
            Err(other) => Err(other),
        }
    }

    /// The order that stands for what somebody does with a resource at once; nobody needs to consent to it.
    fn order_of(
        self,
        actor: &Actor,
        offering: &OfferingRow,
        resource: &Resource,
        kind: OrderKind,
    ) -> Order {
        let core = self.0.core();
        let mut order = new_order(core.id(OrderId::new), core.now(), offering, resource.customer);
        order.project = resource.project;
        order.plan = Some(resource.plan);
        order.resource = Some(resource.id);
        order.kind = kind;
        order.state = OrderState::Done;
        order.auto_approved = true;
        order.created_by = actor.user();
        order.consumer_reviewed_by = actor.user();
        order.consumer_reviewed_at = Some(order.created_at);
        order.attributes.insert("name".to_owned(), resource.name.clone().into());
        order
    }

    /// Writes the order of a resource that was just made, and where the resource comes from.
    async fn place(
        &self,
        tx: &mut Tx,
        offering: &OfferingRow,
        order: &mut Order,
        due: bool,
    ) -> Result<()> {
        let core = self.0.core();
        let resource = order.resource.ok_or_else(|| Error::broken("an order without resource"))?;
        let origin = Origin {
            seller: offering.customer,
            slug: String::new(),
            description: String::new(),
            attributes: order.attributes.clone(),
            limits: order.limits.clone(),
            end_day: None,
            invoiced: offering.is_invoiced(),
            at: core.now(),
        };
        store::holdings::adorn(&mut *tx, resource, &origin).await?;
        let provisioning = self.0.provisioning();
        if offering.is_invoiced()
            && order.state == OrderState::Executing
            && !Provisioning::waits(offering)
        {
            provisioning.finish(&mut *tx, order).await?;
        }
        if order.state == OrderState::Done {
            order.completed_at = Some(core.now());
            provisioning.open_period(&mut *tx, order, resource, Opening::Init).await?;
        }
        store::orders::insert(&mut *tx, order).await?;
        if due {
            // Should this server die before the fee is taken, another one goes on.
            let later = core.now().plus_ms(60_000);
            self.0.queue_at(&mut *tx, Kind::Order, &order.id.to_string(), None, later).await?;
        }
        let done = ("marketplace_order_created", "placed");
        self.0.orders().note(tx, None, order, done).await
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
        if rows == 0 {
            // It is paused already, or has ended.
            return Ok(());
        }
        store::versions::bump(&mut tx, "access").await?;
        tx.commit().await?;
        self.0.shared().access.forget();
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
        for instance in &found {
            self.must_order(actor, instance.instance_id).await?;
        }
        for instance in found {
            self.end(Some(actor), instance.instance_id, instance.state).await?;
        }
        Ok(())
    }

    /// Ends a subscription: its keys stop at once, nothing more is charged.
    pub async fn terminate(&self, actor: &Actor, id: ResourceId) -> Result<()> {
        actor.must_be_person()?;
        let instance = self.find(actor, id).await?;
        self.must_order(actor, id).await?;
        if instance.state == ResourceState::Terminated {
            return Ok(());
        }
        self.end(Some(actor), id, instance.state).await
    }

    /// Refuses who sees a resource and may not order in its project.
    async fn must_order(&self, actor: &Actor, id: ResourceId) -> Result<()> {
        let found = store::resources::find(self.0.core().db(), id).await?;
        let found = found.ok_or(Error::Missing("subscription"))?;
        let on = On::project(found.customer, found.project);
        actor.must(Permission::PlaceOrders, on, "subscription")
    }

    /// Ends a resource at once; with an actor there is an order for it.
    async fn end(&self, actor: Option<&Actor>, id: ResourceId, from: ResourceState) -> Result<()> {
        let core = self.0.core();
        let resource = store::resources::find(core.db(), id).await?;
        let resource = resource.ok_or(Error::Missing("subscription"))?;
        let offering = self.0.offers().known(resource.offering).await?;
        let offering = offering.ok_or(Error::Missing("service"))?;
        let mut tx = core.db().begin().await?;
        let now = core.now();
        // Orders before resources, as everybody takes them.
        if let Some(open) = store::orders::open_of(&mut tx, id).await? {
            store::orders::lock(&mut tx, open).await?;
        }
        if store::resources::set_state(&mut tx, id, from, ResourceState::Terminated, Some(now))
            .await?
            == 0
        {
            return Err(Error::Conflict("The subscription has changed meanwhile. Look again."));
        }
        self.0.provisioning().end(&mut tx, id, None).await?;
        if let Some(actor) = actor {
            let mut order = self.order_of(actor, &offering, &resource, OrderKind::Terminate);
            order.completed_at = Some(now);
            store::orders::insert(&mut tx, &order).await?;
            let done = ("marketplace_order_completed", "completed");
            self.0.orders().note(&mut tx, Some(actor), &order, done).await?;
        }
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
        listed.plan(resource.plan).cloned()
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

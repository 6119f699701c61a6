//! Carrying out orders. Every piece is safe to be done twice: a server may die at any moment, and the next run of the
//! work goes on where the records say it stands.

use model::{OrderId, OrderKind, OrderState, PlanPeriodId, Quota, ResourceId, ResourceState, Usd};
use serde_json::Value;
use store::{
    Tx,
    holdings::Origin,
    offerings::OfferingRow,
    orders::Order,
    plan_periods::{Opening, PlanPeriod},
    resources::Resource,
};

use crate::{
    Error, Market, Result,
    ordering::must_have_place,
    shelves::address_of,
    tenancy::{lock_open, must_have_room},
    work::Kind,
};

/// What is done by the house itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Provisioning<'a>(pub(crate) &'a Market);

const LIVE: [ResourceState; 6] = [
    ResourceState::Ok,
    ResourceState::Paused,
    ResourceState::Creating,
    ResourceState::Updating,
    ResourceState::Erred,
    ResourceState::Terminating,
];

impl Provisioning<'_> {
    /// Carries out an order; one that is not to be carried out now is left alone.
    pub async fn carry_out(&self, payload: &str) -> Result<()> {
        let id: OrderId = payload.parse().map_err(|_| Error::broken("an order's id"))?;
        let db = self.0.core().db();
        let Some(order) = store::orders::find(db, id).await? else { return Ok(()) };
        if order.state != OrderState::Executing {
            return Ok(());
        }
        let outcome = match order.kind {
            OrderKind::Create => self.create(id).await,
            OrderKind::Update | OrderKind::Terminate => self.change(id).await,
            OrderKind::Restore => Err(Error::Conflict("Ended resources cannot be restored.")),
        };
        match outcome {
            Ok(()) => Ok(()),
            // What the rules refuse will be refused again; somebody must look at it.
            Err(
                refusal @ (Error::Conflict(_)
                | Error::Invalid(_)
                | Error::Missing(_)
                | Error::Unpaid { .. }),
            ) => self.give_up(id, &refusal.sentence()).await,
            Err(failure) => Err(failure),
        }
    }

    async fn offering(&self, order: &Order) -> Result<OfferingRow> {
        let found = self.0.offers().known(order.offering).await?;
        found.ok_or(Error::Missing("offering"))
    }

    /// The provider fulfils it by hand and says when it is done.
    pub fn waits(offering: &OfferingRow) -> bool {
        offering.by_hand && offering.option(&["manual_fulfilment"]) == Some(true)
    }

    async fn create(&self, id: OrderId) -> Result<()> {
        let core = self.0.core();
        let db = core.db();
        let order = store::orders::find(db, id).await?.ok_or(Error::Missing("order"))?;
        let offering = self.offering(&order).await?;
        let plan = order.plan.ok_or(Error::Missing("plan"))?;
        let plan = self.0.plans().known(plan).await?.ok_or(Error::Missing("plan"))?.plan;
        let fee = !offering.is_invoiced() && plan.monthly_fee > Usd::ZERO;
        let mut tx = db.begin().await?;
        lock_open(&mut tx, order.customer).await?;
        // Read again behind the lock: another run may have come this far.
        let order = store::orders::lock(&mut tx, id).await?;
        let mut order = order.filter(|order| order.state == OrderState::Executing);
        let Some(order) = order.as_mut() else { return Ok(()) };
        let resource = if let Some(resource) = order.resource {
            resource
        } else {
            must_have_room(&mut tx, order.customer, Quota::Resources).await?;
            must_have_place(&mut tx, plan.id).await?;
            self.make(&mut tx, order, &offering, fee).await?
        };
        if Self::waits(&offering) {
            store::orders::update(&mut tx, order, OrderState::Executing).await?;
            return Ok(tx.commit().await?);
        }
        if !fee {
            self.complete(&mut tx, order).await?;
            return Ok(tx.commit().await?);
        }
        store::orders::update(&mut tx, order, OrderState::Executing).await?;
        tx.commit().await?;
        let resources = self.0.resources();
        let made = store::resources::find(db, resource).await?.ok_or(Error::Missing("resource"))?;
        if made.state == ResourceState::Creating {
            let plan = resources.plan(&made).ok_or(Error::Missing("plan"))?;
            resources.charge_fee(&made, &plan).await?;
        }
        let mut tx = db.begin().await?;
        let order = store::orders::lock(&mut tx, id).await?;
        if let Some(mut order) = order.filter(|order| order.state == OrderState::Executing) {
            self.complete(&mut tx, &mut order).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Makes the resource of an order.
    async fn make(
        &self,
        tx: &mut Tx,
        order: &mut Order,
        offering: &OfferingRow,
        fee: bool,
    ) -> Result<ResourceId> {
        let core = self.0.core();
        let now = core.now();
        let name = order.attributes.get("name").and_then(Value::as_str).map(str::trim);
        let name = name.filter(|name| !name.is_empty()).unwrap_or(&offering.name).to_owned();
        let resource = Resource {
            id: core.id(ResourceId::new),
            customer: order.customer,
            project: order.project,
            offering: order.offering,
            plan: order.plan.ok_or(Error::Missing("plan"))?,
            state: ResourceState::Creating,
            reference: Some(format!("order:{}", order.id)),
            created_at: now,
            renews_at: fee.then_some(now),
            name,
        };
        let described = order.attributes.get("description").and_then(Value::as_str);
        let origin = Origin {
            seller: order.seller,
            slug: address_of(&resource.name, "resource"),
            description: described.unwrap_or_default().chars().take(2_000).collect(),
            attributes: order.attributes.clone(),
            limits: order.limits.clone(),
            end_day: None,
            invoiced: offering.is_invoiced(),
            at: now,
        };
        store::resources::insert(&mut *tx, &resource).await?;
        store::holdings::adorn(&mut *tx, resource.id, &origin).await?;
        order.resource = Some(resource.id);
        Ok(resource.id)
    }

    /// Another plan, other limits, or the end.
    async fn change(&self, id: OrderId) -> Result<()> {
        let core = self.0.core();
        let order = store::orders::find(core.db(), id).await?.ok_or(Error::Missing("order"))?;
        let resource = order.resource.ok_or(Error::Missing("resource"))?;
        let offering = self.offering(&order).await?;
        let mut tx = core.db().begin().await?;
        let found = store::orders::lock(&mut tx, id).await?;
        let Some(mut order) = found.filter(|order| order.state == OrderState::Executing) else {
            return Ok(());
        };
        if Self::waits(&offering) {
            let (from, to): (&[ResourceState], _) = match order.kind {
                OrderKind::Terminate => (&LIVE, ResourceState::Terminating),
                _ => (&[ResourceState::Ok], ResourceState::Updating),
            };
            store::holdings::shift(&mut tx, resource, from, to, "", core.now()).await?;
            return Ok(tx.commit().await?);
        }
        let ended = self.complete(&mut tx, &mut order).await?;
        tx.commit().await?;
        if ended {
            self.0.shared().access.forget();
        }
        Ok(())
    }

    /// Finishes an order and notes it; whether keys have stopped.
    async fn complete(&self, tx: &mut Tx, order: &mut Order) -> Result<bool> {
        let ended = self.finish(&mut *tx, order).await?;
        if store::orders::update(&mut *tx, order, OrderState::Executing).await? == 0 {
            return Err(Error::broken("an order that changed while it was carried out"));
        }
        let done = ("marketplace_order_completed", "completed");
        self.0.orders().note(tx, None, order, done).await?;
        Ok(ended)
    }

    /// Does what an order is about and sets it to done; whether keys have stopped.
    pub async fn finish(&self, tx: &mut Tx, order: &mut Order) -> Result<bool> {
        let now = self.0.core().now();
        let resource = order.resource.ok_or(Error::Conflict("Nothing was made for this order."))?;
        let mut ended = false;
        match order.kind {
            OrderKind::Create | OrderKind::Restore => {
                Self::living(&mut *tx, resource).await?;
                let from = [ResourceState::Creating, ResourceState::Erred];
                store::holdings::shift(&mut *tx, resource, &from, ResourceState::Ok, "", now)
                    .await?;
                self.open_period(&mut *tx, order, resource, Opening::Init).await?;
            }
            OrderKind::Update => {
                let had = Self::living(&mut *tx, resource).await?;
                let from = [ResourceState::Updating, ResourceState::Erred];
                store::holdings::shift(&mut *tx, resource, &from, ResourceState::Ok, "", now)
                    .await?;
                self.switch(&mut *tx, order, &had).await?;
            }
            OrderKind::Terminate => {
                self.end(&mut *tx, resource, Some(order.id)).await?;
                ended = true;
            }
        }
        order.state = OrderState::Done;
        order.updated_at = now;
        order.completed_at = Some(now);
        order.error_message.clear();
        Ok(ended)
    }

    /// A resource that has not ended, which nobody else changes until the transaction ends. An order that failed may be tried
    /// again after its resource has ended: nothing begins to cost anything then.
    async fn living(tx: &mut Tx, resource: ResourceId) -> Result<Resource> {
        let found = store::resources::lock(tx, resource).await?;
        let found = found.ok_or(Error::Missing("resource"))?;
        if found.state == ResourceState::Terminated {
            return Err(Error::Conflict("The resource of this order has ended."));
        }
        Ok(found)
    }

    /// Begins the time of an order's plan, unless it has begun.
    pub async fn open_period(
        &self,
        tx: &mut Tx,
        order: &Order,
        resource: ResourceId,
        opening: Opening,
    ) -> Result<()> {
        let core = self.0.core();
        let Some(plan) = order.plan else { return Ok(()) };
        if store::plan_periods::at(&mut *tx, resource, core.now()).await?.is_some() {
            return Ok(());
        }
        let period = PlanPeriod {
            id: core.id(PlanPeriodId::new),
            resource,
            plan,
            limits: order.limits.clone(),
            opening,
            start_at: core.now(),
            end_at: None,
        };
        Ok(store::plan_periods::insert(tx, &period).await?)
    }

    /// Puts a resource on the ordered plan and limits. The wallet pays the new fee from the next period on.
    async fn switch(&self, tx: &mut Tx, order: &Order, had: &Resource) -> Result<()> {
        let now = self.0.core().now();
        let plan = order.plan.ok_or(Error::Missing("plan"))?;
        let found = self.0.plans().known_in(&mut *tx, plan).await?.ok_or(Error::Missing("plan"))?;
        let renews_at = match (found.invoiced, found.monthly_fee > Usd::ZERO) {
            (false, true) => had.renews_at.or(Some(now)),
            _ => None,
        };
        store::holdings::set_plan(&mut *tx, had.id, plan, &order.limits, renews_at, now).await?;
        store::plan_periods::close(&mut *tx, had.id, now).await?;
        let opening = if had.plan == plan { Opening::Nothing } else { Opening::Switch };
        store::versions::bump(&mut *tx, "access").await?;
        self.open_period(tx, order, had.id, opening).await
    }

    /// Ends a resource: its keys stop, its plan's time is over, what else was asked for it has no object any more. `by` is
    /// the order that ends it, if one does.
    pub async fn end(&self, tx: &mut Tx, resource: ResourceId, by: Option<OrderId>) -> Result<()> {
        let now = self.0.core().now();
        // Orders before resources, as everybody takes them, so that no two wait for each other.
        let open = store::orders::open_of(&mut *tx, resource).await?.filter(|id| Some(*id) != by);
        if let Some(id) = open
            && let Some(mut order) = store::orders::lock(&mut *tx, id).await?
        {
            let was = order.state;
            order.state = OrderState::Canceled;
            (order.updated_at, order.completed_at) = (now, Some(now));
            store::orders::update(&mut *tx, &order, was).await?;
            let canceled = ("marketplace_order_canceled", "canceled with its resource");
            self.0.orders().note(&mut *tx, None, &order, canceled).await?;
        }
        store::holdings::shift(&mut *tx, resource, &LIVE, ResourceState::Terminated, "", now)
            .await?;
        store::plan_periods::close(&mut *tx, resource, now).await?;
        store::keys::revoke_all(&mut *tx, resource, now).await?;
        Ok(store::versions::bump(tx, "access").await?)
    }

    /// Sets an order to failed, and the resource back to how it stands.
    pub async fn fail(&self, tx: &mut Tx, order: &mut Order) -> Result<()> {
        let now = self.0.core().now();
        order.state = OrderState::Erred;
        order.updated_at = now;
        order.completed_at = Some(now);
        let Some(resource) = order.resource else { return Ok(()) };
        let (from, to): (&[ResourceState], _) = match order.kind {
            OrderKind::Create | OrderKind::Restore => {
                (&[ResourceState::Creating], ResourceState::Erred)
            }
            OrderKind::Update => (&[ResourceState::Updating], ResourceState::Ok),
            OrderKind::Terminate => (&[ResourceState::Terminating], ResourceState::Erred),
        };
        store::holdings::shift(tx, resource, from, to, &order.error_message, now).await?;
        Ok(())
    }

    /// Sets an order that is being carried out to failed.
    pub async fn give_up(&self, id: OrderId, why: &str) -> Result<()> {
        let mut tx = self.0.core().db().begin().await?;
        let found = store::orders::lock(&mut tx, id).await?;
        let Some(mut order) = found.filter(|order| order.state == OrderState::Executing) else {
            return Ok(());
        };
        why.clone_into(&mut order.error_message);
        self.fail(&mut tx, &mut order).await?;
        if store::orders::update(&mut tx, &order, OrderState::Executing).await? == 0 {
            return Ok(());
        }
        let failed = ("marketplace_order_failed", "given up");
        self.0.orders().note(&mut tx, None, &order, failed).await?;
        Ok(tx.commit().await?)
    }

    /// An order was refused or taken back: what was made for it in advance ends; whether that was anything.
    pub async fn call_off(&self, tx: &mut Tx, order: &Order) -> Result<bool> {
        match (order.kind, order.resource) {
            (OrderKind::Create, Some(resource)) => {
                self.end(tx, resource, Some(order.id)).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Ends what was to end before today.
    pub async fn sweep(&self) -> Result<()> {
        let core = self.0.core();
        for id in store::holdings::expired(core.db(), core.now().day(), 200).await? {
            let Some(found) = store::resources::find(core.db(), id).await? else { continue };
            let offering = self.0.offers().known(found.offering).await?;
            let Some(offering) = offering else { continue };
            let made = core.id(OrderId::new);
            let mut order = crate::ordering::new_order(made, core.now(), &offering, found.customer);
            order.project = found.project;
            order.resource = Some(id);
            order.kind = OrderKind::Terminate;
            order.plan = Some(found.plan);
            order.state = OrderState::Executing;
            order.auto_approved = true;
            "The last day of the resource has passed.".clone_into(&mut order.request_comment);
            let mut tx = core.db().begin().await?;
            store::customers::lock(&mut tx, found.customer).await?;
            if store::orders::open_of(&mut tx, id).await?.is_some() {
                continue;
            }
            store::orders::insert(&mut tx, &order).await?;
            self.0.queue(&mut tx, Kind::Order, &made.to_string(), None).await?;
            let placed = ("marketplace_order_created", "placed");
            self.0.orders().note(&mut tx, None, &order, placed).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

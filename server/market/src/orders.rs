//! Orders: asked for, consented to by both sides, carried out by durable work.

use std::collections::BTreeMap;

use model::{Day, OfferingId, OrderId, OrderKind, OrderState, PlanId, ProjectId, Usd};
use serde_json::{Map, Value};
use store::{
    Tx,
    orders::{LONG, Order, OrderRow, SHELF, read},
};

use crate::{
    Actor, Asked, Clause, Error, FilterValue, Market, On, Permission, Result,
    audit::Deed,
    order_rules::{Gates, Step, next},
    plain::plain,
    tenancy::lock_open,
    work::Kind,
};

/// The most that what an order says may hold, in bytes of JSON, in members and in depth.
const MOST_BYTES: usize = 32 * 1024;
const MOST_MEMBERS: usize = 200;
const MOST_DEPTH: usize = 8;

/// The service for orders.
#[derive(Debug, Clone, Copy)]
pub struct Orders<'a>(pub(crate) &'a Market);

/// A request to have something.
#[derive(Debug, Clone)]
pub struct OrderDraft {
    pub offering: OfferingId,
    pub project: ProjectId,
    /// None: the offering's first.
    pub plan: Option<PlanId>,
    pub attributes: Map<String, Value>,
    pub limits: BTreeMap<String, i64>,
    pub callback_url: String,
    pub request_comment: String,
    pub start_day: Option<Day>,
    pub slug: Option<String>,
    /// The caller's id of it: the same one never makes a second.
    pub reference: Option<String>,
}

/// What is changed of an order that nobody works on yet; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct OrderChange {
    pub limits: Option<BTreeMap<String, i64>>,
    pub attributes: Option<Map<String, Value>>,
    /// `Some(None)`: as soon as it may.
    pub start_day: Option<Option<Day>>,
}

/// What is said with a step.
#[derive(Debug, Clone, Default)]
pub struct Remark {
    pub comment: String,
    pub error_message: String,
    pub error_traceback: String,
    /// Put over the order's attributes when the provider consents.
    pub attributes: Map<String, Value>,
}

impl Orders<'_> {
    /// What the actor may see: everything, or what is bought or sold by the actor's customers, projects and offerings.
    /// Whose customers sell nothing is not looked for among the sellers.
    fn sight(self, actor: &Actor) -> Result<Option<Clause>> {
        actor.must_be_person()?;
        if actor.sees_all() {
            return Ok(None);
        }
        let catalog = self.0.catalog();
        let texts = |ids: Vec<String>| ids.into_iter().map(FilterValue::from).collect::<Vec<_>>();
        let sellers = actor.customers.iter().filter(|id| catalog.sells(**id));
        Ok(Some(Clause::any([
            ("d.customer_id IN (?)", texts(actor.customer_scopes())),
            ("d.project_id IN (?)", texts(actor.project_scopes())),
            ("d.seller_id IN (?)", texts(sellers.map(ToString::to_string).collect())),
            ("d.offering_id IN (?)", texts(actor.offering_scopes())),
        ])))
    }

    /// A page of orders, and how many there are.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<OrderRow>, u64)> {
        let asked = asked.and_some(self.sight(actor)?);
        self.0.core().page(LONG, &asked, range, read).await
    }

    /// Those that wait for the actor's own consent, as the consumer or as the provider.
    pub fn awaiting(actor: &Actor, as_provider: bool) -> Clause {
        let (permission, state) = if as_provider {
            (Permission::ApproveAsProvider, "pending-provider")
        } else {
            (Permission::ApproveAsConsumer, "pending-consumer")
        };
        if actor.may_everywhere(permission) {
            return Clause::of("d.state IN (?)", [state]);
        }
        let customers = actor.customers_with(permission);
        let held: Vec<FilterValue> =
            customers.iter().map(|id| FilterValue::from(id.to_string())).collect();
        let grants = actor.grants().iter();
        let narrow: Vec<FilterValue> = grants
            .filter(|g| g.kind != model::ScopeKind::Customer)
            .filter(|g| {
                let on = match (g.kind, g.scope.parse(), g.scope.parse()) {
                    (model::ScopeKind::Project, Ok(id), _) => On::project(g.customer, id),
                    (model::ScopeKind::Offering, _, Ok(id)) => On::offering(g.customer, id),
                    _ => return false,
                };
                actor.may(permission, on)
            })
            .map(|g| FilterValue::from(g.scope.clone()))
            .collect();
        if as_provider {
            return Clause::lists(
                "d.state = 'pending-provider' AND (d.seller_id IN (?) OR d.offering_id IN (?))",
                [held, narrow],
            );
        }
        Clause::lists(
            "d.state = 'pending-consumer' AND (d.customer_id IN (?) OR d.project_id IN (?))",
            [held, narrow],
        )
    }

    /// One order.
    pub async fn find(&self, actor: &Actor, id: OrderId) -> Result<OrderRow> {
        let asked = Asked::default()
            .and(Clause::of("d.id IN (?)", [id.to_string()]))
            .and_some(self.sight(actor)?);
        SHELF.one(self.0.core().db(), &asked, read).await?.ok_or(Error::Missing("order"))
    }

    /// What was done to an order, the oldest first.
    pub async fn history(&self, actor: &Actor, id: OrderId) -> Result<Vec<store::events::Event>> {
        self.find(actor, id).await?;
        let asked = Asked::default().and(Clause::of("e.object_id IN (?)", [id.to_string()]));
        let db = self.0.core().db();
        Ok(store::events::SHELF.all(db, &asked, 200, store::events::read).await?)
    }

    /// What stands in the way of an order that this actor makes, consents to, or that the house moves on.
    pub(crate) async fn gates(&self, actor: Option<&Actor>, order: &Order) -> Result<Gates> {
        let db = self.0.core().db();
        let today = self.0.core().now().day();
        let start = store::orders::project_start(db, order.project).await?;
        let offering = self.0.offers().known(order.offering).await?;
        let offering = offering.ok_or_else(|| Error::broken("an order without offering"))?;
        let decided = ["auto_approve", "auto_approve_in_service_provider_projects"];
        let waived = offering.option(&decided).unwrap_or_else(|| {
            let on = On::offering(order.seller, order.offering);
            !offering.by_hand
                || actor.is_some_and(|actor| actor.may(Permission::ApproveAsProvider, on))
        });
        Ok(Gates {
            project_waits: order.kind == OrderKind::Create && start.is_some_and(|day| day > today),
            provider_reviews: !waived && order.provider_reviewed_at.is_none(),
            day_waits: order.start_day.is_some_and(|day| day > today),
        })
    }

    /// Passes at once what needs nobody's consent but the actor's own; without an actor the house itself asks.
    pub(crate) async fn begin(&self, actor: Option<&Actor>, order: &mut Order) -> Result<()> {
        let on = On::project(order.customer, order.project);
        let consents = actor.is_none_or(|actor| actor.may(Permission::ApproveAsConsumer, on));
        order.state = OrderState::PendingConsumer;
        if !consents {
            return Ok(());
        }
        order.consumer_reviewed_by = actor.and_then(Actor::user);
        order.consumer_reviewed_at = Some(order.created_at);
        let gates = self.gates(actor, order).await?;
        order.state = next(order.state, Step::ApproveAsConsumer, gates).map_err(Error::Conflict)?;
        order.auto_approved = order.state != OrderState::PendingProvider;
        Ok(())
    }

    /// Whether the actor may take a step; who sees the order and may not is refused, to others it does not exist.
    fn must(actor: &Actor, order: &Order, step: Step) -> Result<()> {
        let consumer = On::project(order.customer, order.project);
        let provider = On::offering(order.seller, order.offering);
        let may = match step {
            Step::ApproveAsConsumer | Step::RejectAsConsumer => {
                actor.may(Permission::ApproveAsConsumer, consumer)
            }
            Step::ApproveAsProvider
            | Step::RejectAsProvider
            | Step::SetExecuting
            | Step::SetDone
            | Step::SetErred
            | Step::Retry => actor.may(Permission::ApproveAsProvider, provider),
            Step::Cancel | Step::Change | Step::Remove => {
                let own = actor.user().is_some() && actor.user() == order.created_by;
                (own && actor.may(Permission::PlaceOrders, consumer))
                    || actor.may(Permission::ApproveAsConsumer, consumer)
            }
            Step::Begin => false,
        };
        if may {
            Ok(())
        } else if actor.knows(consumer) || actor.knows(provider) {
            Err(Error::Denied)
        } else {
            Err(Error::Missing("order"))
        }
    }

    /// What the actor may do with an order as it stands.
    pub fn steps(&self, actor: &Actor, order: &Order) -> Vec<Step> {
        let open = Step::ALL.into_iter().filter(|step| step.valid().contains(&order.state));
        open.filter(|step| Self::must(actor, order, *step).is_ok()).collect()
    }

    /// Takes a step. Of two at once exactly one is taken.
    pub async fn act(
        &self,
        actor: &Actor,
        id: OrderId,
        step: Step,
        remark: Remark,
    ) -> Result<OrderRow> {
        let seen = self.find(actor, id).await?.order;
        Self::must(actor, &seen, step)?;
        let comment = plain("comment", &remark.comment, 0, 2_000)?;
        let gates = self.gates(None, &seen).await?;
        let core = self.0.core();
        let now = core.now();
        let mut tx = core.db().begin().await?;
        if step.is_approval() {
            lock_open(&mut tx, seen.customer).await?;
        }
        let found = store::orders::find(&mut tx, id).await?;
        let mut order = found.ok_or(Error::Missing("order"))?;
        let was = order.state;
        order.state = next(was, step, gates).map_err(Error::Conflict)?;
        order.updated_at = now;
        match step {
            Step::ApproveAsConsumer | Step::RejectAsConsumer => {
                order.consumer_reviewed_by = actor.user();
                order.consumer_reviewed_at = Some(now);
                order.consumer_comment = comment;
            }
            Step::ApproveAsProvider | Step::RejectAsProvider => {
                order.provider_reviewed_by = actor.user();
                order.provider_reviewed_at = Some(now);
                order.provider_comment = comment;
                order.attributes.extend(remark.attributes);
                check_attributes(&order.attributes)?;
            }
            Step::SetErred => {
                order.error_message = plain("error_message", &remark.error_message, 0, 4_000)?;
                order.error_traceback =
                    plain("error_traceback", &remark.error_traceback, 0, 20_000)?;
            }
            Step::Retry | Step::SetExecuting => {
                order.error_message.clear();
                order.error_traceback.clear();
                order.completed_at = None;
            }
            Step::Cancel | Step::Begin | Step::SetDone | Step::Change | Step::Remove => {}
        }
        let ended = match step {
            Step::SetDone => {
                order.state = OrderState::Executing;
                self.0.provisioning().finish(&mut tx, &mut order).await?
            }
            Step::SetErred => {
                self.0.provisioning().fail(&mut tx, &mut order).await?;
                false
            }
            Step::RejectAsConsumer | Step::RejectAsProvider | Step::Cancel => {
                order.completed_at = Some(now);
                self.0.provisioning().call_off(&mut tx, &order).await?
            }
            _ => false,
        };
        if store::orders::update(&mut tx, &order, was).await? == 0 {
            return Err(Error::Conflict(step.refusal()));
        }
        if order.state == OrderState::Executing {
            self.0.queue(&mut tx, Kind::Order, &id.to_string(), None).await?;
        }
        self.note(&mut tx, Some(actor), &order, deed_of(step)).await?;
        tx.commit().await?;
        if ended {
            self.0.shared().access.forget();
        }
        self.find(actor, id).await
    }

    /// Consents as far as the actor may: for the consumer, for the provider, or both.
    pub async fn approve(&self, actor: &Actor, id: OrderId, remark: Remark) -> Result<OrderRow> {
        let seen = self.find(actor, id).await?;
        if seen.order.state != OrderState::PendingConsumer {
            return self.act(actor, id, Step::ApproveAsProvider, remark).await;
        }
        let passed = self.act(actor, id, Step::ApproveAsConsumer, remark.clone()).await?;
        let provider = On::offering(seen.order.seller, seen.order.offering);
        if passed.order.state == OrderState::PendingProvider
            && actor.may(Permission::ApproveAsProvider, provider)
        {
            return self.act(actor, id, Step::ApproveAsProvider, remark).await;
        }
        Ok(passed)
    }

    /// Refuses consent, for the side that is asked.
    pub async fn reject(&self, actor: &Actor, id: OrderId, remark: Remark) -> Result<OrderRow> {
        let seen = self.find(actor, id).await?;
        let step = match seen.order.state {
            OrderState::PendingConsumer => Step::RejectAsConsumer,
            _ => Step::RejectAsProvider,
        };
        self.act(actor, id, step, remark).await
    }

    /// Changes what was ordered while nobody works on it.
    pub async fn update(
        &self,
        actor: &Actor,
        id: OrderId,
        change: OrderChange,
    ) -> Result<OrderRow> {
        let seen = self.find(actor, id).await?.order;
        Self::must(actor, &seen, Step::Change)?;
        let mut tx = self.0.core().db().begin().await?;
        lock_open(&mut tx, seen.customer).await?;
        let mut order = store::orders::find(&mut tx, id).await?.ok_or(Error::Missing("order"))?;
        let was = order.state;
        next(was, Step::Change, Gates::default()).map_err(Error::Conflict)?;
        if let Some(attributes) = change.attributes {
            check_attributes(&attributes)?;
            order.attributes = attributes;
        }
        if let Some(day) = change.start_day {
            self.check_day(day)?;
            order.start_day = day;
        }
        if let Some(limits) = change.limits {
            let components = store::components::of_offering(&mut tx, order.offering).await?;
            order.limits = crate::components::checked_limits(&components, &limits)?;
        }
        if let Some(plan) = order.plan {
            drop(tx);
            order.cost = self.cost(plan, &order.limits, order.kind, order.old_plan).await?;
            tx = self.0.core().db().begin().await?;
        }
        order.updated_at = self.0.core().now();
        if store::orders::update(&mut tx, &order, was).await? == 0 {
            return Err(Error::Conflict(Step::Change.refusal()));
        }
        self.note(&mut tx, Some(actor), &order, ("marketplace_order_updated", "changed")).await?;
        tx.commit().await?;
        self.find(actor, id).await
    }

    pub(crate) fn check_day(self, day: Option<Day>) -> Result<()> {
        let today = self.0.core().now().day();
        match day {
            Some(day) if day < today => {
                Err(Error::field("start_date", "Enter a day that has not passed."))
            }
            Some(day) if day > today.plus(3_660) => {
                Err(Error::field("start_date", "Enter a day within ten years."))
            }
            _ => Ok(()),
        }
    }

    /// What an order for a plan costs: what is due once and the first unit of time.
    pub(crate) async fn cost(
        &self,
        plan: PlanId,
        limits: &BTreeMap<String, i64>,
        kind: OrderKind,
        old_plan: Option<PlanId>,
    ) -> Result<Usd> {
        let found = self.0.plans().known(plan).await?.ok_or(Error::Missing("plan"))?;
        let (unit, once) = found.estimate(limits)?;
        let once = match kind {
            OrderKind::Create | OrderKind::Restore => once,
            OrderKind::Update if old_plan != Some(plan) => found.plan.switch_price,
            OrderKind::Update | OrderKind::Terminate => Usd::ZERO,
        };
        Ok(Usd::from_micros(unit.micros().saturating_add(once.micros())))
    }

    /// Takes back an order that nobody works on.
    pub async fn remove(&self, actor: &Actor, id: OrderId) -> Result<()> {
        let seen = self.find(actor, id).await?.order;
        Self::must(actor, &seen, Step::Remove)?;
        self.erase(actor, seen, Step::Remove).await
    }

    /// Forgets an order and ends what it has made, without asking whoever provides it. Operators only.
    pub async fn unlink(&self, actor: &Actor, id: OrderId) -> Result<()> {
        let seen = self.find(actor, id).await?.order;
        actor.must_operate()?;
        self.erase(actor, seen, Step::Cancel).await
    }

    async fn erase(&self, actor: &Actor, seen: Order, step: Step) -> Result<()> {
        let mut tx = self.0.core().db().begin().await?;
        let order = store::orders::find(&mut tx, seen.id).await?;
        let order = order.ok_or(Error::Missing("order"))?;
        if step == Step::Remove {
            next(order.state, step, Gates::default()).map_err(Error::Conflict)?;
            self.0.provisioning().call_off(&mut tx, &order).await?;
        } else if let Some(resource) = order.resource {
            self.0.provisioning().end(&mut tx, resource).await?;
        }
        if store::orders::remove(&mut tx, order.id, order.state).await? == 0 {
            return Err(Error::Conflict(step.refusal()));
        }
        self.note(&mut tx, Some(actor), &order, ("marketplace_order_deleted", "deleted")).await?;
        tx.commit().await?;
        self.0.shared().access.forget();
        Ok(())
    }

    /// Notes what was done to an order.
    pub(crate) async fn note(
        &self,
        tx: &mut Tx,
        actor: Option<&Actor>,
        order: &Order,
        (kind, done): (&'static str, &str),
    ) -> Result<()> {
        let what = match order.kind {
            OrderKind::Create => "to create a resource",
            OrderKind::Update => "to change a resource",
            OrderKind::Terminate => "to end a resource",
            OrderKind::Restore => "to restore a resource",
        };
        let deed = Deed::new(kind, format!("The order {what} has been {done}."), "order", order.id)
            .of(order.customer)
            .in_project(order.project)
            .with(serde_json::json!({
                "order_uuid": order.id.hex(),
                "state": order.state.as_str(),
                "type": order.kind.as_str(),
            }));
        if kind != "marketplace_order_deleted" {
            self.0.hooks().queue_callback(tx, order).await?;
        }
        self.0.note(tx, actor, deed).await
    }

    /// Moves on what waited for a day that has come.
    pub(crate) async fn sweep(&self) -> Result<()> {
        let core = self.0.core();
        for id in store::orders::waiting(core.db(), core.now().day(), 500).await? {
            let Some(seen) = store::orders::find(core.db(), id).await? else { continue };
            let gates = self.gates(None, &seen).await?;
            let mut order = seen.clone();
            let Ok(state) = next(seen.state, Step::Begin, gates) else { continue };
            order.state = state;
            order.updated_at = core.now();
            let mut tx = core.db().begin().await?;
            if store::orders::update(&mut tx, &order, seen.state).await? == 0 {
                continue;
            }
            if order.state == OrderState::Executing {
                self.0.queue(&mut tx, Kind::Order, &id.to_string(), None).await?;
            }
            self.note(&mut tx, None, &order, ("marketplace_order_begun", "begun")).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

fn deed_of(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::ApproveAsConsumer => ("marketplace_order_approved", "approved by the organization"),
        Step::ApproveAsProvider => ("marketplace_order_approved", "approved by the provider"),
        Step::RejectAsConsumer => ("marketplace_order_rejected", "rejected by the organization"),
        Step::RejectAsProvider => ("marketplace_order_rejected", "rejected by the provider"),
        Step::Cancel => ("marketplace_order_canceled", "canceled"),
        Step::Begin => ("marketplace_order_begun", "begun"),
        Step::SetExecuting => ("marketplace_order_executing", "taken up by the provider"),
        Step::SetDone => ("marketplace_order_completed", "completed by the provider"),
        Step::SetErred => ("marketplace_order_failed", "marked as failed by the provider"),
        Step::Retry => ("marketplace_order_retried", "tried again"),
        Step::Change => ("marketplace_order_updated", "changed"),
        Step::Remove => ("marketplace_order_deleted", "deleted"),
    }
}

/// Refuses attributes that say too much.
pub(crate) fn check_attributes(attributes: &Map<String, Value>) -> Result<()> {
    let fault = |message: &str| Err(Error::field("attributes", message));
    if attributes.len() > MOST_MEMBERS {
        return fault("Use at most 200 attributes.");
    }
    if attributes.values().map(crate::plain::depth).max().unwrap_or(0) > MOST_DEPTH {
        return fault("These attributes are nested too deep.");
    }
    let size = serde_json::to_string(attributes).map_or(usize::MAX, |text| text.len());
    if size > MOST_BYTES {
        return fault("These attributes hold more than 32 kB.");
    }
    match attributes.get("name") {
        Some(Value::String(name)) => plain("attributes", name, 0, 150).map(drop),
        None | Some(Value::Null) => Ok(()),
        Some(_) => fault("The name must be a text."),
    }
}

//! Steps that people take with an order: consent, refusal, the provider's word, second thoughts.

use std::collections::BTreeMap;

use model::{Day, OrderId, OrderKind, OrderState};
use serde_json::{Map, Value};
use store::orders::{Order, OrderRow};

use super::{Orders, check_attributes};
use crate::{
    Actor, Error, On, Permission, Result,
    components::checked_limits,
    order_rules::{Gates, Step, next},
    plain::plain,
    tenancy::lock_open,
    work::Kind,
};

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
        let found = store::orders::lock(&mut tx, id).await?;
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

    /// Changes what was ordered while nobody works on it. Nobody has consented to what it is then: it is asked again, of
    /// the consumer unless the actor may consent, and of the provider.
    pub async fn update(
        &self,
        actor: &Actor,
        id: OrderId,
        change: OrderChange,
    ) -> Result<OrderRow> {
        let seen = self.find(actor, id).await?.order;
        Self::must(actor, &seen, Step::Change)?;
        let core = self.0.core();
        let plan = match seen.plan {
            Some(plan) => self.0.plans().known(plan).await?,
            None => None,
        };
        let components = store::components::of_offering(core.db(), seen.offering).await?;
        let mut anew = Order { provider_reviewed_at: None, ..seen.clone() };
        anew.start_day = change.start_day.unwrap_or(seen.start_day);
        let gates = self.gates(Some(actor), &anew).await?;
        let mut tx = core.db().begin().await?;
        lock_open(&mut tx, seen.customer).await?;
        let mut order = store::orders::lock(&mut tx, id).await?.ok_or(Error::Missing("order"))?;
        let was = order.state;
        next(was, Step::Change, Gates::default()).map_err(Error::Conflict)?;
        order.updated_at = core.now();
        if let Some(attributes) = change.attributes {
            check_attributes(&attributes)?;
            order.attributes = attributes;
        }
        if let Some(day) = change.start_day {
            self.check_day(day)?;
            order.start_day = day;
        }
        if let Some(limits) = change.limits {
            if order.kind == OrderKind::Terminate {
                return Err(Error::field("limits", "What ends has no limits."));
            }
            let mut wanted = order.limits.clone();
            wanted.extend(limits);
            order.limits = checked_limits(&components, &wanted)?;
            if let Some(plan) = plan.filter(|plan| Some(plan.plan.id) == order.plan) {
                order.cost = plan.cost(&order.limits, order.kind, order.old_plan)?;
            }
        }
        if was != OrderState::PendingConsumer {
            (order.provider_reviewed_by, order.provider_reviewed_at) = (None, None);
            (order.consumer_reviewed_by, order.consumer_reviewed_at) = (None, None);
            order.state = OrderState::PendingConsumer;
            let on = On::project(order.customer, order.project);
            if actor.may(Permission::ApproveAsConsumer, on) {
                order.consumer_reviewed_by = actor.user();
                order.consumer_reviewed_at = Some(order.updated_at);
                order.state =
                    next(order.state, Step::ApproveAsConsumer, gates).map_err(Error::Conflict)?;
            }
        }
        if store::orders::update(&mut tx, &order, was).await? == 0 {
            return Err(Error::Conflict(Step::Change.refusal()));
        }
        if order.state == OrderState::Executing {
            self.0.queue(&mut tx, Kind::Order, &id.to_string(), None).await?;
        }
        self.note(&mut tx, Some(actor), &order, ("marketplace_order_updated", "changed")).await?;
        tx.commit().await?;
        self.find(actor, id).await
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
        let order = store::orders::lock(&mut tx, seen.id).await?;
        let order = order.ok_or(Error::Missing("order"))?;
        if step == Step::Remove {
            next(order.state, step, Gates::default()).map_err(Error::Conflict)?;
            self.0.provisioning().call_off(&mut tx, &order).await?;
        } else if let Some(resource) = order.resource {
            self.0.provisioning().end(&mut tx, resource, Some(order.id)).await?;
        }
        if store::orders::remove(&mut tx, order.id, order.state).await? == 0 {
            return Err(Error::Conflict(step.refusal()));
        }
        self.note(&mut tx, Some(actor), &order, ("marketplace_order_deleted", "deleted")).await?;
        tx.commit().await?;
        self.0.shared().access.forget();
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

//! Placing orders: for something new, for another plan or limits, for the end.

use std::collections::BTreeMap;

use model::{
    CustomerId, OfferingState, OrderId, OrderKind, OrderState, PlanId, Quota, ResourceId,
    ResourceState, Usd,
};
use serde_json::{Map, Value};
use store::{
    Tx,
    holdings::Holding,
    offerings::OfferingRow,
    orders::{Order, OrderRow},
};

use crate::{
    Actor, Error, On, Permission, Result, Side,
    components::checked_limits,
    holdings::Holdings,
    orders::{OrderDraft, Orders, check_attributes},
    plain::plain,
    plans::PlanDetail,
    shelves::address_of,
    tenancy::lock_open,
    wallets::check_reference,
    work::Kind,
};

/// What is asked of a resource that is there.
#[derive(Debug, Clone)]
pub enum Request {
    /// Another plan.
    Switch(PlanId),
    /// Other limits.
    Limits(BTreeMap<String, i64>),
    /// The end.
    End(Map<String, Value>),
}

impl Orders<'_> {
    /// Orders something.
    pub async fn create(&self, actor: &Actor, draft: OrderDraft) -> Result<OrderRow> {
        actor.must_be_person()?;
        let core = self.0.core();
        let wrong = |field: &'static str| move || Error::field(field, crate::WRONG_LINK);
        let project = store::customers::find_project(core.db(), draft.project).await?;
        let project = project.ok_or_else(wrong("project"))?;
        let customer = project.customer_id;
        let on = On::project(customer, draft.project);
        if !actor.knows(on) && !actor.may_everywhere(Permission::PlaceOrders) {
            return Err(wrong("project")());
        }
        actor.must(Permission::PlaceOrders, on, "project")?;
        if let Some(reference) = &draft.reference {
            check_reference(reference)?;
            if let Some(id) = store::orders::by_reference(core.db(), customer, reference).await? {
                return self.find(actor, id).await;
            }
        }
        let offer = self.0.offers().find(Some(actor), Side::Public, draft.offering).await;
        let offering = offer.map_err(|_| wrong("offering")())?.row;
        if offering.state != OfferingState::Active {
            return Err(Error::field("offering", "Offering is not available."));
        }
        check_attributes(&draft.attributes)?;
        self.check_day(draft.start_day)?;
        let plan = self.plan_of(&offering, draft.plan).await?;
        let components = store::components::of_offering(core.db(), offering.id).await?;
        let limits = checked_limits(&components, &draft.limits)?;
        let (unit, once) = plan.estimate(&limits)?;
        let mut order = self.blank(actor, &offering, customer, draft.slug.as_deref())?;
        order.project = draft.project;
        order.plan = Some(plan.plan.id);
        order.attributes = draft.attributes;
        order.limits = limits;
        order.cost = Usd::from_micros(unit.micros().saturating_add(once.micros()));
        order.activation_price = once;
        order.request_comment = plain("request_comment", &draft.request_comment, 0, 2_000)?;
        order.callback_url = address(&draft.callback_url)?;
        order.start_day = draft.start_day;
        order.reference = draft.reference;
        self.begin(Some(actor), &mut order).await?;
        let mut tx = core.db().begin().await?;
        lock_open(&mut tx, customer).await?;
        room_for_one_more(&mut tx, customer).await?;
        must_have_place(&mut tx, plan.plan.id).await?;
        match store::orders::insert(&mut tx, &order).await {
            Err(store::Error::Conflict) => {
                drop(tx);
                let reference = order.reference.as_deref().unwrap_or_default();
                let id = store::orders::by_reference(core.db(), customer, reference).await?;
                let id = id.ok_or(Error::Conflict("This order was placed at the same time."))?;
                return self.find(actor, id).await;
            }
            other => other?,
        }
        self.placed(tx, actor, &order).await
    }

    async fn placed(&self, mut tx: Tx, actor: &Actor, order: &Order) -> Result<OrderRow> {
        if order.state == OrderState::Executing {
            self.0.queue(&mut tx, Kind::Order, &order.id.to_string(), None).await?;
        }
        self.note(&mut tx, Some(actor), order, ("marketplace_order_created", "placed")).await?;
        if order.auto_approved {
            let done = ("marketplace_order_approved", "approved without anybody's review");
            self.note(&mut tx, Some(actor), order, done).await?;
        }
        tx.commit().await?;
        self.find(actor, order.id).await
    }

    fn blank(
        self,
        actor: &Actor,
        offering: &OfferingRow,
        customer: CustomerId,
        slug: Option<&str>,
    ) -> Result<Order> {
        let core = self.0.core();
        let mut order = new_order(core.id(OrderId::new), core.now(), offering, customer);
        order.created_by = actor.user();
        if let Some(slug) = slug {
            order.slug = address_of(&plain("slug", slug, 0, 60)?, &order.slug);
        }
        Ok(order)
    }

    /// The plan that is meant, which must be one that can be bought.
    async fn plan_of(&self, offering: &OfferingRow, id: Option<PlanId>) -> Result<PlanDetail> {
        let all = self.0.plans().of_offerings(&[offering.id.to_string()]).await?;
        let mut open = all.into_iter().filter(|plan| plan.plan.archived_at.is_none());
        match id {
            Some(id) => open
                .find(|plan| plan.plan.id == id)
                .ok_or_else(|| Error::field("plan", crate::WRONG_LINK)),
            None => open.next().ok_or_else(|| Error::field("plan", "This field is required.")),
        }
    }

    /// Asks for another plan, other limits, or the end of a resource. The price before and after is in the order.
    pub async fn request(
        &self,
        actor: &Actor,
        resource: ResourceId,
        request: Request,
    ) -> Result<OrderRow> {
        let holding = self.0.holdings().find(actor, resource).await?;
        Self::must_request(actor, &holding, &request)?;
        let core = self.0.core();
        let offering = self.0.offers().known(holding.offering).await?;
        let offering = offering.ok_or_else(|| Error::broken("a resource without offering"))?;
        let old = self.0.plans().known(holding.plan).await?;
        let old = old.ok_or_else(|| Error::broken("a resource without plan"))?;
        let mut order = self.blank(actor, &offering, holding.customer, None)?;
        order.project = holding.project;
        order.resource = Some(resource);
        order.old_plan = Some(holding.plan);
        order.plan = Some(holding.plan);
        order.old_limits = holding.limits.clone();
        order.limits = holding.limits.clone();
        order.old_cost = old.estimate(&holding.limits)?.0;
        order.kind = OrderKind::Update;
        match request {
            Request::Switch(plan) => {
                let plan = self.plan_of(&offering, Some(plan)).await?;
                if plan.plan.id == holding.plan {
                    return Err(Error::field("plan", "The resource is on this plan already."));
                }
                let (unit, _) = plan.estimate(&order.limits)?;
                let micros = unit.micros().saturating_add(plan.plan.switch_price.micros());
                order.cost = Usd::from_micros(micros);
                order.activation_price = plan.plan.switch_price;
                order.plan = Some(plan.plan.id);
            }
            Request::Limits(limits) => {
                let components =
                    store::components::of_offering(core.db(), holding.offering).await?;
                let mut wanted = holding.limits.clone();
                wanted.extend(limits);
                order.limits = checked_limits(&components, &wanted)?;
                if order.limits == holding.limits {
                    return Err(Error::field("limits", "The resource has these limits already."));
                }
                order.cost = old.estimate(&order.limits)?.0;
            }
            Request::End(attributes) => {
                check_attributes(&attributes)?;
                order.attributes = attributes;
                order.kind = OrderKind::Terminate;
            }
        }
        self.begin(Some(actor), &mut order).await?;
        let mut tx = core.db().begin().await?;
        // A blocked customer may end what it has.
        if order.kind == OrderKind::Terminate {
            store::customers::lock(&mut tx, holding.customer).await?;
        } else {
            lock_open(&mut tx, holding.customer).await?;
        }
        if store::orders::open_of(&mut tx, resource).await?.is_some() {
            return Err(Error::Conflict("Resource has an order that is not finished."));
        }
        let now = Holdings::known_in(&mut tx, resource).await?;
        if now.limits != holding.limits || now.plan != holding.plan {
            return Err(Error::Conflict("The resource has changed meanwhile. Look again."));
        }
        let fits = match order.kind {
            OrderKind::Terminate => {
                !matches!(now.state, ResourceState::Terminated | ResourceState::Terminating)
            }
            _ => matches!(now.state, ResourceState::Ok | ResourceState::Paused),
        };
        if let Some(plan) = order.plan.filter(|plan| *plan != now.plan) {
            must_have_place(&mut tx, plan).await?;
        }
        if !fits {
            return Err(Error::Conflict(if order.kind == OrderKind::Terminate {
                "Valid states for operation: OK, Erred, Creating, Updating."
            } else {
                "Valid states for operation: OK."
            }));
        }
        store::orders::insert(&mut tx, &order).await?;
        self.placed(tx, actor, &order).await
    }

    fn must_request(actor: &Actor, holding: &Holding, request: &Request) -> Result<()> {
        let on = On::project(holding.customer, holding.project);
        let seller = On::offering(holding.seller, holding.offering);
        let ends = matches!(request, Request::End(_));
        if actor.may(Permission::PlaceOrders, on)
            || (ends && actor.may(Permission::ApproveAsProvider, seller))
        {
            Ok(())
        } else {
            Err(Error::Denied)
        }
    }
}

/// An order with nothing in it yet.
pub(crate) fn new_order(
    id: OrderId,
    now: model::Timestamp,
    offering: &OfferingRow,
    customer: CustomerId,
) -> Order {
    Order {
        id,
        slug: format!("order-{}", &id.hex().get(24..).unwrap_or_default()),
        customer,
        // Set by whoever knows it; there is no order without one.
        project: model::ProjectId::new(0, [0; 10]),
        offering: offering.id,
        seller: offering.customer,
        plan: None,
        old_plan: None,
        resource: None,
        kind: OrderKind::Create,
        state: OrderState::PendingConsumer,
        attributes: Map::new(),
        limits: BTreeMap::new(),
        old_limits: BTreeMap::new(),
        cost: Usd::ZERO,
        old_cost: Usd::ZERO,
        activation_price: Usd::ZERO,
        created_by: None,
        consumer_reviewed_by: None,
        consumer_reviewed_at: None,
        provider_reviewed_by: None,
        provider_reviewed_at: None,
        auto_approved: false,
        request_comment: String::new(),
        consumer_comment: String::new(),
        provider_comment: String::new(),
        error_message: String::new(),
        error_traceback: String::new(),
        output: String::new(),
        callback_url: String::new(),
        start_day: None,
        created_at: now,
        updated_at: now,
        completed_at: None,
        reference: None,
    }
}

/// Refuses when what a customer has and what its orders will make is as much as its quota allows. The customer must be
/// locked.
pub(crate) async fn room_for_one_more(tx: &mut Tx, customer: CustomerId) -> Result<()> {
    let Some(most) = store::quotas::limit(&mut *tx, customer, Quota::Resources).await? else {
        return Ok(());
    };
    let has = store::quotas::used(&mut *tx, customer, Quota::Resources).await?;
    if has + store::orders::coming(tx, customer).await? < most {
        return Ok(());
    }
    Err(Error::Conflict(
        "The quota of resources (nc_resource_count) is used up. The operator can raise it.",
    ))
}

/// Refuses when a plan has as many resources as it may.
pub(crate) async fn must_have_place(tx: &mut Tx, plan: PlanId) -> Result<()> {
    if store::offerings::has_place(tx, plan).await? {
        Ok(())
    } else {
        Err(Error::Conflict("As many resources are on this plan as may be."))
    }
}

/// An address that is told when an order has ended, or nothing.
fn address(text: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    crate::hooks::address(text).ok_or_else(|| Error::field("callback_url", "Enter a valid URL."))
}

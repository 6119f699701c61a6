//! Orders: asked for, consented to by both sides, carried out by durable work.

mod acting;

use std::collections::BTreeMap;

use model::{Day, OfferingId, OrderId, OrderKind, OrderState, PlanId, ProjectId};
use serde_json::{Map, Value};
use store::{
    Tx,
    orders::{LONG, Order, OrderRow, SHELF, read},
};

pub use self::acting::{OrderChange, Remark};
use crate::{
    Actor, Asked, Clause, Error, FilterValue, Market, On, Permission, Result,
    audit::Deed,
    order_rules::{Gates, Step, next},
    plain::plain,
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

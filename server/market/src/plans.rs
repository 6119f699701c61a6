//! Plans and what they cost.

mod making;

use std::collections::BTreeMap;

use model::{Billing, OrderKind, PlanComponentId, PlanId, PlanUnit, Usd};
use store::{
    Tx,
    offerings::{
        PLAN_COMPONENTS, PLANS, PlanComponentRow, PlanRow, read_plan, read_plan_component,
    },
};

pub(crate) use self::making::ids_of;
pub use self::making::{PlanDraft, PriceDraft};
use crate::{
    Actor, Asked, Clause, Error, FilterValue, Market, Permission, Result, usages::MOST_COST,
};

/// The service for plans.
#[derive(Debug, Clone, Copy)]
pub struct Plans<'a>(pub(crate) &'a Market);

/// A plan with its components.
#[derive(Debug, Clone)]
pub struct PlanDetail {
    pub plan: PlanRow,
    pub parts: Vec<PlanComponentRow>,
}

impl PlanDetail {
    /// What a unit of time costs with these limits, and what is due once when a resource begins.
    ///
    /// # Errors
    /// When that is more money than there is.
    pub(crate) fn estimate(&self, limits: &BTreeMap<String, i64>) -> Result<(Usd, Usd)> {
        let own = if self.plan.invoiced { self.plan.unit_price } else { self.plan.monthly_fee };
        let (mut unit, mut once) =
            (i128::from(own.micros()), i128::from(self.plan.init_price.micros()));
        for part in &self.parts {
            let price = i128::from(part.price.micros());
            match part.billing {
                Billing::Fixed => unit += price * i128::from(part.amount),
                Billing::Limit => {
                    unit += price * i128::from(limits.get(&part.kind).copied().unwrap_or(0));
                }
                Billing::One => {
                    // As it is billed: what was ordered, or what the plan has, or one.
                    let amount = limits.get(&part.kind).copied().unwrap_or(part.amount.max(1));
                    once += price * i128::from(amount);
                }
                Billing::Usage | Billing::Few => {}
            }
        }
        let fits = |micros: i128, times: i128| {
            i64::try_from(micros)
                .ok()
                .filter(|_| micros * times <= i128::from(MOST_COST))
                .map(Usd::from_micros)
                .ok_or_else(|| Error::field("limits", "This costs more than can be billed."))
        };
        // A month of it must fit into an invoice.
        let times = match self.plan.unit {
            PlanUnit::Hour => 31 * 24,
            PlanUnit::Day => 31,
            PlanUnit::HalfMonth => 2,
            PlanUnit::Month | PlanUnit::Quarter | PlanUnit::Quantity => 1,
        };
        Ok((fits(unit, times)?, fits(once, 1)?))
    }

    /// What an order for the plan costs: what is due once and the first unit of time.
    ///
    /// # Errors
    /// When that is more money than there is.
    pub(crate) fn cost(
        &self,
        limits: &BTreeMap<String, i64>,
        kind: OrderKind,
        old_plan: Option<PlanId>,
    ) -> Result<Usd> {
        let (unit, once) = self.estimate(limits)?;
        let once = match kind {
            OrderKind::Create | OrderKind::Restore => once,
            OrderKind::Update if old_plan != Some(self.plan.id) => self.plan.switch_price,
            OrderKind::Update | OrderKind::Terminate => Usd::ZERO,
        };
        Ok(Usd::from_micros(unit.micros().saturating_add(once.micros())))
    }
}

impl Plans<'_> {
    fn sight(actor: &Actor) -> Result<Option<Clause>> {
        actor.must_be_person()?;
        if actor.sees_all() || actor.may_everywhere(Permission::ManageOfferings) {
            return Ok(None);
        }
        let texts = |ids: Vec<String>| ids.into_iter().map(FilterValue::from).collect::<Vec<_>>();
        Ok(Some(Clause::lists(
            "(p.customer_id IN (?) OR o.id IN (?) OR (o.state = 'active' AND o.shared = 1))",
            [texts(actor.customer_scopes()), texts(actor.offering_scopes())],
        )))
    }

    /// A page of plans: of what is on sale, and of the actor's own offerings.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<PlanDetail>, u64)> {
        let asked = asked.and_some(Self::sight(actor)?);
        let (plans, total) = PLANS.page(self.0.core().db(), &asked, range, read_plan).await?;
        Ok((self.with_parts(plans).await?, total))
    }

    pub(crate) async fn with_parts(&self, plans: Vec<PlanRow>) -> Result<Vec<PlanDetail>> {
        let ids: Vec<String> = plans.iter().map(|plan| plan.id.to_string()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let asked = Asked::default().and(Clause::of("l.id IN (?)", ids));
        let db = self.0.core().db();
        let mut parts: BTreeMap<PlanId, Vec<PlanComponentRow>> = BTreeMap::new();
        for part in PLAN_COMPONENTS.all(db, &asked, 100_000, read_plan_component).await? {
            parts.entry(part.plan).or_default().push(part);
        }
        let detail =
            |plan: PlanRow| PlanDetail { parts: parts.remove(&plan.id).unwrap_or_default(), plan };
        Ok(plans.into_iter().map(detail).collect())
    }

    /// One plan.
    pub async fn find(&self, actor: &Actor, id: PlanId) -> Result<PlanDetail> {
        let asked = Asked::default()
            .and(Clause::of("l.id IN (?)", [id.to_string()]))
            .and_some(Self::sight(actor)?);
        let found = PLANS.one(self.0.core().db(), &asked, read_plan).await?;
        let found = self.with_parts(vec![found.ok_or(Error::Missing("plan"))?]).await?;
        found.into_iter().next().ok_or(Error::Missing("plan"))
    }

    /// One plan whoever asks.
    pub(crate) async fn known(&self, id: PlanId) -> Result<Option<PlanDetail>> {
        let asked = Asked::default().and(Clause::of("l.id IN (?)", [id.to_string()]));
        let found = PLANS.one(self.0.core().db(), &asked, read_plan).await?;
        Ok(self.with_parts(found.into_iter().collect()).await?.into_iter().next())
    }

    /// One plan whoever asks, in a transaction.
    pub(crate) async fn known_in(&self, tx: &mut Tx, id: PlanId) -> Result<Option<PlanRow>> {
        let asked = Asked::default().and(Clause::of("l.id IN (?)", [id.to_string()]));
        Ok(PLANS.one(tx, &asked, read_plan).await?)
    }

    /// The plans of offerings, in their order.
    pub(crate) async fn of_offerings(&self, ids: &[String]) -> Result<Vec<PlanDetail>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let asked = Asked::default().and(Clause::of("l.offering_id IN (?)", ids.to_vec()));
        let (found, _) = PLANS.page(self.0.core().db(), &asked, (100_000, 0), read_plan).await?;
        self.with_parts(found).await
    }

    /// Components in plans, page by page.
    pub async fn parts(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<PlanComponentRow>, u64)> {
        let asked = asked.and_some(Self::sight(actor)?);
        Ok(PLAN_COMPONENTS.page(self.0.core().db(), &asked, range, read_plan_component).await?)
    }

    /// One component in a plan, by its id or its number.
    pub async fn part(&self, actor: &Actor, name: &str) -> Result<PlanComponentRow> {
        let which = match (name.parse::<PlanComponentId>(), name.parse::<i64>()) {
            (Ok(id), _) => Clause::of("x.id IN (?)", [id.to_string()]),
            (_, Ok(number)) => Clause::of("x.number IN (?)", [number]),
            _ => return Err(Error::Missing("plan component")),
        };
        let asked = Asked::default().and(which).and_some(Self::sight(actor)?);
        let found = PLAN_COMPONENTS.one(self.0.core().db(), &asked, read_plan_component).await?;
        found.ok_or(Error::Missing("plan component"))
    }
}

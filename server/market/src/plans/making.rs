//! Plans are made and changed: prices are appended, never changed, and hold from the moment they are set.

use std::collections::BTreeMap;

use model::{
    Limits, OfferingId, OfferingState, PlanComponentId, PlanId, PlanUnit, Price, PriceVersionId,
    Usd,
};
use store::{
    Tx,
    catalog::{Plan, PriceVersion},
    components::{Component, ComponentPrice, PlanPrice, Tier},
    offerings::{PLANS, PlanComponentRow, PlanRow, read_plan},
    plan_periods::Whose,
};

use super::{PlanDetail, Plans};
use crate::{
    Actor, Asked, Clause, Error, On, Permission, Result, audit::Deed, plain::plain,
    shelves::address_of, tenancy::lock_for,
};

/// How many plans an offering may have.
const MOST_PLANS: usize = 50;

/// What a unit of a component is to cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceDraft {
    pub price: Usd,
    pub tiers: Vec<Tier>,
}

/// What is said of a plan; what is `None` stays, or is the usual.
#[derive(Debug, Clone, Default)]
pub struct PlanDraft {
    pub name: Option<String>,
    pub description: Option<String>,
    pub article_code: Option<String>,
    pub backend_id: Option<String>,
    pub unit: Option<PlanUnit>,
    pub unit_price: Option<Usd>,
    pub init_price: Option<Usd>,
    pub switch_price: Option<Usd>,
    /// `Some(None)`: as many resources as there may be.
    pub most: Option<Option<i64>>,
    pub prices: BTreeMap<String, PriceDraft>,
    /// How much of each fixed component the plan has.
    pub amounts: BTreeMap<String, i64>,
}

/// The plans of an offering, archived ones included.
pub(crate) async fn ids_of(tx: &mut Tx, offering: OfferingId) -> Result<Vec<PlanId>> {
    let asked = Asked::default().and(Clause::of("l.offering_id IN (?)", [offering.to_string()]));
    let found = PLANS.all(tx, &asked, 1_000, read_plan).await?;
    Ok(found.into_iter().map(|plan| plan.id).collect())
}

/// What a plan costs in a month, for comparing and for lists.
fn monthly(unit: PlanUnit, price: Usd) -> Usd {
    let micros = price.micros();
    Usd::from_micros(match unit {
        PlanUnit::Month | PlanUnit::Quantity => micros,
        PlanUnit::Quarter => micros / 3,
        PlanUnit::HalfMonth => micros.saturating_mul(2),
        PlanUnit::Day => micros.saturating_mul(30),
        PlanUnit::Hour => micros.saturating_mul(730),
    })
}

impl Plans<'_> {
    /// Adds a plan to an offering.
    pub async fn create(
        &self,
        actor: &Actor,
        offering: OfferingId,
        draft: PlanDraft,
    ) -> Result<PlanDetail> {
        let found =
            self.0.offers().managed(actor, offering).await.map_err(|error| match error {
                Error::Missing(_) => Error::field("offering", crate::WRONG_LINK),
                other => other,
            })?;
        if found.state == OfferingState::Archived {
            return Err(Error::Conflict("Valid states for operation: Draft, Active, Paused."));
        }
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, found.customer).await?;
        store::catalog::mark_changed(&mut tx, offering).await?;
        let id = self.add(&mut tx, offering, &draft).await?;
        let name = draft.name.as_deref().unwrap_or_default();
        let deed = Deed::new(
            "marketplace_plan_created",
            format!("Plan {name} of {} has been created.", found.name),
            "plan",
            id,
        );
        self.0.note(&mut tx, Some(actor), deed.of(found.customer)).await?;
        tx.commit().await?;
        self.0.catch_up().await?;
        self.find(actor, id).await
    }

    /// Adds a plan in the transaction of its offering; the offering must be marked as changed.
    pub(crate) async fn add(
        &self,
        tx: &mut Tx,
        offering: OfferingId,
        draft: &PlanDraft,
    ) -> Result<PlanId> {
        let core = self.0.core();
        let now = core.now();
        let place = store::offerings::next_plan_place(&mut *tx, offering).await?;
        if usize::try_from(place).is_ok_and(|place| place >= MOST_PLANS) {
            return Err(Error::field("plans", "An offering has at most 50 plans."));
        }
        let name = plain("name", draft.name.as_deref().unwrap_or_default(), 1, 150)?;
        let description =
            plain("description", draft.description.as_deref().unwrap_or_default(), 0, 4_000)?;
        let base = address_of(&name, "plan");
        let mut slug = base.clone();
        for n in 2..1_000 {
            if !store::offerings::has_plan_slug(&mut *tx, offering, &slug).await? {
                break;
            }
            slug = format!("{base}-{n}");
        }
        let unit = draft.unit.unwrap_or(PlanUnit::Month);
        let unit_price = draft.unit_price.unwrap_or_default();
        let plan = Plan {
            id: core.id(PlanId::new),
            offering,
            slug,
            name: name.clone(),
            description: description.clone(),
            monthly_fee: monthly(unit, unit_price),
            limits: Limits::default(),
            archived: false,
        };
        store::catalog::insert_plan(&mut *tx, &plan, place).await?;
        store::offerings::stamp_plan(&mut *tx, plan.id, now).await?;
        // Calls cost nothing beside: what is used is billed by its components.
        let version = PriceVersion {
            id: core.id(PriceVersionId::new),
            plan: plan.id,
            effective_at: now,
            price: Price {
                prompt: 0,
                completion: 0,
                request: 0,
                credit_price: self.0.settings().credit_price.micros(),
            },
        };
        store::catalog::insert_price(&mut *tx, &version, now).await?;
        let asked = Asked::default().and(Clause::of("l.id IN (?)", [plan.id.to_string()]));
        let row = PLANS.one(&mut *tx, &asked, read_plan).await?;
        let mut row = row.ok_or_else(|| Error::broken("a plan that was just made"))?;
        row.unit = unit;
        row.unit_price = unit_price;
        row.init_price = draft.init_price.unwrap_or_default();
        row.switch_price = draft.switch_price.unwrap_or_default();
        row.most = draft.most.flatten();
        row.article_code =
            plain("article_code", draft.article_code.as_deref().unwrap_or_default(), 0, 30)?;
        row.backend_id =
            plain("backend_id", draft.backend_id.as_deref().unwrap_or_default(), 0, 255)?;
        store::offerings::update_plan(&mut *tx, &row).await?;
        self.append_price(&mut *tx, &row).await?;
        let components = store::components::of_offering(&mut *tx, offering).await?;
        for component in &components {
            let amount = draft.amounts.get(&component.kind).copied().unwrap_or(0);
            let id = core.id(PlanComponentId::new);
            store::components::insert_plan_component(&mut *tx, id, plan.id, component.id, amount)
                .await?;
        }
        self.append_prices(&mut *tx, plan.id, &components, &draft.prices).await?;
        Ok(plan.id)
    }

    async fn append_price(&self, tx: &mut Tx, plan: &PlanRow) -> Result<()> {
        let core = self.0.core();
        let price = PlanPrice {
            id: core.id(PriceVersionId::new),
            plan: plan.id,
            effective_at: core.now(),
            unit_price: plan.unit_price,
            init_price: plan.init_price,
            switch_price: plan.switch_price,
            created_at: core.now(),
        };
        Ok(store::components::insert_plan_price(tx, &price).await?)
    }

    async fn append_prices(
        &self,
        tx: &mut Tx,
        plan: PlanId,
        components: &[Component],
        prices: &BTreeMap<String, PriceDraft>,
    ) -> Result<()> {
        if prices.is_empty() {
            return Ok(());
        }
        if let Some(unknown) =
            prices.keys().find(|name| !components.iter().any(|c| c.kind == **name))
        {
            let shown: String = unknown.chars().take(50).collect();
            return Err(Error::field("prices", format!("These components are invalid: {shown}.")));
        }
        let core = self.0.core();
        let now = core.now();
        for part in store::components::of_plan(&mut *tx, plan, now).await? {
            let Some(draft) = prices.get(&part.component.kind) else { continue };
            let price = ComponentPrice {
                id: core.id(PriceVersionId::new),
                plan_component: part.plan_component.id,
                effective_at: now,
                price: draft.price,
                tiers: draft.tiers.clone(),
                created_at: now,
            };
            store::components::insert_price(&mut *tx, &price).await?;
        }
        Ok(())
    }

    /// The plan, if the actor may change it.
    async fn managed(&self, actor: &Actor, id: PlanId) -> Result<PlanDetail> {
        let found = self.find(actor, id).await?;
        let on = On::offering(found.plan.seller, found.plan.offering);
        if actor.may(Permission::ManageOfferings, on) { Ok(found) } else { Err(Error::Denied) }
    }

    /// Begins to change a plan that the actor may change: its row as it stands, which nobody else changes meanwhile.
    async fn begin(&self, actor: &Actor, id: PlanId) -> Result<(Tx, PlanRow)> {
        let plan = self.managed(actor, id).await?.plan;
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, plan.seller).await?;
        store::catalog::mark_changed(&mut tx, plan.offering).await?;
        let plan = self.known_in(&mut tx, id).await?.ok_or(Error::Missing("plan"))?;
        Ok((tx, plan))
    }

    /// Changes a plan; a new price is appended and holds from now on.
    pub async fn update(&self, actor: &Actor, id: PlanId, draft: PlanDraft) -> Result<PlanDetail> {
        let (mut tx, mut plan) = self.begin(actor, id).await?;
        let had = plan.clone();
        if let Some(name) = &draft.name {
            plan.name = plain("name", name, 1, 150)?;
        }
        if let Some(text) = &draft.description {
            plan.description = plain("description", text, 0, 4_000)?;
        }
        if let Some(text) = &draft.article_code {
            plan.article_code = plain("article_code", text, 0, 30)?;
        }
        if let Some(text) = &draft.backend_id {
            plan.backend_id = plain("backend_id", text, 0, 255)?;
        }
        if let Some(unit) = draft.unit.filter(|unit| *unit != plan.unit) {
            if plan.resources > 0 || self.0.is_to_be_billed(&mut tx, Whose::Plan(id)).await? {
                return Err(Error::field("unit", "Resources are on this plan; make another one."));
            }
            plan.unit = unit;
        }
        plan.unit_price = draft.unit_price.unwrap_or(plan.unit_price);
        plan.init_price = draft.init_price.unwrap_or(plan.init_price);
        plan.switch_price = draft.switch_price.unwrap_or(plan.switch_price);
        plan.most = draft.most.unwrap_or(plan.most);
        if plan.invoiced {
            plan.monthly_fee = monthly(plan.unit, plan.unit_price);
        } else if plan.unit_price != had.unit_price {
            return Err(Error::field("unit_price", "This plan is paid from the wallet."));
        }
        store::offerings::update_plan(&mut tx, &plan).await?;
        let price = |plan: &PlanRow| (plan.unit_price, plan.init_price, plan.switch_price);
        if price(&plan) != price(&had) {
            self.append_price(&mut tx, &plan).await?;
        }
        self.finish(tx, actor, "marketplace_plan_updated", "updated", &plan).await
    }

    async fn finish(
        &self,
        mut tx: Tx,
        actor: &Actor,
        kind: &'static str,
        done: &str,
        plan: &PlanRow,
    ) -> Result<PlanDetail> {
        let message = format!("Plan {} of {} has been {done}.", plan.name, plan.offering_name);
        let deed = Deed::new(kind, message, "plan", plan.id).of(plan.seller);
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.0.catch_up().await?;
        self.find(actor, plan.id).await
    }

    /// Takes a plan off the shelf; who is on it stays on it.
    pub async fn archive(&self, actor: &Actor, id: PlanId) -> Result<PlanDetail> {
        let (mut tx, mut plan) = self.begin(actor, id).await?;
        if plan.archived_at.is_some() {
            return Err(Error::Conflict("Plan is already archived."));
        }
        plan.archived_at = Some(self.0.core().now());
        store::offerings::update_plan(&mut tx, &plan).await?;
        self.finish(tx, actor, "marketplace_plan_archived", "archived", &plan).await
    }

    /// Sets what components cost in a plan from now on.
    pub async fn set_prices(
        &self,
        actor: &Actor,
        id: PlanId,
        prices: BTreeMap<String, PriceDraft>,
    ) -> Result<PlanDetail> {
        let (mut tx, plan) = self.begin(actor, id).await?;
        let components = store::components::of_offering(&mut tx, plan.offering).await?;
        self.append_prices(&mut tx, id, &components, &prices).await?;
        let kind = "marketplace_plan_component_current_price_updated";
        self.finish(tx, actor, kind, "given new prices", &plan).await
    }

    /// Sets how much of fixed components a plan has.
    pub async fn set_amounts(
        &self,
        actor: &Actor,
        id: PlanId,
        amounts: BTreeMap<String, i64>,
    ) -> Result<PlanDetail> {
        let found = self.managed(actor, id).await?;
        let other = |part: &&PlanComponentRow| {
            amounts.get(&part.kind).is_some_and(|wanted| *wanted != part.amount)
        };
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, found.plan.seller).await?;
        if found.parts.iter().any(|part| other(&part))
            && self.0.is_to_be_billed(&mut tx, Whose::Plan(id)).await?
        {
            return Err(Error::field("quotas", "Resources are on this plan; make another one."));
        }
        for (name, amount) in &amounts {
            let part = found.parts.iter().find(|part| part.kind == *name);
            let Some(part) = part else {
                let shown: String = name.chars().take(50).collect();
                let message = format!("These components are invalid: {shown}.");
                return Err(Error::field("quotas", message));
            };
            store::components::set_amount(&mut tx, part.id, *amount).await?;
        }
        let kind = "marketplace_plan_component_quota_updated";
        self.finish(tx, actor, kind, "given new amounts", &found.plan).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_compare_by_the_month() {
        let price = Usd::from_micros(3_000_000);
        assert_eq!(monthly(PlanUnit::Month, price), price);
        assert_eq!(monthly(PlanUnit::Quarter, price).micros(), 1_000_000);
        assert_eq!(monthly(PlanUnit::Day, price).micros(), 90_000_000);
    }
}

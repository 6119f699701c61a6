//! What providers tell of the use of their components. An amount stands for its month; telling another one replaces it
//! and keeps what it was, with the reason.

use model::{Billing, Day, Month, PlanPeriodId, ResourceId, ResourceState, UsageId};
use serde_json::json;
use store::usages::{self, Change, SHELF, Target, Told, Usage, read};

use crate::{
    Actor, Asked, Clause, Error, FilterValue, Market, On, Permission, Result, audit::Deed,
};

/// The most that can be used of a component in a month: a million million units, in millionths.
pub(crate) const MOST: i64 = 1_000_000_000_000 * 1_000_000;
/// The most that one line of an invoice may cost, in micro-dollars: a thousand million dollars.
pub(crate) const MOST_COST: i64 = 1_000_000_000_000_000;
/// The most amounts that are told at once.
const MOST_AT_ONCE: usize = 200;

/// The most amounts that are read beside what they belong to.
const MOST_LISTED: i64 = 10_000;

/// The service for what is used.
#[derive(Debug, Clone, Copy)]
pub struct Usages<'a>(pub(crate) &'a Market);

/// Which resource an amount is of.
#[derive(Debug, Clone, Copy)]
pub enum Whose {
    Resource(ResourceId),
    Period(PlanPeriodId),
}

/// An amount as it is told.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The kind of the component.
    pub kind: String,
    /// Millionths of the measured unit.
    pub amount: i64,
    /// What it was; where an amount is corrected, why.
    pub description: String,
    /// It holds for the months after as well, until another amount is told.
    pub recurring: bool,
}

impl Usages<'_> {
    /// A page of what the actor may see: what its customers and projects have used, and what was used of its offerings.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Usage>, u64)> {
        let asked = asked.and_some(seen(actor));
        Ok(SHELF.page(self.0.core().db(), &asked, range, read).await?)
    }

    /// One of them.
    pub async fn find(&self, actor: &Actor, id: UsageId) -> Result<Usage> {
        let found = usages::find(self.0.core().db(), id).await?;
        let found = found.ok_or(Error::Missing("usage"))?;
        let target = usages::target(self.0.core().db(), found.resource).await?;
        let target = target.ok_or(Error::Missing("usage"))?;
        if knows(actor, &target) { Ok(found) } else { Err(Error::Missing("usage")) }
    }

    /// What was told last of each component of some resources.
    pub async fn latest(&self, actor: &Actor, resources: &[ResourceId]) -> Result<Vec<Usage>> {
        if resources.is_empty() {
            return Ok(Vec::new());
        }
        self.all_of(actor, resources, Some(Clause::plain(usages::LAST))).await
    }

    /// Everything that was told of a resource.
    pub async fn of_resource(&self, actor: &Actor, resource: ResourceId) -> Result<Vec<Usage>> {
        self.all_of(actor, &[resource], None).await
    }

    async fn all_of(
        &self,
        actor: &Actor,
        resources: &[ResourceId],
        only: Option<Clause>,
    ) -> Result<Vec<Usage>> {
        let asked = Asked::default()
            .and(Clause::of("u.resource_id IN (?)", resources.iter().map(ToString::to_string)))
            .and_some(only)
            .and_some(seen(actor));
        Ok(SHELF.all(self.0.core().db(), &asked, MOST_LISTED, read).await?)
    }

    /// Every amount that was told for it, the oldest first.
    pub async fn changes(&self, actor: &Actor, id: UsageId) -> Result<Vec<Change>> {
        self.find(actor, id).await?;
        Ok(usages::changes(self.0.core().db(), id).await?)
    }

    /// Sets what was used in the month of a day (today when nothing is said); the ids of the amounts.
    pub async fn tell(
        &self,
        actor: &Actor,
        whose: Whose,
        reported: &[Reported],
        day: Option<Day>,
    ) -> Result<Vec<UsageId>> {
        let core = self.0.core();
        let target = self.target(actor, whose).await?;
        if reported.is_empty() {
            return Err(Error::field("usages", "This list may not be empty."));
        }
        if reported.len() > MOST_AT_ONCE {
            let sentence = format!("Ensure this field has no more than {MOST_AT_ONCE} elements.");
            return Err(Error::field("usages", sentence));
        }
        let good = [ResourceState::Ok, ResourceState::Updating, ResourceState::Terminating];
        if !good.contains(&target.state) {
            return Err(Error::field("resource", "Resource is not in valid state."));
        }
        let components = usages::components(core.db(), target.offering).await?;
        let counted = |kind: &str| {
            components.iter().find(|c| c.kind == kind && c.billing == Billing::Usage).map(|c| c.id)
        };
        let unknown: Vec<String> = reported
            .iter()
            .filter(|told| counted(&told.kind).is_none())
            .map(|told| told.kind.chars().take(100).collect())
            .collect();
        if !unknown.is_empty() {
            let sentence = format!("These components are invalid: {}.", unknown.join(", "));
            return Err(Error::field("", sentence));
        }
        for told in reported {
            if !(0..=MOST).contains(&told.amount) {
                return Err(Error::field("amount", "An amount is from 0 to 1000000000000."));
            }
            // One line that is more money than there is would keep the whole invoice from being made.
            let Some(component) = counted(&told.kind) else { continue };
            let price = usages::dearest(core.db(), component).await?;
            let cost = i128::from(price) * i128::from(told.amount) / 1_000_000;
            if cost > i128::from(MOST_COST) {
                return Err(Error::field("amount", "This costs more than can be billed."));
            }
        }
        let day = day.unwrap_or_else(|| core.now().day());
        self.check_day(actor, &target, day)?;
        let month = Month::of(day);
        let mut tx = core.db().begin().await?;
        // Whoever makes the invoice of this month waits, or has made it.
        store::customers::lock(&mut tx, target.customer).await?;
        let closed = (month.year(), month.month());
        if store::invoices::is_closed(&mut tx, target.customer, closed).await? {
            return Err(Error::field(
                "date",
                "The month is invoiced. Cancel the invoice to correct it.",
            ));
        }
        let period = match whose {
            Whose::Period(period) => {
                let told = store::plan_periods::find(&mut tx, period).await?;
                let told = told.ok_or_else(|| Error::broken("a plan period"))?;
                let over = told.end_at.is_some_and(|end| day > end.day());
                if day < told.start_at.day() || over {
                    return Err(Error::field("date", "The date is outside of the plan period."));
                }
                Some(period)
            }
            Whose::Resource(_) => usages::period_of(&mut tx, target.resource, day).await?,
        };
        let mut ids = Vec::new();
        for one in reported {
            let told = Told {
                id: core.id(UsageId::new),
                change: core.id(UsageId::new),
                resource: target.resource,
                customer: target.customer,
                component: counted(&one.kind).ok_or_else(|| Error::broken("a component"))?,
                period,
                month: month.first(),
                day,
                amount: one.amount,
                description: one.description.clone(),
                recurring: one.recurring,
                user: actor.user(),
                at: core.now(),
            };
            if matches!(whose, Whose::Period(_))
                && let Some(other) = usages::told_for(&mut tx, &told).await?
                && Some(other) != period
            {
                return Err(Error::field(
                    "plan_period",
                    "An amount of this month was told for another plan period. Tell one for the resource.",
                ));
            }
            let (id, old) = usages::tell(&mut tx, &told).await?;
            let deed = Deed::new("component_usage_set", format!("The use of {} was told.", one.kind), "component_usage", id)
                .of(target.customer)
                .in_project(target.project)
                .with(json!({ "resource": target.resource, "month": month.to_string(), "old": old, "new": one.amount }));
            self.0.note(&mut tx, Some(actor), deed).await?;
            ids.push(id);
        }
        self.0.invoices().queue_late(&mut tx, month).await?;
        tx.commit().await?;
        Ok(ids)
    }

    /// Sets what was used of one component, named by the number or id of a plan component.
    pub async fn tell_one(
        &self,
        actor: &Actor,
        resource: ResourceId,
        component: &str,
        reported: Reported,
        day: Option<Day>,
    ) -> Result<Usage> {
        let target = self.target(actor, Whose::Resource(resource)).await?;
        let kind = usages::kind_of(self.0.core().db(), target.offering, component).await?;
        let missing = || Error::field("component", "Invalid hyperlink - Object does not exist.");
        let reported = [Reported { kind: kind.ok_or_else(missing)?, ..reported }];
        let ids = self.tell(actor, Whose::Resource(resource), &reported, day).await?;
        let id = ids.first().ok_or_else(|| Error::broken("an amount"))?;
        self.find(actor, *id).await
    }

    /// The resource meant, which the actor may tell of.
    async fn target(&self, actor: &Actor, whose: Whose) -> Result<Target> {
        let db = self.0.core().db();
        let (field, id) = match whose {
            Whose::Resource(id) => ("resource", Some(id)),
            Whose::Period(id) => ("plan_period", usages::of_period(db, id).await?),
        };
        let target = match id {
            Some(id) => usages::target(db, id).await?,
            None => None,
        };
        let target = target.filter(|target| knows(actor, target));
        let target = target.ok_or_else(|| Error::field(field, "Object does not exist."))?;
        let on = On::offering(target.seller, target.offering);
        if actor.may(Permission::SetUsage, on) { Ok(target) } else { Err(Error::Denied) }
    }

    /// A day that something can have been used on. Who runs the marketplace may also tell of a time before the resource
    /// was here, as when it was moved from another marketplace.
    fn check_day(self, actor: &Actor, target: &Target, day: Day) -> Result<()> {
        let today = self.0.core().now().day();
        if day > today {
            return Err(Error::field("date", "The date is in the future."));
        }
        if Month::new(day.civil().0, 1).is_none() {
            return Err(Error::field("date", "The date is too long ago."));
        }
        let before = day < target.created_at.day();
        if before && !actor.may_everywhere(Permission::SetUsage) {
            return Err(Error::field("date", "The resource was not there yet."));
        }
        if target.terminated_at.is_some_and(|at| day > at.day()) {
            return Err(Error::field("date", "The resource had ended."));
        }
        Ok(())
    }
}

/// Whether somebody has to do with a resource, on either side.
fn knows(actor: &Actor, target: &Target) -> bool {
    actor.knows(On::project(target.customer, target.project))
        || actor.knows(On::offering(target.seller, target.offering))
        || actor.may_everywhere(Permission::SetUsage)
}

/// What the actor may see of what was used.
pub(crate) fn seen(actor: &Actor) -> Option<Clause> {
    let values = |ids: Vec<String>| ids.into_iter().map(FilterValue::from).collect::<Vec<_>>();
    let (customers, projects) = (actor.customer_scopes(), actor.project_scopes());
    let lists = [
        values(customers.clone()),
        values(projects),
        values(customers),
        values(actor.offering_scopes()),
    ];
    (!actor.sees_all()).then(|| {
        Clause::lists(
            "u.customer_id IN (?) OR r.project_id IN (?) OR r.seller_id IN (?) OR r.offering_id IN (?)",
            lists,
        )
    })
}

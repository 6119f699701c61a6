//! Resources as Waldur's clients see them, from the side of who has them and of who provides them.

use std::collections::BTreeMap;

use model::{Day, ResourceId, ResourceState, Usd};
use serde_json::{Map, Value};
use store::{
    Tx,
    holdings::{Holding, SHELF, read},
    plan_periods::PlanPeriod,
};

use crate::{
    Actor, Asked, Clause, Error, FilterValue, Market, On, Permission, Result,
    audit::Deed,
    components::checked_limits,
    plain::{depth, plain},
    plans::PlanDetail,
    team::{Scope, Teammate},
};

/// The most that what is kept of a resource may hold, in bytes of JSON.
const MOST_BYTES: usize = 64 * 1024;

/// The service for what customers have.
#[derive(Debug, Clone, Copy)]
pub struct Holdings<'a>(pub(crate) &'a Market);

/// What is changed of a resource; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct HoldingChange {
    pub name: Option<String>,
    pub description: Option<String>,
    /// `Some(None)`: it has no last day.
    pub end_day: Option<Option<Day>>,
    pub options: Option<Map<String, Value>>,
}

/// What a provider tells of a resource.
#[derive(Debug, Clone)]
pub enum Told {
    BackendId(String),
    BackendMetadata(Map<String, Value>),
    Ok,
    Erred(String),
    Limits(BTreeMap<String, i64>),
    Report(Vec<Value>),
    /// It was looked at just now.
    Seen,
}

impl Holdings<'_> {
    fn sight(actor: &Actor, as_provider: bool) -> Result<Option<Clause>> {
        actor.must_be_person()?;
        if actor.sees_all() {
            return Ok(None);
        }
        let texts = |ids: Vec<String>| ids.into_iter().map(FilterValue::from).collect::<Vec<_>>();
        let customers = texts(actor.customer_scopes());
        let offerings = texts(actor.offering_scopes());
        Ok(Some(if as_provider {
            Clause::lists("(p.customer_id IN (?) OR r.offering_id IN (?))", [customers, offerings])
        } else {
            Clause::lists(
                "(r.customer_id IN (?) OR r.project_id IN (?))",
                [customers, texts(actor.project_scopes())],
            )
        }))
    }

    /// A page of what the actor's customers have, or of what they provide.
    pub async fn list(
        &self,
        actor: &Actor,
        as_provider: bool,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Holding>, u64)> {
        let asked = asked.and_some(Self::sight(actor, as_provider)?);
        Ok(SHELF.page(self.0.core().db(), &asked, range, read).await?)
    }

    /// One of them, had or provided.
    pub async fn find(&self, actor: &Actor, id: ResourceId) -> Result<Holding> {
        let db = self.0.core().db();
        for as_provider in [false, true] {
            let asked = Asked::default()
                .and(Clause::of("r.id IN (?)", [id.to_string()]))
                .and_some(Self::sight(actor, as_provider)?);
            if let Some(found) = SHELF.one(db, &asked, read).await? {
                return Ok(found);
            }
        }
        Err(Error::Missing("resource"))
    }

    /// One of them as a transaction sees it, whoever asks.
    pub(crate) async fn known_in(tx: &mut Tx, id: ResourceId) -> Result<Holding> {
        let asked = Asked::default().and(Clause::of("r.id IN (?)", [id.to_string()]));
        SHELF.one(tx, &asked, read).await?.ok_or(Error::Missing("resource"))
    }

    /// Changes what a resource is called, when it ends, and its options.
    pub async fn update(
        &self,
        actor: &Actor,
        id: ResourceId,
        change: HoldingChange,
    ) -> Result<Holding> {
        let mut holding = self.find(actor, id).await?;
        let consumer = On::project(holding.customer, holding.project);
        let provider = On::offering(holding.seller, holding.offering);
        if !actor.may(Permission::UpdateResource, consumer)
            && !actor.may(Permission::ApproveAsProvider, provider)
        {
            return Err(Error::Denied);
        }
        if let Some(name) = &change.name {
            holding.name = plain("name", name, 1, 150)?;
        }
        if let Some(text) = &change.description {
            holding.description = plain("description", text, 0, 2_000)?;
        }
        if let Some(day) = change.end_day {
            let today = self.0.core().now().day();
            if day.is_some_and(|day| day < today || day > today.plus(36_600)) {
                return Err(Error::field("end_date", "Enter a day that has not passed."));
            }
            holding.end_day = day;
        }
        if let Some(options) = change.options {
            holding.options = bounded("options", options)?;
        }
        self.write(actor, holding, ("marketplace_resource_updated", "changed")).await
    }

    async fn write(
        &self,
        actor: &Actor,
        mut holding: Holding,
        (kind, done): (&'static str, &str),
    ) -> Result<Holding> {
        holding.updated_at = self.0.core().now();
        let mut tx = self.0.core().db().begin().await?;
        if store::holdings::describe(&mut tx, &holding).await? == 0 {
            return Err(Error::Missing("resource"));
        }
        self.note(&mut tx, actor, &holding, kind, done).await?;
        tx.commit().await?;
        self.find(actor, holding.id).await
    }

    async fn note(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        holding: &Holding,
        kind: &'static str,
        done: &str,
    ) -> Result<()> {
        let message = format!("Resource {} has been {done}.", holding.name);
        let deed = Deed::new(kind, message, "resource", holding.id)
            .of(holding.customer)
            .in_project(holding.project);
        self.0.note(tx, Some(actor), deed).await
    }

    /// Takes what the provider tells of a resource.
    pub async fn tell(&self, actor: &Actor, id: ResourceId, told: Told) -> Result<Holding> {
        let mut holding = self.find(actor, id).await?;
        let on = On::offering(holding.seller, holding.offering);
        if !actor.may(Permission::ApproveAsProvider, on) {
            return Err(Error::Denied);
        }
        match told {
            Told::BackendId(text) => holding.backend_id = plain("backend_id", &text, 0, 255)?,
            Told::BackendMetadata(data) => {
                holding.backend_metadata = bounded("backend_metadata", data)?;
            }
            Told::Report(report) => {
                let wrapped = Map::from_iter([("report".to_owned(), Value::Array(report))]);
                let wrapped = bounded("report", wrapped)?;
                if let Some(Value::Array(report)) = wrapped.into_iter().map(|(_, v)| v).next() {
                    holding.report = report;
                }
            }
            Told::Limits(limits) => return self.set_limits(actor, holding, limits).await,
            Told::Ok => {
                let from = [ResourceState::Erred, ResourceState::Creating, ResourceState::Updating];
                return self.shift(actor, holding, &from, ResourceState::Ok, "").await;
            }
            Told::Erred(why) => {
                let why = plain("error_message", &why, 0, 4_000)?;
                let from = [
                    ResourceState::Ok,
                    ResourceState::Creating,
                    ResourceState::Updating,
                    ResourceState::Terminating,
                ];
                return self.shift(actor, holding, &from, ResourceState::Erred, &why).await;
            }
            Told::Seen => {}
        }
        self.write(actor, holding, ("marketplace_resource_updated", "described by its provider"))
            .await
    }

    async fn shift(
        &self,
        actor: &Actor,
        holding: Holding,
        from: &[ResourceState],
        to: ResourceState,
        why: &str,
    ) -> Result<Holding> {
        let mut tx = self.0.core().db().begin().await?;
        let now = self.0.core().now();
        if store::holdings::shift(&mut tx, holding.id, from, to, why, now).await? == 0 {
            return Err(Error::Conflict(match to {
                ResourceState::Ok => "Valid states for operation: Erred, Creating, Updating.",
                _ => "Valid states for operation: OK, Creating, Updating, Terminating.",
            }));
        }
        store::versions::bump(&mut tx, "access").await?;
        let done = ("marketplace_resource_state_changed", "moved to another state");
        self.note(&mut tx, actor, &holding, done.0, done.1).await?;
        tx.commit().await?;
        self.0.shared().access.forget();
        self.find(actor, holding.id).await
    }

    /// Sets limits at once, as the provider found them; what they cost from now on is billed by a new period.
    async fn set_limits(
        &self,
        actor: &Actor,
        holding: Holding,
        limits: BTreeMap<String, i64>,
    ) -> Result<Holding> {
        let core = self.0.core();
        let now = core.now();
        let mut tx = core.db().begin().await?;
        store::customers::lock(&mut tx, holding.customer).await?;
        // An order that was carried out meanwhile has its limits and its plan here.
        let holding = Self::known_in(&mut tx, holding.id).await?;
        let components = store::components::of_offering(&mut tx, holding.offering).await?;
        let mut wanted = holding.limits.clone();
        wanted.extend(limits);
        let limits = checked_limits(&components, &wanted)?;
        let open = store::plan_periods::at(&mut tx, holding.id, now).await?;
        let (plan, fee_due) = (holding.plan, holding.renews_at);
        store::holdings::set_plan(&mut tx, holding.id, plan, &limits, fee_due, now).await?;
        if let Some(open) = open.filter(|open| open.limits != limits) {
            store::plan_periods::close(&mut tx, holding.id, now).await?;
            let period = PlanPeriod {
                id: core.id(model::PlanPeriodId::new),
                limits,
                opening: store::plan_periods::Opening::Nothing,
                start_at: now,
                end_at: None,
                ..open
            };
            store::plan_periods::insert(&mut tx, &period).await?;
        }
        self.note(&mut tx, actor, &holding, "marketplace_resource_limits_set", "given limits")
            .await?;
        tx.commit().await?;
        self.find(actor, holding.id).await
    }

    /// When a resource was on which plan, the oldest first, each with the plan.
    pub async fn periods(
        &self,
        actor: &Actor,
        id: ResourceId,
    ) -> Result<Vec<(PlanPeriod, Option<PlanDetail>)>> {
        self.find(actor, id).await?;
        let mut found = Vec::new();
        for period in store::plan_periods::of_resource(self.0.core().db(), id).await? {
            let plan = self.0.plans().known(period.plan).await?;
            found.push((period, plan));
        }
        Ok(found)
    }

    /// Who has a role in the project of a resource: for its provider to know whom to serve.
    pub async fn team(&self, actor: &Actor, id: ResourceId) -> Result<Vec<Teammate>> {
        let holding = self.find(actor, id).await?;
        let on = On::project(holding.customer, holding.project);
        self.0.team().mates(actor, Scope::Project(holding.project), on).await
    }

    /// What a unit of time would cost on another plan of the offering.
    pub async fn estimate(
        &self,
        actor: &Actor,
        id: ResourceId,
        plan: model::PlanId,
    ) -> Result<Usd> {
        let holding = self.find(actor, id).await?;
        let found = self.0.plans().known(plan).await?;
        let found = found.filter(|found| found.plan.offering == holding.offering);
        Ok(found.ok_or(Error::Missing("plan"))?.estimate(&holding.limits)?.0)
    }
}

fn bounded(field: &str, data: Map<String, Value>) -> Result<Map<String, Value>> {
    let size = serde_json::to_string(&data).map_or(usize::MAX, |text| text.len());
    if size > MOST_BYTES || data.values().map(depth).max().unwrap_or(0) > 16 {
        return Err(Error::field(field, "This says more than 64 kB or is nested too deep."));
    }
    Ok(data)
}

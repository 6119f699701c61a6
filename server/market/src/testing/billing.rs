//! Something to bill, for tests and benchmarks: plans with components, and resources that are on them.

use model::{
    Billing, CatalogQuery, ComponentId, CustomerId, LimitPeriod, Limits, Month, OfferingId,
    PlanComponentId, PlanId, PlanPeriodId, PriceVersionId, ProjectId, ResourceId, ResourceState,
    Timestamp, Usd,
};
use store::{
    Tx,
    catalog::Plan,
    components::{self, Component, ComponentPrice, PlanPrice, Tier},
    customers::{self, Customer},
    plan_periods::{self, LimitsMap, Opening, PlanPeriod},
    projects::{self, Project},
    resources::{self, Resource},
};

use crate::{Error, Market, Result};

/// A component as it is put into a plan.
#[derive(Debug, Clone)]
pub struct Part {
    pub kind: &'static str,
    pub billing: Billing,
    pub period: Option<LimitPeriod>,
    pub amount: i64,
    /// Micro-dollars.
    pub price: i64,
    /// Millionths from which on, and micro-dollars.
    pub tiers: Vec<(i64, i64)>,
}

/// A part with a price and nothing else.
pub fn part(kind: &'static str, billing: Billing, price: i64) -> Part {
    Part { kind, billing, period: None, amount: 1, price, tiers: Vec::new() }
}

/// A plan with its prices: for each unit of time, at the beginning, at a switch.
pub async fn plan(
    market: &Market,
    offering: OfferingId,
    name: &str,
    prices: (i64, i64, i64),
    parts: &[Part],
    at: Timestamp,
) -> Result<PlanId> {
    let core = market.core();
    let id = core.id(PlanId::new);
    let mut tx = core.db().begin().await?;
    let plan = Plan {
        id,
        offering,
        slug: id.hex(),
        name: name.to_owned(),
        description: String::new(),
        monthly_fee: Usd::ZERO,
        limits: Limits::default(),
        archived: false,
    };
    store::catalog::insert_plan(&mut tx, &plan, 9).await?;
    reprice(market, &mut tx, id, prices, at).await?;
    let known = components::of_offering(&mut tx, offering).await?;
    for (position, part) in (0..).zip(parts) {
        let component = match known.iter().find(|known| known.kind == part.kind) {
            Some(known) => known.id,
            None => component(market, &mut tx, offering, part, position).await?,
        };
        let in_plan = core.id(PlanComponentId::new);
        let in_plan =
            components::insert_plan_component(&mut tx, in_plan, id, component, part.amount).await?;
        let price = ComponentPrice {
            id: core.id(PriceVersionId::new),
            plan_component: in_plan.id,
            effective_at: at,
            price: Usd::from_micros(part.price),
            tiers: part
                .tiers
                .iter()
                .map(|(from, price)| Tier { from: *from, price: *price })
                .collect(),
            created_at: at,
        };
        components::insert_price(&mut tx, &price).await?;
    }
    tx.commit().await?;
    Ok(id)
}

async fn component(
    market: &Market,
    tx: &mut Tx,
    offering: OfferingId,
    part: &Part,
    position: i64,
) -> Result<ComponentId> {
    let component = Component {
        id: market.core().id(ComponentId::new),
        offering,
        kind: part.kind.to_owned(),
        name: part.kind.to_uppercase(),
        description: String::new(),
        measured_unit: "unit".to_owned(),
        article_code: String::new(),
        billing: part.billing,
        limit_period: part.period,
        limit_amount: None,
        least: None,
        most: None,
        usual: None,
        is_boolean: false,
        position,
    };
    components::insert(tx, &component).await?;
    Ok(component.id)
}

/// Gives a plan other prices from a time on.
pub async fn reprice(
    market: &Market,
    tx: &mut Tx,
    plan: PlanId,
    (unit, init, switch): (i64, i64, i64),
    at: Timestamp,
) -> Result<()> {
    let price = PlanPrice {
        id: market.core().id(PriceVersionId::new),
        plan,
        effective_at: at,
        unit_price: Usd::from_micros(unit),
        init_price: Usd::from_micros(init),
        switch_price: Usd::from_micros(switch),
        created_at: at,
    };
    Ok(components::insert_plan_price(tx, &price).await?)
}

/// A resource that is billed by invoice, on a plan from a time on.
pub async fn resource(
    market: &Market,
    tx: &mut Tx,
    (customer, project): (CustomerId, ProjectId),
    (offering, plan): (OfferingId, PlanId),
    limits: &[(&str, i64)],
    at: Timestamp,
) -> Result<ResourceId> {
    let core = market.core();
    let id = core.id(ResourceId::new);
    let resource = Resource {
        id,
        customer,
        project,
        offering,
        plan,
        name: format!("Resource {}", id.hex()),
        state: ResourceState::Ok,
        reference: None,
        created_at: at,
        renews_at: None,
    };
    resources::insert(tx, &resource).await?;
    store::testing::invoice_by_month(tx, id).await?;
    period(market, tx, (id, plan), limits, Opening::Init, at).await?;
    Ok(id)
}

/// Ends the period that lasts and begins another one.
pub async fn period(
    market: &Market,
    tx: &mut Tx,
    (resource, plan): (ResourceId, PlanId),
    limits: &[(&str, i64)],
    opening: Opening,
    at: Timestamp,
) -> Result<()> {
    plan_periods::close(tx, resource, at).await?;
    let limits: LimitsMap = limits.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect();
    let period = PlanPeriod {
        id: market.core().id(PlanPeriodId::new),
        resource,
        plan,
        limits,
        opening,
        start_at: at,
        end_at: None,
    };
    Ok(plan_periods::insert(tx, &period).await?)
}

/// Ends a resource.
pub async fn end(tx: &mut Tx, resource: ResourceId, at: Timestamp) -> Result<()> {
    plan_periods::close(tx, resource, at).await?;
    resources::set_state(tx, resource, ResourceState::Ok, ResourceState::Terminated, Some(at))
        .await?;
    Ok(())
}

/// How many resources each customer of a benchmark has, and how many components each of them is billed for.
const RESOURCES: usize = 10;
const COMPONENTS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// Makes customers with a hundred things to bill each, since before a month.
pub async fn crowd(market: &Market, customers: usize, month: Month) -> Result<()> {
    let core = market.core();
    let listed = market.catalog().find(&CatalogQuery::default());
    let offering = listed.services.first().ok_or_else(|| Error::broken("no sample content"))?;
    let offering = offering.service.id;
    let since = month.first().start();
    let parts: Vec<Part> =
        COMPONENTS.iter().map(|kind| part(kind, Billing::Limit, 1_234_567)).collect();
    let plan = plan(market, offering, "Benchmark", (0, 0, 0), &parts, since).await?;
    let limits: Vec<(&str, i64)> = COMPONENTS.iter().map(|kind| (*kind, 3)).collect();
    for batch in 0..customers.div_ceil(100) {
        let mut tx = core.db().begin().await?;
        for n in 0..100.min(customers - batch * 100) {
            let id = core.id(CustomerId::new);
            let name = format!("Benchmark {}", batch * 100 + n);
            customers::insert(&mut tx, &Customer::new(id, &name, since)).await?;
            let project = Project::new(core.id(ProjectId::new), id, "P", since);
            projects::insert(&mut tx, &project).await?;
            for _ in 0..RESOURCES {
                let (whose, what) = ((id, project.id), (offering, plan));
                resource(market, &mut tx, whose, what, &limits, since).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Makes the invoices of a month as the monthly job does; how many that were.
pub async fn run_month(market: &Market, month: Month) -> Result<u64> {
    market.invoices().make_month(month).await
}

/// How many invoices, items and customers a month has, and whether the numbers have no gap.
pub async fn audit(market: &Market, month: Month) -> Result<(u64, u64, u64, bool)> {
    Ok(store::testing::invoiced(market.core().db(), (month.year(), month.month())).await?)
}

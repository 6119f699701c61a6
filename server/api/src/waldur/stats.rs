//! `/api/marketplace-stats/`: figures for operators. `revenue/`, `usage/` and `kpis/` are our own; amounts are decimal
//! strings of dollars, months are named by year and month.

mod orders;

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use market::{Error, Revenue, Silent, Used};
use model::{Day, Usd};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use self::orders::{OrderStats, order_stats};
use super::{
    answer::Listing,
    links::{OFFERINGS, hex, id_of},
    read::decimal,
    schema,
};
use crate::{Answer, Shared, actors::SignedIn, door, openapi::Door, queries::Query};

pub fn routes() -> Router<Shared> {
    [
        door("/api/marketplace-stats/revenue", get(revenue)),
        door("/api/marketplace-stats/usage", get(usage)),
        door("/api/marketplace-stats/kpis", get(kpis)),
        door("/api/marketplace-stats/order_stats", get(order_stats)),
        door("/api/marketplace-stats/component_usages", get(component_usages)),
        door("/api/marketplace-stats/component_usages_per_month", get(component_usages_per_month)),
        door("/api/marketplace-stats/offering_costs_summary", get(offering_costs_summary)),
        door("/api/marketplace-stats/resources_missing_usage", get(resources_missing_usage)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

/// From when to when; without them the last twelve months.
const SPAN: &[(&str, &str)] = &[
    ("start", "The first day; the months that it and the end fall in count whole."),
    ("end", "The last day."),
];

pub fn doors() -> Vec<Door> {
    let list = |path, summary, schema| {
        Door::list(path, summary, schema, &[]).query(SPAN).refuses(&[403, 404])
    };
    vec![
        list("/api/marketplace-stats/revenue/", "What was invoiced by month", "RevenueRow"),
        list("/api/marketplace-stats/usage/", "What was used by month and component", "UsageRow")
            .query(&[
                ("offering", "Of one offering, by id or link; its provider may ask as well."),
                ("start", "The first day."),
                ("end", "The last day."),
            ]),
        Door::new("get", "/api/marketplace-stats/kpis/", "How the marketplace does")
            .answers(200, "Kpis")
            .refuses(&[403]),
        Door::new("get", "/api/marketplace-stats/order_stats/", "Orders by state, kind and day")
            .query(&[
                ("start", "The first day."),
                ("end", "The last day."),
                ("customer_uuid", "Of one customer."),
                ("provider_uuid", "Of one provider's customer."),
            ])
            .answers(200, "OrderStats")
            .refuses(&[403, 404]),
        list(
            "/api/marketplace-stats/component_usages/",
            "What was used by component",
            "ComponentUsagesRow",
        ),
        list(
            "/api/marketplace-stats/component_usages_per_month/",
            "What was used by month and component",
            "ComponentUsagesPerMonthRow",
        ),
        Door::new(
            "get",
            "/api/marketplace-stats/offering_costs_summary/",
            "What was invoiced for offerings",
        )
        .query(SPAN)
        .answers(200, "OfferingCosts")
        .refuses(&[403]),
        Door::list(
            "/api/marketplace-stats/resources_missing_usage/",
            "Resources of which nothing was told this month that is billed by use",
            "ResourceMissingUsage",
            &[],
        )
        .refuses(&[403, 404]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![
        schema::<RevenueRow>(),
        schema::<UsageRow>(),
        schema::<KpisWire>(),
        schema::<OrderStats>(),
        schema::<ComponentUsagesRow>(),
        schema::<ComponentUsagesPerMonthRow>(),
        schema::<OfferingCosts>(),
        schema::<ResourceMissingUsage>(),
    ]
}

fn money(micros: i64) -> String {
    decimal(Usd::from_micros(micros))
}

/// Hundredths of a percent as a decimal number of percent.
fn percent(points: u64) -> String {
    format!("{}.{:02}", points / 100, points % 100)
}

/// The days asked for; twelve months up to today when nothing is said.
fn span(doors: &Shared, query: &Query) -> Result<(Day, Day), crate::errors::ApiError> {
    let today = doors.market.core().now().day();
    let to: Day = query.read("end")?.unwrap_or(today);
    let from: Day = query.read("start")?.unwrap_or_else(|| to.plus(-364));
    Ok((from, to))
}

/// What was invoiced for a month, credit notes taken off.
#[derive(Serialize, ToSchema)]
struct RevenueRow {
    year: i64,
    month: i64,
    invoices: u64,
    customers: u64,
    price: String,
    tax: String,
    total: String,
    paid: String,
}

impl From<Revenue> for RevenueRow {
    fn from(row: Revenue) -> Self {
        Self {
            year: row.year,
            month: row.month,
            invoices: row.invoices,
            customers: row.customers,
            price: money(row.price),
            tax: money(row.tax),
            total: money(row.total),
            paid: money(row.paid),
        }
    }
}

async fn revenue(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let (from, to) = span(&doors, &listing.query)?;
    let rows = doors.market.stats().revenue(&caller.actor, from, to).await?;
    let rows: Vec<RevenueRow> = rows.into_iter().map(Into::into).collect();
    listing.answer_all(&doors, &rows)
}

/// What was used of a component in a month.
#[derive(Serialize, ToSchema)]
struct UsageRow {
    year: i64,
    month: i64,
    offering_uuid: String,
    offering_name: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    measured_unit: String,
    usage: String,
    resources: u64,
}

async fn used(
    doors: &Shared,
    caller: &SignedIn,
    query: &Query,
) -> Result<Vec<Used>, crate::errors::ApiError> {
    let (from, to) = span(doors, query)?;
    let offering = match query.text("offering").or(query.text("offering_uuid")) {
        None => None,
        Some(text) => {
            let wrong = || Error::field("offering", "Enter a valid UUID.");
            Some(id_of(text, OFFERINGS).map_err(|_| wrong())?)
        }
    };
    Ok(doors.market.stats().usage(&caller.actor, offering, from, to).await?)
}

fn usage_text(amount: i64) -> String {
    money(amount)
}

async fn usage(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let rows = used(&doors, &caller, &listing.query).await?;
    let rows: Vec<UsageRow> = rows
        .into_iter()
        .map(|row| UsageRow {
            year: row.year,
            month: row.month,
            offering_uuid: hex(row.offering),
            offering_name: row.offering_name,
            kind: row.kind,
            name: row.name,
            measured_unit: row.measured_unit,
            usage: usage_text(row.amount),
            resources: row.resources,
        })
        .collect();
    listing.answer_all(&doors, &rows)
}

/// How the marketplace does; all but the orders, which are of the last 30 days, is about the last month that has ended.
#[derive(Serialize, ToSchema)]
#[schema(as = Kpis)]
struct KpisWire {
    month: String,
    /// What comes again every month.
    mrr: String,
    revenue: String,
    paying_customers: u64,
    /// Percent of those who paid the month before and do not any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    churn_rate: Option<String>,
    arpu: String,
    orders: u64,
    /// Percent of the orders that have ended that were carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_completion: Option<String>,
}

async fn kpis(State(doors): State<Shared>, caller: SignedIn) -> Answer {
    let kpis = doors.market.stats().kpis(&caller.actor).await?;
    let wire = KpisWire {
        month: kpis.month.to_string(),
        mrr: money(kpis.mrr),
        revenue: money(kpis.revenue),
        paying_customers: kpis.customers,
        churn_rate: kpis.churn.map(percent),
        arpu: money(kpis.arpu),
        orders: kpis.orders,
        order_completion: kpis.completion.map(percent),
    };
    Ok(Json(wire).into_response())
}

/// What was used of a component. There are no groups of organizations.
#[derive(Serialize, ToSchema)]
struct ComponentUsagesRow {
    usage: String,
    offering_uuid: String,
    component_type: String,
    offering_country: String,
    organization_group_name: String,
    organization_group_uuid: String,
}

#[derive(Serialize, ToSchema)]
struct ComponentUsagesPerMonthRow {
    usage: String,
    offering_uuid: String,
    component_type: String,
    offering_country: String,
    organization_group_name: String,
    organization_group_uuid: String,
    year: i64,
    month: i64,
}

fn component_row(row: &Used, amount: i64) -> ComponentUsagesRow {
    ComponentUsagesRow {
        usage: usage_text(amount),
        offering_uuid: hex(row.offering),
        component_type: row.kind.clone(),
        offering_country: row.country.clone(),
        organization_group_name: String::new(),
        organization_group_uuid: String::new(),
    }
}

async fn component_usages(
    State(doors): State<Shared>,
    caller: SignedIn,
    listing: Listing,
) -> Answer {
    let mut rows = used(&doors, &caller, &listing.query).await?;
    rows.sort_by(|a, b| (a.offering, &a.kind).cmp(&(b.offering, &b.kind)));
    let rows: Vec<ComponentUsagesRow> = rows
        .chunk_by(|one, next| one.offering == next.offering && one.kind == next.kind)
        .filter_map(|months| {
            let sum = months.iter().fold(0_i64, |sum, row| sum.saturating_add(row.amount));
            Some(component_row(months.first()?, sum))
        })
        .collect();
    listing.answer_all(&doors, &rows)
}

async fn component_usages_per_month(
    State(doors): State<Shared>,
    caller: SignedIn,
    listing: Listing,
) -> Answer {
    let rows = used(&doors, &caller, &listing.query).await?;
    let rows: Vec<ComponentUsagesPerMonthRow> = rows
        .iter()
        .map(|row| ComponentUsagesPerMonthRow {
            usage: usage_text(row.amount),
            offering_uuid: hex(row.offering),
            component_type: row.kind.clone(),
            offering_country: row.country.clone(),
            organization_group_name: String::new(),
            organization_group_uuid: String::new(),
            year: row.year,
            month: row.month,
        })
        .collect();
    listing.answer_all(&doors, &rows)
}

/// What was invoiced for offerings.
#[derive(Serialize, ToSchema)]
struct OfferingCosts {
    total_cost: String,
    offering_count: usize,
    average_cost: String,
}

async fn offering_costs_summary(
    State(doors): State<Shared>,
    caller: SignedIn,
    query: Query,
) -> Answer {
    let (from, to) = span(&doors, &query)?;
    let costs = doors.market.stats().costs(&caller.actor, from, to).await?;
    let total = costs.iter().fold(0_i64, |sum, cost| sum.saturating_add(cost.price));
    let average = i64::try_from(costs.len()).ok().and_then(|n| total.checked_div(n)).unwrap_or(0);
    let summary = OfferingCosts {
        total_cost: money(total),
        offering_count: costs.len(),
        average_cost: money(average),
    };
    Ok(Json(summary).into_response())
}

/// A resource of which nothing was told this month.
#[derive(Serialize, ToSchema)]
struct ResourceMissingUsage {
    uuid: String,
    name: String,
    state: &'static str,
    created: String,
    offering_name: String,
    offering_uuid: String,
    provider_name: String,
    provider_uuid: String,
    customer_name: String,
    customer_uuid: String,
    project_name: String,
    project_uuid: String,
    last_usage_date: Option<String>,
    days_since_last_report: Option<i64>,
}

async fn resources_missing_usage(
    State(doors): State<Shared>,
    caller: SignedIn,
    listing: Listing,
) -> Answer {
    let today = doors.market.core().now().day();
    let rows = doors.market.stats().silent(&caller.actor).await?;
    let row = |row: Silent| ResourceMissingUsage {
        uuid: hex(row.id),
        name: row.name,
        state: "OK",
        created: row.created_at.to_string(),
        offering_name: row.offering_name,
        offering_uuid: hex(row.offering),
        provider_name: row.provider_name,
        provider_uuid: hex(row.provider),
        customer_name: row.customer_name,
        customer_uuid: hex(row.customer),
        project_name: row.project_name,
        project_uuid: hex(row.project),
        last_usage_date: row.last.map(|day| day.start().to_string()),
        days_since_last_report: row.last.map(|day| today.number() - day.number()),
    };
    let rows: Vec<ResourceMissingUsage> = rows.into_iter().map(row).collect();
    listing.answer_all(&doors, &rows)
}

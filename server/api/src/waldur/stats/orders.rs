//! Orders by state, kind and day.

use axum::{Json, extract::State, response::IntoResponse};
use market::Ordered;
use model::{OrderKind, OrderState};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{money, span};
use crate::{Answer, Shared, actors::SignedIn, queries::Query};

#[derive(Serialize, ToSchema)]
struct OrderSummary {
    total: u64,
    total_cost: String,
    total_revenue: String,
    pending: u64,
    executing: u64,
    done: u64,
    erred: u64,
    canceled: u64,
    rejected: u64,
}

#[derive(Serialize, ToSchema)]
struct DailyOrders {
    date: String,
    total: u64,
    total_cost: String,
    revenue: String,
    #[schema(value_type = Object)]
    by_state: Map<String, Value>,
    #[schema(value_type = Object)]
    by_type: Map<String, Value>,
}

/// Orders by state, kind and day. Revenue is the cost of those that are done.
#[derive(Serialize, ToSchema)]
pub struct OrderStats {
    #[schema(inline)]
    summary: OrderSummary,
    #[schema(value_type = Object)]
    by_state: Map<String, Value>,
    #[schema(value_type = Object)]
    by_type: Map<String, Value>,
    #[schema(inline)]
    daily: Vec<DailyOrders>,
}

fn count(rows: &[&Ordered], fits: impl Fn(&Ordered) -> bool) -> u64 {
    rows.iter().filter(|row| fits(row)).map(|row| row.count).sum()
}

fn cost(rows: &[&Ordered], fits: impl Fn(&Ordered) -> bool) -> String {
    money(rows.iter().filter(|row| fits(row)).fold(0, |sum, row| sum.saturating_add(row.cost)))
}

fn by_state(rows: &[&Ordered]) -> Map<String, Value> {
    let all = OrderState::ALL.iter().map(|state| (state, count(rows, |row| row.state == *state)));
    all.filter(|(_, n)| *n > 0).map(|(state, n)| (state.as_str().to_owned(), json!(n))).collect()
}

fn by_type(rows: &[&Ordered]) -> Map<String, Value> {
    let all = OrderKind::ALL.iter().map(|kind| (kind, count(rows, |row| row.kind == *kind)));
    all.filter(|(_, n)| *n > 0).map(|(kind, n)| (kind.as_str().to_owned(), json!(n))).collect()
}

fn done(row: &Ordered) -> bool {
    row.state == OrderState::Done
}

pub async fn order_stats(State(doors): State<Shared>, caller: SignedIn, query: Query) -> Answer {
    let days = span(&doors, &query)?;
    let (customer, seller) = (query.read("customer_uuid")?, query.read("provider_uuid")?);
    let rows = doors.market.stats().orders(&caller.actor, days, customer, seller).await?;
    let all: Vec<&Ordered> = rows.iter().collect();
    let state = |wanted: OrderState| count(&all, |row| row.state == wanted);
    let summary = OrderSummary {
        total: count(&all, |_| true),
        total_cost: cost(&all, |_| true),
        total_revenue: cost(&all, done),
        pending: count(&all, |row| row.state.is_pending()),
        executing: state(OrderState::Executing),
        done: state(OrderState::Done),
        erred: state(OrderState::Erred),
        canceled: state(OrderState::Canceled),
        rejected: state(OrderState::Rejected),
    };
    let daily = all.chunk_by(|one, next| one.day == next.day).filter_map(|rows| {
        let day = rows.first()?.day;
        Some(DailyOrders {
            date: day.to_string(),
            total: count(rows, |_| true),
            total_cost: cost(rows, |_| true),
            revenue: cost(rows, done),
            by_state: by_state(rows),
            by_type: by_type(rows),
        })
    });
    let answer = OrderStats {
        daily: daily.collect(),
        summary,
        by_state: by_state(&all),
        by_type: by_type(&all),
    };
    Ok(Json(answer).into_response())
}

//! Metered calls and their sums per day.

use model::{
    Credits, CustomerId, Day, KeyId, PriceVersionId, ReceiptId, RequestView, ResourceId, Timestamp,
    UsageDay,
};

use crate::{Result, Row, Run, Script, sql};

/// One metered call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub id: ReceiptId,
    pub resource: ResourceId,
    pub customer: CustomerId,
    pub key: KeyId,
    pub at: Timestamp,
    pub status: u16,
    pub outcome: &'static str,
    pub streamed: bool,
    pub estimated: bool,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub credits: Credits,
    pub price_version: PriceVersionId,
    pub first_byte_ms: u32,
    pub total_ms: u32,
}

/// What a batch adds to one day of one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySum {
    pub resource: ResourceId,
    pub day: Day,
    pub requests: i64,
    pub errors: i64,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    pub credits: Credits,
}

/// A count as the engines keep it. A call has far fewer tokens than an `i64` holds.
fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub fn insert(script: &mut Script, requests: &[Request]) -> Result<()> {
    script.insert(
        "INSERT INTO requests (id, resource_id, customer_id, key_id, at, status, outcome, streamed,
                 estimated, prompt_tokens, completion_tokens, credits, price_version_id, first_byte_ms,
                 total_ms) VALUES ",
        15,
        "",
        requests,
        |s, request| {
                s.bind(request.id.to_string())
                    .bind(request.resource.to_string())
                    .bind(request.customer.to_string())
                    .bind(request.key.to_string())
                    .bind(request.at.ms())
                    .bind(i64::from(request.status))
                    .bind(request.outcome)
                    .bind(i64::from(request.streamed))
                    .bind(i64::from(request.estimated))
                    .bind(int(request.prompt_tokens))
                    .bind(int(request.completion_tokens))
                    .bind(request.credits.micros())
                    .bind(request.price_version.to_string())
                    .bind(i64::from(request.first_byte_ms))
                    .bind(i64::from(request.total_ms))
            },
    )
}

/// Adds to the days' sums.
pub fn add_days(script: &mut Script, sums: &[DaySum]) -> Result<()> {
    script.insert(
        "INSERT INTO usage_days (resource_id, day, requests, errors, prompt_tokens,
                 completion_tokens, credits) VALUES ",
        7,
        "
             ON CONFLICT (resource_id, day) DO UPDATE SET
                 requests = usage_days.requests + excluded.requests,
                 errors = usage_days.errors + excluded.errors,
                 prompt_tokens = usage_days.prompt_tokens + excluded.prompt_tokens,
                 completion_tokens = usage_days.completion_tokens + excluded.completion_tokens,
                 credits = usage_days.credits + excluded.credits",
        sums,
        |s, sum| {
            s.bind(sum.resource.to_string())
                .bind(sum.day.number())
                .bind(sum.requests)
                .bind(sum.errors)
                .bind(sum.prompt_tokens)
                .bind(sum.completion_tokens)
                .bind(sum.credits.micros())
        },
    )
}

/// A resource's sums from a day on, oldest first.
pub async fn days(on: impl Run<'_>, resource: ResourceId, from: Day) -> Result<Vec<UsageDay>> {
    sql(
        on,
        "SELECT day, requests, errors, prompt_tokens, completion_tokens, credits FROM usage_days
         WHERE resource_id = $1 AND day >= $2 ORDER BY day",
    )
    .bind(resource.to_string())
    .bind(from.number())
    .all(|row| {
        Ok(UsageDay {
            day: Day::from_number(row.get("day")?),
            requests: row.count("requests")?,
            errors: row.count("errors")?,
            prompt_tokens: row.count("prompt_tokens")?,
            completion_tokens: row.count("completion_tokens")?,
            credits: Credits::from_micros(row.get("credits")?),
        })
    })
    .await
}

fn small<T: TryFrom<i64> + Default>(row: &Row, column: &'static str) -> Result<T> {
    Ok(T::try_from(row.get::<i64>(column)?).unwrap_or_default())
}

fn read(row: &Row) -> Result<RequestView> {
    Ok(RequestView {
        receipt_id: row.parse("requests", "id")?,
        at: Timestamp::from_ms(row.get("at")?),
        status: small(row, "status")?,
        outcome: row.get("outcome")?,
        streamed: row.get::<i64>("streamed")? != 0,
        estimated: row.get::<i64>("estimated")? != 0,
        prompt_tokens: row.count("prompt_tokens")?,
        completion_tokens: row.count("completion_tokens")?,
        credits: Credits::from_micros(row.get("credits")?),
        first_byte_ms: small(row, "first_byte_ms")?,
        total_ms: small(row, "total_ms")?,
        key_hint: row.get("hint")?,
    })
}

/// A page of a resource's calls, newest first.
pub async fn page(
    on: impl Run<'_>,
    resource: ResourceId,
    limit: i64,
    offset: i64,
) -> Result<Vec<RequestView>> {
    sql(
        on,
        "SELECT r.id, r.at, r.status, r.outcome, r.streamed, r.estimated, r.prompt_tokens,
             r.completion_tokens, r.credits, r.first_byte_ms, r.total_ms, COALESCE(k.hint, '') AS hint
         FROM requests r LEFT JOIN api_keys k ON k.id = r.key_id
         WHERE r.resource_id = $1 ORDER BY r.id DESC LIMIT $2 OFFSET $3",
    )
    .bind(resource.to_string())
    .bind(limit)
    .bind(offset)
    .all(read)
    .await
}

/// How many calls a resource has had, from the days' sums.
pub async fn total(on: impl Run<'_>, resource: ResourceId) -> Result<u64> {
    sql(
        on,
        "SELECT CAST(COALESCE(SUM(requests), 0) AS BIGINT) AS n FROM usage_days WHERE resource_id = $1",
    )
    .bind(resource.to_string())
    .one(|row| row.count("n"))
    .await
}

/// How many calls a resource has had on one day.
pub async fn on_day(on: impl Run<'_>, resource: ResourceId, day: Day) -> Result<u64> {
    let found = sql(on, "SELECT requests FROM usage_days WHERE resource_id = $1 AND day = $2")
        .bind(resource.to_string())
        .bind(day.number())
        .optional(|row| row.count("requests"))
        .await?;
    Ok(found.unwrap_or(0))
}

/// A call with what its receipt says of it.
#[derive(Debug, Clone)]
pub struct Found {
    pub resource: ResourceId,
    pub customer: CustomerId,
    pub price_version: PriceVersionId,
    pub model: String,
    pub view: RequestView,
}

/// The call with an id.
pub async fn find(on: impl Run<'_>, id: ReceiptId) -> Result<Option<Found>> {
    sql(
        on,
        "SELECT r.id, r.resource_id, r.customer_id, r.at, r.status, r.outcome, r.streamed, r.estimated,
             r.prompt_tokens, r.completion_tokens, r.credits, r.price_version_id, r.first_byte_ms,
             r.total_ms, COALESCE(k.hint, '') AS hint, o.slug
         FROM requests r LEFT JOIN api_keys k ON k.id = r.key_id
         JOIN resources s ON s.id = r.resource_id JOIN offerings o ON o.id = s.offering_id
         WHERE r.id = $1",
    )
    .bind(id.to_string())
    .optional(|row| {
        Ok(Found {
            resource: row.parse("requests", "resource_id")?,
            customer: row.parse("requests", "customer_id")?,
            price_version: row.parse("requests", "price_version_id")?,
            model: row.get("slug")?,
            view: read(row)?,
        })
    })
    .await
}

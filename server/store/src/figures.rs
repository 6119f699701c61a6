//! What the catalogue shows of each offering beside its listing: use, measured quality, stars.

use model::{Day, OfferingId, UsageStats};

use crate::{Result, Row, Run, Statement, db::built};

/// How much an offering is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Use {
    pub stats: UsageStats,
    /// Metered calls in the last seven days.
    pub weekly_requests: u64,
}

/// How much each offering is used: tokens ever, customers and calls since a day, calls since a later day. What the
/// marketplace's own demo workspace has tried is no customer's use.
pub async fn usage(
    on: impl Run<'_>,
    since: Day,
    lately: Day,
    only: Option<OfferingId>,
) -> Result<Vec<(OfferingId, Use)>> {
    // Read along what was used: most of what customers have, they have not used. Of one offering, along what is had of it.
    let (join, filter) = match only {
        None => ("CROSS JOIN resources r", "AND r.id = d.resource_id"),
        Some(_) => ("JOIN resources r ON r.id = d.resource_id", "AND r.offering_id = $4"),
    };
    let text = format!(
        "SELECT r.offering_id,
             CAST(SUM(d.prompt_tokens + d.completion_tokens) AS BIGINT) AS tokens,
             COUNT(DISTINCT CASE WHEN d.day >= $1 THEN r.customer_id END) AS customers,
             CAST(SUM(CASE WHEN d.day >= $1 THEN d.requests ELSE 0 END) AS BIGINT) AS requests,
             CAST(SUM(CASE WHEN d.day >= $2 THEN d.requests ELSE 0 END) AS BIGINT) AS weekly
         FROM usage_days d {join} WHERE r.customer_id <> $3 {filter} GROUP BY r.offering_id ORDER BY r.offering_id"
    );
    let statement = built(on, text)
        .bind(since.number())
        .bind(lately.number())
        .bind(crate::demos::customer().to_string());
    bound(statement, only)
        .all(|row| {
            let stats = UsageStats {
                total_tokens_served: row.count("tokens")?,
                active_users: row.count("customers")?,
                monthly_requests: row.count("requests")?,
            };
            Ok((id(row)?, Use { stats, weekly_requests: row.count("weekly")? }))
        })
        .await
}

/// The figures of measured quality, as `quality_figures` keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quality {
    /// Thousandths of a percent.
    pub uptime7d: Option<u32>,
    /// Thousandths of a percent.
    pub uptime30d: Option<u32>,
    /// Milliseconds to the first token.
    pub latency_p50: Option<u32>,
    pub latency_p95: Option<u32>,
    pub latency_p99: Option<u32>,
    /// Thousandths of a request per second.
    pub rps: Option<u32>,
    /// Thousandths of a token per second.
    pub tps: Option<u32>,
}

/// The measured quality of each offering.
pub async fn quality(
    on: impl Run<'_>,
    only: Option<OfferingId>,
) -> Result<Vec<(OfferingId, Quality)>> {
    let small = |row: &Row, column: &'static str| -> Result<Option<u32>> {
        Ok(row.get::<Option<i64>>(column)?.and_then(|n| u32::try_from(n).ok()))
    };
    let filter = if only.is_some() { "WHERE offering_id = $1" } else { "" };
    let text = format!(
        "SELECT offering_id, uptime7d, uptime30d, latency_p50, latency_p95, latency_p99, rps, tps
         FROM quality_figures {filter} ORDER BY offering_id"
    );
    bound(built(on, text), only)
        .all(|row| {
            let quality = Quality {
                uptime7d: small(row, "uptime7d")?,
                uptime30d: small(row, "uptime30d")?,
                latency_p50: small(row, "latency_p50")?,
                latency_p95: small(row, "latency_p95")?,
                latency_p99: small(row, "latency_p99")?,
                rps: small(row, "rps")?,
                tps: small(row, "tps")?,
            };
            Ok((id(row)?, quality))
        })
        .await
}

/// How many reviews each offering has, and the sum of their stars.
pub async fn stars(
    on: impl Run<'_>,
    only: Option<OfferingId>,
) -> Result<Vec<(OfferingId, (u64, u64))>> {
    let filter = if only.is_some() { "AND offering_id = $1" } else { "" };
    let text = format!(
        "SELECT offering_id, COUNT(*) AS n, CAST(SUM(stars) AS BIGINT) AS stars FROM reviews
         WHERE hidden_at IS NULL {filter} GROUP BY offering_id ORDER BY offering_id"
    );
    bound(built(on, text), only)
        .all(|row| Ok((id(row)?, (row.count("n")?, row.count("stars")?))))
        .await
}

/// Binds the one offering asked for, if it is one: a condition that may be switched off would keep the index unused.
fn bound(statement: Statement<'_>, only: Option<OfferingId>) -> Statement<'_> {
    match only {
        Some(id) => statement.bind(id.to_string()),
        None => statement,
    }
}

fn id(row: &Row) -> Result<OfferingId> {
    row.parse("offerings", "offering_id")
}

//! What was measured of offerings, by the minute, the hour and the day, and the figures made of it.

use model::{ErrorCounts, OfferingId, ServerId, Timestamp};

use crate::{
    Result, Row, Run, Script, Tx,
    db::{built, runs},
    figures::Quality,
    sql,
};

/// How long the stretch of time of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    Minute,
    Hour,
    Day,
}

impl Span {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Its length in milliseconds.
    pub const fn ms(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// The beginning of the stretch that a time is in; days are those of UTC.
    pub const fn start(self, at: Timestamp) -> Timestamp {
        Timestamp::from_ms(at.ms().div_euclid(self.ms()).saturating_mul(self.ms()))
    }
}

/// How many calls and probes there were, and how many of them the provider failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub calls: u64,
    pub probes: u64,
    pub errors: ErrorCounts,
}

impl Counts {
    pub const fn samples(&self) -> u64 {
        self.calls.saturating_add(self.probes)
    }

    pub const fn add(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.probes = self.probes.saturating_add(other.probes);
        let (mine, theirs) = (&mut self.errors, &other.errors);
        mine.unreachable = mine.unreachable.saturating_add(theirs.unreachable);
        mine.timeout = mine.timeout.saturating_add(theirs.timeout);
        mine.status = mine.status.saturating_add(theirs.status);
        mine.cut = mine.cut.saturating_add(theirs.cut);
        mine.malformed = mine.malformed.saturating_add(theirs.malformed);
    }
}

/// A stretch of time of one offering. The histograms are bytes here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub offering: OfferingId,
    pub start: Timestamp,
    /// Minutes are each server's own; hours and days are everybody's.
    pub server: Option<ServerId>,
    pub counts: Counts,
    /// The calls of its busiest minute.
    pub peak_minute: u64,
    /// The most calls that ran at once on one server.
    pub peak_running: u64,
    pub first_token: Vec<u8>,
    pub total: Vec<u8>,
    pub speed: Vec<u8>,
}

/// What several rows of one offering come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    pub counts: Counts,
    pub peak_minute: u64,
    pub peak_running: u64,
}

fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Writes rows whole: whoever writes one again leaves the same behind.
pub fn save(script: &mut Script, span: Span, windows: &[Window]) -> Result<()> {
    script.insert(
        "INSERT INTO quality_windows (span, offering_id, start, server_id, calls, probes, unreachable,
             timeout, status, cut, malformed, peak_minute, peak_running, first_token, total, speed) VALUES ",
        16,
        "
         ON CONFLICT (span, offering_id, start, server_id) DO UPDATE SET calls = excluded.calls,
             probes = excluded.probes, unreachable = excluded.unreachable, timeout = excluded.timeout,
             status = excluded.status, cut = excluded.cut, malformed = excluded.malformed,
             peak_minute = excluded.peak_minute, peak_running = excluded.peak_running,
             first_token = excluded.first_token, total = excluded.total, speed = excluded.speed",
        windows,
        |s, window| {
            let (counts, errors) = (&window.counts, &window.counts.errors);
            s.bind(span.as_str())
                .bind(window.offering.to_string())
                .bind(window.start.ms())
                .bind(window.server.map(|id| id.to_string()).unwrap_or_default())
                .bind(int(counts.calls))
                .bind(int(counts.probes))
                .bind(int(errors.unreachable))
                .bind(int(errors.timeout))
                .bind(int(errors.status))
                .bind(int(errors.cut))
                .bind(int(errors.malformed))
                .bind(int(window.peak_minute))
                .bind(int(window.peak_running))
                .bind(window.first_token.clone())
                .bind(window.total.clone())
                .bind(window.speed.clone())
        },
    )
}

fn counts(row: &Row) -> Result<Counts> {
    Ok(Counts {
        calls: row.count("calls")?,
        probes: row.count("probes")?,
        errors: ErrorCounts {
            unreachable: row.count("unreachable")?,
            timeout: row.count("timeout")?,
            status: row.count("status")?,
            cut: row.count("cut")?,
            malformed: row.count("malformed")?,
        },
    })
}

fn offering(row: &Row) -> Result<OfferingId> {
    row.parse("quality_windows", "offering_id")
}

fn start(row: &Row) -> Result<Timestamp> {
    Ok(Timestamp::from_ms(row.get("start")?))
}

fn read(row: &Row) -> Result<Window> {
    let server: String = row.get("server_id")?;
    Ok(Window {
        offering: offering(row)?,
        start: start(row)?,
        // Only for telling servers apart; hours and days have none.
        server: server.parse().ok(),
        counts: counts(row)?,
        peak_minute: row.count("peak_minute")?,
        peak_running: row.count("peak_running")?,
        first_token: row.get("first_token")?,
        total: row.get("total")?,
        speed: row.get("speed")?,
    })
}

/// The hours in which offerings have minutes since a time, each with the offerings, in order.
pub async fn touched(on: impl Run<'_>, since: Timestamp) -> Result<Vec<(Timestamp, OfferingId)>> {
    sql(
        on,
        "SELECT DISTINCT start - start % 3600000 AS start, offering_id FROM quality_windows
         WHERE span = 'minute' AND start >= $1 ORDER BY start, offering_id",
    )
    .bind(since.ms())
    .all(|row| Ok((start(row)?, offering(row)?)))
    .await
}

/// The rows of offerings within a stretch of time (its end excluded), by offering and time.
pub async fn windows(
    tx: &mut Tx,
    span: Span,
    offerings: &[OfferingId],
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Window>> {
    let mut found = Vec::new();
    for run in runs(offerings) {
        let on = (&mut *tx).run();
        let n = run.len();
        let text = format!(
            "SELECT offering_id, start, server_id, calls, probes, unreachable, timeout, status, cut, malformed,
                 peak_minute, peak_running, first_token, total, speed FROM quality_windows
             WHERE offering_id IN {} AND span = ${} AND start >= ${} AND start < ${}
             ORDER BY offering_id, start, server_id",
            on.places(1, n),
            n + 1,
            n + 2,
            n + 3
        );
        let statement = run.iter().fold(built(on, text), |s, id| s.bind(id.to_string()));
        let statement = statement.bind(span.as_str()).bind(from.ms()).bind(until.ms());
        found.extend(statement.all(read).await?);
    }
    Ok(found)
}

/// What the rows of offerings since a time come to, without their histograms.
pub async fn sums(
    tx: &mut Tx,
    span: Span,
    offerings: &[OfferingId],
    from: Timestamp,
) -> Result<Vec<(OfferingId, Sum)>> {
    let mut found = Vec::new();
    for run in runs(offerings) {
        let on = (&mut *tx).run();
        let n = run.len();
        let text = format!(
            "SELECT offering_id, CAST(SUM(calls) AS BIGINT) AS calls, CAST(SUM(probes) AS BIGINT) AS probes,
                 CAST(SUM(unreachable) AS BIGINT) AS unreachable, CAST(SUM(timeout) AS BIGINT) AS timeout,
                 CAST(SUM(status) AS BIGINT) AS status, CAST(SUM(cut) AS BIGINT) AS cut,
                 CAST(SUM(malformed) AS BIGINT) AS malformed, MAX(peak_minute) AS peak_minute,
                 MAX(peak_running) AS peak_running
             FROM quality_windows WHERE offering_id IN {} AND span = ${} AND start >= ${}
             GROUP BY offering_id ORDER BY offering_id",
            on.places(1, n),
            n + 1,
            n + 2
        );
        let statement = run.iter().fold(built(on, text), |s, id| s.bind(id.to_string()));
        let sums = statement.bind(span.as_str()).bind(from.ms()).all(|row| {
            let sum = Sum {
                counts: counts(row)?,
                peak_minute: row.count("peak_minute")?,
                peak_running: row.count("peak_running")?,
            };
            Ok((offering(row)?, sum))
        });
        found.extend(sums.await?);
    }
    Ok(found)
}

/// The counts of an offering's hours or days since a time, oldest first.
pub async fn blocks(
    on: impl Run<'_>,
    span: Span,
    offering: OfferingId,
    from: Timestamp,
) -> Result<Vec<(Timestamp, Counts)>> {
    sql(
        on,
        "SELECT start, calls, probes, unreachable, timeout, status, cut, malformed FROM quality_windows
         WHERE span = $1 AND offering_id = $2 AND start >= $3 ORDER BY start, server_id",
    )
    .bind(span.as_str())
    .bind(offering.to_string())
    .bind(from.ms())
    .all(|row| Ok((start(row)?, counts(row)?)))
    .await
}

/// When the newest row of an offering begins.
pub async fn newest_of(
    on: impl Run<'_>,
    span: Span,
    offering: OfferingId,
) -> Result<Option<Timestamp>> {
    let newest = sql(
        on,
        "SELECT MAX(start) AS start FROM quality_windows WHERE span = $1 AND offering_id = $2",
    )
    .bind(span.as_str())
    .bind(offering.to_string())
    .one(|row| row.get::<Option<i64>>("start"))
    .await?;
    Ok(newest.map(Timestamp::from_ms))
}

/// When the newest row of all begins.
pub async fn newest(on: impl Run<'_>, span: Span) -> Result<Option<Timestamp>> {
    let newest = sql(on, "SELECT MAX(start) AS start FROM quality_windows WHERE span = $1")
        .bind(span.as_str())
        .one(|row| row.get::<Option<i64>>("start"))
        .await?;
    Ok(newest.map(Timestamp::from_ms))
}

/// Removes rows that begin before a time, the oldest first and no more than so many; tells how many.
pub async fn sweep(on: impl Run<'_>, span: Span, before: Timestamp, most: u32) -> Result<u64> {
    sql(
        on,
        "DELETE FROM quality_windows WHERE (span, offering_id, start, server_id) IN (
             SELECT span, offering_id, start, server_id FROM quality_windows
             WHERE span = $1 AND start < $2 ORDER BY start, offering_id, server_id LIMIT $3)",
    )
    .bind(span.as_str())
    .bind(before.ms())
    .bind(i64::from(most))
    .execute()
    .await
}

/// The offerings whose figures were computed before a time, the longest ago first and no more than so many.
pub async fn stale_figures(
    on: impl Run<'_>,
    before: Timestamp,
    most: u32,
) -> Result<Vec<OfferingId>> {
    sql(
        on,
        "SELECT offering_id FROM quality_figures WHERE computed_at < $1
         ORDER BY computed_at, offering_id LIMIT $2",
    )
    .bind(before.ms())
    .bind(i64::from(most))
    .all(|row| row.parse("quality_figures", "offering_id"))
    .await
}

/// Writes figures in the place of earlier ones.
pub fn save_figures(
    script: &mut Script,
    now: Timestamp,
    figures: &[(OfferingId, Quality)],
) -> Result<()> {
    script.insert(
        "INSERT INTO quality_figures (offering_id, computed_at, uptime7d, uptime30d, latency_p50,
             latency_p95, latency_p99, rps, tps) VALUES ",
        9,
        "
         ON CONFLICT (offering_id) DO UPDATE SET computed_at = excluded.computed_at,
             uptime7d = excluded.uptime7d, uptime30d = excluded.uptime30d,
             latency_p50 = excluded.latency_p50, latency_p95 = excluded.latency_p95,
             latency_p99 = excluded.latency_p99, rps = excluded.rps, tps = excluded.tps",
        figures,
        |s, (offering, quality)| {
            s.bind(offering.to_string())
                .bind(now.ms())
                .bind(quality.uptime7d.map(i64::from))
                .bind(quality.uptime30d.map(i64::from))
                .bind(quality.latency_p50.map(i64::from))
                .bind(quality.latency_p95.map(i64::from))
                .bind(quality.latency_p99.map(i64::from))
                .bind(quality.rps.map(i64::from))
                .bind(quality.tps.map(i64::from))
        },
    )
}

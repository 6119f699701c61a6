//! Credits set aside for single runs.

use model::{Credits, CustomerId, HoldId, ResourceId, ServerId, Timestamp};

use crate::{
    Result, Row, Run, Script, Tx,
    db::{built, runs},
    sql,
};

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Held,
    Settled,
    Released,
    Expired,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Settled => "settled",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}

impl std::str::FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Held, Self::Settled, Self::Released, Self::Expired]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(())
    }
}

/// Credits set aside for one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub id: HoldId,
    pub customer: CustomerId,
    pub run_id: Option<String>,
    pub resource: Option<ResourceId>,
    pub server: Option<ServerId>,
    pub budget: Credits,
    pub debited: Credits,
    pub state: State,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

const COLUMNS: &str = "id, customer_id, run_id, resource_id, server_id, budget, debited, state, created_at, expires_at";

fn read(row: &Row) -> Result<Hold> {
    Ok(Hold {
        id: row.parse("holds", "id")?,
        customer: row.parse("holds", "customer_id")?,
        run_id: row.get("run_id")?,
        resource: row.parse_some("holds", "resource_id")?,
        server: row.parse_some("holds", "server_id")?,
        budget: Credits::from_micros(row.get("budget")?),
        debited: Credits::from_micros(row.get("debited")?),
        state: row.parse("holds", "state")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        expires_at: Timestamp::from_ms(row.get("expires_at")?),
    })
}

/// The holds with these ids.
pub async fn by_ids(tx: &mut Tx, ids: &[HoldId]) -> Result<Vec<Hold>> {
    let mut found = Vec::with_capacity(ids.len());
    for run in runs(ids) {
        let on = (&mut *tx).run();
        let text = format!("SELECT {COLUMNS} FROM holds WHERE id IN {}", on.places(1, run.len()));
        let statement = run.iter().fold(built(on, text), |s, id| s.bind(id.to_string()));
        found.extend(statement.all(read).await?);
    }
    Ok(found)
}

/// The holds of customers' runs.
pub async fn by_runs(tx: &mut Tx, wanted: &[(CustomerId, String)]) -> Result<Vec<Hold>> {
    let mut found = Vec::new();
    for run in runs(wanted) {
        let on = (&mut *tx).run();
        let text = format!(
            "SELECT {COLUMNS} FROM holds WHERE (customer_id, run_id) IN (VALUES {})",
            on.places(run.len(), 2)
        );
        let statement = run.iter().fold(built(on, text), |s, (customer, run_id)| {
            s.bind(customer.to_string()).bind(run_id.clone())
        });
        found.extend(statement.all(read).await?);
    }
    Ok(found)
}

/// The hold of a customer's run.
pub async fn by_run(on: impl Run<'_>, customer: CustomerId, run_id: &str) -> Result<Option<Hold>> {
    built(on, format!("SELECT {COLUMNS} FROM holds WHERE customer_id = $1 AND run_id = $2"))
        .bind(customer.to_string())
        .bind(run_id.to_owned())
        .optional(read)
        .await
}

/// The hold with an id.
pub async fn find(on: impl Run<'_>, id: HoldId) -> Result<Option<Hold>> {
    built(on, format!("SELECT {COLUMNS} FROM holds WHERE id = $1"))
        .bind(id.to_string())
        .optional(read)
        .await
}

/// Writes holds as a batch leaves them.
pub fn save(script: &mut Script, holds: &[Hold]) -> Result<()> {
    script.insert(
        &format!("INSERT INTO holds ({COLUMNS}) VALUES "),
        10,
        "
             ON CONFLICT (id) DO UPDATE SET debited = excluded.debited, state = excluded.state",
        holds,
        |s, hold| {
            s.bind(hold.id.to_string())
                .bind(hold.customer.to_string())
                .bind(hold.run_id.clone())
                .bind(hold.resource.map(|id| id.to_string()))
                .bind(hold.server.map(|id| id.to_string()))
                .bind(hold.budget.micros())
                .bind(hold.debited.micros())
                .bind(hold.state.as_str())
                .bind(hold.created_at.ms())
                .bind(hold.expires_at.ms())
        },
    )
}

/// Open holds that nobody came back for.
pub async fn overdue(
    on: impl Run<'_>,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(HoldId, CustomerId)>> {
    sql(
        on,
        "SELECT id, customer_id FROM holds WHERE state = 'held' AND expires_at <= $1
         ORDER BY expires_at, id LIMIT $2",
    )
    .bind(now.ms())
    .bind(limit)
    .all(|row| Ok((row.parse("holds", "id")?, row.parse("holds", "customer_id")?)))
    .await
}

/// Open holds of a server's calls.
pub async fn of_server(on: impl Run<'_>, server: ServerId) -> Result<Vec<(HoldId, CustomerId)>> {
    sql(on, "SELECT id, customer_id FROM holds WHERE state = 'held' AND server_id = $1 ORDER BY id")
        .bind(server.to_string())
        .all(|row| Ok((row.parse("holds", "id")?, row.parse("holds", "customer_id")?)))
        .await
}

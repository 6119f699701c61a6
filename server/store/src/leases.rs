//! Blocks of customers' credits that servers may hold from without asking.

use model::{Credits, CustomerId, LeaseId, ServerId, Timestamp};

use crate::{
    Result, Row, Run, Script, Tx,
    db::{built, runs},
    sql,
};

/// A block of one customer's credits on one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub id: LeaseId,
    pub server: ServerId,
    pub customer: CustomerId,
    pub amount: Credits,
    pub spent: Credits,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<Lease> {
    Ok(Lease {
        id: row.parse("leases", "id")?,
        server: row.parse("leases", "server_id")?,
        customer: row.parse("leases", "customer_id")?,
        amount: Credits::from_micros(row.get("amount")?),
        spent: Credits::from_micros(row.get("spent")?),
        opened_at: Timestamp::from_ms(row.get("opened_at")?),
        closed_at: row.get::<Option<i64>>("closed_at")?.map(Timestamp::from_ms),
    })
}

/// The leases with these ids.
pub async fn by_ids(tx: &mut Tx, ids: &[LeaseId]) -> Result<Vec<Lease>> {
    let mut found = Vec::with_capacity(ids.len());
    for run in runs(ids) {
        let on = (&mut *tx).run();
        let text = format!(
            "SELECT id, server_id, customer_id, amount, spent, opened_at, closed_at FROM leases WHERE id IN {}",
            on.places(1, run.len())
        );
        let statement = run.iter().fold(built(on, text), |s, id| s.bind(id.to_string()));
        found.extend(statement.all(read).await?);
    }
    Ok(found)
}

/// Writes leases as a batch leaves them. A recall that came meanwhile stays.
pub fn save(script: &mut Script, leases: &[Lease]) -> Result<()> {
    script.insert(
        "INSERT INTO leases (id, server_id, customer_id, amount, spent, opened_at, closed_at) VALUES ",
        7,
        "
             ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, spent = excluded.spent,
                 closed_at = excluded.closed_at",
        leases,
        |s, lease| {
                s.bind(lease.id.to_string())
                    .bind(lease.server.to_string())
                    .bind(lease.customer.to_string())
                    .bind(lease.amount.micros())
                    .bind(lease.spent.micros())
                    .bind(lease.opened_at.ms())
                    .bind(lease.closed_at.map(Timestamp::ms))
            },
    )
}

/// Open leases of a server.
pub async fn of_server(on: impl Run<'_>, server: ServerId) -> Result<Vec<(LeaseId, CustomerId)>> {
    sql(
        on,
        "SELECT id, customer_id FROM leases WHERE server_id = $1 AND closed_at IS NULL ORDER BY id",
    )
    .bind(server.to_string())
    .all(|row| Ok((row.parse("leases", "id")?, row.parse("leases", "customer_id")?)))
    .await
}

/// Asks the other servers for what is idle of a customer's credits; tells how many leases that concerns.
pub async fn recall(
    on: impl Run<'_>,
    customer: CustomerId,
    except: ServerId,
    now: Timestamp,
) -> Result<u64> {
    sql(
        on,
        "UPDATE leases SET recalled_at = $3
         WHERE customer_id = $1 AND server_id <> $2 AND closed_at IS NULL",
    )
    .bind(customer.to_string())
    .bind(except.to_string())
    .bind(now.ms())
    .execute()
    .await
}

/// The customers whose credits others want back from a server; asking clears the wish.
pub async fn recalled(on: impl Run<'_>, server: ServerId) -> Result<Vec<CustomerId>> {
    sql(
        on,
        "UPDATE leases SET recalled_at = NULL
         WHERE server_id = $1 AND recalled_at IS NOT NULL AND closed_at IS NULL RETURNING customer_id",
    )
    .bind(server.to_string())
    .all(|row| row.parse("leases", "customer_id"))
    .await
}

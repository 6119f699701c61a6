//! Tries without an account: the workspace that pays for them, and how many there were.

use model::{CustomerId, Day, ProjectId, Timestamp};

use crate::{Result, Run, Tx, ledger, sql};

/// The workspace that pays for tries. Its id is the same on every server, so that none has to look for it, and two that
/// make it at once make one.
pub fn customer() -> CustomerId {
    CustomerId::new(0, *b"demo payer")
}

/// The project that its resources are in.
pub fn project() -> ProjectId {
    ProjectId::new(0, *b"demo tries")
}

/// Makes the workspace with its project and wallet, unless it is there.
pub async fn open(tx: &mut Tx, name: &str, now: Timestamp) -> Result<()> {
    sql(
        &mut *tx,
        "INSERT INTO customers (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
    )
    .bind(customer().to_string())
    .bind(name.to_owned())
    .bind(now.ms())
    .execute()
    .await?;
    sql(
        &mut *tx,
        "INSERT INTO projects (id, customer_id, name, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(project().to_string())
    .bind(customer().to_string())
    .bind("Default".to_owned())
    .bind(now.ms())
    .execute()
    .await?;
    let accounts = [ledger::Account::Available(customer()), ledger::Account::Held(customer())];
    ledger::open_accounts(tx, &accounts).await
}

/// Counts one more call of a visitor on a day; how many that makes, or none when there were `most` already. The empty
/// visitor stands for all of them.
pub async fn count(tx: &mut Tx, day: Day, visitor: &str, most: u32) -> Result<Option<u32>> {
    if most == 0 {
        return Ok(None);
    }
    sql(
        tx,
        "INSERT INTO demo_calls (day, visitor, calls) VALUES ($1, $2, 1)
         ON CONFLICT (day, visitor) DO UPDATE SET calls = demo_calls.calls + 1
         WHERE demo_calls.calls < $3 RETURNING calls",
    )
    .bind(day.number())
    .bind(visitor.to_owned())
    .bind(i64::from(most))
    .optional(|row| Ok(u32::try_from(row.get::<i64>("calls")?).unwrap_or(u32::MAX)))
    .await
}

/// Forgets the counts before a day.
pub async fn sweep(on: impl Run<'_>, before: Day) -> Result<()> {
    sql(on, "DELETE FROM demo_calls WHERE day < $1").bind(before.number()).execute().await.map(drop)
}

/// The secret of this database that visitors' addresses are hashed with: the one given, unless there is one already. It
/// is kept as two counters that nothing counts.
pub async fn salt(tx: &mut Tx, drawn: [i64; 2]) -> Result<[i64; 2]> {
    let mut kept = drawn;
    for (name, half) in ["demo_salt_1", "demo_salt_2"].into_iter().zip(&mut kept) {
        sql(
            &mut *tx,
            "INSERT INTO versions (name, version) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind(name.to_owned())
        .bind(*half)
        .execute()
        .await?;
        *half = crate::versions::read(&mut *tx, name).await?;
    }
    Ok(kept)
}

//! What providers have earned from wallets. The ledger's postings are its truth; days that are over are counted once and
//! kept, so that nobody who asks has them counted again.

use model::{Day, EntryId, ProviderId};

use crate::{Result, Run, Tx, ledger::Account, sql};

/// What a provider has earned on a day, in micro-credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earned {
    pub provider: ProviderId,
    pub amount: i64,
}

/// The last day that is counted.
pub async fn counted(on: impl Run<'_>) -> Result<Option<Day>> {
    sql(on, "SELECT MAX(day) AS day FROM earnings_days WHERE provider_id = ''")
        .one(|row| Ok(row.get::<Option<i64>>("day")?.map(Day::from_number)))
        .await
}

/// The entry that the ledger began with.
pub async fn first(on: impl Run<'_>) -> Result<Option<EntryId>> {
    sql(on, "SELECT MIN(entry_id) AS id FROM postings")
        .one(|row| row.parse_some("postings", "id"))
        .await
}

/// What was earned in a span of days, the first included and the last not, counted from the postings. Entries are named
/// by their time, so that no more is read than the span has.
pub async fn count(on: impl Run<'_>, from: Day, to: Day) -> Result<Vec<Earned>> {
    let bound = |day: Day| EntryId::new(day.start().ms(), [0; 10]).to_string();
    sql(
        on,
        "SELECT to_account, CAST(SUM(amount) AS BIGINT) AS amount FROM postings
         WHERE entry_id >= $1 AND entry_id < $2 AND substr(to_account, 1, 9) = 'earnings:' GROUP BY to_account",
    )
    .bind(bound(from))
    .bind(bound(to))
    .all(|row| {
        let account: Account = row.parse("postings", "to_account")?;
        let amount = row.get("amount")?;
        Ok(match account {
            Account::Earnings(provider) => Some(Earned { provider, amount }),
            _ => None,
        })
    })
    .await
    .map(|found| found.into_iter().flatten().collect())
}

/// Keeps what was earned on a day that is over; once, whoever counts it.
pub async fn keep(tx: &mut Tx, day: Day, earned: &[Earned]) -> Result<()> {
    let marker = (String::new(), 0);
    let rows = earned.iter().map(|one| (one.provider.to_string(), one.amount));
    for (provider, amount) in rows.chain([marker]) {
        sql(
            &mut *tx,
            "INSERT INTO earnings_days (provider_id, day, amount) VALUES ($1, $2, $3)
             ON CONFLICT (provider_id, day) DO NOTHING",
        )
        .bind(provider)
        .bind(day.number())
        .bind(amount)
        .execute()
        .await?;
    }
    Ok(())
}

/// What a provider has earned on counted days since one, the oldest first.
pub async fn kept(on: impl Run<'_>, provider: ProviderId, since: Day) -> Result<Vec<(Day, i64)>> {
    sql(
        on,
        "SELECT day, amount FROM earnings_days WHERE provider_id = $1 AND day >= $2 ORDER BY day",
    )
    .bind(provider.to_string())
    .bind(since.number())
    .all(|row| Ok((Day::from_number(row.get("day")?), row.get("amount")?)))
    .await
}

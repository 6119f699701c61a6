//! What a provider has earned: invoiced, and from wallets.

use std::collections::BTreeMap;

use model::{Day, Month, ProviderId};
use store::earnings;

use crate::{Actor, Result, provider_registry::Vendors};

/// How many days are counted in a row before other work has its turn.
const AT_ONCE: usize = 30;
/// How long after its end a day is counted, in milliseconds: by then the longest call has ended and every server has
/// written what it had of the day.
const SETTLED_MS: i64 = 24 * 3_600_000;
/// How far back a provider sees.
const MOST_MONTHS: usize = 120;

/// What a provider has earned in a month, in micro-dollars but for the credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earnings {
    pub month: Month,
    /// By invoices, credit notes taken off.
    pub invoiced: i64,
    /// From wallets, after the platform's fee, at the price of a credit as it is now.
    pub wallets: i64,
    /// The same in micro-credits.
    pub credits: i64,
}

impl Vendors<'_> {
    /// What a seller has earned by month, the newest first.
    pub async fn revenue(&self, actor: &Actor, id: ProviderId) -> Result<Vec<Earnings>> {
        let found = self.find(actor, id).await?;
        Self::must_run(actor, &found)?;
        let db = self.0.core().db();
        let most = i64::try_from(MOST_MONTHS).unwrap_or(i64::MAX);
        let mut months: BTreeMap<Month, (i64, i64)> = BTreeMap::new();
        for (year, month, price, _) in
            store::shelves::revenue(db, found.customer, None, most).await?
        {
            if let Some(month) = Month::new(year, month) {
                months.entry(month).or_default().0 += price;
            }
        }
        for (day, credits) in self.earned(found.id).await? {
            months.entry(Month::of(day)).or_default().1 += credits;
        }
        let told = months.into_iter().rev().take(MOST_MONTHS);
        let told = told.map(|(month, (invoiced, credits))| Earnings {
            month,
            invoiced,
            wallets: self.0.stats().in_dollars(credits),
            credits,
        });
        Ok(told.collect())
    }

    /// Micro-credits by day: what is kept of the days that are counted, and the rest counted now.
    async fn earned(&self, provider: ProviderId) -> Result<Vec<(Day, i64)>> {
        let db = self.0.core().db();
        let today = self.0.core().now().day();
        let counted = earnings::counted(db).await?;
        let mut found = earnings::kept(db, provider, Day::from_number(0)).await?;
        let next = match counted {
            Some(day) => Some(day.plus(1)),
            None => earnings::first(db).await?.map(began),
        };
        let Some(mut from) = next else { return Ok(found) };
        // Whole months at once: nobody asks for the days.
        while from <= today {
            let to = Month::of(from).end();
            let rows = earnings::count(db, from, to).await?;
            found.extend(
                rows.iter().filter(|row| row.provider == provider).map(|row| (from, row.amount)),
            );
            from = to;
        }
        Ok(found)
    }

    /// Counts what was earned on the days that are over and not counted yet.
    pub async fn count_earnings(&self) -> Result<()> {
        let core = self.0.core();
        let db = core.db();
        let end = core.now().plus_ms(-SETTLED_MS).day();
        for _ in 0..AT_ONCE {
            let day = match earnings::counted(db).await? {
                Some(day) => day.plus(1),
                None => match earnings::first(db).await? {
                    Some(entry) => began(entry),
                    None => return Ok(()),
                },
            };
            if day >= end {
                return Ok(());
            }
            // Counting takes a while, and on SQLite nobody could write meanwhile.
            let earned = earnings::count(db, day, day.plus(1)).await?;
            let mut tx = db.begin().await?;
            earnings::keep(&mut tx, day, &earned).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// The day that an entry was written on.
fn began(entry: model::EntryId) -> Day {
    entry.made_at().day()
}

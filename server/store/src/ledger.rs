//! The ledger's rows: accounts, postings and wallet entries. Which of them to write is `market`'s to decide.

use std::{fmt, str::FromStr};

use model::{
    Credits, CustomerId, EntryId, EntryKind, LedgerEntry, PriceVersionId, ProviderId, ReceiptLine,
    ServerId, Timestamp,
};

use crate::{
    Result, Row, Run, Script, Tx,
    db::{built, runs},
    sql,
};

/// An account of the double entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What a customer may spend.
    Available(CustomerId),
    /// What is set aside of a customer's credits, in holds and leases.
    Held(CustomerId),
    /// What a provider has earned.
    Earnings(ProviderId),
    /// Where bought credits come from.
    Sold,
    /// Where given credits come from.
    Granted,
    /// The platform's fees.
    Fees,
    /// What was paid out to providers.
    PaidOut,
}

impl Account {
    /// The account's kind, without whose it is.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Available(_) => "available",
            Self::Held(_) => "held",
            Self::Earnings(_) => "earnings",
            Self::Sold => "sold",
            Self::Granted => "granted",
            Self::Fees => "fees",
            Self::PaidOut => "paid_out",
        }
    }

    /// True for the two accounts that credits come out of.
    pub const fn may_be_negative(&self) -> bool {
        matches!(self, Self::Sold | Self::Granted)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Available(id) | Self::Held(id) => write!(f, "{}:{id}", self.kind()),
            Self::Earnings(id) => write!(f, "{}:{id}", self.kind()),
            Self::Sold | Self::Granted | Self::Fees | Self::PaidOut => f.write_str(self.kind()),
        }
    }
}

impl FromStr for Account {
    type Err = model::WrongId;

    fn from_str(text: &str) -> Result<Self, model::WrongId> {
        Ok(match text.split_once(':') {
            Some(("available", id)) => Self::Available(id.parse()?),
            Some(("held", id)) => Self::Held(id.parse()?),
            Some(("earnings", id)) => Self::Earnings(id.parse()?),
            None if text == "sold" => Self::Sold,
            None if text == "granted" => Self::Granted,
            None if text == "fees" => Self::Fees,
            None if text == "paid_out" => Self::PaidOut,
            _ => return Err(model::WrongId),
        })
    }
}

/// What an account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub balance: Credits,
    /// Wallet entries so far.
    pub entries: i64,
}

/// One transfer of credits between two accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    pub entry_id: EntryId,
    pub line: i64,
    pub kind: &'static str,
    pub from: Account,
    pub to: Account,
    pub amount: Credits,
}

/// One change of a customer's balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub customer: CustomerId,
    pub number: i64,
    pub id: EntryId,
    pub at: Timestamp,
    pub kind: EntryKind,
    pub amount: Credits,
    pub balance: Credits,
    pub run_id: Option<String>,
    /// The entry is a metered call's, whose receipt has the same id.
    pub metered: bool,
    pub price_version: Option<PriceVersionId>,
    pub reference: Option<String>,
}

/// Opens accounts at zero; one that exists stays as it is.
pub async fn open_accounts(tx: &mut Tx, accounts: &[Account]) -> Result<()> {
    for account in accounts {
        sql(
            &mut *tx,
            "INSERT INTO accounts (id, balance, entries) VALUES ($1, 0, 0) ON CONFLICT (id) DO NOTHING",
        )
        .bind(account.to_string())
        .execute()
        .await?;
    }
    Ok(())
}

/// Reads accounts and keeps others from changing them until the transaction ends.
pub async fn lock_accounts(tx: &mut Tx, accounts: &[Account]) -> Result<Vec<(Account, Balance)>> {
    let mut found = Vec::with_capacity(accounts.len());
    // One order for everybody, so that two servers cannot wait for each other.
    let mut ids: Vec<String> = accounts.iter().map(Account::to_string).collect();
    ids.sort_unstable();
    for run in runs(&ids) {
        let on = (&mut *tx).run();
        let text = format!(
            "SELECT id, balance, entries FROM accounts WHERE id IN {} ORDER BY id{}",
            on.places(1, run.len()),
            on.for_update(),
        );
        let statement = run.iter().fold(built(on, text), |s, id| s.bind(id.clone()));
        found.extend(statement.all(read_balance).await?);
    }
    Ok(found)
}

fn read_balance(row: &Row) -> Result<(Account, Balance)> {
    let balance = Credits::from_micros(row.get("balance")?);
    Ok((row.parse("accounts", "id")?, Balance { balance, entries: row.get("entries")? }))
}

/// Reads one account without locking it.
pub async fn balance(on: impl Run<'_>, account: Account) -> Result<Option<Balance>> {
    sql(on, "SELECT id, balance, entries FROM accounts WHERE id = $1")
        .bind(account.to_string())
        .optional(|row| read_balance(row).map(|(_, balance)| balance))
        .await
}

/// Writes the balances that a batch leaves.
pub fn save_balances(script: &mut Script, balances: &[(Account, Balance)]) -> Result<()> {
    script.insert(
        "INSERT INTO accounts (id, balance, entries) VALUES ",
        3,
        "
             ON CONFLICT (id) DO UPDATE SET balance = excluded.balance, entries = excluded.entries",
        balances,
        |s, (account, now)| {
            s.bind(account.to_string()).bind(now.balance.micros()).bind(now.entries)
        },
    )
}

/// Writes the record of a batch; `Conflict` when it was committed before.
pub async fn insert_batch(
    tx: &mut Tx,
    id: EntryId,
    at: Timestamp,
    server: ServerId,
    commands: usize,
) -> Result<()> {
    sql(tx, "INSERT INTO batches (id, at, server_id, commands) VALUES ($1, $2, $3, $4)")
        .bind(id.to_string())
        .bind(at.ms())
        .bind(server.to_string())
        .bind(i64::try_from(commands).unwrap_or(i64::MAX))
        .execute()
        .await
        .map(drop)
}

/// True when a batch was committed.
pub async fn batch_exists(on: impl Run<'_>, id: EntryId) -> Result<bool> {
    let rows = sql(on, "SELECT id FROM batches WHERE id = $1").bind(id.to_string()).rows().await?;
    Ok(!rows.is_empty())
}

pub fn insert_postings(script: &mut Script, batch: EntryId, postings: &[Posting]) -> Result<()> {
    let batch = batch.to_string();
    script.insert(
        "INSERT INTO postings (entry_id, line, batch_id, kind, from_account, to_account, amount) VALUES ",
        7,
        "",
        postings,
        |s, posting| {
                s.bind(posting.entry_id.to_string())
                    .bind(posting.line)
                    .bind(batch.clone())
                    .bind(posting.kind)
                    .bind(posting.from.to_string())
                    .bind(posting.to.to_string())
                    .bind(posting.amount.micros())
            },
    )
}

pub fn insert_entries(script: &mut Script, entries: &[Entry]) -> Result<()> {
    script.insert(
        "INSERT INTO entries (customer_id, number, id, at, kind, amount, balance, run_id,
                 receipt_id, price_version_id, reference) VALUES ",
        11,
        "",
        entries,
        |s, entry| {
            s.bind(entry.customer.to_string())
                .bind(entry.number)
                .bind(entry.id.to_string())
                .bind(entry.at.ms())
                .bind(entry.kind.as_str())
                .bind(entry.amount.micros())
                .bind(entry.balance.micros())
                .bind(entry.run_id.clone())
                .bind(entry.metered.then(|| entry.id.to_string()))
                .bind(entry.price_version.map(|id| id.to_string()))
                .bind(entry.reference.clone())
        },
    )
}

fn read_entry(row: &Row) -> Result<LedgerEntry> {
    let kind: String = row.get("kind")?;
    Ok(LedgerEntry {
        id: row.parse("entries", "id")?,
        at: Timestamp::from_ms(row.get("at")?),
        kind: EntryKind::parse(&kind).ok_or(crate::Error::Corrupt {
            table: "entries",
            column: "kind",
            row: kind,
        })?,
        amount: Credits::from_micros(row.get("amount")?),
        balance: Credits::from_micros(row.get("balance")?),
        run_id: row.get("run_id")?,
        receipt_id: row.parse_some("entries", "receipt_id")?,
        price_version: row.parse_some("entries", "price_version_id")?,
    })
}

/// A customer's entries numbered from `first` to `last`, newest first.
pub async fn entries(
    on: impl Run<'_>,
    customer: CustomerId,
    first: i64,
    last: i64,
) -> Result<Vec<LedgerEntry>> {
    sql(
        on,
        "SELECT id, at, kind, amount, balance, run_id, receipt_id, price_version_id FROM entries
         WHERE customer_id = $1 AND number >= $2 AND number <= $3 ORDER BY number DESC",
    )
    .bind(customer.to_string())
    .bind(first)
    .bind(last)
    .all(read_entry)
    .await
}

/// The entries that references have made.
pub async fn by_references(
    tx: &mut Tx,
    references: &[String],
) -> Result<Vec<(String, CustomerId, LedgerEntry)>> {
    let mut found = Vec::new();
    for run in runs(references) {
        let on = (&mut *tx).run();
        let text = format!(
            "SELECT reference, customer_id, id, at, kind, amount, balance, run_id, receipt_id,
                 price_version_id FROM entries WHERE reference IN {}",
            on.places(1, run.len())
        );
        let statement = run.iter().fold(built(on, text), |s, text| s.bind(text.clone()));
        let read = |row: &Row| {
            Ok((row.get("reference")?, row.parse("entries", "customer_id")?, read_entry(row)?))
        };
        found.extend(statement.all(read).await?);
    }
    Ok(found)
}

/// The transfers of one entry, in their order.
pub async fn lines(on: impl Run<'_>, entry: EntryId) -> Result<Vec<ReceiptLine>> {
    sql(
        on,
        "SELECT from_account, to_account, amount FROM postings WHERE entry_id = $1 ORDER BY line",
    )
    .bind(entry.to_string())
    .all(|row| {
        let from: Account = row.parse("postings", "from_account")?;
        let to: Account = row.parse("postings", "to_account")?;
        Ok(ReceiptLine {
            from: from.kind().to_owned(),
            to: to.kind().to_owned(),
            amount: Credits::from_micros(row.get("amount")?),
        })
    })
    .await
}

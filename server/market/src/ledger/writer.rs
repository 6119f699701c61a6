//! The ledger's single writer: takes what is waiting, applies it in memory, commits it in one transaction.
//!
//! Under light load a batch is one command and waits for one commit; under heavy load the commands that arrive during
//! a commit make up the next batch, so that the cost of making them durable is shared.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use model::{BasisPoints, CustomerId, EntryId, HoldId, LeaseId, ServerId};
use store::{Db, ledger::Account};
use tokio::sync::{mpsc, oneshot};

use super::{
    accounts_of,
    book::Book,
    commands::{Command, Outcome, Refusal, Source},
};
use crate::{Error, Result, core::Core};

/// The most commands of one transaction.
const BATCH: usize = 512;
/// How often a transaction that the engine asks to repeat is repeated.
const TRIES: u32 = 4;

type Answer = Result<Result<Outcome, Refusal>>;

/// A command and who waits for it; no command ends the writer.
#[derive(Debug)]
pub(super) struct Item {
    pub command: Option<Command>,
    pub reply: oneshot::Sender<Answer>,
}

pub(super) struct Writer {
    pub db: Db,
    pub core: Arc<Core>,
    pub fee: BasisPoints,
    pub server: ServerId,
}

impl Writer {
    pub async fn run(self, mut queue: mpsc::Receiver<Item>) {
        let batches = metrics::counter!("cmp_ledger_batches_total");
        let commands = metrics::counter!("cmp_ledger_commands_total");
        let mut items = Vec::with_capacity(BATCH);
        let mut open = true;
        while open && queue.recv_many(&mut items, BATCH).await > 0 {
            gather(&mut queue, &mut items).await;
            let (mut work, mut replies) =
                (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
            for item in items.drain(..) {
                match item.command {
                    Some(command) => {
                        work.push(command);
                        replies.push(item.reply);
                    }
                    None => open = false,
                }
            }
            batches.increment(1);
            commands.increment(work.len() as u64);
            let answers = self.answer(&work).await;
            for (reply, answer) in replies.into_iter().zip(answers) {
                // Who asked may have gone; what was written stays written.
                let _ = reply.send(answer);
            }
        }
    }

    /// Commits commands together; when that fails for a reason that lies in one of them, one by one.
    async fn answer(&self, commands: &[Command]) -> Vec<Answer> {
        match self.commit(commands).await {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(failure) if commands.len() == 1 => vec![Err(failure)],
            Err(failure) => {
                tracing::warn!(error = ?failure, "a batch of the ledger is repeated one by one");
                let mut answers = Vec::with_capacity(commands.len());
                for command in commands {
                    let one = self.commit(std::slice::from_ref(command)).await;
                    answers.push(one.and_then(|outcomes| {
                        outcomes.into_iter().next().ok_or_else(|| Error::broken("no outcome"))
                    }));
                }
                answers
            }
        }
    }

    async fn commit(&self, commands: &[Command]) -> Result<Vec<Result<Outcome, Refusal>>> {
        let batch = self.core.id(EntryId::new);
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_commit(batch, commands).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(Failure::Rule(what)) => return Err(Error::broken(what)),
                Err(Failure::Store(error, outcomes)) => {
                    // The answer to a commit can be lost while the commit is not.
                    if let Some(outcomes) = outcomes
                        && store::ledger::batch_exists(&self.db, batch).await.unwrap_or(false)
                    {
                        return Ok(outcomes);
                    }
                    if tries == TRIES
                        || matches!(error, store::Error::Conflict | store::Error::Corrupt { .. })
                    {
                        return Err(error.into());
                    }
                    tokio::time::sleep(Duration::from_millis(u64::from(20 * tries * tries))).await;
                }
            }
        }
    }

    async fn try_commit(
        &self,
        batch: EntryId,
        commands: &[Command],
    ) -> Result<Vec<Result<Outcome, Refusal>>, Failure> {
        let mut tx = self.db.begin().await?;
        let mut book = self.load(&mut tx, commands).await?;
        let outcomes: Vec<_> = commands.iter().map(|command| book.apply(command)).collect();
        if let Some(what) = outcomes.iter().find_map(|outcome| match outcome {
            Err(Refusal::Broken(what)) => Some(*what),
            _ => None,
        }) {
            return Err(Failure::Rule(what));
        }
        // Within one process the answer to a commit cannot be lost, so that SQLite needs no record to ask for.
        if matches!(self.db, Db::Postgres(_)) {
            store::ledger::insert_batch(&mut tx, batch, book.now, self.server, commands.len())
                .await?;
        }
        let mut script = store::Script::new(&tx);
        store::ledger::insert_postings(&mut script, batch, &book.postings)?;
        store::ledger::insert_entries(&mut script, &book.entries)?;
        store::ledger::save_balances(&mut script, &book.changed_balances())?;
        store::holds::save(&mut script, &book.changed_holds())?;
        store::leases::save(&mut script, &book.changed_leases())?;
        store::requests::insert(&mut script, &book.requests)?;
        let days: Vec<_> = book.days.values().copied().collect();
        store::requests::add_days(&mut script, &days)?;
        script.run(&mut tx).await?;
        match tx.commit().await {
            Ok(()) => Ok(outcomes),
            Err(error) => Err(Failure::Store(error, Some(outcomes))),
        }
    }

    /// Reads and locks all that the commands touch.
    async fn load(&self, tx: &mut store::Tx, commands: &[Command]) -> Result<Book, store::Error> {
        let wants = Wants::of(commands);
        let mut book = Book::new(self.core.now(), self.fee, self.server);
        // The customers' accounts come first: with them locked, nobody else changes their holds, leases and entries.
        let accounts: Vec<Account> = wants.accounts.into_iter().collect();
        book.accounts.extend(store::ledger::lock_accounts(tx, &accounts).await?);
        let ids: Vec<HoldId> = wants.holds.into_iter().collect();
        let runs: Vec<(CustomerId, String)> = wants.runs.into_iter().collect();
        let mut holds = store::holds::by_ids(tx, &ids).await?;
        holds.extend(store::holds::by_runs(tx, &runs).await?);
        for hold in holds {
            if let Some(run_id) = hold.run_id.clone() {
                book.runs.insert((hold.customer, run_id), hold.id);
            }
            book.holds.insert(hold.id, hold);
        }
        let ids: Vec<LeaseId> = wants.leases.into_iter().collect();
        let leases = store::leases::by_ids(tx, &ids).await?;
        book.leases.extend(leases.into_iter().map(|lease| (lease.id, lease)));
        let references: Vec<String> = wants.references.into_iter().collect();
        for (reference, customer, entry) in store::ledger::by_references(tx, &references).await? {
            book.references.insert(reference, (customer, entry));
        }
        Ok(book)
    }
}

/// Lets the tasks that are ready bring their commands, so that one commit serves them too. It waits for nobody.
async fn gather(queue: &mut mpsc::Receiver<Item>, items: &mut Vec<Item>) {
    while items.len() < BATCH {
        let before = items.len();
        tokio::task::yield_now().await;
        while items.len() < BATCH
            && let Ok(item) = queue.try_recv()
        {
            items.push(item);
        }
        if items.len() == before {
            return;
        }
    }
}

/// Why a transaction did not go through.
enum Failure {
    /// A rule of the book was broken: an error of this program, and nothing was written.
    Rule(&'static str),
    /// The store failed; with outcomes when it was at the commit.
    Store(store::Error, Option<Vec<Result<Outcome, Refusal>>>),
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Store(error, None)
    }
}

/// What a batch needs loaded.
#[derive(Default)]
struct Wants {
    accounts: BTreeSet<Account>,
    holds: BTreeSet<HoldId>,
    runs: BTreeSet<(CustomerId, String)>,
    leases: BTreeSet<LeaseId>,
    references: BTreeSet<String>,
}

impl Wants {
    fn of(commands: &[Command]) -> Self {
        let mut wants = Self::default();
        for command in commands {
            wants.add(command);
        }
        wants
    }

    fn add(&mut self, command: &Command) {
        match command {
            Command::Credit { customer, reference, .. } => {
                self.accounts.extend(accounts_of(*customer));
                self.accounts.extend([Account::Sold, Account::Granted]);
                self.references.insert(reference.clone());
            }
            Command::PlanFee { customer, payee, reference, .. } => {
                self.accounts.extend(accounts_of(*customer));
                self.accounts.extend([Account::Earnings(*payee), Account::Fees]);
                self.references.insert(reference.clone());
            }
            Command::Authorize { customer, run_id, .. } => {
                self.accounts.extend(accounts_of(*customer));
                self.runs.insert((*customer, run_id.clone()));
            }
            Command::Settle { hold, customer, payee, .. } => {
                self.accounts.extend(accounts_of(*customer));
                self.accounts.extend(payee.map(Account::Earnings));
                self.accounts.insert(Account::Fees);
                self.holds.insert(*hold);
            }
            Command::Reserve { lease, customer, .. } | Command::Return { lease, customer, .. } => {
                self.accounts.extend(accounts_of(*customer));
                self.leases.insert(*lease);
            }
            Command::Call { request, payee, source } => {
                self.accounts.extend(accounts_of(request.customer));
                self.accounts.extend([Account::Earnings(*payee), Account::Fees]);
                match source {
                    Source::Lease(lease) => drop(self.leases.insert(*lease)),
                    Source::Hold(hold) => drop(self.holds.insert(*hold)),
                    Source::Free => {}
                }
            }
            Command::Release { hold, customer, .. } => {
                self.accounts.extend(accounts_of(*customer));
                self.holds.insert(*hold);
            }
        }
    }
}

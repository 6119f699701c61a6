//! The ledger: one writer that commits commands in groups, and the leases that keep the hot path away from it.

mod book;
mod commands;
mod credits;
mod holding;
mod purse;
mod writer;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use model::{BasisPoints, Credits, CustomerId, EntryId, HoldId, LeaseId, ServerId, Timestamp};
use store::{Db, ledger::Account, requests::Request};
use tokio::sync::{mpsc, oneshot};

use crate::{Error, Result, core::Core};

pub use commands::{Command, Outcome, Refusal, Source};
pub use purse::{Held, Purse};
use writer::{Item, Writer};

/// How many commands may wait before senders do.
const QUEUE: usize = 8_192;
/// A hold of the gateway's that nobody ended within this time is given back, in milliseconds.
const CALL_TTL_MS: i64 = 15 * 60 * 1_000;

/// The way to the ledger's writer, and the leases of this server.
#[derive(Debug)]
pub struct Ledger {
    server: ServerId,
    queue: mpsc::Sender<Item>,
    purses: RwLock<HashMap<CustomerId, Arc<Purse>>>,
    stopped: Mutex<Option<oneshot::Receiver<()>>>,
}

impl Ledger {
    /// Starts the writer. It ends when `close` is called, or with the runtime.
    pub(crate) fn start(db: Db, core: &Arc<Core>, fee: BasisPoints, server: ServerId) -> Self {
        let (queue, commands) = mpsc::channel(QUEUE);
        let (done, stopped) = oneshot::channel();
        let writer = Writer { db, core: Arc::clone(core), fee, server };
        crate::tasks::spawn("ledger writer", async move {
            writer.run(commands).await;
            // Nobody may be waiting any more.
            let _ = done.send(());
        });
        Self { server, queue, purses: RwLock::default(), stopped: Mutex::new(Some(stopped)) }
    }

    /// Asks the writer for something and waits until it is durable or refused.
    pub async fn ask(&self, command: Command) -> Result<Result<Outcome, Refusal>> {
        let (reply, answer) = oneshot::channel();
        let item = Item { command: Some(command), reply };
        self.queue.send(item).await.map_err(|_| Error::broken("the ledger is closed"))?;
        answer.await.map_err(|_| Error::broken("the ledger stopped"))?
    }

    /// Like [`Ledger::ask`], with a refusal turned into the error that a door shows.
    pub async fn carry_out(&self, command: Command) -> Result<Outcome> {
        self.ask(command).await?.map_err(Error::from)
    }

    /// Waits until all that was asked is written, and ends the writer.
    pub async fn close(&self) {
        let (reply, _) = oneshot::channel();
        let _ = self.queue.send(Item { command: None, reply }).await;
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(stopped) = stopped {
            let _ = stopped.await;
        }
    }

    /// This server's credits of a customer.
    pub fn purse(&self, customer: CustomerId) -> Arc<Purse> {
        let found =
            self.purses.read().unwrap_or_else(PoisonError::into_inner).get(&customer).cloned();
        found.unwrap_or_else(|| {
            let mut purses = self.purses.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(purses.entry(customer).or_insert_with(|| Arc::new(Purse::new(customer))))
        })
    }

    fn all_purses(&self) -> Vec<Arc<Purse>> {
        self.purses.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Sets aside what a call can cost at most.
    ///
    /// # Errors
    /// `Unpaid` when neither this server nor the database nor an idle lease of another server has that much.
    pub async fn hold(
        &self,
        core: &Core,
        purse: &Arc<Purse>,
        amount: Credits,
        lease_max: Credits,
    ) -> Result<Held> {
        if let Some(held) = purse.take(amount) {
            return Ok(held);
        }
        let _topping = if purse.is_low(core.now()) { None } else { Some(purse.topping().await) };
        if let Some(held) = purse.take(amount) {
            return Ok(held);
        }
        let mut reclaimed = false;
        loop {
            let lease = purse.lease().unwrap_or_else(|| core.id(LeaseId::new));
            let command = Command::Reserve {
                hold: core.id(HoldId::new),
                lease,
                customer: purse.customer(),
                amount,
                lease_max,
                expires_at: core.now().plus_ms(CALL_TTL_MS),
            };
            match self.ask(command).await? {
                Ok(Outcome::Leased { lease, granted }) => {
                    purse.put(lease, granted);
                    if let Some(held) = purse.take(amount) {
                        return Ok(held);
                    }
                }
                Ok(Outcome::Held { hold }) => {
                    purse.set_low(core.now());
                    return Ok(Held { source: Source::Hold(hold), amount });
                }
                Ok(_) => return Err(Error::broken("outcome of a reservation")),
                Err(refusal @ Refusal::Short { .. }) => {
                    purse.set_low(core.now());
                    if reclaimed || !self.reclaim(core, purse.customer()).await? {
                        return Err(refusal.into());
                    }
                    reclaimed = true;
                }
                Err(refusal) => return Err(refusal.into()),
            }
        }
    }

    /// Records a call and ends its hold; returns what was debited once that is durable.
    pub async fn record(
        &self,
        purse: &Purse,
        held: Held,
        payee: model::ProviderId,
        request: Request,
    ) -> Result<Credits> {
        let cost = request.credits;
        let command = Command::Call { request: Box::new(request), payee, source: held.source };
        let outcome = self.carry_out(command).await;
        purse.settle(held, cost);
        match outcome? {
            Outcome::Called { debited } => Ok(debited),
            _ => Err(Error::broken("outcome of a call")),
        }
    }

    /// Gives back what is idle of a customer's credits, here and on other servers; false when nothing was.
    pub async fn reclaim(&self, core: &Core, customer: CustomerId) -> Result<bool> {
        let mut found = self.give_back_now(core, &self.purse(customer)).await?;
        if matches!(core.db(), Db::Postgres(_)) {
            let asked = store::leases::recall(core.db(), customer, self.server, core.now()).await?;
            if asked > 0 {
                found = true;
                // The others look every 100 ms; a busy one may take a little longer.
                tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            }
        }
        Ok(found)
    }

    /// Returns the idle part of a purse to its wallet, unless it is being filled; false when it had none.
    pub(crate) async fn give_back(&self, core: &Core, purse: &Purse) -> Result<bool> {
        let Some(_topping) = purse.try_topping() else { return Ok(false) };
        self.give_back_now(core, purse).await
    }

    async fn give_back_now(&self, core: &Core, purse: &Purse) -> Result<bool> {
        let Some(idle) = purse.empty() else { return Ok(false) };
        let command = Command::Return {
            entry: core.id(EntryId::new),
            lease: idle.lease,
            customer: purse.customer(),
            idle: Some(idle.free),
            close: idle.whole,
        };
        let outcome = self.carry_out(command).await;
        if outcome.is_err() {
            purse.put(idle.lease, idle.free);
        }
        outcome.map(|_| true)
    }

    /// Gives back the leases that nobody has used since a time.
    pub(crate) async fn give_back_idle(&self, core: &Core, since: Timestamp) -> Result<()> {
        for purse in self.all_purses() {
            if purse.unused_since(since) {
                self.give_back(core, &purse).await?;
            }
        }
        Ok(())
    }

    /// Gives back everything idle; for a stop.
    pub(crate) async fn give_back_all(&self, core: &Core) -> Result<()> {
        for purse in self.all_purses() {
            self.give_back(core, &purse).await?;
        }
        Ok(())
    }

    /// Gives back what other servers have asked for.
    pub(crate) async fn answer_recalls(&self, core: &Core) -> Result<()> {
        if self.all_purses().iter().all(|purse| purse.lease().is_none()) {
            return Ok(());
        }
        for customer in store::leases::recalled(core.db(), self.server).await? {
            self.give_back(core, &self.purse(customer)).await?;
        }
        Ok(())
    }

    /// Ends what a dead server has left open: its leases and holds go back to their wallets.
    pub(crate) async fn recover(&self, core: &Core, dead: ServerId) -> Result<()> {
        for (lease, customer) in store::leases::of_server(core.db(), dead).await? {
            let entry = core.id(EntryId::new);
            self.carry_out(Command::Return { entry, lease, customer, idle: None, close: true })
                .await?;
        }
        for (hold, customer) in store::holds::of_server(core.db(), dead).await? {
            self.carry_out(Command::Release { hold, customer, expired: false }).await?;
        }
        store::servers::remove(core.db(), dead).await?;
        Ok(())
    }

    /// Ends the holds that nobody came back for.
    pub(crate) async fn expire(&self, core: &Core) -> Result<()> {
        for (hold, customer) in store::holds::overdue(core.db(), core.now(), 1_000).await? {
            self.carry_out(Command::Release { hold, customer, expired: true }).await?;
        }
        Ok(())
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Short { available, needed, .. } => Self::Unpaid { available, needed },
            Refusal::Mismatch => {
                Self::Conflict("This reference was used before with other values. Use a new one.")
            }
            Refusal::NoHold => Self::Missing("open reservation"),
            Refusal::OverBudget { budget } => Self::field(
                "credits",
                format!("At most the reserved budget of {budget} credits can be settled"),
            ),
            Refusal::Broken(what) => Self::broken(what),
        }
    }
}

/// The accounts that a receipt's lines and a wallet stand on.
pub(crate) fn accounts_of(customer: CustomerId) -> [Account; 2] {
    [Account::Available(customer), Account::Held(customer)]
}

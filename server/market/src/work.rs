//! Durable work: what was queued with a change is carried out, again and again until it is done or given up.

use model::{JobId, Timestamp};
use store::{
    Tx,
    jobs::{Job, Line},
};

use crate::{Error, Market, Result};

/// How long a piece of work may take before another server may take it over, in milliseconds.
const LEASE_MS: i64 = 120_000;
/// How often work is tried that somebody can start again.
const MOST_ATTEMPTS: i64 = 10;
/// The longest between two tries, in milliseconds: an hour.
const MOST_WAIT_MS: i64 = 3_600_000;
/// How long work that is done is remembered, in milliseconds: a week.
pub(crate) const REMEMBERED_MS: i64 = 7 * 24 * 3_600_000;

/// Kinds of work. Each must be safe to be done twice: a server may die after the work and before it is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Carry out an order; the payload is its id.
    Order,
    /// Make the invoices of a month; the payload is the month.
    Invoices,
    /// Tell a hook of an event (the payload is both ids), or an order's callback of its end. It has a line of its own,
    /// so that a slow receiver holds up nothing else.
    Hook,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Order, Self::Invoices, Self::Hook];

    /// Whether it is given up at some time. Nobody starts the invoices of a month again, so that they are tried until they
    /// are made.
    const fn ends(self) -> bool {
        !matches!(self, Self::Invoices)
    }

    fn of(job: &Job) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == job.kind)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Invoices => "invoices",
            Self::Hook => store::jobs::HOOK,
        }
    }
}

impl Market {
    /// Queues work in the transaction of the change that needs it; with a reference at most once.
    pub(crate) async fn queue(
        &self,
        tx: &mut Tx,
        kind: Kind,
        payload: &str,
        reference: Option<&str>,
    ) -> Result<()> {
        self.queue_at(tx, kind, payload, reference, self.core().now()).await
    }

    /// Queues work for a later time.
    pub(crate) async fn queue_at(
        &self,
        tx: &mut Tx,
        kind: Kind,
        payload: &str,
        reference: Option<&str>,
        at: Timestamp,
    ) -> Result<()> {
        let core = self.core();
        store::jobs::push(
            tx,
            core.id(JobId::new),
            kind.as_str(),
            payload,
            reference,
            at,
            core.now(),
        )
        .await?;
        Ok(())
    }

    /// Does the work that is due; how much that was.
    pub async fn work(&self) -> Result<usize> {
        let core = self.core();
        let now = core.now();
        if !store::jobs::due(core.db(), now, Line::Rest).await? {
            return Ok(0);
        }
        let leased =
            store::jobs::lease(core.db(), now, now.plus_ms(LEASE_MS), 20, Line::Rest).await?;
        let found = leased.len();
        for job in leased {
            if let Err(error) = self.carry_out(&job).await {
                self.put_off(&job, &error).await?;
            }
        }
        Ok(found)
    }

    /// Tells hooks what they are waiting for, several at once; how many messages that were.
    pub async fn tell_hooks(&self) -> Result<usize> {
        let core = self.core();
        let now = core.now();
        if self.shared().teller.get().is_none()
            || !store::jobs::due(core.db(), now, Line::Hooks).await?
        {
            return Ok(0);
        }
        let leased =
            store::jobs::lease(core.db(), now, now.plus_ms(LEASE_MS), 20, Line::Hooks).await?;
        let found = leased.len();
        let mut running = tokio::task::JoinSet::new();
        for job in leased {
            let market = self.clone();
            running.spawn(async move {
                match market.carry_out(&job).await {
                    Ok(()) => Ok(()),
                    Err(error) => market.put_off(&job, &error).await,
                }
            });
        }
        while let Some(done) = running.join_next().await {
            done.map_err(|error| Error::Internal(Box::new(error)))??;
        }
        Ok(found)
    }

    async fn carry_out(&self, job: &Job) -> Result<()> {
        match Kind::of(job).ok_or_else(|| Error::broken("a kind of work that nobody knows"))? {
            Kind::Order => self.provisioning().carry_out(&job.payload).await?,
            Kind::Invoices => {
                let month = job.payload.parse().map_err(Error::broken)?;
                let made = self.invoices().make_month(month).await?;
                tracing::info!(month = %month, made, "the invoices of {month} are made");
            }
            Kind::Hook => self.hooks().deliver(&job.payload).await?,
        }
        let mut tx = self.core().db().begin().await?;
        store::jobs::finish(&mut tx, job.id, self.core().now()).await?;
        Ok(tx.commit().await?)
    }

    async fn put_off(&self, job: &Job, error: &Error) -> Result<()> {
        let now = self.core().now();
        let wait = (1_000_i64 << job.attempts.clamp(0, 12)).min(MOST_WAIT_MS);
        let again = job.attempts < MOST_ATTEMPTS || Kind::of(job).is_some_and(|kind| !kind.ends());
        let next = again.then(|| now.plus_ms(wait));
        tracing::warn!(job.kind = %job.kind, job.id = %job.id, attempts = job.attempts, error = ?error,
            "work failed{}", if next.is_none() { " and is given up" } else { "" });
        let why: String = error.to_string().chars().take(500).collect();
        Ok(store::jobs::fail(self.core().db(), job.id, &why, next, now).await?)
    }
}

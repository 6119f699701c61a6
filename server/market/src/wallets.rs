//! Wallets: balances, their history, and runs that are authorised first and settled after.

use model::{Credits, CustomerId, EntryId, EntryKind, HoldId, LedgerPage, ResourceId, Wallet};
use store::{holds::Hold, ledger::Account};

use crate::{
    Actor, Command, Error, Market, On, Outcome, Permission, Refusal, Result, tenancy::must_be_open,
};

/// How long an authorised run may take until its budget is given back, in milliseconds: a day.
const RUN_TTL_MS: i64 = 24 * 3_600 * 1_000;

/// The service for wallets.
#[derive(Debug, Clone, Copy)]
pub struct Wallets<'a>(pub(crate) &'a Market);

/// A request to set a budget aside.
#[derive(Debug, Clone)]
pub struct Authorize {
    pub run_id: String,
    pub budget: Credits,
    /// What the run is of; its provider earns what is settled.
    pub resource: Option<ResourceId>,
}

/// Whether the budget is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorized {
    Allowed { budget: Credits, balance: Credits, reservation: HoldId },
    Refused { reason: &'static str, balance: Credits },
}

/// The two names of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    Id(String),
    Reservation(HoldId),
}

/// What a settlement has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    pub debited: Credits,
    pub balance: Credits,
}

impl Wallets<'_> {
    /// What a customer's wallet holds now.
    pub async fn wallet(&self, actor: &Actor, customer: Option<CustomerId>) -> Result<Wallet> {
        let customer = actor.customer(customer)?;
        let mut tx = self.0.core().db().snapshot().await?;
        let available = store::ledger::balance(&mut tx, Account::Available(customer)).await?;
        let held = store::ledger::balance(&mut tx, Account::Held(customer)).await?;
        let (Some(available), Some(held)) = (available, held) else {
            return Err(Error::Missing("wallet"));
        };
        let sum = || available.balance.plus(held.balance);
        let balance = sum().ok_or_else(|| Error::broken("balance"))?;
        // What is idle of this server's lease is set aside in the books only.
        let idle = self.0.ledger().purse(customer).free().min(held.balance);
        let held = held.balance.minus(idle).ok_or_else(|| Error::broken("held"))?;
        let available = balance.minus(held).ok_or_else(|| Error::broken("available"))?;
        Ok(Wallet { customer_uuid: customer, balance, held, available })
    }

    /// A page of a wallet's history, newest first.
    pub async fn ledger(
        &self,
        actor: &Actor,
        customer: Option<CustomerId>,
        page: u64,
        page_size: u64,
    ) -> Result<LedgerPage> {
        let customer = actor.customer(customer)?;
        let db = self.0.core().db();
        let account = store::ledger::balance(db, Account::Available(customer)).await?;
        let total = account.ok_or(Error::Missing("wallet"))?.entries;
        let size = i64::try_from(page_size.clamp(1, 100)).unwrap_or(100);
        let skipped = i64::try_from(page.max(1) - 1).unwrap_or(i64::MAX).saturating_mul(size);
        // Entries are numbered without gaps, so that a page is a range.
        let last = total.saturating_sub(skipped);
        let entries =
            store::ledger::entries(db, customer, last.saturating_sub(size) + 1, last).await?;
        Ok(LedgerPage { entries, total: u64::try_from(total).unwrap_or(0) })
    }

    /// Sets a budget aside for a run. The same run is answered the same.
    pub async fn authorize(&self, actor: &Actor, request: Authorize) -> Result<Authorized> {
        check_run_id(&request.run_id)?;
        if !request.budget.is_positive() {
            return Err(Error::field("budget", "The budget must be above zero"));
        }
        let resource = request.resource.or(actor.resource());
        let customer = if let Some(id) = resource {
            let found = store::resources::find(self.0.core().db(), id).await?;
            let found = found.ok_or(Error::Missing("subscription"))?;
            actor.must_see(found.customer, id, "subscription")?;
            must_spend(actor, On::project(found.customer, found.project))?;
            found.customer
        } else {
            let customer = actor.customer(None)?;
            must_spend(actor, On::customer(customer))?;
            customer
        };
        let core = self.0.core();
        // What was authorised before is still settled: it may have been used.
        must_be_open(core.db(), actor, customer).await?;
        let command = || Command::Authorize {
            hold: core.id(HoldId::new),
            customer,
            run_id: request.run_id.clone(),
            resource,
            budget: request.budget,
            expires_at: core.now().plus_ms(RUN_TTL_MS),
        };
        let mut answer = self.0.ledger().ask(command()).await?;
        if matches!(answer, Err(Refusal::Short { .. }))
            && self.0.ledger().reclaim(core, customer).await?
        {
            answer = self.0.ledger().ask(command()).await?;
        }
        match answer {
            Ok(Outcome::Authorized { hold, budget, balance }) => {
                Ok(Authorized::Allowed { budget, balance, reservation: hold })
            }
            Ok(_) => Err(Error::broken("outcome of an authorisation")),
            Err(Refusal::Short { balance, .. }) => {
                Ok(Authorized::Refused { reason: "insufficient_credits", balance })
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Debits what a run has used and gives the rest of its budget back. Settling again with the same amount changes
    /// nothing.
    pub async fn settle(&self, actor: &Actor, run: Run, credits: Credits) -> Result<Settled> {
        if credits < Credits::ZERO {
            return Err(Error::field("credits", "The amount may not be negative"));
        }
        let db = self.0.core().db();
        let hold = match run {
            Run::Id(run_id) => {
                check_run_id(&run_id)?;
                store::holds::by_run(db, actor.customer(None)?, &run_id).await?
            }
            Run::Reservation(id) => store::holds::find(db, id).await?,
        };
        // A key settles runs of its own resource only.
        let own = |hold: &Hold| {
            actor.customers.contains(&hold.customer)
                && actor.resource.is_none_or(|presented| hold.resource == Some(presented))
        };
        let hold = hold
            .filter(|hold| own(hold) && hold.run_id.is_some())
            .ok_or(Error::Missing("reservation"))?;
        let resource = match hold.resource {
            Some(id) => store::resources::find(db, id).await?,
            None => None,
        };
        let project = resource.as_ref().map(|resource| resource.project);
        must_spend(
            actor,
            project.map_or(On::customer(hold.customer), |id| On::project(hold.customer, id)),
        )?;
        let payee = resource.and_then(|resource| self.0.catalog().payee(resource.offering));
        let command = Command::Settle { hold: hold.id, customer: hold.customer, payee, credits };
        match self.0.ledger().carry_out(command).await? {
            Outcome::Settled { debited, balance } => Ok(Settled { debited, balance }),
            _ => Err(Error::broken("outcome of a settlement")),
        }
    }

    /// Adds bought or given credits, once per reference. Operators and integrations only.
    pub async fn add_credits(
        &self,
        actor: &Actor,
        customer: CustomerId,
        credits: Credits,
        reference: &str,
    ) -> Result<(Credits, Credits)> {
        actor.must_integrate()?;
        if !credits.is_positive() || credits > Credits::from_micros(1_000_000_000_000_000) {
            return Err(Error::field("credits", "Between 0 and 1000000000 credits can be added"));
        }
        check_reference(reference)?;
        let core = self.0.core();
        let found = store::customers::find(core.db(), customer).await?;
        found.ok_or(Error::Missing("organization"))?;
        let command = Command::Credit {
            entry: core.id(EntryId::new),
            customer,
            amount: credits,
            kind: EntryKind::TopUp,
            reference: format!("credits:{reference}"),
        };
        match self.0.ledger().carry_out(command).await? {
            Outcome::Credited { amount, balance, .. } => Ok((amount, balance)),
            _ => Err(Error::broken("outcome of a credit")),
        }
    }
}

/// A key spends for its resource; of people, who may order.
fn must_spend(actor: &Actor, on: On) -> Result<()> {
    match actor.resource {
        Some(_) => Ok(()),
        None => actor.must(Permission::PlaceOrders, on, "wallet"),
    }
}

fn check_run_id(run_id: &str) -> Result<()> {
    check_name("run_id", run_id)
}

/// Callers' own ids: short, printable, of any alphabet.
pub(crate) fn check_reference(reference: &str) -> Result<()> {
    check_name("reference", reference)
}

fn check_name(field: &str, text: &str) -> Result<()> {
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(Error::field(field, "Between 1 and 200 printable characters are expected"));
    }
    Ok(())
}

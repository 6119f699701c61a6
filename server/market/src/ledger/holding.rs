//! Credits that are set aside before something runs, and what becomes of them: holds, leases, metered calls.

use model::{
    Credits, CustomerId, EntryId, EntryKind, HoldId, LeaseId, ProviderId, ResourceId, Timestamp,
};
use store::{
    holds::{Hold, State},
    leases::Lease,
    ledger::Account,
    requests::{DaySum, Request},
};

use super::{
    book::{Because, Book, line},
    commands::{Outcome, Refusal, Source},
};

/// A lease is given only while it is a small part of what is available, so that what other servers and the caller see
/// stays true; below that every hold is one conditional command.
const LEASE_PART: i64 = 8;
/// A lease that pays for fewer calls than this is not worth having.
const LEASE_CALLS: i64 = 8;

impl Book {
    pub(super) fn authorize(
        &mut self,
        id: HoldId,
        customer: CustomerId,
        run_id: &str,
        resource: Option<ResourceId>,
        budget: Credits,
        expires_at: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let run = (customer, run_id.to_owned());
        if let Some(hold) = self.runs.get(&run).and_then(|id| self.holds.get(id)) {
            if hold.budget != budget {
                return Err(Refusal::Mismatch);
            }
            return Ok(Outcome::Authorized {
                hold: hold.id,
                budget,
                balance: self.wallet(customer)?,
            });
        }
        if self.balance(Account::Available(customer))? < budget {
            return Err(self.short(customer, budget)?);
        }
        self.set_aside(Hold {
            id,
            customer,
            run_id: Some(run_id.to_owned()),
            resource,
            server: None,
            budget,
            debited: Credits::ZERO,
            state: State::Held,
            created_at: self.now,
            expires_at,
        })?;
        self.runs.insert(run, id);
        Ok(Outcome::Authorized { hold: id, budget, balance: self.wallet(customer)? })
    }

    fn set_aside(&mut self, hold: Hold) -> Result<(), Refusal> {
        let (from, to) = (Account::Available(hold.customer), Account::Held(hold.customer));
        self.transfer(hold.id.into(), line::SET_ASIDE, "hold", from, to, hold.budget)?;
        self.changed_holds.insert(hold.id);
        self.holds.insert(hold.id, hold);
        Ok(())
    }

    /// Ends a hold: the debit is paid, the rest goes back. The transfers belong to `entry`.
    fn end_hold(
        &mut self,
        id: HoldId,
        entry: EntryId,
        payee: Option<ProviderId>,
        debit: Credits,
        state: State,
    ) -> Result<Hold, Refusal> {
        let Some(hold) = self.holds.get(&id).filter(|hold| hold.state == State::Held).cloned()
        else {
            return Err(Refusal::NoHold);
        };
        if debit > hold.budget {
            return Err(Refusal::OverBudget { budget: hold.budget });
        }
        let account = Account::Held(hold.customer);
        let rest = hold.budget.minus(debit).ok_or(Refusal::Broken("rest"))?;
        self.pay(entry, "settle", account, payee, debit)?;
        self.transfer(
            entry,
            line::REST,
            "release",
            account,
            Account::Available(hold.customer),
            rest,
        )?;
        let ended = Hold { debited: debit, state, ..hold };
        self.changed_holds.insert(id);
        self.holds.insert(id, ended.clone());
        Ok(ended)
    }

    pub(super) fn settle(
        &mut self,
        id: HoldId,
        customer: CustomerId,
        payee: Option<ProviderId>,
        credits: Credits,
    ) -> Result<Outcome, Refusal> {
        let hold =
            self.holds.get(&id).filter(|hold| hold.customer == customer).ok_or(Refusal::NoHold)?;
        if hold.state == State::Settled {
            if hold.debited != credits {
                return Err(Refusal::Mismatch);
            }
            return Ok(Outcome::Settled { debited: credits, balance: self.wallet(customer)? });
        }
        let hold = self.end_hold(id, id.into(), payee, credits, State::Settled)?;
        if credits.is_positive() {
            let because = Because { run_id: hold.run_id, ..Because::default() };
            self.list(customer, id.into(), EntryKind::Settle, credits.negated(), because)?;
        }
        Ok(Outcome::Settled { debited: credits, balance: self.wallet(customer)? })
    }

    pub(super) fn reserve(
        &mut self,
        hold: HoldId,
        lease: LeaseId,
        customer: CustomerId,
        amount: Credits,
        lease_max: Credits,
        expires_at: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let available = self.balance(Account::Available(customer))?;
        if available < amount {
            return Err(self.short(customer, amount)?);
        }
        let part = (available.micros() / LEASE_PART).min(lease_max.micros());
        let open = self.leases.get(&lease).is_none_or(|lease| lease.closed_at.is_none());
        if open && part / LEASE_CALLS >= amount.micros() {
            let granted = Credits::from_micros(part);
            let (from, to) = (Account::Available(customer), Account::Held(customer));
            self.transfer(hold.into(), line::SET_ASIDE, "lease", from, to, granted)?;
            let open = self.leases.entry(lease).or_insert_with(|| Lease {
                id: lease,
                server: self.server,
                customer,
                amount: Credits::ZERO,
                spent: Credits::ZERO,
                opened_at: self.now,
                closed_at: None,
            });
            open.amount = open.amount.plus(granted).ok_or(Refusal::Broken("lease"))?;
            self.changed_leases.insert(lease);
            return Ok(Outcome::Leased { lease, granted });
        }
        self.set_aside(Hold {
            id: hold,
            customer,
            run_id: None,
            resource: None,
            server: Some(self.server),
            budget: amount,
            debited: Credits::ZERO,
            state: State::Held,
            created_at: self.now,
            expires_at,
        })?;
        Ok(Outcome::Held { hold })
    }

    pub(super) fn call(
        &mut self,
        request: &Request,
        payee: ProviderId,
        source: Source,
    ) -> Result<Outcome, Refusal> {
        let entry = EntryId::from(request.id);
        let debited = match source {
            Source::Free => Credits::ZERO,
            Source::Hold(id) => match self.holds.get(&id).map(|hold| (hold.state, hold.budget)) {
                // More than was set aside is never debited, whatever an upstream says.
                Some((State::Held, budget)) => {
                    let debit = request.credits.min(budget);
                    self.end_hold(id, entry, Some(payee), debit, State::Settled)?.debited
                }
                _ => self.late(entry, request.customer, payee, request.credits)?,
            },
            Source::Lease(id) => match self
                .leases
                .get(&id)
                .filter(|lease| lease.closed_at.is_none())
            {
                Some(lease) => {
                    let left = lease.amount.minus(lease.spent).ok_or(Refusal::Broken("lease"))?;
                    let debit = request.credits.min(left);
                    let spent = lease.spent.plus(debit).ok_or(Refusal::Broken("lease"))?;
                    self.pay(entry, "settle", Account::Held(request.customer), Some(payee), debit)?;
                    if let Some(lease) = self.leases.get_mut(&id) {
                        lease.spent = spent;
                    }
                    self.changed_leases.insert(id);
                    debit
                }
                None => self.late(entry, request.customer, payee, request.credits)?,
            },
        };
        if debited.is_positive() {
            let because = Because {
                metered: true,
                price_version: Some(request.price_version),
                ..Because::default()
            };
            self.list(request.customer, entry, EntryKind::Settle, debited.negated(), because)?;
        }
        self.count(request, debited)?;
        self.requests.push(Request { credits: debited, ..request.clone() });
        Ok(Outcome::Called { debited })
    }

    /// Debits a call whose credits were given back meanwhile, because this server was thought dead: as far as they are
    /// still there.
    fn late(
        &mut self,
        entry: EntryId,
        customer: CustomerId,
        payee: ProviderId,
        credits: Credits,
    ) -> Result<Credits, Refusal> {
        let from = Account::Available(customer);
        let debit = credits.min(self.balance(from)?);
        self.pay(entry, "settle", from, Some(payee), debit)?;
        Ok(debit)
    }

    /// Adds a call to the sums of its day.
    fn count(&mut self, request: &Request, debited: Credits) -> Result<(), Refusal> {
        let day = request.at.day();
        let int = |n: u64| i64::try_from(n).map_err(|_| Refusal::Broken("tokens"));
        let (prompt, completion) = (int(request.prompt_tokens)?, int(request.completion_tokens)?);
        let sum = self.days.entry((request.resource, day.number())).or_insert(DaySum {
            resource: request.resource,
            day,
            requests: 0,
            errors: 0,
            prompt_tokens: 0,
            completion_tokens: 0,
            credits: Credits::ZERO,
        });
        sum.requests += 1;
        sum.errors += i64::from(request.status >= 400);
        sum.prompt_tokens += prompt;
        sum.completion_tokens += completion;
        sum.credits = sum.credits.plus(debited).ok_or(Refusal::Broken("day"))?;
        Ok(())
    }

    pub(super) fn give_back(
        &mut self,
        entry: EntryId,
        id: LeaseId,
        customer: CustomerId,
        idle: Option<Credits>,
        close: bool,
    ) -> Result<Outcome, Refusal> {
        let Some(lease) = self.leases.get(&id).filter(|lease| lease.closed_at.is_none()) else {
            return Ok(Outcome::Done);
        };
        let left = lease.amount.minus(lease.spent).ok_or(Refusal::Broken("lease"))?;
        let back = idle.unwrap_or(left).min(left);
        let amount = lease.amount.minus(back).ok_or(Refusal::Broken("lease"))?;
        let (from, to) = (Account::Held(customer), Account::Available(customer));
        // A closed lease gives back all that is left of it; what is idle is all that is left when nothing is running.
        let (back, amount) = if close { (left, lease.spent) } else { (back, amount) };
        self.transfer(entry, line::REST, "lease", from, to, back)?;
        if let Some(lease) = self.leases.get_mut(&id) {
            lease.amount = amount;
            lease.closed_at = close.then_some(self.now);
        }
        self.changed_leases.insert(id);
        Ok(Outcome::Done)
    }

    pub(super) fn release(
        &mut self,
        id: HoldId,
        customer: CustomerId,
        expired: bool,
    ) -> Result<Outcome, Refusal> {
        let open =
            self.holds.get(&id).is_some_and(|h| h.state == State::Held && h.customer == customer);
        if open {
            let state = if expired { State::Expired } else { State::Released };
            self.end_hold(id, id.into(), None, Credits::ZERO, state)?;
        }
        Ok(Outcome::Done)
    }
}

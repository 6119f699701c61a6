//! The rules of the ledger: what a command does to the accounts, as pure bookkeeping.
//!
//! The writer loads what a batch of commands needs, lets the book apply them one after the other, and saves what the
//! book has changed, in one transaction. A refused command changes nothing and harms no other of its batch.

use std::collections::{BTreeSet, HashMap};

use model::{
    BasisPoints, Credits, CustomerId, EntryId, EntryKind, HoldId, LeaseId, LedgerEntry,
    PriceVersionId, ProviderId, ResourceId, ServerId, Timestamp, split,
};
use store::{
    holds::{Hold, State},
    leases::Lease,
    ledger::{Account, Balance, Entry, Posting},
    requests::{DaySum, Request},
};

/// The places of an entry's transfers: one number each, so that a transfer cannot be written twice.
mod line {
    pub const SET_ASIDE: i64 = 0;
    pub const EARNED: i64 = 1;
    pub const FEE: i64 = 2;
    pub const REST: i64 = 3;
}

/// A lease is given only while it is a small part of what is available, so that what other servers and the caller see
/// stays true; below that every hold is one conditional command.
const LEASE_PART: i64 = 8;
/// A lease that pays for fewer calls than this is not worth having.
const LEASE_CALLS: i64 = 8;

/// Where the credits of a metered call are set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Lease(LeaseId),
    Hold(HoldId),
    /// Nothing is set aside: the call costs nothing.
    Free,
}

/// Something the ledger is asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Gives a customer credits, once per reference.
    Credit {
        entry: EntryId,
        customer: CustomerId,
        amount: Credits,
        kind: EntryKind,
        reference: String,
    },
    /// Takes a plan's monthly fee, once per reference.
    PlanFee {
        entry: EntryId,
        customer: CustomerId,
        payee: ProviderId,
        amount: Credits,
        reference: String,
    },
    /// Sets a budget aside for a caller's run; the same run is answered the same.
    Authorize {
        hold: HoldId,
        customer: CustomerId,
        run_id: String,
        resource: Option<ResourceId>,
        budget: Credits,
        expires_at: Timestamp,
    },
    /// Debits what a run has used and gives the rest back.
    Settle { hold: HoldId, customer: CustomerId, payee: Option<ProviderId>, credits: Credits },
    /// Sets aside what a metered call can cost: from a new or larger lease, or, when little is available, in a hold.
    Reserve {
        hold: HoldId,
        lease: LeaseId,
        customer: CustomerId,
        amount: Credits,
        lease_max: Credits,
        expires_at: Timestamp,
    },
    /// Records a metered call and debits what it cost.
    Call { request: Box<Request>, payee: ProviderId, source: Source },
    /// Gives back what is idle of a lease.
    Return {
        entry: EntryId,
        lease: LeaseId,
        customer: CustomerId,
        idle: Option<Credits>,
        close: bool,
    },
    /// Ends a hold that nobody came back for.
    Release { hold: HoldId, customer: CustomerId, expired: bool },
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The wallet's balance after it; `replayed` when the reference had done its work before.
    Credited {
        amount: Credits,
        balance: Credits,
        replayed: bool,
    },
    Authorized {
        hold: HoldId,
        budget: Credits,
        balance: Credits,
    },
    Settled {
        debited: Credits,
        balance: Credits,
    },
    /// The lease has this much more to hold from.
    Leased {
        lease: LeaseId,
        granted: Credits,
    },
    Held {
        hold: HoldId,
    },
    Called {
        debited: Credits,
    },
    Done,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The wallet has too little.
    Short { available: Credits, balance: Credits, needed: Credits },
    /// The reference or run was used for something else.
    Mismatch,
    /// There is nothing to settle: unknown, or ended otherwise.
    NoHold,
    /// More was to be settled than set aside.
    OverBudget { budget: Credits },
    /// An account is missing, or an amount does not fit.
    Broken(&'static str),
}

/// What is loaded for a batch, and what the batch has changed so far.
#[derive(Debug)]
pub struct Book {
    pub now: Timestamp,
    pub fee: BasisPoints,
    pub server: ServerId,
    pub accounts: HashMap<Account, Balance>,
    pub holds: HashMap<HoldId, Hold>,
    pub runs: HashMap<(CustomerId, String), HoldId>,
    pub leases: HashMap<LeaseId, Lease>,
    pub references: HashMap<String, (CustomerId, LedgerEntry)>,
    pub postings: Vec<Posting>,
    pub entries: Vec<Entry>,
    pub requests: Vec<Request>,
    pub days: HashMap<(ResourceId, i64), DaySum>,
    changed_accounts: BTreeSet<Account>,
    changed_holds: BTreeSet<HoldId>,
    changed_leases: BTreeSet<LeaseId>,
}

impl Book {
    pub fn new(now: Timestamp, fee: BasisPoints, server: ServerId) -> Self {
        Self {
            now,
            fee,
            server,
            accounts: HashMap::new(),
            holds: HashMap::new(),
            runs: HashMap::new(),
            leases: HashMap::new(),
            references: HashMap::new(),
            postings: Vec::new(),
            entries: Vec::new(),
            requests: Vec::new(),
            days: HashMap::new(),
            changed_accounts: BTreeSet::new(),
            changed_holds: BTreeSet::new(),
            changed_leases: BTreeSet::new(),
        }
    }

    /// The balances to save.
    pub fn changed_balances(&self) -> Vec<(Account, Balance)> {
        self.changed_accounts.iter().filter_map(|id| Some((*id, *self.accounts.get(id)?))).collect()
    }

    /// The holds to save.
    pub fn changed_holds(&self) -> Vec<Hold> {
        self.changed_holds.iter().filter_map(|id| self.holds.get(id).cloned()).collect()
    }

    /// The leases to save.
    pub fn changed_leases(&self) -> Vec<Lease> {
        self.changed_leases.iter().filter_map(|id| self.leases.get(id).cloned()).collect()
    }

    /// Carries out one command.
    pub fn apply(&mut self, command: &Command) -> Result<Outcome, Refusal> {
        match command {
            Command::Credit { entry, customer, amount, kind, reference } => {
                self.credit(*entry, *customer, *amount, *kind, reference)
            }
            Command::PlanFee { entry, customer, payee, amount, reference } => {
                self.plan_fee(*entry, *customer, *payee, *amount, reference)
            }
            Command::Authorize { hold, customer, run_id, resource, budget, expires_at } => {
                self.authorize(*hold, *customer, run_id, *resource, *budget, *expires_at)
            }
            Command::Settle { hold, customer, payee, credits } => {
                self.settle(*hold, *customer, *payee, *credits)
            }
            Command::Reserve { hold, lease, customer, amount, lease_max, expires_at } => {
                self.reserve(*hold, *lease, *customer, *amount, *lease_max, *expires_at)
            }
            Command::Call { request, payee, source } => self.call(request, *payee, *source),
            Command::Return { entry, lease, customer, idle, close } => {
                self.give_back(*entry, *lease, *customer, *idle, *close)
            }
            Command::Release { hold, customer, expired } => {
                self.release(*hold, *customer, *expired)
            }
        }
    }

    fn balance(&self, account: Account) -> Result<Credits, Refusal> {
        self.accounts.get(&account).map(|b| b.balance).ok_or(Refusal::Broken("account"))
    }

    /// All credits of a customer, held ones included.
    fn wallet(&self, customer: CustomerId) -> Result<Credits, Refusal> {
        let available = self.balance(Account::Available(customer))?;
        let held = self.balance(Account::Held(customer))?;
        available.plus(held).ok_or(Refusal::Broken("balance"))
    }

    fn short(&self, customer: CustomerId, needed: Credits) -> Result<Refusal, Refusal> {
        let available = self.balance(Account::Available(customer))?;
        Ok(Refusal::Short { available, balance: self.wallet(customer)?, needed })
    }

    /// Moves credits between two accounts. Callers check first that the amount is there.
    fn transfer(
        &mut self,
        entry_id: EntryId,
        line: i64,
        kind: &'static str,
        from: Account,
        to: Account,
        amount: Credits,
    ) -> Result<(), Refusal> {
        if amount == Credits::ZERO {
            return Ok(());
        }
        let left = self.balance(from)?.minus(amount).ok_or(Refusal::Broken("amount"))?;
        let right = self.balance(to)?.plus(amount).ok_or(Refusal::Broken("amount"))?;
        if !amount.is_positive() || (left < Credits::ZERO && !from.may_be_negative()) {
            return Err(Refusal::Broken("transfer"));
        }
        for (account, balance) in [(from, left), (to, right)] {
            if let Some(found) = self.accounts.get_mut(&account) {
                found.balance = balance;
            }
            self.changed_accounts.insert(account);
        }
        self.postings.push(Posting { entry_id, line, kind, from, to, amount });
        Ok(())
    }

    /// Lists a change of a customer's balance in the wallet.
    fn list(
        &mut self,
        customer: CustomerId,
        id: EntryId,
        kind: EntryKind,
        amount: Credits,
        because: Because,
    ) -> Result<(), Refusal> {
        let balance = self.wallet(customer)?;
        let account = Account::Available(customer);
        let counted = self.accounts.get_mut(&account).ok_or(Refusal::Broken("account"))?;
        counted.entries += 1;
        let number = counted.entries;
        self.changed_accounts.insert(account);
        self.entries.push(Entry {
            customer,
            number,
            id,
            at: self.now,
            kind,
            amount,
            balance,
            run_id: because.run_id,
            metered: because.metered,
            price_version: because.price_version,
            reference: because.reference,
        });
        Ok(())
    }

    /// Pays a debit out of an account: the platform's fee and the provider's part.
    fn pay(
        &mut self,
        id: EntryId,
        kind: &'static str,
        from: Account,
        payee: Option<ProviderId>,
        amount: Credits,
    ) -> Result<(), Refusal> {
        let Some(payee) = payee else {
            return self.transfer(id, line::FEE, kind, from, Account::Fees, amount);
        };
        let share = split(amount, self.fee);
        self.transfer(id, line::EARNED, kind, from, Account::Earnings(payee), share.earnings)?;
        self.transfer(id, line::FEE, kind, from, Account::Fees, share.fee)
    }

    fn credit(
        &mut self,
        id: EntryId,
        customer: CustomerId,
        amount: Credits,
        kind: EntryKind,
        reference: &str,
    ) -> Result<Outcome, Refusal> {
        if let Some(outcome) = self.replay(customer, amount, kind, reference) {
            return outcome;
        }
        let from = if kind == EntryKind::Trial { Account::Granted } else { Account::Sold };
        self.transfer(
            id,
            line::SET_ASIDE,
            kind.as_str(),
            from,
            Account::Available(customer),
            amount,
        )?;
        self.list(customer, id, kind, amount, Because::reference(reference))?;
        self.remember(customer, reference);
        Ok(Outcome::Credited { amount, balance: self.wallet(customer)?, replayed: false })
    }

    fn plan_fee(
        &mut self,
        id: EntryId,
        customer: CustomerId,
        payee: ProviderId,
        amount: Credits,
        reference: &str,
    ) -> Result<Outcome, Refusal> {
        if let Some(outcome) =
            self.replay(customer, amount.negated(), EntryKind::PlanFee, reference)
        {
            return outcome;
        }
        let from = Account::Available(customer);
        if self.balance(from)? < amount {
            return Err(self.short(customer, amount)?);
        }
        self.pay(id, EntryKind::PlanFee.as_str(), from, Some(payee), amount)?;
        self.list(
            customer,
            id,
            EntryKind::PlanFee,
            amount.negated(),
            Because::reference(reference),
        )?;
        self.remember(customer, reference);
        Ok(Outcome::Credited {
            amount: amount.negated(),
            balance: self.wallet(customer)?,
            replayed: false,
        })
    }

    /// What a reference has done before, if anything.
    fn replay(
        &self,
        customer: CustomerId,
        amount: Credits,
        kind: EntryKind,
        reference: &str,
    ) -> Option<Result<Outcome, Refusal>> {
        let (owner, done) = self.references.get(reference)?;
        if *owner != customer || done.amount != amount || done.kind != kind {
            return Some(Err(Refusal::Mismatch));
        }
        Some(Ok(Outcome::Credited { amount, balance: done.balance, replayed: true }))
    }

    /// Lets a second command of the same batch see the reference of the first.
    fn remember(&mut self, customer: CustomerId, reference: &str) {
        if let Some(entry) = self.entries.last() {
            let seen = LedgerEntry {
                id: entry.id,
                at: entry.at,
                kind: entry.kind,
                amount: entry.amount,
                balance: entry.balance,
                run_id: None,
                receipt_id: None,
                price_version: None,
            };
            self.references.insert(reference.to_owned(), (customer, seen));
        }
    }

    fn authorize(
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

    fn settle(
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

    fn reserve(
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

    fn call(
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

    fn give_back(
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

    fn release(
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

/// What a wallet entry says of its cause.
#[derive(Debug, Default)]
struct Because {
    run_id: Option<String>,
    metered: bool,
    price_version: Option<PriceVersionId>,
    reference: Option<String>,
}

impl Because {
    fn reference(text: &str) -> Self {
        Self { reference: Some(text.to_owned()), ..Self::default() }
    }
}

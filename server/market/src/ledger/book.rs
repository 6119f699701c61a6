//! The rules of the ledger: what a command does to the accounts, as pure bookkeeping.
//!
//! The writer loads what a batch of commands needs, lets the book apply them one after the other, and saves what the
//! book has changed, in one transaction. A refused command changes nothing and harms no other of its batch. Here are
//! the accounts themselves; what the kinds of commands do with them is in `credits.rs` and `holding.rs`.

use std::collections::{BTreeSet, HashMap};

use model::{
    BasisPoints, Credits, CustomerId, EntryId, EntryKind, HoldId, LeaseId, LedgerEntry,
    PriceVersionId, ProviderId, ResourceId, ServerId, Timestamp, split,
};
use store::{
    holds::Hold,
    leases::Lease,
    ledger::{Account, Balance, Entry, Posting},
    requests::{DaySum, Request},
};

use super::commands::{Command, Outcome, Refusal};

/// The places of an entry's transfers: one number each, so that a transfer cannot be written twice.
pub(super) mod line {
    pub const SET_ASIDE: i64 = 0;
    pub const EARNED: i64 = 1;
    pub const FEE: i64 = 2;
    pub const REST: i64 = 3;
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
    pub(super) changed_accounts: BTreeSet<Account>,
    pub(super) changed_holds: BTreeSet<HoldId>,
    pub(super) changed_leases: BTreeSet<LeaseId>,
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

    pub(super) fn balance(&self, account: Account) -> Result<Credits, Refusal> {
        self.accounts.get(&account).map(|b| b.balance).ok_or(Refusal::Broken("account"))
    }

    /// All credits of a customer, held ones included.
    pub(super) fn wallet(&self, customer: CustomerId) -> Result<Credits, Refusal> {
        let available = self.balance(Account::Available(customer))?;
        let held = self.balance(Account::Held(customer))?;
        available.plus(held).ok_or(Refusal::Broken("balance"))
    }

    pub(super) fn short(&self, customer: CustomerId, needed: Credits) -> Result<Refusal, Refusal> {
        let available = self.balance(Account::Available(customer))?;
        Ok(Refusal::Short { available, balance: self.wallet(customer)?, needed })
    }

    /// Moves credits between two accounts. Callers check first that the amount is there.
    pub(super) fn transfer(
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
    pub(super) fn list(
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
    pub(super) fn pay(
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
}

/// What a wallet entry says of its cause.
#[derive(Debug, Default)]
pub(super) struct Because {
    pub run_id: Option<String>,
    pub metered: bool,
    pub price_version: Option<PriceVersionId>,
    pub reference: Option<String>,
}

impl Because {
    pub fn reference(text: &str) -> Self {
        Self { reference: Some(text.to_owned()), ..Self::default() }
    }
}

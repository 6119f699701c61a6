//! Credits that come in, and fees that are due: each once per reference.

use model::{Credits, CustomerId, EntryId, EntryKind, LedgerEntry, ProviderId};
use store::ledger::Account;

use super::{
    book::{Because, Book, line},
    commands::{Outcome, Refusal},
};

impl Book {
    pub(super) fn credit(
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
        let given = matches!(kind, EntryKind::Trial | EntryKind::Grant);
        let from = if given { Account::Granted } else { Account::Sold };
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

    pub(super) fn plan_fee(
        &mut self,
        id: EntryId,
        customer: CustomerId,
        payee: ProviderId,
        amount: Credits,
        reference: &str,
    ) -> Result<Outcome, Refusal> {
        // A fee that was taken stays as it was taken, should its price have changed before that was written down.
        let taken = self.references.get(reference);
        let taken =
            taken.filter(|(_, done)| done.kind == EntryKind::PlanFee).map(|(_, d)| d.amount);
        let asked = taken.unwrap_or(amount.negated());
        if let Some(outcome) = self.replay(customer, asked, EntryKind::PlanFee, reference) {
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
}

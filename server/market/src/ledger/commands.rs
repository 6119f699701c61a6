//! What the ledger can be asked, and what it answers.

use model::{
    Credits, CustomerId, EntryId, EntryKind, HoldId, LeaseId, ProviderId, ResourceId, Timestamp,
};
use store::requests::Request;

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

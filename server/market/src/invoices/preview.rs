//! Invoices before they are made: a customer's month so far, and a month of everybody's. Nothing here is written.

use model::{CustomerId, InvoiceId, Month};
use store::{
    billable,
    invoices::{Invoice, Item},
};

use super::{
    Invoices,
    making::{BATCH, Reach, TOO_LARGE},
};
use crate::{Actor, Error, On, Permission, Result, work::Kind};

/// How many customers' invoices are shown before they are made, and made while somebody waits.
const MOST: usize = 200;

/// What the current month costs so far, without an invoice.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    pub month: Month,
    pub invoice: Invoice,
    pub items: Vec<Item>,
    /// The total at the month's end, if what is had now is kept and nothing more is used: micro-dollars.
    pub by_end: i64,
}

/// The invoices of a month as they would be made now.
#[derive(Debug, Clone)]
pub struct Coming {
    pub month: Month,
    pub invoices: Vec<Invoice>,
    /// There are others.
    pub more: bool,
}

impl Invoices<'_> {
    /// What the current month of a customer costs so far, and what it will cost.
    pub async fn preview(&self, actor: &Actor, customer: CustomerId) -> Result<Preview> {
        actor.must(Permission::SeeBilling, On::customer(customer), "organization")?;
        let now = self.0.core().now();
        let month = Month::of(now.day());
        let mut tx = self.0.core().db().begin().await?;
        let records = Self::read(&mut tx, &[customer], month).await?;
        drop(tx);
        let (so_far, whole) =
            (self.drafts(&records, Reach::Now), self.drafts(&records, Reach::End));
        let id = self.0.core().id(InvoiceId::new);
        let mut made = Vec::new();
        for draft in so_far.iter().chain(&whole) {
            let lines = draft.lines.as_deref().ok_or(Error::Conflict(TOO_LARGE))?;
            let written = self.written(draft, lines, month, id, now);
            made.push(written.ok_or(Error::Conflict(TOO_LARGE))?);
        }
        let mut made = made.into_iter();
        let missing = Error::Missing("organization");
        let (Some((invoice, items)), Some((whole, _))) = (made.next(), made.next()) else {
            return Err(missing);
        };
        Ok(Preview { month, invoice, items, by_end: whole.total })
    }

    /// The invoices of a month that has ended as they would be made now, for those who have none yet.
    pub async fn coming(&self, actor: &Actor, month: Month) -> Result<Coming> {
        actor.must_everywhere(Permission::ManageBilling)?;
        self.must_have_ended(month)?;
        let core = self.0.core();
        let now = core.now();
        let (mut found, mut seen, mut after) = (Vec::new(), 0, None);
        let span = (month.first(), month.end());
        let most = i64::try_from(BATCH).unwrap_or(1);
        loop {
            let numbers = (month.year(), month.month());
            let batch = billable::waiting(core.db(), numbers, span, after, most).await?;
            let Some(last) = batch.last() else {
                return Ok(Coming { month, invoices: found, more: false });
            };
            if seen >= MOST {
                return Ok(Coming { month, invoices: found, more: true });
            }
            (after, seen) = (Some(*last), seen + batch.len());
            let mut tx = core.db().begin().await?;
            let records = Self::read(&mut tx, &batch, month).await?;
            drop(tx);
            for draft in self.drafts(&records, Reach::Now) {
                let billed = draft.lines.as_deref();
                let billed = billed.filter(|lines| !lines.is_empty() || !draft.told.is_empty());
                let Some(lines) = billed else { continue };
                let written = self.written(&draft, lines, month, core.id(InvoiceId::new), now);
                found.extend(written.map(|(invoice, _)| invoice));
            }
        }
    }

    /// Makes the invoices of a month that has ended: at once where they are few, and how many that were; else as work
    /// that goes on by itself, and none.
    pub async fn begin_month(&self, actor: &Actor, month: Month) -> Result<Option<u64>> {
        actor.must_everywhere(Permission::ManageBilling)?;
        self.must_have_ended(month)?;
        let (numbers, span) = ((month.year(), month.month()), (month.first(), month.end()));
        let most = i64::try_from(MOST + 1).unwrap_or(1);
        let db = self.0.core().db();
        if billable::waiting(db, numbers, span, None, most).await?.len() <= MOST {
            return self.make_month(month).await.map(Some);
        }
        let mut tx = self.0.core().db().begin().await?;
        self.0.queue(&mut tx, Kind::Invoices, &month.to_string(), None).await?;
        tx.commit().await?;
        Ok(None)
    }

    pub(super) fn must_have_ended(self, month: Month) -> Result<()> {
        if month < Month::of(self.0.core().now().day()) {
            Ok(())
        } else {
            Err(Error::field("month", "The month has not ended."))
        }
    }
}

//! Invoices: made once per customer and month, paid, taken back. What is final never changes but for its state.

mod canceling;
mod importing;
mod making;
mod notices;
mod preview;

use model::{CustomerId, Day, InvoiceId, InvoiceItemId, InvoiceState, Month};
use serde_json::json;
use store::{
    events::Event,
    invoices::{self, ITEMS, Invoice, ItemView, Note, SHELF, read, read_item},
    payments::Proof,
};

pub use importing::{ImportItem, ImportOutcome};
pub use preview::{Coming, Preview};

use crate::{
    Actor, Asked, Clause, Error, Market, On, Permission, Result, audit::Deed, payments::Incoming,
};

/// Told whoever wants to move an invoice that is not final, or already paid or canceled.
const FROM_CREATED: &str = "Valid states for operation: created.";

/// The service for invoices.
#[derive(Debug, Clone, Copy)]
pub struct Invoices<'a>(pub(crate) &'a Market);

/// How an invoice was paid.
#[derive(Debug, Clone, Default)]
pub struct Paid {
    /// Today, when nothing is said.
    pub day: Option<Day>,
    /// Money is booked on the customer's payment profile, which must be there.
    pub booked: bool,
    pub proof: Option<Proof>,
}

/// What belongs to some invoices.
#[derive(Debug, Clone)]
pub struct InvoiceParts {
    pub items: Vec<ItemView>,
    /// Canceled invoices with their credit notes.
    pub notes: Vec<(InvoiceId, InvoiceId)>,
}

impl Invoices<'_> {
    /// What the actor may see of the invoices.
    fn seen(actor: &Actor, column: &'static str) -> Option<Clause> {
        let own = actor.customers_with(Permission::SeeBilling);
        let own = own.iter().map(ToString::to_string);
        (!actor.may_everywhere(Permission::SeeBilling)).then(|| Clause::of(column, own))
    }

    /// A page of the invoices that the actor may see; credit notes only when they are asked for.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
        credit_notes: bool,
    ) -> Result<(Vec<Invoice>, u64)> {
        let notes = (!credit_notes).then(|| Clause::plain("i.credits IS NULL"));
        let asked = asked.and_some(Self::seen(actor, "i.customer_id IN (?)")).and_some(notes);
        Ok(SHELF.page(self.0.core().db(), &asked, range, read).await?)
    }

    /// A page of the items of the invoices that the actor may see.
    pub async fn list_items(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<ItemView>, u64)> {
        let asked = asked.and_some(Self::seen(actor, "i.customer_id IN (?)"));
        Ok(ITEMS.page(self.0.core().db(), &asked, range, read_item).await?)
    }

    /// One item of an invoice that the actor may see.
    pub async fn find_item(&self, actor: &Actor, id: InvoiceItemId) -> Result<ItemView> {
        let asked = Asked::default()
            .and(Clause::of("t.id = ?", [id.to_string()]))
            .and_some(Self::seen(actor, "i.customer_id IN (?)"));
        let found = ITEMS.one(self.0.core().db(), &asked, read_item).await?;
        found.ok_or(Error::Missing("invoice item"))
    }

    /// One invoice.
    pub async fn find(&self, actor: &Actor, id: InvoiceId) -> Result<Invoice> {
        let found = invoices::find(self.0.core().db(), id).await?;
        let found = found.ok_or(Error::Missing("invoice"))?;
        actor.must(Permission::SeeBilling, On::customer(found.customer), "invoice")?;
        Ok(found)
    }

    /// The items of an invoice, in their order.
    pub async fn items(&self, actor: &Actor, id: InvoiceId) -> Result<Vec<ItemView>> {
        self.find(actor, id).await?;
        Ok(invoices::items(self.0.core().db(), id).await?)
    }

    /// The credit note that takes an invoice back.
    pub async fn credit_note(&self, actor: &Actor, id: InvoiceId) -> Result<Option<InvoiceId>> {
        self.find(actor, id).await?;
        let found = invoices::credit_notes(self.0.core().db(), [id]).await?;
        Ok(found.first().map(|(_, note)| *note))
    }

    /// The items of some invoices and what takes them back, each read at once.
    pub async fn parts(&self, actor: &Actor, found: &[Invoice]) -> Result<InvoiceParts> {
        for invoice in found {
            actor.must(Permission::SeeBilling, On::customer(invoice.customer), "invoice")?;
        }
        let db = self.0.core().db();
        let canceled = found.iter().filter(|one| one.state == InvoiceState::Canceled);
        Ok(InvoiceParts {
            items: invoices::items_of(db, found.iter().map(|one| one.id)).await?,
            notes: invoices::credit_notes(db, canceled.map(|one| one.id)).await?,
        })
    }

    /// What was done with an invoice, the oldest first.
    pub async fn history(&self, actor: &Actor, id: InvoiceId) -> Result<Vec<Event>> {
        self.find(actor, id).await?;
        let asked = Asked::default().and(Clause::of("e.object_id = ?", [id.to_string()]));
        let (list, db) = (&store::events::SHELF, self.0.core().db());
        Ok(list.all(db, &asked, 1_000, store::events::read).await?)
    }

    /// Who may change invoices, of those who may see this one.
    async fn managed(&self, actor: &Actor, id: InvoiceId) -> Result<Invoice> {
        let found = self.find(actor, id).await?;
        actor.must_everywhere(Permission::ManageBilling)?;
        Ok(found)
    }

    /// Marks a final invoice as paid.
    pub async fn pay(&self, actor: &Actor, id: InvoiceId, paid: Paid) -> Result<Invoice> {
        let invoice = self.managed(actor, id).await?;
        let core = self.0.core();
        let (now, today) = (core.now(), core.now().day());
        let day = paid.day.unwrap_or(today);
        if day > today {
            return Err(Error::field("date", "The date is in the future."));
        }
        if Month::new(day.civil().0, 1).is_none() {
            return Err(Error::field("date", "The date is too long ago."));
        }
        let mut tx = core.db().begin().await?;
        store::customers::lock(&mut tx, invoice.customer).await?;
        let profile = store::payments::active_profile(&mut tx, invoice.customer).await?;
        if paid.booked && profile.is_none() {
            return Err(Error::field(
                "non_field_errors",
                "The organization has no active payment profile.",
            ));
        }
        let states = (InvoiceState::Created, InvoiceState::Paid);
        if !invoices::set_state(&mut tx, id, states, Some(day), now).await? {
            return Err(Error::Conflict(FROM_CREATED));
        }
        if let Some(profile) = profile.filter(|_| paid.booked || paid.day.is_some()) {
            let incoming = Incoming {
                profile: profile.id,
                customer: invoice.customer,
                invoice: Some((id, (invoice.year, invoice.month))),
                amount: invoice.total,
                day,
            };
            self.0.payments().book(&mut tx, actor, incoming, paid.proof).await?;
        }
        let number = invoice.number.unwrap_or_default();
        let deed = Deed::new("invoice_paid", format!("Invoice {number} was paid."), "invoice", id)
            .of(invoice.customer)
            .with(json!({ "date": day, "total": invoice.total }));
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.find(actor, id).await
    }

    /// Sets a text of an invoice that another system gives.
    pub async fn set_note(
        &self,
        actor: &Actor,
        id: InvoiceId,
        note: Note,
        text: &str,
    ) -> Result<()> {
        let invoice = self.managed(actor, id).await?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        invoices::set_note(&mut tx, id, note, text, core.now()).await?;
        let what = match note {
            Note::BackendId => "backend id",
            Note::PaymentUrl => "payment address",
            Note::ReferenceNumber => "reference number",
        };
        let deed = Deed::new(
            "invoice_updated",
            format!("The {what} of an invoice was set."),
            "invoice",
            id,
        )
        .of(invoice.customer)
        .with(json!({ what: text }));
        self.0.note(&mut tx, Some(actor), deed).await?;
        Ok(tx.commit().await?)
    }

    /// Totals of the last months, the oldest first, of one customer or of all that the actor may see: micro-dollars of
    /// what was invoiced, credit notes taken off.
    pub async fn growth(
        &self,
        actor: &Actor,
        customer: Option<CustomerId>,
        months: usize,
    ) -> Result<Vec<(Month, i64)>> {
        let seen = match customer {
            Some(customer) => {
                actor.must(Permission::SeeBilling, On::customer(customer), "organization")?;
                Some(vec![customer])
            }
            None if actor.may_everywhere(Permission::SeeBilling) => None,
            None => Some(actor.customers_with(Permission::SeeBilling)),
        };
        let mut month = Month::of(self.0.core().now().day());
        let mut wanted = Vec::new();
        for _ in 0..months {
            wanted.push(month);
            month = month.previous();
        }
        wanted.reverse();
        let since = wanted.first().map_or((0, 0), |m| (m.year(), m.month()));
        let found = store::stats::months(self.0.core().db(), seen.as_deref(), since).await?;
        let total = |month: &Month| {
            found.iter().find(|row| (row.0, row.1) == (month.year(), month.month()))
        };
        Ok(wanted.into_iter().map(|month| (month, total(&month).map_or(0, |row| row.2))).collect())
    }
}

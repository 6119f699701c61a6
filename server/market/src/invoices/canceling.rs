//! How a final invoice is taken back: by a credit note that mirrors it.

use model::{Day, InvoiceId, InvoiceItemId, InvoiceState, Timestamp};
use serde_json::json;
use store::{
    Tx,
    invoices::{self, Invoice, Item},
};

use super::{FROM_CREATED, Invoices};
use crate::{Actor, Error, Result, audit::Deed};

impl Invoices<'_> {
    /// Takes a final invoice back: it becomes canceled, and a credit note with a number of its own mirrors it, so that
    /// the two sum to zero. The credit note.
    pub async fn cancel(&self, actor: &Actor, id: InvoiceId, reason: &str) -> Result<Invoice> {
        let invoice = self.managed(actor, id).await?;
        if invoice.credits.is_some() {
            return Err(Error::Conflict("A credit note is not canceled."));
        }
        let core = self.0.core();
        let now = core.now();
        let mut tx = core.db().begin().await?;
        store::customers::lock(&mut tx, invoice.customer).await?;
        let states = (InvoiceState::Created, InvoiceState::Canceled);
        if !invoices::set_state(&mut tx, id, states, None, now).await? {
            return Err(Error::Conflict(FROM_CREATED));
        }
        let items = invoices::items(&mut tx, id).await?;
        let note = self.mirror(&mut tx, &invoice, now).await?;
        let items: Vec<Item> = items
            .into_iter()
            .map(|view| Item {
                id: core.id_at(now, InvoiceItemId::new),
                invoice: note.id,
                price: -view.item.price,
                tax: -view.item.tax,
                quantity: -view.item.quantity,
                ..view.item
            })
            .collect();
        invoices::put(&mut tx, std::slice::from_ref(&note)).await?;
        invoices::insert_items(&mut tx, &items).await?;
        let message = format!(
            "Invoice {} was canceled by credit note {}.",
            invoice.number.unwrap_or_default(),
            note.number.unwrap_or_default()
        );
        let deed = Deed::new("invoice_canceled", message, "invoice", id)
            .of(invoice.customer)
            .with(json!({ "credit_note": note.id, "reason": reason }));
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.find(actor, note.id).await
    }

    async fn mirror(&self, tx: &mut Tx, invoice: &Invoice, now: Timestamp) -> Result<Invoice> {
        let today: Day = now.day();
        Ok(Invoice {
            id: self.0.core().id(InvoiceId::new),
            number: Some(invoices::take_numbers(tx, 1).await?),
            state: InvoiceState::Created,
            credits: Some(invoice.id),
            price: -invoice.price,
            tax: -invoice.tax,
            total: -invoice.total,
            invoice_day: Some(today),
            due_day: Some(today),
            paid_day: None,
            backend_id: String::new(),
            payment_url: String::new(),
            reference_number: String::new(),
            created_at: now,
            updated_at: now,
            ..invoice.clone()
        })
    }
}

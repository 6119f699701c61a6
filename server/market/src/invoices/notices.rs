//! Notices of invoices: the owners of an organization are told by mail what is due.

use model::{InvoiceId, InvoiceState, ScopeRole, Usd};
use serde_json::json;
use store::invoices::Invoice;

use super::Invoices;
use crate::{
    Actor, Error, Result,
    audit::Deed,
    mails::{self, Letter},
};

impl Invoices<'_> {
    /// Puts the notice of a final invoice into the outbox, one mail for every owner; how many that were. Asked again on
    /// the same day, nobody is told twice.
    pub async fn notify(&self, actor: &Actor, id: InvoiceId) -> Result<usize> {
        let invoice = self.managed(actor, id).await?;
        if invoice.state != InvoiceState::Created {
            return Err(Error::Conflict("Notification only for the created invoice can be sent."));
        }
        let core = self.0.core();
        let now = core.now();
        let mut tx = core.db().begin().await?;
        let scope = invoice.customer.to_string();
        let members = store::members::of_scope(&mut tx, &scope, now).await?;
        let mut told = 0;
        for owner in members.iter().filter(|member| member.role == ScopeRole::CustomerOwner) {
            let person = store::people::find(&mut tx, owner.user).await?;
            let Some(person) = person.filter(|person| person.active) else { continue };
            // An address that no mail can go to is no reason to tell nobody.
            let Ok(to) = person.email.parse() else { continue };
            let letter = Letter {
                to,
                subject: subject(&invoice),
                text: self.text(&invoice, &person.full_name),
                reference: format!("invoice:{id}:{}:{}", owner.user, now.day()),
            };
            told += usize::from(mails::push(core, &mut tx, &letter).await?);
        }
        if told > 0 {
            let message = format!("The notice of invoice {} was sent.", number(&invoice));
            let deed = Deed::new("invoice_notified", message, "invoice", id)
                .of(invoice.customer)
                .with(json!({ "mails": told }));
            self.0.note(&mut tx, Some(actor), deed).await?;
        }
        tx.commit().await?;
        Ok(told)
    }

    fn text(self, invoice: &Invoice, name: &str) -> String {
        let url = &self.0.settings().public_url;
        let due = invoice.due_day.map(|day| format!(" It is due on {day}.")).unwrap_or_default();
        let pay = if invoice.payment_url.is_empty() {
            String::new()
        } else {
            format!("\n\nPay here: {}", invoice.payment_url)
        };
        format!(
            "Hello {name},\n\n{} of {} for {:04}-{:02} is ready: {} in all, {} of it tax.{due}{pay}\n\n\
             On paper: {url}/api/invoices/{}/pdf/\n",
            subject(invoice),
            invoice.customer_name,
            invoice.year,
            invoice.month,
            Usd::from_micros(invoice.total),
            Usd::from_micros(invoice.tax),
            invoice.id.hex(),
        )
    }
}

fn number(invoice: &Invoice) -> i64 {
    invoice.number.unwrap_or_default()
}

fn subject(invoice: &Invoice) -> String {
    let what = if invoice.credits.is_some() { "Credit note" } else { "Invoice" };
    format!("{what} {}", number(invoice))
}

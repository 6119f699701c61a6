//! Usage that is told in bulk: items of other systems that the invoice of a month has beside its own.

use std::collections::BTreeMap;

use model::{Billing, CustomerId, InvoiceId, InvoiceItemId, InvoiceState, Month, PlanUnit};
use serde_json::{Map, Value, json};
use store::{
    imports::{self, Imported},
    invoices::{self, Item},
};

use super::Invoices;
use crate::{Actor, Error, Permission, Result, audit::Deed, plain::plain};

/// How many items are told at once.
const MOST: usize = 1_000;

/// An item as it is told.
#[derive(Debug, Clone, Default)]
pub struct ImportItem {
    pub customer: Option<CustomerId>,
    /// Names the customer where no id does.
    pub customer_name: String,
    pub name: String,
    /// Micro-dollars.
    pub price: i64,
    pub article_code: String,
    /// What else was named: provider, offering, plan.
    pub details: Map<String, Value>,
}

/// What became of what was told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportOutcome {
    pub created: usize,
    /// Those that were there already.
    pub skipped: usize,
    /// The customer, and why nothing was added for it.
    pub errors: Vec<(String, String)>,
}

impl Invoices<'_> {
    /// Adds items to the invoices of a month that are not final. An item whose name the customer's month has already is
    /// left out, so that the same call can be made again. What is wrong with one customer keeps back no other.
    pub async fn import(
        &self,
        actor: &Actor,
        month: Month,
        items: &[ImportItem],
    ) -> Result<ImportOutcome> {
        actor.must_everywhere(Permission::ManageBilling)?;
        if month > Month::of(self.0.core().now().day()) {
            return Err(Error::field("month", "The month has not begun."));
        }
        if items.len() > MOST {
            let sentence = format!("Ensure this field has no more than {MOST} elements.");
            return Err(Error::field("items", sentence));
        }
        for item in items {
            plain("items", &item.name, 1, 255)?;
            plain("items", &item.article_code, 0, 30)?;
        }
        let mut outcome = ImportOutcome::default();
        let mut by_customer: BTreeMap<CustomerId, Vec<&ImportItem>> = BTreeMap::new();
        for item in items {
            match self.customer_of(item).await? {
                Ok(customer) => by_customer.entry(customer).or_default().push(item),
                Err(why) => outcome.errors.push((named(item), why.to_owned())),
            }
        }
        for (customer, items) in by_customer {
            self.import_for(actor, (customer, month), &items, &mut outcome).await?;
        }
        Ok(outcome)
    }

    async fn customer_of(&self, item: &ImportItem) -> Result<Result<CustomerId, &'static str>> {
        let db = self.0.core().db();
        if let Some(id) = item.customer {
            let found = store::customers::find(db, id).await?;
            return Ok(found.map(|_| id).ok_or("Customer is not found."));
        }
        let found = imports::customers_named(db, &item.customer_name).await?;
        Ok(match found.as_slice() {
            [one] => Ok(*one),
            [] => Err("Customer is not found."),
            _ => Err("Several customers have this name."),
        })
    }

    async fn import_for(
        &self,
        actor: &Actor,
        (customer, month): (CustomerId, Month),
        items: &[&ImportItem],
        outcome: &mut ImportOutcome,
    ) -> Result<()> {
        let core = self.0.core();
        let numbers = (month.year(), month.month());
        let mut tx = core.db().begin().await?;
        // Whoever makes the invoice of this month waits, or has made it.
        store::customers::lock(&mut tx, customer).await?;
        let there = invoices::of_month(&mut tx, &[customer], numbers).await?;
        if there.iter().any(|invoice| invoice.state != InvoiceState::Pending) {
            let why = "The month is invoiced. Cancel the invoice to correct it.".to_owned();
            outcome.errors.extend(items.iter().map(|item| (named(item), why.clone())));
            return Ok(());
        }
        let mut added = 0;
        for (position, item) in (0..).zip(items) {
            let row = Imported {
                id: core.id(InvoiceItemId::new),
                customer,
                name: item.name.clone(),
                price: item.price,
                article_code: item.article_code.clone(),
                position,
                details: Value::Object(item.details.clone()),
            };
            let made = imports::insert(&mut tx, &row, numbers, (core.now(), actor.user())).await?;
            added += usize::from(made);
        }
        if added > 0 {
            let message = format!("{added} items were told for the invoice of {}.", month.title());
            let deed = Deed::new("invoice_usage_imported", message, "customer", customer)
                .of(customer)
                .with(json!({ "month": month.to_string(), "items": added }));
            self.0.note(&mut tx, Some(actor), deed).await?;
            self.queue_late(&mut tx, month).await?;
        }
        tx.commit().await?;
        outcome.created += added;
        outcome.skipped += items.len() - added;
        Ok(())
    }

    /// The line of an invoice that an item makes, but for its place and its tax.
    pub(super) fn item_of(self, one: &Imported, invoice: InvoiceId, month: Month) -> Item {
        Item {
            id: self.0.core().id(InvoiceItemId::new),
            invoice,
            position: 0,
            resource: None,
            project: None,
            offering: None,
            seller: None,
            name: one.name.clone(),
            billing: Billing::Usage.as_str().to_owned(),
            component: String::new(),
            unit: PlanUnit::Quantity.as_str().to_owned(),
            measured_unit: String::new(),
            article_code: one.article_code.clone(),
            unit_price: one.price,
            quantity: 1_000_000,
            price: model::for_amount(one.price, 1_000_000).map_or(one.price, |billed| billed.price),
            tax: 0,
            start: month.first().start(),
            end: month.end().start().plus_ms(-1),
            price_version: None,
            details: one.details.clone(),
        }
    }
}

/// The customer as the caller has named it.
fn named(item: &ImportItem) -> String {
    let id = || item.customer.map(|id| id.hex()).unwrap_or_default();
    if item.customer_name.is_empty() { id() } else { item.customer_name.clone() }
}

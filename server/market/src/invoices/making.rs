//! How invoices are made: for one customer when asked, for all of them once a month, and back again.

use std::collections::{BTreeSet, HashMap};

use model::{CustomerId, InvoiceId, InvoiceItemId, InvoiceState, Month, PlanId, Timestamp, tax};
use serde_json::{Map, Value, json};
use store::{
    Run, Tx,
    billable::{self, Debtor, Period, Tariff, Used},
    imports::{self, Imported},
    invoices::{self, Invoice, Item},
    plan_periods::Whose,
};

use super::Invoices;
use crate::{
    Actor, Error, Market, On, Permission, Result,
    audit::Deed,
    invoicing::{Bill, Line},
    work::Kind,
};

/// How many customers are billed in one transaction: so few that nobody waits long for it.
pub(super) const BATCH: usize = 20;
/// How many of these are billed side by side where several may write at once.
const LANES: usize = 2;
/// Told when a month's amounts are beyond what is counted in.
pub(super) const TOO_LARGE: &str = "The amounts of this month are too large for an invoice.";

/// A customer's month before it is written; without lines when they do not fit.
pub(super) struct Draft {
    pub debtor: Debtor,
    pub lines: Option<Vec<Line>>,
    /// What was told in bulk.
    pub told: Vec<Imported>,
}

/// What a month has to bill some customers for.
pub(super) struct Records {
    month: Month,
    debtors: Vec<Debtor>,
    periods: Vec<Period>,
    used: Vec<Used>,
    tariffs: HashMap<PlanId, Tariff>,
    told: Vec<Imported>,
}

/// How much of a month is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// As far as it has come.
    Now,
    /// All of it, as if what is had now were had until its end.
    End,
}

impl Market {
    /// Whether somebody was on a plan, or had an offering, in a time that is perhaps not invoiced yet: what its price is made
    /// of stays until then, for only prices are kept by the day.
    pub(crate) async fn is_to_be_billed(&self, on: impl Run<'_>, whose: Whose) -> Result<bool> {
        let since = Month::of(self.core().now().day()).previous().first().start();
        Ok(store::plan_periods::any_since(on, whose, since).await?)
    }
}

impl Invoices<'_> {
    /// Makes the invoice of a customer and month, once: a second call answers the same. The current month's is pending
    /// and made anew each time.
    pub async fn make(&self, actor: &Actor, customer: CustomerId, month: Month) -> Result<Invoice> {
        if !actor.may_everywhere(Permission::ManageBilling) {
            let known = actor.knows(On::customer(customer));
            return Err(if known || actor.sees_all() {
                Error::Denied
            } else {
                Error::Missing("organization")
            });
        }
        let current = Month::of(self.0.core().now().day());
        if month > current {
            return Err(Error::field("month", "The month has not begun."));
        }
        let mut tx = self.0.core().db().begin().await?;
        let made = self.bill(&mut tx, &[customer], month, Some(actor)).await?;
        tx.commit().await?;
        match made.into_iter().next() {
            Some(Ok(id)) => self.find(actor, id).await,
            Some(Err(_)) => Err(Error::Conflict(TOO_LARGE)),
            None => Err(Error::field("customer", "Invalid hyperlink - Object does not exist.")),
        }
    }

    /// Queues the invoices of the month that has just ended, once.
    pub(crate) async fn queue_last_month(&self) -> Result<()> {
        let month = Month::of(self.0.core().now().day()).previous();
        let mut tx = self.0.core().db().begin().await?;
        let text = month.to_string();
        self.0.queue(&mut tx, Kind::Invoices, &text, Some(&format!("invoices:{text}"))).await?;
        Ok(tx.commit().await?)
    }

    /// Queues the invoices of a month that something was told for after it had ended: customers who were not billed for
    /// anything else have none yet. That is done on the next day, so that more can be told, and corrected, until then.
    pub(crate) async fn queue_late(&self, tx: &mut Tx, month: Month) -> Result<()> {
        let today = self.0.core().now().day();
        if month >= Month::of(today) {
            return Ok(());
        }
        let reference = format!("invoices:{month}:{today}");
        let at = today.plus(1).start();
        self.0.queue_at(tx, Kind::Invoices, &month.to_string(), Some(&reference), at).await
    }

    /// Makes the final invoices of a month for everybody who has something to be billed for and none yet; how many that
    /// were. Each batch is a transaction of its own, so that whoever takes over goes on where it ended.
    pub(crate) async fn make_month(&self, month: Month) -> Result<u64> {
        let (mut made, mut after) = (0_u64, None);
        if month >= Month::of(self.0.core().now().day()) {
            return Err(Error::broken("a month that has not ended is not invoiced"));
        }
        loop {
            if self.0.shared().stopping.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(Error::Conflict("The server is stopping."));
            }
            let (year, number) = (month.year(), month.month());
            let span = (month.first(), month.end());
            let db = self.0.core().db();
            let lanes = if db.has_many_writers() { LANES } else { 1 };
            let most = i64::try_from(BATCH * lanes).unwrap_or(1);
            let batch = billable::waiting(db, (year, number), span, after, most).await?;
            let Some(last) = batch.last() else { return Ok(made) };
            after = Some(*last);
            let mut running = tokio::task::JoinSet::new();
            for part in batch.chunks(BATCH) {
                let (market, part) = (self.0.clone(), part.to_vec());
                running.spawn(async move { market.invoices().bill_all(&part, month).await });
            }
            while let Some(outcome) = running.join_next().await {
                made += outcome.map_err(|error| Error::Internal(Box::new(error)))??;
            }
        }
    }

    /// Bills customers in a transaction of their own; how many invoices that made.
    async fn bill_all(&self, customers: &[CustomerId], month: Month) -> Result<u64> {
        let mut tx = self.0.core().db().begin().await?;
        let outcome = self.bill(&mut tx, customers, month, None).await?;
        tx.commit().await?;
        for failed in outcome.iter().filter_map(|made| made.as_ref().err()) {
            tracing::error!(customer.id = %failed, month = %month, "{TOO_LARGE}");
        }
        Ok(outcome.iter().filter(|made| made.is_ok()).count() as u64)
    }

    /// Runs [`Self::make_month`] to its end; for commands and tests.
    pub async fn make_all(&self, actor: &Actor, month: Month) -> Result<u64> {
        actor.must_everywhere(Permission::ManageBilling)?;
        self.must_have_ended(month)?;
        self.make_month(month).await
    }

    /// Writes the invoices of a month for customers, in their order: the id of each, also of those that were there, or
    /// the customer whose amounts do not fit. When nobody in particular asks, an empty month gets no invoice.
    async fn bill(
        &self,
        tx: &mut Tx,
        customers: &[CustomerId],
        month: Month,
        actor: Option<&Actor>,
    ) -> Result<Vec<Result<InvoiceId, CustomerId>>> {
        let core = self.0.core();
        let now = core.now();
        let drafts = self.drafts(&Self::read(tx, customers, month).await?, Reach::Now);
        let there = invoices::of_month(&mut *tx, customers, (month.year(), month.month())).await?;
        let last = now.day() >= month.end();
        let (mut done, mut bills, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for mut draft in drafts {
            let id = draft.debtor.id;
            let old = there.iter().find(|invoice| invoice.customer == id);
            if let Some(old) = old.filter(|old| old.state != InvoiceState::Pending) {
                done.push(Ok(old.id));
                continue;
            }
            let Some(lines) = draft.lines.take() else {
                done.push(Err(id));
                continue;
            };
            let nothing = lines.is_empty() && draft.told.is_empty();
            if nothing && actor.is_none() && old.is_none() {
                continue;
            }
            let invoice = old.map_or_else(|| core.id(InvoiceId::new), |old| old.id);
            let Some((mut bill, items)) = self.written(&draft, &lines, month, invoice, now) else {
                done.push(Err(id));
                continue;
            };
            if let Some(old) = old {
                invoices::clear_items(tx, old.id).await?;
                bill.created_at = old.created_at;
            }
            done.push(Ok(invoice));
            bills.push(bill);
            all.extend(items);
        }
        invoices::put(tx, &bills).await?;
        invoices::insert_items(tx, &all).await?;
        // Whoever takes a number keeps all others waiting until the commit, so this comes last.
        if last && !bills.is_empty() {
            let mut number = invoices::take_numbers(tx, bills.len()).await?;
            for bill in bills.iter_mut().rev() {
                bill.number = Some(number);
                bill.state = InvoiceState::Created;
                bill.invoice_day = Some(now.day());
                number -= 1;
            }
            invoices::put(tx, &bills).await?;
        }
        for bill in bills.iter().filter(|bill| bill.number.is_some()) {
            let number = bill.number.unwrap_or_default();
            let deed = Deed::new(
                "invoice_created",
                format!("Invoice {number} for {} was made.", month.title()),
                "invoice",
                bill.id,
            )
            .of(bill.customer)
            .with(json!({ "month": month.to_string(), "total": bill.total }));
            self.0.note(tx, actor, deed).await?;
        }
        Ok(done)
    }

    /// Locks customers and reads what a month has to bill them for.
    pub(super) async fn read(
        tx: &mut Tx,
        customers: &[CustomerId],
        month: Month,
    ) -> Result<Records> {
        let debtors = billable::lock(tx, customers).await?;
        let span = (month.first(), month.end());
        let periods = billable::periods(tx, customers, span).await?;
        let used = billable::usages(tx, customers, span).await?;
        let plans: BTreeSet<PlanId> =
            periods.iter().map(|p| p.plan).chain(used.iter().map(|u| u.plan)).collect();
        let plans: Vec<PlanId> = plans.into_iter().collect();
        let tariffs = billable::tariffs(tx, &plans).await?;
        let tariffs = tariffs.into_iter().map(|t| (t.plan, t)).collect();
        let told = imports::of_month(tx, customers, (month.year(), month.month())).await?;
        Ok(Records { month, debtors, periods, used, tariffs, told })
    }

    /// What customers are billed for.
    pub(super) fn drafts(self, records: &Records, reach: Reach) -> Vec<Draft> {
        let Records { month, debtors, periods, used, tariffs, told } = records;
        let now = self.0.core().now();
        let so_far = (reach == Reach::Now && now.day() < month.end()).then_some(now);
        let draft = |debtor: &Debtor| {
            // Both are in the order of their customers.
            let id = debtor.id.to_string();
            let from = periods.partition_point(|p| p.customer.to_string() < id);
            let to = periods.partition_point(|p| p.customer.to_string() <= id);
            let first = used.partition_point(|u| u.customer.to_string() < id);
            let end = used.partition_point(|u| u.customer.to_string() <= id);
            let periods = periods.get(from..to).unwrap_or_default();
            let used = used.get(first..end).unwrap_or_default();
            let until = match (so_far, debtor.blocked_at) {
                (Some(now), Some(blocked)) => Some(now.min(blocked)),
                (now, blocked) => now.or(blocked),
            };
            Draft {
                debtor: debtor.clone(),
                lines: Bill { month: *month, until, tariffs }.lines(periods, used),
                told: told.iter().filter(|one| one.customer == debtor.id).cloned().collect(),
            }
        };
        debtors.iter().map(draft).collect()
    }

    /// An invoice that is not final, with its items; `None` when the sums do not fit.
    pub(super) fn written(
        self,
        Draft { debtor, told, .. }: &Draft,
        lines: &[Line],
        month: Month,
        id: InvoiceId,
        now: Timestamp,
    ) -> Option<(Invoice, Vec<Item>)> {
        let core = self.0.core();
        let settings = self.0.settings();
        let (mut price, mut taxes) = (0_i64, 0_i64);
        let mut items = Vec::with_capacity(lines.len());
        for (position, line) in lines.iter().enumerate() {
            let tax = tax(line.price, debtor.tax_rate)?;
            price = price.checked_add(line.price)?;
            taxes = taxes.checked_add(tax)?;
            items.push(Item {
                id: core.id_at(now, InvoiceItemId::new),
                invoice: id,
                position: i64::try_from(position).ok()?,
                resource: Some(line.resource),
                project: Some(line.project),
                offering: Some(line.offering),
                seller: line.seller,
                name: line.name.clone(),
                billing: line.billing.as_str().to_owned(),
                component: line.component.clone(),
                unit: line.unit.as_str().to_owned(),
                measured_unit: line.measured_unit.clone(),
                article_code: line.article_code.clone(),
                unit_price: line.unit_price,
                quantity: line.quantity,
                price: line.price,
                tax,
                start: line.start,
                end: line.end,
                price_version: line.price_version.clone(),
                details: line.details.clone(),
            });
        }
        for one in told {
            let item = self.item_of(one, id, month);
            let tax = tax(item.price, debtor.tax_rate)?;
            price = price.checked_add(item.price)?;
            taxes = taxes.checked_add(tax)?;
            let position = i64::try_from(items.len()).ok()?;
            items.push(Item { position, tax, ..item });
        }
        // Due so many days after it can be final.
        let from = now.day().max(month.end());
        let invoice = Invoice {
            id,
            number: None,
            customer: debtor.id,
            customer_name: debtor.name.clone(),
            year: month.year(),
            month: month.month(),
            state: InvoiceState::Pending,
            credits: None,
            tax_rate: debtor.tax_rate,
            price,
            tax: taxes,
            total: price.checked_add(taxes)?,
            customer_details: details_of(debtor),
            issuer_details: settings.issuer.details(),
            invoice_day: None,
            due_day: Some(from.plus(settings.invoice_due_days)),
            paid_day: None,
            backend_id: String::new(),
            payment_url: String::new(),
            reference_number: String::new(),
            created_at: now,
            updated_at: now,
        };
        Some((invoice, items))
    }
}

/// What an invoice says of its customer, as it is now.
fn details_of(debtor: &Debtor) -> Value {
    let mut details = Map::new();
    let own = [
        ("name", &debtor.name),
        ("email", &debtor.email),
        ("country", &debtor.country),
        ("registration_code", &debtor.registration_code),
        ("agreement_number", &debtor.agreement_number),
        ("contact_details", &debtor.contact_details),
    ];
    for (name, text) in own {
        if !text.is_empty() {
            details.insert(name.to_owned(), json!(text));
        }
    }
    for name in
        ["address", "postal", "city", "phone_number", "bank_name", "bank_account", "vat_code"]
    {
        if let Some(Value::String(text)) = debtor.details.get(name)
            && !text.is_empty()
        {
            details.insert(name.to_owned(), json!(text));
        }
    }
    Value::Object(details)
}

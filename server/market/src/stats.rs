//! Figures for operators, and for a provider about what is its own.

use model::{CustomerId, Day, InvoiceId, Month, OfferingId, OrderState};
use store::stats::{Cost, Ordered, Revenue, Silent, Used};

use crate::{Actor, Error, Market, On, Permission, Result};

/// How far back figures go, in months.
const MOST_MONTHS: i64 = 240;
/// How many days of orders are told at most.
const MOST_DAYS: i64 = 3_660;
const DAY_MS: i64 = 86_400_000;

/// The service for figures.
#[derive(Debug, Clone, Copy)]
pub struct Stats<'a>(pub(crate) &'a Market);

/// How the marketplace does. Money is in micro-dollars, shares are in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kpis {
    /// The last month that has ended; all but the orders are about it.
    pub month: Month,
    /// What comes again every month: invoiced fixed and limited components, and plans' fees from wallets.
    pub mrr: i64,
    /// All that was invoiced, and what left the wallets at the price of a credit.
    pub revenue: i64,
    /// Customers that paid anything.
    pub customers: u64,
    /// Of those who paid in the month before, how many did not in this one; none when nobody did.
    pub churn: Option<u64>,
    /// Revenue by customer that paid.
    pub arpu: i64,
    /// Orders of the last 30 days.
    pub orders: u64,
    /// Of those that have ended, how many were carried out; none when none has.
    pub completion: Option<u64>,
}

impl Stats<'_> {
    /// What was invoiced by month.
    pub async fn revenue(&self, actor: &Actor, from: Day, to: Day) -> Result<Vec<Revenue>> {
        actor.must_everywhere(Permission::SeeStats)?;
        let (from, to) = months(from, to)?;
        Ok(store::stats::revenue(self.0.core().db(), from, to).await?)
    }

    /// What was used by month and component: of everything, or of one offering, which its provider may ask as well.
    pub async fn usage(
        &self,
        actor: &Actor,
        offering: Option<OfferingId>,
        from: Day,
        to: Day,
    ) -> Result<Vec<Used>> {
        match offering {
            Some(id) if !actor.may_everywhere(Permission::SeeStats) => {
                let seller = store::usages::seller(self.0.core().db(), id).await?;
                let seller = seller.ok_or(Error::Missing("offering"))?;
                actor.must(Permission::ManageOfferings, On::offering(seller, id), "offering")?;
            }
            _ => actor.must_everywhere(Permission::SeeStats)?,
        }
        let ((from_year, from_month), (to_year, to_month)) = months(from, to)?;
        let day = |year, month| Day::from_civil(year, month, 1).unwrap_or(from);
        let span = (day(from_year, from_month), day(to_year, to_month));
        Ok(store::stats::usage(self.0.core().db(), offering, span).await?)
    }

    /// What was used of an offering's components by month, for whoever manages it.
    pub async fn of_offering(
        &self,
        actor: &Actor,
        offering: OfferingId,
        from: Day,
        to: Day,
    ) -> Result<Vec<Used>> {
        self.0.offers().managed(actor, offering).await?;
        let ((from_year, from_month), (to_year, to_month)) = months(from, to)?;
        let day = |year, month| Day::from_civil(year, month, 1).unwrap_or(from);
        let span = (day(from_year, from_month), day(to_year, to_month));
        Ok(store::stats::usage(self.0.core().db(), Some(offering), span).await?)
    }

    /// Orders made between two days, both included, by day, kind and state. A provider or buyer may ask of its own.
    pub async fn orders(
        &self,
        actor: &Actor,
        (from, to): (Day, Day),
        customer: Option<CustomerId>,
        seller: Option<CustomerId>,
    ) -> Result<Vec<Ordered>> {
        if !actor.may_everywhere(Permission::SeeStats) {
            let own = customer.or(seller).ok_or(Error::Denied)?;
            actor.must(Permission::SeeBilling, On::customer(own), "organization")?;
        }
        if to < from || to.number() - from.number() > MOST_DAYS {
            return Err(Error::field("end", "The end is up to ten years after the start."));
        }
        months(from, to)?;
        let span = (from.start(), to.plus(1).start());
        Ok(store::stats::orders(self.0.core().db(), span, customer, seller).await?)
    }

    /// What was invoiced by offering.
    pub async fn costs(&self, actor: &Actor, from: Day, to: Day) -> Result<Vec<Cost>> {
        actor.must_everywhere(Permission::SeeStats)?;
        let (from, to) = months(from, to)?;
        Ok(store::stats::costs(self.0.core().db(), from, to).await?)
    }

    /// What an invoice has of each offering.
    pub async fn costs_of(&self, actor: &Actor, invoice: InvoiceId) -> Result<Vec<Cost>> {
        self.0.invoices().find(actor, invoice).await?;
        Ok(store::stats::costs_of_invoice(self.0.core().db(), invoice).await?)
    }

    /// Resources of which nothing was told this month that is billed by use.
    pub async fn silent(&self, actor: &Actor) -> Result<Vec<Silent>> {
        actor.must_everywhere(Permission::SeeStats)?;
        let month = Month::of(self.0.core().now().day());
        Ok(store::stats::silent(self.0.core().db(), month.first()).await?)
    }

    /// How the marketplace does.
    pub async fn kpis(&self, actor: &Actor) -> Result<Kpis> {
        actor.must_everywhere(Permission::SeeStats)?;
        let (db, now) = (self.0.core().db(), self.0.core().now());
        let month = Month::of(now.day()).previous();
        let before = month.previous();
        let span = |month: Month| (month.first().start(), month.end().start());
        let numbers = |month: Month| (month.year(), month.month());
        let recurring = store::stats::recurring(db, numbers(month)).await?;
        let (fees, spent) = store::stats::spent(db, span(month)).await?;
        let invoiced = store::stats::revenue(db, numbers(month), numbers(month)).await?;
        let invoiced: i64 = invoiced.iter().map(|row| row.price).sum();
        let now_paying = (numbers(month), span(month));
        let paid_before = (numbers(before), span(before));
        let (customers, earlier, gone) = store::stats::payers(db, now_paying, paid_before).await?;
        let revenue = invoiced.saturating_add(self.in_dollars(spent));
        let month_ago = now.plus_ms(-30 * DAY_MS);
        let orders = store::stats::orders(db, (month_ago, now.plus_ms(1)), None, None).await?;
        let count = |fits: fn(OrderState) -> bool| {
            orders.iter().filter(|row| fits(row.state)).map(|row| row.count).sum::<u64>()
        };
        let done = count(|state| state == OrderState::Done);
        let ended = count(|state| state.is_final() || state == OrderState::Erred);
        let share = |part: u64, whole: u64| (part * 10_000).checked_div(whole);
        Ok(Kpis {
            month,
            mrr: recurring.saturating_add(self.in_dollars(fees)),
            revenue,
            customers,
            churn: share(gone, earlier),
            arpu: i64::try_from(customers).ok().and_then(|n| revenue.checked_div(n)).unwrap_or(0),
            orders: count(|_| true),
            completion: share(done, ended),
        })
    }

    /// What left the wallets by month, fees and calls, in micro-dollars at the price of a credit as it is now.
    pub async fn spent(&self, actor: &Actor, from: Day, to: Day) -> Result<Vec<(Month, i64)>> {
        actor.must_everywhere(Permission::SeeStats)?;
        months(from, to)?;
        let (mut month, last) = (Month::of(from), Month::of(to));
        let mut found = Vec::new();
        while month <= last {
            let span = (month.first().start(), month.end().start());
            let (_, spent) = store::stats::spent(self.0.core().db(), span).await?;
            found.push((month, self.in_dollars(spent)));
            month = month.next();
        }
        Ok(found)
    }

    /// Micro-dollars of micro-credits, at the price of a credit as it is now.
    pub(crate) fn in_dollars(self, credits: i64) -> i64 {
        let price = i128::from(self.0.settings().credit_price.micros());
        i64::try_from(i128::from(credits) * price / 1_000_000).unwrap_or(i64::MAX)
    }
}

/// The months of two days, which must be ones that the house can bill, the first not after the second.
fn months(from: Day, to: Day) -> Result<((i64, i64), (i64, i64))> {
    let known = |name: &str, day: Day| {
        let (year, month, _) = day.civil();
        Month::new(year, month).ok_or_else(|| Error::field(name, "The date is out of range."))
    };
    let (first, last) = (known("start", from)?, known("end", to)?);
    let number = |month: Month| month.year() * 12 + month.month();
    if from > to || number(last) - number(first) > MOST_MONTHS {
        return Err(Error::field("end", "The end is up to twenty years after the start."));
    }
    Ok(((first.year(), first.month()), (last.year(), last.month())))
}

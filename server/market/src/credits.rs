//! Credits as Waldur's clients know them: a view on the wallets, in the price of credits.

use model::{Credits, CustomerId, Day, EntryId, EntryKind, Month, Usd};
use serde_json::json;
use store::credits::{CHANGES, Change, Holding, WALLETS, read_change, read_wallet};

use crate::{
    Actor, Asked, Clause, Command, Error, Market, On, Outcome, Permission, Result, audit::Deed,
    wallets::check_reference,
};

/// The most that is granted at once, in micro-dollars: a million dollars.
const MOST: i64 = 1_000_000_000_000;

/// The service for credits.
#[derive(Debug, Clone, Copy)]
pub struct CreditsView<'a>(pub(crate) &'a Market);

/// What a customer has, in dollars at the price of a credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCredit {
    pub customer: CustomerId,
    pub name: String,
    pub slug: String,
    pub value: Usd,
    pub consumption_last_month: Usd,
}

impl CreditsView<'_> {
    fn seen(actor: &Actor, column: &'static str) -> Option<Clause> {
        let own = actor.customers_with(Permission::SeeBilling);
        let own = own.iter().map(ToString::to_string);
        (!actor.may_everywhere(Permission::SeeBilling)).then(|| Clause::of(column, own))
    }

    /// Dollars of credits, rounded down.
    pub fn in_dollars(&self, credits: Credits) -> Usd {
        let price = i128::from(self.0.settings().credit_price.micros());
        let micros = i128::from(credits.micros()) * price / 1_000_000;
        Usd::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    async fn with_consumption(&self, holding: Holding) -> Result<CustomerCredit> {
        let core = self.0.core();
        let month = Month::of(core.now().day()).previous();
        let span = (month.first().start(), month.end().start());
        let spent = store::credits::spent(core.db(), holding.customer, span).await?;
        Ok(CustomerCredit {
            customer: holding.customer,
            name: holding.name,
            slug: holding.slug,
            value: self.in_dollars(holding.balance),
            consumption_last_month: self.in_dollars(Credits::from_micros(spent)),
        })
    }

    /// A page of the credits that the actor may see.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<CustomerCredit>, u64)> {
        let asked = asked.and_some(Self::seen(actor, "c.id IN (?)"));
        let (found, total) = WALLETS.page(self.0.core().db(), &asked, range, read_wallet).await?;
        let mut credits = Vec::with_capacity(found.len());
        for holding in found {
            credits.push(self.with_consumption(holding).await?);
        }
        Ok((credits, total))
    }

    /// One customer's credits.
    pub async fn find(&self, actor: &Actor, customer: CustomerId) -> Result<CustomerCredit> {
        actor.must(Permission::SeeBilling, On::customer(customer), "credit")?;
        let asked = Asked::default().and(Clause::of("c.id IN (?)", [customer.to_string()]));
        let found = WALLETS.one(self.0.core().db(), &asked, read_wallet).await?;
        self.with_consumption(found.ok_or(Error::Missing("credit"))?).await
    }

    /// What a customer has spent in each of the last twelve months, the oldest first.
    pub async fn consumptions(
        &self,
        actor: &Actor,
        customer: CustomerId,
    ) -> Result<Vec<(Day, Usd)>> {
        self.find(actor, customer).await?;
        let mut month = Month::of(self.0.core().now().day());
        let mut months = Vec::new();
        for _ in 0..12 {
            months.push(month);
            month = month.previous();
        }
        months.reverse();
        let since = months.first().map_or(month, |first| *first).first().start();
        let days = store::credits::spent_by_day(self.0.core().db(), customer, since).await?;
        let of = |month: Month| {
            let days = days.iter().filter(|(day, _)| Month::of(Day::from_number(*day)) == month);
            days.map(|(_, spent)| spent).sum::<i64>()
        };
        Ok(months
            .into_iter()
            .map(|month| (month.first(), self.in_dollars(Credits::from_micros(of(month)))))
            .filter(|(_, spent)| *spent != Usd::ZERO)
            .collect())
    }

    /// A page of the changes of balances that the actor may see.
    pub async fn changes(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Change>, u64)> {
        let asked = asked.and_some(Self::seen(actor, "e.customer_id IN (?)"));
        Ok(CHANGES.page(self.0.core().db(), &asked, range, read_change).await?)
    }

    /// One change of a balance.
    pub async fn change(&self, actor: &Actor, id: EntryId) -> Result<Change> {
        let asked = Asked::default().and(Clause::of("e.id IN (?)", [id.to_string()]));
        let found = CHANGES.one(self.0.core().db(), &asked, read_change).await?;
        let found = found.ok_or(Error::Missing("transaction"))?;
        actor.must(Permission::SeeBilling, On::customer(found.customer), "transaction")?;
        Ok(found)
    }

    /// Grants a customer credits worth so much, once per reference.
    pub async fn grant(
        &self,
        actor: &Actor,
        customer: CustomerId,
        value: Usd,
        reference: &str,
    ) -> Result<CustomerCredit> {
        if !actor.may_everywhere(Permission::ManageBilling) {
            return Err(Error::Denied);
        }
        check_reference(reference)?;
        let price = i128::from(self.0.settings().credit_price.micros().max(1));
        let micros = (i128::from(value.micros()) * 1_000_000 + price / 2) / price;
        let credits = i64::try_from(micros).unwrap_or(i64::MAX);
        if !(1..=MOST).contains(&value.micros()) || credits == 0 {
            return Err(Error::field("value", "Between 0 and 1000000 can be granted."));
        }
        let core = self.0.core();
        let found = store::customers::find(core.db(), customer).await?;
        let missing = || Error::field("customer", "Invalid hyperlink - Object does not exist.");
        found.ok_or_else(missing)?;
        let command = Command::Credit {
            entry: core.id(EntryId::new),
            customer,
            amount: Credits::from_micros(credits),
            kind: EntryKind::Grant,
            reference: format!("grant:{customer}:{reference}"),
        };
        match self.0.ledger().carry_out(command).await? {
            Outcome::Credited { replayed: false, .. } => {
                let mut tx = core.db().begin().await?;
                let deed = Deed::new(
                    "credit_granted",
                    "Credits were granted.",
                    "customer",
                    customer,
                )
                .of(customer)
                .with(
                    json!({ "value": value.micros(), "credits": credits, "reference": reference }),
                );
                self.0.note(&mut tx, Some(actor), deed).await?;
                tx.commit().await?;
            }
            Outcome::Credited { .. } => {}
            _ => return Err(Error::broken("outcome of a credit")),
        }
        self.find(actor, customer).await
    }
}

//! A customer is blocked, and let go on.

use model::{CustomerId, PlanPeriodId, Timestamp};
use store::{
    Tx,
    customers::Customer,
    plan_periods::{Opening, PlanPeriod},
};

use super::{Customers, deed};
use crate::{Actor, On, Permission, Result};

impl Customers<'_> {
    /// Blocks a customer, or lets it go on: its keys stop at once, nothing is ordered, no fee falls due. Operators only.
    pub async fn block(&self, actor: &Actor, id: CustomerId, blocked: bool) -> Result<()> {
        actor.must_be_person()?;
        actor.must(Permission::RunCustomers, On::customer(id), "organization")?;
        let core = self.0.core();
        let now = core.now();
        let mut tx = core.db().begin().await?;
        let before = self.locked(&mut tx, id).await?;
        if before.blocked_at.is_some() == blocked {
            return Ok(());
        }
        let blocked_at = blocked.then_some(now);
        let customer = Customer { blocked_at, updated_at: now, ..before.clone() };
        store::customers::update(&mut tx, &customer).await?;
        self.switch(&mut tx, actor, &before, &customer).await?;
        tx.commit().await?;
        self.0.shared().access.forget();
        Ok(())
    }

    /// What goes with being blocked or let go, in the transaction that does it.
    pub(super) async fn switch(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        before: &Customer,
        customer: &Customer,
    ) -> Result<()> {
        store::versions::bump(tx, "access").await?;
        let deed = if customer.blocked_at.is_some() {
            deed("customer_blocked", customer, "blocked")
        } else {
            let now = self.0.core().now();
            store::customers::forgive_fees(tx, customer.id, now).await?;
            if let Some(since) = before.blocked_at {
                self.skip(tx, customer.id, since, now).await?;
            }
            deed("customer_unblocked", customer, "unblocked")
        };
        self.0.note(tx, Some(actor), deed).await
    }

    /// Leaves the time between out of what is billed: every plan's time ends with the first and goes on, without another
    /// price of beginning, with the second.
    async fn skip(
        &self,
        tx: &mut Tx,
        customer: CustomerId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        for lasting in store::plan_periods::cut(tx, customer, since).await? {
            let period = PlanPeriod {
                id: self.0.core().id(PlanPeriodId::new),
                opening: Opening::Nothing,
                start_at: now,
                end_at: None,
                ..lasting
            };
            store::plan_periods::insert(tx, &period).await?;
        }
        Ok(())
    }
}

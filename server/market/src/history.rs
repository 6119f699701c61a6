//! What was done, for who may read of it.

use model::EventId;
use store::events::{Event, LONG, SHELF, read};

use crate::{Actor, Asked, Clause, Error, Market, Permission, Result};

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct History<'a>(pub(crate) &'a Market);

impl History<'_> {
    /// Events, newest first: operators see all, owners and managers their customers', everybody their own.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Event>, u64)> {
        actor.must_be_person()?;
        self.0.core().page(LONG, &asked.and_some(seen(actor)), range, read).await
    }

    /// One event.
    pub async fn find(&self, actor: &Actor, id: EventId) -> Result<Event> {
        actor.must_be_person()?;
        let asked =
            Asked::default().and(Clause::of("e.id = ?", [id.to_string()])).and_some(seen(actor));
        let found = SHELF.one(self.0.core().db(), &asked, read).await?;
        found.ok_or(Error::Missing("event"))
    }
}

fn seen(actor: &Actor) -> Option<Clause> {
    (!actor.may_everywhere(Permission::SeeEvents)).then(|| {
        let customers = actor.customers_with(Permission::SeeEvents);
        Clause::any([
            ("e.customer_id IN (?)", customers.iter().map(|id| id.to_string().into()).collect()),
            (
                "e.user_id IN (?)",
                actor.user().map(|id| id.to_string().into()).into_iter().collect(),
            ),
        ])
    })
}

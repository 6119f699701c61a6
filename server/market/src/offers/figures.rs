//! What has come of an offering: who has it, what it earned, what was done to it.

use model::{OfferingId, ResourceState};

use super::Offers;
use crate::{Actor, Asked, Clause, Result};

impl Offers<'_> {
    /// How many resources of an offering are in each state.
    pub async fn count_resources(
        &self,
        actor: &Actor,
        id: OfferingId,
    ) -> Result<Vec<(ResourceState, u64)>> {
        self.managed(actor, id).await?;
        Ok(store::holdings::count_by_state(self.0.core().db(), id).await?)
    }

    /// Who has something of an offering: ids and names.
    pub async fn customers(&self, actor: &Actor, id: OfferingId) -> Result<Vec<(String, String)>> {
        let row = self.managed(actor, id).await?;
        let db = self.0.core().db();
        Ok(store::shelves::buyers(db, row.customer, Some(id), 1_000).await?)
    }

    /// What was invoiced for an offering: year, month, price and tax in micro-dollars; the newest first.
    pub async fn costs(&self, actor: &Actor, id: OfferingId) -> Result<Vec<(i64, i64, i64, i64)>> {
        let row = self.managed(actor, id).await?;
        let db = self.0.core().db();
        Ok(store::shelves::revenue(db, row.customer, Some(id), 120).await?)
    }

    /// What was done to an offering, the newest first.
    pub async fn history(
        &self,
        actor: &Actor,
        id: OfferingId,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<store::events::Event>, u64)> {
        self.managed(actor, id).await?;
        let asked = asked.and(Clause::of("e.object_id IN (?)", [id.to_string()]));
        let db = self.0.core().db();
        Ok(store::events::SHELF.page(db, &asked, range, store::events::read).await?)
    }
}

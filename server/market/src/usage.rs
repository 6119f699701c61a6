//! What was used and what it cost, as its owner may see it.

use model::{Credits, EntryId, Receipt, ReceiptId, ResourceId, UsageDay, UsageView};

use crate::{Actor, Error, Market, Result};

/// Calls on a page of the request list.
const PAGE: i64 = 50;

/// The service for usage.
#[derive(Debug, Clone, Copy)]
pub struct Usage<'a>(pub(crate) &'a Market);

impl Usage<'_> {
    /// A resource's usage over the last days, and a page of its calls.
    pub async fn view(
        &self,
        actor: &Actor,
        resource: ResourceId,
        days: u32,
        page: u64,
    ) -> Result<UsageView> {
        let core = self.0.core();
        let instance = self.0.resources().find(actor, resource).await?;
        let today = core.now().day();
        let first = today.plus(1 - i64::from(days.clamp(1, 90)));
        let used = store::requests::days(core.db(), resource, first).await?;
        let page = page.clamp(1, 100_000);
        let offset = i64::try_from(page - 1).unwrap_or(0) * PAGE;
        Ok(UsageView {
            instance,
            days: every_day(first, today, &used),
            requests: store::requests::page(core.db(), resource, PAGE, offset).await?,
            total_requests: store::requests::total(core.db(), resource).await?,
            page,
        })
    }

    /// What one call cost and how it was booked.
    pub async fn receipt(&self, actor: &Actor, id: ReceiptId) -> Result<Receipt> {
        let db = self.0.core().db();
        let found = store::requests::find(db, id).await?.ok_or(Error::Missing("receipt"))?;
        actor.must_see(found.customer, found.resource, "receipt")?;
        Ok(Receipt {
            id,
            at: found.view.at,
            resource_id: found.resource,
            model: found.model,
            status: found.view.status,
            outcome: found.view.outcome,
            prompt_tokens: found.view.prompt_tokens,
            completion_tokens: found.view.completion_tokens,
            estimated: found.view.estimated,
            credits: found.view.credits,
            price_version: found.price_version,
            lines: store::ledger::lines(db, EntryId::from(id)).await?,
        })
    }
}

/// One row a day, whether something was used on it or not.
fn every_day(first: model::Day, last: model::Day, used: &[UsageDay]) -> Vec<UsageDay> {
    (first.number()..=last.number())
        .map(|number| {
            let day = model::Day::from_number(number);
            used.iter().find(|row| row.day == day).copied().unwrap_or(UsageDay {
                day,
                requests: 0,
                errors: 0,
                prompt_tokens: 0,
                completion_tokens: 0,
                credits: Credits::ZERO,
            })
        })
        .collect()
}

//! What is counted of an offering: its components.

use model::OfferingId;
use store::{Tx, components::Component, offerings::OfferingRow, plan_periods::Whose};

use super::Offers;
use crate::{
    Actor, Error, Result,
    audit::Deed,
    components::{ComponentDraft, add},
    tenancy::lock_for,
};

impl Offers<'_> {
    /// Adds a component.
    pub async fn add_component(
        &self,
        actor: &Actor,
        id: OfferingId,
        draft: &ComponentDraft,
    ) -> Result<Component> {
        let row = self.managed(actor, id).await?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        lock_for(&mut tx, actor, row.customer).await?;
        store::catalog::mark_changed(&mut tx, id).await?;
        add(core, &mut tx, id, std::slice::from_ref(draft)).await?;
        let all = store::components::of_offering(&mut tx, id).await?;
        let made = all.into_iter().find(|component| component.kind == draft.kind);
        let made = made.ok_or_else(|| Error::broken("a component that was just made"))?;
        self.note_part(&mut tx, actor, &row, ("created", &made.kind)).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Changes a component, found by its id or its kind; its kind stays.
    pub async fn update_component(
        &self,
        actor: &Actor,
        id: OfferingId,
        which: &str,
        change: impl FnOnce(&mut ComponentDraft),
    ) -> Result<Component> {
        let row = self.managed(actor, id).await?;
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, row.customer).await?;
        let found = store::components::of_offering(&mut tx, id).await?;
        let had = named(found, which)?;
        let (billing, limit_period) = (had.billing, had.limit_period);
        let mut draft = ComponentDraft {
            kind: had.kind,
            name: had.name,
            description: had.description,
            measured_unit: had.measured_unit,
            article_code: had.article_code,
            billing: Some(had.billing),
            limit_period: had.limit_period,
            limit_amount: had.limit_amount,
            least: had.least,
            most: had.most,
            usual: had.usual,
            is_boolean: had.is_boolean,
        };
        let kind = draft.kind.clone();
        change(&mut draft);
        draft.kind = kind;
        let component = draft.read(had.id, id, had.position)?;
        let same = component.billing == billing && component.limit_period == limit_period;
        if !same && self.0.is_to_be_billed(&mut tx, Whose::Offering(id)).await? {
            let why = "Resources are billed by it; make another component.";
            return Err(Error::field("billing_type", why));
        }
        store::components::update(&mut tx, &component).await?;
        self.note_part(&mut tx, actor, &row, ("updated", &component.kind)).await?;
        tx.commit().await?;
        Ok(component)
    }

    /// Takes a component away that no plan prices and nobody used.
    pub async fn remove_component(&self, actor: &Actor, id: OfferingId, which: &str) -> Result<()> {
        let row = self.managed(actor, id).await?;
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, row.customer).await?;
        let found = named(store::components::of_offering(&mut tx, id).await?, which)?;
        if !store::components::remove_unused(&mut tx, found.id).await? {
            return Err(Error::Conflict("Component is priced or was used and cannot be removed."));
        }
        self.note_part(&mut tx, actor, &row, ("deleted", &found.kind)).await?;
        Ok(tx.commit().await?)
    }

    async fn note_part(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        row: &OfferingRow,
        (done, kind): (&str, &str),
    ) -> Result<()> {
        let told = format!("Component {kind} of {} has been {done}.", row.name);
        let what = "marketplace_offering_component_changed";
        let deed = Deed::new(what, told, "offering", row.id).of(row.customer);
        self.0.note(tx, Some(actor), deed).await
    }
}

fn named(all: Vec<Component>, which: &str) -> Result<Component> {
    let id = which.parse().ok();
    let found = all.into_iter().find(|one| Some(one.id) == id || one.kind == which);
    found.ok_or(Error::Missing("component"))
}

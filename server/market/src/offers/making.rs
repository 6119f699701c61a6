//! Offerings are made, described and taken away.

use model::{
    Availability, Backend, CategoryId, CustomerId, Features, Geographic, ModelFamily, OfferingId,
    OfferingState, Promises, ProviderId, Spec,
};
use serde_json::{Map, Value};
use store::{
    Tx,
    catalog::Offering,
    offerings::{OfferingRow, SHELF, read},
};

use super::{Offer, Offers, Side};
use crate::{
    Actor, Asked, Clause, Error, On, Permission, Result,
    audit::Deed,
    components::{ComponentDraft, add},
    plain::{depth, plain},
    plans::PlanDraft,
    shelves::address_of,
    tenancy::lock_for,
};

/// The most that an offering's details may hold, in bytes of JSON.
const MOST_DETAILS: usize = 64 * 1024;

/// An offering as it is made.
#[derive(Debug, Clone, Default)]
pub struct OfferDraft {
    pub name: String,
    pub category: Option<CategoryId>,
    /// None: the operator's own provider sells it.
    pub customer: Option<CustomerId>,
    pub kind: String,
    /// On sale at once.
    pub active: bool,
    pub slug: Option<String>,
    pub description: String,
    pub shared: Option<bool>,
    pub backend_id: String,
    pub details: Map<String, Value>,
    pub components: Vec<ComponentDraft>,
    pub plans: Vec<PlanDraft>,
}

/// What is changed of an offering; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct OfferChange {
    pub name: Option<String>,
    /// Only what it is already: people have links with it.
    pub slug: Option<String>,
    pub category: Option<CategoryId>,
    pub description: Option<String>,
    pub shared: Option<bool>,
    pub backend_id: Option<String>,
    /// Put over what is there, member by member.
    pub details: Map<String, Value>,
}

impl Offers<'_> {
    /// Who sells what is made: the customer named, or the operator.
    async fn seller(
        &self,
        actor: &Actor,
        customer: Option<CustomerId>,
    ) -> Result<(ProviderId, CustomerId)> {
        let Some(customer) = customer else {
            if actor.may_everywhere(Permission::ManageOfferings) {
                return self.0.vendors().operator().await;
            }
            return Err(Error::field("customer", "This field is required."));
        };
        let on = On::customer(customer);
        if !actor.knows(on) && !actor.may_everywhere(Permission::ManageOfferings) {
            return Err(Error::field("customer", crate::WRONG_LINK));
        }
        actor.must(Permission::ManageOfferings, on, "organization")?;
        let db = self.0.core().db();
        match store::shelves::provider_of(db, customer).await? {
            Some(provider) => Ok((provider, customer)),
            None if actor.may(Permission::RegisterProvider, on) && actor.is_operator() => {
                let made = self.0.vendors().register(actor, customer, "").await?;
                Ok((made.id, customer))
            }
            None => {
                Err(Error::field("customer", "The organization is not a service provider yet."))
            }
        }
    }

    async fn must_be_category(&self, id: Option<CategoryId>) -> Result<CategoryId> {
        let missing = || Error::field("category", crate::WRONG_LINK);
        let id = id.ok_or_else(missing)?;
        self.0.shelves().find(id).await.map_err(|_| missing())?;
        Ok(id)
    }

    /// Makes an offering, which the provider fulfils by hand and the monthly invoice bills.
    pub async fn create(&self, actor: &Actor, draft: OfferDraft) -> Result<Offer> {
        actor.must_be_person()?;
        let core = self.0.core();
        let category = self.must_be_category(draft.category).await?;
        let (provider, customer) = self.seller(actor, draft.customer).await?;
        if draft.active && draft.plans.is_empty() && !actor.is_operator() {
            return Err(Error::field("state", "An offering without a plan cannot be active."));
        }
        let name = plain("name", &draft.name, 1, 150)?;
        let kind = plain("type", &draft.kind, 1, 100)?;
        check_details(&draft.details)?;
        let now = core.now();
        let spec = spec(plain("description", &draft.description, 0, 20_000)?);
        let mut offering = Offering {
            id: core.id(OfferingId::new),
            provider,
            category,
            slug: String::new(),
            name,
            family: ModelFamily::Other,
            state: match (draft.active, self.wants_review(actor)) {
                (true, false) => OfferingState::Active,
                (true, true) => OfferingState::InReview,
                (false, _) => OfferingState::Draft,
            },
            backend: Backend::Manual,
            spec,
            created_at: now,
            updated_at: now,
        };
        let base = address_of(draft.slug.as_deref().unwrap_or(&offering.name), "offering");
        let mut tx = core.db().begin().await?;
        lock_for(&mut tx, actor, customer).await?;
        let changed = store::catalog::begin_change(&mut tx).await?;
        offering.slug.clone_from(&base);
        for n in 2..10_000 {
            if !store::offerings::has_slug(&mut tx, &offering.slug).await? {
                break;
            }
            offering.slug = format!("{base}-{n}");
        }
        store::catalog::insert_offering(&mut tx, &offering, changed).await?;
        let asked = Asked::default().and(Clause::of("o.id IN (?)", [offering.id.to_string()]));
        let row = SHELF.one(&mut tx, &asked, read).await?;
        let mut row = row.ok_or_else(|| Error::broken("an offering that was just made"))?;
        row.kind = kind;
        row.shared = draft.shared.unwrap_or(true);
        row.backend_id = plain("backend_id", &draft.backend_id, 0, 255)?;
        row.details = draft.details;
        store::offerings::update(&mut tx, &row, changed).await?;
        add(core, &mut tx, offering.id, &draft.components).await?;
        for plan in &draft.plans {
            self.0.plans().add(&mut tx, offering.id, plan).await?;
        }
        let deed = Deed::new(
            "marketplace_offering_created",
            format!("Offering {} has been created.", row.name),
            "offering",
            row.id,
        );
        self.0.note(&mut tx, Some(actor), deed.of(customer)).await?;
        tx.commit().await?;
        self.0.catch_up().await?;
        self.find(Some(actor), Side::Either, offering.id).await
    }

    /// Changes what is said of an offering.
    pub async fn update(
        &self,
        actor: &Actor,
        id: OfferingId,
        change: OfferChange,
    ) -> Result<Offer> {
        let customer = self.managed(actor, id).await?.customer;
        let category = match change.category {
            Some(_) => Some(self.must_be_category(change.category).await?),
            None => None,
        };
        let (mut tx, changed, mut row) = self.begin(actor, customer, id).await?;
        if change.slug.is_some_and(|slug| !slug.is_empty() && slug != row.slug) {
            return Err(Error::field("slug", "The slug stays: people have links with it."));
        }
        if let Some(name) = &change.name {
            row.name = plain("name", name, 1, 150)?;
        }
        if let Some(text) = &change.description {
            row.spec.description = plain("description", text, 0, 20_000)?;
            if row.is_invoiced() {
                row.spec.tagline = tagline(&row.spec.description);
            }
        }
        row.category = category.unwrap_or(row.category);
        if let Some(text) = &change.backend_id {
            row.backend_id = plain("backend_id", text, 0, 255)?;
        }
        row.shared = change.shared.unwrap_or(row.shared);
        row.details.extend(change.details);
        check_details(&row.details)?;
        let what = ("marketplace_offering_updated", "updated");
        self.write(actor, (&mut tx, changed), &mut row, what).await?;
        self.finish(actor, tx, id).await
    }

    /// Begins to change an offering: its row as it stands, which nobody else changes meanwhile. The whole row is written,
    /// so that one that was read before could undo what an operator has just decided.
    pub(super) async fn begin(
        &self,
        actor: &Actor,
        customer: CustomerId,
        id: OfferingId,
    ) -> Result<(Tx, i64, OfferingRow)> {
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, customer).await?;
        let changed = store::catalog::begin_change(&mut tx).await?;
        let asked = Asked::default().and(Clause::of("o.id IN (?)", [id.to_string()]));
        let row = SHELF.one(&mut tx, &asked, read).await?.ok_or(Error::Missing("offering"))?;
        Ok((tx, changed, row))
    }

    pub(super) async fn write(
        &self,
        actor: &Actor,
        (tx, changed): (&mut Tx, i64),
        row: &mut OfferingRow,
        (kind, done): (&'static str, &str),
    ) -> Result<()> {
        row.updated_at = self.0.core().now();
        if store::offerings::update(&mut *tx, row, changed).await? == 0 {
            return Err(Error::Missing("offering"));
        }
        let message = format!("Offering {} has been {done}.", row.name);
        let deed = Deed::new(kind, message, "offering", row.id).of(row.customer);
        self.0.note(tx, Some(actor), deed).await
    }

    pub(super) async fn finish(&self, actor: &Actor, tx: Tx, id: OfferingId) -> Result<Offer> {
        tx.commit().await?;
        self.0.catch_up().await?;
        self.find(Some(actor), Side::Either, id).await
    }

    /// Takes away an offering that nothing was ever ordered of.
    pub async fn remove(&self, actor: &Actor, id: OfferingId) -> Result<()> {
        let row = self.managed(actor, id).await?;
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, row.customer).await?;
        store::versions::bump(&mut tx, "shelves").await?;
        store::catalog::begin_change(&mut tx).await?;
        if store::offerings::is_used(&mut tx, id).await? {
            return Err(Error::Conflict("Cannot delete offering with orders. Archive it instead."));
        }
        store::offerings::remove(&mut tx, id).await?;
        let deed = Deed::new(
            "marketplace_offering_deleted",
            format!("Offering {} has been deleted.", row.name),
            "offering",
            id,
        );
        self.0.note(&mut tx, Some(actor), deed.of(row.customer)).await?;
        tx.commit().await?;
        self.0.reload().await
    }
}

/// The first line, for cards.
fn tagline(description: &str) -> String {
    description.lines().next().unwrap_or_default().chars().take(140).collect()
}

fn spec(description: String) -> Spec {
    Spec {
        tagline: tagline(&description),
        description,
        base_model: None,
        context_window: 0,
        max_output_tokens: 0,
        features: Features::default(),
        api_compatibility: Vec::new(),
        geographic: Geographic::default(),
        compliance: Vec::new(),
        availability: Availability::default(),
        capabilities: Vec::new(),
        pricing_tiers: Vec::new(),
        trial: None,
        promises: Promises::default(),
        documentation_url: None,
        maintenance: false,
        deprecated: false,
    }
}

fn check_details(details: &Map<String, Value>) -> Result<()> {
    for (name, value) in details {
        if depth(value) > 16 {
            return Err(Error::field(name, "This is nested too deep."));
        }
    }
    let size = serde_json::to_string(details).map_or(usize::MAX, |text| text.len());
    if size > MOST_DETAILS {
        return Err(Error::field("non_field_errors", "The offering says more than 64 kB."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_bounded() {
        let mut deep = Value::Null;
        for _ in 0..20 {
            deep = Value::Array(vec![deep]);
        }
        assert!(check_details(&Map::from_iter([("options".to_owned(), deep)])).is_err());
        let wide = Value::String("x".repeat(70_000));
        assert!(check_details(&Map::from_iter([("terms".to_owned(), wide)])).is_err());
    }
}

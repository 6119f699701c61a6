//! Offerings as those who sell and who run the catalogue see them: made, described, moved from state to state.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Availability, Backend, CategoryId, CustomerId, Features, Geographic, ModelFamily, OfferingId,
    OfferingState, PlanId, Promises, ProviderId, ScreenshotId, Spec,
};
use serde_json::{Map, Value};
use store::{
    catalog::Offering,
    components::Component,
    offerings::{OfferingRow, SHELF, read},
    screenshots::Screenshot,
};

use crate::{
    Actor, Asked, Clause, Error, FilterValue, Market, On, Permission, Result,
    audit::Deed,
    components::{ComponentDraft, add},
    plain::plain,
    plans::{PlanDetail, PlanDraft},
    shelves::address_of,
};

/// The most that an offering's details may hold, in bytes of JSON.
const MOST_DETAILS: usize = 64 * 1024;

/// The service for offerings.
#[derive(Debug, Clone, Copy)]
pub struct Offers<'a>(pub(crate) &'a Market);

/// An offering with what belongs to it.
#[derive(Debug, Clone)]
pub struct Offer {
    pub row: OfferingRow,
    pub components: Vec<Component>,
    pub plans: Vec<PlanDetail>,
    pub screenshots: Vec<Screenshot>,
}

/// Which offerings are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those that the actor runs.
    Provider,
    /// Those that anybody may order, and paused ones that the actor has.
    Public,
    /// Both.
    Either,
}

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
    pub category: Option<CategoryId>,
    pub description: Option<String>,
    pub shared: Option<bool>,
    pub backend_id: Option<String>,
    /// Put over what is there, member by member.
    pub details: Map<String, Value>,
}

/// A move from state to state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferMove {
    Activate,
    Pause,
    Unpause,
    Archive,
    Draft,
    MakeAvailable,
    MakeUnavailable,
}

impl OfferMove {
    pub const ALL: [Self; 7] = [
        Self::Activate,
        Self::Pause,
        Self::Unpause,
        Self::Archive,
        Self::Draft,
        Self::MakeAvailable,
        Self::MakeUnavailable,
    ];

    /// The state that it leads to, or the sentence that names the states it can be made from.
    pub fn from(self, state: OfferingState) -> Result<OfferingState, &'static str> {
        use OfferingState as S;
        match (self, state) {
            (
                Self::Activate,
                S::Draft | S::InReview | S::ChangesRequested | S::Rejected | S::Paused,
            )
            | (Self::Unpause, S::Paused)
            | (Self::MakeAvailable, S::Unavailable) => Ok(S::Active),
            (Self::Pause, S::Active) => Ok(S::Paused),
            (Self::MakeUnavailable, S::Active | S::Paused) => Ok(S::Unavailable),
            (Self::Archive, S::Archived) => {
                Err("Valid states for operation: Draft, Active, Paused, Unavailable.")
            }
            (Self::Archive, _) => Ok(S::Archived),
            (Self::Draft, S::Draft) => {
                Err("Valid states for operation: Active, Paused, Archived, Unavailable.")
            }
            (Self::Draft, _) => Ok(S::Draft),
            (Self::Activate, _) => Err("Valid states for operation: Draft, Paused."),
            (Self::Pause, _) => Err("Valid states for operation: Active."),
            (Self::Unpause, _) => Err("Valid states for operation: Paused."),
            (Self::MakeAvailable, _) => Err("Valid states for operation: Unavailable."),
            (Self::MakeUnavailable, _) => Err("Valid states for operation: Active, Paused."),
        }
    }
}

fn texts(ids: Vec<String>) -> Vec<FilterValue> {
    ids.into_iter().map(FilterValue::from).collect()
}

impl Offers<'_> {
    fn sight(actor: Option<&Actor>, side: Side) -> Result<Option<Clause>> {
        let Some(actor) = actor else {
            return match side {
                Side::Public => Ok(Some(Clause::plain("o.state = 'active' AND o.shared = 1"))),
                Side::Provider | Side::Either => Err(Error::Anonymous),
            };
        };
        actor.must_be_person()?;
        let runs_all = actor.sees_all() || actor.may_everywhere(Permission::ManageOfferings);
        if runs_all {
            return Ok(match side {
                Side::Public => Some(Clause::plain("o.state IN ('active', 'paused')")),
                Side::Provider | Side::Either => None,
            });
        }
        let (own, managed) = (texts(actor.customer_scopes()), texts(actor.offering_scopes()));
        let projects = texts(actor.project_scopes());
        Ok(Some(match side {
            Side::Provider => {
                Clause::lists("(p.customer_id IN (?) OR o.id IN (?))", [own, managed])
            }
            Side::Public => {
                Clause::lists(store::offerings::ON_SALE_TO, [own.clone(), managed, own, projects])
            }
            Side::Either => Clause::lists(
                "(o.state = 'active' AND o.shared = 1) OR p.customer_id IN (?) OR o.id IN (?)",
                [own, managed],
            ),
        }))
    }

    /// A page of offerings.
    pub async fn list(
        &self,
        actor: Option<&Actor>,
        side: Side,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Offer>, u64)> {
        let asked = asked.and_some(Self::sight(actor, side)?);
        let (rows, total) = SHELF.page(self.0.core().db(), &asked, range, read).await?;
        Ok((self.whole(rows).await?, total))
    }

    /// Adds what belongs to offerings.
    async fn whole(&self, rows: Vec<OfferingRow>) -> Result<Vec<Offer>> {
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let db = self.0.core().db();
        let mut components: BTreeMap<OfferingId, Vec<Component>> = BTreeMap::new();
        let mut plans: BTreeMap<OfferingId, Vec<PlanDetail>> = BTreeMap::new();
        let mut shots: BTreeMap<OfferingId, Vec<Screenshot>> = BTreeMap::new();
        let asked = Asked::default().and(Clause::of("k.offering_id IN (?)", ids.clone()));
        let found = store::components::SHELF
            .page(db, &asked, (100_000, 0), store::components::read)
            .await?;
        for one in found.0 {
            components.entry(one.offering).or_default().push(one);
        }
        for one in self.0.plans().of_offerings(&ids).await? {
            plans.entry(one.plan.offering).or_default().push(one);
        }
        let asked = Asked::default().and(Clause::of("s.offering_id IN (?)", ids));
        for one in
            store::screenshots::SHELF.all(db, &asked, 10_000, store::screenshots::read).await?
        {
            shots.entry(one.offering).or_default().push(one);
        }
        let whole = |row: OfferingRow| Offer {
            components: components.remove(&row.id).unwrap_or_default(),
            plans: plans.remove(&row.id).unwrap_or_default(),
            screenshots: shots.remove(&row.id).unwrap_or_default(),
            row,
        };
        Ok(rows.into_iter().map(whole).collect())
    }

    /// One offering.
    pub async fn find(&self, actor: Option<&Actor>, side: Side, id: OfferingId) -> Result<Offer> {
        let asked = Asked::default()
            .and(Clause::of("o.id IN (?)", [id.to_string()]))
            .and_some(Self::sight(actor, side)?);
        let found = SHELF.one(self.0.core().db(), &asked, read).await?;
        let found = self.whole(vec![found.ok_or(Error::Missing("offering"))?]).await?;
        found.into_iter().next().ok_or(Error::Missing("offering"))
    }

    /// One offering whoever asks.
    pub(crate) async fn known(&self, id: OfferingId) -> Result<Option<OfferingRow>> {
        let asked = Asked::default().and(Clause::of("o.id IN (?)", [id.to_string()]));
        Ok(SHELF.one(self.0.core().db(), &asked, read).await?)
    }

    /// The offering, if the actor runs it; one that the actor cannot see does not exist.
    pub(crate) async fn managed(&self, actor: &Actor, id: OfferingId) -> Result<OfferingRow> {
        let found = self.find(Some(actor), Side::Either, id).await?.row;
        let on = On::offering(found.customer, id);
        if actor.may(Permission::ManageOfferings, on) { Ok(found) } else { Err(Error::Denied) }
    }

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
            state: if draft.active { OfferingState::Active } else { OfferingState::Draft },
            backend: Backend::Manual,
            spec,
            created_at: now,
            updated_at: now,
        };
        let base = address_of(draft.slug.as_deref().unwrap_or(&offering.name), "offering");
        let mut tx = core.db().begin().await?;
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
        let mut row = self.managed(actor, id).await?;
        if let Some(name) = &change.name {
            row.name = plain("name", name, 1, 150)?;
        }
        if let Some(text) = &change.description {
            row.spec.description = plain("description", text, 0, 20_000)?;
            if row.is_invoiced() {
                row.spec.tagline = tagline(&row.spec.description);
            }
        }
        if change.category.is_some() {
            row.category = self.must_be_category(change.category).await?;
        }
        if let Some(text) = &change.backend_id {
            row.backend_id = plain("backend_id", text, 0, 255)?;
        }
        row.shared = change.shared.unwrap_or(row.shared);
        row.details.extend(change.details);
        check_details(&row.details)?;
        self.write(actor, row, "marketplace_offering_updated", "updated").await
    }

    async fn write(
        &self,
        actor: &Actor,
        mut row: OfferingRow,
        kind: &'static str,
        done: &str,
    ) -> Result<Offer> {
        row.updated_at = self.0.core().now();
        let mut tx = self.0.core().db().begin().await?;
        let changed = store::catalog::begin_change(&mut tx).await?;
        if store::offerings::update(&mut tx, &row, changed).await? == 0 {
            return Err(Error::Missing("offering"));
        }
        let message = format!("Offering {} has been {done}.", row.name);
        let deed = Deed::new(kind, message, "offering", row.id).of(row.customer);
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.0.catch_up().await?;
        self.find(Some(actor), Side::Either, row.id).await
    }

    /// Moves an offering to another state.
    pub async fn shift(
        &self,
        actor: &Actor,
        id: OfferingId,
        step: OfferMove,
        reason: Option<&str>,
    ) -> Result<Offer> {
        let mut row = self.managed(actor, id).await?;
        row.state = step.from(row.state).map_err(Error::Conflict)?;
        if row.state == OfferingState::Active {
            let plans = self.0.plans().of_offerings(&[id.to_string()]).await?;
            if !plans.iter().any(|plan| plan.plan.archived_at.is_none()) {
                let message = "Offering must have a plan before it can be activated.";
                return Err(Error::field("non_field_errors", message));
            }
        }
        row.paused_reason = match step {
            OfferMove::Pause => plain("paused_reason", reason.unwrap_or_default(), 0, 1_000)?,
            _ => String::new(),
        };
        self.write(actor, row, "marketplace_offering_state_changed", "moved to another state").await
    }

    /// Takes away an offering that nothing was ever ordered of.
    pub async fn remove(&self, actor: &Actor, id: OfferingId) -> Result<()> {
        let row = self.managed(actor, id).await?;
        let mut tx = self.0.core().db().begin().await?;
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

    /// Adds a component.
    pub async fn add_component(
        &self,
        actor: &Actor,
        id: OfferingId,
        draft: &ComponentDraft,
    ) -> Result<Component> {
        self.managed(actor, id).await?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        store::catalog::mark_changed(&mut tx, id).await?;
        add(core, &mut tx, id, std::slice::from_ref(draft)).await?;
        let all = store::components::of_offering(&mut tx, id).await?;
        let made = all.into_iter().find(|component| component.kind == draft.kind);
        let made = made.ok_or_else(|| Error::broken("a component that was just made"))?;
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
        self.managed(actor, id).await?;
        let mut tx = self.0.core().db().begin().await?;
        let found = store::components::of_offering(&mut tx, id).await?;
        let had = named(found, which)?;
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
        store::components::update(&mut tx, &component).await?;
        tx.commit().await?;
        Ok(component)
    }

    /// Takes a component away that no plan prices and nobody used.
    pub async fn remove_component(&self, actor: &Actor, id: OfferingId, which: &str) -> Result<()> {
        self.managed(actor, id).await?;
        let mut tx = self.0.core().db().begin().await?;
        let found = named(store::components::of_offering(&mut tx, id).await?, which)?;
        if !store::components::remove_unused(&mut tx, found.id).await? {
            return Err(Error::Conflict("Component is priced or was used and cannot be removed."));
        }
        Ok(tx.commit().await?)
    }

    /// How many resources of an offering are in each state.
    pub async fn count_resources(
        &self,
        actor: &Actor,
        id: OfferingId,
    ) -> Result<Vec<(model::ResourceState, u64)>> {
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

    /// The plans of an offering that can be ordered.
    pub async fn plans(
        &self,
        actor: Option<&Actor>,
        id: OfferingId,
        plan: Option<PlanId>,
    ) -> Result<Vec<PlanDetail>> {
        let offer = self.find(actor, Side::Public, id).await?;
        let kept = |one: &PlanDetail| {
            one.plan.archived_at.is_none() && plan.is_none_or(|id| id == one.plan.id)
        };
        Ok(offer.plans.into_iter().filter(kept).collect())
    }

    /// Which of these pictures' offerings the actor may see.
    pub(crate) async fn sees(
        &self,
        actor: Option<&Actor>,
        shot: ScreenshotId,
    ) -> Result<Option<Screenshot>> {
        let db = self.0.core().db();
        let asked = Asked::default().and(Clause::of("s.id IN (?)", [shot.to_string()]));
        let found = store::screenshots::SHELF.one(db, &asked, store::screenshots::read).await?;
        let Some(found) = found else { return Ok(None) };
        let sides: BTreeSet<bool> = BTreeSet::from([actor.is_some(), false]);
        for own in sides {
            let side = if own { Side::Either } else { Side::Public };
            if self.find(actor, side, found.offering).await.is_ok() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn named(all: Vec<Component>, which: &str) -> Result<Component> {
    let id = which.parse().ok();
    let found = all.into_iter().find(|one| Some(one.id) == id || one.kind == which);
    found.ok_or(Error::Missing("component"))
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

/// How deep a value is nested.
pub(crate) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
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
    fn every_move_leads_where_it_says_or_nowhere() {
        use OfferingState as S;
        let led = |step: OfferMove| -> Vec<(S, S)> {
            let all = S::ALL.iter().filter_map(|from| Some((*from, step.from(*from).ok()?)));
            all.collect()
        };
        assert_eq!(led(OfferMove::Pause), [(S::Active, S::Paused)]);
        assert_eq!(led(OfferMove::Unpause), [(S::Paused, S::Active)]);
        assert_eq!(led(OfferMove::MakeAvailable), [(S::Unavailable, S::Active)]);
        assert_eq!(led(OfferMove::Activate).len(), 5);
        assert_eq!(led(OfferMove::Archive).len(), S::ALL.len() - 1);
        assert_eq!(led(OfferMove::Draft).len(), S::ALL.len() - 1);
        for step in OfferMove::ALL {
            assert!(led(step).iter().all(|(from, to)| from != to), "{step:?}");
        }
    }

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

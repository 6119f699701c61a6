//! Customers: the tenants that buy and may sell.

mod blocking;
mod describing;

use model::{CustomerId, ProjectId, Quota, ScopeRole, UserId};
use serde_json::{Map, Value, json};
use store::{
    Tx,
    customers::{Customer, SHELF, Tenant, read_tenant},
    ledger::Account,
    projects::Project,
};

pub use self::describing::{
    CUSTOMER_COUNTS, CUSTOMER_DETAILS, CUSTOMER_NUMBERS, CUSTOMER_TIMES, CustomerChange,
};
use self::describing::{apply, runs};
use crate::{
    Actor, Asked, Clause, Error, Market, On, Permission, Result, audit::Deed, tenancy::BLOCKED,
};

/// The most that a quota may be.
const MOST_QUOTA: i64 = 1_000_000_000;
/// How many organizations somebody may open by themselves.
const MOST_OWN: usize = 10;

/// The service for them.
#[derive(Debug, Clone, Copy)]
pub struct Customers<'a>(pub(crate) &'a Market);

/// How many of something a customer may have and has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaView {
    pub quota: Quota,
    pub used: i64,
    pub limit: Option<i64>,
}

/// A customer with what it has and may have.
#[derive(Debug, Clone)]
pub struct CustomerRow {
    pub tenant: Tenant,
    pub quotas: Vec<QuotaView>,
}

/// What of the list of customers depends on who asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mine {
    /// Only those that the actor owns, or does not.
    pub owned: Option<bool>,
    /// Only those that the actor has a role in, or has not.
    pub member: Option<bool>,
}

impl Customers<'_> {
    /// The customers that the actor may see.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        mine: Mine,
        range: (i64, i64),
    ) -> Result<(Vec<CustomerRow>, u64)> {
        actor.must_be_person()?;
        let seen = (!actor.sees_all()).then(|| Clause::of("c.id IN (?)", actor.customer_scopes()));
        let owned: Vec<String> = actor
            .grants()
            .iter()
            .filter(|grant| grant.role == ScopeRole::CustomerOwner)
            .map(|grant| grant.scope.clone())
            .collect();
        let asked = asked
            .and(Clause::plain("c.removed_at IS NULL"))
            .and_some(seen)
            .and_some(within(mine.owned, owned))
            .and_some(within(mine.member, actor.customer_scopes()));
        let db = self.0.core().db();
        let (found, total) = SHELF.page(db, &asked, range, read_tenant).await?;
        Ok((self.with_quotas(found).await?, total))
    }

    async fn with_quotas(&self, found: Vec<Tenant>) -> Result<Vec<CustomerRow>> {
        let ids: Vec<CustomerId> = found.iter().map(|tenant| tenant.customer.id).collect();
        let limits = store::customers::limits(self.0.core().db(), &ids).await?;
        let row = |tenant: Tenant| {
            let quotas = Quota::ALL.iter().map(|quota| QuotaView {
                quota: *quota,
                used: match quota {
                    Quota::Projects => tenant.projects,
                    Quota::Resources => tenant.resources,
                },
                limit: limits
                    .iter()
                    .find(|(id, name, _)| *id == tenant.customer.id && name == quota)
                    .map(|(_, _, most)| *most),
            });
            CustomerRow { quotas: quotas.collect(), tenant }
        };
        Ok(found.into_iter().map(row).collect())
    }

    /// One customer.
    pub async fn find(&self, actor: &Actor, id: CustomerId) -> Result<CustomerRow> {
        actor.must_be_person()?;
        if !actor.knows(On::customer(id)) {
            return Err(Error::Missing("organization"));
        }
        let asked = Asked::default()
            .and(Clause::of("c.id = ?", [id.to_string()]))
            .and(Clause::plain("c.removed_at IS NULL"));
        let found = SHELF.one(self.0.core().db(), &asked, read_tenant).await?;
        let found = found.ok_or(Error::Missing("organization"))?;
        self.with_quotas(vec![found]).await?.pop().ok_or(Error::Missing("organization"))
    }

    /// Makes a customer. Operators only.
    pub async fn create(&self, actor: &Actor, draft: CustomerChange) -> Result<CustomerRow> {
        actor.must_be_person()?;
        actor.must_everywhere(Permission::RunCustomers)?;
        let project = self.0.settings().default_project.then_some("Default");
        let id = self.open(Some(actor), draft, None, project).await?;
        self.find(actor, id).await
    }

    /// Makes a customer that the actor owns, where the operator lets anybody do so.
    pub async fn self_register(
        &self,
        actor: &Actor,
        mut draft: CustomerChange,
    ) -> Result<CustomerRow> {
        let user = actor.must_be_person()?;
        if !self.0.settings().self_register {
            return Err(Error::Denied);
        }
        // What only operators may set is not theirs to choose.
        draft.quotas.clear();
        (draft.blocked, draft.archived, draft.tax_rate) = (None, None, None);
        (draft.slug, draft.backend_id, draft.agreement_number) = (None, None, None);
        let project = self.0.settings().default_project.then_some("Default");
        let id = self.open(Some(actor), draft, Some(user), project).await?;
        let asked = Asked::default().and(Clause::of("c.id = ?", [id.to_string()]));
        let found = SHELF.one(self.0.core().db(), &asked, read_tenant).await?;
        let found = found.ok_or(Error::Missing("organization"))?;
        self.with_quotas(vec![found]).await?.pop().ok_or(Error::Missing("organization"))
    }

    /// The one place where customers are made: with accounts in the ledger, an owner and a first project where they are
    /// wanted.
    pub(crate) async fn open(
        &self,
        actor: Option<&Actor>,
        draft: CustomerChange,
        owner: Option<UserId>,
        project: Option<&str>,
    ) -> Result<CustomerId> {
        let core = self.0.core();
        let now = core.now();
        let name = draft.name.clone().unwrap_or_default();
        let mut customer = Customer::new(core.id(CustomerId::new), &name, now);
        apply(&mut customer, &draft, now)?;
        let mut tx = core.db().begin().await?;
        if let (Some(_), Some(owner)) = (actor, owner) {
            // The owner's row is locked, so that the count stays true.
            store::users::lock(&mut tx, owner).await?;
            let held = store::members::of_user(&mut tx, owner, now).await?;
            if held.iter().filter(|one| one.role == ScopeRole::CustomerOwner).count() >= MOST_OWN {
                return Err(Error::Conflict(
                    "You own 10 organizations. The operator can make another.",
                ));
            }
        }
        store::customers::insert(&mut tx, &customer).await?;
        for (quota, most) in &draft.quotas {
            store::quotas::set(&mut tx, customer.id, *quota, checked(*most)?).await?;
        }
        if let Some(owner) = owner {
            let role = ScopeRole::CustomerOwner;
            store::customers::add_member(&mut tx, customer.id, owner, role, now).await?;
        }
        if let Some(name) = project {
            let project = Project::new(core.id(ProjectId::new), customer.id, name, now);
            store::projects::insert(&mut tx, &project).await?;
        }
        let accounts = [Account::Available(customer.id), Account::Held(customer.id)];
        store::ledger::open_accounts(&mut tx, &accounts).await?;
        let deed = deed("customer_creation_succeeded", &customer, "created");
        self.0.note(&mut tx, actor, deed).await?;
        tx.commit().await?;
        Ok(customer.id)
    }

    /// Changes what a customer says of itself; the rest is the operators' to change.
    pub async fn update(
        &self,
        actor: &Actor,
        id: CustomerId,
        change: CustomerChange,
    ) -> Result<CustomerRow> {
        actor.must_be_person()?;
        actor.must(Permission::UpdateCustomer, On::customer(id), "organization")?;
        let core = self.0.core();
        let now = core.now();
        let mut tx = core.db().begin().await?;
        let before = self.locked(&mut tx, id).await?;
        let mut customer = before.clone();
        apply(&mut customer, &change, now)?;
        if !change.quotas.is_empty() || runs(&before) != runs(&customer) {
            actor.must_everywhere(Permission::RunCustomers)?;
        }
        if before.blocked_at.is_some() && !actor.may_everywhere(Permission::RunCustomers) {
            return Err(Error::Conflict(BLOCKED));
        }
        store::customers::update(&mut tx, &customer).await?;
        for (quota, most) in &change.quotas {
            store::quotas::set(&mut tx, id, *quota, checked(*most)?).await?;
        }
        let blocked = before.blocked_at.is_some() != customer.blocked_at.is_some();
        if blocked {
            self.switch(&mut tx, actor, &before, &customer).await?;
        }
        let quotas: Map<String, Value> = change
            .quotas
            .iter()
            .map(|(quota, most)| (quota.as_str().to_owned(), json!(most)))
            .collect();
        let deed = deed("customer_update_succeeded", &customer, "changed");
        self.0.note(&mut tx, Some(actor), deed.with(json!({ "quotas": quotas }))).await?;
        tx.commit().await?;
        if blocked {
            self.0.shared().access.forget();
        }
        self.find(actor, id).await
    }

    /// Removes a customer that has nothing left. Operators only.
    pub async fn remove(&self, actor: &Actor, id: CustomerId) -> Result<()> {
        actor.must_be_person()?;
        actor.must(Permission::RunCustomers, On::customer(id), "organization")?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        let customer = self.locked(&mut tx, id).await?;
        if store::quotas::used(&mut tx, id, Quota::Projects).await? > 0 {
            return Err(Error::Conflict("Cannot delete organization with existing projects"));
        }
        if store::customers::sells(&mut tx, id).await? {
            return Err(Error::Conflict("Cannot delete organization with existing offerings"));
        }
        store::customers::remove(&mut tx, id, core.now()).await?;
        store::versions::bump(&mut tx, "access").await?;
        let deed = deed("customer_deletion_succeeded", &customer, "deleted");
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.0.shared().access.forget();
        Ok(())
    }

    async fn locked(&self, tx: &mut Tx, id: CustomerId) -> Result<Customer> {
        if !store::customers::lock(tx, id).await? {
            return Err(Error::Missing("organization"));
        }
        store::customers::find(tx, id).await?.ok_or(Error::Missing("organization"))
    }
}

fn within(wanted: Option<bool>, ids: Vec<String>) -> Option<Clause> {
    let sql = if wanted? { "c.id IN (?)" } else { "c.id NOT IN (?)" };
    // `NOT IN (NULL)` holds for nothing, and no exception leaves everything.
    (wanted == Some(true) || !ids.is_empty()).then(|| Clause::of(sql, ids))
}

fn deed(kind: &'static str, customer: &Customer, done: &str) -> Deed {
    let message = format!("Organization {} has been {done}.", customer.name);
    Deed::new(kind, message, "customer", customer.id).of(customer.id)
}

fn checked(most: Option<i64>) -> Result<Option<i64>> {
    match most {
        Some(most) if !(0..=MOST_QUOTA).contains(&most) => {
            Err(Error::field("quotas", "A limit is a whole number from 0 to 1000000000."))
        }
        other => Ok(other),
    }
}

//! Customers registered to sell, and what they have going on.

use model::{CustomerId, ProviderId};
use store::{
    catalog::Provider,
    people::{Account, BUYS, SHELF, read},
    shelves::{PROVIDERS, read_provider},
};

use crate::{
    Actor, Asked, Clause, Error, Market, On, Permission, Result, audit::Deed, plain::plain,
    samples::insert_provider, shelves::address_of, tenancy::lock_for,
};

pub use store::shelves::{Provider as Vendor, Trade};

/// The slug of the operator's own provider, which nobody else's is given.
const OPERATOR: &str = "operator";
/// How much a list about a seller holds at most.
const MOST: i64 = 1_000;

/// The service for those who sell.
#[derive(Debug, Clone, Copy)]
pub struct Vendors<'a>(pub(crate) &'a Market);

/// Somebody that buys of a seller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub id: String,
    pub name: String,
}

impl Vendors<'_> {
    /// A page of those who sell; everybody who is signed in sees them.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Vendor>, u64)> {
        actor.must_be_person()?;
        Ok(PROVIDERS.page(self.0.core().db(), &asked, range, read_provider).await?)
    }

    /// One of them, by its own id or its customer's.
    pub async fn find(&self, actor: &Actor, id: ProviderId) -> Result<Vendor> {
        actor.must_be_person()?;
        let asked = Asked::default().and(Clause::lists(
            "(p.id IN (?) OR p.customer_id IN (?))",
            [vec![id.to_string().into()], vec![id.to_string().into()]],
        ));
        let found = PROVIDERS.one(self.0.core().db(), &asked, read_provider).await?;
        found.ok_or(Error::Missing("service provider"))
    }

    /// Lets a customer sell.
    pub async fn register(
        &self,
        actor: &Actor,
        customer: CustomerId,
        description: &str,
    ) -> Result<Vendor> {
        let missing = || Error::field("customer", crate::WRONG_LINK);
        let on = On::customer(customer);
        if !actor.knows(on) && !actor.may_everywhere(Permission::RegisterProvider) {
            return Err(missing());
        }
        actor.must(Permission::RegisterProvider, on, "organization")?;
        let core = self.0.core();
        let found = store::customers::find(core.db(), customer).await?.ok_or_else(missing)?;
        let description = plain("description", description, 0, 4_000)?;
        let id = self.make(actor, customer, &found.name, &description).await?;
        self.0.reload().await?;
        self.find(actor, id).await
    }

    async fn make(
        &self,
        actor: &Actor,
        customer: CustomerId,
        name: &str,
        description: &str,
    ) -> Result<ProviderId> {
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        crate::tenancy::lock_open(&mut tx, customer).await?;
        store::versions::bump(&mut tx, "shelves").await?;
        store::catalog::begin_change(&mut tx).await?;
        if store::shelves::provider_of(&mut tx, customer).await?.is_some() {
            return Err(Error::field("customer", "This field must be unique."));
        }
        let base = address_of(name, "provider");
        let mut slug = base.clone();
        for n in 2..1_000 {
            let taken = slug == OPERATOR
                || store::shelves::provider_by_slug(&mut tx, &slug).await?.is_some();
            if !taken {
                break;
            }
            slug = format!("{base}-{n}");
        }
        let provider = Provider {
            id: core.id(ProviderId::new),
            customer,
            slug,
            name: name.to_owned(),
            country: String::new(),
            description: description.to_owned(),
            verified_at: None,
            created_at: core.now(),
        };
        insert_provider(&mut tx, &provider).await?;
        let deed = Deed::new(
            "service_provider_registered",
            format!("{name} has been registered as a service provider."),
            "service_provider",
            provider.id,
        );
        self.0.note(&mut tx, Some(actor), deed.of(customer)).await?;
        tx.commit().await?;
        Ok(provider.id)
    }

    /// The provider that the operator sells as, made when it is first needed.
    pub(crate) async fn operator(&self) -> Result<(ProviderId, CustomerId)> {
        let core = self.0.core();
        if let Some(found) = store::shelves::provider_by_slug(core.db(), OPERATOR).await? {
            return Ok(found);
        }
        let (customer, _) = self.0.identity().create_customer("Operator", None).await?;
        let provider = Provider {
            id: core.id(ProviderId::new),
            customer,
            slug: OPERATOR.to_owned(),
            name: "Operator".to_owned(),
            country: String::new(),
            description: "The operator of this marketplace.".to_owned(),
            verified_at: Some(core.now()),
            created_at: core.now(),
        };
        let mut tx = core.db().begin().await?;
        store::versions::bump(&mut tx, "shelves").await?;
        store::catalog::begin_change(&mut tx).await?;
        // Somebody may have been quicker; the customer made in vain stays without anything.
        if let Some(found) = store::shelves::provider_by_slug(&mut tx, OPERATOR).await? {
            return Ok(found);
        }
        insert_provider(&mut tx, &provider).await?;
        tx.commit().await?;
        self.0.reload().await?;
        Ok((provider.id, customer))
    }

    /// Changes what a provider says of itself.
    pub async fn describe(
        &self,
        actor: &Actor,
        id: ProviderId,
        text: Option<&str>,
    ) -> Result<Vendor> {
        let found = self.find(actor, id).await?;
        let on = On::customer(found.customer);
        actor.must(Permission::ManageOfferings, on, "service provider")?;
        let Some(text) = text else { return Ok(found) };
        let text = plain("description", text, 0, 4_000)?;
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, found.customer).await?;
        store::versions::bump(&mut tx, "shelves").await?;
        store::catalog::begin_change(&mut tx).await?;
        store::shelves::describe_provider(&mut tx, found.id, &text).await?;
        let told = format!("Service provider {} has been described anew.", found.name);
        let deed = Deed::new("service_provider_updated", told, "service_provider", found.id);
        self.0.note(&mut tx, Some(actor), deed.of(found.customer)).await?;
        tx.commit().await?;
        self.0.reload().await?;
        self.find(actor, found.id).await
    }

    /// Everybody sees who sells, so that who may not run it is refused, not left in the dark.
    pub(crate) fn must_run(actor: &Actor, vendor: &Vendor) -> Result<()> {
        let on = On::customer(vendor.customer);
        if actor.may(Permission::ManageOfferings, on) || actor.sees_all() {
            return Ok(());
        }
        Err(if actor.knows(on) { Error::Denied } else { Error::Missing("service provider") })
    }

    /// What a seller has going on.
    pub async fn trade(&self, actor: &Actor, id: ProviderId) -> Result<Trade> {
        let found = self.find(actor, id).await?;
        Self::must_run(actor, &found)?;
        let core = self.0.core();
        let since = core.now().plus_ms(-30 * 86_400_000);
        Ok(store::shelves::trade(core.db(), found.customer, since).await?)
    }

    /// Who has something of a seller.
    pub async fn buyers(&self, actor: &Actor, id: ProviderId) -> Result<Vec<Named>> {
        let found = self.find(actor, id).await?;
        Self::must_run(actor, &found)?;
        let list = store::shelves::buyers(self.0.core().db(), found.customer, None, MOST).await?;
        Ok(list.into_iter().map(|(id, name)| Named { id, name }).collect())
    }

    /// A page of the people who have a role in what has something of a seller.
    pub async fn people(
        &self,
        actor: &Actor,
        id: ProviderId,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Account>, u64)> {
        let found = self.find(actor, id).await?;
        Self::must_run(actor, &found)?;
        let buys = Clause::lists(
            BUYS,
            [vec![self.0.core().now().ms().into()], vec![found.customer.to_string().into()]],
        );
        Ok(SHELF.page(self.0.core().db(), &asked.and(buys), range, read).await?)
    }

    /// The projects that have something of a seller, each with its customer.
    pub async fn projects(&self, actor: &Actor, id: ProviderId) -> Result<Vec<(Named, Named)>> {
        let found = self.find(actor, id).await?;
        Self::must_run(actor, &found)?;
        let list =
            store::shelves::buying_projects(self.0.core().db(), found.customer, MOST).await?;
        let named = |(id, name)| Named { id, name };
        Ok(list.into_iter().map(|(project, customer)| (named(project), named(customer))).collect())
    }
}

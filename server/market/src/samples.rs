//! The sample content.

use std::collections::HashMap;

use model::{
    Backend, Category, CategoryId, Email, FullName, Limits, ModelFamily, OfferingId, OfferingState,
    PlanId, Price, PriceVersionId, ProviderId, Register, Role, ScopeRole, Slug, Spec, Usd, UserId,
};
use serde::Deserialize;
use store::{
    Tx,
    catalog::{Offering, Plan, PriceVersion, Provider},
    ledger::Account,
};

use crate::{Error, Market, Result};

/// The password of every sample user: for a marketplace that only its own machine can reach.
pub const SAMPLE_PASSWORD: &str = "sample-password";
/// The sample users, with what each is there for.
pub const SAMPLE_USERS: [(&str, &str); 3] = [
    ("buyer@example.com", "buyer"),
    ("seller@example.com", "seller"),
    ("operator@example.com", "operator"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    categories: Vec<SampleCategory>,
    providers: Vec<SampleProvider>,
    offerings: Vec<SampleOffering>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleCategory {
    slug: Slug,
    title: String,
    description: String,
    icon: String,
    color: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleProvider {
    slug: Slug,
    name: String,
    country: String,
    description: String,
    verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleOffering {
    slug: Slug,
    name: String,
    provider: String,
    category: String,
    family: ModelFamily,
    created_days_ago: i64,
    spec: Spec,
    backend: Backend,
    plans: Vec<SamplePlan>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SamplePlan {
    pub slug: Slug,
    pub name: String,
    pub description: String,
    pub monthly_fee: Usd,
    pub prompt_per_million: Usd,
    pub completion_per_million: Usd,
    pub per_request: Usd,
    #[serde(default)]
    pub limits: Limits,
}

impl SamplePlan {
    fn price(&self, credit_price: Usd) -> Price {
        Price {
            prompt: self.prompt_per_million.micros(),
            completion: self.completion_per_million.micros(),
            request: self.per_request.micros(),
            credit_price: credit_price.micros(),
        }
    }
}

fn content() -> Result<Content> {
    serde_json::from_str(include_str!("../samples/catalog.json"))
        .map_err(|e| Error::Internal(Box::new(e)))
}

impl Market {
    /// Fills an empty database with the sample content; false when there is something in it.
    pub async fn seed(&self) -> Result<bool> {
        let db = self.core().db();
        if store::catalog::count(db).await? > 0 || store::users::count(db).await? > 0 {
            return Ok(false);
        }
        let mut seller = None;
        for (email, role) in SAMPLE_USERS {
            let email: Email = email.parse().map_err(|_| Error::broken("sample e-mail"))?;
            if role == "operator" {
                self.identity()
                    .create_operator(&email, SAMPLE_PASSWORD.to_owned(), Role::Staff)
                    .await?;
            } else {
                let full_name: FullName =
                    format!("Sample {role}").parse().map_err(|_| Error::broken("sample name"))?;
                let password = SAMPLE_PASSWORD.to_owned();
                let made =
                    self.identity().register(Register { email, password, full_name }).await?;
                // Nobody reads the mail of a sample address.
                let mut tx = db.begin().await?;
                store::users::verify(&mut tx, made.user_uuid, self.core().now()).await?;
                tx.commit().await?;
                if role == "seller" {
                    seller = Some(made.user_uuid);
                }
            }
        }
        self.seed_catalog(content()?, seller).await?;
        self.reload().await?;
        Ok(true)
    }

    async fn seed_catalog(&self, content: Content, seller: Option<UserId>) -> Result<()> {
        let core = self.core();
        let now = core.now();
        let mut providers = HashMap::new();
        for sample in content.providers {
            let (customer, _) = self.identity().create_customer(&sample.name, None).await?;
            let provider = Provider {
                id: core.id(ProviderId::new),
                customer,
                slug: sample.slug.as_str().to_owned(),
                name: sample.name,
                country: sample.country,
                description: sample.description,
                verified_at: sample.verified.then_some(now),
                created_at: now,
            };
            let mut tx = core.db().begin().await?;
            insert_provider(&mut tx, &provider).await?;
            // The sample seller has the first of the providers.
            if let (Some(seller), true) = (seller, providers.is_empty()) {
                store::customers::add_member(
                    &mut tx,
                    customer,
                    seller,
                    ScopeRole::CustomerOwner,
                    now,
                )
                .await?;
            }
            tx.commit().await?;
            providers.insert(provider.slug, provider.id);
        }
        let mut tx = core.db().begin().await?;
        let changed = store::catalog::begin_change(&mut tx).await?;
        store::versions::bump(&mut tx, "shelves").await?;
        let mut categories = HashMap::new();
        for (position, sample) in (0..).zip(content.categories) {
            let category = Category {
                id: core.id(CategoryId::new),
                slug: sample.slug.as_str().to_owned(),
                title: sample.title,
                description: sample.description,
                icon: sample.icon,
                color: sample.color,
            };
            store::catalog::insert_category(&mut tx, &category, position).await?;
            categories.insert(category.slug, category.id);
        }
        for sample in content.offerings {
            let provider =
                providers.get(&sample.provider).ok_or_else(|| Error::broken("sample provider"))?;
            let category =
                categories.get(&sample.category).ok_or_else(|| Error::broken("sample category"))?;
            let at = now.plus_ms(-sample.created_days_ago * 86_400_000);
            let offering = Offering {
                id: core.id_at(at, OfferingId::new),
                provider: *provider,
                category: *category,
                slug: sample.slug.as_str().to_owned(),
                name: sample.name,
                family: sample.family,
                state: OfferingState::Active,
                backend: sample.backend,
                spec: sample.spec,
                created_at: at,
                updated_at: at,
            };
            store::catalog::insert_offering(&mut tx, &offering, changed).await?;
            for (position, sample) in (0..).zip(sample.plans) {
                self.insert_plan(&mut tx, offering.id, &sample, position).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn insert_plan(
        &self,
        tx: &mut Tx,
        offering: OfferingId,
        sample: &SamplePlan,
        position: i64,
    ) -> Result<()> {
        let core = self.core();
        let now = core.now();
        let plan = Plan {
            id: core.id(PlanId::new),
            offering,
            slug: sample.slug.as_str().to_owned(),
            name: sample.name.clone(),
            description: sample.description.clone(),
            monthly_fee: sample.monthly_fee,
            limits: sample.limits,
            archived: false,
        };
        store::catalog::insert_plan(tx, &plan, position).await?;
        let version = PriceVersion {
            id: core.id(PriceVersionId::new),
            plan: plan.id,
            effective_at: now,
            price: sample.price(self.settings().credit_price),
        };
        store::catalog::insert_price(tx, &version, now).await?;
        Ok(())
    }

    /// Gives every price a new version when a credit costs something else than when it was made, so that dollar prices
    /// stay what they are. Nothing is changed in the versions that receipts name.
    pub async fn reprice(&self) -> Result<u64> {
        let core = self.core();
        let (now, credit_price) = (core.now(), self.settings().credit_price.micros());
        let mut tx = core.db().begin().await?;
        let mut changed = 0;
        for version in store::catalog::prices(&mut tx, now, 0).await? {
            if version.price.credit_price != credit_price {
                let price = Price { credit_price, ..version.price };
                let next = PriceVersion {
                    id: core.id(PriceVersionId::new),
                    effective_at: now,
                    price,
                    ..version
                };
                store::catalog::insert_price(&mut tx, &next, now).await?;
                changed += 1;
            }
        }
        if changed > 0 {
            store::versions::bump(&mut tx, "shelves").await?;
            store::versions::bump(&mut tx, "catalog").await?;
        }
        tx.commit().await?;
        if changed > 0 {
            self.reload().await?;
        }
        Ok(changed)
    }
}

pub(crate) async fn insert_provider(tx: &mut Tx, provider: &Provider) -> Result<()> {
    store::catalog::insert_provider(&mut *tx, provider).await?;
    store::ledger::open_accounts(tx, &[Account::Earnings(provider.id)]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_content_is_sound() {
        let content = content().unwrap();
        let usage = |o: &&SampleOffering| o.plans.iter().any(|p| p.monthly_fee == Usd::ZERO);
        assert!(content.offerings.iter().filter(usage).count() >= 24);
        assert!(content.offerings.iter().all(|o| !o.plans.is_empty()));
        let sellers: std::collections::HashSet<_> =
            content.offerings.iter().map(|o| &o.provider).collect();
        assert!(sellers.len() >= 6);
    }
}

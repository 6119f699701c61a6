//! What is on sale: categories, providers, offerings, plans and their prices.

use model::{
    Backend, Category, CategoryId, CustomerId, Limits, ModelFamily, OfferingId, OfferingState,
    PlanId, Price, PriceVersionId, ProviderId, Spec, Timestamp, UsageStats, Usd,
};

use crate::{Error, Result, Row, Run, Tx, sql};

/// A customer registered to sell.
#[derive(Debug, Clone)]
pub struct Provider {
    pub id: ProviderId,
    pub customer: CustomerId,
    pub slug: String,
    pub name: String,
    pub country: String,
    pub description: String,
    pub verified_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// Something on sale.
#[derive(Debug, Clone)]
pub struct Offering {
    pub id: OfferingId,
    pub provider: ProviderId,
    pub category: CategoryId,
    pub slug: String,
    pub name: String,
    pub family: ModelFamily,
    pub state: OfferingState,
    pub backend: Backend,
    pub spec: Spec,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One way to buy an offering.
#[derive(Debug, Clone)]
pub struct Plan {
    pub id: PlanId,
    pub offering: OfferingId,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub monthly_fee: Usd,
    pub limits: Limits,
}

/// One immutable set of prices.
#[derive(Debug, Clone, Copy)]
pub struct PriceVersion {
    pub id: PriceVersionId,
    pub plan: PlanId,
    pub effective_at: Timestamp,
    pub price: Price,
}

fn json<T: serde::Serialize>(value: &T, column: &'static str) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Corrupt {
        table: "catalog",
        column,
        row: error.to_string(),
    })
}

pub async fn insert_category(tx: &mut Tx, category: &Category, position: i64) -> Result<()> {
    sql(
        tx,
        "INSERT INTO categories (id, slug, title, description, icon, color, position)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(category.id.to_string())
    .bind(category.slug.clone())
    .bind(category.title.clone())
    .bind(category.description.clone())
    .bind(category.icon.clone())
    .bind(category.color.clone())
    .bind(position)
    .execute()
    .await
    .map(drop)
}

/// All categories in their order.
pub async fn categories(on: impl Run<'_>) -> Result<Vec<Category>> {
    sql(
        on,
        "SELECT id, slug, title, description, icon, color FROM categories ORDER BY position, id",
    )
    .all(|row| {
        Ok(Category {
            id: row.parse("categories", "id")?,
            slug: row.get("slug")?,
            title: row.get("title")?,
            description: row.get("description")?,
            icon: row.get("icon")?,
            color: row.get("color")?,
        })
    })
    .await
}

pub async fn insert_provider(tx: &mut Tx, provider: &Provider) -> Result<()> {
    sql(
        tx,
        "INSERT INTO providers (id, customer_id, slug, name, country, description, verified_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(provider.id.to_string())
    .bind(provider.customer.to_string())
    .bind(provider.slug.clone())
    .bind(provider.name.clone())
    .bind(provider.country.clone())
    .bind(provider.description.clone())
    .bind(provider.verified_at.map(Timestamp::ms))
    .bind(provider.created_at.ms())
    .execute()
    .await
    .map(drop)
}

/// All providers.
pub async fn providers(on: impl Run<'_>) -> Result<Vec<Provider>> {
    sql(
        on,
        "SELECT id, customer_id, slug, name, country, description, verified_at, created_at
         FROM providers ORDER BY id",
    )
    .all(|row| {
        Ok(Provider {
            id: row.parse("providers", "id")?,
            customer: row.parse("providers", "customer_id")?,
            slug: row.get("slug")?,
            name: row.get("name")?,
            country: row.get("country")?,
            description: row.get("description")?,
            verified_at: row.get::<Option<i64>>("verified_at")?.map(Timestamp::from_ms),
            created_at: Timestamp::from_ms(row.get("created_at")?),
        })
    })
    .await
}

pub async fn insert_offering(tx: &mut Tx, offering: &Offering) -> Result<()> {
    sql(
        tx,
        "INSERT INTO offerings (id, provider_id, category_id, slug, name, family, state, backend, spec,
             created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(offering.id.to_string())
    .bind(offering.provider.to_string())
    .bind(offering.category.to_string())
    .bind(offering.slug.clone())
    .bind(offering.name.clone())
    .bind(offering.family.as_str())
    .bind(offering.state.as_str())
    .bind(json(&offering.backend, "backend")?)
    .bind(json(&offering.spec, "spec")?)
    .bind(offering.created_at.ms())
    .bind(offering.updated_at.ms())
    .execute()
    .await
    .map(drop)
}

fn read_offering(row: &Row) -> Result<Offering> {
    Ok(Offering {
        id: row.parse("offerings", "id")?,
        provider: row.parse("offerings", "provider_id")?,
        category: row.parse("offerings", "category_id")?,
        slug: row.get("slug")?,
        name: row.get("name")?,
        family: row.parse("offerings", "family")?,
        state: row.parse("offerings", "state")?,
        backend: row.json("offerings", "backend")?,
        spec: row.json("offerings", "spec")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
    })
}

/// Every offering that somebody may still call: the active ones and the paused.
pub async fn offerings(on: impl Run<'_>) -> Result<Vec<Offering>> {
    sql(
        on,
        "SELECT id, provider_id, category_id, slug, name, family, state, backend, spec, created_at,
             updated_at FROM offerings WHERE state IN ('active', 'paused') ORDER BY id",
    )
    .all(read_offering)
    .await
}

/// How many offerings there are, in any state.
pub async fn count(on: impl Run<'_>) -> Result<u64> {
    sql(on, "SELECT COUNT(*) AS n FROM offerings").one(|row| row.count("n")).await
}

pub async fn insert_plan(tx: &mut Tx, plan: &Plan, position: i64) -> Result<()> {
    sql(
        tx,
        "INSERT INTO plans (id, offering_id, slug, name, description, monthly_fee, limits, position)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(plan.id.to_string())
    .bind(plan.offering.to_string())
    .bind(plan.slug.clone())
    .bind(plan.name.clone())
    .bind(plan.description.clone())
    .bind(plan.monthly_fee.micros())
    .bind(json(&plan.limits, "limits")?)
    .bind(position)
    .execute()
    .await
    .map(drop)
}

/// Every plan that can be bought or is still had, in the order of its offering.
pub async fn plans(on: impl Run<'_>) -> Result<Vec<Plan>> {
    sql(
        on,
        "SELECT id, offering_id, slug, name, description, monthly_fee, limits FROM plans
         ORDER BY offering_id, position, id",
    )
    .all(|row| {
        Ok(Plan {
            id: row.parse("plans", "id")?,
            offering: row.parse("plans", "offering_id")?,
            slug: row.get("slug")?,
            name: row.get("name")?,
            description: row.get("description")?,
            monthly_fee: Usd::from_micros(row.get("monthly_fee")?),
            limits: row.json("plans", "limits")?,
        })
    })
    .await
}

/// Adds prices to a plan's history; nothing ever changes or removes them.
pub async fn insert_price(tx: &mut Tx, version: &PriceVersion, now: Timestamp) -> Result<()> {
    sql(
        tx,
        "INSERT INTO price_versions (id, plan_id, effective_at, created_at, prompt, completion, request,
             credit_price) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(version.id.to_string())
    .bind(version.plan.to_string())
    .bind(version.effective_at.ms())
    .bind(now.ms())
    .bind(version.price.prompt)
    .bind(version.price.completion)
    .bind(version.price.request)
    .bind(version.price.credit_price)
    .execute()
    .await
    .map(drop)
}

/// Each plan's prices in force at a time.
pub async fn prices(on: impl Run<'_>, now: Timestamp) -> Result<Vec<PriceVersion>> {
    sql(
        on,
        "SELECT id, plan_id, effective_at, prompt, completion, request, credit_price
         FROM price_versions v
         WHERE effective_at <= $1 AND NOT EXISTS (
             SELECT 1 FROM price_versions n WHERE n.plan_id = v.plan_id AND n.effective_at <= $1
                 AND (n.effective_at > v.effective_at OR (n.effective_at = v.effective_at AND n.id > v.id)))
         ORDER BY plan_id",
    )
    .bind(now.ms())
    .all(|row| {
        Ok(PriceVersion {
            id: row.parse("price_versions", "id")?,
            plan: row.parse("price_versions", "plan_id")?,
            effective_at: Timestamp::from_ms(row.get("effective_at")?),
            price: Price {
                prompt: row.get("prompt")?,
                completion: row.get("completion")?,
                request: row.get("request")?,
                credit_price: row.get("credit_price")?,
            },
        })
    })
    .await
}

/// How much each offering is used: tokens ever, and customers and calls since a day.
pub async fn usage(on: impl Run<'_>, since_day: i64) -> Result<Vec<(OfferingId, UsageStats)>> {
    sql(
        on,
        "SELECT r.offering_id,
             CAST(SUM(d.prompt_tokens + d.completion_tokens) AS BIGINT) AS tokens,
             COUNT(DISTINCT CASE WHEN d.day >= $1 THEN r.customer_id END) AS customers,
             CAST(SUM(CASE WHEN d.day >= $1 THEN d.requests ELSE 0 END) AS BIGINT) AS requests
         FROM usage_days d JOIN resources r ON r.id = d.resource_id
         GROUP BY r.offering_id ORDER BY r.offering_id",
    )
    .bind(since_day)
    .all(|row| {
        Ok((
            row.parse("resources", "offering_id")?,
            UsageStats {
                total_tokens_served: row.count("tokens")?,
                active_users: row.count("customers")?,
                monthly_requests: row.count("requests")?,
            },
        ))
    })
    .await
}

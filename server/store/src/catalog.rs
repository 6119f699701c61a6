//! What is on sale: categories, providers, offerings, plans and their prices.

use model::{
    Backend, Category, CategoryId, CustomerId, Limits, ModelFamily, OfferingId, OfferingState,
    PlanId, Price, PriceVersionId, ProviderId, Spec, Timestamp, Usd,
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
    /// Nobody new may be on it.
    pub archived: bool,
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

/// Begins a change of what is on sale: counts it, and gives the number that what is changed must carry. Changes of two
/// servers follow each other, because the counter stays locked until the transaction ends; so nobody who has read up to
/// a number misses anything below it.
pub async fn begin_change(tx: &mut Tx) -> Result<i64> {
    sql(tx, "UPDATE versions SET version = version + 1 WHERE name = 'catalog' RETURNING version")
        .one(|row| row.get("version"))
        .await
}

/// Marks an offering as changed, for the servers that have it in memory.
pub async fn mark_changed(tx: &mut Tx, offering: OfferingId) -> Result<()> {
    let changed = begin_change(&mut *tx).await?;
    sql(tx, "UPDATE offerings SET changed = $1 WHERE id = $2")
        .bind(changed)
        .bind(offering.to_string())
        .execute()
        .await
        .map(drop)
}

/// Puts an offering into another state; `changed` is from [`begin_change`].
pub async fn set_state(
    tx: &mut Tx,
    offering: OfferingId,
    state: OfferingState,
    now: Timestamp,
    changed: i64,
) -> Result<()> {
    sql(tx, "UPDATE offerings SET state = $1, updated_at = $2, changed = $3 WHERE id = $4")
        .bind(state.as_str())
        .bind(now.ms())
        .bind(changed)
        .bind(offering.to_string())
        .execute()
        .await
        .map(drop)
}

/// Adds an offering; `changed` is from [`begin_change`].
pub async fn insert_offering(tx: &mut Tx, offering: &Offering, changed: i64) -> Result<()> {
    sql(
        tx,
        "INSERT INTO offerings (id, provider_id, category_id, slug, name, family, state, backend, spec,
             created_at, updated_at, changed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
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
    .bind(changed)
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

// A few changes among many offerings are found by the index on `changed`: an order by the id alone, or a join in the
// order of the other table, would have SQLite read everything.

/// Every offering that has changed since a number of the counter `catalog`, in whatever state it is; all since 0.
pub async fn offerings(on: impl Run<'_>, since: i64) -> Result<Vec<Offering>> {
    sql(
        on,
        "SELECT id, provider_id, category_id, slug, name, family, state, backend, spec, created_at,
             updated_at FROM offerings WHERE changed > $1 ORDER BY changed, id",
    )
    .bind(since)
    .many(read_offering)
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

/// Every plan that can be bought or is still had, of the offerings that have changed since, in the order of each.
pub async fn plans(on: impl Run<'_>, since: i64) -> Result<Vec<Plan>> {
    sql(
        on,
        "SELECT p.id, p.offering_id, p.slug, p.name, p.description, p.monthly_fee, p.limits,
             CAST(CASE WHEN p.archived_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS archived
         FROM plans p
         WHERE p.offering_id IN (SELECT id FROM offerings WHERE changed > $1)
         ORDER BY p.offering_id, p.position, p.id",
    )
    .bind(since)
    .many(|row| {
        Ok(Plan {
            id: row.parse("plans", "id")?,
            offering: row.parse("plans", "offering_id")?,
            slug: row.get("slug")?,
            name: row.get("name")?,
            description: row.get("description")?,
            monthly_fee: Usd::from_micros(row.get("monthly_fee")?),
            limits: row.json("plans", "limits")?,
            archived: row.get::<i64>("archived")? != 0,
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

/// The prices in force at a time, of each plan of the offerings that have changed since.
pub async fn prices(on: impl Run<'_>, now: Timestamp, since: i64) -> Result<Vec<PriceVersion>> {
    sql(
        on,
        "SELECT v.id, v.plan_id, v.effective_at, v.prompt, v.completion, v.request, v.credit_price
         FROM price_versions v
         WHERE v.plan_id IN (SELECT p.id FROM plans p
                 WHERE p.offering_id IN (SELECT id FROM offerings WHERE changed > $2))
             AND v.effective_at <= $1 AND NOT EXISTS (
             SELECT 1 FROM price_versions n WHERE n.plan_id = v.plan_id AND n.effective_at <= $1
                 AND (n.effective_at > v.effective_at OR (n.effective_at = v.effective_at AND n.id > v.id)))
         ORDER BY v.plan_id",
    )
    .bind(now.ms())
    .bind(since)
    .many(|row| {
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

/// The offerings with a price that came into force within a stretch of time.
pub async fn repriced(
    on: impl Run<'_>,
    after: Timestamp,
    until: Timestamp,
) -> Result<Vec<OfferingId>> {
    sql(
        on,
        "SELECT DISTINCT p.offering_id FROM price_versions v JOIN plans p ON p.id = v.plan_id
         WHERE v.effective_at > $1 AND v.effective_at <= $2 AND v.effective_at > v.created_at
         ORDER BY p.offering_id",
    )
    .bind(after.ms())
    .bind(until.ms())
    .all(|row| row.parse("plans", "offering_id"))
    .await
}

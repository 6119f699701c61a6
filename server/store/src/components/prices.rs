//! The append-only prices of plans and of the components in them.

use model::{PlanId, Timestamp, Usd};

use super::{ComponentPrice, PlanPrice, PlanTerms, read_tiers};
use crate::{Result, Row, Run, Tx, sql};

/// Adds a price to the history of a component in a plan; nothing ever changes or removes it.
pub async fn insert_price(tx: &mut Tx, price: &ComponentPrice) -> Result<()> {
    let tiers = (!price.tiers.is_empty())
        .then(|| serde_json::to_string(&price.tiers))
        .transpose()
        .map_err(|error| crate::Error::Corrupt {
            table: "component_prices",
            column: "tiers",
            row: error.to_string(),
        })?;
    sql(
        tx,
        "INSERT INTO component_prices (id, plan_component_id, effective_at, price, tiers, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(price.id.to_string())
    .bind(price.plan_component.to_string())
    .bind(price.effective_at.ms())
    .bind(price.price.micros())
    .bind(tiers)
    .bind(price.created_at.ms())
    .execute()
    .await
    .map(drop)
}

/// Adds a price to the history of a plan; nothing ever changes or removes it.
pub async fn insert_plan_price(tx: &mut Tx, price: &PlanPrice) -> Result<()> {
    sql(
        tx,
        "INSERT INTO plan_prices (id, plan_id, effective_at, unit_price, init_price, switch_price, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(price.id.to_string())
    .bind(price.plan.to_string())
    .bind(price.effective_at.ms())
    .bind(price.unit_price.micros())
    .bind(price.init_price.micros())
    .bind(price.switch_price.micros())
    .bind(price.created_at.ms())
    .execute()
    .await
    .map(drop)
}

/// Every price of the components of a plan that is in force at some time before `until`, oldest first; of a history the
/// one in force at a time is the last that is not later than it.
pub async fn price_history(
    on: impl Run<'_>,
    plan: PlanId,
    until: Timestamp,
) -> Result<Vec<ComponentPrice>> {
    sql(
        on,
        "SELECT v.id, v.plan_component_id, v.effective_at, v.price, v.tiers, v.created_at
         FROM component_prices v JOIN plan_components pc ON pc.id = v.plan_component_id
         WHERE pc.plan_id = $1 AND v.effective_at < $2 ORDER BY v.effective_at, v.id",
    )
    .bind(plan.to_string())
    .bind(until.ms())
    .all(|row| {
        Ok(ComponentPrice {
            id: row.parse("component_prices", "id")?,
            plan_component: row.parse("component_prices", "plan_component_id")?,
            effective_at: Timestamp::from_ms(row.get("effective_at")?),
            price: Usd::from_micros(row.get("price")?),
            tiers: read_tiers(row, "tiers")?,
            created_at: Timestamp::from_ms(row.get("created_at")?),
        })
    })
    .await
}

fn read_plan_price(row: &Row) -> Result<PlanPrice> {
    Ok(PlanPrice {
        id: row.parse("plan_prices", "id")?,
        plan: row.parse("plan_prices", "plan_id")?,
        effective_at: Timestamp::from_ms(row.get("effective_at")?),
        unit_price: Usd::from_micros(row.get("unit_price")?),
        init_price: Usd::from_micros(row.get("init_price")?),
        switch_price: Usd::from_micros(row.get("switch_price")?),
        created_at: Timestamp::from_ms(row.get("created_at")?),
    })
}

/// Every price of a plan by itself that is in force at some time before `until`, oldest first.
pub async fn plan_price_history(
    on: impl Run<'_>,
    plan: PlanId,
    until: Timestamp,
) -> Result<Vec<PlanPrice>> {
    sql(
        on,
        "SELECT id, plan_id, effective_at, unit_price, init_price, switch_price, created_at FROM plan_prices
         WHERE plan_id = $1 AND effective_at < $2 ORDER BY effective_at, id",
    )
    .bind(plan.to_string())
    .bind(until.ms())
    .all(read_plan_price)
    .await
}

/// What a plan costs by itself at a time; none when no price was set before.
pub async fn plan_price(
    on: impl Run<'_>,
    plan: PlanId,
    at: Timestamp,
) -> Result<Option<PlanPrice>> {
    sql(
        on,
        "SELECT id, plan_id, effective_at, unit_price, init_price, switch_price, created_at FROM plan_prices
         WHERE plan_id = $1 AND effective_at <= $2 ORDER BY effective_at DESC, id DESC LIMIT 1",
    )
    .bind(plan.to_string())
    .bind(at.ms())
    .optional(read_plan_price)
    .await
}

/// The unit of time of a plan's prices.
pub async fn terms(on: impl Run<'_>, plan: PlanId) -> Result<Option<PlanTerms>> {
    sql(on, "SELECT id, offering_id, name, unit, article_code FROM plans WHERE id = $1")
        .bind(plan.to_string())
        .optional(|row| {
            Ok(PlanTerms {
                plan: row.parse("plans", "id")?,
                offering: row.parse("plans", "offering_id")?,
                name: row.get("name")?,
                unit: row.parse("plans", "unit")?,
                article_code: row.get("article_code")?,
            })
        })
        .await
}

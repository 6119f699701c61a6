//! What plans cost: their own prices and those of their components, each with the time that it holds from.

use model::{
    Billing, ComponentId, LimitPeriod, PlanComponentId, PlanId, PlanUnit, PriceVersionId, Tier,
    Timestamp,
};

use crate::{Result, Tx, sql};

/// A plan as it is billed.
#[derive(Debug, Clone)]
pub struct Tariff {
    pub plan: PlanId,
    pub name: String,
    pub offering_name: String,
    pub unit: PlanUnit,
    pub article_code: String,
    /// Its own prices, in the order of their times; never empty.
    pub prices: Vec<PlanPrice>,
    pub components: Vec<Component>,
}

/// What a plan costs by itself from a time on, in micro-dollars.
#[derive(Debug, Clone, Copy)]
pub struct PlanPrice {
    pub version: Option<PriceVersionId>,
    pub at: Timestamp,
    pub unit: i64,
    pub init: i64,
    pub switch: i64,
}

/// A component of a plan as it is billed.
#[derive(Debug, Clone)]
pub struct Component {
    pub id: ComponentId,
    pub kind: String,
    pub name: String,
    pub measured_unit: String,
    pub article_code: String,
    pub billing: Billing,
    pub period: Option<LimitPeriod>,
    /// How much of it the plan has, in whole units.
    pub amount: i64,
    /// In the order of their times.
    pub prices: Vec<ComponentPrice>,
}

/// What a unit of a component costs from a time on, in micro-dollars.
#[derive(Debug, Clone)]
pub struct ComponentPrice {
    pub version: PriceVersionId,
    pub at: Timestamp,
    pub price: i64,
    pub tiers: Vec<Tier>,
}

/// Reads plans with everything that their price is made of.
pub async fn tariffs(tx: &mut Tx, plans: &[PlanId]) -> Result<Vec<Tariff>> {
    let mut found = Vec::with_capacity(plans.len());
    for plan in plans {
        found.extend(tariff(tx, *plan).await?);
    }
    Ok(found)
}

async fn tariff(tx: &mut Tx, plan: PlanId) -> Result<Option<Tariff>> {
    let id = plan.to_string();
    let head = sql(
        &mut *tx,
        "SELECT l.name, l.unit, l.article_code, l.unit_price, l.init_price, l.switch_price, o.name AS offering
         FROM plans l JOIN offerings o ON o.id = l.offering_id WHERE l.id = $1",
    )
    .bind(id.clone())
    .optional(|row| {
        let first = PlanPrice {
            version: None,
            at: Timestamp::from_ms(0),
            unit: row.get("unit_price")?,
            init: row.get("init_price")?,
            switch: row.get("switch_price")?,
        };
        let tariff = Tariff {
            plan,
            name: row.get("name")?,
            offering_name: row.get("offering")?,
            unit: row.parse("plans", "unit")?,
            article_code: row.get("article_code")?,
            prices: Vec::new(),
            components: Vec::new(),
        };
        Ok((tariff, first))
    })
    .await?;
    let Some((mut tariff, first)) = head else { return Ok(None) };
    tariff.prices = sql(
        &mut *tx,
        "SELECT id, effective_at, unit_price, init_price, switch_price FROM plan_prices
         WHERE plan_id = $1 ORDER BY effective_at, created_at, id",
    )
    .bind(id.clone())
    .all(|row| {
        Ok(PlanPrice {
            version: Some(row.parse("plan_prices", "id")?),
            at: Timestamp::from_ms(row.get("effective_at")?),
            unit: row.get("unit_price")?,
            init: row.get("init_price")?,
            switch: row.get("switch_price")?,
        })
    })
    .await?;
    if tariff.prices.is_empty() {
        tariff.prices.push(first);
    }
    let mut components: Vec<(PlanComponentId, Component)> = sql(
        &mut *tx,
        "SELECT x.id, x.component_id, x.amount, c.kind, c.name, c.measured_unit, c.article_code, c.billing,
             c.limit_period FROM plan_components x JOIN components c ON c.id = x.component_id
         WHERE x.plan_id = $1 ORDER BY c.position, x.number, x.id",
    )
    .bind(id.clone())
    .all(|row| {
        let component = Component {
            id: row.parse("plan_components", "component_id")?,
            kind: row.get("kind")?,
            name: row.get("name")?,
            measured_unit: row.get("measured_unit")?,
            article_code: row.get("article_code")?,
            billing: row.parse("components", "billing")?,
            period: row.parse_some("components", "limit_period")?,
            amount: row.get("amount")?,
            prices: Vec::new(),
        };
        Ok((row.parse("plan_components", "id")?, component))
    })
    .await?;
    let prices = sql(
        &mut *tx,
        "SELECT v.id, v.plan_component_id, v.effective_at, v.price, v.tiers FROM component_prices v
         JOIN plan_components x ON x.id = v.plan_component_id
         WHERE x.plan_id = $1 ORDER BY v.effective_at, v.created_at, v.id",
    )
    .bind(id)
    .all(|row| {
        let tiers: Option<String> = row.get("tiers")?;
        let price = ComponentPrice {
            version: row.parse("component_prices", "id")?,
            at: Timestamp::from_ms(row.get("effective_at")?),
            price: row.get("price")?,
            tiers: match tiers {
                None => Vec::new(),
                Some(_) => row.json("component_prices", "tiers")?,
            },
        };
        Ok((row.parse::<PlanComponentId>("component_prices", "plan_component_id")?, price))
    })
    .await?;
    for (of, price) in prices {
        if let Some((_, component)) = components.iter_mut().find(|(id, _)| *id == of) {
            component.prices.push(price);
        }
    }
    tariff.components = components.into_iter().map(|(_, component)| component).collect();
    Ok(Some(tariff))
}

//! How amounts are divided among the people of a resource.

use model::{CustomerId, Day, OfferingId, ProjectId, ResourceId, Timestamp, UsageId, UserId};

use crate::{
    Result, Row, Run, Tx,
    lists::{Kind, Shelf, filter},
    sql,
};

/// How much of an amount was one person's, with the names of what it is about.
#[derive(Debug, Clone)]
pub struct UserUsage {
    pub id: UsageId,
    pub username: String,
    /// The account, where the provider has named one.
    pub user: Option<UserId>,
    pub usage: UsageId,
    /// Millionths.
    pub amount: i64,
    pub updated_at: Timestamp,
    pub kind: String,
    pub measured_unit: String,
    pub description: String,
    pub resource: ResourceId,
    pub resource_name: String,
    pub offering: OfferingId,
    pub offering_name: String,
    pub project: ProjectId,
    pub project_name: String,
    pub customer: CustomerId,
    pub customer_name: String,
    /// The first day of the month.
    pub month: Day,
    /// The day that the amount was told for.
    pub day: Day,
}

/// What can be asked of them.
pub const SHELF: Shelf = Shelf {
    select: "w.id, w.username, w.user_id, w.usage_id, w.amount, w.updated_at, k.kind, k.measured_unit, u.description,
        u.resource_id, r.name AS resource_name, r.offering_id, o.name AS offering_name, r.project_id,
        p.name AS project_name, u.customer_id, c.name AS customer_name, u.month, u.day",
    from: "user_usages w JOIN component_usages u ON u.id = w.usage_id JOIN resources r ON r.id = u.resource_id
        JOIN components k ON k.id = u.component_id JOIN offerings o ON o.id = r.offering_id
        JOIN customers c ON c.id = u.customer_id JOIN projects p ON p.id = r.project_id",
    counted: "user_usages w",
    filters: &[
        filter("username", Kind::Text, "w.username IN (?)"),
        filter("user_uuid", Kind::Id, "w.user_id IN (?)"),
        filter("component_usage", Kind::Id, "w.usage_id IN (?)"),
        filter("resource", Kind::Id, "u.resource_id IN (?)"),
        filter("resource_uuid", Kind::Id, "u.resource_id IN (?)"),
        filter("offering_uuid", Kind::Id, "r.offering_id IN (?)"),
        filter("customer_uuid", Kind::Id, "u.customer_id IN (?)"),
        filter("project_uuid", Kind::Id, "r.project_id IN (?)"),
        filter("type", Kind::Text, "k.kind IN (?)"),
        filter("date_after", Kind::Day, "u.day >= ?"),
        filter("date_before", Kind::Day, "u.day <= ?"),
        filter("component_usage_billing_period", Kind::Day, "u.month = ?"),
        // The spelling with two lines is Waldur's.
        filter("component_usage__billing_period", Kind::Day, "u.month = ?"),
        filter("billing_period_year", Kind::Number, "u.year = ?"),
        filter("billing_period_month", Kind::Number, "u.month_of_year = ?"),
    ],
    orders: &[
        ("component_usage__billing_period", "u.month"),
        ("usage", "w.amount"),
        ("username", "w.username"),
    ],
    usual_order: "w.updated_at DESC",
    id: "w.id",
};

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<UserUsage> {
    Ok(UserUsage {
        id: row.parse("user_usages", "id")?,
        username: row.get("username")?,
        user: row.parse_some("user_usages", "user_id")?,
        usage: row.parse("user_usages", "usage_id")?,
        amount: row.get("amount")?,
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
        kind: row.get("kind")?,
        measured_unit: row.get("measured_unit")?,
        description: row.get("description")?,
        resource: row.parse("component_usages", "resource_id")?,
        resource_name: row.get("resource_name")?,
        offering: row.parse("resources", "offering_id")?,
        offering_name: row.get("offering_name")?,
        project: row.parse("resources", "project_id")?,
        project_name: row.get("project_name")?,
        customer: row.parse("component_usages", "customer_id")?,
        customer_name: row.get("customer_name")?,
        month: Day::from_number(row.get("month")?),
        day: Day::from_number(row.get("day")?),
    })
}

/// Sets how much of an amount was one person's. An account that was named stays until another one is.
pub async fn tell(
    tx: &mut Tx,
    id: UsageId,
    usage: UsageId,
    (username, user): (&str, Option<UserId>),
    amount: i64,
    at: Timestamp,
) -> Result<()> {
    sql(
        tx,
        "INSERT INTO user_usages (id, usage_id, username, user_id, amount, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (usage_id, username) DO UPDATE SET amount = excluded.amount, updated_at = excluded.updated_at,
             user_id = COALESCE(excluded.user_id, user_usages.user_id)",
    )
    .bind(id.to_string())
    .bind(usage.to_string())
    .bind(username.to_owned())
    .bind(user.map(|id| id.to_string()))
    .bind(amount)
    .bind(at.ms())
    .execute()
    .await
    .map(drop)
}

/// How many people an amount is divided among, and how much of it.
pub async fn of_usage(on: impl Run<'_>, usage: UsageId) -> Result<Vec<(String, i64)>> {
    sql(on, "SELECT username, amount FROM user_usages WHERE usage_id = $1 ORDER BY username, id")
        .bind(usage.to_string())
        .all(|row| Ok((row.get("username")?, row.get("amount")?)))
        .await
}

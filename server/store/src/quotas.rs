//! How many of something a customer may have, and has.

use model::{CustomerId, Quota};

use crate::{Result, Run, Tx, sql};

/// The limit of a quota; `None` when there is none.
pub async fn limit(on: impl Run<'_>, customer: CustomerId, quota: Quota) -> Result<Option<i64>> {
    sql(on, "SELECT most FROM quotas WHERE customer_id = $1 AND name = $2")
        .bind(customer.to_string())
        .bind(quota.as_str())
        .optional(|row| row.get("most"))
        .await
}

/// How many the customer has.
pub async fn used(on: impl Run<'_>, customer: CustomerId, quota: Quota) -> Result<i64> {
    let text = match quota {
        Quota::Projects => {
            "SELECT COUNT(*) AS n FROM projects WHERE customer_id = $1 AND removed_at IS NULL"
        }
        Quota::Resources => {
            "SELECT COUNT(*) AS n FROM resources WHERE customer_id = $1 AND state <> 'terminated'"
        }
    };
    sql(on, text).bind(customer.to_string()).one(|row| row.get("n")).await
}

/// Sets a limit, or takes it away.
pub async fn set(tx: &mut Tx, customer: CustomerId, quota: Quota, most: Option<i64>) -> Result<()> {
    let Some(most) = most else {
        return sql(tx, "DELETE FROM quotas WHERE customer_id = $1 AND name = $2")
            .bind(customer.to_string())
            .bind(quota.as_str())
            .execute()
            .await
            .map(drop);
    };
    sql(
        tx,
        "INSERT INTO quotas (customer_id, name, most) VALUES ($1, $2, $3)
         ON CONFLICT (customer_id, name) DO UPDATE SET most = excluded.most",
    )
    .bind(customer.to_string())
    .bind(quota.as_str())
    .bind(most)
    .execute()
    .await
    .map(drop)
}

//! Many orders at once, for measuring lists.

use model::{
    CustomerId, OfferingId, OrderId, OrderKind, OrderState, PlanId, ProjectId, ResourceId,
    Timestamp, UserId,
};

use crate::{
    Db, Result, Run as _, Tx,
    db::{Target, built, runs},
    sql,
};

/// An offering that can be ordered, with a plan of it and who sells it.
#[derive(Debug, Clone, Copy)]
pub struct Offered {
    pub offering: OfferingId,
    pub plan: PlanId,
    pub seller: CustomerId,
}

/// A resource as measuring needs it.
#[derive(Debug, Clone, Copy)]
pub struct BulkResource {
    pub id: ResourceId,
    pub customer: CustomerId,
    pub project: ProjectId,
    pub offered: Offered,
    pub at: Timestamp,
}

/// An order as measuring needs it.
#[derive(Debug, Clone, Copy)]
pub struct BulkOrder {
    pub id: OrderId,
    pub resource: BulkResource,
    pub created_by: UserId,
    pub state: OrderState,
    pub kind: OrderKind,
    pub at: Timestamp,
}

/// What can be ordered.
pub async fn offered(on: &Db) -> Result<Vec<Offered>> {
    sql(
        on,
        "SELECT o.id AS offering, MIN(p.id) AS plan, v.customer_id AS seller FROM offerings o
         JOIN providers v ON v.id = o.provider_id JOIN plans p ON p.offering_id = o.id
         GROUP BY o.id, v.customer_id ORDER BY o.id",
    )
    .all(|row| {
        Ok(Offered {
            offering: row.parse("offerings", "offering")?,
            plan: row.parse("plans", "plan")?,
            seller: row.parse("providers", "seller")?,
        })
    })
    .await
}

/// Adds resources that are there and billed by invoice.
pub async fn resources(tx: &mut Tx, resources: &[BulkResource]) -> Result<()> {
    for run in runs(resources) {
        let on = (&mut *tx).run();
        let text = format!(
            "INSERT INTO resources (id, customer_id, project_id, offering_id, plan_id, seller_id, name, slug, state,
                 created_at, updated_at, invoiced) VALUES {}",
            on.places(run.len(), 12)
        );
        let statement = run.iter().fold(built(on, text), |statement, resource| {
            let name = resource.id.hex();
            statement
                .bind(resource.id.to_string())
                .bind(resource.customer.to_string())
                .bind(resource.project.to_string())
                .bind(resource.offered.offering.to_string())
                .bind(resource.offered.plan.to_string())
                .bind(resource.offered.seller.to_string())
                .bind(format!("Resource {}", name.get(20..).unwrap_or_default()))
                .bind(name)
                .bind("ok")
                .bind(resource.at.ms())
                .bind(resource.at.ms())
                .bind(1_i64)
        });
        statement.execute().await?;
    }
    Ok(())
}

/// Adds orders.
pub async fn orders(tx: &mut Tx, orders: &[BulkOrder]) -> Result<()> {
    for run in runs(orders) {
        let on = (&mut *tx).run();
        let text = format!(
            "INSERT INTO orders (id, slug, customer_id, project_id, offering_id, seller_id, plan_id, resource_id, kind,
                 state, attributes, limits, old_limits, cost, old_cost, activation_price, created_by,
                 consumer_reviewed_by, consumer_reviewed_at, auto_approved, request_comment, consumer_comment,
                 provider_comment, error_message, error_traceback, output, callback_url, created_at, updated_at)
             VALUES {}",
            on.places(run.len(), 29)
        );
        let statement = run.iter().fold(built(on, text), |statement, order| {
            let BulkResource { id, customer, project, offered, .. } = order.resource;
            let statement = statement
                .bind(order.id.to_string())
                .bind(order.id.hex())
                .bind(customer.to_string())
                .bind(project.to_string())
                .bind(offered.offering.to_string())
                .bind(offered.seller.to_string())
                .bind(offered.plan.to_string())
                .bind(id.to_string())
                .bind(order.kind.as_str())
                .bind(order.state.as_str())
                .bind(r#"{"name": "agent"}"#)
                .bind("{}")
                .bind("{}")
                .bind(10_000_000_i64)
                .bind(0_i64)
                .bind(0_i64)
                .bind(order.created_by.to_string())
                .bind(order.created_by.to_string())
                .bind(order.at.ms())
                .bind(0_i64);
            let statement = (0..7).fold(statement, |statement, _| statement.bind(""));
            statement.bind(order.at.ms()).bind(order.at.ms())
        });
        statement.execute().await?;
    }
    Ok(())
}

/// What PostgreSQL does by itself within a minute after many rows came: looks at them once for its planner and its
/// index-only scans. SQLite has no such thing, and gets none here.
pub async fn settle(on: &Db) -> Result<()> {
    match on.run() {
        target @ Target::Postgres(_) => sql(target, "VACUUM ANALYZE").execute().await.map(drop),
        _ => Ok(()),
    }
}

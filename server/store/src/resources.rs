//! What customers have of what is on sale.

use model::{
    CustomerId, InstanceView, OfferingId, PlanId, ProjectId, ResourceId, ResourceState, Timestamp,
};

use crate::{Result, Row, Run, Tx, db::built, sql};

/// An offering that a customer has.
#[derive(Debug, Clone)]
pub struct Resource {
    pub id: ResourceId,
    pub customer: CustomerId,
    pub project: ProjectId,
    pub offering: OfferingId,
    pub plan: PlanId,
    pub name: String,
    pub state: ResourceState,
    pub reference: Option<String>,
    pub created_at: Timestamp,
    pub renews_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<Resource> {
    Ok(Resource {
        id: row.parse("resources", "id")?,
        customer: row.parse("resources", "customer_id")?,
        project: row.parse("resources", "project_id")?,
        offering: row.parse("resources", "offering_id")?,
        plan: row.parse("resources", "plan_id")?,
        name: row.get("name")?,
        state: row.parse("resources", "state")?,
        reference: row.get("reference")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        renews_at: row.get::<Option<i64>>("renews_at")?.map(Timestamp::from_ms),
    })
}

/// Adds a resource; `Conflict` when the customer has one with this reference.
pub async fn insert(tx: &mut Tx, resource: &Resource) -> Result<()> {
    sql(
        tx,
        "INSERT INTO resources (id, customer_id, project_id, offering_id, plan_id, name, state,
             reference, created_at, renews_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(resource.id.to_string())
    .bind(resource.customer.to_string())
    .bind(resource.project.to_string())
    .bind(resource.offering.to_string())
    .bind(resource.plan.to_string())
    .bind(resource.name.clone())
    .bind(resource.state.as_str())
    .bind(resource.reference.clone())
    .bind(resource.created_at.ms())
    .bind(resource.renews_at.map(Timestamp::ms))
    .execute()
    .await
    .map(drop)
}

/// Reads a resource and keeps others from changing it until the transaction ends.
pub async fn lock(tx: &mut Tx, id: ResourceId) -> Result<Option<Resource>> {
    let on = (&mut *tx).run();
    let text = format!(
        "SELECT id, customer_id, project_id, offering_id, plan_id, name, state, reference, created_at,
             renews_at FROM resources WHERE id = $1{}",
        on.for_update()
    );
    built(on, text).bind(id.to_string()).optional(read).await
}

pub async fn find(on: impl Run<'_>, id: ResourceId) -> Result<Option<Resource>> {
    sql(
        on,
        "SELECT id, customer_id, project_id, offering_id, plan_id, name, state, reference, created_at,
             renews_at FROM resources WHERE id = $1",
    )
    .bind(id.to_string())
    .optional(read)
    .await
}

/// The resource that a customer's reference has made.
pub async fn by_reference(
    on: impl Run<'_>,
    customer: CustomerId,
    reference: &str,
) -> Result<Option<Resource>> {
    sql(
        on,
        "SELECT id, customer_id, project_id, offering_id, plan_id, name, state, reference, created_at,
             renews_at FROM resources WHERE customer_id = $1 AND reference = $2",
    )
    .bind(customer.to_string())
    .bind(reference.to_owned())
    .optional(read)
    .await
}

fn read_view(row: &Row) -> Result<InstanceView> {
    Ok(InstanceView {
        instance_id: row.parse("resources", "id")?,
        name: row.get("name")?,
        state: row.parse("resources", "state")?,
        organization: row.get("organization")?,
        offering_id: row.parse("resources", "offering_id")?,
        offering_slug: row.get("slug")?,
        provider: row.get("provider")?,
        plan: row.get("plan")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        renews_at: row.get::<Option<i64>>("renews_at")?.map(Timestamp::from_ms),
    })
}

/// A customer's resources as its pages list them, newest first, without the ended ones.
pub async fn of_customer(on: impl Run<'_>, customer: CustomerId) -> Result<Vec<InstanceView>> {
    sql(
        on,
        "SELECT r.id, r.name, r.state, c.name AS organization, r.offering_id, o.slug, p.name AS provider,
             l.name AS plan, r.created_at, r.renews_at
         FROM resources r JOIN customers c ON c.id = r.customer_id
         JOIN offerings o ON o.id = r.offering_id JOIN providers p ON p.id = o.provider_id
         JOIN plans l ON l.id = r.plan_id
         WHERE r.customer_id = $1 AND r.state <> 'terminated' ORDER BY r.created_at DESC, r.id DESC",
    )
    .bind(customer.to_string())
    .all(read_view)
    .await
}

/// One resource as its page shows it.
pub async fn view(on: impl Run<'_>, id: ResourceId) -> Result<Option<InstanceView>> {
    sql(
        on,
        "SELECT r.id, r.name, r.state, c.name AS organization, r.offering_id, o.slug, p.name AS provider,
             l.name AS plan, r.created_at, r.renews_at
         FROM resources r JOIN customers c ON c.id = r.customer_id
         JOIN offerings o ON o.id = r.offering_id JOIN providers p ON p.id = o.provider_id
         JOIN plans l ON l.id = r.plan_id WHERE r.id = $1",
    )
    .bind(id.to_string())
    .optional(read_view)
    .await
}

/// Moves a resource to another state if it is in the one it is thought to be in; how many rows that was.
pub async fn set_state(
    tx: &mut Tx,
    id: ResourceId,
    from: ResourceState,
    to: ResourceState,
    terminated_at: Option<Timestamp>,
) -> Result<u64> {
    sql(
        tx,
        "UPDATE resources SET state = $3, terminated_at = COALESCE($4, terminated_at),
             renews_at = CASE WHEN $3 = 'terminated' THEN NULL ELSE renews_at END
         WHERE id = $1 AND state = $2",
    )
    .bind(id.to_string())
    .bind(from.as_str())
    .bind(to.as_str())
    .bind(terminated_at.map(Timestamp::ms))
    .execute()
    .await
}

/// Moves the day a live resource's fee is due, if it is still the day it is thought to be; how many rows that was.
pub async fn set_renewal(
    tx: &mut Tx,
    id: ResourceId,
    from: Timestamp,
    to: Timestamp,
    state: ResourceState,
) -> Result<u64> {
    sql(
        tx,
        "UPDATE resources SET renews_at = $3, state = $4
         WHERE id = $1 AND renews_at = $2 AND state IN ('creating', 'ok', 'paused')",
    )
    .bind(id.to_string())
    .bind(from.ms())
    .bind(to.ms())
    .bind(state.as_str())
    .execute()
    .await
}

/// Live resources whose fee is due, after one of them, in the order of their dues.
pub async fn due(
    on: impl Run<'_>,
    now: Timestamp,
    after: Option<&Resource>,
    limit: i64,
) -> Result<Vec<Resource>> {
    let since = after.and_then(|last| last.renews_at).map_or(i64::MIN, Timestamp::ms);
    sql(
        on,
        // COALESCE keeps SQLite from going through all that are in these states instead of those that are due.
        "SELECT id, customer_id, project_id, offering_id, plan_id, name, state, reference, created_at,
             renews_at FROM resources
         WHERE renews_at <= $1 AND (renews_at, id) > ($2, $3) AND COALESCE(state, '') IN ('creating', 'ok', 'paused')
             AND customer_id NOT IN (SELECT id FROM customers WHERE blocked_at IS NOT NULL) ORDER BY renews_at, id LIMIT $4",
    )
    .bind(now.ms())
    .bind(since)
    .bind(after.map(|last| last.id.to_string()).unwrap_or_default())
    .bind(limit)
    .all(read)
    .await
}

//! Orders: requests to create, change or end a resource, and how far they are.

use std::collections::BTreeMap;

use model::{
    CategoryId, CustomerId, Day, OfferingId, OrderId, OrderKind, OrderState, PlanId, PlanUnit,
    ProjectId, ResourceId, Timestamp, Usd, UserId,
};
use serde_json::{Map, Value};

use crate::{
    Error, Result, Row, Run, Tx,
    db::built,
    lists::{Kind, Shelf, filter},
    sql,
    surveys::Long,
};

/// An order as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub id: OrderId,
    pub slug: String,
    pub customer: CustomerId,
    pub project: ProjectId,
    pub offering: OfferingId,
    /// The customer that sells.
    pub seller: CustomerId,
    pub plan: Option<PlanId>,
    pub old_plan: Option<PlanId>,
    pub resource: Option<ResourceId>,
    pub kind: OrderKind,
    pub state: OrderState,
    pub attributes: Map<String, Value>,
    pub limits: BTreeMap<String, i64>,
    pub old_limits: BTreeMap<String, i64>,
    /// Estimated when it was made.
    pub cost: Usd,
    pub old_cost: Usd,
    pub activation_price: Usd,
    pub created_by: Option<UserId>,
    pub consumer_reviewed_by: Option<UserId>,
    pub consumer_reviewed_at: Option<Timestamp>,
    pub provider_reviewed_by: Option<UserId>,
    pub provider_reviewed_at: Option<Timestamp>,
    pub auto_approved: bool,
    pub request_comment: String,
    pub consumer_comment: String,
    pub provider_comment: String,
    pub error_message: String,
    pub error_traceback: String,
    pub output: String,
    pub callback_url: String,
    pub start_day: Option<Day>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    /// The caller's id of it.
    pub reference: Option<String>,
}

/// An order with what everything about it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderRow {
    pub order: Order,
    pub customer_name: String,
    pub customer_slug: String,
    pub project_name: String,
    pub offering_name: String,
    pub offering_kind: String,
    pub category: CategoryId,
    pub category_title: String,
    pub seller_name: String,
    pub plan_name: Option<String>,
    pub plan_unit: Option<PlanUnit>,
    pub old_plan_name: Option<String>,
    pub resource_name: Option<String>,
    /// Full name, e-mail.
    pub created_by: Option<(String, String)>,
    pub consumer_reviewed_by: Option<(String, String)>,
    pub provider_reviewed_by: Option<(String, String)>,
}

const STATES: &[&str] = &[
    "pending-consumer",
    "pending-provider",
    "pending-project",
    "pending-start-date",
    "executing",
    "done",
    "erred",
    "canceled",
    "rejected",
];

/// What can be asked of the orders.
pub const SHELF: Shelf = Shelf {
    select: "d.id, d.slug, d.customer_id, d.project_id, d.offering_id, d.seller_id, d.plan_id, d.old_plan_id,
        d.resource_id, d.kind, d.state, d.attributes, d.limits, d.old_limits, d.cost, d.old_cost, d.activation_price,
        d.created_by, d.consumer_reviewed_by, d.consumer_reviewed_at, d.provider_reviewed_by, d.provider_reviewed_at,
        d.auto_approved, d.request_comment, d.consumer_comment, d.provider_comment, d.error_message,
        d.error_traceback, d.output, d.callback_url, d.start_day, d.created_at, d.updated_at, d.completed_at,
        d.reference, c.name AS customer, c.slug AS customer_slug, j.name AS project, o.name AS offering,
        o.kind AS offering_kind, g.id AS category_id, g.title AS category, s.name AS seller, l.name AS plan,
        l.unit AS plan_unit, k.name AS old_plan, r.name AS resource, u.full_name AS created_name,
        u.email AS created_email, cu.full_name AS consumer_name, cu.email AS consumer_email,
        pu.full_name AS provider_name, pu.email AS provider_email",
    from: "orders d JOIN customers c ON c.id = d.customer_id JOIN projects j ON j.id = d.project_id
        JOIN offerings o ON o.id = d.offering_id JOIN categories g ON g.id = o.category_id
        JOIN customers s ON s.id = d.seller_id LEFT JOIN plans l ON l.id = d.plan_id
        LEFT JOIN plans k ON k.id = d.old_plan_id LEFT JOIN resources r ON r.id = d.resource_id
        LEFT JOIN users u ON u.id = d.created_by LEFT JOIN users cu ON cu.id = d.consumer_reviewed_by
        LEFT JOIN users pu ON pu.id = d.provider_reviewed_by",
    counted: "orders d",
    filters: &[
        filter("state", Kind::Word(STATES), "d.state IN (?)"),
        filter("type", Kind::Word(&["Create", "Update", "Terminate", "Restore"]), "d.kind IN (?)"),
        filter("offering", Kind::Id, "d.offering_id IN (?)"),
        filter("offering_uuid", Kind::Id, "d.offering_id IN (?)"),
        filter("offering_slug", Kind::Text, "o.slug IN (?)"),
        filter("offering_type", Kind::Text, "o.kind IN (?)"),
        filter("category_uuid", Kind::Id, "o.category_id IN (?)"),
        filter("customer", Kind::Id, "d.customer_id IN (?)"),
        filter("customer_uuid", Kind::Id, "d.customer_id IN (?)"),
        filter("project", Kind::Id, "d.project_id IN (?)"),
        filter("project_uuid", Kind::Id, "d.project_id IN (?)"),
        filter("provider_uuid", Kind::Id, "d.seller_id IN (?)"),
        filter("plan_uuid", Kind::Id, "d.plan_id IN (?)"),
        filter("resource", Kind::Id, "d.resource_id IN (?)"),
        filter("resource_uuid", Kind::Id, "d.resource_id IN (?)"),
        filter("resource_name", Kind::Contains, "LOWER(r.name) LIKE ? ESCAPE '\\'"),
        filter("created", Kind::Time, "d.created_at >= ?"),
        filter("created_before", Kind::Time, "d.created_at <= ?"),
        filter("modified", Kind::Time, "d.updated_at >= ?"),
        filter("modified_before", Kind::Time, "d.updated_at <= ?"),
        filter("was_auto_approved", Kind::Bool, "d.auto_approved = ?"),
        filter(
            "query",
            Kind::Contains,
            "LOWER(o.name) LIKE ? ESCAPE '\\' OR LOWER(r.name) LIKE ? ESCAPE '\\' OR LOWER(j.name) LIKE ? ESCAPE '\\'",
        ),
        filter("slug", Kind::Text, "d.slug IN (?)"),
        filter(
            "service_manager_uuid",
            Kind::Id,
            "EXISTS (SELECT 1 FROM members m WHERE m.scope_id = d.offering_id AND m.user_id IN (?))",
        ),
    ],
    orders: &[
        ("created", "d.created_at"),
        ("modified", "d.updated_at"),
        ("cost", "d.cost"),
        ("state", "d.state"),
        ("consumer_reviewed_at", "d.consumer_reviewed_at"),
    ],
    usual_order: "d.created_at DESC",
    id: "d.id",
};

/// A marketplace has many orders. They keep the time that they were made at, and a change writes `updated_at`.
pub const LONG: Long = Long { shelf: &SHELF, at: "d.created_at", changed: "d.updated_at" };

fn read_order(row: &Row) -> Result<Order> {
    let time = |column| Ok::<_, Error>(row.get::<Option<i64>>(column)?.map(Timestamp::from_ms));
    Ok(Order {
        id: row.parse("orders", "id")?,
        slug: row.get("slug")?,
        customer: row.parse("orders", "customer_id")?,
        project: row.parse("orders", "project_id")?,
        offering: row.parse("orders", "offering_id")?,
        seller: row.parse("orders", "seller_id")?,
        plan: row.parse_some("orders", "plan_id")?,
        old_plan: row.parse_some("orders", "old_plan_id")?,
        resource: row.parse_some("orders", "resource_id")?,
        kind: row.parse("orders", "kind")?,
        state: row.parse("orders", "state")?,
        attributes: row.json("orders", "attributes")?,
        limits: row.json("orders", "limits")?,
        old_limits: row.json("orders", "old_limits")?,
        cost: Usd::from_micros(row.get("cost")?),
        old_cost: Usd::from_micros(row.get("old_cost")?),
        activation_price: Usd::from_micros(row.get("activation_price")?),
        created_by: row.parse_some("orders", "created_by")?,
        consumer_reviewed_by: row.parse_some("orders", "consumer_reviewed_by")?,
        consumer_reviewed_at: time("consumer_reviewed_at")?,
        provider_reviewed_by: row.parse_some("orders", "provider_reviewed_by")?,
        provider_reviewed_at: time("provider_reviewed_at")?,
        auto_approved: row.get::<i64>("auto_approved")? != 0,
        request_comment: row.get("request_comment")?,
        consumer_comment: row.get("consumer_comment")?,
        provider_comment: row.get("provider_comment")?,
        error_message: row.get("error_message")?,
        error_traceback: row.get("error_traceback")?,
        output: row.get("output")?,
        callback_url: row.get("callback_url")?,
        start_day: row.get::<Option<i64>>("start_day")?.map(Day::from_number),
        created_at: Timestamp::from_ms(row.get("created_at")?),
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
        completed_at: time("completed_at")?,
        reference: row.get("reference")?,
    })
}

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<OrderRow> {
    let person = |name, email| {
        let found: (Option<String>, Option<String>) = (row.get(name)?, row.get(email)?);
        Ok::<_, Error>(found.0.zip(found.1))
    };
    Ok(OrderRow {
        order: read_order(row)?,
        customer_name: row.get("customer")?,
        customer_slug: row.get("customer_slug")?,
        project_name: row.get("project")?,
        offering_name: row.get("offering")?,
        offering_kind: row.get("offering_kind")?,
        category: row.parse("categories", "category_id")?,
        category_title: row.get("category")?,
        seller_name: row.get("seller")?,
        plan_name: row.get("plan")?,
        plan_unit: row.parse_some("plans", "plan_unit")?,
        old_plan_name: row.get("old_plan")?,
        resource_name: row.get("resource")?,
        created_by: person("created_name", "created_email")?,
        consumer_reviewed_by: person("consumer_name", "consumer_email")?,
        provider_reviewed_by: person("provider_name", "provider_email")?,
    })
}

fn json(value: &impl serde::Serialize, column: &'static str) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Corrupt {
        table: "orders",
        column,
        row: error.to_string(),
    })
}

/// Adds an order; `Conflict` when the customer has one with this reference.
pub async fn insert(tx: &mut Tx, order: &Order) -> Result<()> {
    sql(
        tx,
        "INSERT INTO orders (id, slug, customer_id, project_id, offering_id, seller_id, plan_id, old_plan_id,
             resource_id, kind, state, attributes, limits, old_limits, cost, old_cost, activation_price, created_by,
             consumer_reviewed_by, consumer_reviewed_at, provider_reviewed_by, provider_reviewed_at, auto_approved,
             request_comment, consumer_comment, provider_comment, error_message, error_traceback, output,
             callback_url, start_day, created_at, updated_at, completed_at, reference)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35)",
    )
    .bind(order.id.to_string())
    .bind(order.slug.clone())
    .bind(order.customer.to_string())
    .bind(order.project.to_string())
    .bind(order.offering.to_string())
    .bind(order.seller.to_string())
    .bind(order.plan.map(|id| id.to_string()))
    .bind(order.old_plan.map(|id| id.to_string()))
    .bind(order.resource.map(|id| id.to_string()))
    .bind(order.kind.as_str())
    .bind(order.state.as_str())
    .bind(json(&order.attributes, "attributes")?)
    .bind(json(&order.limits, "limits")?)
    .bind(json(&order.old_limits, "old_limits")?)
    .bind(order.cost.micros())
    .bind(order.old_cost.micros())
    .bind(order.activation_price.micros())
    .bind(order.created_by.map(|id| id.to_string()))
    .bind(order.consumer_reviewed_by.map(|id| id.to_string()))
    .bind(order.consumer_reviewed_at.map(Timestamp::ms))
    .bind(order.provider_reviewed_by.map(|id| id.to_string()))
    .bind(order.provider_reviewed_at.map(Timestamp::ms))
    .bind(i64::from(order.auto_approved))
    .bind(order.request_comment.clone())
    .bind(order.consumer_comment.clone())
    .bind(order.provider_comment.clone())
    .bind(order.error_message.clone())
    .bind(order.error_traceback.clone())
    .bind(order.output.clone())
    .bind(order.callback_url.clone())
    .bind(order.start_day.map(Day::number))
    .bind(order.created_at.ms())
    .bind(order.updated_at.ms())
    .bind(order.completed_at.map(Timestamp::ms))
    .bind(order.reference.clone())
    .execute()
    .await
    .map(drop)
}

/// Writes an order back if it is still in the state that it was read in; how many rows that was. Of two that act on an
/// order at once, exactly one finds it as it was.
pub async fn update(tx: &mut Tx, order: &Order, was: OrderState) -> Result<u64> {
    sql(
        tx,
        "UPDATE orders SET state = $3, resource_id = $4, attributes = $5, limits = $6, cost = $7,
             consumer_reviewed_by = $8, consumer_reviewed_at = $9, provider_reviewed_by = $10,
             provider_reviewed_at = $11, auto_approved = $12, consumer_comment = $13, provider_comment = $14,
             error_message = $15, error_traceback = $16, output = $17, start_day = $18, updated_at = $19,
             completed_at = $20 WHERE id = $1 AND state = $2",
    )
    .bind(order.id.to_string())
    .bind(was.as_str())
    .bind(order.state.as_str())
    .bind(order.resource.map(|id| id.to_string()))
    .bind(json(&order.attributes, "attributes")?)
    .bind(json(&order.limits, "limits")?)
    .bind(order.cost.micros())
    .bind(order.consumer_reviewed_by.map(|id| id.to_string()))
    .bind(order.consumer_reviewed_at.map(Timestamp::ms))
    .bind(order.provider_reviewed_by.map(|id| id.to_string()))
    .bind(order.provider_reviewed_at.map(Timestamp::ms))
    .bind(i64::from(order.auto_approved))
    .bind(order.consumer_comment.clone())
    .bind(order.provider_comment.clone())
    .bind(order.error_message.clone())
    .bind(order.error_traceback.clone())
    .bind(order.output.clone())
    .bind(order.start_day.map(Day::number))
    .bind(order.updated_at.ms())
    .bind(order.completed_at.map(Timestamp::ms))
    .execute()
    .await
}

/// Takes an order away if it is in this state; how many that were.
pub async fn remove(tx: &mut Tx, id: OrderId, was: OrderState) -> Result<u64> {
    sql(tx, "DELETE FROM orders WHERE id = $1 AND state = $2")
        .bind(id.to_string())
        .bind(was.as_str())
        .execute()
        .await
}

/// One order.
pub async fn find(on: impl Run<'_>, id: OrderId) -> Result<Option<Order>> {
    built(on, "SELECT * FROM orders WHERE id = $1".to_owned())
        .bind(id.to_string())
        .optional(read_order)
        .await
}

/// Reads an order and keeps others from changing it until the transaction ends. Whoever holds its customer as well takes
/// that first.
pub async fn lock(tx: &mut Tx, id: OrderId) -> Result<Option<Order>> {
    let on = (&mut *tx).run();
    let text = format!("SELECT * FROM orders WHERE id = $1{}", on.for_update());
    built(on, text).bind(id.to_string()).optional(read_order).await
}

/// The order that a customer's reference has made.
pub async fn by_reference(
    on: impl Run<'_>,
    customer: CustomerId,
    reference: &str,
) -> Result<Option<OrderId>> {
    sql(on, "SELECT id FROM orders WHERE customer_id = $1 AND reference = $2")
        .bind(customer.to_string())
        .bind(reference.to_owned())
        .optional(|row| row.parse("orders", "id"))
        .await
}

/// How many resources a customer's unfinished orders will make that are not there yet.
pub async fn coming(on: impl Run<'_>, customer: CustomerId) -> Result<i64> {
    sql(
        on,
        "SELECT COUNT(*) AS n FROM orders WHERE customer_id = $1 AND kind = 'Create' AND resource_id IS NULL
             AND state IN ('pending-consumer', 'pending-provider', 'pending-project', 'pending-start-date', 'executing')",
    )
    .bind(customer.to_string())
    .one(|row| row.get("n"))
    .await
}

/// The unfinished order of a resource, if there is one.
pub async fn open_of(on: impl Run<'_>, resource: ResourceId) -> Result<Option<OrderId>> {
    sql(
        on,
        "SELECT id FROM orders WHERE resource_id = $1
             AND state IN ('pending-consumer', 'pending-provider', 'pending-project', 'pending-start-date', 'executing')
         ORDER BY created_at, id LIMIT 1",
    )
    .bind(resource.to_string())
    .optional(|row| row.parse("orders", "id"))
    .await
}

/// Orders that wait for a day which has come.
pub async fn waiting(on: impl Run<'_>, today: Day, most: i64) -> Result<Vec<OrderId>> {
    sql(
        on,
        "SELECT d.id FROM orders d JOIN projects j ON j.id = d.project_id
         WHERE (d.state = 'pending-start-date' AND (d.start_day IS NULL OR d.start_day <= $1))
             OR (d.state = 'pending-project' AND (j.start_day IS NULL OR j.start_day <= $1))
         ORDER BY d.created_at, d.id LIMIT $2",
    )
    .bind(today.number())
    .bind(most)
    .all(|row| row.parse("orders", "id"))
    .await
}

/// The day that a project starts on, where it has one.
pub async fn project_start(on: impl Run<'_>, project: ProjectId) -> Result<Option<Day>> {
    sql(on, "SELECT start_day FROM projects WHERE id = $1")
        .bind(project.to_string())
        .optional(|row| Ok(row.get::<Option<i64>>("start_day")?.map(Day::from_number)))
        .await
        .map(Option::flatten)
}

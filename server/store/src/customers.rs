//! Tenants, who belongs to them, and their projects.

use model::{CustomerId, ProjectId, ScopeKind, ScopeRole, Timestamp, UserId};

use crate::{
    Result, Row, Run, Tx,
    members::{self, Member},
    sql,
};

/// A tenant.
#[derive(Debug, Clone)]
pub struct Customer {
    pub id: CustomerId,
    pub name: String,
    pub created_at: Timestamp,
    pub blocked_at: Option<Timestamp>,
}

/// A grouping of resources.
#[derive(Debug, Clone)]
pub struct Project {
    pub id: ProjectId,
    pub customer_id: CustomerId,
    pub name: String,
}

fn read(row: &Row) -> Result<Customer> {
    Ok(Customer {
        id: row.parse("customers", "id")?,
        name: row.get("name")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        blocked_at: row.get::<Option<i64>>("blocked_at")?.map(Timestamp::from_ms),
    })
}

fn read_project(row: &Row) -> Result<Project> {
    Ok(Project {
        id: row.parse("projects", "id")?,
        customer_id: row.parse("projects", "customer_id")?,
        name: row.get("name")?,
    })
}

pub async fn insert(tx: &mut Tx, customer: &Customer) -> Result<()> {
    sql(tx, "INSERT INTO customers (id, name, created_at, blocked_at) VALUES ($1, $2, $3, $4)")
        .bind(customer.id.to_string())
        .bind(customer.name.clone())
        .bind(customer.created_at.ms())
        .bind(customer.blocked_at.map(Timestamp::ms))
        .execute()
        .await
        .map(drop)
}

pub async fn find(on: impl Run<'_>, id: CustomerId) -> Result<Option<Customer>> {
    sql(on, "SELECT id, name, created_at, blocked_at FROM customers WHERE id = $1")
        .bind(id.to_string())
        .optional(read)
        .await
}

/// Keeps others from changing what belongs to a customer until the transaction ends; false when there is none.
pub async fn lock(tx: &mut Tx, id: CustomerId) -> Result<bool> {
    // An update that changes nothing locks the row in both engines.
    let rows = sql(tx, "UPDATE customers SET name = name WHERE id = $1")
        .bind(id.to_string())
        .execute()
        .await?;
    Ok(rows == 1)
}

/// Makes a user a member of a customer.
pub async fn add_member(
    tx: &mut Tx,
    customer: CustomerId,
    user: UserId,
    role: ScopeRole,
    now: Timestamp,
) -> Result<()> {
    let member = Member {
        kind: ScopeKind::Customer,
        scope: customer.to_string(),
        customer,
        user,
        role,
        created_at: now,
        created_by: None,
        expires_at: None,
    };
    members::put(tx, &member).await
}

/// The customers that a user belongs to, oldest membership first.
pub async fn of_user(on: impl Run<'_>, user: UserId, now: Timestamp) -> Result<Vec<Customer>> {
    sql(
        on,
        "SELECT c.id, c.name, c.created_at, c.blocked_at
         FROM members m JOIN customers c ON c.id = m.customer_id
         WHERE m.user_id = $1 AND m.scope_kind = 'customer' AND (m.expires_at IS NULL OR m.expires_at > $2)
         GROUP BY c.id, c.name, c.created_at, c.blocked_at ORDER BY MIN(m.created_at), c.id",
    )
    .bind(user.to_string())
    .bind(now.ms())
    .all(read)
    .await
}

pub async fn insert_project(tx: &mut Tx, project: &Project, now: Timestamp) -> Result<()> {
    sql(tx, "INSERT INTO projects (id, customer_id, name, created_at) VALUES ($1, $2, $3, $4)")
        .bind(project.id.to_string())
        .bind(project.customer_id.to_string())
        .bind(project.name.clone())
        .bind(now.ms())
        .execute()
        .await
        .map(drop)
}

/// A project that was not removed.
pub async fn find_project(on: impl Run<'_>, id: ProjectId) -> Result<Option<Project>> {
    sql(on, "SELECT id, customer_id, name FROM projects WHERE id = $1 AND removed_at IS NULL")
        .bind(id.to_string())
        .optional(read_project)
        .await
}

/// A customer's projects, oldest first.
pub async fn projects(on: impl Run<'_>, customer: CustomerId) -> Result<Vec<Project>> {
    sql(
        on,
        "SELECT id, customer_id, name FROM projects WHERE customer_id = $1 AND removed_at IS NULL ORDER BY created_at, id",
    )
    .bind(customer.to_string())
    .all(read_project)
    .await
}

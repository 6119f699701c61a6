//! Tenants and who belongs to them. Their projects are in [`crate::projects`].

use model::{CustomerId, ProjectId, ProviderId, Quota, ScopeKind, ScopeRole, Timestamp, UserId};
use serde_json::{Map, Value};

use crate::{
    Db, Result, Row, Run, Tx,
    lists::{Asked, Clause, Kind, Shelf, filter, nothing},
    members::{self, Member},
    sql,
};

/// A tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    pub id: CustomerId,
    pub name: String,
    pub slug: String,
    pub email: String,
    /// Two capital letters, or nothing.
    pub country: String,
    pub abbreviation: String,
    pub native_name: String,
    pub registration_code: String,
    pub agreement_number: String,
    pub contact_details: String,
    pub backend_id: String,
    /// In hundredths of a percent.
    pub tax_rate: i64,
    /// What is only kept and shown again.
    pub details: Map<String, Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub blocked_at: Option<Timestamp>,
    pub archived_at: Option<Timestamp>,
}

impl Customer {
    /// A tenant of which nothing but the name is known.
    pub fn new(id: CustomerId, name: &str, at: Timestamp) -> Self {
        Self {
            id,
            name: name.to_owned(),
            slug: model::slug_of(name),
            email: String::new(),
            country: String::new(),
            abbreviation: String::new(),
            native_name: String::new(),
            registration_code: String::new(),
            agreement_number: String::new(),
            contact_details: String::new(),
            backend_id: String::new(),
            tax_rate: 0,
            details: Map::new(),
            created_at: at,
            updated_at: at,
            blocked_at: None,
            archived_at: None,
        }
    }
}

/// A tenant with how much it has.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub customer: Customer,
    pub projects: i64,
    pub users: i64,
    pub resources: i64,
    /// Set when it sells.
    pub provider: Option<ProviderId>,
}

/// A grouping of resources, as far as most need it.
#[derive(Debug, Clone)]
pub struct Project {
    pub id: ProjectId,
    pub customer_id: CustomerId,
    pub name: String,
}

/// What can be asked of the list of tenants.
pub const SHELF: Shelf = Shelf {
    select: "c.id, c.name, c.slug, c.email, c.country, c.abbreviation, c.native_name, c.registration_code,
        c.agreement_number, c.contact_details, c.backend_id, c.tax_rate, c.details, c.created_at, c.updated_at,
        c.blocked_at, c.archived_at,
        (SELECT COUNT(*) FROM projects p WHERE p.customer_id = c.id AND p.removed_at IS NULL) AS projects,
        (SELECT COUNT(DISTINCT m.user_id) FROM members m WHERE m.customer_id = c.id) AS users,
        (SELECT COUNT(*) FROM resources r WHERE r.customer_id = c.id AND r.state <> 'terminated') AS resources,
        (SELECT MIN(v.id) FROM providers v WHERE v.customer_id = c.id) AS provider",
    from: "customers c",
    counted: "",
    filters: &[
        filter("name", Kind::Contains, "LOWER(c.name) LIKE ? ESCAPE '\\'"),
        filter("name_exact", Kind::Text, "c.name = ?"),
        filter(
            "query",
            Kind::Contains,
            "LOWER(c.name) LIKE ? ESCAPE '\\' OR LOWER(c.abbreviation) LIKE ? ESCAPE '\\'
             OR LOWER(c.native_name) LIKE ? ESCAPE '\\' OR LOWER(c.registration_code) LIKE ? ESCAPE '\\'
             OR LOWER(c.email) LIKE ? ESCAPE '\\'",
        ),
        filter("abbreviation", Kind::Contains, "LOWER(c.abbreviation) LIKE ? ESCAPE '\\'"),
        filter("native_name", Kind::Contains, "LOWER(c.native_name) LIKE ? ESCAPE '\\'"),
        filter("contact_details", Kind::Contains, "LOWER(c.contact_details) LIKE ? ESCAPE '\\'"),
        filter("registration_code", Kind::Contains, "LOWER(c.registration_code) LIKE ? ESCAPE '\\'"),
        filter("agreement_number", Kind::Contains, "LOWER(c.agreement_number) LIKE ? ESCAPE '\\'"),
        filter("backend_id", Kind::Text, "c.backend_id = ?"),
        filter("archived", Kind::Bool, "CASE WHEN c.archived_at IS NULL THEN 0 ELSE 1 END = ?"),
        filter("blocked", Kind::Bool, "CASE WHEN c.blocked_at IS NULL THEN 0 ELSE 1 END = ?"),
        filter(
            "is_active",
            Kind::Bool,
            "CASE WHEN c.blocked_at IS NULL AND c.archived_at IS NULL THEN 1 ELSE 0 END = ?",
        ),
        filter("slug", Kind::Text, "c.slug = ?"),
        filter(
            "user_uuid",
            Kind::Id,
            "EXISTS (SELECT 1 FROM members m WHERE m.customer_id = c.id AND m.user_id IN (?))",
        ),
        filter(
            "is_service_provider",
            Kind::Bool,
            "CASE WHEN EXISTS (SELECT 1 FROM providers v WHERE v.customer_id = c.id) THEN 1 ELSE 0 END = ?",
        ),
        filter(
            "has_resources",
            Kind::Bool,
            "CASE WHEN EXISTS (SELECT 1 FROM resources r WHERE r.customer_id = c.id AND r.state <> 'terminated')
             THEN 1 ELSE 0 END = ?",
        ),
        filter("created", Kind::Time, "c.created_at >= ?"),
        // Everybody's use is billed from the first day on.
        filter("accounting_is_running", Kind::Bool, "1 = ?"),
        nothing("organization_group_uuid"),
    ],
    orders: &[
        ("name", "c.name"),
        ("created", "c.created_at"),
        ("abbreviation", "c.abbreviation"),
        ("native_name", "c.native_name"),
        ("registration_code", "c.registration_code"),
        ("agreement_number", "c.agreement_number"),
        ("contact_details", "c.contact_details"),
    ],
    usual_order: "c.name",
    id: "c.id",
};

/// What a customer's quotas are set to.
const QUOTAS: Shelf = Shelf {
    select: "q.customer_id, q.name, q.most",
    from: "quotas q",
    counted: "",
    filters: &[],
    orders: &[],
    usual_order: "",
    id: "q.customer_id",
};

fn read(row: &Row) -> Result<Customer> {
    let time = |column| -> Result<Option<Timestamp>> {
        Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_ms))
    };
    Ok(Customer {
        id: row.parse("customers", "id")?,
        name: row.get("name")?,
        slug: row.get("slug")?,
        email: row.get("email")?,
        country: row.get("country")?,
        abbreviation: row.get("abbreviation")?,
        native_name: row.get("native_name")?,
        registration_code: row.get("registration_code")?,
        agreement_number: row.get("agreement_number")?,
        contact_details: row.get("contact_details")?,
        backend_id: row.get("backend_id")?,
        tax_rate: row.get("tax_rate")?,
        details: row.json("customers", "details")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
        blocked_at: time("blocked_at")?,
        archived_at: time("archived_at")?,
    })
}

/// Reads a row of [`SHELF`].
pub fn read_tenant(row: &Row) -> Result<Tenant> {
    Ok(Tenant {
        customer: read(row)?,
        projects: row.get("projects")?,
        users: row.get("users")?,
        resources: row.get("resources")?,
        provider: row.parse_some("providers", "provider")?,
    })
}

fn read_project(row: &Row) -> Result<Project> {
    Ok(Project {
        id: row.parse("projects", "id")?,
        customer_id: row.parse("projects", "customer_id")?,
        name: row.get("name")?,
    })
}

/// Adds a tenant.
pub async fn insert(tx: &mut Tx, customer: &Customer) -> Result<()> {
    sql(
        &mut *tx,
        "INSERT INTO customers (id, name, created_at, blocked_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(customer.id.to_string())
    .bind(customer.name.clone())
    .bind(customer.created_at.ms())
    .bind(customer.blocked_at.map(Timestamp::ms))
    .execute()
    .await?;
    update(tx, customer).await
}

/// Writes what may change of a tenant.
pub async fn update(tx: &mut Tx, customer: &Customer) -> Result<()> {
    sql(
        tx,
        "UPDATE customers SET name = $2, slug = $3, email = $4, country = $5, abbreviation = $6, native_name = $7,
             registration_code = $8, agreement_number = $9, contact_details = $10, backend_id = $11, tax_rate = $12,
             details = $13, updated_at = $14, blocked_at = $15, archived_at = $16 WHERE id = $1",
    )
    .bind(customer.id.to_string())
    .bind(customer.name.clone())
    .bind(customer.slug.clone())
    .bind(customer.email.clone())
    .bind(customer.country.clone())
    .bind(customer.abbreviation.clone())
    .bind(customer.native_name.clone())
    .bind(customer.registration_code.clone())
    .bind(customer.agreement_number.clone())
    .bind(customer.contact_details.clone())
    .bind(customer.backend_id.clone())
    .bind(customer.tax_rate)
    .bind(Value::Object(customer.details.clone()).to_string())
    .bind(customer.updated_at.ms())
    .bind(customer.blocked_at.map(Timestamp::ms))
    .bind(customer.archived_at.map(Timestamp::ms))
    .execute()
    .await
    .map(drop)
}

/// Hides a tenant for good and takes every role in it away.
pub async fn remove(tx: &mut Tx, id: CustomerId, now: Timestamp) -> Result<()> {
    sql(&mut *tx, "UPDATE customers SET removed_at = $2, archived_at = COALESCE(archived_at, $2) WHERE id = $1")
        .bind(id.to_string())
        .bind(now.ms())
        .execute()
        .await?;
    sql(&mut *tx, "DELETE FROM members WHERE customer_id = $1")
        .bind(id.to_string())
        .execute()
        .await?;
    sql(
        tx,
        "UPDATE invitations SET state = 'canceled' WHERE customer_id = $1 AND state = 'pending'",
    )
    .bind(id.to_string())
    .execute()
    .await
    .map(drop)
}

/// Moves the fees that fell due while a tenant was blocked to now: nothing is charged for that time.
pub async fn forgive_fees(tx: &mut Tx, id: CustomerId, now: Timestamp) -> Result<()> {
    sql(tx, "UPDATE resources SET renews_at = $2 WHERE customer_id = $1 AND renews_at < $2 AND state <> 'terminated'")
        .bind(id.to_string())
        .bind(now.ms())
        .execute()
        .await
        .map(drop)
}

/// Whether a tenant sells anything that is not archived.
pub async fn sells(on: impl Run<'_>, id: CustomerId) -> Result<bool> {
    sql(
        on,
        "SELECT 1 AS one FROM offerings o JOIN providers v ON v.id = o.provider_id
         WHERE v.customer_id = $1 AND o.state <> 'archived' LIMIT 1",
    )
    .bind(id.to_string())
    .optional(|_| Ok(()))
    .await
    .map(|found| found.is_some())
}

pub async fn find(on: impl Run<'_>, id: CustomerId) -> Result<Option<Customer>> {
    sql(
        on,
        "SELECT id, name, slug, email, country, abbreviation, native_name, registration_code, agreement_number,
             contact_details, backend_id, tax_rate, details, created_at, updated_at, blocked_at, archived_at
         FROM customers WHERE id = $1 AND removed_at IS NULL",
    )
    .bind(id.to_string())
    .optional(read)
    .await
}

/// The limits of the quotas of some tenants.
pub async fn limits(db: &Db, of: &[CustomerId]) -> Result<Vec<(CustomerId, Quota, i64)>> {
    let asked = Asked::default()
        .and(Clause::of("q.customer_id IN (?)", of.iter().map(ToString::to_string)));
    QUOTAS
        .all(db, &asked, 10_000, |row| {
            Ok((
                row.parse("quotas", "customer_id")?,
                row.parse("quotas", "name")?,
                row.get("most")?,
            ))
        })
        .await
}

/// Keeps others from changing what belongs to a customer until the transaction ends; false when there is none.
pub async fn lock(tx: &mut Tx, id: CustomerId) -> Result<bool> {
    // An update that changes nothing locks the row in both engines.
    let rows = sql(tx, "UPDATE customers SET name = name WHERE id = $1 AND removed_at IS NULL")
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
        "SELECT c.id, c.name, c.slug, c.email, c.country, c.abbreviation, c.native_name, c.registration_code,
             c.agreement_number, c.contact_details, c.backend_id, c.tax_rate, c.details, c.created_at, c.updated_at,
             c.blocked_at, c.archived_at
         FROM (SELECT customer_id, MIN(created_at) AS since FROM members
               WHERE user_id = $1 AND scope_kind = 'customer' AND (expires_at IS NULL OR expires_at > $2)
               GROUP BY customer_id) m
         JOIN customers c ON c.id = m.customer_id ORDER BY m.since, c.id",
    )
    .bind(user.to_string())
    .bind(now.ms())
    .all(read)
    .await
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

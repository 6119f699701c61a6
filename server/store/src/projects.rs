//! Projects: how a customer groups its resources.

use model::{CustomerId, Day, ProjectId, Timestamp};

use crate::{
    Result, Row, Run, Tx,
    lists::{Kind, Shelf, filter},
    sql,
};

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub customer: CustomerId,
    pub name: String,
    pub slug: String,
    pub description: String,
    pub backend_id: String,
    pub start: Option<Day>,
    pub end: Option<Day>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}

impl Project {
    /// A project of which nothing but the name is known.
    pub fn new(id: ProjectId, customer: CustomerId, name: &str, at: Timestamp) -> Self {
        Self {
            id,
            customer,
            name: name.to_owned(),
            slug: model::slug_of(name),
            description: String::new(),
            backend_id: String::new(),
            start: None,
            end: None,
            created_at: at,
            updated_at: at,
            removed_at: None,
        }
    }
}

/// A project as lists show it.
#[derive(Debug, Clone)]
pub struct ProjectRow {
    pub project: Project,
    pub customer_name: String,
    pub customer_slug: String,
    pub customer_native_name: String,
    pub customer_abbreviation: String,
    /// Live ones.
    pub resources: i64,
}

/// What can be asked of the list of projects.
pub const SHELF: Shelf = Shelf {
    select: "p.id, p.customer_id, p.name, p.slug, p.description, p.backend_id, p.start_day, p.end_day, p.created_at,
        p.updated_at, p.removed_at, c.name AS customer_name, c.slug AS customer_slug,
        c.native_name AS customer_native_name, c.abbreviation AS customer_abbreviation,
        (SELECT COUNT(*) FROM resources r WHERE r.project_id = p.id AND r.state <> 'terminated') AS resources",
    from: "projects p JOIN customers c ON c.id = p.customer_id",
    counted: "",
    filters: &[
        filter("customer", Kind::Id, "p.customer_id IN (?)"),
        filter("customer_uuid", Kind::Id, "p.customer_id IN (?)"),
        filter("customer_name", Kind::Contains, "LOWER(c.name) LIKE ? ESCAPE '\\'"),
        filter("name", Kind::Contains, "LOWER(p.name) LIKE ? ESCAPE '\\'"),
        filter("name_exact", Kind::Text, "p.name = ?"),
        filter(
            "query",
            Kind::Contains,
            "LOWER(p.name) LIKE ? ESCAPE '\\' OR LOWER(p.description) LIKE ? ESCAPE '\\'
             OR LOWER(p.slug) LIKE ? ESCAPE '\\'",
        ),
        filter("description", Kind::Contains, "LOWER(p.description) LIKE ? ESCAPE '\\'"),
        filter("slug", Kind::Text, "p.slug = ?"),
        filter("created", Kind::Time, "p.created_at >= ?"),
        filter("modified", Kind::Time, "p.updated_at >= ?"),
        filter("backend_id", Kind::Text, "p.backend_id = ?"),
        filter("is_removed", Kind::Bool, "CASE WHEN p.removed_at IS NULL THEN 0 ELSE 1 END = ?"),
    ],
    orders: &[
        ("name", "p.name"),
        ("created", "p.created_at"),
        ("customer_name", "c.name"),
        ("customer_native_name", "c.native_name"),
        ("customer_abbreviation", "c.abbreviation"),
        ("start_date", "p.start_day"),
        ("end_date", "p.end_day"),
    ],
    usual_order: "p.created_at",
    id: "p.id",
};

fn read(row: &Row) -> Result<Project> {
    Ok(Project {
        id: row.parse("projects", "id")?,
        customer: row.parse("projects", "customer_id")?,
        name: row.get("name")?,
        slug: row.get("slug")?,
        description: row.get("description")?,
        backend_id: row.get("backend_id")?,
        start: row.get::<Option<i64>>("start_day")?.map(Day::from_number),
        end: row.get::<Option<i64>>("end_day")?.map(Day::from_number),
        created_at: Timestamp::from_ms(row.get("created_at")?),
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
        removed_at: row.get::<Option<i64>>("removed_at")?.map(Timestamp::from_ms),
    })
}

/// Reads a row of [`SHELF`].
pub fn read_row(row: &Row) -> Result<ProjectRow> {
    Ok(ProjectRow {
        project: read(row)?,
        customer_name: row.get("customer_name")?,
        customer_slug: row.get("customer_slug")?,
        customer_native_name: row.get("customer_native_name")?,
        customer_abbreviation: row.get("customer_abbreviation")?,
        resources: row.get("resources")?,
    })
}

/// Adds a project.
pub async fn insert(tx: &mut Tx, project: &Project) -> Result<()> {
    sql(
        &mut *tx,
        "INSERT INTO projects (id, customer_id, name, created_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(project.id.to_string())
    .bind(project.customer.to_string())
    .bind(project.name.clone())
    .bind(project.created_at.ms())
    .execute()
    .await?;
    update(tx, project).await
}

/// Writes what may change of a project.
pub async fn update(tx: &mut Tx, project: &Project) -> Result<()> {
    sql(
        tx,
        "UPDATE projects SET name = $2, slug = $3, description = $4, backend_id = $5, start_day = $6, end_day = $7,
             updated_at = $8, removed_at = $9 WHERE id = $1",
    )
    .bind(project.id.to_string())
    .bind(project.name.clone())
    .bind(project.slug.clone())
    .bind(project.description.clone())
    .bind(project.backend_id.clone())
    .bind(project.start.map(Day::number))
    .bind(project.end.map(Day::number))
    .bind(project.updated_at.ms())
    .bind(project.removed_at.map(Timestamp::ms))
    .execute()
    .await
    .map(drop)
}

/// A project, removed or not.
pub async fn find(on: impl Run<'_>, id: ProjectId) -> Result<Option<Project>> {
    sql(
        on,
        "SELECT id, customer_id, name, slug, description, backend_id, start_day, end_day, created_at, updated_at,
             removed_at FROM projects WHERE id = $1",
    )
    .bind(id.to_string())
    .optional(read)
    .await
}

/// Whether anything lives in a project.
pub async fn is_used(on: impl Run<'_>, id: ProjectId) -> Result<bool> {
    sql(
        on,
        "SELECT 1 AS one FROM resources WHERE project_id = $1 AND state <> 'terminated' LIMIT 1",
    )
    .bind(id.to_string())
    .optional(|_| Ok(()))
    .await
    .map(|found| found.is_some())
}

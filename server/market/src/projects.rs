//! Projects: how a customer groups its resources.

use model::{CustomerId, Day, ProjectId, Quota, Title};
use store::{
    Tx,
    projects::{Project, ProjectRow, SHELF, read_row},
};

use crate::{
    Actor, Asked, Clause, Error, Market, On, Permission, Result,
    audit::Deed,
    plain::plain,
    tenancy::{lock_open, must_have_room},
};

/// The service for them.
#[derive(Debug, Clone, Copy)]
pub struct Projects<'a>(pub(crate) &'a Market);

/// What is to be changed of a project; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct ProjectChange {
    pub name: Option<String>,
    pub slug: Option<String>,
    pub description: Option<String>,
    pub backend_id: Option<String>,
    /// The inner one is none when the day is taken away.
    pub start: Option<Option<Day>>,
    pub end: Option<Option<Day>>,
}

impl Projects<'_> {
    /// The projects that the actor may see; removed ones only when they are asked for.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        with_removed: bool,
        range: (i64, i64),
    ) -> Result<(Vec<ProjectRow>, u64)> {
        actor.must_be_person()?;
        let live = (!with_removed).then(|| Clause::plain("p.removed_at IS NULL"));
        let asked = asked.and_some(live).and_some(seen(actor));
        Ok(SHELF.page(self.0.core().db(), &asked, range, read_row).await?)
    }

    /// One project.
    pub async fn find(&self, actor: &Actor, id: ProjectId) -> Result<ProjectRow> {
        actor.must_be_person()?;
        let asked = Asked::default()
            .and(Clause::of("p.id = ?", [id.to_string()]))
            .and(Clause::plain("p.removed_at IS NULL"))
            .and_some(seen(actor));
        let found = SHELF.one(self.0.core().db(), &asked, read_row).await?;
        found.ok_or(Error::Missing("project"))
    }

    /// Makes a project, if the customer's quota has room for it.
    pub async fn create(
        &self,
        actor: &Actor,
        customer: CustomerId,
        draft: ProjectChange,
    ) -> Result<ProjectRow> {
        actor.must_be_person()?;
        match actor.must(Permission::ManageProjects, On::customer(customer), "organization") {
            Err(Error::Missing(_)) => return Err(Error::field("customer", crate::WRONG_LINK)),
            other => other?,
        }
        let core = self.0.core();
        let now = core.now();
        let name = draft.name.clone().unwrap_or_default();
        let mut project = Project::new(core.id(ProjectId::new), customer, &name, now);
        apply(&mut project, &draft)?;
        let mut tx = core.db().begin().await?;
        match lock_open(&mut tx, customer).await {
            Err(Error::Missing(_)) => return Err(Error::field("customer", crate::WRONG_LINK)),
            other => other?,
        }
        must_have_room(&mut tx, customer, Quota::Projects).await?;
        store::projects::insert(&mut tx, &project).await?;
        let deed = deed("project_creation_succeeded", &project, "created");
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.find(actor, project.id).await
    }

    /// Changes a project.
    pub async fn update(
        &self,
        actor: &Actor,
        id: ProjectId,
        change: ProjectChange,
    ) -> Result<ProjectRow> {
        let customer = self.allowed(actor, id, Permission::UpdateProject).await?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        let mut project = locked(&mut tx, customer, id).await?;
        apply(&mut project, &change)?;
        project.updated_at = core.now();
        store::projects::update(&mut tx, &project).await?;
        let deed = deed("project_update_succeeded", &project, "updated");
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.find(actor, id).await
    }

    /// Removes a project in which nothing lives. Its past stays in the books.
    pub async fn remove(&self, actor: &Actor, id: ProjectId) -> Result<()> {
        let customer = self.allowed(actor, id, Permission::ManageProjects).await?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        let mut project = locked(&mut tx, customer, id).await?;
        if store::projects::is_used(&mut tx, id).await? {
            return Err(Error::Conflict("Cannot delete project with existing resources"));
        }
        project.removed_at = Some(core.now());
        project.updated_at = core.now();
        store::projects::update(&mut tx, &project).await?;
        let deed = deed("project_deletion_succeeded", &project, "deleted");
        self.0.note(&mut tx, Some(actor), deed).await?;
        Ok(tx.commit().await?)
    }

    /// The customer of a project in which the actor may do something.
    async fn allowed(
        &self,
        actor: &Actor,
        id: ProjectId,
        permission: Permission,
    ) -> Result<CustomerId> {
        actor.must_be_person()?;
        let found = store::customers::find_project(self.0.core().db(), id).await?;
        let customer = found.ok_or(Error::Missing("project"))?.customer_id;
        actor.must(permission, On::project(customer, id), "project")?;
        Ok(customer)
    }
}

async fn locked(tx: &mut Tx, customer: CustomerId, id: ProjectId) -> Result<Project> {
    lock_open(tx, customer).await?;
    let found = store::projects::find(tx, id).await?;
    found.filter(|project| project.removed_at.is_none()).ok_or(Error::Missing("project"))
}

/// What the actor sees of all projects; none: everything.
fn seen(actor: &Actor) -> Option<Clause> {
    (!actor.sees_all()).then(|| {
        let ids = |list: Vec<String>| list.into_iter().map(Into::into).collect();
        Clause::lists(
            "p.customer_id IN (?) OR p.id IN (?)",
            [ids(actor.customer_scopes()), ids(actor.project_scopes())],
        )
    })
}

fn deed(kind: &'static str, project: &Project, done: &str) -> Deed {
    let message = format!("Project {} has been {done}.", project.name);
    Deed::new(kind, message, "project", project.id).of(project.customer).in_project(project.id)
}

fn apply(project: &mut Project, change: &ProjectChange) -> Result<()> {
    if let Some(name) = &change.name {
        let title: Title = name.parse().map_err(|wrong| Error::field("name", wrong))?;
        title.as_str().clone_into(&mut project.name);
    }
    if let Some(slug) = change.slug.as_ref().filter(|slug| !slug.is_empty()) {
        let slug: model::Slug = slug.parse().map_err(|wrong| Error::field("slug", wrong))?;
        slug.as_str().clone_into(&mut project.slug);
    }
    if let Some(text) = &change.description {
        project.description = plain("description", text, 0, 4_096)?;
    }
    if let Some(text) = &change.backend_id {
        project.backend_id = plain("backend_id", text, 0, 255)?;
    }
    if let Some(day) = change.start {
        project.start = day;
    }
    if let Some(day) = change.end {
        project.end = day;
    }
    match (project.start, project.end) {
        (Some(start), Some(end)) if start > end => {
            Err(Error::field("end_date", "The end is not before the start."))
        }
        _ => Ok(()),
    }
}

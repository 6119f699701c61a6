//! `/api/projects/`: how customers group their resources.

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use market::{Error, PROJECTS, ProjectChange, ProjectRow, Scope};
use model::{CustomerId, ProjectId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    answer::{Listing, gone, made, single},
    links::{self, hex},
    schema, team,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    errors::ApiError,
    openapi::{Door, Field, Takes, may, must},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [
        door("/api/projects", get(list).post(create)),
        door("/api/projects/{uuid}", get(find).patch(update).put(replace).delete(remove)),
        team::routes("/api/projects", |text| Ok(Scope::Project(id_of(text)?))),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

const NEW: &[Field] = &[
    must("name", Takes::Text),
    must("customer", Takes::Link),
    may("description", Takes::Text),
    may("backend_id", Takes::Text),
    may("slug", Takes::Text),
    may("start_date", Takes::Day),
    may("end_date", Takes::Day),
    may("type", Takes::Any),
];

const CHANGES: &[Field] = &[
    may("name", Takes::Text),
    may("description", Takes::Text),
    may("backend_id", Takes::Text),
    may("slug", Takes::Text),
    may("start_date", Takes::Day),
    may("end_date", Takes::Day),
    may("type", Takes::Any),
];

pub fn doors() -> Vec<Door> {
    let one = |method, summary| {
        Door::new(method, "/api/projects/{uuid}/", summary)
            .answers(200, "Project")
            .refuses(&[400, 403, 404, 409])
    };
    let mut doors = vec![
        Door::list("/api/projects/", "Projects", "Project", PROJECTS.filters),
        Door::new("post", "/api/projects/", "Make a project")
            .fields(NEW)
            .answers(201, "Project")
            .refuses(&[403, 409]),
        one("get", "A project"),
        one("patch", "Change a project").fields(CHANGES),
        one("put", "Change a project").fields(CHANGES).needs(&[must("name", Takes::Text)]),
        Door::new("delete", "/api/projects/{uuid}/", "Remove a project in which nothing lives")
            .empty()
            .refuses(&[403, 404, 409]),
    ];
    doors.extend(team::doors(team::PROJECT_PATHS));
    doors
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<Project>()]
}

/// A project.
#[derive(Serialize, ToSchema)]
pub struct Project {
    url: String,
    uuid: String,
    name: String,
    slug: String,
    description: String,
    customer: String,
    customer_uuid: String,
    customer_name: String,
    customer_slug: String,
    customer_native_name: String,
    customer_abbreviation: String,
    created: String,
    modified: String,
    backend_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<String>,
    is_removed: bool,
    resources_count: i64,
}

impl Project {
    fn new(doors: &Doors, row: ProjectRow) -> Self {
        let it = row.project;
        Self {
            url: doors.link(links::PROJECTS, it.id),
            uuid: hex(it.id),
            name: it.name,
            slug: it.slug,
            description: it.description,
            customer: doors.link(links::CUSTOMERS, it.customer),
            customer_uuid: hex(it.customer),
            customer_name: row.customer_name,
            customer_slug: row.customer_slug,
            customer_native_name: row.customer_native_name,
            customer_abbreviation: row.customer_abbreviation,
            created: it.created_at.to_string(),
            modified: it.updated_at.to_string(),
            backend_id: it.backend_id,
            start_date: it.start.map(|day| day.to_string()),
            end_date: it.end.map(|day| day.to_string()),
            is_removed: it.removed_at.is_some(),
            resources_count: row.resources,
        }
    }
}

fn id_of(text: &str) -> Result<ProjectId, ApiError> {
    text.parse().map_err(|_| ApiError::Market(Error::Missing("project")))
}

fn change(fields: &mut Fields, whole: bool) -> ProjectChange {
    let name = if whole || fields.has("name") { fields.must_text("name", 150) } else { None };
    ProjectChange {
        name,
        slug: fields.may_text("slug", 80),
        description: fields.may_text("description", 4_096),
        backend_id: fields.may_text("backend_id", 255),
        start: fields.has("start_date").then(|| fields.may_day("start_date")),
        end: fields.has("end_date").then(|| fields.may_day("end_date")),
    }
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&PROJECTS)?;
    let removed = listing.query.text("is_removed").is_some();
    let (found, total) =
        doors.market.projects().list(&caller.actor, asked, removed, listing.range()).await?;
    let items: Vec<Project> = found.into_iter().map(|row| Project::new(&doors, row)).collect();
    listing.answer(&doors, &items, total)
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let customer: Option<CustomerId> = fields.must_link("customer", &[links::CUSTOMERS]);
    let draft = change(&mut fields, true);
    fields.check()?;
    let customer = customer.ok_or(Error::Missing("organization"))?;
    let row = doors.market.projects().create(&caller.actor, customer, draft).await?;
    Ok(made(&Project::new(&doors, row)))
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    query: Query,
) -> Answer {
    let row = doors.market.projects().find(&caller.actor, id_of(&uuid)?).await?;
    Ok(single(&query, &Project::new(&doors, row)))
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    fields: Fields,
) -> Answer {
    change_one(&doors, &caller, &uuid, fields, false).await
}

async fn replace(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    fields: Fields,
) -> Answer {
    change_one(&doors, &caller, &uuid, fields, true).await
}

async fn change_one(
    doors: &Shared,
    caller: &SignedIn,
    uuid: &str,
    mut fields: Fields,
    whole: bool,
) -> Answer {
    let id = id_of(uuid)?;
    doors.market.projects().find(&caller.actor, id).await?;
    let change = change(&mut fields, whole);
    fields.check()?;
    let row = doors.market.projects().update(&caller.actor, id, change).await?;
    Ok(axum::Json(Project::new(doors, row)).into_response())
}

async fn remove(State(doors): State<Shared>, caller: SignedIn, Named(uuid): Named) -> Answer {
    doors.market.projects().remove(&caller.actor, id_of(&uuid)?).await?;
    Ok(gone())
}

//! `/api/marketplace-categories/`: the shelves.

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use market::{CATEGORIES, Error, ShelfChange, Shelved};
use model::CategoryId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    answer::{Listing, gone, made, single},
    links::{self, hex},
    schema,
};
use crate::{
    Answer, Doors, Shared,
    actors::{MaybeActor, SignedIn},
    bodies::{Fields, Named},
    door,
    openapi::{Door, Open, Takes, may, must},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [
        door("/api/marketplace-categories", get(list).post(create)),
        door(
            "/api/marketplace-categories/{uuid}",
            get(find).patch(update).put(update).delete(remove),
        ),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    let looks = [
        may("description", Takes::Text),
        may("icon", Takes::Text),
        may("color", Takes::Text),
        may("slug", Takes::Text),
    ];
    let path = "/api/marketplace-categories/";
    let one = "/api/marketplace-categories/{uuid}/";
    let change = |method| {
        Door::new(method, one, "Change a category (catalogue managers)")
            .fields(&[&[may("title", Takes::Text)], &looks[..]].concat())
            .answers(200, "Category")
            .refuses(&[403, 404])
    };
    vec![
        Door::list(path, "Categories", "Category", CATEGORIES.filters).open(Open::Checked),
        Door::new("post", path, "Make a category (catalogue managers)")
            .fields(&[&[must("title", Takes::Text)], &looks[..]].concat())
            .answers(201, "Category")
            .refuses(&[403]),
        Door::new("get", one, "A category")
            .open(Open::Checked)
            .answers(200, "Category")
            .refuses(&[404]),
        change("patch"),
        change("put").needs(&[must("title", Takes::Text)]),
        Door::new("delete", one, "Take an empty category away (catalogue managers)")
            .empty()
            .refuses(&[403, 404, 409]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<CategoryWire>()]
}

#[derive(Serialize, ToSchema)]
#[schema(as = Category)]
struct CategoryWire {
    url: String,
    uuid: String,
    title: String,
    description: String,
    /// The name of a drawing.
    icon: String,
    slug: String,
    color: String,
    offering_count: u64,
    available_offerings_count: u64,
    #[schema(value_type = Vec<Object>)]
    sections: [(); 0],
    #[schema(value_type = Vec<Object>)]
    columns: [(); 0],
    #[schema(value_type = Vec<Object>)]
    components: [(); 0],
    #[schema(value_type = Vec<Object>)]
    articles: [(); 0],
    default_vm_category: bool,
    default_volume_category: bool,
}

fn wire(doors: &Doors, category: Shelved) -> CategoryWire {
    CategoryWire {
        url: doors.link(links::CATEGORIES, category.id),
        uuid: hex(category.id),
        title: category.title,
        description: category.description,
        icon: category.icon,
        slug: category.slug,
        color: category.color,
        offering_count: category.offerings,
        available_offerings_count: category.available,
        sections: [],
        columns: [],
        components: [],
        articles: [],
        default_vm_category: false,
        default_volume_category: false,
    }
}

fn named(text: &str) -> Result<CategoryId, Error> {
    text.parse().map_err(|_| Error::Missing("category"))
}

async fn list(State(doors): State<Shared>, _: MaybeActor, listing: Listing) -> Answer {
    let asked = listing.asked(&CATEGORIES)?;
    let (found, total) = doors.market.shelves().list(asked, listing.range()).await?;
    let items: Vec<CategoryWire> = found.into_iter().map(|one| wire(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    _: MaybeActor,
    Named(id): Named,
    query: Query,
) -> Answer {
    let found = doors.market.shelves().find(named(&id)?).await?;
    Ok(single(&query, &wire(&doors, found)))
}

fn read(fields: &mut Fields) -> ShelfChange {
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    // Clients send a picture as a file where we take the name of a drawing.
    let icon = match fields.value("icon") {
        Some(Value::String(_)) => filled(fields.may_text("icon", 40)),
        _ => None,
    };
    ShelfChange {
        title: fields.may_text("title", 255),
        description: fields.may_text("description", 4_000),
        icon,
        color: filled(fields.may_text("color", 7)),
        slug: filled(fields.may_text("slug", 60)),
    }
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let title = fields.must_text("title", 255);
    let draft = ShelfChange { title, ..read(&mut fields) };
    fields.check()?;
    let found = doors.market.shelves().create(&caller.actor, draft).await?;
    Ok(made(&wire(&doors, found)))
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let change = read(&mut fields);
    fields.check()?;
    let found = doors.market.shelves().update(&caller.actor, named(&id)?, change).await?;
    Ok(Json(wire(&doors, found)).into_response())
}

async fn remove(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    doors.market.shelves().remove(&caller.actor, named(&id)?).await?;
    Ok(gone())
}

//! `/api/marketplace-screenshots/`: what is said of pictures of offerings, and the pictures themselves.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use market::{Error, SCREENSHOTS, Screenshot};
use model::ScreenshotId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    answer::{Listing, gone, made, single},
    links::{self, OFFERINGS, hex},
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
        door("/api/marketplace-screenshots", get(list).post(create)),
        door(
            "/api/marketplace-screenshots/{uuid}",
            get(find).patch(update).put(update).delete(remove),
        ),
        door("/api/marketplace-screenshots/{uuid}/image", get(image)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    let path = "/api/marketplace-screenshots/";
    let one = "/api/marketplace-screenshots/{uuid}/";
    let change = |method| {
        Door::new(method, one, "Change what is said of a picture")
            .fields(&[may("name", Takes::Text), may("description", Takes::Text)])
            .answers(200, "Screenshot")
            .refuses(&[403, 404])
    };
    vec![
        Door::list(path, "Pictures of offerings", "Screenshot", SCREENSHOTS.filters),
        Door::new("post", path, "Add a PNG, JPEG or WebP of at most 2 MB, as a form with a file")
            .fields(&[
                must("name", Takes::Text),
                must("offering", Takes::Link),
                must("image", Takes::Any),
                may("description", Takes::Text),
            ])
            .answers(201, "Screenshot")
            .refuses(&[403, 409]),
        Door::new("get", one, "What is said of a picture")
            .answers(200, "Screenshot")
            .refuses(&[404]),
        change("patch"),
        change("put").needs(&[must("name", Takes::Text)]),
        Door::new("delete", one, "Take a picture away").empty().refuses(&[403, 404]),
        Door::new("get", "/api/marketplace-screenshots/{uuid}/image/", "A picture")
            .open(Open::Checked)
            .refuses(&[404]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<ScreenshotWire>()]
}

#[derive(Serialize, ToSchema)]
#[schema(as = Screenshot)]
pub struct ScreenshotWire {
    url: String,
    uuid: String,
    name: String,
    description: String,
    created: String,
    image: String,
    thumbnail: Option<String>,
    offering: String,
    customer_uuid: String,
}

/// A picture on the wire.
pub fn wire(doors: &Doors, shot: Screenshot) -> ScreenshotWire {
    let url = doors.link("marketplace-screenshots", shot.id);
    ScreenshotWire {
        uuid: hex(shot.id),
        name: shot.name,
        description: shot.description,
        created: shot.created_at.to_string(),
        image: format!("{url}image/"),
        thumbnail: None,
        offering: doors.link(links::PROVIDER_OFFERINGS, shot.offering),
        customer_uuid: hex(shot.seller),
        url,
    }
}

fn named(text: &str) -> Result<ScreenshotId, Error> {
    text.parse().map_err(|_| Error::Missing("screenshot"))
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&SCREENSHOTS)?;
    let shots = doors.market.screenshots();
    let (found, total) = shots.list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<ScreenshotWire> = found.into_iter().map(|one| wire(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let found = doors.market.screenshots().find(&caller.actor, named(&id)?).await?;
    Ok(single(&query, &wire(&doors, found)))
}

/// The bytes of a file of a form, or of base64 text in JSON.
fn bytes(fields: &mut Fields) -> Option<Vec<u8>> {
    let text = match fields.value("image") {
        None => return fields.fault("image", "No file was submitted."),
        Some(Value::Object(file)) => file.get("base64").and_then(Value::as_str),
        Some(Value::String(text)) => Some(text.as_str()),
        Some(_) => None,
    };
    let text = text.map(|text| text.rsplit_once(',').map_or(text, |(_, data)| data));
    match text.and_then(|text| STANDARD.decode(text).ok()).filter(|bytes| !bytes.is_empty()) {
        Some(bytes) => Some(bytes),
        None => fields.fault(
            "image",
            "Upload a valid image. The file you uploaded was either not an image or a corrupted image.",
        ),
    }
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let name = fields.must_text("name", 150).unwrap_or_default();
    let offering = fields.must_link("offering", OFFERINGS);
    let description = fields.may_text("description", 1_000).unwrap_or_default();
    let image = bytes(&mut fields);
    fields.check()?;
    let offering = offering.ok_or(Error::Missing("offering"))?;
    let image = image.unwrap_or_default();
    let shots = doors.market.screenshots();
    let shot = shots.create(&caller.actor, offering, &name, &description, image).await?;
    Ok(made(&wire(&doors, shot)))
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let (name, description) = (fields.may_text("name", 150), fields.may_text("description", 1_000));
    fields.check()?;
    let shots = doors.market.screenshots();
    let shot = shots.update(&caller.actor, named(&id)?, name, description).await?;
    Ok(Json(wire(&doors, shot)).into_response())
}

async fn remove(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    doors.market.screenshots().remove(&caller.actor, named(&id)?).await?;
    Ok(gone())
}

/// The picture. What somebody has uploaded is never more than a picture: no type is guessed, nothing in it runs.
async fn image(State(doors): State<Shared>, caller: MaybeActor, Named(id): Named) -> Answer {
    let actor = caller.0.as_ref().map(|caller| &*caller.actor);
    let (kind, bytes) = doors.market.screenshots().image(actor, named(&id)?).await?;
    let kind = HeaderValue::from_str(&kind)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600")),
    ];
    Ok((headers, bytes).into_response())
}

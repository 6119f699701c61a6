//! What customers say about a service: `/marketplace/services/{id}/reviews`.

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use market::Error;
use model::{Fault, ReviewSort, Stars};
use serde_json::{Value, json};

use crate::{
    Answer, Shared,
    actors::SignedIn,
    bodies::{Body, Fields, Named, Posted},
    door,
    queries::Query,
    services,
};

pub fn routes() -> Router<Shared> {
    door("/marketplace/services/{id}/reviews", get(list).post(write))
}

fn stars_of(text: &str) -> Option<Stars> {
    text.parse::<u8>().ok().and_then(|stars| Stars::try_from(stars).ok())
}

async fn list(State(doors): State<Shared>, Named(name): Named, query: Query) -> Answer {
    let offering = services::named(&doors.market.catalog(), &name)?.service.id;
    let wrong = || Error::Invalid(vec![Fault::new("stars", "A number from 1 to 5 is expected.")]);
    let stars = match query.text("stars") {
        Some(text) => Some(stars_of(text).ok_or_else(wrong)?),
        None => None,
    };
    let sort = query.read("sort")?.unwrap_or(ReviewSort::Newest);
    let page = query.number("page", 1, 100_000)?;
    Ok(Json(doors.market.reviews().page(offering, stars, sort, page).await?).into_response())
}

struct Said {
    stars: Stars,
    text: String,
}

impl Posted for Said {
    fn read(fields: &mut Fields) -> Option<Self> {
        let text = fields.optional("text").unwrap_or_default();
        // A form sends the number as text.
        let stars = match fields.required::<Value>("stars")? {
            Value::String(text) => stars_of(&text),
            other => serde_json::from_value(other).ok(),
        };
        match stars {
            Some(stars) => Some(Self { stars, text }),
            None => fields.fault("stars", "Choose from 1 to 5 stars."),
        }
    }
}

/// One review for each organization and service, so that sending it again changes nothing.
async fn write(
    State(doors): State<Shared>,
    Named(name): Named,
    caller: SignedIn,
    Body { value, .. }: Body<Said>,
) -> Answer {
    let offering = services::named(&doors.market.catalog(), &name)?.service.id;
    let reviews = doors.market.reviews();
    let review = reviews.write(&caller.actor, offering, value.stars, &value.text).await?;
    Ok(Json(json!({ "review": review })).into_response())
}

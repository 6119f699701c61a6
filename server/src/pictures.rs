//! The pictures that other sites show beside a link to a listing: drawn once per edition of the catalogue.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use market::{Catalog, Market};
use model::{OfferingId, ServiceDetail, Usd};
use tokio::sync::Semaphore;

/// How many pictures are kept; past that all are drawn anew as they are asked for.
const KEPT: usize = 256;

/// Draws pictures, one at a time: they cost a core some 15 ms each, and nobody waits for them.
pub struct Pictures {
    market: Market,
    kept: Mutex<HashMap<OfferingId, (u64, Bytes)>>,
    turn: Semaphore,
}

impl Pictures {
    pub fn new(market: Market) -> Arc<Self> {
        Arc::new(Self { market, kept: Mutex::default(), turn: Semaphore::new(1) })
    }

    fn find(&self, id: OfferingId, edition: u64) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&id).filter(|(of, _)| *of == edition).map(|(_, bytes)| bytes.clone())
    }

    fn keep(&self, id: OfferingId, edition: u64, bytes: Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(id, (edition, bytes));
    }
}

/// Answers `GET /og/{id}.png`.
pub async fn picture(
    State(pictures): State<Arc<Pictures>>,
    Path(file): Path<String>,
    asked: HeaderMap,
) -> Response {
    let catalog = pictures.market.catalog();
    let id = file.strip_suffix(".png").and_then(|id| id.parse::<OfferingId>().ok());
    let Some(detail) = id.and_then(|id| catalog.detail(id)).cloned() else {
        return (StatusCode::NOT_FOUND, "There is no such picture.").into_response();
    };
    let tag = format!("\"{}-{}\"", detail.service.id.hex(), catalog.edition);
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let bytes = match pictures.find(detail.service.id, catalog.edition) {
        Some(bytes) => bytes,
        None => match draw(&pictures, &catalog, detail).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(error = %error, "a picture could not be drawn");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        },
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/png")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
        (header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))),
    ];
    (headers, bytes).into_response()
}

async fn draw(
    pictures: &Pictures,
    catalog: &Catalog,
    detail: Arc<ServiceDetail>,
) -> anyhow::Result<Bytes> {
    let _turn = pictures.turn.acquire().await?;
    let (id, edition) = (detail.service.id, catalog.edition);
    // Somebody may have drawn it while this one waited.
    if let Some(bytes) = pictures.find(id, edition) {
        return Ok(bytes);
    }
    let category = catalog.title_of(&model::Choice::Category(detail.service.category.to_string()));
    let accent =
        catalog.color_of(&detail.service.category).and_then(color).unwrap_or([0x4f, 0x46, 0xe5]);
    let bytes = tokio::task::spawn_blocking(move || {
        let service = &detail.service;
        let price = price(service);
        let context = format!("{}K tokens", service.context_window / 1_000);
        let first = service.metrics.latency_p95.map(|ms| format!("{ms} ms"));
        let uptime = service
            .metrics
            .uptime30d
            .map(|percent| format!("{:.2} %", (percent * 100.0).floor() / 100.0));
        let rating = service.rating.map(|stars| format!("{stars:.1} of 5"));
        let mut facts: Vec<(&str, &str)> = Vec::new();
        if service.context_window >= 1_000 {
            facts.push(("Context", &context));
        }
        if !service.geographic.region.is_empty() {
            facts.push(("Region", &service.geographic.region));
        }
        for (label, value) in
            [("First token", &first), ("Uptime 30 d", &uptime), ("Rating", &rating)]
        {
            facts.extend(value.as_deref().map(|value| (label, value)));
        }
        facts.truncate(4);
        pictures::card(&pictures::Card {
            name: &service.name,
            tagline: &service.tagline,
            provider: &service.provider_name,
            verified: service.provider_verified,
            category: &category,
            price: &price,
            facts: &facts,
            accent,
        })
    })
    .await??;
    let bytes = Bytes::from(bytes);
    pictures.keep(id, edition, bytes.clone());
    Ok(bytes)
}

fn price(service: &model::Service) -> String {
    if service.price_per_1k_tokens == Usd::ZERO && service.monthly_fee > Usd::ZERO {
        return format!("from {} / month", service.monthly_fee);
    }
    format!("{} / 1K tokens", service.prompt_price_per_1k_tokens)
}

/// Reads `#rrggbb`.
fn color(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read() {
        assert_eq!(color("#3B82F6"), Some([0x3b, 0x82, 0xf6]));
        for odd in ["3B82F6", "#3B82F", "#3B82FG", "#ääää"] {
            assert_eq!(color(odd), None, "{odd}");
        }
    }
}

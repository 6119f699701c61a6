//! Answers: lists with their headers, single things, sparse fields.

use std::{collections::HashSet, sync::LazyLock};

use axum::{
    Json,
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use market::{Asked, Error, Shelf};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Answer, Doors, Shared, errors::ApiError, queries::Query};

/// How many a page has at most, and when nothing is asked.
const MOST: u64 = 300;
const USUAL: u64 = 10;

/// What is asked of a list: which page, how long, and which fields.
pub struct Listing {
    pub query: Query,
    head: bool,
    page: u64,
    size: u64,
    uri: Uri,
}

impl FromRequestParts<Shared> for Listing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, doors: &Shared) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, doors).await?;
        // What is no number is an invalid page; sizes are cut to what is allowed, as Waldur does.
        let page = match query.text("page") {
            None => 1,
            Some(text) => text
                .parse()
                .ok()
                .filter(|n| (1..=1_000_000_000).contains(n))
                .ok_or(ApiError::NoPage)?,
        };
        let size = query.text("page_size").and_then(|text| text.parse().ok());
        let size = size.filter(|n| *n > 0).unwrap_or(USUAL).min(MOST);
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        Ok(Self { head: parts.method == Method::HEAD, page, size, uri: uri.clone(), query })
    }
}

impl Listing {
    /// The filters of a list and its order.
    pub fn asked(&self, list: &Shelf) -> Result<Asked, ApiError> {
        Asked::read(list, self.query.pairs())
            .map_err(|faults| ApiError::Market(Error::Invalid(faults)))
    }

    /// How many rows, after how many.
    pub fn range(&self) -> (i64, i64) {
        let (size, page) = (self.size, self.page);
        (i64::try_from(size).unwrap_or(0), i64::try_from((page - 1) * size).unwrap_or(i64::MAX))
    }

    /// The page, with how many there are in all.
    pub fn answer<T: Serialize>(&self, doors: &Doors, items: &[T], total: u64) -> Answer {
        let pages = total.div_ceil(self.size).max(1);
        if self.page > pages {
            return Err(ApiError::NoPage);
        }
        let mut headers = HeaderMap::new();
        headers.insert("x-result-count", HeaderValue::from(total));
        if let Ok(link) = HeaderValue::from_str(&self.links(&doors.public_url, pages)) {
            headers.insert(header::LINK, link);
        }
        if self.head {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            return Ok((StatusCode::OK, headers).into_response());
        }
        let fields: Vec<&str> = fields(&self.query);
        if fields.is_empty() {
            return Ok((headers, Json(items)).into_response());
        }
        let sparse: Vec<Value> = items.iter().map(|item| thinned(item, &fields)).collect();
        Ok((headers, Json(sparse)).into_response())
    }

    /// Whether a field is wanted in the answer: all are when none is named that there is.
    pub fn wants(&self, name: &str) -> bool {
        let fields = fields(&self.query);
        !self.head && (fields.is_empty() || fields.contains(&name) || !any_known(&fields))
    }

    /// A list that is not paged by the database: everything there is, cut here.
    pub fn answer_all<T: Serialize>(&self, doors: &Doors, items: &[T]) -> Answer {
        let start = usize::try_from((self.page - 1) * self.size).unwrap_or(usize::MAX);
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let page: Vec<&T> = items.iter().skip(start).take(size).collect();
        self.answer(doors, &page, items.len() as u64)
    }

    /// `first, prev, next, last`, in this order: an old client finds `next` by its place.
    fn links(&self, base: &str, pages: u64) -> String {
        let mut kept = String::new();
        for (name, value) in self.query.pairs().filter(|(name, _)| *name != "page") {
            if !kept.is_empty() {
                kept.push('&');
            }
            kept.push_str(&hidden(name));
            kept.push('=');
            kept.push_str(&hidden(value));
        }
        let address = |page: Option<u64>| {
            let page = page.map(|page| format!("page={page}"));
            let parts: Vec<&str> = [page.as_deref(), Some(kept.as_str())]
                .into_iter()
                .flatten()
                .filter(|p| !p.is_empty())
                .collect();
            let question = if parts.is_empty() { "" } else { "?" };
            format!("<{base}{}{question}{}>", self.uri.path(), parts.join("&"))
        };
        let mut links = vec![format!("{}; rel=\"first\"", address(None))];
        if self.page > 1 {
            links.push(format!(
                "{}; rel=\"prev\"",
                address((self.page > 2).then_some(self.page - 1))
            ));
        }
        if self.page < pages {
            links.push(format!("{}; rel=\"next\"", address(Some(self.page + 1))));
        }
        links.push(format!("{}; rel=\"last\"", address((pages > 1).then_some(pages))));
        links.join(", ")
    }
}

/// A text for the query of a link. The old client looks for the words `next` and `prev` anywhere in the header, so they
/// may not stand in a value as they are.
fn hidden(text: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    ["next", "prev", "first", "last"].into_iter().fold(encoded, |text, word| {
        let (letter, rest) = word.split_at(1);
        let byte = letter.bytes().next().unwrap_or_default();
        text.replace(word, &format!("%{byte:02X}{rest}"))
    })
}

fn fields(query: &Query) -> Vec<&str> {
    query
        .pairs()
        .filter(|(name, value)| *name == "field" && !value.is_empty())
        .map(|(_, value)| value)
        .collect()
}

/// Every name that a field of this surface has. What is empty is left out of an answer, and is asked for all the same.
static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let schemas = super::schemas();
    let names = schemas.values().flat_map(|schema| {
        let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        parts.chain([schema]).filter_map(|part| part.get("properties")?.as_object())
    });
    names.flat_map(|properties| properties.keys().cloned()).collect()
});

fn any_known(fields: &[&str]) -> bool {
    fields.iter().any(|name| NAMES.contains(*name))
}

/// A thing with only the fields that were asked for; with all of them when none of those is one, as Waldur does.
fn thinned<T: Serialize>(item: &T, fields: &[&str]) -> Value {
    match serde_json::to_value(item) {
        Ok(Value::Object(all))
            if !any_known(fields) && !fields.iter().any(|name| all.contains_key(*name)) =>
        {
            Value::Object(all)
        }
        Ok(Value::Object(all)) => {
            let kept: Map<String, Value> =
                all.into_iter().filter(|(name, _)| fields.contains(&name.as_str())).collect();
            Value::Object(kept)
        }
        Ok(other) => other,
        Err(_) => Value::Null,
    }
}

/// One thing, with the fields that were asked for.
pub fn single<T: Serialize>(query: &Query, item: &T) -> Response {
    let fields = fields(query);
    if fields.is_empty() {
        Json(item).into_response()
    } else {
        Json(thinned(item, &fields)).into_response()
    }
}

/// One thing that was made.
pub fn made<T: Serialize>(item: &T) -> Response {
    (StatusCode::CREATED, Json(item)).into_response()
}

/// A sentence about what was done.
pub fn told(status: StatusCode, sentence: &str) -> Response {
    (status, Json(serde_json::json!({ "detail": sentence }))).into_response()
}

/// Nothing more to say.
pub fn gone() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

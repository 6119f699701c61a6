//! Rendered pages kept for everybody: made once per query and edition of the catalogue, compressed once.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::Write as _,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use app::Theme;
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use http_body_util::BodyExt as _;

/// A longer query is not worth keeping.
const QUERY: usize = 512;
/// Fast enough for the first visitor, small enough for the others.
const BROTLI_QUALITY: u32 = 5;

/// The pages that are everybody's.
#[derive(Debug)]
pub struct Cache {
    pages: RwLock<HashMap<u64, Arc<Page>>>,
    /// How many are kept; past that all are made anew as they are asked for.
    most: usize,
}

#[derive(Debug)]
struct Page {
    path: String,
    theme: Theme,
    edition: u64,
    plain: Bytes,
    /// Compressed when the first visitor takes it so.
    brotli: OnceLock<Bytes>,
    plain_tag: HeaderValue,
    brotli_tag: HeaderValue,
    headers: HeaderMap,
}

fn key(path: &str, theme: Theme) -> u64 {
    let mut hasher = DefaultHasher::new();
    (path, theme.as_str()).hash(&mut hasher);
    hasher.finish()
}

fn path_of(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|text| text.split(',').any(|coding| coding.trim() == "br"))
}

impl Cache {
    pub fn of(most: usize) -> Self {
        Self { pages: RwLock::default(), most }
    }

    /// A kept page, as this visitor can take it.
    pub fn find<B>(
        &self,
        request: &http::Request<B>,
        theme: Theme,
        edition: u64,
    ) -> Option<Response> {
        let path = path_of(request.uri());
        let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
        let page = Arc::clone(pages.get(&key(path, theme))?);
        drop(pages);
        let fits = page.path == path && page.theme == theme && page.edition == edition;
        fits.then(|| page.answer(request.headers()))
    }

    /// Keeps a page for the next visitors and answers with it.
    pub async fn keep(
        &self,
        uri: &Uri,
        asked: &HeaderMap,
        theme: Theme,
        edition: u64,
        response: Response,
    ) -> Response {
        let (parts, body) = response.into_parts();
        let Ok(plain) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            return Response::from_parts(parts, Body::empty());
        };
        let storable = parts.headers.get(header::SET_COOKIE).is_none()
            && parts.headers.get(header::CACHE_CONTROL).is_none_or(|value| value != "no-store")
            && path_of(uri).len() <= QUERY
            && self.most > 0;
        if !storable {
            return Response::from_parts(parts, Body::from(plain));
        }
        let page =
            Arc::new(Page::new(path_of(uri).to_owned(), theme, edition, plain, parts.headers));
        let answer = page.answer(asked);
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= self.most {
            pages.clear();
        }
        pages.insert(key(&page.path, theme), page);
        answer
    }
}

impl Page {
    fn new(path: String, theme: Theme, edition: u64, plain: Bytes, mut headers: HeaderMap) -> Self {
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        let tag = |suffix: &str| {
            // Digits and letters are a header value.
            HeaderValue::from_str(&format!("\"{:016x}{suffix}\"", hasher.finish()))
                .unwrap_or(HeaderValue::from_static("\"\""))
        };
        // Everybody's, but asked for anew each time: a change is visible at once, and unchanged costs no bytes.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Cookie"));
        headers.remove(header::CONTENT_LENGTH);
        crate::site::protect(&mut headers);
        let (plain_tag, brotli_tag) = (tag(""), tag("-br"));
        let brotli = OnceLock::new();
        Self { path, theme, edition, plain, brotli, plain_tag, brotli_tag, headers }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let brotli = takes_brotli(asked);
        let tag = if brotli { &self.brotli_tag } else { &self.plain_tag };
        let known = asked.get(header::IF_NONE_MATCH).is_some_and(|seen| seen == tag);
        let mut response = Response::new(if known {
            Body::empty()
        } else if brotli {
            Body::from(self.brotli.get_or_init(|| compress(&self.plain)).clone())
        } else {
            Body::from(self.plain.clone())
        });
        let headers = response.headers_mut();
        headers.clone_from(&self.headers);
        headers.insert(header::ETAG, tag.clone());
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else if brotli {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        response
    }
}

fn compress(plain: &[u8]) -> Bytes {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4_096, BROTLI_QUALITY, 20);
    // Writing into memory does not fail; were it to, the page would be sent as it is.
    let written = writer.write_all(plain).and_then(|()| writer.flush());
    written.map_or_else(|_| Bytes::copy_from_slice(plain), |()| Bytes::from(writer.into_inner()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_kept_page_is_found_until_the_catalogue_changes() {
        let cache = Cache::of(10);
        let uri = Uri::from_static("/marketplace/?family=gpt");
        let asked = HeaderMap::new();
        let page =
            cache.keep(&uri, &asked, Theme::Dark, 7, Response::new(Body::from("hello"))).await;
        let tag = page.headers().get(header::ETAG).cloned().unwrap();
        let request = |path: &str| http::Request::builder().uri(path);
        let same = request("/marketplace/?family=gpt").body(Body::empty()).unwrap();
        assert!(cache.find(&same, Theme::Dark, 7).is_some());
        assert!(cache.find(&same, Theme::Light, 7).is_none());
        assert!(cache.find(&same, Theme::Dark, 8).is_none());
        let other = request("/marketplace/").body(Body::empty()).unwrap();
        assert!(cache.find(&other, Theme::Dark, 7).is_none());
        let known = request("/marketplace/?family=gpt")
            .header(header::IF_NONE_MATCH, tag)
            .body(Body::empty())
            .unwrap();
        assert_eq!(cache.find(&known, Theme::Dark, 7).unwrap().status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn a_page_with_a_cookie_is_nobody_elses() {
        let cache = Cache::of(10);
        let uri = Uri::from_static("/");
        let mut personal = Response::new(Body::from("hello"));
        personal.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_static("a=b"));
        cache.keep(&uri, &HeaderMap::new(), Theme::System, 1, personal).await;
        let request = http::Request::builder().uri("/").body(Body::empty()).unwrap();
        assert!(cache.find(&request, Theme::System, 1).is_none());
    }
}

//! Pages: rendered by `app` for who asks, complete before they are sent.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::Body,
    extract::{Form, FromRequest as _, Path, Query, Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use leptos::prelude::{LeptosOptions, provide_context};
use market::Market;

use crate::cache::Cache;

const SESSION: &str = "__Host-session";
const FLASH: &str = "__Host-flash";
/// The most bytes of a form that a page answers.
const FORM: usize = 256 * 1024;

/// What pages are made with.
pub struct Site {
    pub market: Market,
    pub options: LeptosOptions,
    pub cache: Cache,
    /// How pages have calls carried out.
    pub tries: app::TryOuts,
    /// What the reference of the API is made from.
    pub document: app::ApiDocument,
}

/// Who asks, and how the page is to look.
#[derive(Clone)]
pub struct Visit {
    caller: app::Caller,
    flash: app::Flash,
    pub theme: app::Theme,
    /// Nobody in particular asks, so that the answer is everybody's.
    pub anonymous: bool,
    origin: app::Origin,
    form: Option<app::PostedForm>,
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then_some(value.trim())
    })
}

impl Visit {
    async fn of(market: &Market, headers: &HeaderMap) -> Result<Self, market::Error> {
        let session = cookie(headers, SESSION);
        let flash = cookie(headers, FLASH).filter(|text| text.len() < 8_192);
        let actor = match session {
            Some(secret) => market.identity().by_session(secret).await?,
            None => None,
        };
        Ok(Self {
            anonymous: session.is_none() && flash.is_none(),
            caller: app::Caller(actor.map(Arc::new)),
            flash: app::Flash(flash.map(str::to_owned)),
            theme: app::Theme::from(cookie(headers, "theme")),
            origin: app::Origin::default(),
            form: None,
        })
    }

    fn provide(&self, market: &Market) {
        provide_context(market.clone());
        provide_context(self.caller.clone());
        provide_context(self.flash.clone());
        provide_context(self.theme);
        provide_context(self.origin.clone());
        if let Some(form) = self.form.clone() {
            provide_context(form);
        }
    }
}

fn failed(error: &market::Error) -> Response {
    tracing::error!(error = ?error, "a page could not be made");
    let text = "Something went wrong. Please try again in a moment.";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], text).into_response()
}

/// A page that was made before and is everybody's, for a visitor without any cookie: the common case, answered before
/// anything is routed.
pub fn kept<B>(site: &Site, request: &http::Request<B>) -> Option<Response> {
    if *request.method() != Method::GET || request.headers().contains_key(header::COOKIE) {
        return None;
    }
    site.cache.find(request, app::Theme::default(), site.market.edition())
}

/// Whether a path may be meant for the one with a slash at its end. Browsers read what begins with two slashes, or a slash
/// and a backslash, as another host, so that nobody is sent there.
fn lacks_slash(path: &str) -> bool {
    !path.ends_with('/') && !path.contains(['.', '\\']) && !path.starts_with("//")
}

/// Answers `GET` with a page; a path without its last slash is sent to the one with it.
pub async fn page(State(site): State<Arc<Site>>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    if request.uri().path_and_query().is_some_and(|path| path.as_str().len() > 32_768) {
        return (StatusCode::URI_TOO_LONG, "The address is too long.").into_response();
    }
    let visit = match Visit::of(&site.market, request.headers()).await {
        Ok(visit) => visit,
        Err(error) => return failed(&error),
    };
    let edition = site.market.edition();
    if visit.anonymous
        && let Some(answer) = site.cache.find(&request, visit.theme, edition)
    {
        return answer;
    }
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let response = render(&site, &visit, request).await;
    if response.status() == StatusCode::NOT_FOUND && lacks_slash(uri.path()) {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(place) = HeaderValue::from_str(&format!("{}/{query}", uri.path())) {
            return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response();
        }
    }
    if visit.anonymous && response.status() == StatusCode::OK {
        return site.cache.keep(&uri, &headers, visit.theme, edition, response).await;
    }
    response
}

#[cfg(test)]
#[test]
fn nobody_is_sent_to_another_host() {
    assert!(lacks_slash("/marketplace") && lacks_slash("/a/b"));
    for path in ["/", "/a/", "/favicon.ico", "//evil", "//evil.example", "/\\evil", "///evil"] {
        assert!(!lacks_slash(path), "{path}");
    }
}

/// Answers a form with the page that it stands on, so that what was typed is shown again with what is wrong with it.
pub async fn posted(State(site): State<Arc<Site>>, request: Request) -> Response {
    if !app::takes_posts(request.uri().path()) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    if !same_site(request.headers()) {
        return (StatusCode::FORBIDDEN, "This form was sent from another site.").into_response();
    }
    let mut visit = match Visit::of(&site.market, request.headers()).await {
        Ok(visit) => visit,
        Err(error) => return failed(&error),
    };
    let client = request.extensions().get::<api::ClientAddr>();
    visit.origin = app::Origin(client.map(|client| client.0.to_string()).unwrap_or_default());
    let (parts, body) = request.into_parts();
    let form = Request::from_parts(parts.clone(), Body::new(Limited::new(body, FORM)));
    visit.form = match Form::<Vec<(String, String)>>::from_request(form, &()).await {
        Ok(Form(fields)) => Some(app::PostedForm(fields)),
        Err(refusal) => return refusal.into_response(),
    };
    let mut response = render(&site, &visit, Request::from_parts(parts, Body::empty())).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Answers with a report as a file, for who may see its page.
pub async fn sheet(
    State(site): State<Arc<Site>>,
    Path(file): Path<String>,
    Query(span): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let actor = match Visit::of(&site.market, &headers).await {
        Ok(visit) => visit.caller.0,
        Err(error) => return failed(&error),
    };
    let Some(actor) = actor else {
        let place = [(header::LOCATION, "/login/?next=/admin/reports/")];
        return (StatusCode::SEE_OTHER, place).into_response();
    };
    let day = |name| span.get(name).map(String::as_str).unwrap_or_default();
    match app::report_csv(&site.market, &actor, &file, (day("from"), day("to"))).await {
        Ok((name, text)) => {
            let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
            let name = format!("attachment; filename=\"{name}\"");
            let kept = (header::CACHE_CONTROL, "no-store".to_owned());
            ([kind, (header::CONTENT_DISPOSITION, name), kept], text).into_response()
        }
        Err(market::Error::Denied) => {
            (StatusCode::FORBIDDEN, "You cannot open this file.").into_response()
        }
        Err(market::Error::Missing(_)) => {
            (StatusCode::NOT_FOUND, "There is no such file.").into_response()
        }
        Err(error @ market::Error::Invalid(_)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, error.sentence()).into_response()
        }
        Err(error) => failed(&error),
    }
}

async fn render(site: &Site, visit: &Visit, request: Request) -> Response {
    let (market, visit, options) = (site.market.clone(), visit.clone(), site.options.clone());
    let (tries, document) = (site.tries.clone(), site.document.clone());
    let context = move || {
        visit.provide(&market);
        provide_context(tries.clone());
        provide_context(document.clone());
    };
    let handler =
        leptos_axum::render_app_async_with_context(context, move || app::shell(options.clone()));
    let (mut parts, body) = handler(request).await.into_parts();
    let Ok(html) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        return failed(&market::Error::Conflict("The page broke off."));
    };
    let kept = std::str::from_utf8(&html)
        .map_or(html.len(), |text| app::without_trailing_scripts(text).len());
    parts.headers.remove(header::CONTENT_LENGTH);
    parts
        .headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-cache"));
    Response::from_parts(parts, Body::from(html.slice(..kept)))
}

/// Answers the forms of the pages. A post from another site is refused: it would be sent with the visitor's cookie.
pub async fn call(State(site): State<Arc<Site>>, request: Request) -> Response {
    if !same_site(request.headers()) {
        return (StatusCode::FORBIDDEN, "This form was sent from another site.").into_response();
    }
    let visit = match Visit::of(&site.market, request.headers()).await {
        Ok(visit) => visit,
        Err(error) => return failed(&error),
    };
    let market = site.market.clone();
    let context = move || visit.provide(&market);
    leptos_axum::handle_server_fns_with_context(context, request).await.into_response()
}

fn same_site(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => text(header::ORIGIN).is_none_or(|origin| {
            let host = origin.split_once("://").map_or(origin, |(_, host)| host);
            text(header::HOST) == Some(host)
        }),
    }
}

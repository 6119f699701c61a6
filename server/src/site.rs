//! The whole site as one router: doors, forms, files, pages, and the headers that every answer has.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use anyhow::Context as _;
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use gateway::Gateway;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use leptos::config::LeptosOptions;
use market::Market;
use metrics_exporter_prometheus::PrometheusHandle;
use tower::ServiceExt as _;
use tower_http::{
    compression::CompressionLayer,
    services::{ServeDir, ServeFile},
};

use crate::{
    cache::Cache,
    pages::{self, Site},
    pictures::{self, Pictures},
    settings::Settings,
    tries,
};

const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
    form-action 'self'";

/// The policy of this process, once it is set. Who signs out by the form may be sent on to the identity provider, which
/// browsers take for a form that goes there.
static POLICY: OnceLock<HeaderValue> = OnceLock::new();

/// The policy that lets forms go to the identity provider as well.
fn policy(settings: &Settings) -> HeaderValue {
    let issuer = settings.oidc_issuer.as_deref().and_then(|text| text.parse::<Uri>().ok());
    let origin =
        issuer.and_then(|uri| Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?)));
    let text = origin.map_or_else(|| CSP.to_owned(), |origin| format!("{CSP} {origin}"));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(CSP))
}

/// Where the site's files are: as set, beside the program (a `dist` folder), or where cargo-leptos puts them.
fn site_root(settings: &Settings) -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("site")));
    settings
        .site_root
        .clone()
        .or_else(|| beside.filter(|path| path.is_dir()))
        .unwrap_or_else(|| PathBuf::from("target/site"))
}

fn options(settings: &Settings) -> anyhow::Result<LeptosOptions> {
    let root = site_root(settings);
    let root = root.to_str().context("the path of the site's files is not UTF-8")?;
    Ok(LeptosOptions::builder()
        .output_name("cmp")
        .site_root(root)
        .site_addr(settings.addr)
        .hash_files(true)
        .build())
}

/// The router, and what the pages that are kept are found in.
pub fn router(
    market: &Market,
    gateway: Gateway,
    settings: &Settings,
    figures: PrometheusHandle,
) -> anyhow::Result<(Router, Arc<Site>)> {
    let _ = POLICY.set(policy(settings));
    // Rendering starts tasks of its own. A second call finds the executor in place, which is as good.
    let _ = any_spawner::Executor::init_tokio();
    let options = options(settings)?;
    let files = files(&PathBuf::from(&*options.site_root));
    let site = Arc::new(Site {
        market: market.clone(),
        options,
        cache: Cache::of(settings.page_cache),
        tries: tries::tries(gateway.clone()),
        document: app::ApiDocument(Arc::new(api::openapi(&settings.public_url))),
    });
    let doors = api::router(api::Api {
        market: market.clone(),
        gateway,
        public_url: settings.public_url.clone(),
    });
    let pages = Router::new()
        .route("/rpc/{*call}", post(pages::call))
        .route("/admin/reports/{file}", get(pages::sheet))
        .fallback(get(pages::page).post(pages::posted))
        .with_state(Arc::clone(&site));
    let drawn = Router::new()
        .route("/og/{file}", get(pictures::picture))
        .with_state(Pictures::new(market.clone()));
    let pages = Router::new().merge(files).merge(pages).layer(CompressionLayer::new());
    let router = Router::new()
        .merge(pages.clone())
        .route("/metrics", get(move || async move { figures.render() }))
        .merge(doors)
        .merge(drawn)
        .layer(middleware::from_fn_with_state(pages, guard));
    Ok((router, site))
}

/// The site's files, each at its own path, so that no page has to look for a file of its name first.
fn files(root: &Path) -> Router {
    let Ok(entries) = std::fs::read_dir(root) else {
        tracing::warn!(path = %root.display(), "the site's files are not there; pages come without style");
        return Router::new();
    };
    let named = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    named.fold(Router::new(), |router, (name, path)| {
        if !path.is_dir() {
            return router
                .route_service(&format!("/{name}"), ServeFile::new(path).precompressed_br());
        }
        let folder =
            Router::new().nest_service(&format!("/{name}"), ServeDir::new(path).precompressed_br());
        // The bundle's files carry a hash in their names, so that they never change.
        router.merge(if name == "pkg" {
            folder.layer(middleware::from_fn(forever))
        } else {
            folder
        })
    })
}

async fn forever(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status().is_success() {
        let value = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}

async fn guard(State(pages): State<Router>, request: Request, next: Next) -> Response {
    let both = is_both(request.uri().path());
    let mut response = if both && !asks_for_data(&request) {
        let Ok(response) = pages.oneshot(request).await;
        response
    } else {
        next.run(request).await
    };
    if both {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    }
    protect(response.headers_mut());
    response
}

/// Whether a path is a page to browsers and a door to programs.
fn is_both(path: &str) -> bool {
    path.starts_with("/marketplace/providers/")
}

/// Whether a program asks for what is a page to browsers.
pub fn asks_for_data<B>(request: &http::Request<B>) -> bool {
    let html = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("text/html"));
    is_both(request.uri().path())
        && !(matches!(*request.method(), Method::GET | Method::HEAD)
            && request.headers().get_all(header::ACCEPT).iter().any(html))
}

/// Tells browsers what this site never does.
pub fn protect(headers: &mut HeaderMap) {
    let policy = POLICY.get().cloned().unwrap_or(HeaderValue::from_static(CSP));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

//! The whole site as one router: doors, forms, files, pages, and the headers that every answer has.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use gateway::Gateway;
use http::{HeaderName, HeaderValue, header};
use leptos::config::LeptosOptions;
use market::Market;
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::{compression::CompressionLayer, services::ServeDir};

use crate::{
    cache::Cache,
    pages::{self, Site},
    settings::Settings,
};

const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

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

pub fn router(
    market: &Market,
    gateway: Gateway,
    settings: &Settings,
    figures: PrometheusHandle,
) -> anyhow::Result<Router> {
    // Rendering starts tasks of its own. A second call finds the executor in place, which is as good.
    let _ = any_spawner::Executor::init_tokio();
    let options = options(settings)?;
    let root = PathBuf::from(&*options.site_root);
    let site = Arc::new(Site { market: market.clone(), options, cache: Cache::default() });
    let doors = api::router(api::Api {
        market: market.clone(),
        gateway,
        public_url: settings.public_url.clone(),
    });
    let page = get(pages::page).with_state(Arc::clone(&site));
    let files = ServeDir::new(&root).append_index_html_on_directories(false).precompressed_br();
    // The bundle's files carry a hash in their names, so that they never change.
    let bundle = Router::new()
        .nest_service("/pkg", ServeDir::new(root.join("pkg")).precompressed_br())
        .layer(middleware::from_fn(forever));
    let forms = Router::new().route("/rpc/{*call}", post(pages::call)).with_state(site);
    let pages = Router::new().fallback_service(files.fallback(page));
    Ok(Router::new()
        .merge(bundle)
        .merge(forms)
        .merge(pages)
        .layer(CompressionLayer::new())
        .route("/metrics", get(move || async move { figures.render() }))
        .merge(doors)
        .layer(middleware::from_fn(guard)))
}

async fn forever(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status().is_success() {
        let value = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}

/// Tells browsers what this site never does.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

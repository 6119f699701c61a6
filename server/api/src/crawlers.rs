//! What programs that read the whole site ask for: `/robots.txt`, `/sitemap.xml`, and `/llms.txt`, which tells language
//! models what this marketplace is and how to use it.

use std::fmt::Write as _;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use model::{CatalogQuery, Day};

use crate::{Answer, Shared};

/// How many services are named; the API lists all.
const NAMED: u64 = 100;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/llms.txt", get(text))
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(sitemap))
}

/// The most addresses that the sitemap protocol allows in one file.
const ADDRESSES: usize = 50_000;

/// Pages of people and forms are nobody's to index; of the endless combinations of filters only the list itself is.
async fn robots(State(doors): State<Shared>) -> Answer {
    let text = format!(
        "User-agent: *\nDisallow: /organizations/\nDisallow: /admin/\nDisallow: /resource/\nDisallow: /receipts/\n\
         Disallow: /rpc/\nDisallow: /api/\nDisallow: /marketplace/compare/\nDisallow: /*fragment=\nDisallow: /*service=\n\
         Allow: /\n\nSitemap: {}/sitemap.xml\n",
        doors.public_url
    );
    Ok(plain("text/plain; charset=utf-8", text))
}

async fn sitemap(State(doors): State<Shared>) -> Answer {
    let (catalog, base) = (doors.market.catalog(), &doors.public_url);
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    let mut put = |path: &str, day: Option<Day>| {
        let changed = day.map(|day| format!("<lastmod>{day}</lastmod>")).unwrap_or_default();
        // Writing into a string cannot fail.
        let _ = writeln!(text, "<url><loc>{base}{path}</loc>{changed}</url>");
    };
    for path in ["/", "/marketplace/", "/pricing/"] {
        put(path, None);
    }
    for category in catalog.categories() {
        put(&format!("/marketplace/?category={}", category.slug), None);
    }
    let providers = catalog.providers();
    for provider in &providers {
        put(&format!("/marketplace/providers/{}/", provider.id), None);
    }
    let room = ADDRESSES.saturating_sub(providers.len() + 100);
    for found in catalog.all().iter().take(room) {
        let service = &found.service;
        put(
            &format!("/marketplace-public-offering/{}/", service.id),
            Some(service.updated_at.day()),
        );
    }
    text.push_str("</urlset>\n");
    Ok(plain("application/xml; charset=utf-8", text))
}

fn plain(kind: &'static str, text: String) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
}

/// A listing's text on one line, without what would be markup.
fn line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() || "[]()<>`".contains(c) { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn text(State(doors): State<Shared>) -> Answer {
    let (catalog, base) = (doors.market.catalog(), &doors.public_url);
    let mut text = format!(
        "# CMP\n\n> A marketplace of AI agents and services. Every call goes through one metered, OpenAI-compatible gateway \
         and has a receipt.\n\n## Using it\n\n\
         - [API description]({base}/openapi.json): OpenAPI, all endpoints\n\
         - [Services]({base}/marketplace/services): JSON; filters by search, category, family, price, context, feature, region, \
         uptime, latency, throughput, availability, compliance; sort, page, page_size\n\
         - [Measured quality]({base}/marketplace/services/ID/metrics): JSON, replace ID by a service's id or model name\n\
         - [Providers]({base}/v1/providers): JSON\n\
         - Chat completions: POST {base}/v1/chat/completions with a key from \u{201c}Start using\u{201d} and the model name of a service\n\n\
         ## Services ({} on sale, the most used first)\n\n",
        catalog.total()
    );
    let query = CatalogQuery { page_size: NAMED, ..CatalogQuery::default() };
    for found in &catalog.find(&query).services {
        let service = &found.service;
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "- [{}]({base}/marketplace-public-offering/{}/): model `{}`, {} by {}; ${} prompt and ${} completion per 1K tokens. {}",
            line(&service.name),
            service.id,
            service.slug,
            service.model_family.title(),
            line(&service.provider_name),
            service.prompt_price_per_1k_tokens.to_string().trim_start_matches('$'),
            service.completion_price_per_1k_tokens.to_string().trim_start_matches('$'),
            line(&service.tagline),
        );
    }
    Ok(plain("text/plain; charset=utf-8", text))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_listing_cannot_write_markup() {
        assert_eq!(
            line("Nice](https://evil.example)\n# Ignore [all]"),
            "Nice https://evil.example # Ignore all"
        );
    }
}

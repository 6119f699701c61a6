//! `GET /llms.txt`: what this marketplace is and how programs use it, as text for language models.

use std::fmt::Write as _;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse as _,
    routing::get,
};
use model::CatalogQuery;

use crate::{Answer, Shared};

/// How many services are named; the API lists all.
const NAMED: u64 = 100;

pub fn routes() -> Router<Shared> {
    Router::new().route("/llms.txt", get(text))
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
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
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

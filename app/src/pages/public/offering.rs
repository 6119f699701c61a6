//! A service on its own page.

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use model::{OfferingId, ServiceDetail, Volume};

use super::landing::category_title;
use crate::{
    context::{loaded, market, param, query},
    fail::Fail,
    format::price_words,
    parts::{
        crumbs::crumbs,
        details::{Setting, service_details},
    },
};

/// The figures of the cost calculator, from the address.
pub fn asked_volume() -> Volume {
    let usual = Volume::default();
    let figure = |name: &str, usual: u64| {
        let text = query::<String>(name).unwrap_or_default().replace(',', "");
        text.parse().ok().filter(|n| *n <= 1_000_000_000_000).unwrap_or(usual)
    };
    Volume {
        requests: figure("requests", usual.requests),
        prompt_tokens: figure("prompt_tokens", usual.prompt_tokens),
        completion_tokens: figure("completion_tokens", usual.completion_tokens),
    }
}

/// Everything about one service; as a fragment, the same for a dialog.
#[component]
pub fn OfferingPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let catalog = market.catalog();
        let id = param::<OfferingId>("offering").map_err(|_| Fail::missing("offering"))?;
        let detail = catalog.detail(id).ok_or(Fail::missing("offering"))?;
        let category = category_title(&catalog, &detail.service.category);
        let in_dialog = query::<String>("fragment").is_some();
        let content = service_details(
            detail,
            &Setting {
                base_url: &market.settings().public_url,
                category: &category,
                volume: asked_volume(),
                in_dialog,
            },
        );
        if in_dialog {
            return Ok(content);
        }
        let trail = [
            ("/marketplace/".to_owned(), "Marketplace".to_owned()),
            (format!("/marketplace/?category={}", detail.service.category), category),
        ];
        let name = detail.service.name.clone();
        let about = format!("{} {}", detail.service.tagline, price_words(&detail.service));
        let url = format!("{}/marketplace-public-offering/{id}/", market.settings().public_url);
        Ok(view! {
            <Title text=format!("{name} – Marketplace – CMP") />
            <Meta name="description" content=about.clone() />
            <Meta property="og:title" content=name.clone() />
            <Meta property="og:description" content=about />
            <Link rel="canonical" href=url.clone() />
            <script type="application/ld+json" inner_html=product(detail, &url)></script>
            <div class="wrap">
                {crumbs(&trail, &name)}
                {content}
            </div>
        }
        .into_any())
    })
}

/// What search engines read. A data block is no script, so the content security policy leaves it alone; `<` is escaped,
/// so that no description can end it.
fn product(detail: &ServiceDetail, url: &str) -> String {
    let offer = |plan: &model::PlanView| {
        serde_json::json!({
            "@type": "Offer",
            "name": plan.name,
            "price": plan.monthly_fee.to_string().trim_start_matches('$'),
            "priceCurrency": "USD",
            "availability": "https://schema.org/InStock",
        })
    };
    let product = serde_json::json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": detail.service.name,
        "description": detail.service.tagline,
        "category": detail.service.category,
        "brand": { "@type": "Brand", "name": detail.provider.name },
        "url": url,
        "offers": detail.plans.iter().map(offer).collect::<Vec<_>>(),
    });
    product.to_string().replace('<', "\\u003c")
}

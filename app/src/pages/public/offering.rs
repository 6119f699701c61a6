//! A service on its own page.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use market::Market;
use model::{
    CatalogQuery, Choice, OfferingId, ReviewPage, ReviewSort, ServiceDetail, ServiceStatus, Stars,
    Volume,
};

use super::landing::category_title;
use crate::{
    context::{loaded, market, param, query, request_id, visitor},
    fail::Fail,
    flash,
    format::price_words,
    parts::{
        crumbs::crumbs,
        detail::{AskedReviews, Details, Standing, service_details},
        notices::flash_banner,
    },
};

/// How many similar services are shown.
const SIMILAR: usize = 4;

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

/// The service that the path names.
pub fn named_service(market: &Market) -> Result<Arc<ServiceDetail>, Fail> {
    let id = param::<OfferingId>("offering").map_err(|_| Fail::missing("offering"))?;
    market.catalog().detail(id).cloned().ok_or(Fail::missing("offering"))
}

/// Everything that the view of a service shows. What cannot be loaded is left out, and its block says so.
pub async fn service_view(market: &Market, detail: Arc<ServiceDetail>, in_dialog: bool) -> Details {
    let catalog = market.catalog();
    let id = detail.service.id;
    // In the list's address, `sort` and `page` are the list's.
    let own = !in_dialog;
    let asked = AskedReviews {
        stars: query::<u8>("stars").filter(|_| own).and_then(|n| Stars::try_from(n).ok()),
        sort: query("sort").filter(|_| own).unwrap_or(ReviewSort::Newest),
        page: query::<u64>("page").filter(|_| own).unwrap_or(1).clamp(1, 1_000_000),
    };
    let quality = market.quality().view(id).await;
    let reviews = market.reviews().page(id, asked.stars, asked.sort, asked.page).await;
    let standing = match visitor() {
        None => Standing::Visitor,
        Some(actor) => Standing::Member {
            gate: told(market.reviews().gate(&actor, id).await, "review gate"),
            may_reply: market.reviews().may_reply(&actor, id).await.unwrap_or(false),
        },
    };
    let category = Choice::Category(detail.service.category.to_string());
    let shelf = CatalogQuery { page_size: SIMILAR as u64 + 1, ..CatalogQuery::default() };
    let mut similar = catalog.find(&shelf.with(category)).services;
    similar.retain(|other| other.service.id != id);
    similar.truncate(SIMILAR);
    let seller = Choice::Provider(detail.provider.slug.clone());
    let now = market.core().now();
    Details {
        category: category_title(&catalog, &detail.service.category),
        base_url: market.settings().public_url.clone(),
        volume: asked_volume(),
        quality: told(quality, "figures"),
        reviews: told(reviews, "reviews"),
        asked,
        standing,
        now,
        open: catalog.open_state(id, now),
        calendar: catalog.calendar(id),
        similar,
        of_provider: catalog.total_of(&CatalogQuery::default().with(seller)),
        reference: request_id(),
        in_dialog,
        detail,
    }
}

/// What was loaded; what was not is in the log, and the page lives on without it.
fn told<T>(loaded: Result<T, market::Error>, what: &'static str) -> Option<T> {
    loaded
        .inspect_err(|error| tracing::error!(?error, what, "a block of a page could not be loaded"))
        .ok()
}

/// Everything about one service; as a fragment, the same for a dialog.
#[component]
pub fn OfferingPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let detail = named_service(&market)?;
        let in_dialog = query::<String>("fragment").is_some();
        let all = service_view(&market, Arc::clone(&detail), in_dialog).await;
        let content = service_details(&all);
        if in_dialog {
            return Ok(content);
        }
        let flash = flash::take();
        let trail = trail_to(&all.category, &detail);
        let name = detail.service.name.clone();
        let about = format!("{} {}", detail.service.tagline, price_words(&detail.service));
        let base = &market.settings().public_url;
        let url = format!("{base}/marketplace-public-offering/{}/", detail.service.id);
        let picture = format!("{base}/og/{}.png", detail.service.id);
        let filtered = all.asked.stars.is_some() || all.asked.page > 1;
        Ok(view! {
            <Title text=format!("{name} – Marketplace – CMP") />
            <Meta name="description" content=about.clone() />
            <Meta property="og:type" content="product" />
            <Meta property="og:site_name" content="CMP" />
            <Meta property="og:url" content=url.clone() />
            <Meta property="og:title" content=name.clone() />
            <Meta property="og:description" content=about.clone() />
            <Meta property="og:image" content=picture.clone() />
            <Meta property="og:image:width" content="1200" />
            <Meta property="og:image:height" content="630" />
            <Meta property="og:image:alt" content=format!("{name} on CMP") />
            <Meta name="twitter:card" content="summary_large_image" />
            <Meta name="twitter:title" content=name.clone() />
            <Meta name="twitter:description" content=about />
            <Meta name="twitter:image" content=picture.clone() />
            {filtered.then(|| view! { <Meta name="robots" content="noindex,follow" /> })}
            <Link rel="canonical" href=url.clone() />
            <script type="application/ld+json" inner_html=product(&all, &url, &picture)></script>
            <div class="wrap">
                {crumbs(&trail, &name)}
                {flash_banner(flash.as_ref())}
                {content}
            </div>
        }
        .into_any())
    })
}

/// The trail to a service.
pub fn trail_to(category: &str, detail: &ServiceDetail) -> Vec<(String, String)> {
    vec![
        ("/marketplace/".to_owned(), "Marketplace".to_owned()),
        (format!("/marketplace/?category={}", detail.service.category), category.to_owned()),
    ]
}

/// The trail to a page below a service's own.
pub fn trail_below(market: &Market, detail: &ServiceDetail) -> Vec<(String, String)> {
    let mut trail = trail_to(&category_title(&market.catalog(), &detail.service.category), detail);
    let page = format!("/marketplace-public-offering/{}/", detail.service.id);
    trail.push((page, detail.service.name.clone()));
    trail
}

/// What search engines read. A data block is no script, so the content security policy leaves it alone; `<` is escaped,
/// so that no description can end it.
fn product(all: &Details, url: &str, picture: &str) -> String {
    let detail = &*all.detail;
    let availability = if detail.service.status == ServiceStatus::Deprecated {
        "https://schema.org/LimitedAvailability"
    } else {
        "https://schema.org/InStock"
    };
    let offer = |plan: &model::PlanView| {
        serde_json::json!({
            "@type": "Offer",
            "name": plan.name,
            "price": plan.monthly_fee.to_string().trim_start_matches('$'),
            "priceCurrency": "USD",
            "availability": availability,
            "url": url,
            "seller": { "@type": "Organization", "name": detail.provider.name },
        })
    };
    let mut product = serde_json::json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": detail.service.name,
        "description": detail.service.tagline,
        "category": detail.service.category,
        "brand": { "@type": "Brand", "name": detail.provider.name },
        "url": url,
        "image": picture,
        "offers": detail.plans.iter().map(offer).collect::<Vec<_>>(),
    });
    if let (Some(stars), Some(fields)) =
        (all.reviews.as_ref().and_then(aggregate), product.as_object_mut())
    {
        fields.insert("aggregateRating".to_owned(), stars);
    }
    product.to_string().replace('<', "\\u003c")
}

/// The average of the reviews; nothing before the first.
fn aggregate(page: &ReviewPage) -> Option<serde_json::Value> {
    let reviews: u64 = page.distribution.iter().sum();
    let average = page.average.filter(|_| reviews > 0)?;
    Some(serde_json::json!({
        "@type": "AggregateRating",
        "ratingValue": format!("{average:.1}"),
        "reviewCount": reviews,
        "bestRating": 5,
        "worstRating": 1,
    }))
}

//! Who sells: what is known of a provider, and everything it has on sale.

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use market::Market;
use model::{CatalogQuery, Choice, ProviderView, ServiceDetail};

use super::landing::category_title;
use crate::{
    context::{loaded, market, param, query},
    fail::Fail,
    format::{count, date},
    parts::{
        badges::provider,
        cards::service_card,
        crumbs::crumbs,
        icons::Icon,
        notices::{empty, page_message},
        pages::Pages,
        ratings::rating,
    },
};

/// The most services that an average is made of at once.
const PAGE: u64 = CatalogQuery::MAX_PAGE_SIZE;

/// The profile of a provider, by slug or id.
#[component]
pub fn ProviderPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let name: String = param("provider")?;
        let catalog = market.catalog();
        let Some(seller) = catalog.provider_named(&name).cloned() else {
            crate::context::set_status(http::StatusCode::NOT_FOUND);
            return Ok(view! {
                <Title text="This provider is not here – CMP" />
                {page_message(Icon::Alert, "This provider is not here", "It may have left the marketplace, or the address is mistyped.")}
            }
            .into_any());
        };
        Ok::<_, Fail>(page(&market, &seller))
    })
}

fn page(market: &Market, seller: &ProviderView) -> AnyView {
    let catalog = market.catalog();
    let own = CatalogQuery::default().with(Choice::Provider(seller.slug.clone()));
    let number = query::<u64>("page").unwrap_or(1).clamp(1, 1_000_000);
    let found = catalog.find(&CatalogQuery { page: number, ..own.clone() });
    let (average, reviews) = all_stars(&|page| {
        catalog.find(&CatalogQuery { page, page_size: PAGE, ..own.clone() }).services
    });
    let base = &market.settings().public_url;
    let path = format!("/marketplace/providers/{}/", seller.slug);
    let cards = found.services.iter().map(|detail| {
        service_card(&detail.service, &category_title(&catalog, &detail.service.category), "")
    });
    let pages = Pages { page: number, size: own.page_size, total: found.total };
    let list = if found.total == 0 {
        empty(
            "No agents on sale",
            format!("{} has nothing on sale at the moment.", seller.name),
            Some(("/marketplace/", "Browse agents")),
        )
    } else if found.services.is_empty() {
        empty(
            "There is no such page",
            "The list is shorter than that.",
            Some((&path, "Go to the first page")),
        )
    } else {
        view! {
            <div class="cards">{cards.collect_view()}</div>
            {pages.view("agents", |page| format!("{path}?page={page}"))}
        }
        .into_any()
    };
    let verified = seller.verified_at.map_or_else(
        || "Not verified: nobody has checked who is behind this name.".to_owned(),
        |at| format!("Verified: the operator checked on {} who is behind this name.", date(at)),
    );
    let about = if seller.description.is_empty() {
        format!("AI agents and services by {} on CMP.", seller.name)
    } else {
        seller.description.clone()
    };
    view! {
        <Title text=format!("{} – Providers – CMP", seller.name) />
        <Meta name="description" content=about.clone() />
        <Meta property="og:title" content=seller.name.clone() />
        <Meta property="og:description" content=about />
        <Link rel="canonical" href=format!("{base}{path}") />
        <div class="wrap">
            {crumbs(&[("/marketplace/".to_owned(), "Marketplace".to_owned())], &seller.name)}
            <header class="profile">
                <h1>{provider(&seller.name, seller.verified_at.is_some())}</h1>
                <p>{rating(average, reviews)} <span class="meta">{(reviews > 0).then_some(" over all its agents")}</span></p>
                {(!seller.description.is_empty()).then(|| view! { <p class="lead" dir="auto">{seller.description.clone()}</p> })}
                <p class="meta">{verified}</p>
                <dl class="facts">
                    <div>
                        <dt>"On sale"</dt>
                        <dd class="num">{count(found.total, "agent", "agents")}</dd>
                    </div>
                    {(!seller.country.is_empty()).then(|| view! {
                        <div>
                            <dt>"Country"</dt>
                            <dd>{seller.country.clone()}</dd>
                        </div>
                    })}
                    <div>
                        <dt>"Sells here since"</dt>
                        <dd class="num">{date(seller.created_at)}</dd>
                    </div>
                </dl>
            </header>
            <section>
                <h2>{format!("Agents of {}", seller.name)}</h2>
                {list}
            </section>
        </div>
    }
    .into_any()
}

/// The average over the reviews of all services, and their number.
#[expect(clippy::cast_precision_loss, reason = "counts of reviews are far below 2^52")]
fn all_stars(page: &dyn Fn(u64) -> Vec<std::sync::Arc<ServiceDetail>>) -> (Option<f64>, u64) {
    let (mut stars, mut reviews) = (0.0, 0_u64);
    for number in 1.. {
        let services = page(number);
        for service in services.iter().map(|detail| &detail.service) {
            if let Some(rating) = service.rating {
                stars += rating * service.review_count as f64;
                reviews += service.review_count;
            }
        }
        if (services.len() as u64) < PAGE {
            break;
        }
    }
    ((reviews > 0).then(|| stars / reviews as f64), reviews)
}

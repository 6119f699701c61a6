//! The list of services. All its state is in the address.

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use market::{Catalog, Found, Market};
use model::{CatalogQuery, Choice, OfferingId, Volume};

use super::landing::category_title;
use crate::{
    context::{loaded, market, query, query_pairs, set_status},
    format::count,
    parts::{
        cards::service_card,
        details::{Setting, service_details},
        facets::{address, chips, filter_form, nothing_matched},
        icons::{Icon, icon},
        notices::{empty, remark},
        pages::Pages,
    },
};

/// Search results with filters.
#[component]
pub fn MarketplacePage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let pairs = query_pairs();
        let asked =
            CatalogQuery::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let over = query::<String>("service").filter(|text| !text.is_empty());
        let dialog = dialog(&market, over.as_deref(), &asked);
        Ok(list(&market, &asked, dialog))
    })
}

fn list(market: &Market, asked: &CatalogQuery, dialog: AnyView) -> AnyView {
    let catalog = &*market.catalog();
    let canonical = CatalogQuery { notices: Vec::new(), ..asked.clone() };
    let found = catalog.find(asked);
    let chosen = asked.choices.len();
    let title = match asked.choices.iter().collect::<Vec<_>>().as_slice() {
        [only @ Choice::Category(_)] => catalog.title_of(only).to_string(),
        _ if !asked.search.is_empty() => format!("“{}”", asked.search),
        _ => "All agents".to_owned(),
    };
    let index = (chosen > 1 || !asked.search.is_empty())
        .then(|| view! { <Meta name="robots" content="noindex,follow" /> });
    view! {
        <Title text=format!("{title} – Marketplace – CMP") />
        <Meta name="description" content="Compare AI agents and services by price per token, model family and features." />
        <Link rel="canonical" href=format!("{}{}", market.settings().public_url, address(&canonical)) />
        {index}
        <div class="wrap market">
            <header class="page-head">
                <h1>"Marketplace"</h1>
                <p class="lead" role="status">{count(found.total, "agent", "agents")}</p>
            </header>
            <aside class="market-side">
                <details class="filter-fold">
                    <summary class="btn btn-secondary">
                        {icon(Icon::Filter)} "Filters and order"
                        {(chosen > 0).then(|| format!(" ({chosen})"))}
                    </summary>
                    {filter_form(asked, &found.facets)}
                </details>
            </aside>
            <section class="market-main" aria-label="Results">
                {asked.notices.iter().map(|notice| remark(format!("{}.", notice.0))).collect_view()}
                {chips(asked, catalog)}
                {results(catalog, asked, &found)}
            </section>
        </div>
        {dialog}
    }
    .into_any()
}

fn results(catalog: &Catalog, asked: &CatalogQuery, found: &Found) -> AnyView {
    if found.total == 0 && asked.is_everything() {
        return empty(
            "Nothing is on sale yet",
            "Agents appear here as soon as a provider publishes one.",
            None,
        );
    }
    if found.total == 0 {
        return nothing_matched(asked, relaxed(catalog, asked));
    }
    if found.services.is_empty() {
        let first = address(&asked.first_page());
        return empty(
            "There is no such page of results",
            "The list is shorter than that.",
            Some((&first, "Go to the first page")),
        );
    }
    let here = asked.to_query();
    let cards = found.services.iter().map(|service| {
        service_card(&service.service, &category_title(catalog, &service.service.category), &here)
    });
    let pages = Pages { page: asked.page, size: asked.page_size, total: found.total };
    let below = if pages.count() > 1 {
        format!("{} agents", pages.range())
    } else {
        count(found.total, "agent", "agents")
    };
    view! {
        <h2 class="sr-only">"Results"</h2>
        <div class="cards">{cards.collect_view()}</div>
        <p class="meta num">{below}</p>
        {pages.view("results", |page| address(&CatalogQuery { page, notices: Vec::new(), ..asked.clone() }))}
    }
    .into_any()
}

/// The nearest questions that have answers, in words.
fn relaxed(catalog: &Catalog, asked: &CatalogQuery) -> Vec<(String, String, u64)> {
    let words = |choice: Option<Choice>| {
        choice.map_or_else(
            || format!("“{}”", asked.search),
            |choice| catalog.title_of(&choice).to_string(),
        )
    };
    catalog
        .relaxations(asked)
        .into_iter()
        .map(|(choice, query, total)| (words(choice), address(&query), total))
        .collect()
}

/// The dialog over the list. Without a service it is empty and closed, ready for script to fill.
fn dialog(market: &Market, service: Option<&str>, asked: &CatalogQuery) -> AnyView {
    let catalog = market.catalog();
    let content = service.map(|id| {
        let id = id.parse::<OfferingId>().ok();
        let Some(detail) = id.and_then(|id| catalog.detail(id)) else {
            return not_available();
        };
        service_details(
            detail,
            &Setting {
                base_url: &market.settings().public_url,
                category: &category_title(&catalog, &detail.service.category),
                volume: Volume::default(),
                in_dialog: true,
            },
        )
    });
    let open = content.is_some();
    view! {
        <dialog class="dialog" id="details" aria-labelledby="service-name" open=open>
            <p class="dialog-bar">
                <a class="btn btn-ghost btn-small" data-close="" href=address(asked)>
                    {icon(Icon::Cross)} "Close"
                </a>
            </p>
            <div class="dialog-body" data-body="">{content}</div>
        </dialog>
    }
    .into_any()
}

fn not_available() -> AnyView {
    set_status(http::StatusCode::NOT_FOUND);
    view! {
        <h2 class="h1" id="service-name" tabindex="-1">"This agent is not available"</h2>
        <p>"It may have been removed by its provider. Close this to see what is on sale."</p>
    }
    .into_any()
}

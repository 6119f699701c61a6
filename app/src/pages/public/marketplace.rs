//! The list of services. All its state is in the address.

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Script, Title};
use market::{Catalog, Market};
use model::{CatalogQuery, Choice, Facet, OfferingId, Sort, Timestamp, View};

use super::{landing::category_title, offering::service_view};
use crate::{
    context::{loaded, market, query as parameter, query_pairs, set_status, settled},
    format::count,
    parts::{
        cards::{CardSetting, card, has_hours},
        compare::compare_bar,
        detail::service_details,
        filters::{Listing, Shelf, chips, left_out, nothing_matched, panel, promoted},
        icons::{Icon, icon},
        notices::empty,
        pages::Pages,
        table::service_table,
    },
};

/// Search results with filters.
#[component]
pub fn MarketplacePage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let head = ListHead {
            title: "Marketplace",
            about: "Compare AI agents and services by price per token, model family, measured speed and features.",
            lead: None,
            crumbs: None,
        };
        Ok(list(&market, &Shelf::everything(), head))
    })
}

/// What stands above a list.
pub struct ListHead<'a> {
    pub title: &'a str,
    /// For search engines.
    pub about: &'a str,
    pub lead: Option<&'a str>,
    pub crumbs: Option<AnyView>,
}

/// What the address asks of a shelf, with what goes without saying left out.
fn asked(shelf: &Shelf) -> CatalogQuery {
    let pairs = query_pairs();
    let read = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut query = shelf.narrow(CatalogQuery::read(read));
    if query.search.is_empty() && query.sort == Some(Sort::Popularity) {
        query.sort = None;
    }
    query
}

/// The whole page of a list.
pub fn list(market: &Market, shelf: &Shelf, head: ListHead<'_>) -> AnyView {
    let query = &asked(shelf);
    let catalog = &*market.catalog();
    let found = &catalog.find(query);
    let listing = Listing { shelf, query, found, catalog };
    let over = parameter::<String>("service").filter(|text| !text.is_empty());
    let dialog = dialog(market, over.as_deref(), listing);
    let lead = head.lead.map(|text| view! { <p class="lead">{text.to_owned()}</p> });
    let chosen = listing.chosen() + usize::from(query.near.is_some());
    view! {
        {head_of(market, listing, &head)}
        <div class="wrap market">
            {head.crumbs}
            <header class="market-head">
                <div>
                    <h1>{head.title.to_owned()}</h1>
                    {lead}
                </div>
                <div class="market-search" role="search" aria-label="Marketplace">
                    <label class="sr-only" for="market-search">"Search agents"</label>
                    <input class="input" id="market-search" type="search" name="search" form="filters" value=query.search.clone() placeholder="Search agents, tasks, models" maxlength="200" autocomplete="off" />
                    <button class="btn btn-secondary" type="submit" form="filters">
                        {icon(Icon::Search)}
                        <span class="sr-only">"Search"</span>
                    </button>
                </div>
            </header>
            <aside class="market-side" id="filter-panel" aria-label="Filters">{panel(listing)}</aside>
            <section class="market-main" aria-label="Results">
                <div class="market-bar">{tools(listing, chosen)}</div>
                <div data-part="above">{promoted(listing)} {left_out(query)} {chips(listing)}</div>
                <div id="results" data-part="results">{results(market, listing)}</div>
                {compare_bar()}
            </section>
        </div>
        {drawer()}
        {dialog}
        <Script src="/market.js" defer="defer" />
    }
    .into_any()
}

/// Title, canonical address and what search engines may do.
fn head_of(market: &Market, listing: Listing<'_>, head: &ListHead<'_>) -> AnyView {
    let (query, base) = (listing.query, &market.settings().public_url);
    let everything = Shelf::everything();
    let link =
        |page: u64| format!("{base}{}", listing.address(&CatalogQuery { page, ..query.clone() }));
    let title = match query.choices.iter().collect::<Vec<_>>().as_slice() {
        _ if !query.search.is_empty() => format!("“{}” – {}", query.search, head.title),
        [only @ Choice::Category(_)] if !listing.shelf.holds(only) => {
            format!("{} – {}", listing.catalog.title_of(only), head.title)
        }
        _ => head.title.to_owned(),
    };
    let mut facets: Vec<Facet> = query.choices.iter().map(Choice::facet).collect();
    facets.dedup();
    let index = (facets.len() > 1 || !query.search.is_empty())
        .then(|| view! { <Meta name="robots" content="noindex,follow" /> });
    let last = listing.found.total.div_ceil(query.page_size.max(1));
    let before = (query.page > 1 && query.page <= last)
        .then(|| view! { <Link rel="prev" href=link(query.page - 1) /> });
    let after =
        (query.page < last).then(|| view! { <Link rel="next" href=link(query.page + 1) /> });
    view! {
        <Title text=format!("{title} – CMP") />
        <Meta name="description" content=head.about.to_owned() />
        <Link rel="canonical" href=format!("{base}{}", everything.address(query)) />
        {index} {before} {after}
    }
    .into_any()
}

/// The count, the order and the shape of the list; on a narrow screen also the way to the filters.
fn tools(listing: Listing<'_>, chosen: usize) -> AnyView {
    let query = listing.query;
    let best = (!query.search.is_empty()).then(|| {
        view! { <option value="" selected=query.sort.is_none()>"Best match"</option> }
    });
    let sorts = Sort::ALL.iter().map(|sort| {
        // The order that a list has anyway needs no parameter.
        let usual = *sort == Sort::Popularity && query.search.is_empty();
        let value = if usual { "" } else { sort.as_str() };
        let selected = query.sort == Some(*sort) || usual && query.sort.is_none();
        view! { <option value=value selected=selected>{sort.title()}</option> }
    });
    let shape = |view: View, sign: Icon, word: &'static str| {
        let now = (query.view == view).then_some("true");
        let link = listing.address(&CatalogQuery { view, notices: Vec::new(), ..query.clone() });
        view! {
            <a href=link data-go="" data-key=view.as_str() aria-current=now>
                {icon(sign)}
                <span>{word}</span>
            </a>
        }
    };
    view! {
        <p class="tools-count num" id="count" role="status">{count(listing.found.total, "agent", "agents")}</p>
        <div class="tools">
            <a class="btn btn-secondary tools-filters" id="filters-open" href="#filter-panel">
                {icon(Icon::Filter)}
                "Filters"
                <span data-part="chosen">{(chosen > 0).then(|| format!("({chosen})"))}</span>
            </a>
            <label class="tools-sort">
                <span>"Sort by"</span>
                <select class="input" id="filter-sort" name="sort" form="filters" autocomplete="off">{best} {sorts.collect_view()}</select>
            </label>
            <button class="btn btn-secondary tools-go" type="submit" form="filters">"Sort"</button>
            <div class="segments" role="group" aria-label="View" data-part="view">
                {shape(View::Cards, Icon::Columns, "Cards")}
                {shape(View::Table, Icon::Rows, "Table")}
            </div>
        </div>
    }
    .into_any()
}

fn results(market: &Market, listing: Listing<'_>) -> AnyView {
    let Listing { query, found, catalog, .. } = listing;
    if found.total == 0 && query.is_everything() {
        return empty(
            "Nothing is on sale yet",
            "Agents appear here as soon as a provider publishes one.",
            None,
        );
    }
    if found.total == 0 {
        return nothing_matched(listing);
    }
    if found.services.is_empty() {
        let first = listing.address(&query.first_page());
        return empty(
            "There is no such page of results",
            "The list is shorter than that.",
            Some((&first, "Go to the first page")),
        );
    }
    let shown = match query.view {
        View::Cards => cards(listing, catalog, market.core().now()),
        View::Table => service_table(listing),
    };
    let pages = Pages { page: query.page, size: query.page_size, total: found.total };
    let below = (pages.count() == 1)
        .then(|| view! { <p class="meta num">{count(found.total, "agent", "agents")}</p> });
    view! {
        <h2 class="sr-only" id="results-title" tabindex="-1">"Results"</h2>
        {shown}
        {below}
        {pages.view("results", |page| {
            listing.address(&CatalogQuery { page, notices: Vec::new(), ..query.clone() })
        })}
    }
    .into_any()
}

fn cards(listing: Listing<'_>, catalog: &Catalog, now: Timestamp) -> AnyView {
    let over = listing.over();
    let cards = listing.found.services.iter().map(|found| {
        let service = &found.service;
        let state = has_hours(service).then(|| catalog.open_state(service.id, now));
        // Of what is always open only the maintenance is news.
        let news = |state: &model::OpenState| {
            state.maintenance || service.availability.schedule != model::Schedule::Always
        };
        card(
            service,
            CardSetting {
                category: &category_title(catalog, &service.category),
                over: &over,
                terms: &listing.found.terms,
                near: listing.query.near,
                open: state.filter(news),
                compare: true,
            },
        )
    });
    view! { <div class="cards">{cards.collect_view()}</div> }.into_any()
}

/// Where the filters of a narrow screen open with script: several are chosen before the list changes.
fn drawer() -> AnyView {
    view! {
        <dialog class="drawer" id="drawer" aria-labelledby="drawer-title">
            <div class="drawer-head">
                <h2 id="drawer-title" tabindex="-1">"Filters"</h2>
                <button class="btn btn-ghost" type="button" data-shut="">{icon(Icon::Cross)} "Close"</button>
            </div>
            <div class="drawer-body" data-slot=""></div>
            <div class="drawer-foot">
                <button class="btn btn-ghost" type="button" data-clear="">"Clear all"</button>
                <button class="btn btn-primary" type="button" data-show="">"Show agents"</button>
            </div>
        </dialog>
    }
    .into_any()
}

/// The dialog over the list. Without a service it is empty and closed, ready for script to fill.
fn dialog(market: &Market, service: Option<&str>, listing: Listing<'_>) -> AnyView {
    let content = service.map(|id| {
        let id = id.parse::<OfferingId>().ok();
        let Some(detail) = id.and_then(|id| listing.catalog.detail(id)).cloned() else {
            return not_available();
        };
        let market = market.clone();
        settled(async move { service_details(&service_view(&market, detail, true).await) })
    });
    let open = content.is_some();
    view! {
        <dialog class="dialog" id="details" aria-labelledby="service-name" open=open>
            <p class="dialog-bar">
                <a class="btn btn-ghost btn-small" data-close="" href=listing.address(listing.query)>
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

//! Narrowing the list: one GET form whose state is the address, and chips that undo single choices.

use leptos::prelude::*;
use market::Catalog;
use model::{CatalogQuery, Facet, FacetCount, Sort};

use super::icons::{Icon, icon};
use crate::format::grouped;

/// The address of a query.
pub fn address(query: &CatalogQuery) -> String {
    let text = query.to_query();
    if text.is_empty() { "/marketplace/".to_owned() } else { format!("/marketplace/?{text}") }
}

fn option(
    name: &'static str,
    value: &str,
    words: &str,
    count: Option<u64>,
    chosen: bool,
) -> AnyView {
    let none = (count == Some(0)).then_some("none");
    view! {
        <label class="option" data-count=none>
            <input type="checkbox" name=name value=value.to_owned() checked=chosen />
            <span>{words.to_owned()}</span>
            <span class="meta num">{count.map(grouped)}</span>
        </label>
    }
    .into_any()
}

/// The filter panel; script may submit it on change, the button always works.
pub fn filter_form(query: &CatalogQuery, facets: &[FacetCount]) -> AnyView {
    let group = |name: &'static str, facet: Facet| {
        let options = facets.iter().filter(|value| value.choice.facet() == facet).map(|value| {
            option(
                facet.parameter(),
                &value.choice.value(),
                &value.title,
                Some(value.count),
                query.has(&value.choice),
            )
        });
        view! {
            <fieldset>
                <legend class="label">{name}</legend>
                {options.collect_view()}
            </fieldset>
        }
    };
    let sorts = Sort::ALL.iter().map(|sort| {
        view! { <option value=sort.as_str() selected=Some(*sort) == query.sort>{sort.title()}</option> }
    });
    view! {
        <form class="filters" method="get" action="/marketplace/" aria-label="Filters">
            <div class="field">
                <label class="label" for="filter-search">"Search"</label>
                <input class="input" id="filter-search" type="search" name="search" value=query.search.clone() maxlength="200" />
            </div>
            {group("Category", Facet::Category)}
            {group("Model family", Facet::Family)}
            <div class="field">
                <label class="label" for="filter-sort">"Sort by"</label>
                <select class="input" id="filter-sort" name="sort">{sorts.collect_view()}</select>
            </div>
            <button class="btn btn-primary" type="submit">"Apply filters"</button>
        </form>
    }
    .into_any()
}

/// What narrows the list, each as a link that removes it.
pub fn chips(query: &CatalogQuery, catalog: &Catalog) -> Option<AnyView> {
    if query.is_everything() {
        return None;
    }
    let mut found: Vec<(String, String)> = Vec::new();
    if !query.search.is_empty() {
        let without = CatalogQuery { search: String::new(), ..query.first_page() };
        found.push((format!("“{}”", query.search), address(&without)));
    }
    for choice in &query.choices {
        found.push((catalog.title_of(choice).to_string(), address(&query.without(choice))));
    }
    let chip = |(words, link): (String, String)| {
        view! {
            <li>
                <a class="chip" href=link>
                    <span class="sr-only">"Remove "</span>
                    {words}
                    {icon(Icon::Cross)}
                </a>
            </li>
        }
    };
    Some(
        view! {
            <ul class="chips" aria-label="Applied filters">
                {found.into_iter().map(chip).collect_view()}
                <li>
                    <a href="/marketplace/">"Clear all"</a>
                </li>
            </ul>
        }
        .into_any(),
    )
}

/// Stands where nothing matched: what was asked for, and what each choice costs in results.
pub fn nothing_matched(query: &CatalogQuery, relaxed: Vec<(String, String, u64)>) -> AnyView {
    let title = if query.search.is_empty() {
        "No agents match these filters".to_owned()
    } else {
        format!("No agents match “{}”", query.search)
    };
    let line = |(words, link, count): (String, String, u64)| {
        view! {
            <li>
                <a href=link>{format!("Remove {words}")}</a>
                <span class="meta num">{format!(" → {}", crate::format::count(count, "agent", "agents"))}</span>
            </li>
        }
    };
    let ways = (!relaxed.is_empty()).then(|| {
        view! { <ul class="relax">{relaxed.into_iter().map(line).collect_view()}</ul> }
    });
    view! {
        <div class="empty">
            <h2>{title}</h2>
            {ways}
            <p>
                <a class="btn btn-primary" href="/marketplace/">"Clear all filters"</a>
            </p>
        </div>
    }
    .into_any()
}

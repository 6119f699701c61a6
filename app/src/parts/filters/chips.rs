//! What narrows the list and what would: chips that undo, toggles that many want, ways out of an empty result.

use std::collections::BTreeSet;

use leptos::prelude::*;
use model::{CatalogQuery, Choice};

use super::Listing;
use crate::{
    format::{count, grouped},
    parts::{
        icons::{Icon, icon},
        notices::remark,
    },
};

/// What a chip says of a choice, where no heading stands above it.
fn words(listing: Listing<'_>, choice: &Choice) -> String {
    let title = listing.catalog.title_of(choice);
    match choice {
        Choice::Price(_) => format!("{title} / 1K"),
        Choice::Context(_) => format!("{title} context"),
        _ => title.to_string(),
    }
}

/// The filters that most people look for, each as a link that turns it on or off.
pub fn promoted(listing: Listing<'_>) -> AnyView {
    let toggle = |choice: Choice| {
        let on = listing.query.has(&choice);
        let other =
            if on { listing.query.without(&choice) } else { listing.query.with(choice.clone()) };
        let found = listing.found.facets.iter().find(|value| value.choice == choice);
        let (sign, verb) =
            if on { (Some(icon(Icon::Check)), "Remove ") } else { (None, "Show only ") };
        view! {
            <li>
                <a
                    class="toggle"
                    href=listing.address(&other)
                    data-go=""
                    data-key=choice.facet().as_str()
                    aria-current=on.then_some("true")
                >
                    {sign}
                    <span class="sr-only">{verb}</span>
                    {words(listing, &choice)}
                    <span class="n">{found.map(|value| grouped(value.count))}</span>
                </a>
            </li>
        }
    };
    let often = [Choice::Free, Choice::Uptime(99_900), Choice::Verified];
    view! { <ul class="toggles" aria-label="Often used filters">{often.map(toggle).collect_view()}</ul> }
        .into_any()
}

/// What narrows the list, each as a link that removes it.
pub fn chips(listing: Listing<'_>) -> Option<AnyView> {
    let query = listing.query;
    let mut found: Vec<(String, String)> = Vec::new();
    if !query.search.is_empty() {
        let without = CatalogQuery { search: String::new(), ..query.first_page() };
        found.push((format!("“{}”", query.search), listing.address(&without)));
    }
    for choice in query.choices.iter().filter(|choice| !listing.shelf.holds(choice)) {
        found.push((words(listing, choice), listing.address(&query.without(choice))));
    }
    if found.is_empty() {
        return None;
    }
    let chip = |(words, link): (String, String)| {
        view! {
            <li>
                <a class="chip" href=link data-go="">
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
                    <a class="chips-clear" href=everything(listing) data-go="">"Clear all"</a>
                </li>
            </ul>
        }
        .into_any(),
    )
}

/// The list without filters, in the same order and shape.
fn everything(listing: Listing<'_>) -> String {
    let CatalogQuery { sort, view, near, page_size, .. } = *listing.query;
    listing.address(&CatalogQuery { sort, view, near, page_size, ..CatalogQuery::default() })
}

/// What of the address was not understood, in one remark.
pub fn left_out(query: &CatalogQuery) -> Option<AnyView> {
    let sentences: Vec<String> =
        query.notices.iter().map(|notice| format!("{}.", notice.0)).collect();
    (!sentences.is_empty()).then(|| remark(sentences.join(" ")))
}

/// The nearest questions that have answers: one thing left out, or where that is not enough, one thing kept.
fn ways_out(listing: Listing<'_>) -> Vec<(String, CatalogQuery, u64)> {
    let query = listing.query;
    let named = |choice: &Choice| format!("‘{}’", words(listing, choice));
    let mine = |choice: &&Choice| !listing.shelf.holds(choice);
    let ways = listing.catalog.relaxations(query).into_iter();
    let ways: Vec<_> = ways
        .filter(|(choice, ..)| choice.as_ref().is_none_or(|choice| mine(&choice)))
        .map(|(choice, wider, total)| {
            let left = choice.as_ref().map_or_else(|| format!("“{}”", query.search), named);
            (format!("Remove {left}"), wider, total)
        })
        .collect();
    if !ways.is_empty() || listing.chosen() + usize::from(!query.search.is_empty()) < 3 {
        return ways;
    }
    let shelf: BTreeSet<Choice> =
        query.choices.iter().filter(|choice| !mine(choice)).cloned().collect();
    let bare = CatalogQuery { choices: shelf, search: String::new(), ..query.first_page() };
    let search = (!query.search.is_empty()).then(|| {
        (
            format!("“{}”", query.search),
            CatalogQuery { search: query.search.clone(), ..bare.clone() },
        )
    });
    let choices = query.choices.iter().filter(mine).take(8);
    let mut kept: Vec<_> = choices
        .map(|choice| (named(choice), bare.with(choice.clone())))
        .chain(search)
        .map(|(words, wider)| {
            let total = listing.catalog.total_of(&wider);
            (format!("Keep only {words}"), wider, total)
        })
        .filter(|(.., total)| *total > 0)
        .collect();
    kept.sort_by_key(|(.., total)| *total);
    kept.truncate(4);
    kept
}

/// Stands where nothing matched: what was asked for, and what each choice costs in results.
pub fn nothing_matched(listing: Listing<'_>) -> AnyView {
    let query = listing.query;
    let title = match (query.search.as_str(), listing.chosen()) {
        ("", 1) => "No agents match this filter".to_owned(),
        ("", n) => format!("No agents match these {n} filters"),
        (search, 0) => format!("No agents match “{search}”"),
        (search, 1) => format!("No agents match “{search}” and this filter"),
        (search, n) => format!("No agents match “{search}” and these {n} filters"),
    };
    let line = |(words, wider, total): (String, CatalogQuery, u64)| {
        view! {
            <li>
                <a href=listing.address(&wider) data-go="">{words}</a>
                <span class="num">{format!(" → {}", count(total, "agent", "agents"))}</span>
            </li>
        }
    };
    let ways = ways_out(listing).into_iter();
    let ways: Vec<_> = ways.map(line).collect();
    let ways = (!ways.is_empty()).then(|| {
        view! {
            <p>"The nearest that have answers:"</p>
            <ul class="relax">{ways}</ul>
        }
    });
    view! {
        <div class="empty">
            <h2>{title}</h2>
            {ways}
            <p>
                <a class="btn btn-primary" href=everything(listing) data-go="">"Clear all filters"</a>
            </p>
        </div>
    }
    .into_any()
}

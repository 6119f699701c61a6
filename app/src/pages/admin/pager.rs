//! Search and pages of the operator's lists.

use leptos::prelude::*;

use crate::{context::query, fail::escape};

/// How many rows a page has.
pub const PAGE: u64 = 20;

/// The page that is asked for.
pub fn page() -> u64 {
    query::<u64>("page").unwrap_or(1).clamp(1, 1_000_000)
}

/// How many rows, after how many.
pub fn range(page: u64) -> (i64, i64) {
    let rows = i64::try_from(PAGE).unwrap_or(20);
    (rows, i64::try_from((page - 1) * PAGE).unwrap_or(0))
}

/// A search that is a page of its own.
pub fn search(label: &'static str, typed: &str) -> AnyView {
    view! {
        <form class="inline-form" method="get" role="search">
            <div class="field">
                <label class="label" for="search">{label}</label>
                <input class="input" id="search" type="search" name="search" maxlength="200" value=typed.to_owned() />
            </div>
            <button class="btn btn-secondary" type="submit">"Search"</button>
        </form>
    }
    .into_any()
}

/// The way to the pages before and after.
pub fn links(page: u64, total: u64, search: &str) -> AnyView {
    let address = |page: u64| format!("?search={}&page={page}", escape(search));
    let before = (page > 1).then(|| {
        view! { <a class="btn btn-secondary" rel="prev" href=address(page - 1)>"Previous"</a> }
    });
    let after = (page * PAGE < total).then(|| {
        view! { <a class="btn btn-secondary" rel="next" href=address(page + 1)>"Next"</a> }
    });
    view! { <p class="row">{before} {after}</p> }.into_any()
}

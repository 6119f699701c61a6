//! Choosing a few services to see side by side: a box on each, and the form that they belong to.

use leptos::prelude::*;
use model::Service;

use super::icons::{Icon, icon};

/// The most services side by side.
pub const MOST: usize = 4;

/// The box that puts a service into the comparison; `bare` leaves the word to the table's heading.
pub fn compare_box(service: &Service, bare: bool) -> AnyView {
    let word = if bare { "sr-only" } else { "" };
    view! {
        <label class="compare-box">
            <input type="checkbox" name="ids" value=service.slug.clone() form="compare" data-name=service.name.clone() autocomplete="off" />
            <span class=word>"Compare"</span>
            <span class="sr-only">" " {service.name.clone()}</span>
        </label>
    }
    .into_any()
}

/// The form of the boxes. Without script it stands below the list; with script it stays in view while something is
/// chosen, and remembers it from page to page.
pub fn compare_bar() -> AnyView {
    view! {
        <form class="compare-bar" id="compare" method="get" action="/marketplace/compare/" aria-label="Compare agents">
            <p>"Choose 2 to 4 agents to see them side by side."</p>
            <ul class="chips" data-picked=""></ul>
            <button class="btn btn-secondary btn-small" type="submit">
                {icon(Icon::Columns)}
                <span data-label="">"Compare agents"</span>
            </button>
        </form>
    }
    .into_any()
}

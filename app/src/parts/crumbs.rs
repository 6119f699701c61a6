//! The trail from the top of a workspace to this page.

use leptos::prelude::*;

/// A trail of links; the last item is the page itself and no link.
pub fn crumbs(trail: &[(String, String)], here: &str) -> AnyView {
    let items = trail.iter().map(|(href, words)| {
        view! {
            <li>
                <a href=href.clone()>{words.clone()}</a>
            </li>
        }
    });
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <ol>
                {items.collect_view()}
                <li aria-current="page">{here.to_owned()}</li>
            </ol>
        </nav>
    }
    .into_any()
}

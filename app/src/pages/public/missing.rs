//! The answer to an address that names no page.

use leptos::prelude::*;

use crate::fail::missing_page;

/// Says so with 404 and offers the search.
#[component]
pub fn MissingPage() -> impl IntoView {
    missing_page()
}

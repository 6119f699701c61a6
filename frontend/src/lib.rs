//! The browser's entry: it makes the islands ready to be hydrated. `public/boot.js` loads it on first intent and then
//! hydrates each island of the page.

// The islands register themselves by being exported; naming the crate links it.
use app as _;

/// Sets up the reactive system for islands.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}

//! The pages of CMP: finished HTML from the server, forms that work without script, and two small islands of wasm.
//!
//! A page may call `market` and nothing below it: no SQL, no HTTP of its own. Everything but [`islands`] is compiled
//! for the server only, so the browser's bundle holds what is interactive and no page.
//!
//! To add a page: write a component under `pages/` that ends in `Page`, let [`context::loaded`] turn its future into a
//! view, and add a `Route` to [`App`] in `SsrMode::Async`, so that it is complete without script.
//!
//! ```ignore
//! #[component]
//! pub fn WalletPage() -> impl IntoView {
//!     loaded(async {
//!         let place = Workspace::load().await?;
//!         Ok(view! { <h1>"Wallet"</h1> }.into_any())
//!     })
//! }
//! ```

pub mod islands;

#[cfg(feature = "ssr")]
mod assets;
#[cfg(feature = "ssr")]
pub mod calls;
#[cfg(feature = "ssr")]
mod context;
#[cfg(feature = "ssr")]
mod contrast;
#[cfg(feature = "ssr")]
mod fail;
#[cfg(feature = "ssr")]
pub mod flash;
#[cfg(feature = "ssr")]
mod format;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
mod reports;
#[cfg(feature = "ssr")]
mod routes;

#[cfg(feature = "ssr")]
pub use self::{
    calls::{TryAnswer, TryOut, TryOuts, Trying},
    context::{Caller, Flash, Origin, PostedForm, Theme, takes_posts},
    fail::without_trailing_scripts,
    flash::FlashBody,
    pages::docs::ApiDocument,
    reports::csv as report_csv,
    routes::{App, shell},
};

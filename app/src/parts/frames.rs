//! What stands around every page: the bar on top and the foot.

use leptos::prelude::*;
use model::{CustomerView, Wallet};

use super::{
    fields::hidden,
    icons::{Icon, icon, mark},
};
use crate::{context::Theme, format::credits_short};

/// What the bar shows of somebody who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Their own name, which stands in the bar when there is no workspace.
    pub name: String,
    /// The first workspace; an operator may have none.
    pub customer: Option<CustomerView>,
    pub wallet: Option<Wallet>,
    /// The pages of the workspace that they may open: the path below it, and what it is called.
    pub workspace: Vec<(&'static str, &'static str)>,
    /// The operator's pages that they may open.
    pub operator: Vec<(&'static str, &'static str)>,
}

/// The bar on top. `here` is this page's address, for the theme switch to come back to.
pub fn top_bar(who: Option<&SignedIn>, theme: Theme, here: &str) -> AnyView {
    let account = who.map_or_else(|| visitor_links(here), member_links);
    view! {
        <header class="bar">
            <div class="wrap bar-row">
                <a class="brand" href="/">
                    {mark()}
                    <span>"CMP"</span>
                </a>
                <nav class="bar-nav" aria-label="Main">
                    <a href="/marketplace/">"Browse"</a>
                    <a href="/pricing/">"Pricing"</a>
                    {account}
                </nav>
                <form class="bar-search" method="get" action="/marketplace/" role="search" aria-label="Marketplace">
                    <label class="sr-only" for="bar-search">"Search the marketplace"</label>
                    {icon(Icon::Search)}
                    <input class="input" id="bar-search" type="search" name="search" placeholder="Search agents" maxlength="200" />
                </form>
                {theme_switch(theme, here)}
            </div>
        </header>
    }
    .into_any()
}

fn visitor_links(here: &str) -> AnyView {
    let onward = !here.starts_with("/login/") && !here.starts_with("/register/") && here != "/";
    let next = if onward { format!("?next={}", crate::fail::escape(here)) } else { String::new() };
    view! {
        <a href=format!("/login/{next}")>"Sign in"</a>
        <a class="bar-cta" href=format!("/register/{next}")>"Create account"</a>
    }
    .into_any()
}

fn member_links(who: &SignedIn) -> AnyView {
    let base = who.customer.as_ref().map(|customer| format!("/organizations/{}/", customer.id));
    let name = who.customer.as_ref().map_or_else(|| who.name.clone(), |one| one.name.clone());
    let available = who.wallet.map(|wallet| {
        view! { <span class="num">{credits_short(wallet.available)} <span class="sr-only">" credits"</span></span> }
    });
    let own = base.clone().map(|base| {
        view! {
            <a href=format!("{base}agents/")>"My agents"</a>
            <a class="bar-wallet" href=format!("{base}wallet/")>
                {icon(Icon::Wallet)}
                <span class="sr-only">"Wallet: "</span>
                {available}
            </a>
        }
    });
    let workspace = base.map(|base| {
        let link = |(path, words): &(&str, &'static str)| {
            view! { <a href=format!("{base}{path}")>{*words}</a> }
        };
        who.workspace.iter().map(link).collect_view()
    });
    let operator = (!who.operator.is_empty()).then(|| {
        let link = |(path, words): &(&'static str, &'static str)| {
            view! { <a href=*path>{*words}</a> }
        };
        view! {
            <p class="meta menu-group">"Operator"</p>
            {who.operator.iter().map(link).collect_view()}
        }
    });
    view! {
        {own}
        <details class="menu">
            <summary>
                <span class="menu-name">{name.clone()}</span>
            </summary>
            <div class="menu-panel">
                <p class="meta">{name}</p>
                {workspace}
                {operator}
                <a class="menu-group" href="/account/">"Account"</a>
                <form method="post" action="/api-auth/session/">
                    {hidden("_method", "delete")}
                    {hidden("next", "/")}
                    <button class="menu-item" type="submit">"Sign out"</button>
                </form>
            </div>
        </details>
    }
    .into_any()
}

fn theme_switch(theme: Theme, here: &str) -> AnyView {
    let (sign, now) = match theme {
        Theme::Light => (Icon::Sun, "light"),
        Theme::Dark => (Icon::Moon, "dark"),
        Theme::System => (Icon::Device, "as the device"),
    };
    let to = match theme.next() {
        Theme::Light => "light",
        Theme::Dark => "dark",
        Theme::System => "the device’s",
    };
    let label = format!("Colours: {now}. Switch to {to}");
    view! {
        <form class="theme" method="post" action="/rpc/theme">
            {hidden("theme", theme.next().as_str())}
            {hidden("next", here)}
            <button class="icon-btn" type="submit" aria-label=label.clone() title=label>{icon(sign)}</button>
        </form>
    }
    .into_any()
}

/// The foot of every page.
pub fn foot() -> AnyView {
    view! {
        <footer class="foot">
            <div class="wrap foot-row">
                <p class="foot-say">
                    <span class="brand">{mark()} "CMP"</span>
                    "A marketplace of AI agents and services with a receipt for every call."
                </p>
                <nav aria-label="Footer">
                    <ul>
                        <li><a href="/marketplace/">"Marketplace"</a></li>
                        <li><a href="/pricing/">"Pricing"</a></li>
                        <li><a href="/#buyers">"For buyers"</a></li>
                        <li><a href="/#sellers">"For sellers"</a></li>
                        <li><a href="/#sites">"For site owners"</a></li>
                        <li><a href="/docs/api/">"API reference"</a></li>
                    </ul>
                </nav>
            </div>
        </footer>
    }
    .into_any()
}

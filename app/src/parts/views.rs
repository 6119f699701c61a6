//! The saved views of a list, as links above it, and the addresses that they and the pages of the list have.

use leptos::prelude::*;

use crate::{fail::escape, format::grouped};

/// One way to look at a list.
#[derive(Debug, Clone)]
pub struct Listed {
    pub href: String,
    pub words: &'static str,
    /// How many it has, where that says what is to do.
    pub count: Option<u64>,
    pub current: bool,
}

/// The views of a list.
pub fn views(label: &'static str, all: &[Listed]) -> AnyView {
    let link = |one: &Listed| {
        let count = one.count.map(|count| {
            view! { " " <span class="count num">{grouped(count)}</span> }
        });
        let current = one.current.then_some("page");
        view! { <a href=one.href.clone() aria-current=current>{one.words} {count}</a> }
    };
    view! { <nav class="subnav" aria-label=label>{all.iter().map(link).collect_view()}</nav> }
        .into_any()
}

/// A query of the pairs that say something, as in `?state=done&page=2`.
pub fn address(pairs: &[(&str, &str)]) -> String {
    let said = pairs.iter().filter(|(_, value)| !value.is_empty());
    let said: Vec<String> = said.map(|(name, value)| format!("{name}={}", escape(value))).collect();
    format!("?{}", said.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_left_out() {
        assert_eq!(address(&[("state", ""), ("customer", "a & b")]), "?customer=a%20%26%20b");
    }
}

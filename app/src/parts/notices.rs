//! Messages: what happened, what is wrong with a form, and what stands where there is nothing yet.

use leptos::prelude::*;
use model::Fault;

use super::icons::{Icon, icon};
use crate::flash::FlashBody;

/// A strip above the content that says what was done or what failed.
pub fn flash_banner(flash: Option<&FlashBody>) -> Option<AnyView> {
    let flash = flash.filter(|flash| !flash.message.is_empty())?;
    let (class, role, sign) = if flash.done {
        ("callout callout-good", "status", Icon::Check)
    } else {
        ("callout callout-danger", "alert", Icon::Alert)
    };
    Some(
        view! {
            <div class=class role=role>
                {icon(sign)}
                <p>{flash.message.clone()}</p>
            </div>
        }
        .into_any(),
    )
}

/// A quiet remark.
pub fn remark(text: impl Into<String>) -> AnyView {
    view! {
        <div class="callout">
            {icon(Icon::Info)}
            <p>{text.into()}</p>
        </div>
    }
    .into_any()
}

/// A remark that somebody should not overlook.
pub fn warning(text: impl Into<String>) -> AnyView {
    view! {
        <div class="callout callout-warning">
            {icon(Icon::Alert)}
            <p>{text.into()}</p>
        </div>
    }
    .into_any()
}

/// What is wrong with a form, with links to the fields; it takes the focus when the page opens.
pub fn error_summary(flash: Option<&FlashBody>) -> Option<AnyView> {
    let flash = flash
        .filter(|flash| !flash.done && (!flash.message.is_empty() || !flash.fields.is_empty()))?;
    let line = |fault: &Fault| {
        view! {
            <li>
                <a href=format!("#{}", fault.field)>{fault.message.clone()}</a>
            </li>
        }
    };
    let said = flash.fields.is_empty().then(|| view! { <p>{flash.message.clone()}</p> });
    let faults = (!flash.fields.is_empty()).then(|| {
        view! { <ul>{flash.fields.iter().map(line).collect_view()}</ul> }
    });
    Some(
        view! {
            <div class="error-summary" role="alert" tabindex="-1" autofocus="autofocus" aria-labelledby="error-title">
                <h2 id="error-title">"There is a problem"</h2>
                {said}
                {faults}
            </div>
        }
        .into_any(),
    )
}

/// Stands where a list has nothing yet: what would be here and the one thing to do.
pub fn empty(
    title: &'static str,
    text: impl Into<String>,
    action: Option<(&str, &'static str)>,
) -> AnyView {
    let action = action.map(|(href, words)| {
        view! {
            <a class="btn btn-primary" href=href.to_owned()>{words}</a>
        }
    });
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{text.into()}</p>
            {action}
        </div>
    }
    .into_any()
}

/// A whole page that is a message, with the ways on.
pub fn page_message(sign: Icon, title: &'static str, text: &str) -> AnyView {
    view! {
        <section class="wrap page-message">
            <span class="page-message-sign">{icon(sign)}</span>
            <h1>{title}</h1>
            <p class="lead">{text.to_owned()}</p>
            <form class="search" method="get" action="/marketplace/" role="search">
                <label class="sr-only" for="message-search">"Search the marketplace"</label>
                <input class="input" id="message-search" type="search" name="search" placeholder="Search agents" />
                <button class="btn btn-primary" type="submit">"Search"</button>
            </form>
            <p>
                <a href="/marketplace/">"Browse the marketplace"</a>
                " or "
                <a href="/">"go to the start page"</a>
            </p>
        </section>
    }
    .into_any()
}

//! Signing in. The form posts to the session door, which sends the browser on.

use leptos::prelude::*;
use leptos_meta::Title;

use super::passkeys;
use crate::{
    context::{local_path, market, query, see_other, visitor},
    fail::escape,
    flash,
    parts::{
        fields::{Field, hidden},
        notices::{error_summary, flash_banner},
    },
};

/// Where to go after signing in or registering: the page that asked for it, if it is one of this site. Empty when no
/// page asked, which the door takes for the workspace.
pub fn next_path() -> String {
    query::<String>("next").map(|next| local_path(&next)).unwrap_or_default()
}

/// The other account page, which keeps where to go.
pub fn other_form(path: &str, next: &str) -> String {
    if next.is_empty() { path.to_owned() } else { format!("{path}?next={}", escape(next)) }
}

/// Asks for e-mail and password.
#[component]
pub fn LoginPage() -> impl IntoView {
    let next = next_path();
    if visitor().is_some() {
        see_other(if next.is_empty() { "/" } else { &next });
        return ().into_any();
    }
    let sign_on = market().is_ok_and(|market| market.sign_on().is_on());
    let passkey = market().is_ok_and(|market| market.passkeys().are_on());
    let flash = flash::take();
    let flash = flash.as_ref();
    let prefix = if flash.is_some_and(|flash| !flash.done) { "Error: " } else { "" };
    let email = Field {
        name: "username",
        label: "E-mail",
        hint: "",
        kind: "email",
        autocomplete: "username",
        required: true,
    };
    let password = Field {
        name: "password",
        label: "Password",
        hint: "",
        kind: "password",
        autocomplete: "current-password",
        required: true,
    };
    view! {
        <Title text=format!("{prefix}Sign in – CMP") />
        <section class="wrap form-page">
            {error_summary(flash)}
            {flash_banner(flash.filter(|flash| flash.done))}
            <h1>"Sign in"</h1>
            {(!next.is_empty()).then(|| view! { <p class="lead">"Sign in to continue where you were going."</p> })}
            {sign_on.then(|| sign_on_link(&next))}
            {passkey.then(|| passkeys::sign_in(&next))}
            <form method="post" action="/api-auth/session/" novalidate="novalidate">
                {hidden("next", &next)}
                {email.view(flash)}
                {password.view(flash)}
                <button class="btn btn-primary btn-large" type="submit">"Sign in"</button>
            </form>
            <p><a href="/login/forgot/">"Forgot your password?"</a></p>
            <p>
                "New here? "
                <a href=other_form("/register/", &next)>"Create an account"</a>
            </p>
        </section>
    }
    .into_any()
}

/// The way to the identity provider: a link, because browsers let forms go to this site only.
fn sign_on_link(next: &str) -> AnyView {
    let href = if next.is_empty() {
        "/api-auth/oidc/start/".to_owned()
    } else {
        format!("/api-auth/oidc/start/?next={}", escape(next))
    };
    view! {
        <div class="sign-on">
            <a class="btn btn-secondary btn-large" href=href>"Sign in with your organization"</a>
            <p class="meta">"or with a password"</p>
        </div>
    }
    .into_any()
}

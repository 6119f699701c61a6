//! Signing in. The form posts to the session door, which sends the browser on.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    context::{local_path, query, see_other, visitor},
    fail::escape,
    flash,
    parts::{
        fields::{Field, hidden},
        notices::{error_summary, flash_banner},
    },
};

/// Where to go after signing in or registering: the page that asked for it, if it is one of this site.
pub fn next_path() -> String {
    local_path(&query::<String>("next").unwrap_or_default())
}

/// Asks for e-mail and password.
#[component]
pub fn LoginPage() -> impl IntoView {
    let next = next_path();
    if visitor().is_some() {
        see_other(&next);
        return ().into_any();
    }
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
            <form method="post" action="/api-auth/session/" novalidate="novalidate">
                {hidden("next", &next)}
                {email.view(flash)}
                {password.view(flash)}
                <button class="btn btn-primary btn-large" type="submit">"Sign in"</button>
            </form>
            <p>
                "New here? "
                <a href=format!("/register/?next={}", escape(&next))>"Create an account"</a>
            </p>
        </section>
    }
    .into_any()
}

//! The second step of signing in: a code of the authenticator app, or a recovery code.

use leptos::prelude::*;
use leptos_meta::Title;

use super::login::next_path;
use crate::{
    flash,
    parts::{
        fields::{Field, hidden},
        notices::error_summary,
    },
};

/// What a code is typed into.
pub const CODE: Field = Field {
    name: "otp",
    label: "Code",
    hint: "The six digits of your authenticator app, or a recovery code",
    kind: "text",
    autocomplete: "one-time-code",
    required: true,
};

/// Asks for the code; the form posts to the session door, which has what the first step left.
#[component]
pub fn CodePage() -> impl IntoView {
    let next = next_path();
    let flash = flash::take();
    let flash = flash.as_ref();
    let prefix = if flash.is_some() { "Error: " } else { "" };
    view! {
        <Title text=format!("{prefix}Second factor – CMP") />
        <section class="wrap form-page">
            {error_summary(flash)}
            <h1>"Second factor"</h1>
            <p class="lead">"Your password is right. Enter the code that your authenticator app shows now."</p>
            <form method="post" action="/api-auth/session/" novalidate="novalidate">
                {hidden("next", &next)}
                {CODE.view(flash)}
                <button class="btn btn-primary btn-large" type="submit">"Sign in"</button>
            </form>
            <p>
                <a href=super::login::other_form("/login/", &next)>"Sign in as somebody else"</a>
            </p>
        </section>
    }
}

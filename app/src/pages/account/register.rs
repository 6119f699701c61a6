//! Making an account, which comes with a workspace and its wallet.

use leptos::prelude::*;
use leptos_meta::Title;

use super::login::{next_path, other_form};
use crate::{
    context::{market, see_other, visitor},
    flash,
    format::credits,
    parts::{
        fields::{Field, hidden},
        notices::error_summary,
    },
};

const FIELDS: [Field; 3] = [
    Field {
        name: "full_name",
        label: "Your name",
        hint: "",
        kind: "text",
        autocomplete: "name",
        required: true,
    },
    Field {
        name: "email",
        label: "E-mail",
        hint: "",
        kind: "email",
        autocomplete: "username",
        required: true,
    },
    Field {
        name: "password",
        label: "Password",
        hint: "At least 12 characters; a few words are easy to remember",
        kind: "password",
        autocomplete: "new-password",
        required: true,
    },
];

/// Asks for what an account needs, and nothing else.
#[component]
pub fn RegisterPage() -> impl IntoView {
    let next = next_path();
    if visitor().is_some() {
        see_other(if next.is_empty() { "/" } else { &next });
        return ().into_any();
    }
    let flash = flash::take();
    let flash = flash.as_ref();
    let prefix = if flash.is_some() { "Error: " } else { "" };
    let trial = market()
        .ok()
        .map(|market| market.settings().trial_credits)
        .filter(|trial| trial.is_positive());
    let trial = trial.map(|trial| {
        view! { <p class="lead">{format!("Your workspace starts with {} trial credits. No card.", credits(trial))}</p> }
    });
    view! {
        <Title text=format!("{prefix}Create an account – CMP") />
        <section class="wrap form-page">
            {error_summary(flash)}
            <h1>"Create an account"</h1>
            {trial}
            <form method="post" action="/api-auth/register/" novalidate="novalidate">
                {hidden("next", &next)}
                {FIELDS.map(|field| field.view(flash)).into_iter().collect_view()}
                <button class="btn btn-primary btn-large" type="submit">"Create account"</button>
            </form>
            <p>
                "Have an account? "
                <a href=other_form("/login/", &next)>"Sign in"</a>
            </p>
        </section>
    }
    .into_any()
}

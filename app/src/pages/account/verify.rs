//! Verifying an e-mail address: what to do when a mail is on its way, and what its link leads to. The link is carried out
//! by a button, because programs that look through mail open every link.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Error, Market};

use super::forgot;
use crate::{
    calls::own_form,
    context::{PostedForm, client, forbid_storing, loaded, market, posted, query, see_other},
    flash::{self, FlashBody},
    parts::{
        fields::{Field, hidden},
        notices::{error_summary, flash_banner},
    },
};

const EMAIL: Field = Field {
    name: "email",
    label: "E-mail",
    hint: "",
    kind: "email",
    autocomplete: "username",
    required: true,
};

/// Carries a form out; what to say when the page stays.
async fn answer(market: &Market, form: &PostedForm) -> Result<Option<FlashBody>, Error> {
    own_form::must_be_own()?;
    let token = form.text("token");
    if token.is_empty() {
        market.identity().ask_to_verify(&forgot::address(form)?, &client()).await?;
        return Ok(Some(FlashBody::done(
            "If an account with this address waits to be verified, another mail is on its way.",
        )));
    }
    market.identity().verify(token).await?;
    flash::put(&FlashBody::done("Your e-mail address is verified. Sign in to go on."));
    see_other("/login/");
    Ok(None)
}

/// Says that a mail is on its way, or carries out its link.
#[component]
pub fn VerifyPage() -> impl IntoView {
    loaded(async {
        forbid_storing();
        let market = market()?;
        let told = match posted() {
            None => flash::take(),
            Some(form) => match answer(&market, &form).await {
                Ok(None) => return Ok(().into_any()),
                Ok(told) => told,
                Err(error) => Some(own_form::wrong(error, &form, &["email"])?),
            },
        };
        let wrong = told.as_ref().filter(|told| !told.done);
        let prefix = if wrong.is_some() { "Error: " } else { "" };
        let token = query::<String>("token").filter(|_| posted().is_none());
        let body = match token {
            Some(token) => view! {
                <p class="lead">"One click, and your account is ready."</p>
                <form method="post" action="/login/verify/">
                    {hidden("token", token)}
                    <button class="btn btn-primary btn-large" type="submit">"Verify e-mail address"</button>
                </form>
            }
            .into_any(),
            None => view! {
                <p class="lead">"A mail with a link is on its way to you. Open it to verify your address; the link works for 48 hours."</p>
                <h2>"No mail?"</h2>
                <p>"Look where your mail program puts what it takes for advertising, or ask for another one."</p>
                <form method="post" action="/login/verify/" novalidate="novalidate">
                    {EMAIL.view(wrong)}
                    <button class="btn btn-secondary" type="submit">"Send another mail"</button>
                </form>
            }
            .into_any(),
        };
        Ok(view! {
            <Title text=format!("{prefix}Verify your e-mail address – CMP") />
            <section class="wrap form-page">
                {error_summary(wrong)}
                {flash_banner(told.as_ref().filter(|told| told.done))}
                <h1>"Verify your e-mail address"</h1>
                {body}
                <p><a href="/login/">"Back to sign in"</a></p>
            </section>
        }
        .into_any())
    })
}

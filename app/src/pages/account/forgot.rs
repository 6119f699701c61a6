//! Asking for a link to choose a new password. The answer is the same whether or not there is an account.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Error, Market};
use model::{Email, Fault};

use crate::{
    calls::own_form,
    context::{PostedForm, client, loaded, market, posted},
    flash::FlashBody,
    parts::{
        fields::Field,
        notices::{error_summary, flash_banner, remark},
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

/// The address that a form carries.
pub fn address(form: &PostedForm) -> Result<Email, Error> {
    form.text("email")
        .parse()
        .map_err(|wrong: model::WrongText| Error::Invalid(vec![Fault::new("email", wrong)]))
}

async fn ask(market: &Market, form: &PostedForm) -> Result<(), Error> {
    own_form::must_be_own()?;
    market.identity().forgot(&address(form)?, &client()).await
}

/// Asks for the address.
#[component]
pub fn ForgotPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let told = match posted() {
            None => None,
            Some(form) => Some(match ask(&market, &form).await {
                Ok(()) => FlashBody::done(
                    "If there is an account with this address, a mail with a link is on its way. The link works for one hour.",
                ),
                Err(error) => own_form::wrong(error, &form, &["email"])?,
            }),
        };
        let wrong = told.as_ref().filter(|told| !told.done);
        let prefix = if wrong.is_some() { "Error: " } else { "" };
        let unsent = (!market.mails().are_sent()).then(|| {
            remark("This marketplace sends no mail yet. The operator finds the mail in the outbox and can hand you the link.")
        });
        Ok(view! {
            <Title text=format!("{prefix}Forgot your password? – CMP") />
            <section class="wrap form-page">
                {error_summary(wrong)}
                {flash_banner(told.as_ref().filter(|told| told.done))}
                <h1>"Forgot your password?"</h1>
                <p class="lead">"Enter the address of your account. A mail with a link lets you choose a new password."</p>
                {unsent}
                <form method="post" action="/login/forgot/" novalidate="novalidate">
                    {EMAIL.view(wrong)}
                    <button class="btn btn-primary btn-large" type="submit">"Send link"</button>
                </form>
                <p><a href="/login/">"Back to sign in"</a></p>
            </section>
        }
        .into_any())
    })
}

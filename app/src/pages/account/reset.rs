//! Choosing a new password with the link of a mail.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Error, Market};

use crate::{
    calls::own_form,
    context::{PostedForm, forbid_storing, loaded, market, posted, query, see_other},
    flash::{self, FlashBody},
    parts::{
        fields::{Field, hidden},
        notices::{error_summary, warning},
    },
};

const PASSWORD: Field = Field {
    name: "password",
    label: "New password",
    hint: "At least 12 characters; a few words are easy to remember",
    kind: "password",
    autocomplete: "new-password",
    required: true,
};

async fn reset(market: &Market, form: &PostedForm) -> Result<(), Error> {
    own_form::must_be_own()?;
    let password = form.text("password").to_owned();
    market.identity().reset(form.text("token"), password).await?;
    flash::put(&FlashBody::done(
        "Your password is changed and all browsers are signed out. Sign in with the new one.",
    ));
    see_other("/login/");
    Ok(())
}

/// Asks for the new password, if the link works still.
#[component]
pub fn ResetPage() -> impl IntoView {
    loaded(async {
        forbid_storing();
        let market = market()?;
        let form = posted();
        let wrong = match &form {
            None => None,
            Some(form) => match reset(&market, form).await {
                Ok(()) => return Ok(().into_any()),
                Err(error) => Some(own_form::wrong(error, form, &[])?),
            },
        };
        let token = match &form {
            Some(form) => form.text("token").to_owned(),
            None => query::<String>("token").unwrap_or_default(),
        };
        let works = market.identity().may_reset(&token).await?;
        let prefix = if wrong.is_some() { "Error: " } else { "" };
        let wrong = wrong.as_ref();
        let body = if works {
            view! {
                <form method="post" action="/login/reset/" novalidate="novalidate">
                    {hidden("token", &token)}
                    {PASSWORD.view(wrong)}
                    <button class="btn btn-primary btn-large" type="submit">"Change password"</button>
                </form>
            }
            .into_any()
        } else {
            view! {
                {warning("This link does not work any more. It was used before, or it is older than an hour.")}
                <p><a class="btn btn-primary" href="/login/forgot/">"Ask for a new link"</a></p>
            }
            .into_any()
        };
        Ok(view! {
            <Title text=format!("{prefix}Choose a new password – CMP") />
            <section class="wrap form-page">
                {works.then(|| error_summary(wrong))}
                <h1>"Choose a new password"</h1>
                {body}
            </section>
        }
        .into_any())
    })
}

//! One's own account: name and address, password, second factor, browsers.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Actor, Error, Market};
use model::{Fault, FullName, PasskeyView, SecurityView, SessionView};

use super::{passkeys::passkeys, sessions::sessions};
use crate::{
    calls::own_form,
    context::{PostedForm, actor, client, loaded, market, posted, see_other},
    flash::{self, FlashBody},
    format::date,
    parts::{
        badges::{Tone, badge},
        fields::{Field, hidden},
        notices::{error_summary, flash_banner},
    },
};

const PAGE: &str = "/account/";

const NAME: Field = Field {
    name: "full_name",
    label: "Your name",
    hint: "",
    kind: "text",
    autocomplete: "name",
    required: true,
};
const PRESENT: Field = Field {
    name: "password",
    label: "Present password",
    hint: "",
    kind: "password",
    autocomplete: "current-password",
    required: true,
};
const NEXT: Field = Field {
    name: "new_password",
    label: "New password",
    hint: "At least 12 characters; a few words are easy to remember",
    kind: "password",
    autocomplete: "new-password",
    required: true,
};

/// Carries out one of the page's forms; what to say on the page afterwards.
async fn carry_out(
    market: &Market,
    actor: &Actor,
    form: &PostedForm,
) -> Result<&'static str, Error> {
    own_form::must_be_own()?;
    let identity = market.identity();
    match form.text("do") {
        "rename" => {
            let name = form.text("full_name").parse::<FullName>();
            let name =
                name.map_err(|wrong| Error::Invalid(vec![Fault::new("full_name", wrong)]))?;
            identity.rename(actor, &name).await?;
            Ok("Your name is changed.")
        }
        "password" => {
            let next = form.text("new_password").to_owned();
            identity.change_password(actor, form.text("password"), next, &client()).await?;
            Ok("Your password is changed. Other browsers are signed out.")
        }
        "verify" => {
            identity.verify_again(actor).await?;
            Ok("Another mail is on its way. Its link works for 48 hours.")
        }
        "end-session" => {
            let id = form.text("session").parse().map_err(|_| Error::Missing("session"))?;
            identity.end_session(actor, id).await?;
            Ok("The browser is signed out.")
        }
        "remove-passkey" => {
            let id = form.text("passkey").parse().map_err(|_| Error::Missing("passkey"))?;
            market.passkeys().remove(actor, id).await?;
            Ok("The passkey is removed and no longer works.")
        }
        "end-others" => {
            identity.end_other_sessions(actor).await?;
            Ok("All other browsers are signed out.")
        }
        _ => Err(Error::Missing("page")),
    }
}

/// The page with all of it.
#[component]
pub fn AccountPage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        let told = match posted() {
            None => flash::take(),
            Some(form) => match carry_out(&market, &actor, &form).await {
                Ok(done) => {
                    flash::put(&FlashBody::done(done));
                    see_other(PAGE);
                    return Ok(().into_any());
                }
                Err(error) => Some(own_form::wrong(error, &form, &["full_name"])?),
            },
        };
        let security = market.identity().security(&actor).await?;
        let list = market.identity().sessions(&actor).await?;
        let can_verify = market.mails().are_sent();
        let keys = if market.passkeys().are_on() {
            Some(market.passkeys().list(&actor).await?)
        } else {
            None
        };
        Ok(page(&security, (&list, keys.as_deref()), can_verify, told.as_ref()))
    })
}

fn page(
    security: &SecurityView,
    (list, keys): (&[SessionView], Option<&[PasskeyView]>),
    can_verify: bool,
    told: Option<&FlashBody>,
) -> AnyView {
    let wrong = told.filter(|told| !told.done);
    let prefix = if wrong.is_some() { "Error: " } else { "" };
    view! {
        <Title text=format!("{prefix}Account – CMP") />
        <div class="wrap wrap-narrow account">
            {error_summary(wrong)}
            {flash_banner(told.filter(|told| told.done))}
            <header class="page-head">
                <h1>"Account"</h1>
            </header>
            {person(security, can_verify, wrong)}
            {password(security, wrong)}
            {second_factor(security)}
            {keys.map(passkeys)}
            {sessions(list)}
        </div>
    }
    .into_any()
}

fn person(security: &SecurityView, can_verify: bool, wrong: Option<&FlashBody>) -> AnyView {
    let state = match security.verified_at {
        Some(at) => badge(format!("Verified {}", date(at)), Tone::Good),
        None => badge("Not verified", Tone::Neutral),
    };
    let again = (can_verify && security.verified_at.is_none()).then(|| {
        view! {
            <form method="post" action=PAGE>
                {hidden("do", "verify")}
                <button class="btn btn-secondary" type="submit">"Send verification mail"</button>
            </form>
        }
    });
    let issuers = (!security.issuers.is_empty()).then(|| {
        view! { <p class="meta">"You also sign in with " {security.issuers.join(", ")} "."</p> }
    });
    // What was typed last goes before the name that is kept.
    let mut typed = wrong.cloned().unwrap_or_default();
    typed.values.entry("full_name".to_owned()).or_insert_with(|| security.full_name.clone());
    view! {
        <section class="panel-box" aria-labelledby="person-title">
            <h2 id="person-title">"You"</h2>
            <p class="row"><strong>{security.email.clone()}</strong> {state}</p>
            {issuers}
            {again}
            <form method="post" action=PAGE novalidate="novalidate" class="stacked">
                {hidden("do", "rename")}
                {NAME.view(Some(&typed))}
                <button class="btn btn-secondary" type="submit">"Save name"</button>
            </form>
        </section>
    }
    .into_any()
}

fn password(security: &SecurityView, wrong: Option<&FlashBody>) -> AnyView {
    let form = if security.has_password {
        view! {
            <form method="post" action=PAGE novalidate="novalidate" class="stacked">
                {hidden("do", "password")}
                {PRESENT.view(wrong)}
                {NEXT.view(wrong)}
                <button class="btn btn-secondary" type="submit">"Change password"</button>
            </form>
        }
        .into_any()
    } else {
        view! {
            <p>"You have no password here, because your organization signs you in."</p>
            <p><a href="/login/forgot/">"Choose one with a link by mail"</a></p>
        }
        .into_any()
    };
    view! {
        <section class="panel-box" aria-labelledby="password-title">
            <h2 id="password-title">"Password"</h2>
            {form}
        </section>
    }
    .into_any()
}

fn second_factor(security: &SecurityView) -> AnyView {
    let (state, words, action) = match security.second_factor_at {
        Some(at) => (
            badge(format!("On since {}", date(at)), Tone::Good),
            format!("{} of 10 recovery codes are left.", security.recovery_codes),
            "Manage second factor",
        ),
        None => (
            badge("Off", Tone::Neutral),
            "A code of an app on your phone, asked for after the password.".to_owned(),
            "Set up second factor",
        ),
    };
    view! {
        <section class="panel-box" aria-labelledby="factor-title">
            <h2 id="factor-title">"Second factor"</h2>
            <p class="row">{state} <span>{words}</span></p>
            <p class="row"><a class="btn btn-secondary" href="/account/second-factor/">{action}</a></p>
        </section>
    }
    .into_any()
}

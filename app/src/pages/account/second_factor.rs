//! Setting a second factor up, and turning it off. Recovery codes are shown once, as the answer to the form that made
//! them.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Actor, Error, Market, Setup};

use super::qr::qr;
use crate::{
    calls::own_form,
    context::{PostedForm, actor, client, forbid_storing, loaded, market, posted, see_other},
    fail::Fail,
    flash::{self, FlashBody},
    parts::{
        code::copy_button,
        crumbs::crumbs,
        fields::{Field, hidden},
        notices::{error_summary, warning},
    },
};

const PAGE: &str = "/account/second-factor/";

const CODE: Field = Field {
    name: "code",
    label: "Code",
    hint: "The six digits that the app shows now",
    kind: "text",
    autocomplete: "one-time-code",
    required: true,
};
const ANY_CODE: Field = Field { hint: "The six digits of your app, or a recovery code", ..CODE };
/// Two forms on one page: the ids of their fields must differ.
const OFF_CODE: Field = Field { name: "off_code", ..ANY_CODE };
const PASSWORD: Field = Field {
    name: "password",
    label: "Password",
    hint: "",
    kind: "password",
    autocomplete: "current-password",
    required: true,
};

/// What a form has led to.
enum Done {
    /// New recovery codes, to be shown now.
    Codes(Vec<String>),
    Off,
}

async fn carry_out(market: &Market, actor: &Actor, form: &PostedForm) -> Result<Done, Error> {
    own_form::must_be_own()?;
    let (factors, code) = (market.second_factors(), form.text("code"));
    match form.text("do") {
        "confirm" => factors.confirm(actor, code).await.map(Done::Codes),
        "renew" => factors.renew_codes(actor, code).await.map(Done::Codes),
        "off" => {
            let code = form.text(OFF_CODE.name);
            let done = factors.turn_off(actor, form.text("password"), code, &client()).await;
            // The field of the other form has the name of the fault.
            done.map(|()| Done::Off).map_err(|error| match error {
                Error::Invalid(mut faults) => {
                    for fault in faults.iter_mut().filter(|fault| fault.field == "code") {
                        OFF_CODE.name.clone_into(&mut fault.field);
                    }
                    Error::Invalid(faults)
                }
                other => other,
            })
        }
        _ => Err(Error::Missing("page")),
    }
}

/// Set-up, or what can be done about one that is on.
#[component]
pub fn SecondFactorPage() -> impl IntoView {
    loaded(async {
        forbid_storing();
        let (market, actor) = (market()?, actor()?);
        let wrong = match posted() {
            None => None,
            Some(form) => match carry_out(&market, &actor, &form).await {
                Ok(Done::Codes(codes)) => return Ok(new_codes(&codes)),
                Ok(Done::Off) => {
                    flash::put(&FlashBody::done("The second factor is off."));
                    see_other("/account/");
                    return Ok(().into_any());
                }
                Err(error) => {
                    let failed = form.text("do").to_owned();
                    Some((failed, own_form::wrong(error, &form, &[])?))
                }
            },
        };
        body(&market, &actor, wrong.as_ref()).await
    })
}

/// The page with its forms; what was wrong belongs to the form that was sent.
async fn body(
    market: &Market,
    actor: &Actor,
    wrong: Option<&(String, FlashBody)>,
) -> Result<AnyView, Fail> {
    let security = market.identity().security(actor).await?;
    let of = |what: &str| wrong.filter(|(failed, _)| failed == what).map(|(_, told)| told);
    let told = wrong.map(|(_, told)| told);
    let forms = if security.second_factor_at.is_some() {
        let left = security.recovery_codes;
        let few = (left < 4).then(|| {
            warning(format!("{left} recovery codes are left. Make new ones before you need them."))
        });
        view! {
            {few}
            {renew(of("renew"))}
            {off(of("off"))}
        }
        .into_any()
    } else {
        set_up(&market.second_factors().begin(actor).await?, of("confirm"))
    };
    Ok(frame("Second factor", told, forms))
}

fn frame(title: &'static str, wrong: Option<&FlashBody>, body: AnyView) -> AnyView {
    let prefix = if wrong.is_some() { "Error: " } else { "" };
    view! {
        <Title text=format!("{prefix}{title} – CMP") />
        <div class="wrap wrap-narrow account">
            {crumbs(&[("/account/".to_owned(), "Account".to_owned())], title)}
            {error_summary(wrong)}
            <header class="page-head">
                <h1>{title}</h1>
            </header>
            {body}
        </div>
    }
    .into_any()
}

fn set_up(setup: &Setup, wrong: Option<&FlashBody>) -> AnyView {
    let spaced: Vec<char> = setup.secret.chars().collect();
    let parts: Vec<String> = spaced.chunks(4).map(|part| part.iter().collect()).collect();
    view! {
        <section class="panel-box factor">
            <div>
                <h2>"1. Add CMP to your authenticator app"</h2>
                <p>"Scan the picture with the app on your phone, or type the key."</p>
                <p class="factor-key"><span class="meta">"Key "</span> <code id="factor-key">{parts.join(" ")}</code></p>
            </div>
            {qr(&setup.url, "Picture of the key for an authenticator app")}
        </section>
        <section class="panel-box">
            <h2>"2. Enter the code that it shows"</h2>
            <form method="post" action=PAGE novalidate="novalidate" class="stacked">
                {hidden("do", "confirm")}
                {CODE.view(wrong)}
                <button class="btn btn-primary" type="submit">"Turn on second factor"</button>
            </form>
        </section>
    }
    .into_any()
}

fn renew(wrong: Option<&FlashBody>) -> AnyView {
    view! {
        <section class="panel-box" aria-labelledby="renew-title">
            <h2 id="renew-title">"Recovery codes"</h2>
            <p>"Ten new codes take the place of all earlier ones."</p>
            <form method="post" action=PAGE novalidate="novalidate" class="stacked">
                {hidden("do", "renew")}
                {ANY_CODE.view(wrong)}
                <button class="btn btn-secondary" type="submit">"Make new recovery codes"</button>
            </form>
        </section>
    }
    .into_any()
}

fn off(wrong: Option<&FlashBody>) -> AnyView {
    view! {
        <section class="panel-box" aria-labelledby="off-title">
            <h2 id="off-title">"Turn off second factor"</h2>
            <p>"Your password alone will open your account again."</p>
            <form method="post" action=PAGE novalidate="novalidate" class="stacked">
                {hidden("do", "off")}
                {PASSWORD.view(wrong)}
                {OFF_CODE.view(wrong)}
                <button class="btn btn-danger" type="submit">"Turn off second factor"</button>
            </form>
        </section>
    }
    .into_any()
}

fn new_codes(codes: &[String]) -> AnyView {
    let body = view! {
        {warning("These codes are shown once. Keep them where you find them without your phone.")}
        <section class="panel-box" aria-labelledby="codes-title">
            <h2 id="codes-title">"Recovery codes"</h2>
            <p>"Each of them works once, in place of a code of the app."</p>
            <pre class="factor-codes" id="codes" tabindex="0">{codes.join("\n")}</pre>
            <p class="row">
                {copy_button("codes", "Copy codes")}
                <a class="btn btn-primary" href="/account/">"I have kept them"</a>
            </p>
        </section>
    };
    frame("Second factor is on", None, body.into_any())
}

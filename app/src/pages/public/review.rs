//! Writing a review, or changing one's own. The page answers its own form, so that what was typed is still there.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Actor, Error, Market};
use model::{Fault, ReviewGate, ServiceDetail, Stars};

use super::offering::{named_service, trail_below};
use crate::{
    calls::own_form,
    context::{PostedForm, actor, loaded, market, posted, see_other},
    flash::{self, FlashBody},
    format::grouped,
    parts::{
        areas::Area,
        crumbs::crumbs,
        fields::hidden,
        notices::{error_summary, warning},
        ratings::stars_input,
    },
};

const TEXT: Area = Area {
    name: "text",
    label: "Review (optional)",
    hint: "What works, what does not, and for what you use it. It is shown as plain text",
    rows: 8,
    longest: 2_000,
};

/// The form, or why there is none.
#[component]
pub fn ReviewPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let detail = named_service(&market)?;
        let actor = actor()?;
        let gate = market.reviews().gate(&actor, detail.service.id).await?;
        let wrong = match posted() {
            None => None,
            Some(form) => match write(&market, &actor, &detail, &form).await {
                Ok(()) => return Ok(().into_any()),
                Err(error) => Some(own_form::wrong(error, &form, &["stars", "text"])?),
            },
        };
        Ok(page(&market, &detail, &gate, wrong.as_ref()))
    })
}

async fn write(
    market: &Market,
    actor: &Actor,
    detail: &ServiceDetail,
    form: &PostedForm,
) -> Result<(), Error> {
    own_form::must_be_own()?;
    let choose = || Error::Invalid(vec![Fault::new("stars", "Choose from 1 to 5 stars")]);
    let stars: u8 = form.text("stars").parse().map_err(|_| choose())?;
    let stars = Stars::try_from(stars).map_err(|_| choose())?;
    market.reviews().write(actor, detail.service.id, stars, form.text("text")).await?;
    flash::put(&FlashBody::done("Your review is published."));
    see_other(&format!("/marketplace-public-offering/{}/#reviews", detail.service.id));
    Ok(())
}

fn page(
    market: &Market,
    detail: &ServiceDetail,
    gate: &ReviewGate,
    wrong: Option<&FlashBody>,
) -> AnyView {
    let name = &detail.service.name;
    let prefix = if wrong.is_some() { "Error: " } else { "" };
    let title = if gate.own.is_some() { "Edit your review" } else { "Write a review" };
    let content = if gate.own_service {
        warning("You sell this agent. Reply to reviews on its page instead of writing one.")
    } else if gate.allowed {
        form(detail, gate, wrong)
    } else {
        view! {
            {warning(format!(
                "You can review after {} requests (you have made {}).",
                grouped(gate.needed),
                grouped(gate.requests)
            ))}
            <p>"Only requests that were answered count, so that reviews are by people who use the agent."</p>
            <p>
                <a class="btn btn-primary" href=format!("/resource/{}/deploy/", detail.service.id)>"Start using"</a>
            </p>
        }
        .into_any()
    };
    view! {
        <Title text=format!("{prefix}{title} – {name} – CMP") />
        <div class="wrap wrap-form">
            {crumbs(&trail_below(market, detail), title)}
            {error_summary(wrong)}
            <h1>{title}</h1>
            <p class="lead">{name.clone()}</p>
            {content}
        </div>
    }
    .into_any()
}

fn form(detail: &ServiceDetail, gate: &ReviewGate, wrong: Option<&FlashBody>) -> AnyView {
    let own = gate.own.as_ref();
    let typed = wrong.and_then(|wrong| wrong.value("stars").parse().ok());
    let chosen = typed.and_then(|n: u8| Stars::try_from(n).ok()).or(own.map(|own| own.stars));
    let text = own.map(|own| own.text.clone()).unwrap_or_default();
    let button = if own.is_some() { "Save review" } else { "Publish review" };
    let page = format!("/marketplace-public-offering/{}/", detail.service.id);
    let removal = own.map(|own| {
        view! {
            <details class="danger-zone">
                <summary>"Remove review…"</summary>
                <p>"Your stars and text disappear from the page, and the average changes at once. You can write a new review later."</p>
                <form method="post" action="/rpc/reviews/remove">
                    {hidden("offering", detail.service.id)}
                    {hidden("review", own.id)}
                    <button class="btn btn-danger" type="submit">"Remove review"</button>
                </form>
            </details>
        }
    });
    view! {
        <form method="post" action=format!("{page}review/") novalidate="novalidate" class="stacked">
            {stars_input(chosen, wrong.and_then(|wrong| wrong.fault("stars")))}
            {TEXT.view(wrong, &text)}
            <p class="meta">"Your workspace’s name stands beside it. The provider can reply."</p>
            <p class="row">
                <button class="btn btn-primary" type="submit">{button}</button>
                <a class="btn btn-ghost" href=format!("{page}#reviews")>"Back to reviews"</a>
            </p>
        </form>
        {removal}
    }
    .into_any()
}

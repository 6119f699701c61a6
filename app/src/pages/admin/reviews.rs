//! Reported reviews, the oldest report first: hide one with a reason, or keep it.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{ReportedReview, ReviewFault};

use crate::{
    context::{actor, loaded, market},
    flash,
    format::{count, grouped},
    parts::{
        badges::{Tone, badge},
        detail::{review_block, time},
        fields::hidden,
        notices::{empty, flash_banner},
    },
};

/// The queue.
#[component]
pub fn ModerationPage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        let mut reported = market.reviews().reported(&actor).await?;
        reported.sort_by_key(|one| (one.first_reported_at, one.review.id));
        let flash = flash::take();
        let list = if reported.is_empty() {
            empty("No reviews to look at", "Reviews that somebody reports appear here.", None)
        } else {
            view! { <div class="queue">{reported.iter().map(item).collect_view()}</div> }.into_any()
        };
        Ok(view! {
            <Title text="Reported reviews – Operator – CMP" />
            <div class="wrap wrap-narrow">
                {flash_banner(flash.as_ref())}
                <header class="page-head">
                    <h1>"Reported reviews"</h1>
                    <p class="meta">{count(reported.len() as u64, "review", "reviews")} ", oldest report first"</p>
                </header>
                {list}
            </div>
        }
        .into_any())
    })
}

fn item(reported: &ReportedReview) -> AnyView {
    let review = &reported.review;
    let fault = |(fault, number): &(ReviewFault, u64)| {
        view! { <li>{badge(format!("{} × {}", grouped(*number), fault.title()), Tone::Warning)}</li> }
    };
    let reason = format!("reason-{}", review.id);
    let hidden_now = reported.hidden.then(|| badge("Hidden", Tone::Danger));
    let hide = if reported.hidden { "Keep hidden" } else { "Hide review" };
    view! {
        <article class="panel-box queue-item" aria-label=format!("Review of {}", review.author)>
            <p class="meta">
                <a href=format!("/marketplace-public-offering/{}/#reviews", review.service_id)>{reported.service.clone()}</a>
                " · first reported " {time(reported.first_reported_at)} " " {hidden_now}
            </p>
            <ul class="row" aria-label="Reasons given">{reported.faults.iter().map(fault).collect_view()}</ul>
            {review_block(review, "the provider")}
            <form method="post" action="/rpc/reviews/moderate" class="queue-form">
                {hidden("review", review.id)}
                <div class="field">
                    <label class="label" for=reason.clone()>"Reason, which the author sees when it is hidden"</label>
                    <input class="input" id=reason type="text" name="reason" maxlength="300" autocomplete="off" />
                </div>
                <p class="row">
                    <button class="btn btn-secondary" type="submit" name="decision" value="keep">"Keep review"</button>
                    <button class="btn btn-danger" type="submit" name="decision" value="hide">{hide}</button>
                </p>
            </form>
        </article>
    }
    .into_any()
}

//! What customers say, how many said what, and how much the service is used.

use leptos::prelude::*;
use model::{
    OfferingId, ReviewFault, ReviewGate, ReviewPage, ReviewSort, ReviewView, Stars, UsageStats,
};

use super::{Details, Standing, own_words};
use crate::{
    fail::escape,
    format::{count, date, grouped},
    parts::{
        areas::typed_text,
        badges::{Tone, badge},
        fields::hidden,
        icons::{Icon, icon},
        notices::remark,
        pages::Pages,
        ratings::{rating, stars},
    },
};

/// Distribution, list, gate and use.
pub fn reviews(all: &Details) -> AnyView {
    let list = match &all.reviews {
        None => all.failed("Reviews", "reviews"),
        Some(page) => list(all, page),
    };
    view! {
        {list}
        {all.sub("Use")}
        {usage(all.detail.service.usage_stats)}
    }
    .into_any()
}

fn list(all: &Details, page: &ReviewPage) -> AnyView {
    let everything: u64 = page.distribution.iter().sum();
    if everything == 0 {
        return view! {
            <div class="empty">
                {all.sub("No reviews yet")}
                <p>"Be the first after you use it. Reviews are only by customers who really call the agent."</p>
                {gate(all)}
            </div>
        }
        .into_any();
    }
    let asked = all.asked;
    let address = |stars: Option<Stars>, sort: ReviewSort, number: u64| {
        let mut parts = Vec::new();
        if let Some(stars) = stars {
            parts.push(format!("stars={}", stars.get()));
        }
        if sort != ReviewSort::Newest {
            parts.push(format!("sort={}", sort.as_str()));
        }
        if number > 1 {
            parts.push(format!("page={number}"));
        }
        let query = if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) };
        format!("{}{query}#reviews", all.page())
    };
    let sorts = ReviewSort::ALL.iter().map(|sort| {
        let current = (*sort == asked.sort).then_some("true");
        view! { <a href=address(asked.stars, *sort, 1) aria-current=current>{sort.title()}</a> }
    });
    let pages = Pages { page: page.page, size: page.page_size, total: page.total };
    let chosen = asked.stars.map(|stars| {
        let words = format!(
            "{} with {}",
            count(page.total, "review", "reviews"),
            count(stars.get().into(), "star", "stars")
        );
        view! {
            <p>
                {words} " · "
                <a href=address(None, asked.sort, 1)>"Show all reviews"</a>
            </p>
        }
    });
    let item = |review: &ReviewView| review_item(all, review);
    let nothing = page.reviews.is_empty().then(|| view! { <p>"There is no such review."</p> });
    let order = (everything > 1).then(|| view! { <nav class="segments" aria-label="Order of reviews">{sorts.collect_view()}</nav> });
    view! {
        <div class="review-head">
            <div>
                <p class="score-large">{rating(page.average, everything)}</p>
                {gate(all)}
            </div>
            {distribution(&page.distribution, asked.stars, |stars| address(Some(stars), asked.sort, 1))}
        </div>
        {chosen}
        {order}
        <div class="reviews">{page.reviews.iter().map(item).collect_view()}</div>
        {nothing}
        {pages.view("reviews", |number| address(asked.stars, asked.sort, number))}
    }
    .into_any()
}

/// A bar for each number of stars, the best on top; each is a filter.
fn distribution(
    counts: &[u64; 5],
    chosen: Option<Stars>,
    address: impl Fn(Stars) -> String,
) -> AnyView {
    let all: u64 = counts.iter().sum::<u64>().max(1);
    let bar = |(stars, number): (Stars, &u64)| {
        let width = (number.saturating_mul(100) / all).max(u64::from(*number > 0));
        let current = (chosen == Some(stars)).then_some("true");
        view! {
            <li>
                <a href=address(stars) aria-current=current>
                    <span class="num">{count(stars.get().into(), "star", "stars")}</span>
                    <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                        <rect class="bar-room" width="100" height="8"></rect>
                        <rect class="bar-fill" width=width.to_string() height="8"></rect>
                    </svg>
                    <span class="num">{grouped(*number)} <span class="sr-only">{if *number == 1 { " review" } else { " reviews" }}</span></span>
                </a>
            </li>
        }
    };
    let bars = Stars::ALL.into_iter().zip(counts).rev().map(bar);
    view! { <ul class="distribution" aria-label="Reviews by stars">{bars.collect_view()}</ul> }
        .into_any()
}

/// Who may review and what is missing.
fn gate(all: &Details) -> AnyView {
    let page = all.page();
    match &all.standing {
        Standing::Visitor => view! {
            <p class="meta">
                <a href=format!("/login/?next={}", escape(&format!("{page}review/")))>"Sign in to review"</a>
                ". Reviews are by customers with at least 10 successful requests."
            </p>
        }
        .into_any(),
        Standing::Member { gate: None, .. } => ().into_any(),
        Standing::Member { gate: Some(gate), .. } => gate_words(gate, &page),
    }
}

fn gate_words(gate: &ReviewGate, page: &str) -> AnyView {
    if gate.own_service {
        return view! { <p class="meta">"You sell this agent, so you reply to reviews and do not write one."</p> }.into_any();
    }
    if !gate.allowed {
        let words = format!(
            "You can review after {} requests (you have made {})",
            grouped(gate.needed),
            grouped(gate.requests)
        );
        return view! { <p class="meta">{words}</p> }.into_any();
    }
    let words = if gate.own.is_some() { "Edit your review" } else { "Write a review" };
    view! { <p><a class="btn btn-secondary" href=format!("{page}review/")>{words}</a></p> }
        .into_any()
}

/// A review as it reads, without what can be done with it.
pub fn review_block(review: &ReviewView, seller: &str) -> AnyView {
    let used = review.verified_use.then(|| badge("Verified use", Tone::Good));
    let edited = review.edited_at.map(|at| format!(", edited {}", date(at)));
    let reply = review.reply.as_ref().map(|reply| {
        view! {
            <div class="reply">
                <p class="meta">
                    <strong>{format!("Reply of {seller}")}</strong> " · "
                    <time datetime=reply.at.to_string()>{date(reply.at)}</time>
                </p>
                {own_words(&reply.text)}
            </div>
        }
    });
    view! {
        <p class="review-by">
            {stars(review.stars)}
            <strong dir="auto">{review.author.clone()}</strong>
            {used}
            <span class="meta">
                <time datetime=review.created_at.to_string()>{date(review.created_at)}</time>
                {edited}
            </span>
        </p>
        {own_words(&review.text)}
        {reply}
    }
    .into_any()
}

fn review_item(all: &Details, review: &ReviewView) -> AnyView {
    let offering = all.detail.service.id;
    let actions = match &all.standing {
        Standing::Visitor => {
            let next = escape(&format!("{}#review-{}", all.page(), review.id));
            view! { <p class="meta"><a href=format!("/login/?next={next}") rel="nofollow">"Report review"<span class="sr-only">{format!(" of {}", review.author)}</span></a></p> }
                .into_any()
        }
        Standing::Member { gate, may_reply } => {
            let own = gate.as_ref().and_then(|gate| gate.own.as_ref());
            if own.is_some_and(|own| own.id == review.id) {
                view! { <p class="meta"><a href=format!("{}review/", all.page())>"Edit or remove your review"</a></p> }.into_any()
            } else {
                view! {
                    <div class="review-actions">
                        {may_reply.then(|| reply_form(offering, review))}
                        {report_form(offering, review)}
                    </div>
                }
                .into_any()
            }
        }
    };
    view! {
        <article class="review" id=format!("review-{}", review.id) aria-label=format!("Review of {}", review.author)>
            {review_block(review, &all.detail.provider.name)}
            {actions}
        </article>
    }
    .into_any()
}

fn reply_form(offering: OfferingId, review: &ReviewView) -> AnyView {
    let id = format!("reply-{}", review.id);
    let words = if review.reply.is_some() { "Edit your reply…" } else { "Reply…" };
    let text = review.reply.as_ref().map(|reply| reply.text.clone()).unwrap_or_default();
    view! {
        <details class="fold">
            <summary>{words}</summary>
            <form method="post" action="/rpc/reviews/reply">
                {hidden("offering", offering)}
                {hidden("review", review.id)}
                <div class="field">
                    <label class="label" for=id.clone()>"Reply, shown under the review"</label>
                    <textarea class="input" id=id name="text" rows="4" maxlength="2000" dir="auto" inner_html=typed_text(&text)></textarea>
                </div>
                <button class="btn btn-primary" type="submit">"Publish reply"</button>
            </form>
        </details>
    }
    .into_any()
}

fn report_form(offering: OfferingId, review: &ReviewView) -> AnyView {
    let option = |fault: &ReviewFault| {
        view! {
            <label class="option">
                <input type="radio" name="fault" value=fault.as_str() required="required" />
                <span>{fault.title()}</span>
            </label>
        }
    };
    view! {
        <details class="fold">
            <summary>
                {icon(Icon::Flag)} "Report review…"
            </summary>
            <form method="post" action="/rpc/reviews/report">
                {hidden("offering", offering)}
                {hidden("review", review.id)}
                <fieldset>
                    <legend class="label">"What is wrong with it?"</legend>
                    {ReviewFault::ALL.iter().map(option).collect_view()}
                </fieldset>
                <button class="btn btn-secondary" type="submit">"Report review"</button>
            </form>
        </details>
    }
    .into_any()
}

fn usage(usage: UsageStats) -> AnyView {
    if usage.total_tokens_served == 0 && usage.monthly_requests == 0 {
        return remark("Nobody has used it yet.");
    }
    let tile = |name: &'static str, value: u64| {
        view! {
            <div class="tile">
                <dt>{name}</dt>
                <dd class="stat num">{grouped(value)}</dd>
            </div>
        }
    };
    view! {
        <dl class="tiles">
            {tile("Tokens served", usage.total_tokens_served)}
            {tile("Workspaces, 30 days", usage.active_users)}
            {tile("Requests, 30 days", usage.monthly_requests)}
        </dl>
    }
    .into_any()
}

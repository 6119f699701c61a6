//! What an agent used: tiles, a chart of days, and every request with its receipt.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{Credits, RequestView, ResourceId, UsageView};

use super::agent::agent_head;
use crate::{
    context::{Workspace, loaded, param, query},
    format::{credits, date_time, grouped},
    parts::{
        badges::call_status,
        charts::credits_per_day,
        code::{code_block, quickstart},
        pages::Pages,
    },
};

const PERIODS: [u32; 4] = [1, 7, 30, 90];
const PAGE_SIZE: u64 = 50;

/// Usage of one agent in a period of days.
#[component]
pub fn UsagePage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let id = param::<ResourceId>("resource")?;
        let days = query::<u32>("days").unwrap_or(30).clamp(1, 90);
        let page = query::<u64>("page").unwrap_or(1).max(1);
        let usage = place.market.usage().view(&place.actor, id, days, page).await?;
        let content = if usage.total_requests == 0 {
            nothing(&place, &usage)
        } else {
            view! {
                {tiles(&usage)}
                {credits_per_day(&usage.days)}
                {requests(&usage, days)}
            }
            .into_any()
        };
        Ok(view! {
            <Title text=format!("Usage – {} – CMP", usage.instance.name) />
            <div class="wrap">
                {agent_head(&place, &usage.instance, "usage/")}
                {periods(days)}
                {content}
            </div>
        }
        .into_any())
    })
}

fn periods(days: u32) -> AnyView {
    let link = |period: u32| {
        let words = if period == 1 { "Today".to_owned() } else { format!("{period} days") };
        let current = (period == days).then_some("true");
        view! { <a href=format!("?days={period}") aria-current=current>{words}</a> }
    };
    view! {
        <nav class="segments" aria-label="Period">{PERIODS.map(link).into_iter().collect_view()}</nav>
    }
    .into_any()
}

fn tile(name: &'static str, value: String, note: String) -> AnyView {
    view! {
        <div class="tile">
            <dt>{name}</dt>
            <dd class="stat num">{value}</dd>
            <dd class="meta num">{note}</dd>
        </div>
    }
    .into_any()
}

fn tiles(usage: &UsageView) -> AnyView {
    let sum = |of: fn(&model::UsageDay) -> u64| usage.days.iter().map(of).sum::<u64>();
    let (calls, errors) = (sum(|day| day.requests), sum(|day| day.errors));
    let (prompt, answer) = (sum(|day| day.prompt_tokens), sum(|day| day.completion_tokens));
    let spent = usage.days.iter().try_fold(Credits::ZERO, |all, day| all.plus(day.credits));
    let period = format!("{} days, UTC", usage.days.len());
    view! {
        <dl class="tiles">
            {tile("Credits", spent.map(credits).unwrap_or_default(), period)}
            {tile("Requests", grouped(calls), format!("{} answered without error", grouped(calls.saturating_sub(errors))))}
            {tile("Tokens", grouped(prompt.saturating_add(answer)), format!("{} prompt, {} answer", grouped(prompt), grouped(answer)))}
            {tile("Errors", grouped(errors), "not charged unless an answer was begun".to_owned())}
        </dl>
    }
    .into_any()
}

fn requests(usage: &UsageView, days: u32) -> AnyView {
    let pages = Pages { page: usage.page, size: PAGE_SIZE, total: usage.total_requests };
    view! {
        <table class="sheet sheet-cards">
            <caption>
                "Requests " <span class="meta num">{format!("{}, newest first", pages.range())}</span>
            </caption>
            <thead>
                <tr>
                    <th scope="col">"Time"</th>
                    <th scope="col">"Status"</th>
                    <th scope="col" class="num">"Prompt"</th>
                    <th scope="col" class="num">"Answer"</th>
                    <th scope="col" class="num">"Credits"</th>
                    <th scope="col" class="num">"First byte"</th>
                    <th scope="col">"Key"</th>
                    <th scope="col">"Receipt"</th>
                </tr>
            </thead>
            <tbody>{usage.requests.iter().map(row).collect_view()}</tbody>
        </table>
        {pages.view("requests", |page| format!("?days={days}&page={page}"))}
    }
    .into_any()
}

fn row(request: &RequestView) -> AnyView {
    let about = if request.estimated { "≈ " } else { "" };
    view! {
        <tr>
            <th scope="row" data-label="Time" class="num">
                <time datetime=request.at.to_string()>{date_time(request.at)}</time>
            </th>
            <td data-label="Status">{call_status(request.status, &request.outcome)}</td>
            <td data-label="Prompt" class="num">{about} {grouped(request.prompt_tokens)}</td>
            <td data-label="Answer" class="num">{about} {grouped(request.completion_tokens)}</td>
            <td data-label="Credits" class="num">{credits(request.credits)}</td>
            <td data-label="First byte" class="num">{grouped(request.first_byte_ms.into())} " ms"</td>
            <td data-label="Key"><code>{format!("…{}", request.key_hint)}</code></td>
            <td data-label="Receipt">
                <a href=format!("/receipts/{}/", request.receipt_id)>
                    "Receipt" <span class="sr-only">" of " {date_time(request.at)}</span>
                </a>
            </td>
        </tr>
    }
    .into_any()
}

fn nothing(place: &Workspace, usage: &UsageView) -> AnyView {
    let base = &place.market.settings().public_url;
    let samples = quickstart(base, &usage.instance.offering_slug, None);
    let curl = samples.into_iter().next().map(|(_, code)| code).unwrap_or_default();
    view! {
        <div class="empty">
            <h2>"No requests in this period"</h2>
            <p>"Requests appear here a moment after they are answered. Send one:"</p>
            {code_block("first-curl", "curl", curl)}
        </div>
    }
    .into_any()
}

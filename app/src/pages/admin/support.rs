//! The operator's tickets: what is due first, each with who works on it, how much it hurries, and its answer.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Actor, Asked, Clause, Comment, Error, Issue, Market, TicketQueue};
use model::{Priority, TicketState, Timestamp, UserId};

use crate::{
    context::{actor, loaded, market, query},
    fail::Fail,
    flash,
    format::count,
    parts::{
        areas::typed_text,
        detail::{own_words, time},
        fields::hidden,
        notices::{empty, flash_banner},
        pages::Pages,
        tickets::{conversation, operator_words, priority, promises, state_for_operator, title_of},
        views::{Listed, address, views},
    },
};

/// How many tickets a page has, and how many operators one can be given to.
const PAGE: u64 = 20;
const MOST_HELPERS: i64 = 100;
/// How many messages a page of tickets shows.
const MOST_SAID: i64 = 1_000;

/// A part of the queue, by its name in the address.
const VIEWS: [(&str, &str); 4] =
    [("", "All"), ("mine", "Mine"), ("unassigned", "Unassigned"), ("overdue", "Overdue")];

fn part(view: &str, me: UserId) -> TicketQueue {
    match view {
        "mine" => TicketQueue::Of(me),
        "unassigned" => TicketQueue::Unassigned,
        "overdue" => TicketQueue::Overdue,
        _ => TicketQueue::All,
    }
}

/// What a page of the queue needs beside its tickets.
struct Desk {
    market: Market,
    /// What was said in the tickets of the page.
    said: Vec<Comment>,
    me: UserId,
    helpers: Vec<(UserId, String)>,
    view: String,
    now: Timestamp,
}

/// The queue.
#[component]
pub fn TicketQueuePage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        let me = actor.user().ok_or(Error::Denied)?;
        let view = query::<String>("view").unwrap_or_default();
        let page = query::<u64>("page").unwrap_or(1).clamp(1, 1_000_000);
        let range = (PAGE.cast_signed(), ((page - 1) * PAGE).cast_signed());
        let (tickets, total) = market.issues().queue(&actor, part(&view, me), range).await?;
        let mut listed = Vec::new();
        for (name, words) in VIEWS {
            let counted = match name {
                "" => None,
                name => Some(market.issues().queue(&actor, part(name, me), (1, 0)).await?.1),
            };
            let href = address(&[("view", name)]);
            listed.push(Listed { href, words, count: counted, current: view == name });
        }
        let helpers = helpers(&market, &actor).await?;
        let shown =
            Clause::of("m.ticket_id IN (?)", tickets.iter().map(|issue| issue.id.to_string()));
        let asked = Asked::default().and(shown);
        let (said, _) = market.issues().comments(&actor, asked, (MOST_SAID, 0)).await?;
        let desk = Desk { now: market.core().now(), market, said, me, helpers, view };
        let flash = flash::take();
        let pages = Pages { page, size: PAGE, total };
        let list = if tickets.is_empty() {
            nothing(&desk.view)
        } else {
            let item = |issue: &Issue| item(issue, &desk);
            view! { <div class="queue">{tickets.iter().map(item).collect_view()}</div> }.into_any()
        };
        Ok(view! {
            <Title text="Tickets – Operator – CMP" />
            <div class="wrap wrap-narrow">
                {flash_banner(flash.as_ref())}
                <header class="page-head">
                    <h1>"Tickets"</h1>
                    <p class="meta">{count(total, "ticket", "tickets")} ", due first; finished ones last"</p>
                </header>
                {views("Tickets", &listed)}
                {list}
                {pages.view("tickets", |page| address(&[("view", &desk.view), ("page", &page.to_string())]))}
            </div>
        }
        .into_any())
    })
}

/// Who a ticket can be given to.
async fn helpers(market: &Market, actor: &Actor) -> Result<Vec<(UserId, String)>, Fail> {
    let mut found = Vec::new();
    for role in ["is_staff", "is_support"] {
        let pairs = [(role, "true"), ("is_active", "true")];
        let asked = Asked::read(&market::PEOPLE, pairs.into_iter()).map_err(Error::Invalid)?;
        let range = (MOST_HELPERS, 0);
        let (people, _) = market.users().list(actor, asked, (None, None), range).await?;
        found.extend(people.into_iter().map(|row| (row.account.id, row.account.full_name)));
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(found)
}

fn nothing(view: &str) -> AnyView {
    let all = Some(("/admin/support/", "Show all tickets"));
    match view {
        "mine" => {
            empty("Nothing is assigned to you", "Take a ticket from those that nobody has.", all)
        }
        "unassigned" => empty("Every open ticket has somebody", "New ones appear here.", all),
        "overdue" => empty(
            "Nothing is overdue",
            "Tickets whose answer or solution is late appear here.",
            all,
        ),
        _ => empty("No tickets to answer", "Reports of problems appear here.", None),
    }
}

fn item(issue: &Issue, desk: &Desk) -> AnyView {
    let agent = issue.offering.map(|id| {
        let name = desk.market.catalog().detail(id).map(|detail| detail.service.name.clone());
        view! { " · " <a href=format!("/marketplace-public-offering/{id}/")>{name.unwrap_or_else(|| "a service".to_owned())}</a> }
    });
    let said: Vec<&Comment> = desk.said.iter().filter(|one| one.ticket == issue.id).collect();
    let helper = match (&issue.assignee_name, issue.assignee) {
        (_, Some(id)) if id == desk.me => "You work on it".to_owned(),
        (Some(name), Some(_)) => format!("{name} works on it"),
        _ => "Nobody works on it".to_owned(),
    };
    view! {
        <article class="panel-box queue-item" aria-label=format!("Ticket {}", issue.number)>
            <header class="row">
                <h2>{format!("#{} {}", issue.number, title_of(issue.kind, &issue.summary))}</h2>
                {state_for_operator(issue.state)}
                {priority(issue.level.priority)}
            </header>
            <p class="meta">
                {issue.reporter_name.clone()} " of " {issue.customer_name.clone()} {agent} " · " {time(issue.level.created_at)}
            </p>
            <p class="row">{promises(&issue.level, desk.now)} <span class="meta">{helper}</span></p>
            {own_words(&issue.text)}
            {(!issue.answer.is_empty()).then(|| view! {
                <div class="reply">
                    <p class="meta"><strong>"Answer so far"</strong></p>
                    {own_words(&issue.answer)}
                </div>
            })}
            {conversation(&said)}
            <div class="queue-acts">{answering(issue)} {commenting(issue)} {assigning(issue, desk)}</div>
        </article>
    }
    .into_any()
}

fn answering(issue: &Issue) -> AnyView {
    let (answer, state) = (format!("answer-{}", issue.id), format!("state-{}", issue.id));
    let option = |to: &TicketState| {
        let words = operator_words(*to);
        view! { <option value=to.as_str() selected=*to == TicketState::Resolved>{words}</option> }
    };
    view! {
        <details class="fold">
            <summary>"Answer…"</summary>
            <form method="post" action="/rpc/tickets/settle" class="queue-form">
                {hidden("ticket", issue.id)}
                <div class="field">
                    <label class="label" for=answer.clone()>"Answer, which the customer reads"</label>
                    <textarea class="input" id=answer name="answer" rows="4" maxlength="2000" dir="auto" inner_html=typed_text(&issue.answer)></textarea>
                </div>
                <div class="field">
                    <label class="label" for=state.clone()>"Where it stands then"</label>
                    <select class="input" id=state name="state">{TicketState::ALL.iter().map(option).collect_view()}</select>
                </div>
                <button class="btn btn-primary" type="submit">"Save answer"</button>
            </form>
        </details>
    }
    .into_any()
}

fn commenting(issue: &Issue) -> AnyView {
    let text = format!("message-{}", issue.id);
    view! {
        <details class="fold">
            <summary>"Message, note…"</summary>
            <form method="post" action="/rpc/tickets/comment" class="queue-form">
                {hidden("ticket", issue.id)}
                <div class="field">
                    <label class="label" for=text.clone()>"Message"</label>
                    <textarea class="input" id=text name="description" rows="4" maxlength="4000" dir="auto" required></textarea>
                </div>
                <label class="option">
                    <input type="checkbox" name="internal" value="true" />
                    <span>"An internal note: only operators read it"</span>
                </label>
                <button class="btn btn-primary" type="submit">"Send message"</button>
            </form>
        </details>
    }
    .into_any()
}

fn assigning(issue: &Issue, desk: &Desk) -> AnyView {
    let (who, hurry) = (format!("who-{}", issue.id), format!("hurry-{}", issue.id));
    let person = |(id, name): &(UserId, String)| {
        let words = if *id == desk.me { format!("{name} (you)") } else { name.clone() };
        view! { <option value=id.to_string() selected=issue.assignee == Some(*id)>{words}</option> }
    };
    let level = |one: &Priority| {
        view! { <option value=one.as_str() selected=issue.level.priority == *one>{one.title()}</option> }
    };
    view! {
        <details class="fold">
            <summary>"Assign, change priority…"</summary>
            <form method="post" action="/rpc/tickets/assign" class="queue-form">
                {hidden("ticket", issue.id)}
                {hidden("view", &desk.view)}
                <div class="field">
                    <label class="label" for=who.clone()>"Who works on it"</label>
                    <select class="input" id=who name="assignee">
                        <option value="">"Nobody"</option>
                        {desk.helpers.iter().map(person).collect_view()}
                    </select>
                </div>
                <div class="field">
                    <label class="label" for=hurry.clone()>"Priority"</label>
                    <select class="input" id=hurry name="priority">{Priority::ALL.iter().map(level).collect_view()}</select>
                </div>
                <button class="btn btn-primary" type="submit">"Save"</button>
            </form>
        </details>
    }
    .into_any()
}

//! Reports of problems: the form, the state, the list.

use leptos::prelude::*;
use market::{Comment, Issue};
use model::{Priority, ServiceLevel, TicketKind, TicketState, TicketView, Timestamp};

use super::{
    areas::{Area, select},
    badges::{Tone, badge},
    detail::{own_words, time},
};
use crate::{
    flash::FlashBody,
    format::{date_time, due_time, duration},
};

/// The text of a report.
pub const TEXT: Area = Area {
    name: "text",
    label: "What happened?",
    hint: "Say what you expected; name the request id or receipt where there is one",
    rows: 6,
    longest: 4_000,
};

/// What is said next in a ticket.
pub const REPLY: Area = Area {
    name: "description",
    label: "Your message",
    hint: "Everybody in your organization who works with tickets reads it, and the operator",
    rows: 4,
    longest: 4_000,
};

/// Where a ticket stands, in a word for whoever has reported it.
pub fn ticket_state(state: TicketState) -> AnyView {
    state_badge(state, state.title())
}

/// Where a ticket stands, in a word for the operator.
pub fn state_for_operator(state: TicketState) -> AnyView {
    state_badge(state, operator_words(state))
}

/// How the operator calls a state.
pub const fn operator_words(state: TicketState) -> &'static str {
    match state {
        TicketState::Waiting => "Waiting for the customer",
        other => other.title(),
    }
}

fn state_badge(state: TicketState, words: &'static str) -> AnyView {
    let tone = match state {
        TicketState::Open => Tone::Accent,
        TicketState::Assigned | TicketState::Closed => Tone::Neutral,
        TicketState::Waiting => Tone::Warning,
        TicketState::Resolved => Tone::Good,
    };
    badge(words, tone)
}

/// What was said in a ticket, the oldest first.
pub fn conversation(comments: &[&Comment]) -> Option<AnyView> {
    let said = |comment: &&Comment| {
        let internal = (!comment.public).then(|| badge("Internal note", Tone::Warning));
        view! {
            <li class="reply">
                <p class="meta">
                    <strong>{comment.author_name.clone()}</strong> " · " {time(comment.created_at)} " " {internal}
                </p>
                {own_words(&comment.text)}
            </li>
        }
    };
    (!comments.is_empty()).then(|| {
        view! { <ol class="talk">{comments.iter().map(said).collect_view()}</ol> }.into_any()
    })
}

/// How much a ticket hurries, in a word.
pub fn priority(of: Priority) -> AnyView {
    let tone = match of {
        Priority::Critical => Tone::Danger,
        Priority::High => Tone::Warning,
        Priority::Medium | Priority::Low => Tone::Neutral,
    };
    badge(format!("{} priority", of.title()), tone)
}

/// Whether a promise is kept, in words, and whether it is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    pub words: String,
    pub broken: bool,
}

/// A promise with its words for each way that it can stand.
fn promise(
    (by, kept, late): (&str, &str, &str),
    due: Timestamp,
    done: Option<Timestamp>,
    now: Timestamp,
) -> Promise {
    match done {
        Some(at) if at > due => Promise {
            words: format!("{late}, {} after it was due", duration(at.ms() - due.ms())),
            broken: true,
        },
        Some(_) => Promise { words: kept.to_owned(), broken: false },
        None if now > due => Promise {
            words: format!("{by} is overdue by {}", duration(now.ms() - due.ms())),
            broken: true,
        },
        None => Promise { words: format!("{by} by {}", due_time(due, now)), broken: false },
    }
}

/// The promise of a first answer.
pub fn reply_promise(level: &ServiceLevel, now: Timestamp) -> Promise {
    let words = ("Reply", "Replied in time", "Replied late");
    promise(words, level.response_due(now), level.first_response_at, now)
}

/// The promise of a solution.
pub fn resolve_promise(level: &ServiceLevel, now: Timestamp) -> Promise {
    let words = ("Resolution", "Resolved in time", "Resolved late");
    promise(words, level.resolution_due(now), level.resolved_at, now)
}

/// Both promises of a ticket, as badges.
pub fn promises(level: &ServiceLevel, now: Timestamp) -> AnyView {
    let shown = |promise: Promise, done: bool| {
        let tone = match (promise.broken, done) {
            (true, _) => Tone::Danger,
            (false, true) => Tone::Good,
            (false, false) => Tone::Neutral,
        };
        badge(promise.words, tone)
    };
    let stopped = level.waiting_since.map(|_| {
        view! { <span class="meta">"Clocks stand still while it waits for the customer"</span> }
    });
    view! {
        {shown(reply_promise(level, now), level.first_response_at.is_some())}
        " "
        {shown(resolve_promise(level, now), level.resolved_at.is_some())}
        " "
        {stopped}
    }
    .into_any()
}

/// What a ticket is called: by what was written over it, else by what it is about.
pub fn title_of(kind: TicketKind, summary: &str) -> String {
    if summary.trim().is_empty() { kind.title().to_owned() } else { summary.to_owned() }
}

/// What is promised next of a ticket that is not finished.
pub fn next_promise(issue: &Issue, now: Timestamp) -> Promise {
    if issue.level.first_response_at.is_none() {
        reply_promise(&issue.level, now)
    } else {
        resolve_promise(&issue.level, now)
    }
}

/// What a report is about.
pub fn kind_field(flash: Option<&FlashBody>) -> AnyView {
    let kinds: Vec<(String, String)> = TicketKind::ALL
        .iter()
        .map(|kind| (kind.as_str().to_owned(), kind.title().to_owned()))
        .collect();
    select("kind", "What is wrong?", "Select a problem", &kinds, flash)
}

/// The tickets of a workspace, the newest first.
pub fn ticket_table(
    tickets: &[TicketView],
    issues: &[Issue],
    base: &str,
    now: Timestamp,
) -> AnyView {
    let row = |ticket: &TicketView| {
        let issue = issues.iter().find(|issue| issue.id == ticket.id);
        let title = title_of(ticket.kind, issue.map_or("", |issue| issue.summary.as_str()));
        let hurry = issue.map_or("–", |issue| issue.level.priority.title());
        let promised = issue.map_or_else(|| "–".to_owned(), |issue| next_promise(issue, now).words);
        view! {
            <tr>
                <th scope="row">
                    <a href=format!("{base}{}/", ticket.id)>{format!("#{} {title}", ticket.number)}</a>
                </th>
                <td data-label="State">{ticket_state(ticket.state)}</td>
                <td data-label="Priority"><span>{hurry}</span></td>
                <td data-label="Promise"><span>{promised}</span></td>
                <td data-label="Agent"><span>{ticket.service.clone().unwrap_or_else(|| "–".to_owned())}</span></td>
                <td data-label="Opened" class="num"><time datetime=ticket.created_at.to_string()>{date_time(ticket.created_at)}</time></td>
            </tr>
        }
    };
    view! {
        <table class="sheet sheet-cards">
            <caption class="sr-only">"Tickets, newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"Ticket"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Priority"</th>
                    <th scope="col">"Promise"</th>
                    <th scope="col">"Agent"</th>
                    <th scope="col" class="num">"Opened"</th>
                </tr>
            </thead>
            <tbody>{tickets.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_are_told_as_they_stand() {
        const HOUR: i64 = 3_600_000;
        let at = |hours: i64| Timestamp::from_ms(hours * HOUR);
        let level = ServiceLevel {
            created_at: at(10),
            priority: Priority::Critical,
            first_response_at: None,
            resolved_at: None,
            waited_ms: 0,
            waiting_since: None,
        };
        assert_eq!(reply_promise(&level, at(10)).words, "Reply by 11:00 UTC");
        let late = reply_promise(&level, at(13));
        assert_eq!((late.words.as_str(), late.broken), ("Reply is overdue by 2\u{a0}h", true));
        let answered = ServiceLevel { first_response_at: Some(at(11)), ..level };
        assert_eq!(reply_promise(&answered, at(13)).words, "Replied in time");
        assert_eq!(resolve_promise(&answered, at(13)).words, "Resolution by 14:00 UTC");
        // What waits for its reporter is due later by as long as it waits.
        let waiting = ServiceLevel { waiting_since: Some(at(12)), ..answered };
        assert!(!resolve_promise(&waiting, at(20)).broken);
    }
}

//! `/api/support-issues/` and what belongs to it: tickets with assignees, comments and service levels.

mod wires;

use axum::{
    Json, Router,
    extract::State,
    response::IntoResponse,
    routing::{get, post},
};
use market::{COMMENTS, Error, ISSUES, IssueChange, IssueDraft};
use model::{CommentId, IssueType, Priority, TicketId, TicketState};
use serde_json::Value;

pub use self::wires::schemas;
use self::wires::{
    CommentWire, IssueWire, SupportPriority, SupportStatus, comment_wire, priority_id, status_id,
    wire,
};
use super::{
    answer::{Listing, made, single},
    links,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    errors::ApiError,
    openapi::{Door, Takes, may, must},
    queries::Query,
};

/// The kinds of addresses that a person may be named by.
const PEOPLE: &[&str] = &[links::USERS, "support-users"];

pub fn routes() -> Router<Shared> {
    [
        door("/api/support-issues", get(list).post(create)),
        door("/api/support-issues/{uuid}", get(find).patch(update).put(update)),
        door("/api/support-issues/{uuid}/resolve", post(resolve)),
        door("/api/support-issues/{uuid}/set_status", post(set_status)),
        door("/api/support-issues/{uuid}/comment", post(comment)),
        door("/api/support-issues/{uuid}/escalate", post(escalate)),
        door("/api/support-issues/{uuid}/attach_resource", post(attach)),
        door("/api/support-comments", get(comments)),
        door("/api/support-comments/{uuid}", get(find_comment)),
        door("/api/support-priorities", get(priorities)),
        door("/api/support-priorities/{uuid}", get(find_priority)),
        door("/api/support-statuses", get(statuses)),
        door("/api/support-statuses/{uuid}", get(find_status)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    let issue = |method, path, summary| Door::new(method, path, summary).refuses(&[400, 403, 404]);
    vec![
        Door::list("/api/support-issues/", "Tickets", "Issue", ISSUES.filters)
            .query(&[("sla_breached", "`true` for those of which a promise was broken.")]),
        Door::new("post", "/api/support-issues/", "Open a ticket")
            .fields(&[
                must("type", Takes::Text),
                must("summary", Takes::Text),
                may("description", Takes::Text),
                may("priority", Takes::Text),
                may("customer", Takes::Link),
                may("project", Takes::Link),
                may("resource", Takes::Link),
                may("offering", Takes::Link),
                may("assignee", Takes::Link),
                may("caller", Takes::Link),
                may("remote_id", Takes::Text),
                may("is_reported_manually", Takes::Flag),
                may("first_comment", Takes::Text),
            ])
            .answers(201, "Issue")
            .refuses(&[403, 429]),
        Door::new("get", "/api/support-issues/{uuid}/", "A ticket")
            .answers(200, "Issue")
            .refuses(&[404]),
        issue("patch", "/api/support-issues/{uuid}/", "Change a ticket; operators assign it")
            .fields(CHANGES)
            .answers(200, "Issue"),
        issue("put", "/api/support-issues/{uuid}/", "Change a ticket; operators assign it")
            .fields(CHANGES)
            .needs(&[must("summary", Takes::Text)])
            .answers(200, "Issue"),
        issue("post", "/api/support-issues/{uuid}/resolve/", "Resolve a ticket (operators)")
            .fields(&[may("resolution", Takes::Text)])
            .answers(200, "Issue"),
        issue(
            "post",
            "/api/support-issues/{uuid}/set_status/",
            "Move a ticket to a status (operators)",
        )
        .fields(&[must("status", Takes::Text), may("resolution", Takes::Text)])
        .answers(200, "Issue"),
        issue("post", "/api/support-issues/{uuid}/comment/", "Say something in a ticket")
            .fields(&[must("description", Takes::Text), may("is_public", Takes::Flag)])
            .answers(201, "Comment")
            .refuses(&[404, 409]),
        issue("post", "/api/support-issues/{uuid}/escalate/", "Call for those above")
            .fields(&[may("reason", Takes::Text)])
            .answers(200, "Issue"),
        issue(
            "post",
            "/api/support-issues/{uuid}/attach_resource/",
            "Say which resource a ticket is about",
        )
        .fields(&[must("resource", Takes::Link)])
        .answers(200, "Issue"),
        Door::list(
            "/api/support-comments/",
            "What was said in tickets",
            "Comment",
            COMMENTS.filters,
        ),
        Door::new("get", "/api/support-comments/{uuid}/", "A comment")
            .answers(200, "Comment")
            .refuses(&[404]),
        Door::list(
            "/api/support-priorities/",
            "Priorities and what they promise",
            "SupportPriority",
            &[],
        ),
        Door::new("get", "/api/support-priorities/{uuid}/", "A priority")
            .answers(200, "SupportPriority")
            .refuses(&[404]),
        Door::list("/api/support-statuses/", "What a ticket can be", "SupportStatus", &[]),
        Door::new("get", "/api/support-statuses/{uuid}/", "A status of tickets")
            .answers(200, "SupportStatus")
            .refuses(&[404]),
    ]
}

const CHANGES: &[crate::openapi::Field] = &[
    may("summary", Takes::Text),
    may("description", Takes::Text),
    may("priority", Takes::Text),
    may("assignee", Takes::Link),
    may("offering", Takes::Link),
];

fn named(text: &str) -> Result<TicketId, Error> {
    text.parse().map_err(|_| Error::Missing("issue"))
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let mut asked = listing.asked(&ISSUES)?;
    if let Some(breached) = listing.query.flag("sla_breached")? {
        asked = asked.and(market::breached(doors.market.core().now(), breached));
    }
    let (found, total) = doors.market.issues().list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<IssueWire> = found.into_iter().map(|one| wire(&doors, &caller, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let issue = doors.market.issues().find(&caller.actor, named(&id)?).await?;
    Ok(single(&query, &wire(&doors, &caller, issue)))
}

/// A priority by its name or the end of its address.
fn priority(fields: &mut Fields) -> Option<Priority> {
    let text = fields.may_text("priority", 200)?;
    let last = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_lowercase();
    if text.is_empty() {
        return None;
    }
    let known = Priority::ALL
        .iter()
        .find(|known| known.as_str() == last || priority_id(**known) == last.replace('-', ""));
    match known {
        Some(priority) => Some(*priority),
        None => fields.fault("priority", &format!("\"{last}\" is not a valid choice.")),
    }
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let issue_type = match fields.must_text("type", 50) {
        Some(text) => {
            let plain = text.trim().replace([' ', '-'], "_").to_uppercase();
            plain
                .parse::<IssueType>()
                .ok()
                .or_else(|| fields.fault("type", &format!("\"{text}\" is not a valid choice.")))
        }
        None => None,
    };
    let summary = fields.must_text("summary", 255).unwrap_or_default();
    let draft = IssueDraft {
        issue_type: issue_type.unwrap_or(IssueType::Incident),
        priority: priority(&mut fields).unwrap_or(Priority::Medium),
        summary,
        description: fields.may_text("description", 4_000).unwrap_or_default(),
        customer: fields.may_link("customer", &[links::CUSTOMERS]),
        project: fields.may_link("project", &[links::PROJECTS]),
        resource: fields
            .may_link("resource", &[links::RESOURCES, "marketplace-provider-resources"]),
        offering: fields.may_link("offering", links::OFFERINGS),
        assignee: fields.may_link("assignee", PEOPLE),
        caller: fields.may_link("caller", PEOPLE),
        remote_id: fields.may_text("remote_id", 255).unwrap_or_default(),
    };
    let first = fields.may_text("first_comment", 4_000).filter(|text| !text.trim().is_empty());
    fields.check()?;
    let issues = doors.market.issues();
    let issue = issues.open(&caller.actor, draft).await?;
    if let Some(text) = first {
        issues.comment(&caller.actor, issue.id, &text, true).await?;
    }
    Ok(made(&wire(&doors, &caller, issue)))
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let nobody = matches!(fields.value("assignee"), Some(Value::Null));
    let change = IssueChange {
        summary: fields.may_text("summary", 255),
        description: fields.may_text("description", 4_000),
        priority: priority(&mut fields),
        assignee: if nobody { Some(None) } else { fields.may_link("assignee", PEOPLE).map(Some) },
        offering: fields.may_link("offering", links::OFFERINGS),
    };
    fields.check()?;
    let issue = doors.market.issues().update(&caller.actor, named(&id)?, change).await?;
    Ok(Json(wire(&doors, &caller, issue)).into_response())
}

async fn resolve(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let answer = fields.may_text("resolution", 4_000).unwrap_or_default();
    fields.check()?;
    moved(&doors, &caller, &id, TicketState::Resolved, &answer).await
}

async fn set_status(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let status = fields.must_text("status", 50).unwrap_or_default().trim().to_lowercase();
    let answer = fields.may_text("resolution", 4_000).unwrap_or_default();
    fields.check()?;
    let Ok(state) = status.parse::<TicketState>() else {
        let why = format!("\"{status}\" is not a valid choice.");
        return Err(ApiError::Market(Error::field("status", why)));
    };
    moved(&doors, &caller, &id, state, &answer).await
}

async fn moved(
    doors: &Doors,
    caller: &SignedIn,
    id: &str,
    state: TicketState,
    answer: &str,
) -> Answer {
    let issues = doors.market.issues();
    let issue = issues.set_state(&caller.actor, named(id)?, state, answer).await?;
    Ok(Json(wire(doors, caller, issue)).into_response())
}

async fn comment(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let text = fields.must_text("description", 4_000).unwrap_or_default();
    let public = fields.may_bool("is_public").unwrap_or(true);
    fields.check()?;
    let said = doors.market.issues().comment(&caller.actor, named(&id)?, &text, public).await?;
    Ok(made(&comment_wire(&doors, said)))
}

async fn escalate(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let reason = fields.may_text("reason", 4_000).unwrap_or_default();
    fields.check()?;
    let issue = doors.market.issues().escalate(&caller.actor, named(&id)?, &reason).await?;
    Ok(Json(wire(&doors, &caller, issue)).into_response())
}

async fn attach(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let kinds = [links::RESOURCES, "marketplace-provider-resources"];
    let resource = fields.must_link("resource", &kinds);
    fields.check()?;
    let resource = resource.ok_or(Error::Missing("resource"))?;
    let issue = doors.market.issues().attach(&caller.actor, named(&id)?, resource).await?;
    Ok(Json(wire(&doors, &caller, issue)).into_response())
}

async fn comments(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&COMMENTS)?;
    let (found, total) =
        doors.market.issues().comments(&caller.actor, asked, listing.range()).await?;
    let items: Vec<CommentWire> = found.into_iter().map(|one| comment_wire(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn find_comment(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let id: CommentId = id.parse().map_err(|_| Error::Missing("comment"))?;
    let found = doors.market.issues().find_comment(&caller.actor, id).await?;
    Ok(single(&query, &comment_wire(&doors, found)))
}

async fn priorities(State(doors): State<Shared>, _: SignedIn, listing: Listing) -> Answer {
    let one = |priority: &Priority| SupportPriority::of(&doors, *priority);
    let all: Vec<SupportPriority> = Priority::ALL.iter().map(one).collect();
    listing.answer_all(&doors, &all)
}

async fn statuses(State(doors): State<Shared>, _: SignedIn, listing: Listing) -> Answer {
    let one = |(place, state): (usize, &TicketState)| SupportStatus::of(&doors, place, *state);
    let all: Vec<SupportStatus> = TicketState::ALL.iter().enumerate().map(one).collect();
    listing.answer_all(&doors, &all)
}

async fn find_priority(
    State(doors): State<Shared>,
    _: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let id = id.replace('-', "").to_lowercase();
    let found = Priority::ALL.iter().find(|known| priority_id(**known) == id);
    let found = found.ok_or(Error::Missing("priority"))?;
    Ok(single(&query, &SupportPriority::of(&doors, *found)))
}

async fn find_status(
    State(doors): State<Shared>,
    _: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let id = id.replace('-', "").to_lowercase();
    let mut states = TicketState::ALL.iter().enumerate();
    let found = states.find(|(place, _)| status_id(*place) == id);
    let (place, state) = found.ok_or(Error::Missing("status"))?;
    Ok(single(&query, &SupportStatus::of(&doors, place, *state)))
}

//! Tickets, comments, priorities and statuses as they go over the wire.

use market::{Comment, Issue, Permission};
use model::{Priority, TicketState};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    Doors,
    actors::SignedIn,
    waldur::{
        links::{self, hex},
        schema,
    },
};

pub fn schemas() -> Vec<(String, Value)> {
    vec![
        schema::<IssueWire>(),
        schema::<CommentWire>(),
        schema::<SupportPriority>(),
        schema::<SupportStatus>(),
    ]
}

/// A ticket. The client fails on a missing field, so what is not there is null.
#[expect(clippy::struct_excessive_bools, reason = "the wire has them")]
#[derive(Serialize, ToSchema)]
#[schema(as = Issue)]
pub struct IssueWire {
    url: String,
    uuid: String,
    #[serde(rename = "type")]
    kind: &'static str,
    key: String,
    backend_id: Option<String>,
    backend_name: Option<String>,
    summary: String,
    description: String,
    status: &'static str,
    resolution: String,
    priority: &'static str,
    caller: String,
    caller_uuid: Option<String>,
    caller_full_name: Option<String>,
    reporter: String,
    reporter_uuid: Option<String>,
    reporter_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<String>,
    assignee_uuid: Option<String>,
    assignee_name: Option<String>,
    customer: String,
    customer_uuid: Option<String>,
    customer_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    project_uuid: Option<String>,
    project_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    resource_type: &'static str,
    resource_name: String,
    /// The id alone: the client reads no address here.
    #[serde(skip_serializing_if = "Option::is_none")]
    offering: Option<String>,
    remote_id: String,
    created: String,
    modified: String,
    feedback: Option<String>,
    resolved: Option<bool>,
    update_is_available: bool,
    destroy_is_available: bool,
    available_statuses: Vec<&'static str>,
    add_comment_is_available: bool,
    add_attachment_is_available: bool,
    order_uuid: Option<String>,
    order_project_uuid: Option<String>,
    order_customer_uuid: Option<String>,
    order_resource_name: Option<String>,
    first_response_deadline: Option<String>,
    resolution_deadline: Option<String>,
    first_response_at: Option<String>,
    sla_breached: bool,
    sla_status: &'static str,
    parent_issue: String,
    provider_helpdesk: String,
    is_escalated: bool,
    escalated_at: Option<String>,
    escalation_reason: String,
    is_routed: bool,
    provider_ticket_info: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Comment)]
pub struct CommentWire {
    url: String,
    uuid: String,
    issue: String,
    issue_key: String,
    description: String,
    is_public: bool,
    author_name: String,
    author_uuid: String,
    author_user: String,
    author_email: String,
    /// Always empty: nobody has a picture here.
    author_image: String,
    backend_id: String,
    remote_id: String,
    created: String,
    update_is_available: bool,
    destroy_is_available: bool,
}

#[derive(Serialize, ToSchema)]
pub struct SupportPriority {
    url: String,
    uuid: String,
    name: &'static str,
    description: String,
}

#[derive(Serialize, ToSchema)]
pub struct SupportStatus {
    url: String,
    uuid: String,
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

pub fn wire(doors: &Doors, caller: &SignedIn, issue: Issue) -> IssueWire {
    let now = doors.market.core().now();
    let works = caller.actor.may_everywhere(Permission::ManageTickets);
    let level = issue.level;
    let breached = level.is_breached(now);
    let statuses = TicketState::ALL.iter().filter(|state| **state != issue.state);
    let time = |at: Option<model::Timestamp>| at.map(|at| at.to_string());
    IssueWire {
        url: doors.link("support-issues", issue.id),
        uuid: hex(issue.id),
        kind: issue.issue_type.as_str(),
        key: format!("CMP-{}", issue.number),
        backend_id: None,
        backend_name: None,
        summary: if issue.summary.is_empty() {
            issue.kind.title().to_owned()
        } else {
            issue.summary
        },
        description: issue.text,
        status: issue.state.word(),
        resolution: issue.answer,
        priority: level.priority.title(),
        caller: doors.link(links::USERS, issue.reporter),
        caller_uuid: Some(hex(issue.reporter)),
        caller_full_name: Some(issue.reporter_name.clone()),
        reporter: doors.link(links::USERS, issue.reporter),
        reporter_uuid: Some(hex(issue.reporter)),
        reporter_name: Some(issue.reporter_name),
        assignee: issue.assignee.map(|id| doors.link(links::USERS, id)),
        assignee_uuid: issue.assignee.map(hex),
        assignee_name: issue.assignee_name,
        customer: doors.link(links::CUSTOMERS, issue.customer),
        customer_uuid: Some(hex(issue.customer)),
        customer_name: Some(issue.customer_name),
        project: issue.project.map(|id| doors.link(links::PROJECTS, id)),
        project_uuid: issue.project.map(hex),
        project_name: issue.project_name,
        resource: issue.resource.map(|id| doors.link(links::RESOURCES, id)),
        resource_type: if issue.resource.is_some() { "Marketplace.Resource" } else { "" },
        resource_name: issue.resource_name.unwrap_or_default(),
        offering: issue.offering.map(hex),
        remote_id: issue.remote_id,
        created: level.created_at.to_string(),
        modified: issue.updated_at.to_string(),
        feedback: None,
        resolved: Some(issue.state.is_finished()),
        update_is_available: works || caller.actor.user() == Some(issue.reporter),
        destroy_is_available: false,
        available_statuses: if works { statuses.map(|s| s.word()).collect() } else { Vec::new() },
        add_comment_is_available: true,
        add_attachment_is_available: false,
        order_uuid: None,
        order_project_uuid: None,
        order_customer_uuid: None,
        order_resource_name: None,
        first_response_deadline: Some(level.response_due(now).to_string()),
        resolution_deadline: Some(level.resolution_due(now).to_string()),
        first_response_at: time(level.first_response_at),
        sla_breached: breached,
        sla_status: match (breached, issue.state.is_finished()) {
            (true, _) => "breached",
            (false, true) => "met",
            (false, false) => "on_track",
        },
        parent_issue: String::new(),
        provider_helpdesk: String::new(),
        is_escalated: issue.escalated_at.is_some(),
        escalated_at: time(issue.escalated_at),
        escalation_reason: issue.escalation_reason,
        is_routed: false,
        provider_ticket_info: None,
    }
}

pub fn comment_wire(doors: &Doors, comment: Comment) -> CommentWire {
    CommentWire {
        url: doors.link("support-comments", comment.id),
        uuid: hex(comment.id),
        issue: doors.link("support-issues", comment.ticket),
        issue_key: format!("CMP-{}", comment.ticket_number),
        description: comment.text,
        is_public: comment.public,
        author_name: comment.author_name,
        author_uuid: hex(comment.author),
        author_user: doors.link(links::USERS, comment.author),
        author_email: String::new(),
        author_image: String::new(),
        backend_id: String::new(),
        remote_id: String::new(),
        created: comment.created_at.to_string(),
        update_is_available: false,
        destroy_is_available: false,
    }
}

/// Priorities are fixed; their ids are made from their place so that they never change.
pub fn priority_id(priority: Priority) -> String {
    let place = Priority::ALL.iter().position(|known| *known == priority).unwrap_or(0);
    format!("{:032x}", place + 1)
}

impl SupportPriority {
    pub fn of(doors: &Doors, priority: Priority) -> Self {
        let hours = |ms: i64| ms / 3_600_000;
        Self {
            url: doors.link("support-priorities", priority_id(priority)),
            uuid: priority_id(priority),
            name: priority.title(),
            description: format!(
                "First answer within {} hours, resolved within {} hours.",
                hours(priority.response_ms()),
                hours(priority.resolution_ms())
            ),
        }
    }
}

/// Statuses are fixed; their ids are made from their place.
pub fn status_id(place: usize) -> String {
    format!("{:032x}", place + 1)
}

impl SupportStatus {
    pub fn of(doors: &Doors, place: usize, state: TicketState) -> Self {
        let id = status_id(place);
        Self {
            url: doors.link("support-statuses", &id),
            uuid: id,
            name: state.word(),
            kind: if state.is_finished() { "resolved" } else { "open" },
        }
    }
}

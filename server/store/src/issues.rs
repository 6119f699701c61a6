//! Tickets as Waldur's clients see them: issues, with who works on them, their clocks and their comments.

use std::borrow::Cow;

use model::{
    CommentId, CustomerId, IssueType, OfferingId, Priority, ProjectId, ResourceId, ServiceLevel,
    TicketId, TicketKind, TicketState, Timestamp, UserId,
};

use crate::{
    Result, Row, Run, Tx,
    db::built,
    lists::{Clause, Kind, Shelf, filter},
    sql,
};

/// A ticket with everything about it.
#[derive(Debug, Clone)]
pub struct Issue {
    pub id: TicketId,
    pub number: u64,
    pub kind: TicketKind,
    pub issue_type: IssueType,
    pub state: TicketState,
    pub summary: String,
    pub text: String,
    pub answer: String,
    pub remote_id: String,
    pub customer: CustomerId,
    pub customer_name: String,
    pub project: Option<ProjectId>,
    pub project_name: Option<String>,
    pub resource: Option<ResourceId>,
    pub resource_name: Option<String>,
    pub offering: Option<OfferingId>,
    pub reporter: UserId,
    pub reporter_name: String,
    pub assignee: Option<UserId>,
    pub assignee_name: Option<String>,
    pub escalated_at: Option<Timestamp>,
    pub escalation_reason: String,
    pub level: ServiceLevel,
    pub updated_at: Timestamp,
}

const UNFINISHED: &str = "CASE WHEN t.state IN ('resolved', 'closed') THEN 0 ELSE 1 END = ?";

/// What can be asked of the tickets.
pub const SHELF: Shelf = Shelf {
    select: "t.id, t.number, t.kind, t.type, t.state, t.summary, t.text, t.answer, t.remote_id, t.customer_id,
        c.name AS customer, t.project_id, p.name AS project, t.resource_id, r.name AS resource, t.offering_id,
        t.user_id, u.full_name AS reporter, t.assignee_id, a.full_name AS assignee, t.priority, t.escalated_at,
        t.escalation_reason, t.created_at, t.updated_at, t.first_response_at, t.resolved_at, t.waiting_since,
        t.waited_ms",
    from: "tickets t JOIN customers c ON c.id = t.customer_id JOIN users u ON u.id = t.user_id
        LEFT JOIN users a ON a.id = t.assignee_id LEFT JOIN projects p ON p.id = t.project_id
        LEFT JOIN resources r ON r.id = t.resource_id",
    counted: "tickets t",
    filters: &[
        filter("status", Kind::Word(&["open", "assigned", "waiting", "resolved", "closed"]), "t.state IN (?)"),
        filter("is_open", Kind::Bool, UNFINISHED),
        filter(
            "state",
            Kind::Word(&["open", "assigned", "waiting", "resolved", "closed"]),
            "((? = 'open' AND t.state NOT IN ('resolved', 'closed')) OR t.state = ?)",
        ),
        filter(
            "type",
            Kind::Word(&["INFORMATIONAL", "SERVICE_REQUEST", "CHANGE_REQUEST", "INCIDENT"]),
            "t.type IN (?)",
        ),
        filter("priority", Kind::Word(&["critical", "high", "medium", "low"]), "t.priority IN (?)"),
        filter("summary", Kind::Contains, "LOWER(t.summary) LIKE ? ESCAPE '\\'"),
        filter(
            "query",
            Kind::Contains,
            "(LOWER(t.summary) LIKE ? ESCAPE '\\' OR LOWER(t.text) LIKE ? ESCAPE '\\')",
        ),
        filter("key", Kind::Text, "'CMP-' || t.number IN (?)"),
        filter("remote_id", Kind::Text, "t.remote_id IN (?)"),
        filter("customer", Kind::Id, "t.customer_id IN (?)"),
        filter("customer_uuid", Kind::Id, "t.customer_id IN (?)"),
        filter("project", Kind::Id, "t.project_id IN (?)"),
        filter("project_uuid", Kind::Id, "t.project_id IN (?)"),
        filter("resource", Kind::Id, "t.resource_id IN (?)"),
        filter("resource_uuid", Kind::Id, "t.resource_id IN (?)"),
        filter("assignee", Kind::Id, "t.assignee_id IN (?)"),
        filter("assignee_name", Kind::Contains, "LOWER(a.full_name) LIKE ? ESCAPE '\\'"),
        filter("caller", Kind::Id, "t.user_id IN (?)"),
        filter("caller_full_name", Kind::Contains, "LOWER(u.full_name) LIKE ? ESCAPE '\\'"),
        filter("reporter", Kind::Id, "t.user_id IN (?)"),
        filter("reporter_name", Kind::Contains, "LOWER(u.full_name) LIKE ? ESCAPE '\\'"),
        filter("is_escalated", Kind::Bool, "CASE WHEN t.escalated_at IS NULL THEN 0 ELSE 1 END = ?"),
        // Tickets are not handed on to sellers.
        filter("is_routed", Kind::Bool, "0 = ?"),
        filter(
            "provider_uuid",
            Kind::Id,
            "r.seller_id IN (?) OR EXISTS (SELECT 1 FROM offerings o JOIN providers v ON v.id = o.provider_id
                 WHERE o.id = t.offering_id AND (v.customer_id IN (?) OR v.id IN (?)))",
        ),
    ],
    orders: &[
        ("created", "t.created_at"),
        ("modified", "t.updated_at"),
        ("key", "t.number"),
        ("status", "t.state"),
        ("summary", "t.summary"),
        ("priority", "t.priority"),
        ("customer_name", "c.name"),
        ("assignee_name", "a.full_name"),
        ("caller_full_name", "u.full_name"),
    ],
    usual_order: "t.created_at DESC",
    id: "t.id",
};

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<Issue> {
    let time =
        |column| Ok::<_, crate::Error>(row.get::<Option<i64>>(column)?.map(Timestamp::from_ms));
    Ok(Issue {
        id: row.parse("tickets", "id")?,
        number: row.count("number")?,
        kind: row.parse("tickets", "kind")?,
        issue_type: row.parse("tickets", "type")?,
        state: row.parse("tickets", "state")?,
        summary: row.get("summary")?,
        text: row.get("text")?,
        answer: row.get::<Option<String>>("answer")?.unwrap_or_default(),
        remote_id: row.get("remote_id")?,
        customer: row.parse("tickets", "customer_id")?,
        customer_name: row.get("customer")?,
        project: row.parse_some("tickets", "project_id")?,
        project_name: row.get("project")?,
        resource: row.parse_some("tickets", "resource_id")?,
        resource_name: row.get("resource")?,
        offering: row.parse_some("tickets", "offering_id")?,
        reporter: row.parse("tickets", "user_id")?,
        reporter_name: row.get("reporter")?,
        assignee: row.parse_some("tickets", "assignee_id")?,
        assignee_name: row.get("assignee")?,
        escalated_at: time("escalated_at")?,
        escalation_reason: row.get("escalation_reason")?,
        level: ServiceLevel {
            created_at: Timestamp::from_ms(row.get("created_at")?),
            priority: row.parse("tickets", "priority")?,
            first_response_at: time("first_response_at")?,
            resolved_at: time("resolved_at")?,
            waited_ms: row.get("waited_ms")?,
            waiting_since: time("waiting_since")?,
        },
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
    })
}

/// A part of what operators work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Unfinished, and somebody's.
    Of(UserId),
    /// Unfinished, and nobody's.
    Unassigned,
    /// Unfinished, with an answer or a solution that should have been there.
    Overdue,
    All,
}

/// For each priority how long something may take, as SQL.
fn allowed(of: impl Fn(Priority) -> i64) -> String {
    let when =
        |priority: &Priority| format!(" WHEN '{}' THEN {}", priority.as_str(), of(*priority));
    format!("CASE t.priority{} ELSE 0 END", Priority::ALL.iter().map(when).collect::<String>())
}

/// Those of which a promise was broken until now, or the others: what [`ServiceLevel::is_breached`] says of one that was
/// read.
pub fn breached(now: Timestamp, yes: bool) -> Clause {
    let late = |done: &str, allowed: String| {
        format!(
            "COALESCE({done}, ?) > t.created_at + t.waited_ms + {allowed}
                 + CASE WHEN t.waiting_since IS NULL THEN 0 ELSE ? - t.waiting_since END"
        )
    };
    let response = late("t.first_response_at", allowed(Priority::response_ms));
    let resolution = late("t.resolved_at", allowed(Priority::resolution_ms));
    let sql = format!("CASE WHEN {response} OR {resolution} THEN 1 ELSE 0 END = ?");
    let (now, yes) = (now.ms(), i64::from(yes));
    Clause {
        sql: Cow::Owned(sql),
        values: [now, now, now, now, yes].map(|value| vec![value.into()]).into(),
    }
}

/// Which tickets are in a part of the queue: `$1` whose, `$2` nobody's, `$3` the time that is overdue then, `$4` unfinished.
fn queued() -> String {
    let (response, resolution) = (allowed(Priority::response_ms), allowed(Priority::resolution_ms));
    // The clocks stand still while a ticket waits for its reporter.
    let clock = "COALESCE(t.waiting_since, $3) - t.waited_ms - t.created_at";
    format!(
        "WHERE ($1 = '' OR t.assignee_id = $1) AND ($2 = 0 OR t.assignee_id IS NULL)
             AND ($4 = 0 OR t.state NOT IN ('resolved', 'closed'))
             AND ($3 = 0 OR (t.first_response_at IS NULL AND {clock} > {response}) OR {clock} > {resolution})"
    )
}

impl Queue {
    /// The values of [`queued`].
    fn values(self, now: Timestamp) -> (String, i64, i64, i64) {
        match self {
            Self::Of(user) => (user.to_string(), 0, 0, 1),
            Self::Unassigned => (String::new(), 1, 0, 1),
            Self::Overdue => (String::new(), 0, now.ms(), 1),
            Self::All => (String::new(), 0, 0, 0),
        }
    }
}

/// How many tickets a part of the queue has.
pub async fn queue_size(on: impl Run<'_>, queue: Queue, now: Timestamp) -> Result<u64> {
    let (whose, nobodys, late, open) = queue.values(now);
    built(on, format!("SELECT COUNT(*) AS n FROM tickets t {}", queued()))
        .bind(whose)
        .bind(nobodys)
        .bind(late)
        .bind(open)
        .one(|row| row.count("n"))
        .await
}

/// A page of a part of the queue: what is due first, then what waits for its reporter, then what is finished.
pub async fn queue(
    on: impl Run<'_>,
    queue: Queue,
    now: Timestamp,
    (limit, offset): (i64, i64),
) -> Result<Vec<Issue>> {
    let (response, resolution) = (allowed(Priority::response_ms), allowed(Priority::resolution_ms));
    let (whose, nobodys, late, open) = queue.values(now);
    let text = format!(
        "SELECT {} FROM {} {} ORDER BY
             CASE t.state WHEN 'resolved' THEN 2 WHEN 'closed' THEN 2 WHEN 'waiting' THEN 1 ELSE 0 END,
             CASE WHEN t.state IN ('resolved', 'closed') THEN -t.updated_at
                 WHEN t.first_response_at IS NULL THEN t.created_at + t.waited_ms + {response}
                 ELSE t.created_at + t.waited_ms + {resolution} END, t.id
         LIMIT $5 OFFSET $6",
        SHELF.select,
        SHELF.from,
        queued()
    );
    built(on, text)
        .bind(whose)
        .bind(nobodys)
        .bind(late)
        .bind(open)
        .bind(limit)
        .bind(offset)
        .all(read)
        .await
}

/// Keeps others from changing a ticket until the transaction ends; false when there is none.
pub async fn lock(tx: &mut Tx, id: TicketId) -> Result<bool> {
    let rows = sql(tx, "UPDATE tickets SET number = number WHERE id = $1")
        .bind(id.to_string())
        .execute()
        .await?;
    Ok(rows == 1)
}

/// Writes what may change of a ticket.
pub async fn save(tx: &mut Tx, issue: &Issue) -> Result<()> {
    let level = &issue.level;
    sql(
        tx,
        "UPDATE tickets SET summary = $2, text = $3, answer = $4, state = $5, priority = $6, assignee_id = $7,
             offering_id = $8, project_id = $9, resource_id = $10, remote_id = $11, escalated_at = $12,
             escalation_reason = $13, first_response_at = $14, resolved_at = $15, waiting_since = $16,
             waited_ms = $17, updated_at = $18 WHERE id = $1",
    )
    .bind(issue.id.to_string())
    .bind(issue.summary.clone())
    .bind(issue.text.clone())
    .bind(Some(issue.answer.clone()).filter(|text| !text.is_empty()))
    .bind(issue.state.as_str())
    .bind(level.priority.as_str())
    .bind(issue.assignee.map(|id| id.to_string()))
    .bind(issue.offering.map(|id| id.to_string()))
    .bind(issue.project.map(|id| id.to_string()))
    .bind(issue.resource.map(|id| id.to_string()))
    .bind(issue.remote_id.clone())
    .bind(issue.escalated_at.map(Timestamp::ms))
    .bind(issue.escalation_reason.clone())
    .bind(level.first_response_at.map(Timestamp::ms))
    .bind(level.resolved_at.map(Timestamp::ms))
    .bind(level.waiting_since.map(Timestamp::ms))
    .bind(level.waited_ms)
    .bind(issue.updated_at.ms())
    .execute()
    .await
    .map(drop)
}

/// What somebody says in a ticket.
#[derive(Debug, Clone)]
pub struct Comment {
    pub id: CommentId,
    pub ticket: TicketId,
    pub ticket_number: u64,
    pub customer: CustomerId,
    pub author: UserId,
    pub author_name: String,
    pub text: String,
    /// The reporter sees it as well.
    pub public: bool,
    pub created_at: Timestamp,
}

/// What can be asked of the comments.
pub const COMMENTS: Shelf = Shelf {
    select: "m.id, m.ticket_id, t.number, t.customer_id, m.user_id, u.full_name AS author, m.text, m.public, m.created_at",
    from: "ticket_comments m JOIN tickets t ON t.id = m.ticket_id JOIN users u ON u.id = m.user_id",
    counted: "",
    filters: &[
        filter("issue", Kind::Id, "m.ticket_id IN (?)"),
        filter("issue_uuid", Kind::Id, "m.ticket_id IN (?)"),
        filter("is_public", Kind::Bool, "m.public = ?"),
        filter("author_user", Kind::Id, "m.user_id IN (?)"),
        filter("description", Kind::Contains, "LOWER(m.text) LIKE ? ESCAPE '\\'"),
    ],
    orders: &[("created", "m.created_at")],
    usual_order: "m.created_at",
    id: "m.id",
};

/// Reads a row of [`COMMENTS`].
pub fn read_comment(row: &Row) -> Result<Comment> {
    Ok(Comment {
        id: row.parse("ticket_comments", "id")?,
        ticket: row.parse("ticket_comments", "ticket_id")?,
        ticket_number: row.count("number")?,
        customer: row.parse("tickets", "customer_id")?,
        author: row.parse("ticket_comments", "user_id")?,
        author_name: row.get("author")?,
        text: row.get("text")?,
        public: row.get::<i64>("public")? == 1,
        created_at: Timestamp::from_ms(row.get("created_at")?),
    })
}

pub async fn insert_comment(
    tx: &mut Tx,
    id: CommentId,
    ticket: TicketId,
    author: UserId,
    text: &str,
    public: bool,
    at: Timestamp,
) -> Result<()> {
    sql(
        tx,
        "INSERT INTO ticket_comments (id, ticket_id, user_id, text, public, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.to_string())
    .bind(ticket.to_string())
    .bind(author.to_string())
    .bind(text.to_owned())
    .bind(i64::from(public))
    .bind(at.ms())
    .execute()
    .await
    .map(drop)
}

/// How many comments a ticket has.
pub async fn comments(on: impl Run<'_>, ticket: TicketId) -> Result<u64> {
    sql(on, "SELECT COUNT(*) AS n FROM ticket_comments WHERE ticket_id = $1")
        .bind(ticket.to_string())
        .one(|row| row.count("n"))
        .await
}

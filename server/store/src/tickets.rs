//! Reports of problems.

use model::{
    CustomerId, IssueType, OfferingId, Priority, ProjectId, ResourceId, TicketId, TicketKind,
    TicketState, TicketView, Timestamp, UserId,
};

use crate::{Result, Row, Run, Tx, db::built, sql};

/// A ticket as it is opened.
#[derive(Debug, Clone)]
pub struct Opened {
    pub id: TicketId,
    pub number: i64,
    pub customer: CustomerId,
    pub user: UserId,
    pub offering: Option<OfferingId>,
    pub kind: TicketKind,
    pub text: String,
    pub reference: String,
    pub at: Timestamp,
    /// Empty: what kind it is says enough.
    pub summary: String,
    pub issue_type: IssueType,
    pub priority: Priority,
    pub project: Option<ProjectId>,
    pub resource: Option<ResourceId>,
    pub remote_id: String,
}

const SELECT: &str = "SELECT t.id, t.number, t.kind, t.state, t.text, t.customer_id, c.name AS customer,
             u.full_name AS reporter, t.offering_id, o.name AS service, t.answer, t.created_at, t.updated_at
         FROM tickets t JOIN customers c ON c.id = t.customer_id JOIN users u ON u.id = t.user_id
         LEFT JOIN offerings o ON o.id = t.offering_id";

fn read(row: &Row) -> Result<TicketView> {
    Ok(TicketView {
        id: row.parse("tickets", "id")?,
        number: row.count("number")?,
        kind: row.parse("tickets", "kind")?,
        state: row.parse("tickets", "state")?,
        text: row.get("text")?,
        customer_id: row.parse("tickets", "customer_id")?,
        customer: row.get("customer")?,
        reporter: row.get("reporter")?,
        service_id: row.parse_some("tickets", "offering_id")?,
        service: row.get("service")?,
        answer: row.get("answer")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
    })
}

/// The next ticket's number. Whoever has it is the only one who opens a ticket until the transaction ends, so that what
/// is counted meanwhile stays true.
pub async fn next_number(tx: &mut Tx) -> Result<i64> {
    sql(tx, "UPDATE versions SET version = version + 1 WHERE name = 'tickets' RETURNING version")
        .one(|row| row.get("version"))
        .await
}

pub async fn insert(tx: &mut Tx, ticket: &Opened) -> Result<()> {
    sql(
        tx,
        "INSERT INTO tickets (id, number, customer_id, user_id, offering_id, kind, state, text, reference,
             created_at, updated_at, summary, type, priority, project_id, resource_id, remote_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(ticket.id.to_string())
    .bind(ticket.number)
    .bind(ticket.customer.to_string())
    .bind(ticket.user.to_string())
    .bind(ticket.offering.map(|id| id.to_string()))
    .bind(ticket.kind.as_str())
    .bind(TicketState::Open.as_str())
    .bind(ticket.text.clone())
    .bind(ticket.reference.clone())
    .bind(ticket.at.ms())
    .bind(ticket.summary.clone())
    .bind(ticket.issue_type.as_str())
    .bind(ticket.priority.as_str())
    .bind(ticket.project.map(|id| id.to_string()))
    .bind(ticket.resource.map(|id| id.to_string()))
    .bind(ticket.remote_id.clone())
    .execute()
    .await
    .map(drop)
}

pub async fn find(on: impl Run<'_>, id: TicketId) -> Result<Option<TicketView>> {
    built(on, format!("{SELECT} WHERE t.id = $1")).bind(id.to_string()).optional(read).await
}

/// The ticket that a user's form has opened.
pub async fn by_reference(
    on: impl Run<'_>,
    user: UserId,
    reference: &str,
) -> Result<Option<TicketView>> {
    built(on, format!("{SELECT} WHERE t.user_id = $1 AND t.reference = $2"))
        .bind(user.to_string())
        .bind(reference.to_owned())
        .optional(read)
        .await
}

/// A page of a customer's tickets, newest first.
pub async fn of_customer(
    on: impl Run<'_>,
    customer: CustomerId,
    limit: i64,
    offset: i64,
) -> Result<Vec<TicketView>> {
    built(
        on,
        format!(
            "{SELECT} WHERE t.customer_id = $1 ORDER BY t.created_at DESC, t.id DESC LIMIT $2 OFFSET $3"
        ),
    )
    .bind(customer.to_string())
    .bind(limit)
    .bind(offset)
    .all(read)
    .await
}

/// How many tickets of a customer are unfinished.
pub async fn unfinished(on: impl Run<'_>, customer: CustomerId) -> Result<u64> {
    sql(
        on,
        "SELECT COUNT(*) AS n FROM tickets
         WHERE customer_id = $1 AND state NOT IN ('resolved', 'closed')",
    )
    .bind(customer.to_string())
    .one(|row| row.count("n"))
    .await
}

/// How many tickets a user has opened since a time, and when the first of them was.
pub async fn opened_since(
    on: impl Run<'_>,
    user: UserId,
    since: Timestamp,
) -> Result<(u64, Timestamp)> {
    sql(
        on,
        "SELECT COUNT(*) AS n, COALESCE(MIN(created_at), $2) AS first_at FROM tickets
         WHERE user_id = $1 AND created_at > $2",
    )
    .bind(user.to_string())
    .bind(since.ms())
    .one(|row| Ok((row.count("n")?, Timestamp::from_ms(row.get("first_at")?))))
    .await
}

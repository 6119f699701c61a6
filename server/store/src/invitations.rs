//! Offers of a role, by mail or link.

use model::{CustomerId, InvitationId, InvitationState, ScopeKind, ScopeRole, Timestamp, UserId};

use crate::{
    Result, Row, Run, Tx,
    lists::{Asked, Clause, Kind, Shelf, filter},
    sql,
};

/// An offer of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    pub kind: ScopeKind,
    pub scope: String,
    pub customer: CustomerId,
    pub role: ScopeRole,
    /// As it was last written: one whose time has run out may still be pending here.
    pub state: InvitationState,
    pub note: String,
    pub created_at: Timestamp,
    pub created_by: UserId,
    pub expires_at: Timestamp,
}

/// An offer with the names of what it is about.
#[derive(Debug, Clone)]
pub struct InvitationRow {
    pub invitation: Invitation,
    pub scope_name: String,
    pub customer_name: String,
    pub author_name: String,
    pub author_email: String,
}

/// What can be asked of the list of invitations.
pub const SHELF: Shelf = Shelf {
    select: "i.id, i.email, i.scope_kind, i.scope_id, i.customer_id, i.role, i.state, i.note, i.created_at,
        i.created_by, i.expires_at, c.name AS customer_name, u.full_name AS author_name, u.email AS author_email,
        COALESCE((SELECT p.name FROM projects p WHERE p.id = i.scope_id),
                 (SELECT o.name FROM offerings o WHERE o.id = i.scope_id), c.name) AS scope_name",
    from: "invitations i JOIN customers c ON c.id = i.customer_id JOIN users u ON u.id = i.created_by",
    counted: "",
    filters: &[
        filter("state", Kind::Word(&["pending", "accepted", "canceled", "rejected", "expired"]), "i.state IN (?)"),
        filter("email", Kind::Contains, "LOWER(i.email) LIKE ? ESCAPE '\\'"),
        filter("customer_uuid", Kind::Id, "i.customer_id IN (?)"),
        filter("scope", Kind::Id, "i.scope_id IN (?)"),
        filter("scope_type", Kind::Word(&["customer", "project", "offering"]), "i.scope_kind IN (?)"),
        filter("role_name", Kind::Text, "i.role IN (?)"),
    ],
    orders: &[("created", "i.created_at"), ("email", "i.email"), ("state", "i.state")],
    usual_order: "i.created_at DESC",
    id: "i.id",
};

fn read(row: &Row) -> Result<Invitation> {
    Ok(Invitation {
        id: row.parse("invitations", "id")?,
        email: row.get("email")?,
        kind: row.parse("invitations", "scope_kind")?,
        scope: row.get("scope_id")?,
        customer: row.parse("invitations", "customer_id")?,
        role: row.parse("invitations", "role")?,
        state: row.parse("invitations", "state")?,
        note: row.get("note")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        created_by: row.parse("invitations", "created_by")?,
        expires_at: Timestamp::from_ms(row.get("expires_at")?),
    })
}

/// Reads a row of [`SHELF`].
pub fn read_row(row: &Row) -> Result<InvitationRow> {
    Ok(InvitationRow {
        invitation: read(row)?,
        scope_name: row.get("scope_name")?,
        customer_name: row.get("customer_name")?,
        author_name: row.get("author_name")?,
        author_email: row.get("author_email")?,
    })
}

/// Adds an offer by the hash of its secret.
pub async fn insert(tx: &mut Tx, it: &Invitation, secret_hash: [u8; 32]) -> Result<()> {
    sql(
        tx,
        "INSERT INTO invitations (id, secret_hash, email, scope_kind, scope_id, customer_id, role, state, note,
             created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(it.id.to_string())
    .bind(secret_hash.to_vec())
    .bind(it.email.clone())
    .bind(it.kind.as_str())
    .bind(it.scope.clone())
    .bind(it.customer.to_string())
    .bind(it.role.as_str())
    .bind(it.state.as_str())
    .bind(it.note.clone())
    .bind(it.created_at.ms())
    .bind(it.created_by.to_string())
    .bind(it.expires_at.ms())
    .execute()
    .await
    .map(drop)
}

/// An offer with its names.
pub async fn find(on: impl Run<'_>, id: InvitationId) -> Result<Option<InvitationRow>> {
    let asked = Asked::default().and(Clause::of("i.id = ?", [id.to_string()]));
    SHELF.one(on, &asked, read_row).await
}

/// The id of the offer with a secret.
pub async fn by_secret(on: impl Run<'_>, hash: [u8; 32]) -> Result<Option<InvitationId>> {
    sql(on, "SELECT id FROM invitations WHERE secret_hash = $1")
        .bind(hash.to_vec())
        .optional(|row| row.parse("invitations", "id"))
        .await
}

/// Gives an offer another secret and more time.
pub async fn renew(
    tx: &mut Tx,
    id: InvitationId,
    secret_hash: [u8; 32],
    expires_at: Timestamp,
) -> Result<u64> {
    sql(
        tx,
        "UPDATE invitations SET secret_hash = $2, expires_at = $3, state = 'pending'
         WHERE id = $1 AND state IN ('pending', 'expired')",
    )
    .bind(id.to_string())
    .bind(secret_hash.to_vec())
    .bind(expires_at.ms())
    .execute()
    .await
}

/// Settles an offer that is pending; how many rows that was.
pub async fn settle(
    tx: &mut Tx,
    id: InvitationId,
    state: InvitationState,
    by: Option<UserId>,
) -> Result<u64> {
    sql(
        tx,
        "UPDATE invitations SET state = $2, accepted_by = $3 WHERE id = $1 AND state = 'pending'",
    )
    .bind(id.to_string())
    .bind(state.as_str())
    .bind(by.map(|id| id.to_string()))
    .execute()
    .await
}

/// How many offers of a customer are pending.
pub async fn pending(on: impl Run<'_>, customer: CustomerId) -> Result<u64> {
    sql(on, "SELECT COUNT(*) AS n FROM invitations WHERE customer_id = $1 AND state = 'pending'")
        .bind(customer.to_string())
        .one(|row| row.count("n"))
        .await
}

/// Whether an offer waits for whoever has an address, in small letters.
pub async fn awaits(on: impl Run<'_>, folded: &str, now: Timestamp) -> Result<bool> {
    sql(
        on,
        "SELECT 1 AS one FROM invitations
         WHERE LOWER(email) = $1 AND state = 'pending' AND expires_at > $2 LIMIT 1",
    )
    .bind(folded.to_owned())
    .bind(now.ms())
    .optional(|_| Ok(()))
    .await
    .map(|found| found.is_some())
}

/// Marks the offers whose time has run out.
pub async fn expire(on: impl Run<'_>, now: Timestamp) -> Result<u64> {
    sql(on, "UPDATE invitations SET state = 'expired' WHERE state = 'pending' AND expires_at <= $1")
        .bind(now.ms())
        .execute()
        .await
}

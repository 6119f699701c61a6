//! Roles: who may do what in which customer, project or offering.

use model::{CustomerId, ScopeKind, ScopeRole, Timestamp, UserId};

use crate::{Result, Row, Run, Tx, sql};

/// A role that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub kind: ScopeKind,
    /// The id of the customer, project or offering.
    pub scope: String,
    /// The customer that the scope belongs to.
    pub customer: CustomerId,
    pub user: UserId,
    pub role: ScopeRole,
    pub created_at: Timestamp,
    pub created_by: Option<UserId>,
    pub expires_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<Member> {
    Ok(Member {
        kind: row.parse("members", "scope_kind")?,
        scope: row.get("scope_id")?,
        customer: row.parse("members", "customer_id")?,
        user: row.parse("members", "user_id")?,
        role: row.parse("members", "role")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        created_by: row.parse_some("members", "created_by")?,
        expires_at: row.get::<Option<i64>>("expires_at")?.map(Timestamp::from_ms),
    })
}

/// Gives a role; what it was to end changes when it was there.
pub async fn put(tx: &mut Tx, member: &Member) -> Result<()> {
    sql(
        tx,
        "INSERT INTO members (scope_kind, scope_id, customer_id, user_id, role, created_at, created_by,
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (scope_id, user_id, role) DO UPDATE SET expires_at = excluded.expires_at",
    )
    .bind(member.kind.as_str())
    .bind(member.scope.clone())
    .bind(member.customer.to_string())
    .bind(member.user.to_string())
    .bind(member.role.as_str())
    .bind(member.created_at.ms())
    .bind(member.created_by.map(|id| id.to_string()))
    .bind(member.expires_at.map(Timestamp::ms))
    .execute()
    .await
    .map(drop)
}

/// Takes a role away, or all roles in the scope; how many that were.
pub async fn remove(
    tx: &mut Tx,
    scope: &str,
    user: UserId,
    role: Option<ScopeRole>,
) -> Result<u64> {
    sql(
        tx,
        "DELETE FROM members WHERE scope_id = $1 AND user_id = $2 AND ($3 IS NULL OR role = $3)",
    )
    .bind(scope.to_owned())
    .bind(user.to_string())
    .bind(role.map(|role| role.as_str().to_owned()))
    .execute()
    .await
}

/// The roles of a user that hold at a time, the oldest first.
pub async fn of_user(on: impl Run<'_>, user: UserId, now: Timestamp) -> Result<Vec<Member>> {
    sql(
        on,
        "SELECT scope_kind, scope_id, customer_id, user_id, role, created_at, created_by, expires_at FROM members
         WHERE user_id = $1 AND (expires_at IS NULL OR expires_at > $2)
         ORDER BY created_at, scope_id, role",
    )
    .bind(user.to_string())
    .bind(now.ms())
    .all(read)
    .await
}

/// The roles in a scope that hold at a time, the oldest first.
pub async fn of_scope(on: impl Run<'_>, scope: &str, now: Timestamp) -> Result<Vec<Member>> {
    sql(
        on,
        "SELECT scope_kind, scope_id, customer_id, user_id, role, created_at, created_by, expires_at FROM members
         WHERE scope_id = $1 AND (expires_at IS NULL OR expires_at > $2)
         ORDER BY created_at, user_id, role",
    )
    .bind(scope.to_owned())
    .bind(now.ms())
    .all(read)
    .await
}

/// Every role in a customer, its projects and its offerings that holds at a time, the oldest first.
pub async fn of_customer(
    on: impl Run<'_>,
    customer: CustomerId,
    now: Timestamp,
) -> Result<Vec<Member>> {
    sql(
        on,
        "SELECT scope_kind, scope_id, customer_id, user_id, role, created_at, created_by, expires_at FROM members
         WHERE customer_id = $1 AND (expires_at IS NULL OR expires_at > $2)
         ORDER BY created_at, user_id, scope_id, role",
    )
    .bind(customer.to_string())
    .bind(now.ms())
    .all(read)
    .await
}

/// How many owners of a customer there are whose role does not end.
pub async fn owners(on: impl Run<'_>, customer: CustomerId) -> Result<u64> {
    sql(
        on,
        "SELECT COUNT(*) AS n FROM members m JOIN users u ON u.id = m.user_id
         WHERE m.scope_id = $1 AND m.role = 'CUSTOMER.OWNER' AND m.expires_at IS NULL AND u.active = 1",
    )
    .bind(customer.to_string())
    .one(|row| row.count("n"))
    .await
}

/// The customer that a scope belongs to, and the scope's name; removed ones are not there.
pub async fn home(
    on: impl Run<'_>,
    kind: ScopeKind,
    scope: &str,
) -> Result<Option<(CustomerId, String)>> {
    let text = match kind {
        ScopeKind::Customer => {
            "SELECT id AS customer_id, name FROM customers WHERE id = $1 AND removed_at IS NULL"
        }
        ScopeKind::Project => {
            "SELECT customer_id, name FROM projects WHERE id = $1 AND removed_at IS NULL"
        }
        ScopeKind::Offering => {
            "SELECT v.customer_id, o.name FROM offerings o JOIN providers v ON v.id = o.provider_id WHERE o.id = $1"
        }
    };
    sql(on, text)
        .bind(scope.to_owned())
        .optional(|row| Ok((row.parse("members", "customer_id")?, row.get("name")?)))
        .await
}

/// One role of somebody in a scope, ended or not.
pub async fn find(
    on: impl Run<'_>,
    scope: &str,
    user: UserId,
    role: ScopeRole,
) -> Result<Option<Member>> {
    sql(
        on,
        "SELECT scope_kind, scope_id, customer_id, user_id, role, created_at, created_by, expires_at FROM members
         WHERE scope_id = $1 AND user_id = $2 AND role = $3",
    )
    .bind(scope.to_owned())
    .bind(user.to_string())
    .bind(role.as_str())
    .optional(read)
    .await
}

/// How many people have a role, by the role.
pub async fn counts(on: impl Run<'_>, now: Timestamp) -> Result<Vec<(ScopeRole, i64)>> {
    sql(
        on,
        "SELECT role, COUNT(DISTINCT user_id) AS n FROM members WHERE expires_at IS NULL OR expires_at > $1
         GROUP BY role ORDER BY role",
    )
    .bind(now.ms())
    .all(|row| Ok((row.parse("members", "role")?, row.get("n")?)))
    .await
}

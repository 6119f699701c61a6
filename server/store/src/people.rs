//! Accounts as lists and their owners see them. Sessions, passwords and the tokens of signing in are in [`crate::users`].

use model::{CustomerId, Role, Timestamp, UserId};
use serde_json::{Map, Value};

use crate::{
    Db, Result, Row, Run, Tx,
    lists::{Asked, Clause, Filter, Kind, Shelf, filter, nothing},
    sql,
};

/// An account without its secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub id: UserId,
    pub email: String,
    pub full_name: String,
    pub role: Option<Role>,
    pub active: bool,
    /// What is only kept and shown again.
    pub details: Map<String, Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

const SELECT: &str =
    "u.id, u.email, u.full_name, u.role, u.active, u.details, u.created_at, u.updated_at";

const ORDERS: &[(&str, &str)] = &[
    ("full_name", "u.full_name"),
    ("email", "u.email_folded"),
    ("username", "u.email_folded"),
    ("date_joined", "u.created_at"),
    ("is_active", "u.active"),
    ("is_staff", "CASE WHEN u.role = 'staff' THEN 1 ELSE 0 END"),
    ("is_support", "CASE WHEN u.role = 'support' THEN 1 ELSE 0 END"),
];

const FULL_NAME: Filter =
    filter("full_name", Kind::Contains, "LOWER(u.full_name) LIKE ? ESCAPE '\\'");

/// Everybody registered in the same way, by Waldur's word for it.
const REGISTERED: Filter = filter("registration_method", Kind::Text, "'default' IN (?)");

/// What operators can ask of the list of people.
pub const SHELF: Shelf = Shelf {
    select: SELECT,
    from: "users u",
    counted: "",
    filters: &[
        FULL_NAME,
        filter("username", Kind::Contains, "u.email_folded LIKE ? ESCAPE '\\'"),
        filter("email", Kind::Contains, "u.email_folded LIKE ? ESCAPE '\\'"),
        filter(
            "query",
            Kind::Contains,
            "LOWER(u.full_name) LIKE ? ESCAPE '\\' OR u.email_folded LIKE ? ESCAPE '\\'",
        ),
        filter(
            "user_keyword",
            Kind::Contains,
            "LOWER(u.full_name) LIKE ? ESCAPE '\\' OR u.email_folded LIKE ? ESCAPE '\\'",
        ),
        filter("is_active", Kind::Bool, "u.active = ?"),
        filter("is_staff", Kind::Bool, "CASE WHEN u.role = 'staff' THEN 1 ELSE 0 END = ?"),
        filter("is_support", Kind::Bool, "CASE WHEN u.role = 'support' THEN 1 ELSE 0 END = ?"),
        filter("date_joined", Kind::Time, "u.created_at >= ?"),
        filter("modified", Kind::Time, "u.updated_at >= ?"),
        // It is kept among the details, as JSON without spaces.
        filter(
            "organization",
            Kind::Text,
            "LOWER(u.details) LIKE '%\"organization\":\"' || LOWER(?) || '\"%'",
        ),
        filter(
            "organization_roles",
            Kind::Text,
            "EXISTS (SELECT 1 FROM members m WHERE m.user_id = u.id AND m.scope_kind = 'customer' AND m.role IN (?))",
        ),
        filter(
            "project_roles",
            Kind::Text,
            "EXISTS (SELECT 1 FROM members m WHERE m.user_id = u.id AND m.scope_kind = 'project' AND m.role IN (?))",
        ),
        REGISTERED,
    ],
    orders: ORDERS,
    usual_order: "u.full_name",
    id: "u.id",
};

/// What anybody can ask of the people whom they know: nothing that would tell an address which they may not see.
pub const PEERS: Shelf = Shelf {
    select: SELECT,
    from: "users u",
    counted: "",
    filters: &[
        FULL_NAME,
        filter("query", Kind::Contains, "LOWER(u.full_name) LIKE ? ESCAPE '\\'"),
        filter("user_keyword", Kind::Contains, "LOWER(u.full_name) LIKE ? ESCAPE '\\'"),
        filter("is_active", Kind::Bool, "u.active = ?"),
        filter("date_joined", Kind::Time, "u.created_at >= ?"),
        filter("modified", Kind::Time, "u.updated_at >= ?"),
        // Exactly: a part of an address would let it be guessed letter by letter.
        filter("username", Kind::Text, "u.email_folded = LOWER(?)"),
        filter("email", Kind::Text, "u.email_folded = LOWER(?)"),
        REGISTERED,
        // What colleagues are not told of each other.
        nothing("is_staff"),
        nothing("is_support"),
        nothing("organization"),
        nothing("organization_roles"),
        nothing("project_roles"),
    ],
    orders: &[("full_name", "u.full_name"), ("date_joined", "u.created_at")],
    usual_order: "u.full_name",
    id: "u.id",
};

/// Who has a role in what.
const MEMBERS: Shelf = Shelf {
    select: "DISTINCT m.user_id",
    from: "members m",
    counted: "",
    filters: &[],
    orders: &[],
    usual_order: "",
    id: "m.user_id",
};

/// Reads a row of [`SHELF`] or [`PEERS`].
pub fn read(row: &Row) -> Result<Account> {
    Ok(Account {
        id: row.parse("users", "id")?,
        email: row.get("email")?,
        full_name: row.get("full_name")?,
        role: row.parse_some("users", "role")?,
        active: row.get::<i64>("active")? == 1,
        details: row.json("users", "details")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
    })
}

/// An account.
pub async fn find(on: impl Run<'_>, id: UserId) -> Result<Option<Account>> {
    let asked = Asked::default().and(Clause::of("u.id = ?", [id.to_string()]));
    SHELF.one(on, &asked, read).await
}

/// Some accounts.
pub async fn some(db: &Db, ids: impl IntoIterator<Item = UserId>) -> Result<Vec<Account>> {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    SHELF.all(db, &Asked::default().and(Clause::of("u.id IN (?)", ids)), 10_000, read).await
}

/// Those of some people who have a role in one of some customers.
pub async fn among(db: &Db, people: &[UserId], customers: &[CustomerId]) -> Result<Vec<UserId>> {
    let asked = Asked::default()
        .and(Clause::of("m.user_id IN (?)", people.iter().map(ToString::to_string)))
        .and(Clause::of("m.customer_id IN (?)", customers.iter().map(ToString::to_string)));
    MEMBERS.all(db, &asked, 10_000, |row| row.parse("members", "user_id")).await
}

/// Writes what may change of an account; `Conflict` when the folded address is another's.
pub async fn update(tx: &mut Tx, account: &Account, folded: &str) -> Result<()> {
    sql(
        tx,
        "UPDATE users SET email = $2, email_folded = $3, full_name = $4, role = $5, active = $6, details = $7,
             updated_at = $8 WHERE id = $1",
    )
    .bind(account.id.to_string())
    .bind(account.email.clone())
    .bind(folded.to_owned())
    .bind(account.full_name.clone())
    .bind(account.role.map(|role| role.as_str().to_owned()))
    .bind(i64::from(account.active))
    .bind(Value::Object(account.details.clone()).to_string())
    .bind(account.updated_at.ms())
    .execute()
    .await
    .map(drop)
}

/// Ends every session and token of somebody.
pub async fn shut_out(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<()> {
    for text in
        ["DELETE FROM sessions WHERE user_id = $1", "DELETE FROM api_tokens WHERE user_id = $1"]
    {
        sql(&mut *tx, text).bind(id.to_string()).execute().await?;
    }
    sql(tx, "UPDATE access_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL")
        .bind(id.to_string())
        .bind(now.ms())
        .execute()
        .await
        .map(drop)
}

/// Ends every way into an account but its password: what [`shut_out`] ends, second factor, passkeys, open links, and the
/// hooks that would go on telling somebody else of it.
pub async fn evict(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<()> {
    shut_out(tx, id, now).await?;
    for text in [
        "DELETE FROM recovery_codes WHERE user_id = $1",
        "DELETE FROM second_factors WHERE user_id = $1",
        "DELETE FROM passkeys WHERE user_id = $1",
        "DELETE FROM links WHERE user_id = $1",
        "DELETE FROM hooks WHERE user_id = $1",
    ] {
        sql(&mut *tx, text).bind(id.to_string()).execute().await?;
    }
    Ok(())
}

/// Has a role in one of these customers, or in what belongs to them.
pub const IN_CUSTOMER: &str =
    "EXISTS (SELECT 1 FROM members m WHERE m.user_id = u.id AND m.customer_id IN (?))";

/// Has a role in one of these very scopes.
pub const IN_SCOPE: &str =
    "EXISTS (SELECT 1 FROM members m WHERE m.user_id = u.id AND m.scope_id IN (?))";

/// Is one of these, or has a role in one of these customers or scopes.
pub const KNOWN: &str = "u.id IN (?) OR EXISTS (SELECT 1 FROM members m WHERE m.user_id = u.id
             AND (m.customer_id IN (?) OR m.scope_id IN (?)))";

/// Has a role, which has not ended at a time, in a project or customer that has something of one of these sellers.
pub const BUYS: &str = "EXISTS (SELECT 1 FROM members m
             JOIN resources r ON (m.scope_id = r.project_id OR m.scope_id = r.customer_id)
             WHERE m.user_id = u.id AND (m.expires_at IS NULL OR m.expires_at > ?) AND r.seller_id IN (?)
                 AND r.state <> 'terminated')";

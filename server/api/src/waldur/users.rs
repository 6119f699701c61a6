//! `/api/users/`: people.

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use market::{
    Account, Error, OwnRole, PEERS, PEOPLE, Permission, USER_DETAILS, UserChange, UserRow,
};
use model::{Role, UserId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    answer::{Listing, gone, made, single},
    links::{self, hex, id_of as id_in},
    roles::role_id,
    schema,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    errors::ApiError,
    openapi::{Door, Field, Takes, may, must},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [
        door("/api/users", get(list).post(create)),
        door("/api/users/me", get(me)),
        door("/api/users/{uuid}", get(find).patch(update).put(update).delete(remove)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

const NEW: &[Field] = &[
    must("username", Takes::Text),
    must("email", Takes::Text),
    may("first_name", Takes::Text),
    may("last_name", Takes::Text),
    may("full_name", Takes::Text),
    may("is_staff", Takes::Flag),
    may("is_support", Takes::Flag),
    may("is_active", Takes::Flag),
    may("role", Takes::Text),
];

const CHANGES: &[Field] = &[
    may("email", Takes::Text),
    may("first_name", Takes::Text),
    may("last_name", Takes::Text),
    may("full_name", Takes::Text),
    may("is_staff", Takes::Flag),
    may("is_support", Takes::Flag),
    may("is_active", Takes::Flag),
    may("role", Takes::Text),
];

const SCOPES: &[(&str, &str)] = &[
    ("customer_uuid", "Only those with a role in this organization."),
    ("project_uuid", "Only those with a role in this project."),
];

pub fn doors() -> Vec<Door> {
    let one = |method, summary| {
        Door::new(method, "/api/users/{uuid}/", summary)
            .answers(200, "User")
            .refuses(&[400, 403, 404, 409])
    };
    vec![
        Door::list("/api/users/", "People whom the caller knows", "User", PEOPLE.filters)
            .query(SCOPES),
        Door::new("post", "/api/users/", "Make an account without a password (operators)")
            .fields(NEW)
            .answers(201, "User")
            .refuses(&[403]),
        Door::new("get", "/api/users/me/", "Who the caller is, with all roles")
            .answers(200, "User"),
        one("get", "Somebody"),
        one("patch", "Change an account").fields(CHANGES),
        one("put", "Change an account").fields(CHANGES).needs(&[must("email", Takes::Text)]),
        Door::new("delete", "/api/users/{uuid}/", "Shut somebody out (operators)")
            .empty()
            .refuses(&[403, 404, 409]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![schema::<User>(), schema::<Own>(), schema::<OwnPermission>()]
}

/// A role of the caller's.
#[derive(Serialize, ToSchema)]
pub struct OwnPermission {
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_time: Option<String>,
    user_uuid: String,
    role_name: String,
    role_uuid: String,
    role_description: String,
    scope_type: String,
    scope_uuid: String,
    scope_name: String,
    customer_uuid: String,
    customer_name: String,
}

/// What only the caller is told of themselves.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnUser)]
pub struct Own {
    slug: String,
    /// Always null: a token works until it is taken back.
    token_lifetime: Option<i64>,
    /// Always null: nobody is asked to agree to a policy.
    agreement_date: Option<String>,
}

/// Somebody. What the caller may not see is left out.
#[derive(Serialize, ToSchema)]
pub struct User {
    url: String,
    uuid: String,
    full_name: String,
    first_name: String,
    last_name: String,
    is_active: bool,
    date_joined: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_staff: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_support: Option<bool>,
    /// What an operator is, where there is more to it than staff and support.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<OwnPermission>>,
    #[serde(flatten)]
    own: Option<Own>,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    details: Map<String, Value>,
}

impl User {
    fn new(doors: &Doors, UserRow { account, whole }: UserRow) -> Self {
        let Account { id, email, full_name, role, active, details, created_at, .. } = account;
        let (first, last) = full_name.split_once(' ').unwrap_or((full_name.as_str(), ""));
        Self {
            url: doors.link(links::USERS, id),
            uuid: hex(id),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            full_name: full_name.clone(),
            is_active: active,
            date_joined: created_at.to_string(),
            username: whole.then(|| email.clone()),
            email: whole.then_some(email),
            is_staff: whole.then_some(role == Some(Role::Staff)),
            is_support: whole.then_some(role == Some(Role::Support)),
            role: role.filter(|_| whole).map(|role| role.as_str().to_owned()),
            permissions: None,
            own: None,
            details: if whole { details } else { Map::new() },
        }
    }
}

fn permission(own: OwnRole) -> OwnPermission {
    let member = own.member;
    OwnPermission {
        created: member.created_at.to_string(),
        expiration_time: member.expires_at.map(|at| at.to_string()),
        user_uuid: hex(member.user),
        role_name: member.role.as_str().to_owned(),
        role_uuid: role_id(member.role).to_owned(),
        role_description: member.role.title().to_owned(),
        scope_type: member.kind.as_str().to_owned(),
        scope_uuid: hex(member.scope),
        scope_name: own.scope_name,
        customer_uuid: hex(member.customer),
        customer_name: own.customer_name,
    }
}

fn id_of(text: &str) -> Result<UserId, ApiError> {
    text.parse().map_err(|_| ApiError::Market(Error::Missing("user")))
}

/// What the body says of a person who had this role. `first_name` and `last_name` make a name where `full_name` does
/// not.
fn change(fields: &mut Fields, before: Option<Role>) -> UserChange {
    let full_name = fields.may_text("full_name", 150);
    let names = (fields.may_text("first_name", 75), fields.may_text("last_name", 74));
    let joined = match names {
        (None, None) => None,
        (first, last) => Some(
            [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ").trim().to_owned(),
        ),
    };
    let mut change = UserChange {
        email: fields.may_text("email", 254),
        full_name: full_name.filter(|name| !name.is_empty()).or(joined),
        active: fields.may_bool("is_active"),
        role: role(fields, before),
        ..UserChange::default()
    };
    for (name, most) in USER_DETAILS {
        if fields.has(name) {
            let text = fields.may_text(name, *most).filter(|text| !text.is_empty());
            change.details.insert((*name).to_owned(), text.map_or(Value::Null, Value::String));
        }
    }
    change
}

/// The operator's role that is meant: by its name, or by the two flags that Waldur has. A flag that is taken away takes
/// away the role that it names and no other.
#[expect(clippy::option_option, reason = "not sent, taken away, or given")]
fn role(fields: &mut Fields, before: Option<Role>) -> Option<Option<Role>> {
    if fields.has("role") {
        return Some(fields.may_word("role"));
    }
    let (staff, support) = (fields.may_bool("is_staff"), fields.may_bool("is_support"));
    flagged(staff, support, before)
}

#[expect(clippy::option_option, reason = "not sent, taken away, or given")]
fn flagged(
    staff: Option<bool>,
    support: Option<bool>,
    before: Option<Role>,
) -> Option<Option<Role>> {
    match (staff, support, before) {
        (Some(true), _, _) => Some(Some(Role::Staff)),
        // Staff may do all that support may.
        (None, Some(true), Some(Role::Staff)) => None,
        (_, Some(true), _) => Some(Some(Role::Support)),
        (Some(false), _, Some(Role::Staff)) | (_, Some(false), Some(Role::Support)) => Some(None),
        _ => None,
    }
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let all = caller.actor.may_everywhere(Permission::SeeUsers);
    let asked = listing.asked(if all { &PEOPLE } else { &PEERS })?;
    let scope = |name: &str| listing.query.text(name).map(str::to_owned);
    let customer = match scope("customer_uuid") {
        Some(text) => Some(id_in(&text, &[links::CUSTOMERS]).map_err(|_| wrong("customer_uuid"))?),
        None => None,
    };
    let project = match scope("project_uuid") {
        Some(text) => Some(id_in(&text, &[links::PROJECTS]).map_err(|_| wrong("project_uuid"))?),
        None => None,
    };
    let (mut found, mut total) = doors
        .market
        .users()
        .list(&caller.actor, asked, (customer, project), listing.range())
        .await?;
    if scope("email").or_else(|| scope("username")).is_some() {
        // Whose address is not shown is not found by it. An address has one account, so that this is the only page.
        found.retain(|row| row.whole);
        total = if all { total } else { found.len() as u64 };
    }
    let items: Vec<User> = found.into_iter().map(|row| User::new(&doors, row)).collect();
    listing.answer(&doors, &items, total)
}

fn wrong(name: &str) -> ApiError {
    ApiError::Market(Error::field(name, "Enter a valid UUID."))
}

async fn me(State(doors): State<Shared>, caller: SignedIn, query: Query) -> Answer {
    let (account, roles) = doors.market.users().me(&caller.actor).await?;
    let slug = Some(model::slug_of(&account.full_name)).filter(|slug| {
        !slug.is_empty() && slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    let own = Own {
        slug: slug.unwrap_or_else(|| hex(account.id)),
        token_lifetime: None,
        agreement_date: None,
    };
    let mut user = User::new(&doors, UserRow { account, whole: true });
    user.own = Some(own);
    user.permissions = Some(roles.into_iter().map(permission).collect());
    Ok(single(&query, &user))
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let email = fields.must_text("email", 254);
    fields.must_text("username", 254);
    let draft = UserChange { email, ..change(&mut fields, None) };
    fields.check()?;
    let row = doors.market.users().create(&caller.actor, draft).await?;
    Ok(made(&User::new(&doors, row)))
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    query: Query,
) -> Answer {
    let row = doors.market.users().find(&caller.actor, id_of(&uuid)?).await?;
    Ok(single(&query, &User::new(&doors, row)))
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(uuid): Named,
    mut fields: Fields,
) -> Answer {
    let id = id_of(&uuid)?;
    let before = doors.market.users().find(&caller.actor, id).await?;
    let mut change = change(&mut fields, before.account.role);
    change.email = change.email.filter(|email| !email.is_empty());
    fields.check()?;
    let row = doors.market.users().update(&caller.actor, id, change).await?;
    Ok(axum::Json(User::new(&doors, row)).into_response())
}

async fn remove(State(doors): State<Shared>, caller: SignedIn, Named(uuid): Named) -> Answer {
    doors.market.users().deactivate(&caller.actor, id_of(&uuid)?).await?;
    Ok(gone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_takes_away_only_the_role_that_it_names() {
        use Role::{Staff, Support};
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(flagged(no, None, Some(Support)), None);
        assert_eq!(flagged(no, None, Some(Staff)), Some(None));
        assert_eq!(flagged(None, no, Some(Staff)), None);
        assert_eq!(flagged(None, yes, Some(Staff)), None);
        assert_eq!(flagged(no, yes, Some(Staff)), Some(Some(Support)));
        assert_eq!(flagged(yes, no, None), Some(Some(Staff)));
        assert_eq!(flagged(no, no, None), None);
    }
}

//! People: their accounts as they, their colleagues and the operators see them.

use model::{CustomerId, Email, Fault, FullName, ProjectId, Role, UserId};
use serde_json::{Map, Value, json};
use store::{
    links::{self, Purpose},
    members::Member,
    people::{Account, PEERS, SHELF, read},
};

use crate::{
    Actor, Asked, Clause, Error, Market, On, Permission, Result, audit::Deed, identity::NOBODY,
    plain::plain,
};

/// What is kept of a person only to be shown again, with the most characters of each.
pub const USER_DETAILS: &[(&str, usize)] = &[
    ("native_name", 100),
    ("phone_number", 255),
    ("organization", 255),
    ("job_title", 120),
    ("description", 500),
    ("preferred_language", 10),
    ("address", 300),
    ("country_of_residence", 2),
];

/// The service for them.
#[derive(Debug, Clone, Copy)]
pub struct Users<'a>(pub(crate) &'a Market);

/// What is to be changed of an account; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    pub email: Option<String>,
    pub full_name: Option<String>,
    /// The inner one is none for somebody who is no operator.
    pub role: Option<Option<Role>>,
    pub active: Option<bool>,
    /// Of [`USER_DETAILS`]; null takes one away.
    pub details: Map<String, Value>,
}

/// An account as the reader may see it.
#[derive(Debug, Clone)]
pub struct UserRow {
    pub account: Account,
    /// Whether the reader may see the address and the like.
    pub whole: bool,
}

/// A role of the reader's own with the names of what it is about.
#[derive(Debug, Clone)]
pub struct OwnRole {
    pub member: Member,
    pub scope_name: String,
    pub customer_name: String,
}

impl Users<'_> {
    /// The people that the actor knows: operators everybody, others themselves and who shares a customer, project or
    /// offering with them.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        (customer, project): (Option<CustomerId>, Option<ProjectId>),
        range: (i64, i64),
    ) -> Result<(Vec<UserRow>, u64)> {
        actor.must_be_person()?;
        let db = self.0.core().db();
        let mut asked = asked;
        if let Some(id) = customer {
            if !actor.knows(On::customer(id)) && !actor.may_everywhere(Permission::SeeUsers) {
                return Ok((Vec::new(), 0));
            }
            asked = asked.and(Clause::of(store::people::IN_CUSTOMER, [id.to_string()]));
        }
        if let Some(id) = project {
            let home = store::customers::find_project(db, id).await?;
            let known = home.is_some_and(|p| actor.knows(On::project(p.customer_id, id)));
            if !known {
                return Ok((Vec::new(), 0));
            }
            asked = asked.and(Clause::of(store::people::IN_SCOPE, [id.to_string()]));
        }
        if actor.may_everywhere(Permission::SeeUsers) {
            let (found, total) = SHELF.page(db, &asked, range, read).await?;
            return Ok((
                found.into_iter().map(|account| UserRow { account, whole: true }).collect(),
                total,
            ));
        }
        let asked = asked.and(peers(actor));
        let (found, total) = PEERS.page(db, &asked, range, read).await?;
        Ok((self.shown(actor, found).await?, total))
    }

    /// One person.
    pub async fn find(&self, actor: &Actor, id: UserId) -> Result<UserRow> {
        actor.must_be_person()?;
        let account = store::people::find(self.0.core().db(), id).await?;
        let account = account.ok_or(Error::Missing("user"))?;
        if actor.may_everywhere(Permission::SeeUsers) {
            return Ok(UserRow { account, whole: true });
        }
        if !self.knows(actor, id).await? {
            return Err(Error::Missing("user"));
        }
        self.shown(actor, vec![account]).await?.pop().ok_or(Error::Missing("user"))
    }

    /// Whether the actor knows of somebody.
    pub(crate) async fn knows(&self, actor: &Actor, id: UserId) -> Result<bool> {
        if actor.may_everywhere(Permission::SeeUsers) || actor.user() == Some(id) {
            return Ok(true);
        }
        let asked =
            Asked::default().and(Clause::of("u.id = ?", [id.to_string()])).and(peers(actor));
        Ok(PEERS.count(self.0.core().db(), &asked).await? > 0)
    }

    /// The addresses of colleagues are for owners and managers.
    async fn shown(&self, actor: &Actor, found: Vec<Account>) -> Result<Vec<UserRow>> {
        let ids: Vec<UserId> = found.iter().map(|account| account.id).collect();
        let ruled = actor.customers_with(Permission::SeeMembers);
        let whole = if ids.is_empty() || ruled.is_empty() {
            Vec::new()
        } else {
            store::people::among(self.0.core().db(), &ids, &ruled).await?
        };
        let row = |account: Account| UserRow {
            whole: actor.user() == Some(account.id) || whole.contains(&account.id),
            account,
        };
        Ok(found.into_iter().map(row).collect())
    }

    /// The actor's own account and roles.
    pub async fn me(&self, actor: &Actor) -> Result<(Account, Vec<OwnRole>)> {
        let id = actor.must_be_person()?;
        let core = self.0.core();
        let account = store::people::find(core.db(), id).await?.ok_or(Error::Missing("user"))?;
        let mut roles = Vec::new();
        for member in store::members::of_user(core.db(), id, core.now()).await? {
            let home = store::members::home(core.db(), member.kind, &member.scope).await?;
            let customer = store::customers::find(core.db(), member.customer).await?;
            if let (Some((_, scope_name)), Some(customer)) = (home, customer) {
                roles.push(OwnRole { member, scope_name, customer_name: customer.name });
            }
        }
        Ok((account, roles))
    }

    /// Makes an account without a password, which its owner sets by a link. Operators only.
    pub async fn create(&self, actor: &Actor, draft: UserChange) -> Result<UserRow> {
        actor.must_be_person()?;
        actor.must_everywhere(Permission::ManageUsers)?;
        let core = self.0.core();
        let now = core.now();
        let mut account = Account {
            id: core.id(UserId::new),
            email: String::new(),
            full_name: String::new(),
            role: None,
            active: true,
            details: Map::new(),
            created_at: now,
            updated_at: now,
        };
        let folded = apply(&mut account, &draft)?;
        if account.full_name.is_empty() {
            account.full_name = account.email.split('@').next().unwrap_or_default().to_owned();
        }
        let user = store::users::User {
            id: account.id,
            email: account.email.clone(),
            full_name: account.full_name.clone(),
            password_hash: NOBODY.to_owned(),
            role: None,
            created_at: now,
        };
        let mut tx = core.db().begin().await?;
        store::users::insert(&mut tx, &user, &folded).await.map_err(taken)?;
        store::people::update(&mut tx, &account, &folded).await.map_err(taken)?;
        let deed = deed("user_creation_succeeded", &account, "created");
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        Ok(UserRow { account, whole: true })
    }

    /// Changes an account: everybody their own name, operators everything.
    pub async fn update(&self, actor: &Actor, id: UserId, change: UserChange) -> Result<UserRow> {
        let me = actor.must_be_person()?;
        let manages = actor.may_everywhere(Permission::ManageUsers);
        if me != id && !manages {
            return Err(if self.knows(actor, id).await? {
                Error::Denied
            } else {
                Error::Missing("user")
            });
        }
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        // The whole row is written: what another changes meanwhile must not be undone.
        store::users::lock(&mut tx, id).await?;
        let before = store::people::find(&mut tx, id).await?.ok_or(Error::Missing("user"))?;
        let mut account = before.clone();
        let folded = apply(&mut account, &change)?;
        let ruled = (&before.email, before.role, before.active)
            != (&account.email, account.role, account.active);
        if ruled && !manages {
            return Err(Error::Denied);
        }
        if me == id && manages && (before.role, before.active) != (account.role, account.active) {
            return Err(Error::Conflict(
                "Nobody takes their own operator role away. Another operator can.",
            ));
        }
        account.updated_at = core.now();
        store::people::update(&mut tx, &account, &folded).await.map_err(taken)?;
        if before.email.to_lowercase() != folded {
            // Nobody has shown that they read the mail of the other address, and links to the old one are another's.
            store::users::unverify(&mut tx, id).await?;
            for purpose in [Purpose::Reset, Purpose::Verify] {
                links::drop_all(&mut tx, id, purpose).await?;
            }
        }
        if before.active && !account.active {
            store::people::shut_out(&mut tx, id, core.now()).await?;
        }
        let deed = match (before.active, account.active) {
            (true, false) => deed("user_deactivated", &account, "deactivated"),
            (false, true) => deed("user_activated", &account, "activated"),
            _ => deed("user_update_succeeded", &account, "updated"),
        };
        let role = |role: Option<Role>| role.map(Role::as_str);
        let deed = deed.with(json!({
            "old_role": role(before.role), "role": role(account.role), "affected_user_uuid": id,
        }));
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        if before.email.to_lowercase() != folded && self.0.mails().are_sent() {
            self.0.identity().send_verification(id).await?;
        }
        Ok(UserRow { account, whole: true })
    }

    /// Shuts somebody out: sessions and tokens end at once. What they did stays. Operators only.
    pub async fn deactivate(&self, actor: &Actor, id: UserId) -> Result<()> {
        actor.must_be_person()?;
        if !actor.may_everywhere(Permission::ManageUsers) {
            return Err(if self.knows(actor, id).await? {
                Error::Denied
            } else {
                Error::Missing("user")
            });
        }
        let change = UserChange { active: Some(false), ..UserChange::default() };
        self.update(actor, id, change).await.map(drop)
    }
}

/// Themselves, and who shares a customer, project or offering with them.
fn peers(actor: &Actor) -> Clause {
    let ids = |list: Vec<String>| list.into_iter().map(Into::into).collect();
    let scopes = [actor.project_scopes(), actor.offering_scopes()].concat();
    let me = actor.user().map(|id| id.to_string()).into_iter().collect();
    Clause::lists(store::people::KNOWN, [ids(me), ids(actor.customer_scopes()), ids(scopes)])
}

fn taken(error: store::Error) -> Error {
    match error {
        store::Error::Conflict => Error::field("email", "User with this email already exists."),
        other => other.into(),
    }
}

fn deed(kind: &'static str, account: &Account, done: &str) -> Deed {
    let message = format!("User {} has been {done}.", account.full_name);
    Deed::new(kind, message, "user", account.id)
}

/// Writes what is asked for into the account; the folded address.
fn apply(account: &mut Account, change: &UserChange) -> Result<String> {
    let mut faults = Vec::new();
    if let Some(email) = &change.email {
        match email.parse::<Email>() {
            Ok(email) => email.as_str().clone_into(&mut account.email),
            Err(_) => faults.push(Fault::new("email", "Enter a valid email address.")),
        }
    }
    if let Some(name) = change.full_name.as_ref().filter(|name| !name.trim().is_empty()) {
        match name.parse::<FullName>() {
            Ok(name) => name.as_str().clone_into(&mut account.full_name),
            Err(wrong) => faults.push(Fault::new("full_name", wrong)),
        }
    }
    if let Some(role) = change.role {
        account.role = role;
    }
    if let Some(active) = change.active {
        account.active = active;
    }
    for (name, value) in &change.details {
        match value.as_str() {
            None => drop(account.details.remove(name)),
            Some(text) => {
                let most = USER_DETAILS.iter().find(|(known, _)| known == name);
                let text = plain(name, text, 0, most.map_or(0, |(_, most)| *most))?;
                account.details.insert(name.clone(), Value::String(text));
            }
        }
    }
    if faults.is_empty() { Ok(account.email.to_lowercase()) } else { Err(Error::Invalid(faults)) }
}

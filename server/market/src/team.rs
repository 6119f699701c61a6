//! Teams: who has which role in a customer, a project or an offering.

use model::{CustomerId, OfferingId, ProjectId, ScopeKind, ScopeRole, Timestamp, UserId};
use serde_json::json;
use store::{Tx, members::Member, people::Account};

use crate::{Actor, Error, Market, On, Permission, Result, audit::Deed, tenancy::lock_for};

/// How many roles one scope has at most.
const MOST: usize = 5_000;
/// Told who would leave an organization without anybody who may decide.
const LAST_OWNER: &str =
    "An organization needs an owner. Give somebody else the role of owner without an end first.";

/// The service for them.
#[derive(Debug, Clone, Copy)]
pub struct Team<'a>(pub(crate) &'a Market);

/// Where a role is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Customer(CustomerId),
    Project(ProjectId),
    Offering(OfferingId),
}

impl Scope {
    pub const fn kind(self) -> ScopeKind {
        match self {
            Self::Customer(_) => ScopeKind::Customer,
            Self::Project(_) => ScopeKind::Project,
            Self::Offering(_) => ScopeKind::Offering,
        }
    }

    /// The id as it is stored.
    pub fn id(self) -> String {
        match self {
            Self::Customer(id) => id.to_string(),
            Self::Project(id) => id.to_string(),
            Self::Offering(id) => id.to_string(),
        }
    }

    /// What the scope is, with the customer that it belongs to.
    pub(crate) const fn on(self, customer: CustomerId) -> On {
        match self {
            Self::Customer(_) => On::customer(customer),
            Self::Project(id) => On::project(customer, id),
            Self::Offering(id) => On::offering(customer, id),
        }
    }

    /// What it takes to give and take roles there.
    pub(crate) const fn rule(self) -> Permission {
        match self {
            Self::Customer(_) => Permission::ManageTeam,
            Self::Project(_) => Permission::ManageProjectTeam,
            Self::Offering(_) => Permission::ManageOfferingTeam,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Customer(_) => "organization",
            Self::Project(_) => "project",
            Self::Offering(_) => "service",
        }
    }
}

/// A role with who has it and who gave it.
#[derive(Debug, Clone)]
pub struct Teammate {
    pub member: Member,
    pub account: Account,
    pub author: Option<Account>,
    /// Whether the reader may see the address.
    pub shows_email: bool,
}

/// A scope that was looked up: its customer and its name.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub customer: CustomerId,
    pub name: String,
}

impl Team<'_> {
    /// The customer and the name of a scope that the actor knows.
    pub(crate) async fn home(&self, actor: &Actor, scope: Scope) -> Result<Home> {
        actor.must_be_person()?;
        let found = store::members::home(self.0.core().db(), scope.kind(), &scope.id()).await?;
        let (customer, name) = found.ok_or(Error::Missing(scope.word()))?;
        let on = scope.on(customer);
        // Who may manage offerings knows them all.
        let catalogue =
            scope.kind() == ScopeKind::Offering && actor.may(Permission::ManageOfferings, on);
        if !actor.knows(on) && !actor.may(scope.rule(), on) && !catalogue {
            return Err(Error::Missing(scope.word()));
        }
        Ok(Home { customer, name })
    }

    /// The roles in a scope, the oldest first.
    pub async fn list(&self, actor: &Actor, scope: Scope) -> Result<Vec<Teammate>> {
        let home = self.home(actor, scope).await?;
        self.mates(actor, scope, scope.on(home.customer)).await
    }

    /// The roles in a scope that the actor may know of.
    pub(crate) async fn mates(&self, actor: &Actor, scope: Scope, on: On) -> Result<Vec<Teammate>> {
        let core = self.0.core();
        let mut held = store::members::of_scope(core.db(), &scope.id(), core.now()).await?;
        held.truncate(MOST);
        let mut ids: Vec<UserId> = held.iter().map(|member| member.user).collect();
        ids.extend(held.iter().filter_map(|member| member.created_by));
        let people = store::people::some(core.db(), ids).await?;
        let named = |id: UserId| people.iter().find(|account| account.id == id).cloned();
        let sees = actor.may(Permission::SeeMembers, on) || actor.may(scope.rule(), on);
        let mates = held.into_iter().filter_map(|member| {
            let account = named(member.user)?;
            let shows_email = sees || actor.user() == Some(member.user);
            let author = member.created_by.and_then(named);
            Some(Teammate { member, account, author, shows_email })
        });
        Ok(mates.collect())
    }

    /// Gives somebody a role. People of other organizations are invited instead.
    pub async fn add(
        &self,
        actor: &Actor,
        scope: Scope,
        user: UserId,
        role: ScopeRole,
        expires_at: Option<Timestamp>,
    ) -> Result<()> {
        let home = self.ruled(actor, scope, role).await?;
        let account = store::people::find(self.0.core().db(), user).await?;
        let account = account.filter(|account| account.active);
        let known = self.0.users().knows(actor, user).await?;
        let account = account.filter(|_| known).ok_or_else(|| {
            Error::field("user", "Object does not exist. Invite people of other organizations.")
        })?;
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, home.customer).await?;
        self.grant(&mut tx, Some(actor), scope, &home, &account, role, expires_at).await?;
        Ok(tx.commit().await?)
    }

    /// Gives a role in the caller's transaction, in which the customer is locked.
    #[expect(clippy::too_many_arguments, reason = "who, where, to whom, what and until when")]
    pub(crate) async fn grant(
        &self,
        tx: &mut Tx,
        actor: Option<&Actor>,
        scope: Scope,
        home: &Home,
        account: &Account,
        role: ScopeRole,
        expires_at: Option<Timestamp>,
    ) -> Result<()> {
        let now = self.0.core().now();
        self.check_end(expires_at)?;
        let before = store::members::find(&mut *tx, &scope.id(), account.id, role).await?;
        let member = Member {
            kind: scope.kind(),
            scope: scope.id(),
            customer: home.customer,
            user: account.id,
            role,
            created_at: now,
            created_by: actor.and_then(Actor::user),
            expires_at,
        };
        let owners = store::members::owners(&mut *tx, home.customer).await?;
        store::members::put(tx, &member).await?;
        self.keep_an_owner(tx, home.customer, owners).await?;
        let (kind, done) = match before {
            Some(_) => ("role_updated", "has been updated for"),
            None => ("role_granted", "has been granted to"),
        };
        self.note(tx, actor, (kind, done), scope, home, account, role).await
    }

    /// Says when a role ends.
    pub async fn update(
        &self,
        actor: &Actor,
        scope: Scope,
        user: UserId,
        role: ScopeRole,
        expires_at: Option<Timestamp>,
    ) -> Result<()> {
        let home = self.ruled(actor, scope, role).await?;
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, home.customer).await?;
        let account = self.holder(&mut tx, scope, user, role).await?;
        self.grant(&mut tx, Some(actor), scope, &home, &account, role, expires_at).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a role away. Everybody may give up a role of their own.
    pub async fn remove(
        &self,
        actor: &Actor,
        scope: Scope,
        user: UserId,
        role: ScopeRole,
    ) -> Result<()> {
        let home = if actor.user() == Some(user) {
            self.home(actor, scope).await?
        } else {
            self.ruled(actor, scope, role).await?
        };
        let mut tx = self.0.core().db().begin().await?;
        self.lock(&mut tx, home.customer).await?;
        let account = self.holder(&mut tx, scope, user, role).await?;
        let owners = store::members::owners(&mut tx, home.customer).await?;
        store::members::remove(&mut tx, &scope.id(), user, Some(role)).await?;
        self.keep_an_owner(&mut tx, home.customer, owners).await?;
        let what = ("role_revoked", "has been revoked from");
        self.note(&mut tx, Some(actor), what, scope, &home, &account, role).await?;
        Ok(tx.commit().await?)
    }

    /// Gives somebody another role instead of one they have, both or neither.
    pub async fn change(
        &self,
        actor: &Actor,
        scope: Scope,
        user: UserId,
        from: ScopeRole,
        to: ScopeRole,
    ) -> Result<()> {
        if from == to {
            return Ok(());
        }
        self.ruled(actor, scope, from).await?;
        let home = self.ruled(actor, scope, to).await?;
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, home.customer).await?;
        let account = self.holder(&mut tx, scope, user, from).await?;
        let owners = store::members::owners(&mut tx, home.customer).await?;
        store::members::remove(&mut tx, &scope.id(), user, Some(from)).await?;
        self.grant(&mut tx, Some(actor), scope, &home, &account, to, None).await?;
        self.keep_an_owner(&mut tx, home.customer, owners).await?;
        let what = ("role_revoked", "has been revoked from");
        self.note(&mut tx, Some(actor), what, scope, &home, &account, from).await?;
        Ok(tx.commit().await?)
    }

    /// The home of a scope in which the actor may give and take a role. Whoever may do so in a customer is its owner, and
    /// a project's roles are below its managers', so that nobody gives a role above their own.
    pub(crate) async fn ruled(&self, actor: &Actor, scope: Scope, role: ScopeRole) -> Result<Home> {
        let home = self.home(actor, scope).await?;
        if !actor.may(scope.rule(), scope.on(home.customer)) {
            return Err(Error::Denied);
        }
        if role.scope() != scope.kind() {
            let message = format!("Role {} is not for this object.", role.as_str());
            return Err(Error::field("role", message));
        }
        Ok(home)
    }

    pub(crate) async fn lock(&self, tx: &mut Tx, customer: CustomerId) -> Result<()> {
        if store::customers::lock(tx, customer).await? {
            Ok(())
        } else {
            Err(Error::Missing("organization"))
        }
    }

    async fn holder(
        &self,
        tx: &mut Tx,
        scope: Scope,
        user: UserId,
        role: ScopeRole,
    ) -> Result<Account> {
        let held = store::members::find(&mut *tx, &scope.id(), user, role).await?;
        let account = store::people::find(tx, user).await?;
        held.and(account).ok_or_else(|| Error::field("user", "User has no such role here."))
    }

    fn check_end(self, expires_at: Option<Timestamp>) -> Result<()> {
        match expires_at {
            Some(at) if at <= self.0.core().now() => Err(Error::field(
                "expiration_time",
                "Role expiration date should be in the future.",
            )),
            _ => Ok(()),
        }
    }

    /// Refuses what leaves a customer without an owner that had one. The customer is locked, so that of two owners who
    /// leave at once one stays.
    async fn keep_an_owner(&self, tx: &mut Tx, customer: CustomerId, before: u64) -> Result<()> {
        if before > 0 && store::members::owners(tx, customer).await? == 0 {
            return Err(Error::Conflict(LAST_OWNER));
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "all of it is in the sentence")]
    async fn note(
        &self,
        tx: &mut Tx,
        actor: Option<&Actor>,
        (kind, done): (&'static str, &str),
        scope: Scope,
        home: &Home,
        account: &Account,
        role: ScopeRole,
    ) -> Result<()> {
        let message = format!(
            "Role {} in {} {} {done} {}.",
            role.as_str(),
            scope.word(),
            home.name,
            account.full_name
        );
        let mut deed = Deed::new(kind, message, scope.kind().as_str(), scope.id())
            .of(home.customer)
            .with(json!({ "role_name": role.as_str(), "affected_user_uuid": account.id }));
        if let Scope::Project(id) = scope {
            deed = deed.in_project(id);
        }
        self.0.note(tx, actor, deed).await
    }
}

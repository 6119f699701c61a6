//! Who somebody is: accounts, sessions, API tokens.

use std::net::IpAddr;

use model::{
    CustomerId, CustomerView, Email, EntryId, EntryKind, ProjectId, ProjectView, Register,
    Registered, Role, ScopeKind, SessionId, UserId, UserView,
};
use serde_json::json;
use store::{Tx, customers::Customer, ledger::Account, users::User};

use crate::{
    Actor, Client, Command, CustomerChange, Error, Grant, Market, Result,
    attempts::Attempt,
    audit::Deed,
    secrets::{hash_password, random_hex, sha256},
};

/// How long a registration takes at most, in milliseconds.
const REGISTERING_MS: i64 = 60_000;
const PASSWORD_MIN: usize = 12;
/// Argon2 reads all of a password, so its length is bounded.
pub(crate) const PASSWORD_MAX: usize = 1_024;
/// The hash of a password nobody has: comparing with it makes an unknown address as slow as a known one. Whoever has never
/// chosen a password has this one.
pub(crate) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Told who wants to make an account again.
const TAKEN: &str = "There is an account with this e-mail address. Sign in instead.";

/// The service for accounts.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a>(pub(crate) &'a Market);

impl Identity<'_> {
    /// Makes an account with a workspace of its own, a project in it and trial credits in its wallet.
    pub async fn register(&self, request: Register) -> Result<Registered> {
        let hash = self.hash(request.password).await?;
        let name = request.full_name.as_str();
        let user = self.create(&request.email, name, hash, None, false).await?;
        let core = self.0.core();
        let customer = self.first_workspace(user, name).await?;
        if self.0.mails().are_sent() {
            self.send_verification(user).await?;
        }
        let token = self.token_for(user).await?;
        tracing::info!(user.id = %user, customer.id = %customer, at = %core.now(), "an account was made");
        Ok(Registered { token, user_uuid: user, customer_uuid: customer })
    }

    /// The same for somebody at an address. Where mail is sent, who has an account with the e-mail address already is told
    /// by mail, and whoever asks learns nothing of it.
    pub async fn register_from(&self, request: Register, client: &Client) -> Result<Registered> {
        let core = self.0.core();
        Attempt::registrations_from(&client.address).take(core).await?;
        let email = request.email.clone();
        match self.register(request).await {
            Err(Error::Conflict(TAKEN)) if self.0.mails().are_sent() => {
                self.tell_of_registration(&email).await?;
                Ok(Registered {
                    token: random_hex(core.entropy(), 20),
                    user_uuid: core.id(UserId::new),
                    customer_uuid: core.id(CustomerId::new),
                })
            }
            other => other,
        }
    }

    /// The workspace that a new account comes with.
    pub(crate) async fn first_workspace(&self, user: UserId, name: &str) -> Result<CustomerId> {
        let (customer, _) =
            self.create_customer(&format!("{name}'s Workspace"), Some(user)).await?;
        Ok(customer)
    }

    /// Makes a user, or, for an operator, gives an existing one the role and the password.
    pub async fn create_operator(
        &self,
        email: &Email,
        password: String,
        role: Role,
    ) -> Result<UserId> {
        let folded = email.folded();
        if let Some(user) = store::users::by_email(self.0.core().db(), &folded).await? {
            let hash = self.hash(password).await?;
            let mut tx = self.0.core().db().begin().await?;
            let now = self.0.core().now();
            // What was opened with the old password, or made for less power, does not come along.
            self.evict_stranger(&mut tx, user.id).await?;
            store::people::shut_out(&mut tx, user.id, now).await?;
            store::users::promote(&mut tx, user.id, role, &hash).await?;
            store::users::verify(&mut tx, user.id, now).await?;
            let told = format!("The operator role {} was given.", role.as_str());
            let deed = Deed::new("user_role_changed", told, "user", user.id)
                .with(json!({ "old_role": user.role.map(Role::as_str), "role": role.as_str() }));
            self.0.note_by(&mut tx, None, deed).await?;
            tx.commit().await?;
            return Ok(user.id);
        }
        let name = email.as_str().split('@').next().unwrap_or("Operator").to_owned();
        let hash = self.hash(password).await?;
        self.create(email, &name, hash, Some(role), true).await
    }

    /// Ends every way into an account whose address nobody has verified, before it is given to the person of the address:
    /// somebody else may have made it in wait for them. True when it was such an account.
    pub(crate) async fn evict_stranger(&self, tx: &mut Tx, user: UserId) -> Result<bool> {
        store::users::lock(tx, user).await?;
        if store::users::verified_at(&mut *tx, user).await?.is_some() {
            return Ok(false);
        }
        store::people::evict(tx, user, self.0.core().now()).await?;
        let told = "Every way into an account ended, for its address was never verified before.";
        let deed = Deed::new("user_access_ended", told, "user", user);
        self.0.note_by(tx, Some(user), deed).await?;
        Ok(true)
    }

    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        let length = password.chars().count();
        if length < PASSWORD_MIN || password.len() > PASSWORD_MAX {
            return Err(Error::field("password", "Use at least 12 characters, at most 1024"));
        }
        let mut salt = [0; 16];
        self.0.core().entropy().fill(&mut salt);
        hash_password(password, salt).await
    }

    /// Makes an account; `verified` when somebody vouches for the address.
    pub(crate) async fn create(
        &self,
        email: &Email,
        full_name: &str,
        password_hash: String,
        role: Option<Role>,
        verified: bool,
    ) -> Result<UserId> {
        let core = self.0.core();
        let user = User {
            id: core.id(UserId::new),
            email: email.as_str().to_owned(),
            full_name: full_name.to_owned(),
            password_hash,
            role,
            created_at: core.now(),
        };
        let mut tx = core.db().begin().await?;
        store::users::insert(&mut tx, &user, &email.folded()).await.map_err(
            |error| match error {
                store::Error::Conflict => Error::Conflict(TAKEN),
                other => other.into(),
            },
        )?;
        if verified {
            store::users::verify(&mut tx, user.id, user.created_at).await?;
        }
        tx.commit().await?;
        Ok(user.id)
    }

    /// Makes a customer with a first project and, when the operator gives them, trial credits.
    pub async fn create_customer(
        &self,
        name: &str,
        owner: Option<UserId>,
    ) -> Result<(CustomerId, ProjectId)> {
        // A long name with "'s Workspace" after it may be longer than a name may be.
        let name: String = name.chars().take(150).collect();
        let draft = CustomerChange { name: Some(name), ..CustomerChange::default() };
        let customer = self.0.customers().open(None, draft, owner, Some("Default")).await?;
        let projects = store::customers::projects(self.0.core().db(), customer).await?;
        let project = projects.first().ok_or_else(|| Error::broken("a first project"))?.id;
        if owner.is_some() {
            self.grant_trial(customer).await?;
        }
        Ok((customer, project))
    }

    /// Gives a wallet its trial credits, once.
    async fn grant_trial(&self, customer: CustomerId) -> Result<()> {
        let (core, amount) = (self.0.core(), self.0.settings().trial_credits);
        if amount.is_positive() {
            let reference = format!("trial:{customer}");
            let entry = core.id(EntryId::new);
            let kind = EntryKind::Trial;
            self.0
                .ledger()
                .carry_out(Command::Credit { entry, customer, amount, kind, reference })
                .await?;
        }
        Ok(())
    }

    /// Gives the trial credits that a crash during registration has kept back.
    pub(crate) async fn mend_trials(&self, user: UserId) -> Result<()> {
        let db = self.0.core().db();
        let Some(account) = store::people::find(db, user).await? else { return Ok(()) };
        // Only the workspace of the registration has them: it is the first, and made together with the account.
        let first =
            store::customers::of_user(db, user, self.0.core().now()).await?.into_iter().next();
        let age = |customer: &Customer| customer.created_at.ms() - account.created_at.ms();
        if let Some(customer) = first.filter(|c| (0..REGISTERING_MS).contains(&age(c))) {
            let account = store::ledger::balance(db, Account::Available(customer.id)).await?;
            if account.is_some_and(|account| account.entries == 0) {
                self.grant_trial(customer.id).await?;
            }
        }
        Ok(())
    }

    /// A new API token for the user with an address, for the operator at the command line.
    pub async fn token_of(&self, email: &Email) -> Result<String> {
        let user = store::users::by_email(self.0.core().db(), &email.folded()).await?;
        self.token_for(user.ok_or(Error::Missing("user"))?.id).await
    }

    pub(crate) async fn token_for(&self, user: UserId) -> Result<String> {
        let core = self.0.core();
        let token = random_hex(core.entropy(), 20);
        let mut tx = core.db().begin().await?;
        store::users::add_token(&mut tx, sha256(token.as_bytes()), user, core.now()).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Who an API token belongs to, wherever it is used.
    pub async fn by_token(&self, token: &str) -> Result<Option<Actor>> {
        self.by_token_from(token, None).await
    }

    /// Who an API token belongs to that is used from an address: one that was given for a password, or one that somebody
    /// has made for a program, which may do less than they.
    pub async fn by_token_from(&self, token: &str, from: Option<IpAddr>) -> Result<Option<Actor>> {
        if token.len() != 40 {
            return Ok(None);
        }
        let db = self.0.core().db();
        let hash = sha256(token.as_bytes());
        if let Some(user) = store::users::by_token(db, hash).await? {
            self.must_be_verified(user.id).await?;
            return self.actor(Some(user), None).await;
        }
        let Some((user, reach)) = self.0.tokens().used(hash, from).await? else { return Ok(None) };
        self.must_be_verified(user).await?;
        let user = store::users::find(db, user).await?;
        let actor = self.actor(user, None).await?;
        Ok(actor.map(|actor| Actor {
            role: actor.role.filter(|_| reach.staff),
            reach: Some(reach),
            ..actor
        }))
    }

    /// What a resource's key may do: act for that resource and its customer's wallet.
    pub async fn by_key(&self, key: &str) -> Result<Option<Actor>> {
        let Ok(key) = key.parse::<model::SecretKey>() else { return Ok(None) };
        let route = match self.0.route(&key).await {
            Ok(route) => route,
            Err(Error::Anonymous) => return Ok(None),
            Err(other) => return Err(other),
        };
        Ok(Some(Actor {
            user: None,
            role: None,
            customers: vec![route.customer],
            grants: Vec::new(),
            resource: Some(route.resource),
            session: None,
            reach: None,
        }))
    }

    pub(crate) async fn actor(
        &self,
        user: Option<User>,
        session: Option<SessionId>,
    ) -> Result<Option<Actor>> {
        let Some(user) = user else { return Ok(None) };
        let core = self.0.core();
        let held = store::members::of_user(core.db(), user.id, core.now()).await?;
        let mut customers = Vec::new();
        for member in held.iter().filter(|member| member.kind == ScopeKind::Customer) {
            if !customers.contains(&member.customer) {
                customers.push(member.customer);
            }
        }
        let grants = held
            .into_iter()
            .map(|m| Grant { kind: m.kind, scope: m.scope, customer: m.customer, role: m.role })
            .collect();
        Ok(Some(Actor {
            user: Some(user.id),
            role: user.role,
            customers,
            grants,
            resource: None,
            session,
            reach: None,
        }))
    }

    /// The signed-in person with their customers and projects.
    pub async fn me(&self, actor: &Actor) -> Result<UserView> {
        let db = self.0.core().db();
        let id = actor.must_be_person()?;
        let user = store::users::find(db, id).await?.ok_or(Error::Missing("user"))?;
        let mut customers = Vec::new();
        for customer in store::customers::of_user(db, id, self.0.core().now()).await? {
            let projects = store::customers::projects(db, customer.id).await?;
            customers.push(CustomerView {
                id: customer.id,
                name: customer.name,
                projects: projects
                    .into_iter()
                    .map(|p| ProjectView { id: p.id, name: p.name })
                    .collect(),
            });
        }
        Ok(UserView {
            id,
            email: user.email,
            full_name: user.full_name,
            customers,
            role: user.role,
        })
    }

    /// The providers that belong to the actor's customers.
    pub async fn providers(&self, actor: &Actor) -> Result<Vec<model::ProviderId>> {
        let found = store::catalog::providers(self.0.core().db()).await?;
        Ok(found
            .into_iter()
            .filter(|p| actor.customers.contains(&p.customer))
            .map(|p| p.id)
            .collect())
    }
}

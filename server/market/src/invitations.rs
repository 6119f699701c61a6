//! Invitations: a role is offered by mail or link and taken by whoever has the address.

use model::{InvitationId, InvitationState, OfferingId, ScopeKind, ScopeRole, Timestamp, UserId};
use serde_json::json;
use store::{
    Tx,
    invitations::{Invitation, InvitationRow, SHELF, read_row},
};

use crate::{
    Actor, Asked, Clause, Error, Market, On, Permission, Result, Scope,
    attempts::Attempt,
    audit::Deed,
    mails::{self, Letter},
    plain::plain,
    secrets::{random_hex, sha256},
    team::Home,
};

/// How long an invitation holds, in milliseconds: a week.
const HOLDS_MS: i64 = 7 * 24 * 3_600_000;
/// How many invitations of a customer may be pending.
const MOST_PENDING: u64 = 200;
/// How many bytes the secret of a link has.
const SECRET_BYTES: usize = 32;

/// Told whoever has the link but not the address.
const WRONG_ACCOUNT: &str =
    "This invitation is for another e-mail address. Sign in with the account that has it.";
const UNVERIFIED: &str =
    "Open the link of the invitation: the e-mail address of this account is not verified.";
const SETTLED: &str = "The invitation was accepted, rejected or canceled before.";
const EXPIRED: &str = "The invitation has expired. Ask for a new one.";

/// The service for them.
#[derive(Debug, Clone, Copy)]
pub struct Invitations<'a>(pub(crate) &'a Market);

/// An invitation that was just made or renewed, with its link, which is not kept.
#[derive(Debug, Clone)]
pub struct Invited {
    pub row: InvitationRow,
    /// The secret in the link.
    pub secret: String,
}

/// Who is offered which role where.
#[derive(Debug, Clone)]
pub struct InvitationDraft {
    pub email: String,
    pub scope: Scope,
    pub role: ScopeRole,
    pub note: String,
}

impl Invitations<'_> {
    /// The invitations to what the actor may staff, and those to the actor.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<InvitationRow>, u64)> {
        self.expire().await?;
        let asked = asked.and_some(self.seen(actor).await?);
        Ok(SHELF.page(self.0.core().db(), &asked, range, read_row).await?)
    }

    /// One invitation.
    pub async fn find(&self, actor: &Actor, id: InvitationId) -> Result<InvitationRow> {
        self.expire().await?;
        let asked = Asked::default()
            .and(Clause::of("i.id = ?", [id.to_string()]))
            .and_some(self.seen(actor).await?);
        let found = SHELF.one(self.0.core().db(), &asked, read_row).await?;
        found.ok_or(Error::Missing("invitation"))
    }

    async fn seen(&self, actor: &Actor) -> Result<Option<Clause>> {
        let user = actor.must_be_person()?;
        if actor.may_everywhere(Permission::ManageTeam) || actor.sees_all() {
            return Ok(None);
        }
        let me = store::people::find(self.0.core().db(), user).await?;
        let verified = store::users::verified_at(self.0.core().db(), user).await?.is_some();
        let email = me.ok_or(Error::Anonymous)?.email.to_lowercase();
        let email = verified.then(|| email.into()).into_iter().collect();
        let ids = |list: Vec<String>| list.into_iter().map(Into::into).collect::<Vec<_>>();
        let customers = |permission| {
            actor.customers_with(permission).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let managed: Vec<String> = actor
            .grants()
            .iter()
            .filter(|g| matches!(g.role, ScopeRole::ProjectManager | ScopeRole::OfferingManager))
            .map(|grant| grant.scope.clone())
            .collect();
        Ok(Some(Clause::lists(
            "LOWER(i.email) IN (?) OR i.customer_id IN (?) OR (i.customer_id IN (?) AND i.scope_kind <> 'customer')
             OR i.scope_id IN (?)",
            [
                email,
                ids(customers(Permission::ManageTeam)),
                ids(customers(Permission::ManageProjectTeam)),
                ids(managed),
            ],
        )))
    }

    /// Offers somebody a role.
    pub async fn create(&self, actor: &Actor, draft: InvitationDraft) -> Result<Invited> {
        let user = actor.must_be_person()?;
        let home = match self.0.team().ruled(actor, draft.scope, draft.role).await {
            Err(Error::Missing(_)) => return Err(Error::field("scope", crate::WRONG_LINK)),
            other => other?,
        };
        let email: model::Email = draft
            .email
            .parse()
            .map_err(|_| Error::field("email", "Enter a valid email address."))?;
        self.count_mail(user, &email.folded()).await?;
        let note = plain("extra_invitation_text", &draft.note, 0, 250)?;
        let core = self.0.core();
        let now = core.now();
        let secret = random_hex(core.entropy(), SECRET_BYTES);
        let invitation = Invitation {
            id: core.id(InvitationId::new),
            email: email.as_str().to_owned(),
            kind: draft.scope.kind(),
            scope: draft.scope.id(),
            customer: home.customer,
            role: draft.role,
            state: InvitationState::Pending,
            note,
            created_at: now,
            created_by: user,
            expires_at: now.plus_ms(HOLDS_MS),
        };
        let mut tx = core.db().begin().await?;
        crate::tenancy::lock_open(&mut tx, home.customer).await?;
        if store::invitations::pending(&mut tx, home.customer).await? >= MOST_PENDING {
            return Err(Error::Conflict(
                "200 invitations are pending. Cancel those that are no longer needed.",
            ));
        }
        store::invitations::insert(&mut tx, &invitation, sha256(secret.as_bytes())).await?;
        self.note(&mut tx, Some(actor), "invitation_created", "has been created", &invitation)
            .await?;
        let row = store::invitations::find(&mut tx, invitation.id).await?;
        let row = row.ok_or(Error::Missing("invitation"))?;
        self.tell(&mut tx, &row, &secret).await?;
        tx.commit().await?;
        Ok(Invited { row, secret })
    }

    /// Sends an invitation again, with another link and another week.
    pub async fn send(&self, actor: &Actor, id: InvitationId) -> Result<Invited> {
        let found = self.ruled(actor, id).await?;
        let it = &found.invitation;
        self.count_mail(actor.must_be_person()?, &it.email.to_lowercase()).await?;
        let core = self.0.core();
        let secret = random_hex(core.entropy(), SECRET_BYTES);
        let until = core.now().plus_ms(HOLDS_MS);
        let mut tx = core.db().begin().await?;
        crate::tenancy::lock_for(&mut tx, actor, it.customer).await?;
        let hash = sha256(secret.as_bytes());
        if store::invitations::renew(&mut tx, id, hash, until).await? == 0 {
            return Err(Error::Conflict(SETTLED));
        }
        self.note(&mut tx, Some(actor), "invitation_sent", "has been sent", &found.invitation)
            .await?;
        let row = store::invitations::find(&mut tx, id).await?;
        let row = row.ok_or(Error::Missing("invitation"))?;
        self.tell(&mut tx, &row, &secret).await?;
        tx.commit().await?;
        Ok(Invited { row, secret })
    }

    /// Counts a mail that somebody has us send, so that nobody floods others from our address.
    async fn count_mail(&self, user: UserId, to: &str) -> Result<()> {
        Attempt::invitations_of(user).take(self.0.core()).await?;
        Attempt::invitation_to(to).take(self.0.core()).await.map(drop)
    }

    /// Takes an invitation back.
    pub async fn cancel(&self, actor: &Actor, id: InvitationId) -> Result<()> {
        let found = self.ruled(actor, id).await?;
        let state = InvitationState::Canceled;
        self.settle(actor, &found.invitation, state, "invitation_canceled", "has been canceled")
            .await
    }

    /// The invitation behind a link, for the page that asks whether to accept it.
    pub async fn by_secret(&self, secret: &str) -> Result<InvitationRow> {
        self.expire().await?;
        let db = self.0.core().db();
        let well =
            secret.len() == SECRET_BYTES * 2 && secret.bytes().all(|b| b.is_ascii_hexdigit());
        if !well {
            return Err(Error::Missing("invitation"));
        }
        let found = store::invitations::by_secret(db, sha256(secret.as_bytes())).await?;
        let id = found.ok_or(Error::Missing("invitation"))?;
        store::invitations::find(db, id).await?.ok_or(Error::Missing("invitation"))
    }

    /// Takes the role that is offered. It must be the account with the address, and one that is not verified must have
    /// the secret of the link: whoever registers with somebody's address has not got their mail.
    pub async fn accept(
        &self,
        actor: &Actor,
        id: InvitationId,
        secret: Option<&str>,
    ) -> Result<InvitationRow> {
        let (row, account) = self.offered(actor, id, secret).await?;
        let it = &row.invitation;
        let scope = scope_of(it)?;
        self.must_stand(it, scope).await?;
        let home = Home { customer: it.customer, name: row.scope_name.clone() };
        let mut tx = self.0.core().db().begin().await?;
        crate::tenancy::lock_open(&mut tx, it.customer).await?;
        if store::members::home(&mut tx, it.kind, &it.scope).await?.is_none() {
            return Err(Error::Conflict("What the invitation is for is no longer there."));
        }
        let by = Some(account.id);
        if store::invitations::settle(&mut tx, id, InvitationState::Accepted, by).await? == 0 {
            return Err(Error::Conflict(SETTLED));
        }
        self.0.team().grant(&mut tx, Some(actor), scope, &home, &account, it.role, None).await?;
        self.note(&mut tx, Some(actor), "invitation_accepted", "has been accepted", it).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Refuses an invitation whose author could not make it any more: who left gives no roles.
    async fn must_stand(&self, it: &Invitation, scope: Scope) -> Result<()> {
        let (db, author) = (self.0.core().db(), it.created_by);
        let user = if store::users::is_active(db, author).await? {
            store::users::find(db, author).await?
        } else {
            None
        };
        let author = self.0.identity().actor(user, None).await?;
        if author.is_some_and(|author| author.may(scope.rule(), scope.on(it.customer))) {
            return Ok(());
        }
        Err(Error::Conflict(
            "Who invited you may no longer give this role. Ask for a new invitation.",
        ))
    }

    /// Declines what is offered.
    pub async fn reject(
        &self,
        actor: &Actor,
        id: InvitationId,
        secret: Option<&str>,
    ) -> Result<()> {
        let (row, _) = self.offered(actor, id, secret).await?;
        let state = InvitationState::Rejected;
        self.settle(actor, &row.invitation, state, "invitation_rejected", "has been rejected").await
    }

    /// A pending invitation to the actor.
    async fn offered(
        &self,
        actor: &Actor,
        id: InvitationId,
        secret: Option<&str>,
    ) -> Result<(InvitationRow, store::people::Account)> {
        let user = actor.must_be_person()?;
        self.expire().await?;
        let db = self.0.core().db();
        let row = store::invitations::find(db, id).await?.ok_or(Error::Missing("invitation"))?;
        let shown = match secret {
            Some(secret) => {
                store::invitations::by_secret(db, sha256(secret.as_bytes())).await? == Some(id)
            }
            None => false,
        };
        let verified = store::users::verified_at(db, user).await?.is_some();
        let account = store::people::find(db, user).await?.ok_or(Error::Anonymous)?;
        if account.email.to_lowercase() != row.invitation.email.to_lowercase() {
            // To whoever has neither link nor address the invitation is not there.
            let known = shown || self.find(actor, id).await.is_ok();
            return Err(if known {
                Error::Refused(WRONG_ACCOUNT)
            } else {
                Error::Missing("invitation")
            });
        }
        if !shown && !verified {
            return Err(Error::Refused(UNVERIFIED));
        }
        match row.invitation.state {
            InvitationState::Pending => Ok((row, account)),
            InvitationState::Expired => Err(Error::Conflict(EXPIRED)),
            InvitationState::Accepted | InvitationState::Canceled | InvitationState::Rejected => {
                Err(Error::Conflict(SETTLED))
            }
        }
    }

    /// An invitation that the actor may take back or send again.
    async fn ruled(&self, actor: &Actor, id: InvitationId) -> Result<InvitationRow> {
        let found = self.find(actor, id).await?;
        let scope = scope_of(&found.invitation)?;
        let on = match scope {
            Scope::Customer(id) => On::customer(id),
            _ => scope.on(found.invitation.customer),
        };
        if !actor.may(scope.rule(), on) {
            return Err(Error::Denied);
        }
        Ok(found)
    }

    async fn settle(
        &self,
        actor: &Actor,
        it: &Invitation,
        state: InvitationState,
        kind: &'static str,
        done: &str,
    ) -> Result<()> {
        let mut tx = self.0.core().db().begin().await?;
        if store::invitations::settle(&mut tx, it.id, state, actor.user()).await? == 0 {
            return Err(Error::Conflict(SETTLED));
        }
        self.note(&mut tx, Some(actor), kind, done, it).await?;
        Ok(tx.commit().await?)
    }

    /// Tells whoever is invited, in the transaction of the invitation.
    async fn tell(&self, tx: &mut Tx, row: &InvitationRow, secret: &str) -> Result<()> {
        let it = &row.invitation;
        let url = &self.0.settings().public_url;
        let note = if it.note.is_empty() { String::new() } else { format!("\n\n{}", it.note) };
        let letter = Letter {
            to: it.email.parse().map_err(|_| Error::broken("the address of an invitation"))?,
            subject: format!("Invitation to {}", row.scope_name),
            text: format!(
                "Hello,\n\n{} invites you to {} as {}.{note}\n\nOpen this link to accept or decline:\n\n\
                 {url}/invitations/{secret}/\n\nIt holds for a week, for the account with this address.\n",
                row.author_name,
                row.scope_name,
                it.role.title()
            ),
            reference: format!("invitation:{}:{}", it.id, self.0.core().now().ms()),
        };
        mails::push(self.0.core(), tx, &letter).await.map(drop)
    }

    async fn expire(&self) -> Result<()> {
        let core = self.0.core();
        store::invitations::expire(core.db(), core.now()).await?;
        Ok(())
    }

    async fn note(
        &self,
        tx: &mut Tx,
        actor: Option<&Actor>,
        kind: &'static str,
        done: &str,
        it: &Invitation,
    ) -> Result<()> {
        let message = format!("Invitation of {} as {} {done}.", it.email, it.role.as_str());
        let deed = Deed::new(kind, message, "invitation", it.id)
            .of(it.customer)
            .with(json!({ "role_name": it.role.as_str(), "scope_type": it.kind.as_str() }));
        self.0.note(tx, actor, deed).await
    }
}

impl Invited {
    /// The link to hand over.
    pub fn path(&self) -> String {
        format!("/invitations/{}/", self.secret)
    }

    pub const fn expires_at(&self) -> Timestamp {
        self.row.invitation.expires_at
    }
}

fn scope_of(it: &Invitation) -> Result<Scope> {
    let broken = || Error::broken("the scope of an invitation");
    Ok(match it.kind {
        ScopeKind::Customer => Scope::Customer(it.customer),
        ScopeKind::Project => Scope::Project(it.scope.parse().map_err(|_| broken())?),
        ScopeKind::Offering => {
            Scope::Offering(it.scope.parse::<OfferingId>().map_err(|_| broken())?)
        }
    })
}

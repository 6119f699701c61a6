//! Signing in and out: passwords, the step of the second factor, and the sessions that come of it.
//!
//! Nobody learns from an answer, or from the time that it takes, which addresses have an account. Wrong passwords are
//! counted per account and client address for all doors and servers together ([`crate::attempts`]).

use model::{SessionId, SessionView, SignIn, UserId};
use store::{
    links::{self, Purpose},
    sessions::{self, Opened, Vouched},
    users::User,
};

use crate::{
    Actor, Error, Identity, Result,
    attempts::Attempt,
    audit::Deed,
    identity::{NOBODY, PASSWORD_MAX},
    secrets::{random_hex, sha256, verify_password},
};

/// How long a session lasts, in milliseconds: 30 days.
const SESSION_MS: i64 = 30 * 24 * 3_600 * 1_000;
/// How many sessions one person has at most; the one that was not used for longest ends first.
const SESSIONS: i64 = 100;
/// How exactly it is known when a session was used last, in milliseconds.
const SEEN_MS: i64 = 60_000;
/// How long a right password waits for the second factor, in milliseconds.
const PENDING_MS: i64 = 10 * 60_000;
/// The longest that is kept of what a browser says that it is, in characters.
const USER_AGENT: usize = 300;

const CODE_WANTED: &str = "Enter the code of your authenticator app, or a recovery code.";

/// From where somebody signs in.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub address: String,
    pub user_agent: String,
}

/// How far a right password leads.
#[derive(Clone, PartialEq, Eq)]
pub enum Entered {
    /// The secret of a session.
    Session(String),
    /// The secret of a sign-in that waits for the second factor.
    Pending(String),
}

impl std::fmt::Debug for Entered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Session(_) => "Session(…)",
            Self::Pending(_) => "Pending(…)",
        })
    }
}

impl Identity<'_> {
    /// Who has this name and password. The try is counted before it is made, so that many at once are not more than are
    /// allowed.
    async fn check(&self, request: &SignIn, client: &Client) -> Result<User> {
        if request.password.len() > PASSWORD_MAX || request.username.len() > 254 {
            return Err(Error::Credentials);
        }
        let core = self.0.core();
        let folded = request.username.trim().to_lowercase();
        let (own, all) =
            (Attempt::password(&folded, &client.address), Attempt::passwords_from(&client.address));
        all.take(core).await?;
        let left = own.take(core).await?;
        let user = store::users::by_email(core.db(), &folded).await?;
        let hash =
            user.as_ref().map_or_else(|| NOBODY.to_owned(), |user| user.password_hash.clone());
        let right = verify_password(request.password.clone(), hash).await?;
        // A closed account is answered like a wrong password.
        let open = match &user {
            Some(user) => store::users::is_active(core.db(), user.id).await?,
            None => false,
        };
        let Some(user) = user.as_ref().filter(|_| right && open) else {
            self.note_failure(user.as_ref(), left, client).await?;
            return Err(Error::Credentials);
        };
        let user = user.clone();
        own.clear(core).await?;
        all.give_back(core).await?;
        Ok(user)
    }

    /// Notes a wrong password, for its owner to see and for operators; after the last that is let through, that whoever it
    /// was has to wait. Nobody's account is noted, too, so that it takes the same time; what was typed is not, for it may
    /// be a password in the wrong field.
    async fn note_failure(&self, user: Option<&User>, left: u64, client: &Client) -> Result<()> {
        let whose = user.map(|user| user.id);
        let id = whose.map_or_else(String::new, |id| id.to_string());
        let context = serde_json::json!({ "ip_address": client.address });
        let mut tx = self.0.core().db().begin().await?;
        let kind = "auth_login_failed_with_username";
        let deed = Deed::new(kind, "Signing in failed.", "user", &id).with(context.clone());
        self.0.note_by(&mut tx, whose, deed).await?;
        if left == 0 {
            let sentence = "Signing in was locked for ten minutes after too many wrong passwords.";
            let deed = Deed::new("auth_locked_out", sentence, "user", id).with(context);
            self.0.note_by(&mut tx, whose, deed).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Asks somebody who is signed in for the password again. Wrong ones count as they do for signing in.
    pub(crate) async fn confirm_password(
        &self,
        user: &User,
        password: &str,
        client: &Client,
    ) -> Result<()> {
        let wrong = || Error::field("password", "The password is incorrect");
        if password.len() > PASSWORD_MAX {
            return Err(wrong());
        }
        let core = self.0.core();
        let own = Attempt::password(&user.email.to_lowercase(), &client.address);
        let left = own.take(core).await?;
        if !verify_password(password.to_owned(), user.password_hash.clone()).await? {
            self.note_failure(Some(user), left, client).await?;
            return Err(wrong());
        }
        own.clear(core).await
    }

    /// Checks a password and, where there is a second factor, leaves the session to [`Identity::pass_second_factor`],
    /// unless a code came along.
    pub async fn sign_in(&self, request: &SignIn, client: &Client) -> Result<Entered> {
        let user = self.check(request, client).await?;
        match self.second_factor(user.id, request.otp.as_deref()).await {
            Err(Error::SecondFactor(_)) if request.otp.is_none() => {
                let core = self.0.core();
                let secret = random_hex(core.entropy(), 32);
                let (now, hash) = (core.now(), sha256(secret.as_bytes()));
                let times = (now, now.plus_ms(PENDING_MS));
                let why = Purpose::SecondFactor;
                links::insert(core.db(), hash, why, Some(user.id), "", times).await?;
                return Ok(Entered::Pending(secret));
            }
            other => other?,
        }
        self.enter(user.id, client).await.map(Entered::Session)
    }

    /// The second step: a code for a sign-in whose password was right.
    pub async fn pass_second_factor(
        &self,
        pending: &str,
        typed: &str,
        client: &Client,
    ) -> Result<String> {
        let core = self.0.core();
        let (hash, why) = (sha256(pending.as_bytes()), Purpose::SecondFactor);
        let found = links::find(core.db(), hash, why, core.now()).await?;
        let user = found.and_then(|link| link.user).ok_or(Error::Anonymous)?;
        self.second_factor(user, Some(typed)).await?;
        // Of two who come at the same time with the same sign-in, one gets in.
        links::take(core.db(), hash, why, core.now()).await?.ok_or(Error::Anonymous)?;
        self.enter(user, client).await
    }

    /// Refuses who has a second factor and brings no code of it, or a wrong one.
    async fn second_factor(&self, user: UserId, code: Option<&str>) -> Result<()> {
        let factors = self.0.second_factors();
        if !factors.is_on(user).await? {
            return Ok(());
        }
        factors.check(user, code.ok_or(Error::SecondFactor(CODE_WANTED))?).await
    }

    /// Opens a session for somebody who has just shown who they are, if their address is verified; the secret is for the
    /// cookie and is kept as a hash only.
    pub async fn enter(&self, user: UserId, client: &Client) -> Result<String> {
        self.must_be_verified(user).await?;
        self.mend_trials(user).await?;
        self.open_session(user, client, None, "auth_logged_in_with_username").await
    }

    /// The same for who has shown a passkey.
    pub(crate) async fn enter_with_passkey(&self, user: UserId, client: &Client) -> Result<String> {
        self.must_be_verified(user).await?;
        self.mend_trials(user).await?;
        self.open_session(user, client, None, "auth_logged_in_with_passkey").await
    }

    pub(crate) async fn open_session(
        &self,
        user: UserId,
        client: &Client,
        vouched: Option<Vouched>,
        kind: &'static str,
    ) -> Result<String> {
        let core = self.0.core();
        let (secret, now) = (random_hex(core.entropy(), 32), core.now());
        let session = Opened {
            secret_hash: sha256(secret.as_bytes()),
            id: core.id(SessionId::new),
            user,
            created_at: now,
            expires_at: now.plus_ms(SESSION_MS),
            user_agent: client
                .user_agent
                .chars()
                .filter(|c| !c.is_control())
                .take(USER_AGENT)
                .collect(),
            address: client.address.chars().take(64).collect(),
            vouched,
        };
        let context = serde_json::json!({ "ip_address": session.address });
        let deed = Deed::new(kind, "Somebody signed in.", "user", user).with(context);
        let mut tx = core.db().begin().await?;
        sessions::open(&mut tx, &session).await?;
        sessions::trim(&mut tx, user, SESSIONS).await?;
        self.0.note_by(&mut tx, Some(user), deed).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// Ends a session; where the identity provider that vouched for it wants to be left as well, the address for that.
    pub async fn sign_out(&self, secret: &str) -> Result<Option<String>> {
        let mut tx = self.0.core().db().begin().await?;
        let ended = sessions::close(&mut tx, sha256(secret.as_bytes())).await?;
        let Some((user, id_token)) = ended else { return Ok(None) };
        let deed = Deed::new("auth_logged_out", "Somebody signed out.", "user", user);
        self.0.note_by(&mut tx, Some(user), deed).await?;
        tx.commit().await?;
        match id_token {
            Some(id_token) => Ok(self.0.sign_on().leave(&id_token).await),
            None => Ok(None),
        }
    }

    /// Ends a token that was given for a password. One that somebody has made for a program is revoked where it was made.
    pub async fn revoke_token(&self, token: &str) -> Result<()> {
        let mut tx = self.0.core().db().begin().await?;
        let ended = store::users::drop_token(&mut tx, sha256(token.as_bytes())).await?;
        let Some(user) = ended else { return Ok(()) };
        let deed = Deed::new("auth_logged_out", "A token was given up.", "user", user);
        self.0.note_by(&mut tx, Some(user), deed).await?;
        Ok(tx.commit().await?)
    }

    /// Who a session belongs to; `None` when it has ended or never was.
    pub async fn by_session(&self, secret: &str) -> Result<Option<Actor>> {
        if secret.len() != 64 {
            return Ok(None);
        }
        let core = self.0.core();
        let now = core.now();
        let Some(live) = sessions::find(core.db(), sha256(secret.as_bytes()), now).await? else {
            return Ok(None);
        };
        if now.ms() - live.seen_at.ms() >= SEEN_MS {
            sessions::touch(core.db(), live.id, now).await?;
        }
        let user = store::users::find(core.db(), live.user).await?;
        self.actor(user, Some(live.id)).await
    }

    /// A new API token of 40 hexadecimal digits for somebody who knows the password and has the second factor, if there is
    /// one.
    pub async fn issue_token(&self, request: &SignIn, client: &Client) -> Result<String> {
        let user = self.check(request, client).await?;
        self.second_factor(user.id, request.otp.as_deref()).await?;
        self.must_be_verified(user.id).await?;
        self.token_for(user.id).await
    }

    /// The browsers that somebody is signed in with.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<SessionView>> {
        let (user, core) = (actor.must_be_person()?, self.0.core());
        Ok(sessions::of_user(core.db(), user, actor.session, core.now()).await?)
    }

    /// Signs one browser out.
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        let user = actor.must_be_person()?;
        let mut tx = self.0.core().db().begin().await?;
        if sessions::end(&mut tx, user, id).await? == 0 {
            return Err(Error::Missing("session"));
        }
        let deed = Deed::new("session_ended", "A browser was signed out.", "session", id);
        self.0.note(&mut tx, Some(actor), deed).await?;
        Ok(tx.commit().await?)
    }

    /// Signs all other browsers out; how many that were.
    pub async fn end_other_sessions(&self, actor: &Actor) -> Result<u64> {
        let user = actor.must_be_person()?;
        let mut tx = self.0.core().db().begin().await?;
        let ended = sessions::end_all(&mut tx, user, actor.session).await?;
        // Tokens that were given for the password are as good as a browser.
        store::users::drop_tokens(&mut tx, user).await?;
        links::drop_all(&mut tx, user, Purpose::SecondFactor).await?;
        let deed = Deed::new("sessions_ended", "All other browsers were signed out.", "user", user);
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, ended, "sessions were ended everywhere else");
        Ok(ended)
    }
}

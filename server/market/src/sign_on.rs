//! Single sign-on: people whom an identity provider vouches for.
//!
//! The provider's protocol is behind the port [`Provider`]; here is what follows from its word: whose account it is, which
//! role it gives, which sessions end with it. A person is known by the provider's name for them. The first time they are
//! found by their address, and only when the provider has verified it. Our own second factor is not asked for: the
//! provider has its own.

use std::{fmt, future::Future, pin::Pin};

use model::{Email, FullName, Role, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    links::{self, Purpose},
    sessions::Vouched,
};

use crate::{
    Client, Error, Market, Result,
    attempts::Attempt,
    audit::Deed,
    identity::NOBODY,
    secrets::{random_hex, sha256},
};

/// How long the way to the provider and back may take, in milliseconds.
const WAY_MS: i64 = 15 * 60_000;

/// What to ask the provider for.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Comes back with the answer.
    pub state: String,
    /// Stands in the provider's word.
    pub nonce: String,
    /// Proves that who asks for the word is who was sent away (PKCE).
    pub verifier: String,
}

/// What the provider says of somebody, verified.
#[derive(Clone)]
pub struct Word {
    pub issuer: String,
    pub subject: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: Option<String>,
    pub roles: Vec<String>,
    /// The provider's name for the session.
    pub sid: Option<String>,
    pub id_token: String,
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Word").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// The provider's word that somebody has left, verified but for whether it was said before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    pub issuer: String,
    pub subject: Option<String>,
    pub sid: Option<String>,
    /// The token's own name.
    pub jti: String,
    /// Until when such a token would be taken.
    pub expires_at: Timestamp,
}

/// Why there is no word of the provider.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// What came is not the provider's, or not meant for us, or too late.
    #[error("refused: {0}")]
    Refused(String),
    /// The provider cannot be asked.
    #[error("the identity provider does not answer: {0}")]
    Silent(String),
}

/// A future of the port, on the heap so that the port can be a trait object.
pub type Heard<'a, T> = Pin<Box<dyn Future<Output = std::result::Result<T, Unheard>> + Send + 'a>>;

/// An identity provider.
pub trait Provider: Send + Sync {
    /// Where a browser is sent to sign in.
    fn address<'a>(&'a self, asking: &'a Asking) -> Heard<'a, String>;
    /// What the provider says for the code that a browser came back with.
    fn word<'a>(&'a self, code: &'a str, asking: &'a Asking) -> Heard<'a, Word>;
    /// Where a browser is sent to leave the provider as well, if it can be left.
    fn leave<'a>(&'a self, id_token: &'a str) -> Heard<'a, Option<String>>;
    /// Reads a back-channel logout token.
    fn leaving<'a>(&'a self, token: &'a str, now: Timestamp) -> Heard<'a, Leaving>;
}

impl fmt::Debug for dyn Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}

/// What is kept here while somebody is on the way.
#[derive(Serialize, Deserialize)]
struct Way {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
}

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct SignOn<'a>(pub(crate) &'a Market);

impl SignOn<'_> {
    /// Whether there is a provider.
    pub fn is_on(&self) -> bool {
        self.0.shared().provider.get().is_some()
    }

    fn provider(&self) -> Result<&dyn Provider> {
        self.0.shared().provider.get().map(AsRef::as_ref).ok_or(Error::Missing("page"))
    }

    /// Sends somebody to the provider: the address, and a secret for the browser's cookie, without which the answer is
    /// nobody's.
    pub async fn start(&self, next: &str, client: &Client) -> Result<(String, String)> {
        let (provider, core) = (self.provider()?, self.0.core());
        Attempt::sign_ons_from(&client.address).take(core).await?;
        let draw = |bytes| random_hex(core.entropy(), bytes);
        let asking = Asking { state: draw(16), nonce: draw(16), verifier: draw(32) };
        let address = provider.address(&asking).await.map_err(|error| refused(&error))?;
        let (secret, now) = (draw(32), core.now());
        let Asking { state, nonce, verifier } = asking;
        let next = next.chars().take(2_000).collect();
        let way = serde_json::to_string(&Way { state, nonce, verifier, next })
            .map_err(|error| Error::Internal(Box::new(error)))?;
        let (hash, times) = (sha256(secret.as_bytes()), (now, now.plus_ms(WAY_MS)));
        links::insert(core.db(), hash, Purpose::SignOn, None, &way, times).await?;
        Ok((address, secret))
    }

    /// Lets somebody in who comes back with a code: the secret of the session, and where to go.
    pub async fn finish(
        &self,
        secret: &str,
        state: &str,
        answer: &str,
        client: &Client,
    ) -> Result<(String, String)> {
        const LOST: Error = Error::Conflict(
            "This sign-in was started in another browser, or too long ago. Start it again.",
        );
        let (provider, core) = (self.provider()?, self.0.core());
        let hash = sha256(secret.as_bytes());
        let link = links::take(core.db(), hash, Purpose::SignOn, core.now()).await?.ok_or(LOST)?;
        let way: Way = serde_json::from_str(&link.detail)
            .map_err(|_| Error::broken("stored way to the identity provider"))?;
        if sha256(way.state.as_bytes()) != sha256(state.as_bytes()) {
            return Err(LOST);
        }
        let Way { state, nonce, verifier, next } = way;
        let word = provider
            .word(answer, &Asking { state, nonce, verifier })
            .await
            .map_err(|error| refused(&error))?;
        let user = self.whose(&word).await?;
        let identity = self.0.identity();
        identity.mend_trials(user).await?;
        let vouched = Vouched {
            issuer: word.issuer,
            subject: word.subject,
            sid: word.sid,
            id_token: word.id_token,
        };
        Ok((
            identity.open_session(user, client, Some(vouched), "auth_logged_in_with_oidc").await?,
            next,
        ))
    }

    /// Whose account somebody's is; made when there is none and anybody may come.
    async fn whose(&self, word: &Word) -> Result<UserId> {
        let core = self.0.core();
        let role = role_of(&word.roles);
        let known = store::identities::find(core.db(), &word.issuer, &word.subject).await?;
        let (user, given) = match known {
            Some(known) => (known.user, known.role),
            None => (self.newcomer(word).await?, None),
        };
        let mut tx = core.db().begin().await?;
        // Nobody else gives or takes a role between what is read and what is written.
        store::users::lock(&mut tx, user).await?;
        let person = store::users::find(&mut tx, user).await?.ok_or(Error::Missing("user"))?;
        if !store::users::is_active(&mut tx, user).await? {
            return Err(Error::Conflict(
                "This account is closed. Ask the operator of this marketplace.",
            ));
        }
        // What the provider gave it also takes; a role that was given here stays.
        if (role.is_some() || person.role == given) && person.role != role {
            store::users::set_role(&mut tx, user, role).await?;
            let told = match role {
                Some(role) => {
                    format!("The identity provider gave the operator role {}.", role.as_str())
                }
                None => "The identity provider took the operator role away.".to_owned(),
            };
            let name = |role: Option<Role>| role.map(Role::as_str);
            let deed = Deed::new("user_role_changed", told, "user", user)
                .with(json!({ "old_role": name(person.role), "role": name(role) }));
            self.0.note_by(&mut tx, Some(user), deed).await?;
        }
        let (issuer, subject) = (&word.issuer, &word.subject);
        store::identities::save(&mut tx, issuer, subject, user, role, core.now()).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Somebody whom the provider names for the first time.
    async fn newcomer(&self, word: &Word) -> Result<UserId> {
        let (core, identity) = (self.0.core(), self.0.identity());
        let email: Option<Email> = word.email.as_deref().and_then(|text| text.parse().ok());
        let email = email.filter(|_| word.email_verified).ok_or(Error::Conflict(
            "The identity provider has not verified your e-mail address, so that your account cannot be found. Verify it there, then sign in again.",
        ))?;
        if let Some(user) = store::users::by_email(core.db(), &email.folded()).await? {
            self.take_over(user.id).await?;
            return Ok(user.id);
        }
        let now = core.now();
        if self.0.settings().block_uninvited
            && !store::invitations::awaits(core.db(), &email.folded(), now).await?
        {
            return Err(Error::Conflict(
                "There is no account for you yet. Ask the operator of this marketplace, or somebody of your organization, to invite you.",
            ));
        }
        let name = word.name.as_deref().and_then(|text| text.parse::<FullName>().ok());
        let local = || email.as_str().split('@').next().unwrap_or("Member").to_owned();
        let name = name.map_or_else(local, |name| name.as_str().to_owned());
        let user = identity.create(&email, &name, NOBODY.to_owned(), None, true).await?;
        identity.first_workspace(user, &name).await?;
        Ok(user)
    }

    /// Gives an account to the person whose address the provider has verified. When nobody has verified it before, the
    /// account may have been made by somebody else in wait for that person: every other way into it ends.
    async fn take_over(&self, user: UserId) -> Result<()> {
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        if self.0.identity().evict_stranger(&mut tx, user).await? {
            store::users::set_password(&mut tx, user, NOBODY).await?;
        }
        store::users::verify(&mut tx, user, core.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Where a browser is sent that has left us, so that it leaves the provider, too. A provider that cannot be asked is
    /// not left.
    pub(crate) async fn leave(&self, id_token: &str) -> Option<String> {
        let provider = self.0.shared().provider.get()?;
        match provider.leave(id_token).await {
            Ok(address) => address,
            Err(error) => {
                tracing::warn!(%error, "the identity provider was not left");
                None
            }
        }
    }

    /// Ends the sessions that a provider says have ended; how many that were. Each token is carried out once.
    pub async fn back_channel(&self, token: &str) -> Result<u64> {
        let (provider, core) = (self.provider()?, self.0.core());
        let wrong = |why: &str| Error::field("logout_token", why);
        let leaving = match provider.leaving(token, core.now()).await {
            Ok(leaving) => leaving,
            Err(Unheard::Refused(why)) => {
                tracing::warn!(%why, "a logout token was refused");
                return Err(wrong("This is not a logout token of the identity provider."));
            }
            Err(silent) => return Err(refused(&silent)),
        };
        let name = sha256(format!("{}\0{}", leaving.issuer, leaving.jti).as_bytes());
        let mut tx = core.db().begin().await?;
        if !store::identities::spend(&mut tx, name, leaving.expires_at).await? {
            return Err(wrong("This logout token was used before."));
        }
        let (subject, sid) = (leaving.subject.as_deref(), leaving.sid.as_deref());
        let ended = store::sessions::end_vouched(&mut tx, &leaving.issuer, subject, sid).await?;
        let sentence = format!("The identity provider ended {ended} sessions.");
        let object = leaving.sid.as_deref().or(subject).unwrap_or_default();
        let deed = Deed::new("auth_logged_out_with_oidc", sentence, "identity", object);
        self.0.note_by(&mut tx, None, deed).await?;
        tx.commit().await?;
        tracing::info!(ended, "the identity provider ended sessions");
        Ok(ended)
    }
}

/// The operator's role among the provider's names, the one that may most.
fn role_of(names: &[String]) -> Option<Role> {
    [Role::Staff, Role::Finance, Role::Support, Role::CatalogManager]
        .into_iter()
        .find(|role| names.iter().any(|name| name == role.as_str()))
}

fn refused(error: &Unheard) -> Error {
    tracing::warn!(%error, "signing in with the identity provider failed");
    match error {
        Unheard::Refused(_) => Error::Conflict(
            "The identity provider's answer could not be verified. Start again; if it happens again, tell the operator.",
        ),
        Unheard::Silent(_) => Error::Upstream {
            status: 502,
            message: "The identity provider does not answer. Try again in a minute.".to_owned(),
        },
    }
}

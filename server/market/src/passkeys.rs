//! Passkeys: signing in with a device that knows its owner, by a finger, a face or a PIN.
//!
//! What devices say and how it is verified is behind the port [`Authenticators`]. A passkey is two factors at once, what
//! somebody has and what they know or are, so that no code is asked for besides. What a device is asked is kept here,
//! for five minutes and one answer.

use std::fmt;

use model::{PasskeyId, PasskeyView, Title, UserId};
use store::{
    links::{self, Purpose},
    passkeys::{self, Added},
};

use crate::{
    Actor, Client, Error, Market, Result,
    attempts::Attempt,
    audit::Deed,
    secrets::{random_hex, sha256},
};

/// How long a device may take to answer, in milliseconds.
const ASKED_MS: i64 = 5 * 60_000;
/// How many passkeys somebody may have.
const MOST: usize = 20;
const ENOUGH: &str = "There are 20 passkeys. Remove one you do not use.";
/// The longest answer of a device, in bytes.
const ANSWER: usize = 32 * 1024;

/// What a device is asked.
#[derive(Clone)]
pub struct Challenge {
    /// For the browser, as JSON.
    pub options: String,
    /// What the answer is compared with, as JSON; it stays here.
    pub state: String,
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(…)")
    }
}

/// A device's answer that is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

/// Talks with devices.
pub trait Authenticators: Send + Sync {
    /// Asks for a new key for somebody, by address and name; none of the known ones.
    fn invite(
        &self,
        user: UserId,
        called: (&str, &str),
        known: Vec<Vec<u8>>,
    ) -> Result<Challenge, Unfit>;
    /// Reads the new key: the device's name for it, and what is to be kept.
    fn enrol(&self, answer: &str, state: &str) -> Result<(Vec<u8>, String), Unfit>;
    /// Asks whoever is there to show a key.
    fn ask(&self) -> Result<Challenge, Unfit>;
    /// Whose key an answer claims to be; nothing is verified.
    fn whose(&self, answer: &str) -> Result<(UserId, Vec<u8>), Unfit>;
    /// Verifies an answer with the key that is kept; the key as it is to be kept from now on.
    fn check(&self, answer: &str, state: &str, credential: &str) -> Result<String, Unfit>;
}

impl fmt::Debug for dyn Authenticators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticators")
    }
}

/// The service for them.
#[derive(Debug, Clone, Copy)]
pub struct Passkeys<'a>(pub(crate) &'a Market);

fn unfit(error: &Unfit) -> Error {
    tracing::info!(%error, "the answer of a device was refused");
    Error::Conflict("The passkey could not be verified. Try again.")
}

impl Passkeys<'_> {
    /// Whether there are passkeys here at all; a server without a name of its own has none.
    pub fn are_on(&self) -> bool {
        self.0.shared().authenticators.get().is_some()
    }

    fn authenticators(&self) -> Result<&dyn Authenticators> {
        self.0.shared().authenticators.get().map(AsRef::as_ref).ok_or(Error::Missing("page"))
    }

    /// Keeps what a device was asked; the secret for the browser's cookie.
    async fn keep(&self, why: Purpose, user: Option<UserId>, state: &str) -> Result<String> {
        let core = self.0.core();
        let (secret, now) = (random_hex(core.entropy(), 32), core.now());
        let (hash, times) = (sha256(secret.as_bytes()), (now, now.plus_ms(ASKED_MS)));
        links::insert(core.db(), hash, why, user, state, times).await?;
        Ok(secret)
    }

    /// What was asked, once.
    async fn kept(&self, secret: &str, why: Purpose) -> Result<links::Link> {
        let core = self.0.core();
        let hash = sha256(secret.as_bytes());
        let found = links::take(core.db(), hash, why, core.now()).await?;
        found.ok_or(Error::Conflict("This took too long. Start again."))
    }

    /// Asks for a new passkey: the browser's options, and a secret for its cookie.
    pub async fn begin(&self, actor: &Actor) -> Result<(String, String)> {
        let authenticators = self.authenticators()?;
        let user = self.0.identity().must_be_fresh(actor).await?;
        let db = self.0.core().db();
        let known = passkeys::names(db, user).await?;
        if known.len() >= MOST {
            return Err(Error::Conflict(ENOUGH));
        }
        let person = store::users::find(db, user).await?.ok_or(Error::Missing("user"))?;
        let names = (person.email.as_str(), person.full_name.as_str());
        let challenge = authenticators.invite(user, names, known).map_err(|error| unfit(&error))?;
        let secret = self.keep(Purpose::NewPasskey, Some(user), &challenge.state).await?;
        Ok((challenge.options, secret))
    }

    /// Adds the passkey that a device has made.
    pub async fn add(&self, actor: &Actor, secret: &str, answer: &str, name: &Title) -> Result<()> {
        let (user, authenticators) = (actor.must_be_person()?, self.authenticators()?);
        let asked = self.kept(secret, Purpose::NewPasskey).await?;
        if asked.user != Some(user) || answer.len() > ANSWER {
            return Err(Error::Conflict("This took too long. Start again."));
        }
        let (credential_id, credential) =
            authenticators.enrol(answer, &asked.detail).map_err(|error| unfit(&error))?;
        let core = self.0.core();
        let key = Added {
            id: core.id(PasskeyId::new),
            user,
            credential_id,
            credential,
            name: name.as_str().to_owned(),
            at: core.now(),
        };
        let mut tx = core.db().begin().await?;
        // The person's row is locked, so that the count stays true.
        store::users::lock(&mut tx, user).await?;
        if passkeys::names(&mut tx, user).await?.len() >= MOST {
            return Err(Error::Conflict(ENOUGH));
        }
        passkeys::insert(&mut tx, &key).await.map_err(|error| match error {
            store::Error::Conflict => Error::Conflict("This passkey is known already."),
            other => other.into(),
        })?;
        let what = "A passkey was added to the ways of signing in";
        self.0.identity().tell_of_new_way(&mut tx, user, what).await?;
        let deed = Deed::new("user_passkey_added", "A passkey was added.", "passkey", key.id);
        self.0.note(&mut tx, Some(actor), deed).await?;
        Ok(tx.commit().await?)
    }

    /// The passkeys of who is signed in.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<PasskeyView>> {
        Ok(passkeys::of_user(self.0.core().db(), actor.must_be_person()?).await?)
    }

    /// Removes one of them.
    pub async fn remove(&self, actor: &Actor, id: PasskeyId) -> Result<()> {
        let user = actor.must_be_person()?;
        let mut tx = self.0.core().db().begin().await?;
        if passkeys::remove(&mut tx, user, id).await? == 0 {
            return Err(Error::Missing("passkey"));
        }
        let deed = Deed::new("user_passkey_removed", "A passkey was removed.", "passkey", id);
        self.0.note(&mut tx, Some(actor), deed).await?;
        Ok(tx.commit().await?)
    }

    /// Asks whoever is at a browser to show a passkey: the browser's options, and a secret for its cookie.
    pub async fn ask(&self, client: &Client) -> Result<(String, String)> {
        let authenticators = self.authenticators()?;
        Attempt::passkeys_from(&client.address).take(self.0.core()).await?;
        let challenge = authenticators.ask().map_err(|error| unfit(&error))?;
        let secret = self.keep(Purpose::Passkey, None, &challenge.state).await?;
        Ok((challenge.options, secret))
    }

    /// Signs in who has shown a passkey; the session's secret.
    pub async fn enter(&self, secret: &str, answer: &str, client: &Client) -> Result<String> {
        const UNKNOWN: Error =
            Error::Conflict("This passkey is not known here. Sign in another way.");
        let authenticators = self.authenticators()?;
        let asked = self.kept(secret, Purpose::Passkey).await?;
        if answer.len() > ANSWER {
            return Err(UNKNOWN);
        }
        let core = self.0.core();
        let (user, credential_id) = authenticators.whose(answer).map_err(|error| unfit(&error))?;
        let found = passkeys::find(core.db(), user, &credential_id).await?;
        let (id, credential) = found.ok_or(UNKNOWN)?;
        let credential = authenticators
            .check(answer, &asked.detail, &credential)
            .map_err(|error| unfit(&error))?;
        if !store::users::is_active(core.db(), user).await? {
            return Err(UNKNOWN);
        }
        passkeys::used(core.db(), id, &credential, core.now()).await?;
        self.0.identity().enter_with_passkey(user, client).await
    }
}

//! Keeping an account: its address, its password, and what its owner sees of both.
//!
//! Links are in mails, work once and are kept as hashes. Who asks for one learns the same whether or not there is an
//! account with the address.

use model::{Email, FullName, SecurityView, UserId};
use store::{
    links::{self, Purpose},
    users::User,
};

use crate::{
    Actor, Client, Error, Identity, Result,
    attempts::Attempt,
    audit::Deed,
    identity::NOBODY,
    mails::{self, Letter},
    secrets::{random_hex, sha256},
};

/// How long a link that verifies an address works, in milliseconds: 48 hours.
const VERIFY_MS: i64 = 48 * 3_600_000;
/// How long after signing in somebody may add ways to sign in, in milliseconds: 15 minutes.
const FRESH_MS: i64 = 15 * 60_000;
/// How long a link for a new password works, in milliseconds: one hour.
const RESET_MS: i64 = 3_600_000;

const WORN_OUT: Error = Error::Conflict(
    "This link does not work any more. It was used before, or it is too old. Ask for a new one.",
);

impl Identity<'_> {
    /// Refuses who has not shown yet that they read the mail of their address; where no mail is sent, nobody can.
    pub(crate) async fn must_be_verified(&self, user: UserId) -> Result<()> {
        if !self.0.mails().are_sent() {
            return Ok(());
        }
        match store::users::verified_at(self.0.core().db(), user).await? {
            Some(_) => Ok(()),
            None => Err(Error::Unverified),
        }
    }

    /// Writes somebody a mail with a link that verifies the address.
    pub(crate) async fn send_verification(&self, user: UserId) -> Result<()> {
        let core = self.0.core();
        let person = store::users::find(core.db(), user).await?.ok_or(Error::Missing("user"))?;
        let secret = random_hex(core.entropy(), 32);
        let (now, hash) = (core.now(), sha256(secret.as_bytes()));
        let url = &self.0.settings().public_url;
        let letter = Letter {
            to: address(&person)?,
            subject: "Verify your e-mail address".to_owned(),
            text: format!(
                "Hello {},\n\nopen this link to verify your e-mail address:\n\n{url}/login/verify/?token={secret}\n\n\
                 It works once, for 48 hours. If you have not made an account at {url}, do nothing.\n",
                person.full_name
            ),
            reference: format!("verify:{user}:{}", now.ms()),
        };
        let mut tx = core.db().begin().await?;
        links::drop_all(&mut tx, user, Purpose::Verify).await?;
        let times = (now, now.plus_ms(VERIFY_MS));
        let folded = person.email.to_lowercase();
        links::insert(&mut tx, hash, Purpose::Verify, Some(user), &folded, times).await?;
        mails::push(core, &mut tx, &letter).await?;
        Ok(tx.commit().await?)
    }

    /// Another mail to verify an address, for who has an account that waits for it; the same answer to everybody else.
    pub async fn ask_to_verify(&self, email: &Email, client: &Client) -> Result<()> {
        let core = self.0.core();
        let folded = email.folded();
        Attempt::mails_from(&client.address).take(core).await?;
        Attempt::mail_to(&folded).take(core).await?;
        let Some(user) = store::users::by_email(core.db(), &folded).await? else { return Ok(()) };
        if store::users::verified_at(core.db(), user.id).await?.is_none() {
            self.send_verification(user.id).await?;
        }
        Ok(())
    }

    /// Another mail to verify the address of who is signed in; one a minute.
    pub async fn verify_again(&self, actor: &Actor) -> Result<()> {
        let user = actor.must_be_person()?;
        Attempt::verification(user).take(self.0.core()).await?;
        self.send_verification(user).await
    }

    /// Carries a link of a mail out: its reader reads the mail of the address.
    pub async fn verify(&self, token: &str) -> Result<()> {
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        let hash = sha256(token.as_bytes());
        let link = links::take(&mut tx, hash, Purpose::Verify, core.now()).await?;
        let link = link.ok_or(WORN_OUT)?;
        let user = link.user.ok_or(WORN_OUT)?;
        let person = store::users::find(&mut tx, user).await?.ok_or(WORN_OUT)?;
        if person.email.to_lowercase() != link.detail {
            return Err(WORN_OUT);
        }
        store::users::verify(&mut tx, user, core.now()).await?;
        let kind = "user_email_verified";
        let deed = Deed::new(kind, "An e-mail address was verified.", "user", user);
        self.0.note_by(&mut tx, Some(user), deed).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, "an address was verified");
        Ok(())
    }

    /// Writes a mail with a link for a new password, if there is an account with the address; nobody is told whether.
    pub async fn forgot(&self, email: &Email, client: &Client) -> Result<()> {
        let core = self.0.core();
        let folded = email.folded();
        Attempt::mails_from(&client.address).take(core).await?;
        Attempt::mail_to(&folded).take(core).await?;
        let user = match store::users::by_email(core.db(), &folded).await? {
            Some(user) if store::users::is_active(core.db(), user.id).await? => Some(user),
            _ => None,
        };
        let secret = random_hex(core.entropy(), 32);
        let (now, hash) = (core.now(), sha256(secret.as_bytes()));
        let times = (now, now.plus_ms(RESET_MS));
        let mut tx = core.db().begin().await?;
        // Without an account a link that opens nothing is written, so that both take the same time.
        let whom = user.as_ref().map(|user| user.id);
        if let Some(user) = &user {
            links::drop_all(&mut tx, user.id, Purpose::Reset).await?;
        }
        links::insert(&mut tx, hash, Purpose::Reset, whom, "", times).await?;
        if let Some(user) = &user {
            let url = &self.0.settings().public_url;
            let letter = Letter {
                to: address(user)?,
                subject: "Choose a new password".to_owned(),
                text: format!(
                    "Hello {},\n\nopen this link to choose a new password:\n\n{url}/login/reset/?token={secret}\n\n\
                     It works once, for one hour. If you have not asked for it, do nothing: your password stays as it is.\n",
                    user.full_name
                ),
                reference: format!("reset:{}:{}", user.id, now.ms()),
            };
            mails::push(core, &mut tx, &letter).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Whether a link for a new password works still; it is not used up.
    pub async fn may_reset(&self, token: &str) -> Result<bool> {
        let core = self.0.core();
        let hash = sha256(token.as_bytes());
        let found = links::find(core.db(), hash, Purpose::Reset, core.now()).await?;
        Ok(found.is_some_and(|link| link.user.is_some()))
    }

    /// Carries a link for a new password out, and signs every browser out; tokens that were given for the old password end
    /// with it. A second factor stays, and so do the tokens that somebody has made for their programs, unless nobody has shown
    /// before that they read the mail of the address.
    pub async fn reset(&self, token: &str, password: String) -> Result<()> {
        if !self.may_reset(token).await? {
            return Err(WORN_OUT);
        }
        // Hashing takes its time, and a password that is refused leaves the link as it was.
        let hash = self.hash(password).await?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        let secret = sha256(token.as_bytes());
        let link = links::take(&mut tx, secret, Purpose::Reset, core.now()).await?;
        let user = link.and_then(|link| link.user).ok_or(WORN_OUT)?;
        let person = store::users::find(&mut tx, user).await?.ok_or(WORN_OUT)?;
        let evicted = self.evict_stranger(&mut tx, user).await?;
        store::users::set_password(&mut tx, user, &hash).await?;
        // The link came by mail, so that whoever has it reads the mail of the address.
        store::users::verify(&mut tx, user, core.now()).await?;
        store::sessions::end_all(&mut tx, user, None).await?;
        store::users::drop_tokens(&mut tx, user).await?;
        links::drop_all(&mut tx, user, Purpose::SecondFactor).await?;
        self.tell_of_new_password(&mut tx, &person, evicted).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, "a password was reset");
        Ok(())
    }

    /// Another password for who is signed in and knows the present one; all other browsers are signed out, and tokens that
    /// were given for the old one end.
    pub async fn change_password(
        &self,
        actor: &Actor,
        present: &str,
        next: String,
        client: &Client,
    ) -> Result<()> {
        let (user, core) = (actor.must_be_person()?, self.0.core());
        let person = store::users::find(core.db(), user).await?.ok_or(Error::Missing("user"))?;
        let hash = self.hash(next).await.map_err(|error| renamed(error, "new_password"))?;
        self.confirm_password(&person, present, client).await?;
        let mut tx = core.db().begin().await?;
        store::users::set_password(&mut tx, user, &hash).await?;
        store::sessions::end_all(&mut tx, user, actor.session).await?;
        store::users::drop_tokens(&mut tx, user).await?;
        links::drop_all(&mut tx, user, Purpose::SecondFactor).await?;
        links::drop_all(&mut tx, user, Purpose::Reset).await?;
        self.tell_of_new_password(&mut tx, &person, false).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, "a password was changed");
        Ok(())
    }

    async fn tell_of_new_password(
        &self,
        tx: &mut store::Tx,
        person: &User,
        evicted: bool,
    ) -> Result<()> {
        let rest = if evicted {
            "Personal access tokens, hooks, passkeys and a second factor were removed, for the address was not verified before."
        } else {
            "Personal access tokens still work."
        };
        let core = self.0.core();
        let url = &self.0.settings().public_url;
        let letter = Letter {
            to: address(person)?,
            subject: "Your password was changed".to_owned(),
            text: format!(
                "Hello {},\n\nthe password of your account at {url} was changed, and other browsers were signed out. {rest}\n\n\
                 If that was not you, choose a new one at {url}/login/forgot/ and look at your account.\n",
                person.full_name
            ),
            reference: format!("password:{}:{}", person.id, core.now().ms()),
        };
        let kind = "user_password_updated";
        let deed = Deed::new(kind, "A password was changed.", "user", person.id);
        self.0.note_by(tx, Some(person.id), deed).await?;
        mails::push(core, tx, &letter).await.map(drop)
    }

    /// Writes who has an account that somebody wants to make one with the address; once an hour.
    pub(crate) async fn tell_of_registration(&self, email: &Email) -> Result<()> {
        let (core, folded) = (self.0.core(), email.folded());
        if Attempt::registration_mail(&folded).take(core).await.is_err() {
            return Ok(());
        }
        let Some(person) = store::users::by_email(core.db(), &folded).await? else { return Ok(()) };
        let url = &self.0.settings().public_url;
        let text = format!(
            "Hello {},\n\nsomebody wanted to make an account with this address at {url}. You have one already.\n\n\
             Sign in at {url}/login/, or choose a new password at {url}/login/forgot/. If that was not you, do nothing.\n",
            person.full_name
        );
        let mut tx = core.db().begin().await?;
        self.write_to(&mut tx, &person, "You have an account", ("registration", text)).await?;
        Ok(tx.commit().await?)
    }

    /// Writes somebody that there is another way into the account.
    pub(crate) async fn tell_of_new_way(
        &self,
        tx: &mut store::Tx,
        user: UserId,
        what: &str,
    ) -> Result<()> {
        let person = store::users::find(&mut *tx, user).await?.ok_or(Error::Missing("user"))?;
        let url = &self.0.settings().public_url;
        let text = format!(
            "Hello {},\n\n{what} of your account at {url}.\n\n\
             If that was not you, look at {url}/account/ and choose a new password at {url}/login/forgot/.\n",
            person.full_name
        );
        self.write_to(tx, &person, "Your account has changed", ("account", text)).await
    }

    async fn write_to(
        &self,
        tx: &mut store::Tx,
        person: &User,
        subject: &str,
        (about, text): (&str, String),
    ) -> Result<()> {
        let reference = format!("{about}:{}:{}", person.id, random_hex(self.0.core().entropy(), 8));
        let letter = Letter { to: address(person)?, subject: subject.to_owned(), text, reference };
        mails::push(self.0.core(), tx, &letter).await.map(drop)
    }

    /// Refuses who signed in a while ago, or with a token: a browser that was left open, or a token that leaked, makes no
    /// lasting way into the account.
    pub(crate) async fn must_be_fresh(&self, actor: &Actor) -> Result<UserId> {
        let (user, core) = (actor.must_be_person()?, self.0.core());
        let began = match actor.session {
            Some(id) => store::sessions::began(core.db(), user, id).await?,
            None => None,
        };
        match began {
            Some(began) if core.now().ms() - began.ms() < FRESH_MS => Ok(user),
            _ => Err(Error::Refused(
                "For this your sign-in must be younger than 15 minutes. Sign out, sign in, and try again.",
            )),
        }
    }

    /// Another name for who is signed in.
    pub async fn rename(&self, actor: &Actor, name: &FullName) -> Result<()> {
        let user = actor.must_be_person()?;
        let mut tx = self.0.core().db().begin().await?;
        store::users::rename(&mut tx, user, name.as_str()).await?;
        Ok(tx.commit().await?)
    }

    /// What somebody sees of how their account is kept.
    pub async fn security(&self, actor: &Actor) -> Result<SecurityView> {
        let (user, db) = (actor.must_be_person()?, self.0.core().db());
        let person = store::users::find(db, user).await?.ok_or(Error::Missing("user"))?;
        let factor = store::second_factors::find(db, user).await?;
        Ok(SecurityView {
            has_password: person.password_hash != NOBODY,
            email: person.email,
            full_name: person.full_name,
            verified_at: store::users::verified_at(db, user).await?,
            second_factor_at: factor.and_then(|factor| factor.confirmed_at),
            recovery_codes: store::second_factors::codes_left(db, user).await?,
            issuers: store::identities::issuers(db, user).await?,
        })
    }
}

/// The address of somebody, as it was parsed when the account was made.
fn address(person: &User) -> Result<Email> {
    person.email.parse().map_err(|_| Error::broken("stored e-mail address"))
}

/// The same faults under another field's name.
fn renamed(error: Error, field: &str) -> Error {
    match error {
        Error::Invalid(faults) => Error::Invalid(
            faults.into_iter().map(|fault| model::Fault::new(field, fault.message)).collect(),
        ),
        other => other,
    }
}

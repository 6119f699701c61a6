//! The second factor: codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds) and recovery codes.
//!
//! A code is taken once, and one step early or late, so that clocks may differ by half a minute. Wrong codes are counted
//! per person, wherever they come from. The app's secret is stored as it is: there is no key yet to encrypt it with.

use model::UserId;
use totp_rs::{Builder, Secret, Totp};

use crate::{
    Actor, Client, Error, Market, Result, attempts::Attempt, audit::Deed, secrets::sha256,
};

/// Bytes of an app's secret: as many as its hash has.
const SECRET: usize = 20;
/// Bytes of a recovery code, which make 16 characters.
const CODE: usize = 10;
/// How many recovery codes there are.
const CODES: usize = 10;
/// How long a secret that nobody has confirmed may still be, in milliseconds.
const SETUP_MS: i64 = 3_600_000;

const WRONG: &str = "The code is incorrect, or was used before. Wait for the next one.";

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct SecondFactors<'a>(pub(crate) &'a Market);

/// What an authenticator app needs.
#[derive(Clone, PartialEq, Eq)]
pub struct Setup {
    /// For typing, in base 32.
    pub secret: String,
    /// For a picture that the app reads.
    pub url: String,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Setup(…)")
    }
}

fn totp(secret: &[u8]) -> Result<Totp> {
    Builder::new()
        .with_secret(secret.to_vec())
        .build()
        .map_err(|error| Error::Internal(Box::new(error)))
}

fn base32(bytes: &[u8]) -> String {
    Secret::new(bytes.into()).to_base32()
}

/// What a code is kept as. It has 80 random bits, so that a plain hash is enough; whose it is goes in as well.
fn code_hash(user: UserId, code: &str) -> [u8; 32] {
    sha256(format!("{user}:{code}").as_bytes())
}

/// Percent-encodes a part of an address.
fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = std::fmt::Write::write_fmt(&mut out, format_args!("%{byte:02X}"));
        }
        out
    })
}

impl SecondFactors<'_> {
    pub(crate) async fn is_on(&self, user: UserId) -> Result<bool> {
        let found = store::second_factors::find(self.0.core().db(), user).await?;
        Ok(found.is_some_and(|factor| factor.confirmed_at.is_some()))
    }

    /// Begins to set up: the secret to show. Asked again within the hour, it is the same, so that a page may be loaded
    /// again.
    pub async fn begin(&self, actor: &Actor) -> Result<Setup> {
        let (user, core) = (actor.must_be_person()?, self.0.core());
        let now = core.now();
        let person = store::users::find(core.db(), user).await?.ok_or(Error::Missing("user"))?;
        let known = store::second_factors::find(core.db(), user).await?;
        let secret = match known {
            Some(factor) if factor.confirmed_at.is_some() => {
                return Err(Error::Conflict("The second factor is on already."));
            }
            Some(factor) if now.ms() - factor.created_at.ms() < SETUP_MS => factor.secret,
            _ => {
                let mut secret = vec![0; SECRET];
                core.entropy().fill(&mut secret);
                if !store::second_factors::begin(core.db(), user, &secret, now).await? {
                    return Err(Error::Conflict("The second factor is on already."));
                }
                secret
            }
        };
        let text = base32(&secret);
        let url = format!(
            "otpauth://totp/CMP:{}?secret={text}&issuer=CMP",
            escape(&person.email.replace(':', ""))
        );
        Ok(Setup { secret: text, url })
    }

    /// Turns it on with a first code; the recovery codes, which are shown once.
    pub async fn confirm(&self, actor: &Actor, typed: &str) -> Result<Vec<String>> {
        let (user, core) = (self.0.identity().must_be_fresh(actor).await?, self.0.core());
        let tries = Attempt::code(user);
        tries.take(core).await?;
        let known = store::second_factors::find(core.db(), user).await?;
        let factor = known.ok_or(Error::Conflict("Start the set-up again."))?;
        if factor.confirmed_at.is_some() {
            return Err(Error::Conflict("The second factor is on already."));
        }
        if !self.is_code_of(user, &factor.secret, typed).await? {
            return Err(Error::field("code", WRONG));
        }
        tries.clear(core).await?;
        let codes = self.draw_codes();
        let mut tx = core.db().begin().await?;
        if !store::second_factors::confirm(&mut tx, user, core.now()).await? {
            return Err(Error::Conflict("The second factor is on already."));
        }
        self.keep_codes(&mut tx, user, &codes).await?;
        // Sessions that began without it are not what it is to protect against: whoever turned it on has one of them.
        store::sessions::end_all(&mut tx, user, actor.session).await?;
        store::users::drop_tokens(&mut tx, user).await?;
        let what = "A second factor was turned on for signing in";
        self.0.identity().tell_of_new_way(&mut tx, user, what).await?;
        let kind = "user_second_factor_enabled";
        let deed = Deed::new(kind, "A second factor was turned on.", "user", user);
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, "a second factor was turned on");
        Ok(codes)
    }

    /// New recovery codes in place of all earlier ones, for who has a code of the app or one of the earlier ones.
    pub async fn renew_codes(&self, actor: &Actor, typed: &str) -> Result<Vec<String>> {
        let user = actor.must_be_person()?;
        self.must_pass(user, typed).await?;
        let codes = self.draw_codes();
        let mut tx = self.0.core().db().begin().await?;
        self.keep_codes(&mut tx, user, &codes).await?;
        let kind = "user_recovery_codes_renewed";
        let deed = Deed::new(kind, "New recovery codes were made.", "user", user);
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Turns it off, for who has the password and a code.
    pub async fn turn_off(
        &self,
        actor: &Actor,
        password: &str,
        typed: &str,
        client: &Client,
    ) -> Result<()> {
        let (user, core) = (actor.must_be_person()?, self.0.core());
        let person = store::users::find(core.db(), user).await?.ok_or(Error::Missing("user"))?;
        self.0.identity().confirm_password(&person, password, client).await?;
        self.must_pass(user, typed).await?;
        let mut tx = core.db().begin().await?;
        store::second_factors::remove(&mut tx, user).await?;
        let kind = "user_second_factor_disabled";
        let deed = Deed::new(kind, "The second factor was turned off.", "user", user);
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        tracing::info!(user.id = %user, "a second factor was turned off");
        Ok(())
    }

    async fn must_pass(&self, user: UserId, typed: &str) -> Result<()> {
        if !self.is_on(user).await? {
            return Err(Error::Conflict("The second factor is off."));
        }
        match self.check(user, typed).await {
            Err(Error::SecondFactor(sentence)) => Err(Error::field("code", sentence)),
            other => other,
        }
    }

    /// Takes a code of the app or a recovery code, each once.
    pub(crate) async fn check(&self, user: UserId, typed: &str) -> Result<()> {
        let core = self.0.core();
        let tries = Attempt::code(user);
        let left = tries.take(core).await?;
        let known = store::second_factors::find(core.db(), user).await?;
        let Some(factor) = known.filter(|factor| factor.confirmed_at.is_some()) else {
            return Err(Error::SecondFactor(WRONG));
        };
        let right = self.is_code_of(user, &factor.secret, typed).await?
            || self.is_recovery_code(user, typed).await?;
        if !right {
            self.note_wrong(user, left).await?;
            return Err(Error::SecondFactor(WRONG));
        }
        tries.clear(core).await
    }

    /// Notes a wrong code, for its owner to see and for operators; after the last that is let through, that whoever it was
    /// has to wait.
    async fn note_wrong(&self, user: UserId, left: u64) -> Result<()> {
        let mut tx = self.0.core().db().begin().await?;
        let kind = "auth_second_factor_failed";
        let deed = Deed::new(kind, "A code of the second factor was wrong.", "user", user);
        self.0.note_by(&mut tx, Some(user), deed).await?;
        if left == 0 {
            let sentence =
                "The second factor was locked for ten minutes after too many wrong codes.";
            let deed = Deed::new("auth_locked_out", sentence, "user", user);
            self.0.note_by(&mut tx, Some(user), deed).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Whether it is a code of the app that was not used before, nor one of a later time.
    async fn is_code_of(&self, user: UserId, secret: &[u8], typed: &str) -> Result<bool> {
        let core = self.0.core();
        let digits: String = typed.chars().filter(|c| !c.is_whitespace()).take(8).collect();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(false);
        }
        let seconds = u64::try_from(core.now().ms() / 1_000).unwrap_or(0);
        let Some(step) = totp(secret)?.check(&digits, seconds) else { return Ok(false) };
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        Ok(store::second_factors::use_step(core.db(), user, step).await?)
    }

    async fn is_recovery_code(&self, user: UserId, typed: &str) -> Result<bool> {
        let core = self.0.core();
        let plain = |c: &char| !c.is_whitespace() && *c != '-';
        let kept: String = typed.chars().filter(plain).take(32).collect();
        let hash = code_hash(user, &kept.to_ascii_uppercase());
        Ok(store::second_factors::use_code(core.db(), user, hash, core.now()).await?)
    }

    /// Recovery codes as they are shown: four times four characters.
    fn draw_codes(self) -> Vec<String> {
        let draw = |_| {
            let mut bytes = [0; CODE];
            self.0.core().entropy().fill(&mut bytes);
            let text: Vec<char> = base32(&bytes).chars().collect();
            let parts: Vec<String> = text.chunks(4).map(|part| part.iter().collect()).collect();
            parts.join("-")
        };
        (0..CODES).map(draw).collect()
    }

    async fn keep_codes(&self, tx: &mut store::Tx, user: UserId, codes: &[String]) -> Result<()> {
        let hashes: Vec<[u8; 32]> =
            codes.iter().map(|code| code_hash(user, &code.replace('-', ""))).collect();
        Ok(store::second_factors::set_codes(tx, user, &hashes).await?)
    }
}

//! What may be tried a few times only: passwords, codes, mails that somebody asks for. Counted in the database, so that
//! neither a second server nor a restart gives anybody more.

use crate::{Core, Error, Result, plain::neighbourhood, secrets::sha256};

const MINUTE_MS: i64 = 60_000;

/// Something to be tried, by whom or on whom, and how often that may be.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    key: [u8; 32],
    limit: u32,
    /// After the last try that was let through, in milliseconds.
    wait_ms: i64,
    what: &'static str,
}

impl Attempt {
    fn new(what: &'static str, on: &str, limit: u32, wait_min: i64) -> Self {
        let key = sha256(format!("{what}\0{on}").as_bytes());
        Self { key, limit, wait_ms: wait_min * MINUTE_MS, what }
    }

    /// A password of an account from an address. Addresses of mail without an account count too, so that the answer tells
    /// nobody which ones have one.
    pub fn password(folded: &str, address: &str) -> Self {
        Self::new("sign-in", &format!("{folded}\0{}", neighbourhood(address)), 4, 10)
    }

    /// Passwords of whatever account from an address: who tries one password on many accounts waits as well.
    pub fn passwords_from(address: &str) -> Self {
        Self::new("sign-in by address", &neighbourhood(address), 60, 10)
    }

    /// A code of somebody's second factor, from wherever: there are only a million of them.
    pub fn code(user: model::UserId) -> Self {
        Self::new("second factor", &user.to_string(), 5, 10)
    }

    /// A mail to an address that somebody without a session asks for.
    pub fn mail_to(folded: &str) -> Self {
        Self::new("hourly mail", folded, 3, 60)
    }

    /// Mails that somebody at an address asks for.
    pub fn mails_from(address: &str) -> Self {
        Self::new("hourly mail by address", &neighbourhood(address), 20, 60)
    }

    /// Questions to devices that somebody at an address asks for.
    pub fn passkeys_from(address: &str) -> Self {
        Self::new("passkey by address", &neighbourhood(address), 60, 10)
    }

    /// Ways to the identity provider that somebody at an address starts.
    pub fn sign_ons_from(address: &str) -> Self {
        Self::new("sign-on by address", &neighbourhood(address), 60, 10)
    }

    /// Accounts that somebody at an address makes.
    pub fn registrations_from(address: &str) -> Self {
        Self::new("registration by address", &neighbourhood(address), 60, 60)
    }

    /// A mail to who has an account that somebody wants to make again.
    pub fn registration_mail(folded: &str) -> Self {
        Self::new("registration mail", folded, 1, 60)
    }

    /// Mails with invitations that somebody sends.
    pub fn invitations_of(user: model::UserId) -> Self {
        Self::new("hourly invitation", &user.to_string(), 100, 60)
    }

    /// Mails with invitations to an address, whoever sends them.
    pub fn invitation_to(folded: &str) -> Self {
        Self::new("hourly invitation by address", folded, 10, 60)
    }

    /// Another link to verify an address.
    pub fn verification(user: model::UserId) -> Self {
        Self::new("verification mail", &user.to_string(), 1, 1)
    }

    /// Counts one try, before it is made, so that many at once are not more than are allowed; refuses it when there were
    /// enough. How many are left.
    pub async fn take(&self, core: &Core) -> Result<u64> {
        let now = core.now();
        let forget = now.plus_ms(-self.wait_ms);
        let (tries, last) =
            store::attempts::take(core.db(), self.key, self.limit, now, forget).await?;
        if let Some(left) = u64::from(self.limit).checked_sub(tries) {
            return Ok(left);
        }
        let wait_s = (last.ms() + self.wait_ms - now.ms()).max(0) / 1_000 + 1;
        let retry_after_s = u32::try_from(wait_s).unwrap_or(u32::MAX);
        let what = self.what.trim_end_matches(" by address");
        Err(Error::Limited { retry_after_s, what })
    }

    /// Forgets the wrong tries: this one was right.
    pub async fn clear(&self, core: &Core) -> Result<()> {
        Ok(store::attempts::clear(core.db(), self.key).await?)
    }

    /// Takes this try back, which was right, and leaves the wrong ones counted.
    pub async fn give_back(&self, core: &Core) -> Result<()> {
        Ok(store::attempts::give_back(core.db(), self.key).await?)
    }
}

//! Mail: written into the outbox by whoever has something to say, sent from there by a job.
//!
//! To send one, push a [`Letter`] in the transaction of what it tells of: `mails::push(core, &mut tx, &letter)`. It is
//! sent at least once and by one server at a time; one that cannot be sent is tried again, ten times in two days. A
//! server without a way to send leaves the outbox as it is, for the operator to read.

use std::{fmt, future::Future, pin::Pin};

use model::{MailId, MailView};
use store::Tx;
pub use store::mails::Letter;

use crate::{Actor, Core, Error, Market, Result};

/// For how long a mail belongs to the server that took it on, in milliseconds. Sending takes less, or is given up.
const LEASE_MS: i64 = 5 * 60_000;
/// How often a mail is tried.
const ATTEMPTS: u64 = 10;
/// How long to wait after the first failure, in milliseconds; it doubles each time, which makes about nine hours in all.
const PAUSE_MS: i64 = 60_000;
/// How many mails are sent in a row before other work has its turn.
const AT_ONCE: usize = 50;
/// Mails on a page of the outbox.
const PAGE: i64 = 50;
/// How long a mail that is done with stays in the outbox, in milliseconds: 90 days.
pub(crate) const KEPT_MS: i64 = 90 * 24 * 3_600_000;

/// A mail on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The same for every attempt, so that receivers know a repetition.
    pub id: MailId,
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// Trying again will not help.
    pub for_good: bool,
    pub why: String,
}

/// The way of a mail, on the heap so that the port can be a trait object.
pub type Sending<'a> = Pin<Box<dyn Future<Output = std::result::Result<(), Unsent>> + Send + 'a>>;

/// Sends mail.
pub trait Mail: Send + Sync {
    fn send(&self, mail: Outgoing) -> Sending<'_>;
}

impl fmt::Debug for dyn Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail")
    }
}

/// Puts a mail into the outbox in the caller's transaction; false when one with its reference is there already.
pub async fn push(core: &Core, tx: &mut Tx, letter: &Letter) -> Result<bool> {
    Ok(store::mails::push(tx, letter, core.id(MailId::new), core.now()).await?)
}

/// The service for the outbox.
#[derive(Debug, Clone, Copy)]
pub struct Mails<'a>(pub(crate) &'a Market);

impl Mails<'_> {
    /// Whether mail leaves this server at all.
    pub fn are_sent(&self) -> bool {
        self.0.shared().mail.get().is_some()
    }

    /// Sends what is due; how many mails that were.
    pub async fn send_due(&self) -> Result<usize> {
        let Some(way) = self.0.shared().mail.get() else { return Ok(0) };
        let core = self.0.core();
        for sent in 0..AT_ONCE {
            let now = core.now();
            let claimed = store::mails::claim(core.db(), now, now.plus_ms(LEASE_MS)).await?;
            let Some(mail) = claimed else { return Ok(sent) };
            let (id, attempts) = (mail.id, mail.attempts);
            let outgoing =
                Outgoing { id, to: mail.recipient, subject: mail.subject, text: mail.body };
            match way.send(outgoing).await {
                Ok(()) => store::mails::sent(core.db(), id, core.now()).await?,
                Err(unsent) => {
                    let again = !unsent.for_good && attempts < ATTEMPTS;
                    tracing::warn!(mail.id = %id, attempts, again, error = %unsent.why, "mail {id} was not sent");
                    let doubled = PAUSE_MS << attempts.saturating_sub(1).min(10);
                    let due = again.then(|| core.now().plus_ms(doubled));
                    let why: String = unsent.why.chars().take(500).collect();
                    store::mails::failed(core.db(), id, &why, due).await?;
                }
            }
        }
        Ok(AT_ONCE)
    }

    /// A page of the outbox, newest first. Operators only.
    pub async fn list(&self, actor: &Actor, page: u64) -> Result<Vec<MailView>> {
        actor.must_operate()?;
        let offset = i64::try_from(page.clamp(1, 100_000) - 1).unwrap_or(0) * PAGE;
        Ok(store::mails::list(self.0.core().db(), PAGE, offset).await?)
    }

    /// One mail with its text. Operators only.
    pub async fn find(&self, actor: &Actor, id: MailId) -> Result<MailView> {
        actor.must_operate()?;
        store::mails::find(self.0.core().db(), id).await?.ok_or(Error::Missing("mail"))
    }
}

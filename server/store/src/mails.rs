//! The outbox: every mail is a row before it is sent, written in the transaction of what it tells of.

use model::{Email, MailId, MailState, MailView, Timestamp};

use crate::{Result, Row, Run, Tx, sql};

/// A mail as somebody writes it.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: Email,
    pub subject: String,
    pub text: String,
    /// What it tells of: the same reference is never a second mail.
    pub reference: String,
}

/// A mail that its reader has taken on to send.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub id: MailId,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    /// This attempt's number, from 1.
    pub attempts: u64,
}

/// Puts a mail into the outbox; false when one with its reference is there already.
pub async fn push(tx: &mut Tx, letter: &Letter, id: MailId, now: Timestamp) -> Result<bool> {
    let rows = sql(
        tx,
        "INSERT INTO mails (id, recipient, subject, body, reference, created_at, attempts, due_at, sent_at, error)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $6, NULL, NULL) ON CONFLICT (reference) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(letter.to.as_str().to_owned())
    .bind(letter.subject.clone())
    .bind(letter.text.clone())
    .bind(letter.reference.clone())
    .bind(now.ms())
    .execute()
    .await?;
    Ok(rows == 1)
}

/// Takes on the mail that is due longest. Until `lease_ends` nobody else does: the condition on `due_at` is asked again
/// of a row that somebody else has just taken.
pub async fn claim(
    on: impl Run<'_>,
    now: Timestamp,
    lease_ends: Timestamp,
) -> Result<Option<Claimed>> {
    sql(
        on,
        "UPDATE mails SET attempts = attempts + 1, due_at = $2
         WHERE due_at <= $1 AND id = (
             SELECT id FROM mails WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at, id LIMIT 1)
         RETURNING id, recipient, subject, body, attempts",
    )
    .bind(now.ms())
    .bind(lease_ends.ms())
    .optional(|row| {
        Ok(Claimed {
            id: row.parse("mails", "id")?,
            recipient: row.get("recipient")?,
            subject: row.get("subject")?,
            body: row.get("body")?,
            attempts: row.count("attempts")?,
        })
    })
    .await
}

/// Notes that a mail is sent, and forgets its text.
pub async fn sent(on: impl Run<'_>, id: MailId, now: Timestamp) -> Result<()> {
    sql(on, "UPDATE mails SET sent_at = $2, due_at = NULL, error = NULL, body = '' WHERE id = $1")
        .bind(id.to_string())
        .bind(now.ms())
        .execute()
        .await
        .map(drop)
}

/// Notes why a mail was not sent, and when it is tried again; never when there is no time.
pub async fn failed(
    on: impl Run<'_>,
    id: MailId,
    error: &str,
    due_at: Option<Timestamp>,
) -> Result<()> {
    sql(on, "UPDATE mails SET error = $2, due_at = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(error.to_owned())
        .bind(due_at.map(Timestamp::ms))
        .execute()
        .await
        .map(drop)
}

fn read(row: &Row) -> Result<MailView> {
    let sent_at = row.get::<Option<i64>>("sent_at")?.map(Timestamp::from_ms);
    let waiting = row.get::<Option<i64>>("due_at")?.is_some();
    Ok(MailView {
        id: row.parse("mails", "id")?,
        to: row.get("recipient")?,
        subject: row.get("subject")?,
        text: row.get("body")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        attempts: row.count("attempts")?,
        state: match (sent_at, waiting) {
            (Some(_), _) => MailState::Sent,
            (None, true) => MailState::Waiting,
            (None, false) => MailState::Failed,
        },
        sent_at,
        error: row.get("error")?,
    })
}

/// A page of the outbox, newest first, without the texts.
pub async fn list(on: impl Run<'_>, limit: i64, offset: i64) -> Result<Vec<MailView>> {
    sql(
        on,
        "SELECT id, recipient, subject, '' AS body, created_at, attempts, due_at, sent_at, error
         FROM mails ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2",
    )
    .bind(limit)
    .bind(offset)
    .all(read)
    .await
}

/// One mail.
pub async fn find(on: impl Run<'_>, id: MailId) -> Result<Option<MailView>> {
    sql(
        on,
        "SELECT id, recipient, subject, body, created_at, attempts, due_at, sent_at, error
         FROM mails WHERE id = $1",
    )
    .bind(id.to_string())
    .optional(read)
    .await
}

/// Forgets the mails that were sent or given up before a time.
pub async fn sweep(on: impl Run<'_>, before: Timestamp) -> Result<u64> {
    sql(on, "DELETE FROM mails WHERE due_at IS NULL AND created_at < $1")
        .bind(before.ms())
        .execute()
        .await
}

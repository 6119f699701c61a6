-- Mail ---------------------------------------------------------------------------------------------------------------

-- Every mail is a row first, written with what it tells of; a job sends it.
CREATE TABLE mails (
    id         TEXT PRIMARY KEY NOT NULL,
    recipient  TEXT NOT NULL,
    subject    TEXT NOT NULL,
    -- Emptied when the mail is sent: it may hold a link that opens an account.
    body       TEXT NOT NULL,
    -- The same reference is never a second mail.
    reference  TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    -- When it may be tried next; none when it is sent or given up. Whoever sends it moves it on first.
    due_at     INTEGER,
    sent_at    INTEGER,
    error      TEXT
) STRICT;
CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX mails_by_age ON mails (created_at, id);

-- Signing in ---------------------------------------------------------------------------------------------------------

ALTER TABLE users ADD COLUMN verified_at INTEGER;
-- Accounts from before addresses were verified are taken as they are.
UPDATE users SET verified_at = created_at;

ALTER TABLE sessions ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
-- Who vouched for it, when it was an identity provider: its address, its name for the person, its name for the
-- session, and the token that it wants to see again at the end.
ALTER TABLE sessions ADD COLUMN issuer TEXT;
ALTER TABLE sessions ADD COLUMN subject TEXT;
ALTER TABLE sessions ADD COLUMN sid TEXT;
ALTER TABLE sessions ADD COLUMN id_token TEXT;
UPDATE sessions SET seen_at = created_at, id = lower(hex(substr(secret_hash, 1, 4))) || '-' ||
    lower(hex(substr(secret_hash, 5, 2))) || '-' ||
    lower(hex(substr(secret_hash, 7, 2))) || '-' ||
    lower(hex(substr(secret_hash, 9, 2))) || '-' ||
    lower(hex(substr(secret_hash, 11, 6)));
CREATE UNIQUE INDEX sessions_by_id ON sessions (id);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_subject ON sessions (issuer, subject);

-- Secrets that work once: a link in a mail, a sign-in that waits for its second factor, a way to an identity provider
-- and back.
CREATE TABLE links (
    secret_hash BLOB PRIMARY KEY NOT NULL,
    purpose     TEXT NOT NULL,
    user_id     TEXT REFERENCES users (id),
    detail      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX links_by_expiry ON links (expires_at);
CREATE INDEX links_by_user ON links (user_id, purpose);

-- How often something was tried of late that may be tried a few times only.
CREATE TABLE attempts (
    key_hash BLOB PRIMARY KEY NOT NULL,
    tries    INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_by_age ON attempts (last_at);

CREATE TABLE second_factors (
    user_id      TEXT PRIMARY KEY NOT NULL REFERENCES users (id),
    secret       BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    -- None while the first code is still to come.
    confirmed_at INTEGER,
    -- The step of the last code that was taken; no code of it or an earlier one is taken again.
    last_step    INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_codes (
    user_id   TEXT NOT NULL REFERENCES users (id),
    code_hash BLOB NOT NULL,
    used_at   INTEGER,
    PRIMARY KEY (user_id, code_hash)
) STRICT;

-- Single sign-on -----------------------------------------------------------------------------------------------------

-- Whom an identity provider means by its name for somebody.
CREATE TABLE identities (
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    user_id    TEXT NOT NULL REFERENCES users (id),
    -- The operator's role that the provider gave last.
    role       TEXT,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;
CREATE INDEX identities_by_user ON identities (user_id);

-- Tokens of identity providers that were carried out, kept until they are too old to be taken anyway.
CREATE TABLE spent_tokens (
    token_hash BLOB PRIMARY KEY NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX spent_tokens_by_expiry ON spent_tokens (expires_at);

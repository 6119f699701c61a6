-- Mail ---------------------------------------------------------------------------------------------------------------

-- Every mail is a row first, written with what it tells of; a job sends it.
CREATE TABLE mails (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    recipient  TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    -- Emptied when the mail is sent: it may hold a link that opens an account.
    body       TEXT COLLATE "C" NOT NULL,
    -- The same reference is never a second mail.
    reference  TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    attempts   BIGINT NOT NULL,
    -- When it may be tried next; none when it is sent or given up. Whoever sends it moves it on first.
    due_at     BIGINT,
    sent_at    BIGINT,
    error      TEXT COLLATE "C"
);
CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX mails_by_age ON mails (created_at, id);

-- Signing in ---------------------------------------------------------------------------------------------------------

ALTER TABLE users ADD COLUMN verified_at BIGINT;
-- Accounts from before addresses were verified are taken as they are.
UPDATE users SET verified_at = created_at;

ALTER TABLE sessions ADD COLUMN id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN user_agent TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Who vouched for it, when it was an identity provider: its address, its name for the person, its name for the
-- session, and the token that it wants to see again at the end.
ALTER TABLE sessions ADD COLUMN issuer TEXT COLLATE "C";
ALTER TABLE sessions ADD COLUMN subject TEXT COLLATE "C";
ALTER TABLE sessions ADD COLUMN sid TEXT COLLATE "C";
ALTER TABLE sessions ADD COLUMN id_token TEXT COLLATE "C";
UPDATE sessions SET seen_at = created_at, id = encode(substring(secret_hash from 1 for 16), 'hex')::uuid::text;
CREATE UNIQUE INDEX sessions_by_id ON sessions (id);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_subject ON sessions (issuer, subject);

-- Secrets that work once: a link in a mail, a sign-in that waits for its second factor, a way to an identity provider
-- and back.
CREATE TABLE links (
    secret_hash BYTEA PRIMARY KEY NOT NULL,
    purpose     TEXT COLLATE "C" NOT NULL,
    user_id     TEXT COLLATE "C" REFERENCES users (id),
    detail      TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX links_by_expiry ON links (expires_at);
CREATE INDEX links_by_user ON links (user_id, purpose);

-- How often something was tried of late that may be tried a few times only.
CREATE TABLE attempts (
    key_hash BYTEA PRIMARY KEY NOT NULL,
    tries    BIGINT NOT NULL,
    last_at  BIGINT NOT NULL
);
CREATE INDEX attempts_by_age ON attempts (last_at);

CREATE TABLE second_factors (
    user_id      TEXT COLLATE "C" PRIMARY KEY NOT NULL REFERENCES users (id),
    secret       BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    -- None while the first code is still to come.
    confirmed_at BIGINT,
    -- The step of the last code that was taken; no code of it or an earlier one is taken again.
    last_step    BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    user_id   TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    code_hash BYTEA NOT NULL,
    used_at   BIGINT,
    PRIMARY KEY (user_id, code_hash)
);

-- Single sign-on -----------------------------------------------------------------------------------------------------

-- Whom an identity provider means by its name for somebody.
CREATE TABLE identities (
    issuer     TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    -- The operator's role that the provider gave last.
    role       TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_by_user ON identities (user_id);

-- Tokens of identity providers that were carried out, kept until they are too old to be taken anyway.
CREATE TABLE spent_tokens (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX spent_tokens_by_expiry ON spent_tokens (expires_at);

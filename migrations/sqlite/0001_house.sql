-- People and tenants -------------------------------------------------------------------------------------------------

CREATE TABLE users (
    id            TEXT PRIMARY KEY NOT NULL,
    email         TEXT NOT NULL,
    email_folded  TEXT NOT NULL UNIQUE,
    full_name     TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role          TEXT,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    secret_hash BLOB PRIMARY KEY NOT NULL,
    user_id     TEXT NOT NULL REFERENCES users (id),
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
    token_hash BLOB PRIMARY KEY NOT NULL,
    user_id    TEXT NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX api_tokens_by_user ON api_tokens (user_id, created_at);

CREATE TABLE customers (
    id         TEXT PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    blocked_at INTEGER
) STRICT;

CREATE TABLE customer_members (
    customer_id TEXT NOT NULL REFERENCES customers (id),
    user_id     TEXT NOT NULL REFERENCES users (id),
    role        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (customer_id, user_id)
) STRICT;
CREATE INDEX customer_members_by_user ON customer_members (user_id);

CREATE TABLE projects (
    id          TEXT PRIMARY KEY NOT NULL,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    name        TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX projects_by_customer ON projects (customer_id, created_at);

-- The catalogue ------------------------------------------------------------------------------------------------------

CREATE TABLE categories (
    id          TEXT PRIMARY KEY NOT NULL,
    slug        TEXT NOT NULL UNIQUE,
    title       TEXT NOT NULL,
    description TEXT NOT NULL,
    icon        TEXT NOT NULL,
    color       TEXT NOT NULL,
    position    INTEGER NOT NULL
) STRICT;

CREATE TABLE providers (
    id          TEXT PRIMARY KEY NOT NULL,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    country     TEXT NOT NULL,
    description TEXT NOT NULL,
    verified_at INTEGER,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE offerings (
    id          TEXT PRIMARY KEY NOT NULL,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    category_id TEXT NOT NULL REFERENCES categories (id),
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    family      TEXT NOT NULL,
    state       TEXT NOT NULL,
    backend     TEXT NOT NULL,
    spec        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE plans (
    id          TEXT PRIMARY KEY NOT NULL,
    offering_id TEXT NOT NULL REFERENCES offerings (id),
    slug        TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    monthly_fee INTEGER NOT NULL CHECK (monthly_fee >= 0),
    limits      TEXT NOT NULL,
    position    INTEGER NOT NULL,
    archived_at INTEGER,
    UNIQUE (offering_id, slug)
) STRICT;

-- Append-only. Prices are micro-dollars; the credit price in force is kept with them, so that a charge can be
-- recomputed from the version alone.
CREATE TABLE price_versions (
    id           TEXT PRIMARY KEY NOT NULL,
    plan_id      TEXT NOT NULL REFERENCES plans (id),
    effective_at INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    prompt       INTEGER NOT NULL CHECK (prompt >= 0),
    completion   INTEGER NOT NULL CHECK (completion >= 0),
    request      INTEGER NOT NULL CHECK (request >= 0),
    credit_price INTEGER NOT NULL CHECK (credit_price > 0)
) STRICT;
CREATE INDEX price_versions_by_plan ON price_versions (plan_id, effective_at);

-- What customers have ------------------------------------------------------------------------------------------------

CREATE TABLE resources (
    id            TEXT PRIMARY KEY NOT NULL,
    customer_id   TEXT NOT NULL REFERENCES customers (id),
    project_id    TEXT NOT NULL REFERENCES projects (id),
    offering_id   TEXT NOT NULL REFERENCES offerings (id),
    plan_id       TEXT NOT NULL REFERENCES plans (id),
    name          TEXT NOT NULL,
    state         TEXT NOT NULL,
    -- Who asked for it, in their words: the same reference never makes a second one.
    reference     TEXT,
    created_at    INTEGER NOT NULL,
    renews_at     INTEGER,
    terminated_at INTEGER,
    UNIQUE (customer_id, reference)
) STRICT;
CREATE INDEX resources_by_customer ON resources (customer_id, created_at);
CREATE INDEX resources_by_renewal ON resources (renews_at);

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY NOT NULL,
    resource_id  TEXT NOT NULL REFERENCES resources (id),
    key_hash     BLOB NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    hint         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX api_keys_by_resource ON api_keys (resource_id, created_at);

-- The ledger ---------------------------------------------------------------------------------------------------------

-- A projection of the postings that the ledger's writer keeps in the same transaction. Only the two accounts that
-- credits come out of may be negative.
CREATE TABLE accounts (
    id      TEXT PRIMARY KEY NOT NULL,
    balance INTEGER NOT NULL,
    -- How many wallet entries it has; the next one is numbered from it.
    entries INTEGER NOT NULL,
    CHECK (balance >= 0 OR id IN ('sold', 'granted'))
) STRICT;
INSERT INTO accounts (id, balance, entries) VALUES
    ('sold', 0, 0), ('granted', 0, 0), ('fees', 0, 0), ('paid_out', 0, 0);

CREATE TABLE batches (
    id        TEXT PRIMARY KEY NOT NULL,
    at        INTEGER NOT NULL,
    server_id TEXT NOT NULL,
    commands  INTEGER NOT NULL
) STRICT;

-- Append-only: one transfer of micro-credits between two accounts.
CREATE TABLE postings (
    entry_id     TEXT NOT NULL,
    line         INTEGER NOT NULL,
    batch_id     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    from_account TEXT NOT NULL,
    to_account   TEXT NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (entry_id, line)
) STRICT, WITHOUT ROWID;

-- Append-only: one change of a customer's balance, as the wallet lists it.
CREATE TABLE entries (
    customer_id      TEXT NOT NULL,
    number           INTEGER NOT NULL,
    id               TEXT NOT NULL,
    at               INTEGER NOT NULL,
    kind             TEXT NOT NULL,
    amount           INTEGER NOT NULL,
    balance          INTEGER NOT NULL,
    run_id           TEXT,
    receipt_id       TEXT,
    price_version_id TEXT,
    -- The caller's id of what made it; the same reference never changes a balance twice.
    reference        TEXT UNIQUE,
    PRIMARY KEY (customer_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE servers (
    id           TEXT PRIMARY KEY NOT NULL,
    name         TEXT NOT NULL,
    started_at   INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL
) STRICT;

-- A block of a customer's credits that one server may hold from without asking the database.
CREATE TABLE leases (
    id          TEXT PRIMARY KEY NOT NULL,
    server_id   TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    amount      INTEGER NOT NULL,
    spent       INTEGER NOT NULL CHECK (spent >= 0 AND spent <= amount),
    opened_at   INTEGER NOT NULL,
    -- Set when another server needs the idle rest.
    recalled_at INTEGER,
    closed_at   INTEGER
) STRICT;
CREATE INDEX leases_open ON leases (customer_id) WHERE closed_at IS NULL;

CREATE TABLE holds (
    id          TEXT PRIMARY KEY NOT NULL,
    customer_id TEXT NOT NULL,
    -- The caller's id; none for the gateway's own.
    run_id      TEXT,
    resource_id TEXT,
    -- The server whose call it belongs to; none for a hold that outlives servers.
    server_id   TEXT,
    budget      INTEGER NOT NULL CHECK (budget > 0),
    debited     INTEGER NOT NULL,
    state       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    UNIQUE (customer_id, run_id)
) STRICT;
CREATE INDEX holds_open ON holds (expires_at) WHERE state = 'held';

-- Metered calls ------------------------------------------------------------------------------------------------------

CREATE TABLE requests (
    id                TEXT PRIMARY KEY NOT NULL,
    resource_id       TEXT NOT NULL,
    customer_id       TEXT NOT NULL,
    key_id            TEXT NOT NULL,
    at                INTEGER NOT NULL,
    status            INTEGER NOT NULL,
    outcome           TEXT NOT NULL,
    streamed          INTEGER NOT NULL,
    estimated         INTEGER NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    credits           INTEGER NOT NULL,
    price_version_id  TEXT NOT NULL,
    first_byte_ms     INTEGER NOT NULL,
    total_ms          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_resource ON requests (resource_id, id);

CREATE TABLE usage_days (
    resource_id       TEXT NOT NULL,
    day               INTEGER NOT NULL,
    requests          INTEGER NOT NULL,
    errors            INTEGER NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    credits           INTEGER NOT NULL,
    PRIMARY KEY (resource_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_days_by_day ON usage_days (day);

-- Housekeeping -------------------------------------------------------------------------------------------------------

-- Counts changes, so that every server knows when what it keeps in memory is old.
CREATE TABLE versions (
    name    TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO versions (name, version) VALUES ('catalog', 1), ('access', 1);

-- Answers to requests with an Idempotency-Key; secrets are left out of the stored body.
CREATE TABLE idempotency (
    scope        TEXT NOT NULL,
    key_hash     BLOB NOT NULL,
    request_hash BLOB NOT NULL,
    status       INTEGER,
    body         TEXT,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (scope, key_hash)
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- People and tenants -------------------------------------------------------------------------------------------------

CREATE TABLE users (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    email         TEXT COLLATE "C" NOT NULL,
    email_folded  TEXT COLLATE "C" NOT NULL UNIQUE,
    full_name     TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    role          TEXT COLLATE "C",
    created_at    BIGINT NOT NULL
);

CREATE TABLE sessions (
    secret_hash BYTEA PRIMARY KEY NOT NULL,
    user_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id, created_at);

CREATE TABLE customers (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    blocked_at BIGINT
);

CREATE TABLE customer_members (
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    user_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    role        TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (customer_id, user_id)
);
CREATE INDEX customer_members_by_user ON customer_members (user_id);

CREATE TABLE projects (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    name        TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX projects_by_customer ON projects (customer_id, created_at);

-- The catalogue ------------------------------------------------------------------------------------------------------

CREATE TABLE categories (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    slug        TEXT COLLATE "C" NOT NULL UNIQUE,
    title       TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    icon        TEXT COLLATE "C" NOT NULL,
    color       TEXT COLLATE "C" NOT NULL,
    position    BIGINT NOT NULL
);

CREATE TABLE providers (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    slug        TEXT COLLATE "C" NOT NULL UNIQUE,
    name        TEXT COLLATE "C" NOT NULL,
    country     TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    verified_at BIGINT,
    created_at  BIGINT NOT NULL
);

CREATE TABLE offerings (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    provider_id TEXT COLLATE "C" NOT NULL REFERENCES providers (id),
    category_id TEXT COLLATE "C" NOT NULL REFERENCES categories (id),
    slug        TEXT COLLATE "C" NOT NULL UNIQUE,
    name        TEXT COLLATE "C" NOT NULL,
    family      TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    backend     TEXT COLLATE "C" NOT NULL,
    spec        TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

CREATE TABLE plans (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    offering_id TEXT COLLATE "C" NOT NULL REFERENCES offerings (id),
    slug        TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    monthly_fee BIGINT NOT NULL CHECK (monthly_fee >= 0),
    limits      TEXT COLLATE "C" NOT NULL,
    position    BIGINT NOT NULL,
    archived_at BIGINT,
    UNIQUE (offering_id, slug)
);

-- Append-only. Prices are micro-dollars; the credit price in force is kept with them, so that a charge can be
-- recomputed from the version alone.
CREATE TABLE price_versions (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    plan_id      TEXT COLLATE "C" NOT NULL REFERENCES plans (id),
    effective_at BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    prompt       BIGINT NOT NULL CHECK (prompt >= 0),
    completion   BIGINT NOT NULL CHECK (completion >= 0),
    request      BIGINT NOT NULL CHECK (request >= 0),
    credit_price BIGINT NOT NULL CHECK (credit_price > 0)
);
CREATE INDEX price_versions_by_plan ON price_versions (plan_id, effective_at);

-- What customers have ------------------------------------------------------------------------------------------------

CREATE TABLE resources (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    customer_id   TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    project_id    TEXT COLLATE "C" NOT NULL REFERENCES projects (id),
    offering_id   TEXT COLLATE "C" NOT NULL REFERENCES offerings (id),
    plan_id       TEXT COLLATE "C" NOT NULL REFERENCES plans (id),
    name          TEXT COLLATE "C" NOT NULL,
    state         TEXT COLLATE "C" NOT NULL,
    -- Who asked for it, in their words: the same reference never makes a second one.
    reference     TEXT COLLATE "C",
    created_at    BIGINT NOT NULL,
    renews_at     BIGINT,
    terminated_at BIGINT,
    UNIQUE (customer_id, reference)
);
CREATE INDEX resources_by_customer ON resources (customer_id, created_at);
CREATE INDEX resources_by_renewal ON resources (renews_at);

CREATE TABLE api_keys (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    resource_id  TEXT COLLATE "C" NOT NULL REFERENCES resources (id),
    key_hash     BYTEA NOT NULL UNIQUE,
    name         TEXT COLLATE "C" NOT NULL,
    hint         TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT
);
CREATE INDEX api_keys_by_resource ON api_keys (resource_id, created_at);

-- The ledger ---------------------------------------------------------------------------------------------------------

-- A projection of the postings that the ledger's writer keeps in the same transaction. Only the two accounts that
-- credits come out of may be negative.
CREATE TABLE accounts (
    id      TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    balance BIGINT NOT NULL,
    -- How many wallet entries it has; the next one is numbered from it.
    entries BIGINT NOT NULL,
    CHECK (balance >= 0 OR id IN ('sold', 'granted'))
);
INSERT INTO accounts (id, balance, entries) VALUES
    ('sold', 0, 0), ('granted', 0, 0), ('fees', 0, 0), ('paid_out', 0, 0);

CREATE TABLE batches (
    id        TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    at        BIGINT NOT NULL,
    server_id TEXT COLLATE "C" NOT NULL,
    commands  BIGINT NOT NULL
);

-- Append-only: one transfer of micro-credits between two accounts.
CREATE TABLE postings (
    entry_id     TEXT COLLATE "C" NOT NULL,
    line         BIGINT NOT NULL,
    batch_id     TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    from_account TEXT COLLATE "C" NOT NULL,
    to_account   TEXT COLLATE "C" NOT NULL,
    amount       BIGINT NOT NULL CHECK (amount > 0),
    PRIMARY KEY (entry_id, line)
);

-- Append-only: one change of a customer's balance, as the wallet lists it.
CREATE TABLE entries (
    customer_id      TEXT COLLATE "C" NOT NULL,
    number           BIGINT NOT NULL,
    id               TEXT COLLATE "C" NOT NULL,
    at               BIGINT NOT NULL,
    kind             TEXT COLLATE "C" NOT NULL,
    amount           BIGINT NOT NULL,
    balance          BIGINT NOT NULL,
    run_id           TEXT COLLATE "C",
    receipt_id       TEXT COLLATE "C",
    price_version_id TEXT COLLATE "C",
    -- The caller's id of what made it; the same reference never changes a balance twice.
    reference        TEXT COLLATE "C" UNIQUE,
    PRIMARY KEY (customer_id, number)
);

CREATE TABLE servers (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    started_at   BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL
);

-- A block of a customer's credits that one server may hold from without asking the database.
CREATE TABLE leases (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    server_id   TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    amount      BIGINT NOT NULL,
    spent       BIGINT NOT NULL CHECK (spent >= 0 AND spent <= amount),
    opened_at   BIGINT NOT NULL,
    -- Set when another server needs the idle rest.
    recalled_at BIGINT,
    closed_at   BIGINT
);
CREATE INDEX leases_open ON leases (customer_id) WHERE closed_at IS NULL;

CREATE TABLE holds (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    -- The caller's id; none for the gateway's own.
    run_id      TEXT COLLATE "C",
    resource_id TEXT COLLATE "C",
    -- The server whose call it belongs to; none for a hold that outlives servers.
    server_id   TEXT COLLATE "C",
    budget      BIGINT NOT NULL CHECK (budget > 0),
    debited     BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    UNIQUE (customer_id, run_id)
);
CREATE INDEX holds_open ON holds (expires_at) WHERE state = 'held';

-- Metered calls ------------------------------------------------------------------------------------------------------

CREATE TABLE requests (
    id                TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    resource_id       TEXT COLLATE "C" NOT NULL,
    customer_id       TEXT COLLATE "C" NOT NULL,
    key_id            TEXT COLLATE "C" NOT NULL,
    at                BIGINT NOT NULL,
    status            BIGINT NOT NULL,
    outcome           TEXT COLLATE "C" NOT NULL,
    streamed          BIGINT NOT NULL,
    estimated         BIGINT NOT NULL,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    credits           BIGINT NOT NULL,
    price_version_id  TEXT COLLATE "C" NOT NULL,
    first_byte_ms     BIGINT NOT NULL,
    total_ms          BIGINT NOT NULL
);
CREATE INDEX requests_by_resource ON requests (resource_id, id);

CREATE TABLE usage_days (
    resource_id       TEXT COLLATE "C" NOT NULL,
    day               BIGINT NOT NULL,
    requests          BIGINT NOT NULL,
    errors            BIGINT NOT NULL,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    credits           BIGINT NOT NULL,
    PRIMARY KEY (resource_id, day)
);
CREATE INDEX usage_days_by_day ON usage_days (day);

-- Housekeeping -------------------------------------------------------------------------------------------------------

-- Counts changes, so that every server knows when what it keeps in memory is old.
CREATE TABLE versions (
    name    TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL
);
INSERT INTO versions (name, version) VALUES ('catalog', 1), ('access', 1);

-- Answers to requests with an Idempotency-Key; secrets are left out of the stored body.
CREATE TABLE idempotency (
    scope        TEXT COLLATE "C" NOT NULL,
    key_hash     BYTEA NOT NULL,
    request_hash BYTEA NOT NULL,
    status       BIGINT,
    body         TEXT COLLATE "C",
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (scope, key_hash)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

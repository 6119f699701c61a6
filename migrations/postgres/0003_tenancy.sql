-- Who may do what where -----------------------------------------------------------------------------------------------

ALTER TABLE users ADD COLUMN active BIGINT NOT NULL DEFAULT 1;
-- What Waldur's clients know about a person and nothing here depends on, as JSON.
ALTER TABLE users ADD COLUMN details TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;

-- A role that somebody has in a customer, a project or an offering. The customer is the one that the scope belongs to.
CREATE TABLE members (
    scope_kind  TEXT COLLATE "C" NOT NULL,
    scope_id    TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    user_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    role        TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    created_by  TEXT COLLATE "C",
    expires_at  BIGINT,
    PRIMARY KEY (scope_id, user_id, role)
);
CREATE INDEX members_by_user ON members (user_id, created_at);
CREATE INDEX members_by_customer ON members (customer_id, created_at);
INSERT INTO members (scope_kind, scope_id, customer_id, user_id, role, created_at)
    SELECT 'customer', customer_id, customer_id, user_id, role, created_at FROM customer_members;
DROP TABLE customer_members;

-- An offer of a role by mail or link; the secret of the link is kept as a hash only.
CREATE TABLE invitations (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    secret_hash BYTEA NOT NULL UNIQUE,
    email       TEXT COLLATE "C" NOT NULL,
    scope_kind  TEXT COLLATE "C" NOT NULL,
    scope_id    TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    role        TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    note        TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    created_by  TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    expires_at  BIGINT NOT NULL,
    accepted_by TEXT COLLATE "C" REFERENCES users (id)
);
CREATE INDEX invitations_by_customer ON invitations (customer_id, created_at);

CREATE TABLE access_tokens (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    name         TEXT COLLATE "C" NOT NULL,
    token_hash   BYTEA NOT NULL UNIQUE,
    -- Its first characters, to tell it from others.
    prefix       TEXT COLLATE "C" NOT NULL,
    -- JSON lists.
    scopes       TEXT COLLATE "C" NOT NULL,
    networks     TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    last_used_ip TEXT COLLATE "C",
    uses         BIGINT NOT NULL,
    revoked_at   BIGINT
);
CREATE INDEX access_tokens_by_user ON access_tokens (user_id, created_at);

-- Tenants --------------------------------------------------------------------------------------------------------------

ALTER TABLE customers ADD COLUMN slug TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN email TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN country TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN abbreviation TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN native_name TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN registration_code TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN agreement_number TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN contact_details TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN backend_id TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Hundredths of a percent.
ALTER TABLE customers ADD COLUMN tax_rate BIGINT NOT NULL DEFAULT 0;
ALTER TABLE customers ADD COLUMN archived_at BIGINT;
-- It stays for what was billed, and is shown to nobody.
ALTER TABLE customers ADD COLUMN removed_at BIGINT;
ALTER TABLE customers ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
-- What is only kept and shown again (address, bank, VAT code …), as JSON.
ALTER TABLE customers ADD COLUMN details TEXT COLLATE "C" NOT NULL DEFAULT '{}';
CREATE INDEX customers_by_name ON customers (name, id);
CREATE INDEX customers_by_age ON customers (created_at, id);

-- How many of something a customer may have; without a row as many as it likes.
CREATE TABLE quotas (
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    name        TEXT COLLATE "C" NOT NULL,
    most        BIGINT NOT NULL CHECK (most >= 0),
    PRIMARY KEY (customer_id, name)
);

ALTER TABLE projects ADD COLUMN slug TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN description TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN backend_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN start_day BIGINT;
ALTER TABLE projects ADD COLUMN end_day BIGINT;
ALTER TABLE projects ADD COLUMN removed_at BIGINT;
ALTER TABLE projects ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX projects_by_age ON projects (created_at, id);

-- Audit and work to be done --------------------------------------------------------------------------------------------

-- Append-only: who did what to what.
CREATE TABLE events (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    at          BIGINT NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    message     TEXT COLLATE "C" NOT NULL,
    user_id     TEXT COLLATE "C",
    customer_id TEXT COLLATE "C",
    project_id  TEXT COLLATE "C",
    object_kind TEXT COLLATE "C" NOT NULL,
    object_id   TEXT COLLATE "C" NOT NULL,
    -- JSON.
    context     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX events_by_age ON events (at, id);
CREATE INDEX events_by_customer ON events (customer_id, at);
CREATE INDEX events_by_object ON events (object_id, at);
CREATE INDEX events_by_user ON events (user_id, at);

-- Durable work, queued in the transaction of the change that needs it. Whoever leases it does it; a lease that has run
-- out is anybody's.
CREATE TABLE jobs (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    payload      TEXT COLLATE "C" NOT NULL,
    -- The same reference is queued once.
    reference    TEXT COLLATE "C" UNIQUE,
    run_at       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    leased_until BIGINT,
    error        TEXT COLLATE "C",
    created_at   BIGINT NOT NULL,
    done_at      BIGINT
);
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE done_at IS NULL;

-- Where a customer's program wants to hear of events.
CREATE TABLE hooks (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    url          TEXT COLLATE "C" NOT NULL,
    -- JSON lists.
    event_types  TEXT COLLATE "C" NOT NULL,
    event_groups TEXT COLLATE "C" NOT NULL,
    content_type TEXT COLLATE "C" NOT NULL,
    active       BIGINT NOT NULL,
    -- Signs what is sent (Standard Webhooks).
    secret       TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
CREATE INDEX hooks_by_user ON hooks (user_id, created_at);

-- What is on sale: components and their prices ---------------------------------------------------------------------------

-- What Waldur calls the type of an offering, as the provider wrote it.
ALTER TABLE offerings ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE offerings ADD COLUMN shared BIGINT NOT NULL DEFAULT 1;
ALTER TABLE offerings ADD COLUMN paused_reason TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE offerings ADD COLUMN backend_id TEXT COLLATE "C" NOT NULL DEFAULT '';
-- What is only kept and shown again (attributes, options, terms, links …), as JSON.
ALTER TABLE offerings ADD COLUMN details TEXT COLLATE "C" NOT NULL DEFAULT '{}';
CREATE INDEX offerings_by_provider ON offerings (provider_id, created_at);
CREATE INDEX offerings_by_age ON offerings (created_at, id);

CREATE TABLE screenshots (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    offering_id  TEXT COLLATE "C" NOT NULL REFERENCES offerings (id),
    name         TEXT COLLATE "C" NOT NULL,
    description  TEXT COLLATE "C" NOT NULL,
    content_type TEXT COLLATE "C" NOT NULL,
    image        BYTEA NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX screenshots_by_offering ON screenshots (offering_id, created_at);

-- What of an offering is counted and billed.
CREATE TABLE components (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    offering_id   TEXT COLLATE "C" NOT NULL REFERENCES offerings (id),
    kind          TEXT COLLATE "C" NOT NULL,
    name          TEXT COLLATE "C" NOT NULL,
    description   TEXT COLLATE "C" NOT NULL,
    measured_unit TEXT COLLATE "C" NOT NULL,
    article_code  TEXT COLLATE "C" NOT NULL,
    billing       TEXT COLLATE "C" NOT NULL,
    limit_period  TEXT COLLATE "C",
    limit_amount  BIGINT,
    least         BIGINT,
    most          BIGINT,
    usual         BIGINT,
    is_boolean    BIGINT NOT NULL,
    position      BIGINT NOT NULL,
    UNIQUE (offering_id, kind)
);

-- Prices are micro-dollars for each unit of time of the plan.
ALTER TABLE plans ADD COLUMN unit TEXT COLLATE "C" NOT NULL DEFAULT 'month';
ALTER TABLE plans ADD COLUMN unit_price BIGINT NOT NULL DEFAULT 0;
ALTER TABLE plans ADD COLUMN init_price BIGINT NOT NULL DEFAULT 0;
ALTER TABLE plans ADD COLUMN switch_price BIGINT NOT NULL DEFAULT 0;
-- How many resources may be on it at once.
ALTER TABLE plans ADD COLUMN most BIGINT;
ALTER TABLE plans ADD COLUMN article_code TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN backend_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX plans_by_offering ON plans (offering_id, position);

-- A component in a plan. Waldur addresses it by a number, the operator guide by a UUID.
CREATE TABLE plan_components (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    number       BIGINT NOT NULL UNIQUE,
    plan_id      TEXT COLLATE "C" NOT NULL REFERENCES plans (id),
    component_id TEXT COLLATE "C" NOT NULL REFERENCES components (id),
    -- How much of a fixed component the plan has.
    amount       BIGINT NOT NULL,
    UNIQUE (plan_id, component_id)
);

-- Append-only: what a unit of a component costs in a plan from a day on, in micro-dollars. Tiers are JSON.
CREATE TABLE component_prices (
    id                TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    plan_component_id TEXT COLLATE "C" NOT NULL REFERENCES plan_components (id),
    effective_at      BIGINT NOT NULL,
    price             BIGINT NOT NULL CHECK (price >= 0),
    tiers             TEXT COLLATE "C",
    created_at        BIGINT NOT NULL
);
CREATE INDEX component_prices_by_component ON component_prices (plan_component_id, effective_at);

-- Append-only: what a plan costs by itself from a time on.
CREATE TABLE plan_prices (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    plan_id      TEXT COLLATE "C" NOT NULL REFERENCES plans (id),
    effective_at BIGINT NOT NULL,
    unit_price   BIGINT NOT NULL CHECK (unit_price >= 0),
    init_price   BIGINT NOT NULL CHECK (init_price >= 0),
    switch_price BIGINT NOT NULL CHECK (switch_price >= 0),
    created_at   BIGINT NOT NULL
);
CREATE INDEX plan_prices_by_plan ON plan_prices (plan_id, effective_at);

-- Orders and what comes of them ------------------------------------------------------------------------------------------

CREATE TABLE orders (
    id                   TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    slug                 TEXT COLLATE "C" NOT NULL,
    customer_id          TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    project_id           TEXT COLLATE "C" NOT NULL REFERENCES projects (id),
    offering_id          TEXT COLLATE "C" NOT NULL REFERENCES offerings (id),
    -- The customer that sells, so that a provider's orders are found without a join.
    seller_id            TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    plan_id              TEXT COLLATE "C" REFERENCES plans (id),
    old_plan_id          TEXT COLLATE "C" REFERENCES plans (id),
    resource_id          TEXT COLLATE "C" REFERENCES resources (id),
    kind                 TEXT COLLATE "C" NOT NULL,
    state                TEXT COLLATE "C" NOT NULL,
    -- JSON objects.
    attributes           TEXT COLLATE "C" NOT NULL,
    limits               TEXT COLLATE "C" NOT NULL,
    old_limits           TEXT COLLATE "C" NOT NULL,
    -- What it costs, estimated when it was made, in micro-dollars.
    cost                 BIGINT NOT NULL,
    old_cost             BIGINT NOT NULL,
    activation_price     BIGINT NOT NULL,
    created_by           TEXT COLLATE "C" REFERENCES users (id),
    consumer_reviewed_by TEXT COLLATE "C" REFERENCES users (id),
    consumer_reviewed_at BIGINT,
    provider_reviewed_by TEXT COLLATE "C" REFERENCES users (id),
    provider_reviewed_at BIGINT,
    auto_approved        BIGINT NOT NULL,
    request_comment      TEXT COLLATE "C" NOT NULL,
    consumer_comment     TEXT COLLATE "C" NOT NULL,
    provider_comment     TEXT COLLATE "C" NOT NULL,
    error_message        TEXT COLLATE "C" NOT NULL,
    error_traceback      TEXT COLLATE "C" NOT NULL,
    output               TEXT COLLATE "C" NOT NULL,
    callback_url         TEXT COLLATE "C" NOT NULL,
    start_day            BIGINT,
    created_at           BIGINT NOT NULL,
    updated_at           BIGINT NOT NULL,
    completed_at         BIGINT,
    -- The caller's id of it: the same one never makes a second.
    reference            TEXT COLLATE "C",
    UNIQUE (customer_id, reference)
);
CREATE INDEX orders_by_age ON orders (created_at, id);
-- What has changed since a long list was surveyed.
CREATE INDEX orders_by_change ON orders (updated_at, created_at, id);
CREATE INDEX orders_by_state ON orders (state, created_at, id);
CREATE INDEX orders_by_customer ON orders (customer_id, created_at, id);
CREATE INDEX orders_by_customer_state ON orders (customer_id, state, created_at, id);
CREATE INDEX orders_by_project ON orders (project_id, created_at, id);
CREATE INDEX orders_by_seller ON orders (seller_id, created_at, id);
CREATE INDEX orders_by_offering ON orders (offering_id, created_at, id);
CREATE INDEX orders_by_resource ON orders (resource_id, created_at);

ALTER TABLE resources ADD COLUMN seller_id TEXT COLLATE "C";
ALTER TABLE resources ADD COLUMN slug TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE resources ADD COLUMN description TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE resources ADD COLUMN attributes TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE resources ADD COLUMN limits TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE resources ADD COLUMN options TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE resources ADD COLUMN backend_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE resources ADD COLUMN backend_metadata TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE resources ADD COLUMN report TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE resources ADD COLUMN error_message TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE resources ADD COLUMN end_day BIGINT;
ALTER TABLE resources ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
-- Whether it is billed by the monthly invoice; otherwise by the wallet.
ALTER TABLE resources ADD COLUMN invoiced BIGINT NOT NULL DEFAULT 0;
UPDATE resources SET updated_at = created_at, seller_id = (
    SELECT p.customer_id FROM offerings o JOIN providers p ON p.id = o.provider_id WHERE o.id = resources.offering_id);
CREATE INDEX resources_by_age ON resources (created_at, id);
CREATE INDEX resources_by_project ON resources (project_id, created_at);
CREATE INDEX resources_by_seller ON resources (seller_id, created_at);
CREATE INDEX resources_by_state ON resources (state, created_at, id);
CREATE INDEX resources_by_plan ON resources (plan_id);

-- From when to when a resource was on a plan with these limits; what is billed by time is billed by these.
CREATE TABLE plan_periods (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    resource_id TEXT COLLATE "C" NOT NULL REFERENCES resources (id),
    plan_id     TEXT COLLATE "C" NOT NULL REFERENCES plans (id),
    limits      TEXT COLLATE "C" NOT NULL,
    -- What is charged once when it begins (`init`, `switch`) or not at all (`none`).
    opening     TEXT COLLATE "C" NOT NULL,
    start_at    BIGINT NOT NULL,
    end_at      BIGINT
);
CREATE INDEX plan_periods_by_resource ON plan_periods (resource_id, start_at);
CREATE UNIQUE INDEX plan_periods_open ON plan_periods (resource_id) WHERE end_at IS NULL;

-- What was used of a component in a month (the day of its first). Amounts are millionths of the measured unit.
CREATE TABLE component_usages (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    resource_id  TEXT COLLATE "C" NOT NULL REFERENCES resources (id),
    component_id TEXT COLLATE "C" NOT NULL REFERENCES components (id),
    period_id    TEXT COLLATE "C" REFERENCES plan_periods (id),
    customer_id  TEXT COLLATE "C" NOT NULL,
    month        BIGINT NOT NULL,
    -- The same month in civil numbers, for those who look for it.
    year          BIGINT NOT NULL,
    month_of_year BIGINT NOT NULL,
    -- The day that the amount was told for.
    day          BIGINT NOT NULL,
    amount       BIGINT NOT NULL CHECK (amount >= 0),
    description  TEXT COLLATE "C" NOT NULL,
    recurring    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    updated_by   TEXT COLLATE "C" REFERENCES users (id),
    UNIQUE (resource_id, component_id, month)
);
CREATE INDEX component_usages_by_month ON component_usages (month, resource_id);
CREATE INDEX component_usages_by_customer ON component_usages (customer_id, month);
CREATE INDEX component_usages_by_age ON component_usages (created_at, id);

-- Append-only: every amount that was ever told.
CREATE TABLE usage_changes (
    id       TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    usage_id TEXT COLLATE "C" NOT NULL REFERENCES component_usages (id),
    at       BIGINT NOT NULL,
    user_id  TEXT COLLATE "C",
    old      BIGINT NOT NULL,
    new      BIGINT NOT NULL,
    day      BIGINT NOT NULL,
    reason   TEXT COLLATE "C" NOT NULL
);
CREATE INDEX usage_changes_by_usage ON usage_changes (usage_id, at);

CREATE TABLE user_usages (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    usage_id   TEXT COLLATE "C" NOT NULL REFERENCES component_usages (id),
    username   TEXT COLLATE "C" NOT NULL,
    user_id    TEXT COLLATE "C",
    amount     BIGINT NOT NULL CHECK (amount >= 0),
    updated_at BIGINT NOT NULL,
    UNIQUE (usage_id, username)
);

-- Invoices -----------------------------------------------------------------------------------------------------------------

-- Amounts are micro-dollars. A month's invoice is one per customer; a credit note names the invoice that it cancels.
CREATE TABLE invoices (
    id               TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    -- Given without gaps when it is made final.
    number           BIGINT UNIQUE,
    customer_id      TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    year             BIGINT NOT NULL,
    month            BIGINT NOT NULL,
    state            TEXT COLLATE "C" NOT NULL,
    credits          TEXT COLLATE "C" REFERENCES invoices (id),
    tax_rate         BIGINT NOT NULL,
    price            BIGINT NOT NULL,
    tax              BIGINT NOT NULL,
    total            BIGINT NOT NULL,
    -- As they were when it was made; JSON.
    customer_details TEXT COLLATE "C" NOT NULL,
    issuer_details   TEXT COLLATE "C" NOT NULL,
    invoice_day      BIGINT,
    due_day          BIGINT,
    paid_day         BIGINT,
    backend_id       TEXT COLLATE "C" NOT NULL,
    payment_url      TEXT COLLATE "C" NOT NULL,
    reference_number TEXT COLLATE "C" NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL
);
CREATE UNIQUE INDEX invoices_of_month ON invoices (customer_id, year, month) WHERE credits IS NULL AND state <> 'canceled';
CREATE INDEX invoices_by_age ON invoices (created_at, id);
CREATE INDEX invoices_by_month ON invoices (year, month, created_at, id);
CREATE INDEX invoices_by_customer ON invoices (customer_id, created_at, id);
CREATE INDEX invoices_by_state ON invoices (state, created_at, id);
-- An invoice is taken back once.
CREATE UNIQUE INDEX invoices_by_credit ON invoices (credits) WHERE credits IS NOT NULL;
INSERT INTO versions (name, version) VALUES ('invoices', 0), ('plan_components', 0);

CREATE TABLE invoice_items (
    id               TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    invoice_id       TEXT COLLATE "C" NOT NULL REFERENCES invoices (id),
    position         BIGINT NOT NULL,
    resource_id      TEXT COLLATE "C",
    project_id       TEXT COLLATE "C",
    offering_id      TEXT COLLATE "C",
    seller_id        TEXT COLLATE "C",
    name             TEXT COLLATE "C" NOT NULL,
    billing          TEXT COLLATE "C" NOT NULL,
    component        TEXT COLLATE "C" NOT NULL,
    unit             TEXT COLLATE "C" NOT NULL,
    measured_unit    TEXT COLLATE "C" NOT NULL,
    article_code     TEXT COLLATE "C" NOT NULL,
    unit_price       BIGINT NOT NULL,
    -- Millionths.
    quantity         BIGINT NOT NULL,
    price            BIGINT NOT NULL,
    tax              BIGINT NOT NULL,
    start_at         BIGINT NOT NULL,
    end_at           BIGINT NOT NULL,
    price_version_id TEXT COLLATE "C",
    -- JSON.
    details          TEXT COLLATE "C" NOT NULL
);
CREATE INDEX invoice_items_by_invoice ON invoice_items (invoice_id, position);
CREATE INDEX invoice_items_by_resource ON invoice_items (resource_id);
CREATE INDEX invoice_items_by_seller ON invoice_items (seller_id, start_at);

CREATE TABLE payment_profiles (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    name        TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    active      BIGINT NOT NULL,
    -- JSON.
    attributes  TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX payment_profiles_by_customer ON payment_profiles (customer_id, created_at);
CREATE UNIQUE INDEX payment_profiles_active ON payment_profiles (customer_id) WHERE active = 1;

CREATE TABLE payments (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    profile_id TEXT COLLATE "C" NOT NULL REFERENCES payment_profiles (id),
    invoice_id TEXT COLLATE "C" REFERENCES invoices (id),
    amount     BIGINT NOT NULL,
    paid_day   BIGINT NOT NULL,
    -- A file that shows it, as it was sent.
    proof      BYTEA,
    proof_type TEXT COLLATE "C",
    created_at BIGINT NOT NULL
);
CREATE INDEX payments_by_profile ON payments (profile_id, created_at);
CREATE INDEX payments_by_invoice ON payments (invoice_id);

-- Support ------------------------------------------------------------------------------------------------------------------

ALTER TABLE tickets ADD COLUMN summary TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN priority TEXT COLLATE "C" NOT NULL DEFAULT 'medium';
ALTER TABLE tickets ADD COLUMN type TEXT COLLATE "C" NOT NULL DEFAULT 'INCIDENT';
ALTER TABLE tickets ADD COLUMN assignee_id TEXT COLLATE "C";
ALTER TABLE tickets ADD COLUMN project_id TEXT COLLATE "C";
ALTER TABLE tickets ADD COLUMN resource_id TEXT COLLATE "C";
ALTER TABLE tickets ADD COLUMN remote_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN escalated_at BIGINT;
ALTER TABLE tickets ADD COLUMN escalation_reason TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN first_response_at BIGINT;
ALTER TABLE tickets ADD COLUMN resolved_at BIGINT;
-- The clocks of the service level stop while a ticket waits for its reporter: since when, and how long so far, in ms.
ALTER TABLE tickets ADD COLUMN waiting_since BIGINT;
ALTER TABLE tickets ADD COLUMN waited_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX tickets_by_age ON tickets (created_at, id);

CREATE TABLE ticket_comments (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    ticket_id  TEXT COLLATE "C" NOT NULL REFERENCES tickets (id),
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    text       TEXT COLLATE "C" NOT NULL,
    -- The reporter sees it as well.
    public     BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX ticket_comments_by_ticket ON ticket_comments (ticket_id, created_at);

-- The catalogue's changes ---------------------------------------------------------------------------------------------

-- The value of the counter `catalog` at the last change of an offering, its plans or its prices: a server reads only
-- what has changed since. A change of what many offerings share moves `shelves`, and everything is read again.
ALTER TABLE offerings ADD COLUMN changed BIGINT NOT NULL DEFAULT 1;
CREATE INDEX offerings_by_change ON offerings (changed);
CREATE INDEX resources_by_offering ON resources (offering_id);
INSERT INTO versions (name, version) VALUES ('shelves', 1), ('tickets', 1000);

-- Measured quality ----------------------------------------------------------------------------------------------------

-- What was measured of an offering in a minute, an hour or a day. Minutes are each server's own; hours and days are
-- recomputed from them and have no server. The histograms are in the format of `market::quality::Histogram`.
CREATE TABLE quality_windows (
    span         TEXT COLLATE "C" NOT NULL,
    offering_id  TEXT COLLATE "C" NOT NULL,
    start        BIGINT NOT NULL,
    server_id    TEXT COLLATE "C" NOT NULL,
    calls        BIGINT NOT NULL,
    probes       BIGINT NOT NULL,
    unreachable  BIGINT NOT NULL,
    timeout      BIGINT NOT NULL,
    status       BIGINT NOT NULL,
    cut          BIGINT NOT NULL,
    malformed    BIGINT NOT NULL,
    -- The calls of its busiest minute, and the most that ran at once on one server.
    peak_minute  BIGINT NOT NULL,
    peak_running BIGINT NOT NULL,
    first_token  BYTEA NOT NULL,
    total        BYTEA NOT NULL,
    speed        BYTEA NOT NULL,
    PRIMARY KEY (span, offering_id, start, server_id)
);
CREATE INDEX quality_windows_by_time ON quality_windows (span, start);

-- The figures that the catalogue shows and sorts by; null under 100 samples. Uptimes are thousandths of a percent,
-- latencies milliseconds, rates thousandths per second.
CREATE TABLE quality_figures (
    offering_id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    computed_at BIGINT NOT NULL,
    uptime7d    BIGINT,
    uptime30d   BIGINT,
    latency_p50 BIGINT,
    latency_p95 BIGINT,
    latency_p99 BIGINT,
    rps         BIGINT,
    tps         BIGINT
);
CREATE INDEX quality_figures_by_time ON quality_figures (computed_at);

-- What customers say --------------------------------------------------------------------------------------------------

CREATE TABLE reviews (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    offering_id   TEXT COLLATE "C" NOT NULL REFERENCES offerings (id),
    customer_id   TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    user_id       TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    stars         BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
    text          TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    edited_at     BIGINT,
    -- Set by an operator; a hidden review is in no list and no average.
    hidden_at     BIGINT,
    hidden_reason TEXT COLLATE "C",
    reply         TEXT COLLATE "C",
    replied_at    BIGINT,
    UNIQUE (offering_id, customer_id)
);

CREATE TABLE review_reports (
    review_id  TEXT COLLATE "C" NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    fault      TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    -- Set when an operator has decided.
    settled_at BIGINT,
    PRIMARY KEY (review_id, user_id)
);
CREATE INDEX review_reports_open ON review_reports (created_at) WHERE settled_at IS NULL;

CREATE TABLE tickets (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    number      BIGINT NOT NULL UNIQUE,
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    user_id     TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    offering_id TEXT COLLATE "C" REFERENCES offerings (id),
    kind        TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    text        TEXT COLLATE "C" NOT NULL,
    answer      TEXT COLLATE "C",
    -- The form's own id: sending it twice opens one ticket.
    reference   TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    UNIQUE (user_id, reference)
);
CREATE INDEX tickets_by_customer ON tickets (customer_id, created_at);
CREATE INDEX tickets_open ON tickets (state, created_at);

-- Tries without an account: how many a visitor has had on a day. The visitor is a keyed hash of the address; the empty
-- one counts all of them.
CREATE TABLE demo_calls (
    day     BIGINT NOT NULL,
    visitor TEXT COLLATE "C" NOT NULL,
    calls   BIGINT NOT NULL,
    PRIMARY KEY (day, visitor)
);

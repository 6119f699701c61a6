-- The catalogue's changes ---------------------------------------------------------------------------------------------

-- The value of the counter `catalog` at the last change of an offering, its plans or its prices: a server reads only
-- what has changed since. A change of what many offerings share moves `shelves`, and everything is read again.
ALTER TABLE offerings ADD COLUMN changed INTEGER NOT NULL DEFAULT 1;
CREATE INDEX offerings_by_change ON offerings (changed);
CREATE INDEX resources_by_offering ON resources (offering_id);
INSERT INTO versions (name, version) VALUES ('shelves', 1), ('tickets', 1000);

-- Measured quality ----------------------------------------------------------------------------------------------------

-- What was measured of an offering in a minute, an hour or a day. Minutes are each server's own; hours and days are
-- recomputed from them and have no server. The histograms are in the format of `market::quality::Histogram`.
CREATE TABLE quality_windows (
    span         TEXT NOT NULL,
    offering_id  TEXT NOT NULL,
    start        INTEGER NOT NULL,
    server_id    TEXT NOT NULL,
    calls        INTEGER NOT NULL,
    probes       INTEGER NOT NULL,
    unreachable  INTEGER NOT NULL,
    timeout      INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    cut          INTEGER NOT NULL,
    malformed    INTEGER NOT NULL,
    -- The calls of its busiest minute, and the most that ran at once on one server.
    peak_minute  INTEGER NOT NULL,
    peak_running INTEGER NOT NULL,
    first_token  BLOB NOT NULL,
    total        BLOB NOT NULL,
    speed        BLOB NOT NULL,
    PRIMARY KEY (span, offering_id, start, server_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX quality_windows_by_time ON quality_windows (span, start);

-- The figures that the catalogue shows and sorts by; null under 100 samples. Uptimes are thousandths of a percent,
-- latencies milliseconds, rates thousandths per second.
CREATE TABLE quality_figures (
    offering_id TEXT PRIMARY KEY NOT NULL,
    computed_at INTEGER NOT NULL,
    uptime7d    INTEGER,
    uptime30d   INTEGER,
    latency_p50 INTEGER,
    latency_p95 INTEGER,
    latency_p99 INTEGER,
    rps         INTEGER,
    tps         INTEGER
) STRICT;
CREATE INDEX quality_figures_by_time ON quality_figures (computed_at);

-- What customers say --------------------------------------------------------------------------------------------------

CREATE TABLE reviews (
    id            TEXT PRIMARY KEY NOT NULL,
    offering_id   TEXT NOT NULL REFERENCES offerings (id),
    customer_id   TEXT NOT NULL REFERENCES customers (id),
    user_id       TEXT NOT NULL REFERENCES users (id),
    stars         INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    text          TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    edited_at     INTEGER,
    -- Set by an operator; a hidden review is in no list and no average.
    hidden_at     INTEGER,
    hidden_reason TEXT,
    reply         TEXT,
    replied_at    INTEGER,
    UNIQUE (offering_id, customer_id)
) STRICT;

CREATE TABLE review_reports (
    review_id  TEXT NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id),
    fault      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- Set when an operator has decided.
    settled_at INTEGER,
    PRIMARY KEY (review_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX review_reports_open ON review_reports (created_at) WHERE settled_at IS NULL;

CREATE TABLE tickets (
    id          TEXT PRIMARY KEY NOT NULL,
    number      INTEGER NOT NULL UNIQUE,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    user_id     TEXT NOT NULL REFERENCES users (id),
    offering_id TEXT REFERENCES offerings (id),
    kind        TEXT NOT NULL,
    state       TEXT NOT NULL,
    text        TEXT NOT NULL,
    answer      TEXT,
    -- The form's own id: sending it twice opens one ticket.
    reference   TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (user_id, reference)
) STRICT;
CREATE INDEX tickets_by_customer ON tickets (customer_id, created_at);
CREATE INDEX tickets_open ON tickets (state, created_at);

-- Tries without an account: how many a visitor has had on a day. The visitor is a keyed hash of the address; the empty
-- one counts all of them.
CREATE TABLE demo_calls (
    day     INTEGER NOT NULL,
    visitor TEXT NOT NULL,
    calls   INTEGER NOT NULL,
    PRIMARY KEY (day, visitor)
) STRICT, WITHOUT ROWID;

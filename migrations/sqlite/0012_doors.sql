-- What providers have earned from wallets, by day, counted once from the ledger's postings when the day is over. The row
-- without a provider says that a day is counted.
CREATE TABLE earnings_days (
    provider_id TEXT NOT NULL,
    day         INTEGER NOT NULL,
    -- Micro-credits.
    amount      INTEGER NOT NULL,
    PRIMARY KEY (provider_id, day)
) STRICT, WITHOUT ROWID;

-- What was used elsewhere and is on the invoice of a month, told in bulk; a name comes once in a customer's month.
CREATE TABLE imported_items (
    id           TEXT PRIMARY KEY NOT NULL,
    customer_id  TEXT NOT NULL REFERENCES customers (id),
    year         INTEGER NOT NULL,
    month        INTEGER NOT NULL,
    name         TEXT NOT NULL,
    -- Micro-dollars.
    price        INTEGER NOT NULL CHECK (price >= 0),
    article_code TEXT NOT NULL,
    -- Its place among those that were told at once.
    position     INTEGER NOT NULL,
    -- Who and what else was named, as JSON.
    details      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    created_by   TEXT,
    UNIQUE (customer_id, year, month, name)
) STRICT;

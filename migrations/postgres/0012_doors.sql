-- What providers have earned from wallets, by day, counted once from the ledger's postings when the day is over. The row
-- without a provider says that a day is counted.
CREATE TABLE earnings_days (
    provider_id TEXT COLLATE "C" NOT NULL,
    day         BIGINT NOT NULL,
    -- Micro-credits.
    amount      BIGINT NOT NULL,
    PRIMARY KEY (provider_id, day)
);

-- What was used elsewhere and is on the invoice of a month, told in bulk; a name comes once in a customer's month.
CREATE TABLE imported_items (
    id           TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    customer_id  TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    year         BIGINT NOT NULL,
    month        BIGINT NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    -- Micro-dollars.
    price        BIGINT NOT NULL CHECK (price >= 0),
    article_code TEXT COLLATE "C" NOT NULL,
    -- Its place among those that were told at once.
    position     BIGINT NOT NULL,
    -- Who and what else was named, as JSON.
    details      TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT COLLATE "C",
    UNIQUE (customer_id, year, month, name)
);

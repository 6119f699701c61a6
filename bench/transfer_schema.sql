DROP TABLE IF EXISTS accounts, transfers;
CREATE TABLE accounts (id INT PRIMARY KEY, balance BIGINT NOT NULL CHECK (balance >= 0)) WITH (fillfactor = 50);
CREATE TABLE transfers (
    id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payer  INT NOT NULL,
    payee  INT NOT NULL,
    amount BIGINT NOT NULL,
    at     TIMESTAMPTZ NOT NULL DEFAULT now()
);
INSERT INTO accounts SELECT n, 1000000000000 FROM generate_series(1, 1000) n;
VACUUM ANALYZE accounts;

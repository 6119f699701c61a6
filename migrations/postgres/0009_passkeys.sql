-- Keys of devices that somebody signs in with instead of a password.
CREATE TABLE passkeys (
    id            TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    user_id       TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    -- The device's name for it.
    credential_id BYTEA NOT NULL UNIQUE,
    -- The public key and what else is known of it, as JSON; nothing of it is secret.
    credential    TEXT COLLATE "C" NOT NULL,
    name          TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    used_at       BIGINT
);
CREATE INDEX passkeys_by_user ON passkeys (user_id, created_at);

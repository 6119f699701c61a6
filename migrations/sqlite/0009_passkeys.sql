-- Keys of devices that somebody signs in with instead of a password.
CREATE TABLE passkeys (
    id            TEXT PRIMARY KEY NOT NULL,
    user_id       TEXT NOT NULL REFERENCES users (id),
    -- The device's name for it.
    credential_id BLOB NOT NULL UNIQUE,
    -- The public key and what else is known of it, as JSON; nothing of it is secret.
    credential    TEXT NOT NULL,
    name          TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    used_at       INTEGER
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user_id, created_at);

-- Moments are whole milliseconds since the start of 1970 (UTC). UUIDs are 16 bytes.

CREATE TABLE codes (
    number        INTEGER PRIMARY KEY,
    id            BLOB NOT NULL UNIQUE,
    pepper        INTEGER NOT NULL,
    digest        BLOB NOT NULL,
    tenant        TEXT NOT NULL,
    profile       TEXT NOT NULL,
    generation    INTEGER NOT NULL,
    state         TEXT NOT NULL
        CHECK (state IN ('issued', 'purged', 'redeemed', 'revoked', 'superseded')),
    changed_at    INTEGER NOT NULL,
    issued_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    -- Empty once the code is purged.
    account       TEXT,
    binding       TEXT,
    -- The binding once more, as the redeem statement tests it; NULL means any.
    mac           TEXT,
    models        TEXT,
    -- Set by the redeem. Of all rows with a grant no two have the same.
    grant_id      BLOB UNIQUE,
    claimant_key  TEXT,
    claimant_mac  TEXT,
    redeemed_at   INTEGER,
    UNIQUE (digest, pepper),
    CHECK (state = 'purged' OR (account NOT NULL AND binding NOT NULL)),
    CHECK ((state = 'redeemed') = (grant_id NOT NULL))
) STRICT;

-- A profile has at most one code that can be redeemed.
CREATE UNIQUE INDEX codes_issued ON codes (tenant, profile) WHERE state = 'issued';
CREATE INDEX codes_expiring ON codes (expires_at) WHERE state = 'issued';

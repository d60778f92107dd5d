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
    mode          TEXT NOT NULL,
    -- Kept only as long as the code is outstanding.
    sealed        BLOB,
    -- Set by the redeem. Of all rows with a grant no two have the same.
    grant_id      BLOB UNIQUE,
    claimant_key  TEXT,
    claimant_mac  TEXT,
    redeemed_at   INTEGER,
    UNIQUE (digest, pepper),
    CHECK (state = 'purged' OR (account NOT NULL AND binding NOT NULL)),
    CHECK ((state = 'redeemed') = (grant_id NOT NULL)),
    CHECK (state = 'issued' OR sealed IS NULL)
) STRICT;

-- A profile has at most one code that can be redeemed.
CREATE UNIQUE INDEX codes_issued ON codes (tenant, profile) WHERE state = 'issued';
CREATE INDEX codes_expiring ON codes (expires_at) WHERE state = 'issued';

CREATE TABLE devices (
    number        INTEGER PRIMARY KEY,
    tenant        TEXT NOT NULL,
    profile       TEXT NOT NULL,
    account       TEXT NOT NULL,
    name          TEXT NOT NULL,
    mac           TEXT,
    model         TEXT NOT NULL,
    device_type   TEXT NOT NULL,
    ownership     TEXT NOT NULL,
    line_port     TEXT NOT NULL,
    state         TEXT NOT NULL,
    subject       BLOB,
    serial_number TEXT,
    sip_address   TEXT,
    ip_address    TEXT,
    registered_at INTEGER,
    -- The code that the device may be activated by, redeemed or not.
    code          BLOB,
    UNIQUE (tenant, profile),
    UNIQUE (tenant, name),
    UNIQUE (tenant, mac)
) STRICT;

CREATE UNIQUE INDEX devices_subject ON devices (tenant, subject) WHERE subject NOT NULL;

CREATE TABLE device_tags (
    device        INTEGER NOT NULL,
    name          TEXT NOT NULL,
    value         TEXT NOT NULL,
    PRIMARY KEY (device, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    sequence      INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    tenant        TEXT NOT NULL,
    profile       TEXT,
    event         TEXT NOT NULL,
    reason        TEXT,
    hash          BLOB NOT NULL
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit log is not changed');
END;

CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit log is not shortened');
END;

-- Numbers of delivered events are not used again.
CREATE TABLE outbox (
    sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          TEXT NOT NULL,
    tenant        TEXT NOT NULL,
    profile       TEXT NOT NULL,
    at            INTEGER NOT NULL
) STRICT;

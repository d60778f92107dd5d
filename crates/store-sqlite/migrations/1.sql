-- Moments are whole milliseconds since the start of 1970 (UTC). UUIDs are 16 bytes, MAC addresses 6.
--
-- A code leaves its row for ever, so rows of codes are small: what many share stands in a table of
-- its own, states are numbers, and indexes hold only the head of what was drawn at random.

CREATE TABLE tenants (
    number        INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE
) STRICT;

-- How a code is redeemed and by what: the mode, and the binding where it is not a MAC address.
CREATE TABLE terms (
    number        INTEGER PRIMARY KEY,
    mode          TEXT NOT NULL,
    -- Empty for a MAC address.
    binding       TEXT NOT NULL,
    -- Both once more, as the redeem statement tests them; no models means any.
    certificate   INTEGER NOT NULL CHECK (certificate IN (0, 1)),
    models        TEXT,
    UNIQUE (mode, binding)
) STRICT;

CREATE TABLE codes (
    number        INTEGER PRIMARY KEY,
    id            BLOB NOT NULL CHECK (length(id) = 16),
    pepper        INTEGER NOT NULL,
    -- The digest: 8 bytes, by which it is found, and 24.
    digest_head   INTEGER NOT NULL,
    digest_tail   BLOB NOT NULL CHECK (length(digest_tail) = 24),
    tenant        INTEGER NOT NULL,
    profile       TEXT NOT NULL,
    generation    INTEGER NOT NULL,
    -- 0 issued, 1 redeemed, 2 revoked, 3 superseded, 4 purged.
    state         INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    issued_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    -- When the code left the first state; for one that was redeemed, when it was, void by now or not.
    closed_at     INTEGER,
    -- Empty once the code is purged.
    account       TEXT,
    terms         INTEGER,
    mac           BLOB,
    -- The sealed copy, until the code leaves the first state.
    sealed        BLOB,
    -- Set by the redeem; of a code that is void since then the grant stays, so that no other has it.
    grant_id      BLOB,
    claimant_key  TEXT,
    claimant_mac  BLOB,
    CHECK ((state = 0) = (closed_at IS NULL)),
    CHECK (state <> 1 OR grant_id NOT NULL),
    CHECK (state IN (1, 2) OR grant_id IS NULL),
    CHECK (state = 4 OR (account NOT NULL AND terms NOT NULL)),
    CHECK (state = 0 OR sealed IS NULL)
) STRICT;

-- Of 10^8 codes two have the same head with a probability of 1 in 3,600; the second is then taken
-- for one drawn twice, and another is drawn.
CREATE UNIQUE INDEX codes_digest ON codes (digest_head);
CREATE INDEX codes_id ON codes (substr(id, 1, 8));
-- Of all grants no two are the same.
CREATE UNIQUE INDEX codes_grant ON codes (grant_id) WHERE grant_id NOT NULL;
-- A profile has at most one code that can be redeemed.
CREATE UNIQUE INDEX codes_issued ON codes (tenant, profile) WHERE state = 0;
CREATE INDEX codes_expiring ON codes (expires_at) WHERE state = 0;

-- Failed guesses. Each node writes the rows of its own shard.
CREATE TABLE guesses (
    key           BLOB NOT NULL CHECK (length(key) = 16),
    bucket        INTEGER NOT NULL,
    shard         INTEGER NOT NULL,
    count         INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (key, bucket, shard)
) STRICT, WITHOUT ROWID;

CREATE INDEX guesses_old ON guesses (bucket);

-- Certificate operations that wait for their device.
CREATE TABLE capf_operations (
    tenant        TEXT NOT NULL,
    device        TEXT NOT NULL,
    -- The digest of the string; empty for the null string.
    pepper        INTEGER,
    digest        BLOB,
    completes_by  INTEGER NOT NULL,
    misses        INTEGER NOT NULL,
    max_misses    INTEGER NOT NULL,
    PRIMARY KEY (tenant, device),
    CHECK ((pepper IS NULL) = (digest IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX capf_operations_late ON capf_operations (completes_by);

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
    -- Which administrator did it: the subject of the token, and its issuer.
    actor         TEXT,
    actor_issuer  TEXT,
    hash          BLOB NOT NULL,
    CHECK (actor NOT NULL OR actor_issuer IS NULL)
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

CREATE INDEX outbox_tenant ON outbox (tenant);

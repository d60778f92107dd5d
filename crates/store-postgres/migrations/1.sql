-- Moments are whole milliseconds since the start of 1970 (UTC). Texts that are compared or sorted
-- have the collation "C", whose order is that of the bytes.

CREATE TABLE codes (
    changed_at    int8 NOT NULL, -- for a code that was redeemed, when it was, void by now or not
    issued_at     int8 NOT NULL,
    expires_at    int8 NOT NULL,
    pepper        int4 NOT NULL,
    generation    int4 NOT NULL,
    id            uuid CONSTRAINT codes_id PRIMARY KEY,
    digest        bytea NOT NULL CONSTRAINT codes_digest UNIQUE,
    state         text COLLATE "C" NOT NULL
        CHECK (state IN ('issued', 'purged', 'redeemed', 'revoked', 'superseded')),
    tenant        text COLLATE "C" NOT NULL,
    profile       text COLLATE "C" NOT NULL,
    -- Empty once the code is purged.
    account       text COLLATE "C",
    binding       text COLLATE "C",
    mode          text COLLATE "C" NOT NULL,
    -- Kept only as long as the code is outstanding.
    sealed        bytea,
    -- Set by the redeem; of a code that is void since then the grant stays, so that no other has it.
    grant_id      uuid,
    claimant_key  text COLLATE "C",
    claimant_mac  text COLLATE "C",
    CHECK (state = 'purged' OR (account IS NOT NULL AND binding IS NOT NULL)),
    CHECK (state <> 'redeemed' OR grant_id IS NOT NULL),
    CHECK (state IN ('redeemed', 'revoked') OR grant_id IS NULL),
    CHECK ((state = 'redeemed') = (claimant_key IS NOT NULL)),
    CHECK (state = 'issued' OR sealed IS NULL)
);

-- A profile has at most one code that can be redeemed.
CREATE UNIQUE INDEX codes_issued ON codes (tenant, profile) WHERE state = 'issued';
-- Says the same in other words, so that a statement which says it in one way can take one of the two
-- only: a plan is made once, perhaps while the table is empty and every index looks the same.
CREATE INDEX codes_expiring ON codes (expires_at) WHERE starts_with(state, 'issued');
-- Of all codes no two have the same grant.
CREATE UNIQUE INDEX codes_grant ON codes (grant_id) WHERE grant_id IS NOT NULL;

CREATE TABLE devices (
    registered_at int8,
    subject       uuid,
    code          uuid, -- the one that the device may be activated by, redeemed or not
    tenant        text COLLATE "C" NOT NULL,
    profile       text COLLATE "C" NOT NULL,
    account       text COLLATE "C" NOT NULL,
    name          text COLLATE "C" NOT NULL,
    mac           text COLLATE "C",
    model         text COLLATE "C" NOT NULL,
    device_type   text COLLATE "C" NOT NULL,
    ownership     text COLLATE "C" NOT NULL,
    line_port     text COLLATE "C" NOT NULL,
    state         text COLLATE "C" NOT NULL,
    serial_number text COLLATE "C",
    sip_address   text COLLATE "C",
    ip_address    text COLLATE "C",
    -- In UTF-8: a tag may hold U+0000, which no text does.
    tag_names     bytea[] NOT NULL,
    tag_values    bytea[] NOT NULL,
    CONSTRAINT devices_profile PRIMARY KEY (profile, tenant)
) WITH (fillfactor = 80); -- room for the row as a registration changes it, which is in no index

-- In the order in which they are checked: an address is taken before the name made from it. The
-- tenant comes last, so that no statement mistakes one index for another.
CREATE UNIQUE INDEX devices_mac ON devices (mac, tenant) WHERE mac IS NOT NULL;
CREATE UNIQUE INDEX devices_name ON devices (name, tenant);
CREATE UNIQUE INDEX devices_subject ON devices (subject, tenant) WHERE subject IS NOT NULL;

-- The chain. Entries come here from audit_pending, one node at a time.
CREATE TABLE audit (
    sequence      int8 CONSTRAINT audit_sequence PRIMARY KEY,
    at            int8 NOT NULL,
    tenant        text COLLATE "C" NOT NULL,
    profile       text COLLATE "C",
    event         text COLLATE "C" NOT NULL,
    reason        text COLLATE "C",
    -- Which administrator did it: the subject of the token, and its issuer.
    actor         text COLLATE "C",
    actor_issuer  text COLLATE "C",
    hash          bytea NOT NULL,
    CHECK (actor IS NOT NULL OR actor_issuer IS NULL)
);

CREATE FUNCTION audit_is_not_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is neither changed nor shortened';
END
$$;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_not_changed();

-- Written by the verbs, in the transaction that makes them true; not yet in the chain.
CREATE TABLE audit_pending (
    entry         int8 GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_pending_entry PRIMARY KEY,
    at            int8 NOT NULL,
    tenant        text COLLATE "C" NOT NULL,
    profile       text COLLATE "C",
    event         text COLLATE "C" NOT NULL,
    reason        text COLLATE "C",
    actor         text COLLATE "C",
    actor_issuer  text COLLATE "C",
    CHECK (actor IS NOT NULL OR actor_issuer IS NULL)
);

-- Numbers of delivered events are not used again.
CREATE TABLE outbox (
    sequence      int8 GENERATED ALWAYS AS IDENTITY,
    at            int8 NOT NULL,
    kind          text COLLATE "C" NOT NULL,
    tenant        text COLLATE "C" NOT NULL,
    profile       text COLLATE "C" NOT NULL,
    CONSTRAINT outbox_sequence PRIMARY KEY (tenant, sequence)
);

-- Failed guesses, a row for each node that counts them.
CREATE TABLE guesses (
    key           uuid NOT NULL,
    bucket        int8 NOT NULL,
    shard         int4 NOT NULL,
    count         int8 NOT NULL CHECK (count >= 0),
    CONSTRAINT guesses_row PRIMARY KEY (key, bucket, shard)
) WITH (fillfactor = 50); -- room for the row as the next charge changes it

-- For the purge alone; charges and looks say `bucket`, and cannot mistake it for the primary key.
CREATE INDEX guesses_old ON guesses ((bucket + 0));

-- Certificate operations, one for each device.
CREATE TABLE capf_operations (
    completes_by  int8 NOT NULL,
    misses        int2 NOT NULL DEFAULT 0,
    max_misses    int2 NOT NULL,
    pepper        int4,
    tenant        text COLLATE "C" NOT NULL,
    name          text COLLATE "C" NOT NULL,
    digest        bytea, -- NULL for the null string
    CONSTRAINT capf_operations_device PRIMARY KEY (tenant, name),
    CHECK ((digest IS NULL) = (pepper IS NULL)),
    CHECK (misses BETWEEN 0 AND max_misses)
) WITH (fillfactor = 80);

-- For the purge alone.
CREATE INDEX capf_operations_late ON capf_operations (completes_by);

//! The statements on codes. The first parameter of those that take time is the caller's `now`.
//!
//! A plan is made once for a connection, so each statement leaves the server one index to take:
//! `state || '' = 'issued'` matches neither partial one, `state = 'issued'` that of tenant and
//! profile, `starts_with(state, 'issued')` that of deadlines.

use crate::column::now;

macro_rules! redeem {
    () => {
        concat!(
            "UPDATE codes
             SET state = 'redeemed', sealed = NULL, changed_at = ",
            now!(),
            ", grant_id = $3, claimant_key = $4, claimant_mac = $6
             WHERE digest = ANY ($2::bytea[]) AND pepper = ANY ($10::int4[])
               AND state || '' = 'issued' AND expires_at > ",
            now!(),
            " AND (mode <> 'on-premises' OR $5)
              AND (binding = $7 OR binding = $8
                   OR (starts_with(binding, 'any-of:')
                       AND strpos(E'\\n' || substr(binding, 8), $9) > 0))
             RETURNING grant_id, id, tenant, account, profile, changed_at, mode"
        )
    };
}

pub(super) const REDEEM: &str = redeem!();

pub(super) const REDEEM_NOTED: &str = concat!(
    "WITH redeemed AS (",
    redeem!(),
    "), noted AS (
         INSERT INTO audit_pending (at, tenant, profile, event)
         SELECT changed_at, tenant, profile, 'code-redeemed' FROM redeemed)
     SELECT * FROM redeemed"
);

pub(super) const EXPLAIN: &str = concat!(
    "SELECT grant_id, id, tenant, account, profile, changed_at, mode,
            state, expires_at, binding, claimant_key, claimant_mac, ",
    now!(),
    " FROM codes WHERE digest = ANY ($2::bytea[]) AND pepper = ANY ($3::int4[])"
);

pub(super) const GRANT: &str = "
    SELECT grant_id, id, tenant, account, profile, changed_at, mode
    FROM codes WHERE grant_id = $1";

macro_rules! purged {
    ($which:literal) => {
        concat!(
            "UPDATE codes
             SET state = 'purged', sealed = NULL, account = NULL, binding = NULL, changed_at = ",
            now!(),
            " WHERE ",
            $which,
            " AND expires_at <= ",
            now!()
        )
    };
}

/// The row stays as a tombstone. A row that is locked is being closed by somebody else.
pub(super) const PURGE: &str = concat!(
    "WITH expired AS (
         SELECT id FROM codes WHERE starts_with(state, 'issued') AND expires_at <= ",
    now!(),
    " - $2  ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED
     ) ",
    purged!("id = ANY (ARRAY (SELECT id FROM expired)) AND state || '' = 'issued'")
);

pub(super) const TAKEN: &str = "
    SELECT EXISTS (SELECT FROM codes WHERE digest = ANY ($1::bytea[])),
           EXISTS (SELECT FROM codes WHERE id = $2)";

macro_rules! insert {
    ($generation:literal) => {
        concat!(
            "INSERT INTO codes (changed_at, issued_at, expires_at, pepper, generation, id, digest,
                                state, tenant, profile, account, binding, mode, sealed)
             SELECT at, at, at + $13, $5, ",
            $generation,
            ", $3, $4, 'issued', $6, $7, $8, $9, $10, $11
             FROM (SELECT coalesce($12::int8, ",
            now!(),
            ") AS at) AS issued"
        )
    };
}

/// The insertion counts what was purged so that it comes behind it.
pub(super) const ISSUE: &str = concat!(
    "WITH free AS (
         SELECT WHERE NOT EXISTS (SELECT FROM codes WHERE digest = ANY ($2::bytea[]))
                  AND NOT EXISTS (SELECT FROM codes WHERE id = $3)
     ), purged AS (",
    purged!("state = 'issued' AND tenant = $6 AND profile = $7 AND EXISTS (SELECT FROM free)"),
    " RETURNING id
     ) ",
    insert!("1"),
    " WHERE EXISTS (SELECT FROM free) AND (SELECT count(*) FROM purged) >= 0
     ON CONFLICT DO NOTHING
     RETURNING id"
);

pub(super) const REVOKE: &str = concat!(
    "UPDATE codes SET state = 'revoked', sealed = NULL, changed_at = ",
    now!(),
    " WHERE id = $2 AND tenant = $3 AND state || '' = 'issued'"
);

/// What tells a claimant again goes, what others must not have stays: digest, names and grant. The code
/// of a grant is the same for ever, so it may be looked up before the row is locked.
pub(super) const VOID: &str = concat!(
    "UPDATE codes
     SET state = 'revoked', sealed = NULL, claimant_key = NULL, claimant_mac = NULL,
         changed_at = CASE WHEN grant_id IS NULL THEN ",
    now!(),
    "                      ELSE changed_at END
     WHERE id = ANY (ARRAY [$2::uuid, (SELECT id FROM codes WHERE grant_id = $3)])
       AND tenant = $5 AND profile = $6
       AND state || '' IN ('issued', 'redeemed') AND (grant_id = $4) IS NOT TRUE"
);

pub(super) const STATE: &str = "SELECT state FROM codes WHERE id = $1 AND tenant = $2";

pub(super) const LOCK_DEVICE: &str = "
    SELECT FROM devices
    WHERE (tenant, profile) IN (SELECT tenant, profile FROM codes WHERE id = $1 AND tenant = $2)
    FOR UPDATE";

pub(super) const SUPERSEDE: &str = concat!(
    "UPDATE codes SET state = 'superseded', sealed = NULL, changed_at = ",
    now!(),
    " WHERE id = $4 AND tenant = $5 AND state || '' = 'issued'
        AND NOT EXISTS (SELECT FROM codes WHERE digest = ANY ($2::bytea[]))
        AND NOT EXISTS (SELECT FROM codes WHERE id = $3)
     RETURNING id, tenant, account, profile, binding, issued_at, expires_at, generation, mode,
               sealed"
);

pub(super) const SUCCEED: &str = concat!(
    "WITH device AS (
         UPDATE devices SET code = $3 WHERE tenant = $6 AND profile = $7 AND code = $2
     ) ",
    insert!("$14"),
    " RETURNING id, tenant, account, profile, binding, issued_at, expires_at, generation, mode,
                sealed"
);

pub(super) const OUTSTANDING: &str = concat!(
    "SELECT id, tenant, account, profile, binding, issued_at, expires_at, generation, mode, sealed
     FROM codes
     WHERE state = 'issued' AND tenant = $2 AND profile > $3 AND expires_at > ",
    now!(),
    " ORDER BY profile LIMIT $4"
);

pub(super) const LIVE: &str = concat!(
    "SELECT count(*) FROM codes WHERE starts_with(state, 'issued') AND expires_at > ",
    now!()
);

#[cfg(test)]
mod tests {
    use offhook_onboarding::AuditEvent;

    use super::*;

    #[test]
    fn a_redeem_is_noted_by_the_word_of_its_event() {
        let word = format!("'{}' FROM redeemed", AuditEvent::CodeRedeemed.as_str());
        assert!(REDEEM_NOTED.contains(&word), "{REDEEM_NOTED}");
    }
}

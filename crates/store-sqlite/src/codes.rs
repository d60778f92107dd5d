//! The verbs on codes, each to be run in a transaction.

use std::time::{Duration, SystemTime};

use offhook_activation_code::{
    Binding, ClaimantKey, CodeDigest, CodeDigests, CodeId, CodeState, Grant, GrantId, IssueRefusal,
    Judgement, NewCode, OutstandingCode, Page, Redemption, Refusal, ReissueRefusal, Replacement,
    RevokeRefusal, SealedCode, TenantId,
};
use offhook_device_name::MacAddress;
use offhook_onboarding::{Device, VoidCodes};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use crate::column::{count, millis, optional_mac, sealed, text, timestamp, uuid};
use crate::shared;

pub(crate) fn issue(
    db: &Connection,
    new: &NewCode,
    now: SystemTime,
) -> rusqlite::Result<Result<(), IssueRefusal>> {
    if knows(db, new.digests())? {
        return Ok(Err(IssueRefusal::DigestTaken));
    }
    if state(db, None, new.id())?.is_some() {
        return Ok(Err(IssueRefusal::IdTaken));
    }
    let purge = format!(
        "{PURGE} AND tenant = (SELECT number FROM tenants WHERE name = :tenant)
            AND profile = :profile"
    );
    db.prepare_cached(&purge)?.execute(named_params! {
        ":now": millis(now),
        ":tenant": new.tenant().as_str(),
        ":profile": new.code().profile().as_str(),
    })?;
    Ok(if insert(db, new.digests().current(), new.code())? {
        Ok(())
    } else {
        Err(IssueRefusal::Outstanding)
    })
}

/// The decision is one `UPDATE`: who gets a row back has won, and who does not has changed
/// nothing. The digest names one generation of one code, so that no other generation can be
/// meant.
pub(crate) fn redeem(
    db: &Connection,
    redemption: &Redemption,
    now: SystemTime,
) -> rusqlite::Result<Result<Grant, Refusal>> {
    let claimant = redemption.claimant();
    let key = claimant.key().to_string();
    let model = claimant.model().map(|model| format!("\n{model}\n"));
    for digest in redemption.digests().iter() {
        let (head, tail) = split(digest);
        let grant = db
            .prepare_cached(REDEEM)?
            .query_row(
                params![
                    millis(now),
                    redemption.grant().as_uuid().as_bytes(),
                    key,
                    matches!(claimant.key(), ClaimantKey::Certificate(_)),
                    claimant.mac().map(MacAddress::octets),
                    model,
                    head,
                    tail,
                    digest.pepper_id().get(),
                ],
                grant,
            )
            .optional()?;
        if let Some(grant) = grant {
            return Ok(Ok(grant));
        }
    }
    // Every digest is looked up, found or not: a miss runs the same statements as each refusal.
    let mut found = None;
    for digest in redemption.digests().iter() {
        let known = find(db, digest)?;
        found = found.or(known);
    }
    Ok(match redemption.judge(found, now) {
        Ok(Judgement::Repeated(grant)) => Ok(grant),
        // The statement would have redeemed it.
        Ok(Judgement::Redeemable(_)) => Err(Refusal::Unknown),
        Err(refusal) => Err(refusal),
    })
}

pub(crate) fn revoke(
    db: &Connection,
    tenant: &TenantId,
    id: CodeId,
    now: SystemTime,
) -> rusqlite::Result<Result<(), RevokeRefusal>> {
    if close(db, tenant, id, REVOKED, now)?.is_some() {
        return Ok(Ok(()));
    }
    Ok(Err(match state(db, Some(tenant), id)? {
        None => RevokeRefusal::Unknown,
        Some(REDEEMED) => RevokeRefusal::AlreadyRedeemed,
        Some(_) => RevokeRefusal::NotOutstanding,
    }))
}

/// Voids codes of `device`, redeemed or not. Nothing else is written meanwhile.
pub(crate) fn void(
    db: &Connection,
    device: &Device,
    void: &VoidCodes,
    now: SystemTime,
) -> rusqlite::Result<()> {
    let (head, id) = void.code.as_ref().map(name).unzip();
    db.prepare_cached(VOID)?.execute(named_params! {
        ":now": millis(now),
        ":head": head,
        ":id": id,
        ":grant": void.grant.as_ref().map(|grant| grant.as_uuid().as_bytes()),
        ":kept": void.kept.as_ref().map(|grant| grant.as_uuid().as_bytes()),
        ":tenant": device.tenant.as_str(),
        ":profile": device.profile.as_str(),
    })?;
    Ok(())
}

pub(crate) fn reissue(
    db: &Connection,
    id: CodeId,
    replacement: &Replacement,
    now: SystemTime,
) -> rusqlite::Result<Result<OutstandingCode, ReissueRefusal>> {
    let tenant = replacement.tenant();
    match state(db, Some(tenant), id)? {
        None => return Ok(Err(ReissueRefusal::Unknown)),
        Some(ISSUED) => {}
        Some(REDEEMED) => return Ok(Err(ReissueRefusal::AlreadyRedeemed)),
        Some(_) => return Ok(Err(ReissueRefusal::NotOutstanding)),
    }
    if knows(db, replacement.digests())? {
        return Ok(Err(ReissueRefusal::DigestTaken));
    }
    if state(db, None, replacement.id())?.is_some() {
        return Ok(Err(ReissueRefusal::IdTaken));
    }
    let Some(old) = close(db, tenant, id, SUPERSEDED, now)? else {
        return Ok(Err(ReissueRefusal::NotOutstanding));
    };
    let new = replacement.succeed(&old);
    insert(db, replacement.digests().current(), &new)?;
    Ok(Ok(new))
}

pub(crate) fn outstanding(
    db: &Connection,
    tenant: &TenantId,
    page: &Page,
    now: SystemTime,
) -> rusqlite::Result<Vec<OutstandingCode>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {CODE} FROM codes
         WHERE state = {ISSUED} AND tenant = (SELECT number FROM tenants WHERE name = ?1)
           AND profile > ?2 AND expires_at > ?3
         ORDER BY profile LIMIT ?4"
    ))?;
    // No profile is empty.
    let after = page.start().map_or("", |profile| profile.as_str());
    let limit = i64::try_from(page.limit()).unwrap_or(i64::MAX);
    let found = params![tenant.as_str(), after, millis(now), limit];
    statement.query_map(found, outstanding_code)?.collect()
}

/// How many codes of all tenants can be redeemed.
pub(crate) fn live(db: &Connection, now: SystemTime) -> rusqlite::Result<u64> {
    let sql = format!("SELECT count(*) FROM codes WHERE state = {ISSUED} AND expires_at > ?1");
    db.prepare_cached(&sql)?
        .query_row([millis(now)], |row| count(row, 0))
}

/// Purges up to [`PURGED_AT_ONCE`] codes, so that a redeem never waits long.
pub(crate) fn purge(db: &Connection, kept: Duration, now: SystemTime) -> rusqlite::Result<u64> {
    let then = now.checked_sub(kept).unwrap_or(SystemTime::UNIX_EPOCH);
    let sql = format!(
        "{PURGE} AND number IN (
             SELECT number FROM codes WHERE state = {ISSUED} AND expires_at <= :then LIMIT :limit)"
    );
    let purged = db.prepare_cached(&sql)?.execute(named_params! {
        ":now": millis(now),
        ":then": millis(then),
        ":limit": i64::try_from(PURGED_AT_ONCE).unwrap_or(i64::MAX),
    })?;
    Ok(purged as u64)
}

/// The grant with the name `id`, as it was given for the first time; that of a code that is void by
/// now too.
pub(crate) fn grant_named(db: &Connection, id: GrantId) -> rusqlite::Result<Option<Grant>> {
    db.prepare_cached(&format!("SELECT {GRANT} FROM codes WHERE grant_id = ?1"))?
        .query_row([id.as_uuid().as_bytes()], grant)
        .optional()
}

/// Puts an issued code into a state that it never leaves; gives the code as it was, if it was.
fn close(
    db: &Connection,
    tenant: &TenantId,
    id: CodeId,
    state: i64,
    now: SystemTime,
) -> rusqlite::Result<Option<OutstandingCode>> {
    let sql = format!(
        "UPDATE codes SET state = :state, closed_at = :now, sealed = NULL
         WHERE {NAMED} AND state = {ISSUED}
           AND tenant = (SELECT number FROM tenants WHERE name = :tenant)
         RETURNING {CODE}"
    );
    let (head, id) = name(&id);
    db.prepare_cached(&sql)?
        .query_row(
            named_params! {
                ":state": state,
                ":now": millis(now),
                ":head": head,
                ":id": id,
                ":tenant": tenant.as_str(),
            },
            outstanding_code,
        )
        .optional()
}

/// Whether a code with one of the digests was ever issued. The current one counts by its head
/// alone, of which no two rows have the same.
fn knows(db: &Connection, digests: &CodeDigests) -> rusqlite::Result<bool> {
    let mut statement = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM codes
                        WHERE digest_head = ?1 AND (?4 OR digest_tail = ?2 AND pepper = ?3))",
    )?;
    for digest in digests.iter() {
        let (head, tail) = split(digest);
        let current = digest == digests.current();
        let found = params![head, tail, digest.pepper_id().get(), current];
        if statement.query_row(found, |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The state of the code `id`, if `tenant` (or any, for `None`) has it.
fn state(db: &Connection, tenant: Option<&TenantId>, id: CodeId) -> rusqlite::Result<Option<i64>> {
    let sql = format!(
        "SELECT state FROM codes JOIN tenants ON tenants.number = codes.tenant
         WHERE {NAMED} AND tenants.name = coalesce(:tenant, tenants.name)"
    );
    let (head, id) = name(&id);
    db.prepare_cached(&sql)?
        .query_row(
            named_params! { ":head": head, ":id": id, ":tenant": tenant.map(TenantId::as_str) },
            |row| row.get(0),
        )
        .optional()
}

/// Says whether there was room for the code: the profile has no other one.
fn insert(db: &Connection, digest: &CodeDigest, code: &OutstandingCode) -> rusqlite::Result<bool> {
    let (head, tail) = split(digest);
    let inserted = db.prepare_cached(INSERT)?.execute(named_params! {
        ":id": code.id().as_uuid().as_bytes(),
        ":pepper": digest.pepper_id().get(),
        ":head": head,
        ":tail": tail,
        ":tenant": shared::tenant(db, code.tenant())?,
        ":profile": code.profile().as_str(),
        ":generation": code.generation(),
        ":issued_at": millis(code.issued_at()),
        ":expires_at": millis(code.expires_at()),
        ":account": code.account().as_str(),
        ":terms": shared::terms(db, code)?,
        ":mac": code.binding().mac().map(MacAddress::octets),
        ":sealed": code.sealed().map(SealedCode::as_bytes),
    })?;
    Ok(inserted == 1)
}

/// A code by the columns of [`CODE`].
fn outstanding_code(row: &Row<'_>) -> rusqlite::Result<OutstandingCode> {
    let code = OutstandingCode::new(
        CodeId::from_uuid(uuid(row, 0)?),
        text(row, 1)?,
        text(row, 2)?,
        text(row, 3)?,
        match optional_mac(row, 4)? {
            Some(mac) => Binding::Mac(mac),
            None => text(row, 5)?,
        },
        timestamp(row, 7)?,
        timestamp(row, 8)?,
    );
    Ok(code
        .with_mode(text(row, 6)?)
        .with_generation(row.get(9)?)
        .with_sealed(sealed(row, 10)?))
}

/// A grant by the columns of [`GRANT`].
fn grant(row: &Row<'_>) -> rusqlite::Result<Grant> {
    let grant = Grant::new(
        GrantId::from_uuid(uuid(row, 0)?),
        CodeId::from_uuid(uuid(row, 1)?),
        text(row, 2)?,
        text(row, 3)?,
        text(row, 4)?,
        timestamp(row, 6)?,
    );
    Ok(grant.with_mode(text(row, 5)?))
}

/// What is known of the code with a digest.
fn find(db: &Connection, digest: &CodeDigest) -> rusqlite::Result<Option<CodeState>> {
    let (head, tail) = split(digest);
    db.prepare_cached(&format!("SELECT {KNOWN} FROM codes WHERE {FOUND}"))?
        .query_row(params![head, tail, digest.pepper_id().get()], code_state)
        .optional()
}

/// What is known of a code, by the columns of [`KNOWN`].
fn code_state(row: &Row<'_>) -> rusqlite::Result<CodeState> {
    Ok(match row.get(11)? {
        ISSUED => CodeState::Issued(outstanding_code(row)?),
        REDEEMED => CodeState::Redeemed {
            grant: Grant::new(
                GrantId::from_uuid(uuid(row, 13)?),
                CodeId::from_uuid(uuid(row, 0)?),
                text(row, 1)?,
                text(row, 2)?,
                text(row, 3)?,
                timestamp(row, 12)?,
            )
            .with_mode(text(row, 6)?),
            key: text(row, 14)?,
            mac: optional_mac(row, 15)?,
        },
        REVOKED => CodeState::Revoked,
        SUPERSEDED => CodeState::Superseded,
        _ => CodeState::Purged,
    })
}

/// The two parts of a digest.
fn split(digest: &CodeDigest) -> (i64, &[u8]) {
    let (head, tail) = digest
        .as_bytes()
        .split_first_chunk()
        .unwrap_or((&[0; 8], &[]));
    (i64::from_be_bytes(*head), tail)
}

/// The parts of a name by which its row is found.
fn name(id: &CodeId) -> (&[u8], &[u8]) {
    let id = id.as_uuid().as_bytes().as_slice();
    (id.get(..8).unwrap_or(id), id)
}

macro_rules! code_columns {
    () => {
        "id, (SELECT name FROM tenants WHERE number = codes.tenant), account, profile, mac,
         (SELECT binding FROM terms WHERE number = codes.terms),
         (SELECT mode FROM terms WHERE number = codes.terms), issued_at, expires_at, generation,
         sealed"
    };
}
const ISSUED: i64 = 0;
const REDEEMED: i64 = 1;
const REVOKED: i64 = 2;
const SUPERSEDED: i64 = 3;

/// The code with a digest.
const FOUND: &str = "digest_head = ?1 AND digest_tail = ?2 AND pepper = ?3";

/// The code with a name.
const NAMED: &str = "substr(id, 1, 8) = :head AND id = :id";

/// The columns of a code.
const CODE: &str = code_columns!();

/// The columns of all that is known of a code.
const KNOWN: &str = concat!(
    code_columns!(),
    ", state, closed_at, grant_id, claimant_key, claimant_mac"
);

/// The columns of a grant.
macro_rules! grant {
    () => {
        "grant_id, id, (SELECT name FROM tenants WHERE number = codes.tenant), account,
         profile, (SELECT mode FROM terms WHERE number = codes.terms), closed_at"
    };
}

const GRANT: &str = grant!();

/// Moment, grant, key, whether a certificate was proved, address, model, digest in two parts, pepper.
const REDEEM: &str = concat!(
    "UPDATE codes
     SET state = 1, closed_at = ?1, sealed = NULL,
         grant_id = ?2, claimant_key = ?3, claimant_mac = ?5
     WHERE digest_head = ?7 AND digest_tail = ?8 AND pepper = ?9
       AND state = 0 AND expires_at > ?1
       AND (mac IS NULL OR mac = ?5)
       AND EXISTS (SELECT 1 FROM terms
                   WHERE number = codes.terms AND certificate <= ?4
                     AND (models IS NULL OR instr(models, ?6) > 0))
     RETURNING ",
    grant!()
);

const INSERT: &str = "
    INSERT INTO codes (id, pepper, digest_head, digest_tail, tenant, profile, generation, state,
                       issued_at, expires_at, account, terms, mac, sealed)
    VALUES (:id, :pepper, :head, :tail, :tenant, :profile, :generation, 0,
            :issued_at, :expires_at, :account, :terms, :mac, :sealed)
    ON CONFLICT (tenant, profile) WHERE state = 0 DO NOTHING";

/// What tells a claimant again goes, what others must not have stays: digest, names and grant.
const VOID: &str = "
    UPDATE codes
    SET state = 2, closed_at = coalesce(closed_at, :now), sealed = NULL,
        claimant_key = NULL, claimant_mac = NULL
    WHERE number IN (SELECT number FROM codes WHERE substr(id, 1, 8) = :head AND id = :id
                     UNION ALL
                     SELECT number FROM codes WHERE grant_id = :grant)
      AND tenant = (SELECT number FROM tenants WHERE name = :tenant) AND profile = :profile
      AND state IN (0, 1) AND coalesce(grant_id <> :kept, true)";

/// The row stays as a tombstone.
const PURGE: &str = "
    UPDATE codes
    SET state = 4, closed_at = :now, account = NULL, terms = NULL, mac = NULL, sealed = NULL
    WHERE state = 0 AND expires_at <= :now";

pub(crate) const PURGED_AT_ONCE: u64 = 1_000;

#[cfg(test)]
mod tests;

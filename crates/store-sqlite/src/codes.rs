//! The verbs on codes, each to be run in a transaction.

use std::time::SystemTime;

use offhook_activation_code::{
    Binding, ClaimantKey, CodeDigest, CodeDigests, CodeId, CodeMode, Grant, GrantId, IssueRefusal,
    NewCode, OutstandingCode, Page, Redemption, Refusal, ReissueRefusal, Replacement,
    RevokeRefusal, SealedCode, TenantId, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use crate::column::{millis, optional_text, sealed, text, timestamp, uuid};

pub(crate) fn issue(
    connection: &Connection,
    code: &NewCode,
    now: SystemTime,
) -> rusqlite::Result<Result<(), IssueRefusal>> {
    if knows(connection, code.digests())? {
        return Ok(Err(IssueRefusal::DigestTaken));
    }
    if state(connection, None, code.id())?.is_some() {
        return Ok(Err(IssueRefusal::IdTaken));
    }
    let purge = format!("{PURGE} AND tenant = :tenant AND profile = :profile");
    connection.prepare_cached(&purge)?.execute(named_params! {
        ":now": millis(now),
        ":tenant": code.tenant().as_str(),
        ":profile": code.code().profile().as_str(),
    })?;
    Ok(
        if insert(connection, code.digests().current(), code.code())? {
            Ok(())
        } else {
            Err(IssueRefusal::Outstanding)
        },
    )
}

/// The decision is one `UPDATE`: who gets a row back has won, and who does not has changed
/// nothing. The digest names one generation of one code, so that no other generation can be
/// meant.
pub(crate) fn redeem(
    connection: &Connection,
    redemption: &Redemption,
    now: SystemTime,
) -> rusqlite::Result<Result<Grant, Refusal>> {
    let claimant = redemption.claimant();
    let mac = claimant.mac().map(|mac| mac.to_string());
    let model = claimant.model().map(|model| format!("\n{model}\n"));
    for digest in redemption.digests().iter() {
        let grant = connection
            .prepare_cached(REDEEM)?
            .query_row(
                named_params! {
                    ":now": millis(now),
                    ":grant": redemption.grant().as_uuid().as_bytes(),
                    ":key": claimant.key().to_string(),
                    ":certificate": matches!(claimant.key(), ClaimantKey::Certificate(_)),
                    ":mac": mac,
                    ":model": model,
                    ":digest": digest.as_bytes(),
                    ":pepper": digest.pepper_id().get(),
                },
                grant,
            )
            .optional()?;
        if let Some(grant) = grant {
            return Ok(Ok(grant));
        }
    }
    for digest in redemption.digests().iter() {
        let answer = connection
            .prepare_cached(EXPLAIN)?
            .query_row(
                params![digest.as_bytes(), digest.pepper_id().get()],
                |row| explain(row, redemption, now),
            )
            .optional()?;
        if let Some(answer) = answer {
            return Ok(answer.map(Grant::into_repeated));
        }
    }
    Ok(Err(Refusal::Unknown))
}

pub(crate) fn revoke(
    connection: &Connection,
    tenant: &TenantId,
    id: CodeId,
    now: SystemTime,
) -> rusqlite::Result<Result<(), RevokeRefusal>> {
    let revoked = connection
        .prepare_cached(
            "UPDATE codes SET state = 'revoked', changed_at = ?1, sealed = NULL
             WHERE id = ?2 AND tenant = ?3 AND state = 'issued'",
        )?
        .execute(params![
            millis(now),
            id.as_uuid().as_bytes(),
            tenant.as_str()
        ])?;
    if revoked == 1 {
        return Ok(Ok(()));
    }
    Ok(Err(match state(connection, Some(tenant), id)?.as_deref() {
        None => RevokeRefusal::Unknown,
        Some("redeemed") => RevokeRefusal::AlreadyRedeemed,
        Some(_) => RevokeRefusal::NotOutstanding,
    }))
}

pub(crate) fn reissue(
    connection: &Connection,
    id: CodeId,
    replacement: &Replacement,
    now: SystemTime,
) -> rusqlite::Result<Result<OutstandingCode, ReissueRefusal>> {
    let tenant = replacement.tenant();
    match state(connection, Some(tenant), id)?.as_deref() {
        None => return Ok(Err(ReissueRefusal::Unknown)),
        Some("issued") => {}
        Some("redeemed") => return Ok(Err(ReissueRefusal::AlreadyRedeemed)),
        Some(_) => return Ok(Err(ReissueRefusal::NotOutstanding)),
    }
    if knows(connection, replacement.digests())? {
        return Ok(Err(ReissueRefusal::DigestTaken));
    }
    if state(connection, None, replacement.id())?.is_some() {
        return Ok(Err(ReissueRefusal::IdTaken));
    }
    let mut statement = connection.prepare_cached(SUPERSEDE)?;
    let old = statement.query_row(
        params![millis(now), id.as_uuid().as_bytes(), tenant.as_str()],
        outstanding_code,
    )?;
    let new = replacement.succeed(&old);
    insert(connection, replacement.digests().current(), &new)?;
    Ok(Ok(new))
}

pub(crate) fn outstanding(
    connection: &Connection,
    tenant: &TenantId,
    page: &Page,
    now: SystemTime,
) -> rusqlite::Result<Vec<OutstandingCode>> {
    let mut statement = connection.prepare_cached(OUTSTANDING)?;
    // No profile is empty.
    let after = page.start().map_or("", |profile| profile.as_str());
    let limit = i64::try_from(page.limit()).unwrap_or(i64::MAX);
    let rows = statement.query_map(
        params![tenant.as_str(), after, millis(now), limit],
        outstanding_code,
    )?;
    rows.collect()
}

/// Purges up to [`PURGED_AT_ONCE`] codes, so that a redeem never waits long.
pub(crate) fn purge(connection: &Connection, now: SystemTime) -> rusqlite::Result<u64> {
    let sql = format!(
        "{PURGE} AND number IN (
             SELECT number FROM codes WHERE state = 'issued' AND expires_at <= :now LIMIT :limit)"
    );
    let purged = connection.prepare_cached(&sql)?.execute(named_params! {
        ":now": millis(now),
        ":limit": i64::try_from(PURGED_AT_ONCE).unwrap_or(i64::MAX),
    })?;
    Ok(purged as u64)
}

/// The grant with the name `id`, as it was given for the first time.
pub(crate) fn grant_named(connection: &Connection, id: GrantId) -> rusqlite::Result<Option<Grant>> {
    connection
        .prepare_cached(
            "SELECT grant_id, id, tenant, account, profile, redeemed_at, mode
             FROM codes WHERE grant_id = ?1",
        )?
        .query_row([id.as_uuid().as_bytes()], grant)
        .optional()
}

fn knows(connection: &Connection, digests: &CodeDigests) -> rusqlite::Result<bool> {
    let mut statement = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM codes WHERE digest = ?1 AND pepper = ?2)")?;
    for digest in digests.iter() {
        let known = statement.query_row(
            params![digest.as_bytes(), digest.pepper_id().get()],
            |row| row.get(0),
        )?;
        if known {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The state of the code `id`, if `tenant` (or any, for `None`) has it.
fn state(
    connection: &Connection,
    tenant: Option<&TenantId>,
    id: CodeId,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT state FROM codes WHERE id = ?1 AND tenant = coalesce(?2, tenant)")?
        .query_row(
            params![id.as_uuid().as_bytes(), tenant.map(TenantId::as_str)],
            |row| row.get(0),
        )
        .optional()
}

/// Says whether there was room for the code: the profile has no other one.
fn insert(
    connection: &Connection,
    digest: &CodeDigest,
    code: &OutstandingCode,
) -> rusqlite::Result<bool> {
    let inserted = connection.prepare_cached(INSERT)?.execute(named_params! {
        ":id": code.id().as_uuid().as_bytes(),
        ":pepper": digest.pepper_id().get(),
        ":digest": digest.as_bytes(),
        ":tenant": code.tenant().as_str(),
        ":profile": code.profile().as_str(),
        ":generation": code.generation(),
        ":issued_at": millis(code.issued_at()),
        ":expires_at": millis(code.expires_at()),
        ":account": code.account().as_str(),
        ":binding": code.binding().to_string(),
        ":mac": code.binding().mac().map(|mac| mac.to_string()),
        ":models": models(code.binding()),
        ":mode": code.mode().to_string(),
        ":sealed": code.sealed().map(SealedCode::as_bytes),
    })?;
    Ok(inserted == 1)
}

/// Each model between two line ends, so that the redeem statement finds whole models only.
fn models(binding: &Binding) -> Option<String> {
    let lines = binding.models()?.iter().map(|model| format!("{model}\n"));
    Some(std::iter::once("\n".to_owned()).chain(lines).collect())
}

fn grant(row: &Row<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant::new(
        GrantId::from_uuid(uuid(row, 0)?),
        CodeId::from_uuid(uuid(row, 1)?),
        text(row, 2)?,
        text(row, 3)?,
        text(row, 4)?,
        timestamp(row, 5)?,
    )
    .with_mode(text(row, 6)?))
}

/// The code in a row that is or was outstanding.
fn outstanding_code(row: &Row<'_>) -> rusqlite::Result<OutstandingCode> {
    let code = OutstandingCode::new(
        CodeId::from_uuid(uuid(row, 0)?),
        text(row, 1)?,
        text(row, 2)?,
        text(row, 3)?,
        text(row, 4)?,
        timestamp(row, 5)?,
        timestamp(row, 6)?,
    );
    let code = code.with_generation(row.get(7)?).with_mode(text(row, 8)?);
    Ok(code.with_sealed(sealed(row, 9)?))
}

/// Why a code could not be redeemed; or the grant, if this very claimant has redeemed it.
fn explain(
    row: &Row<'_>,
    redemption: &Redemption,
    now: SystemTime,
) -> rusqlite::Result<Result<Grant, Refusal>> {
    let refusal = match row.get_ref(7)?.as_str()? {
        "issued" if timestamp(row, 8)? <= Timestamp::from(now) => Refusal::Expired,
        "issued" => {
            let (mode, binding): (CodeMode, Binding) = (text(row, 6)?, text(row, 9)?);
            mode.check(redemption.claimant())
                .and_then(|()| binding.check(redemption.claimant()))
                .err()
                .unwrap_or(Refusal::Unknown)
        }
        "redeemed" => {
            let (key, mac) = (text(row, 10)?, optional_text(row, 11)?);
            if redemption.repeats(&key, mac, timestamp(row, 5)?, now) {
                return grant(row).map(Ok);
            }
            Refusal::AlreadyRedeemed
        }
        "revoked" => Refusal::Revoked,
        "superseded" => Refusal::Superseded,
        _ => Refusal::Expired,
    };
    Ok(Err(refusal))
}

const REDEEM: &str = "
    UPDATE codes
    SET state = 'redeemed', changed_at = :now, redeemed_at = :now,
        grant_id = :grant, claimant_key = :key, claimant_mac = :mac, sealed = NULL
    WHERE digest = :digest AND pepper = :pepper
      AND state = 'issued' AND expires_at > :now
      AND (mode <> 'on-premises' OR :certificate)
      AND (mac IS NULL OR mac = :mac)
      AND (models IS NULL OR instr(models, :model) > 0)
    RETURNING grant_id, id, tenant, account, profile, redeemed_at, mode";

const EXPLAIN: &str = "
    SELECT grant_id, id, tenant, account, profile, redeemed_at, mode,
           state, expires_at, binding, claimant_key, claimant_mac
    FROM codes WHERE digest = ?1 AND pepper = ?2";

const SUPERSEDE: &str = "
    UPDATE codes SET state = 'superseded', changed_at = ?1, sealed = NULL
    WHERE id = ?2 AND tenant = ?3 AND state = 'issued'
    RETURNING id, tenant, account, profile, binding, issued_at, expires_at, generation, mode,
              sealed";

const OUTSTANDING: &str = "
    SELECT id, tenant, account, profile, binding, issued_at, expires_at, generation, mode, sealed
    FROM codes
    WHERE state = 'issued' AND tenant = ?1 AND profile > ?2 AND expires_at > ?3
    ORDER BY profile LIMIT ?4";

const INSERT: &str = "
    INSERT INTO codes (id, pepper, digest, tenant, profile, generation, state, changed_at,
                       account, binding, issued_at, expires_at, mac, models, mode, sealed)
    VALUES (:id, :pepper, :digest, :tenant, :profile, :generation, 'issued', :issued_at,
            :account, :binding, :issued_at, :expires_at, :mac, :models, :mode, :sealed)
    ON CONFLICT (tenant, profile) WHERE state = 'issued' DO NOTHING";

/// The row stays as a tombstone.
const PURGE: &str = "
    UPDATE codes
    SET state = 'purged', changed_at = :now,
        account = NULL, binding = NULL, mac = NULL, models = NULL, sealed = NULL
    WHERE state = 'issued' AND expires_at <= :now";

pub(crate) const PURGED_AT_ONCE: u64 = 1_000;

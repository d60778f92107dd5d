//! The verbs on codes.

mod statement;

use std::time::{Duration, SystemTime};

use offhook_activation_code::{
    Binding, Claimant, ClaimantKey, CodeDigest, CodeDigests, CodeId, CodeState, Grant, GrantId,
    IssueRefusal, Judgement, NewCode, OutstandingCode, Page, Redemption, Refusal, ReissueRefusal,
    Replacement, RevokeRefusal, SealedCode, TenantId,
};
use offhook_onboarding::{Device, VoidCodes};
use tokio_postgres::Row;
use uuid::Uuid;

use self::statement::{
    EXPLAIN, GRANT, ISSUE, LIVE, LOCK_DEVICE, OUTSTANDING, PURGE, REDEEM, REDEEM_NOTED, REVOKE,
    STATE, SUCCEED, SUPERSEDE, TAKEN, VOID,
};
use crate::PostgresError;
use crate::column::{count, foreign, integer, millis, optional_text, text, timestamp, value};
use crate::session::Session;

/// An expired code of the profile is purged, unless the code is refused for a name that is taken.
pub(crate) async fn issue(
    session: &Session,
    new: &NewCode,
    now: SystemTime,
) -> Result<Result<(), IssueRefusal>, PostgresError> {
    let code = new.code();
    let row = Columns::of(session, new.digests(), code);
    let issued = session
        .row(
            ISSUE,
            &[
                &session.now(now),
                &row.digests,
                &row.id,
                &row.digest,
                &row.pepper,
                &row.tenant,
                &row.profile,
                &row.account,
                &row.binding,
                &row.mode,
                &row.sealed,
                &row.issued_at,
                &row.life,
            ],
        )
        .await?;
    if issued.is_some() {
        return Ok(Ok(()));
    }
    // What stands in the way may have come at the same time, so it is looked for once more.
    let taken = taken(session, new.digests(), new.id()).await?;
    Ok(Err(match taken {
        Some(Taken::Digest) => IssueRefusal::DigestTaken,
        Some(Taken::Id) => IssueRefusal::IdTaken,
        None => IssueRefusal::Outstanding,
    }))
}

/// The decision is one `UPDATE`: who gets a row back has won, and who does not has changed
/// nothing. The digest names one generation of one code, so that no other generation can be
/// meant.
pub(crate) async fn redeem(
    session: &Session,
    redemption: &Redemption,
    now: SystemTime,
) -> Result<Result<Grant, Refusal>, PostgresError> {
    redeem_by(session, REDEEM, redemption, now).await
}

/// As [`redeem`], and the statement puts the entry about it into the audit log.
pub(crate) async fn redeem_noted(
    session: &Session,
    redemption: &Redemption,
    now: SystemTime,
) -> Result<Result<Grant, Refusal>, PostgresError> {
    redeem_by(session, REDEEM_NOTED, redemption, now).await
}

async fn redeem_by(
    session: &Session,
    statement: &'static str,
    redemption: &Redemption,
    now: SystemTime,
) -> Result<Result<Grant, Refusal>, PostgresError> {
    let claimant = redemption.claimant();
    let digests = digests(redemption.digests());
    let peppers: Vec<i32> = redemption.digests().iter().map(pepper).collect();
    let admitted = Admitted::of(claimant);
    let row = session
        .row(
            statement,
            &[
                &session.now(now),
                &digests,
                redemption.grant().as_uuid(),
                &claimant.key().to_string(),
                &matches!(claimant.key(), ClaimantKey::Certificate(_)),
                &claimant.mac().map(|mac| mac.to_string()),
                &admitted.mac,
                &admitted.model,
                &admitted.line,
                &peppers,
            ],
        )
        .await?;
    if let Some(row) = row {
        return grant(&row).map(Ok);
    }
    let row = session
        .row(EXPLAIN, &[&session.now(now), &digests, &peppers])
        .await?;
    let Some(row) = row else {
        return Ok(Err(Refusal::Unknown));
    };
    let (code, now) = (code_state(&row)?, timestamp(&row, 12)?);
    Ok(match redemption.judge(Some(code), now.into()) {
        Ok(Judgement::Repeated(grant)) => Ok(grant),
        // It may have been issued just now, behind the attempt.
        Ok(Judgement::Redeemable(_)) => Err(Refusal::Unknown),
        Err(refusal) => Err(refusal),
    })
}

pub(crate) async fn revoke(
    session: &Session,
    tenant: &TenantId,
    id: CodeId,
    now: SystemTime,
) -> Result<Result<(), RevokeRefusal>, PostgresError> {
    let revoked = session
        .count(REVOKE, &[&session.now(now), id.as_uuid(), &tenant.as_str()])
        .await?;
    if revoked == 1 {
        return Ok(Ok(()));
    }
    Ok(Err(match state(session, tenant, id).await?.as_deref() {
        None => RevokeRefusal::Unknown,
        Some("redeemed") => RevokeRefusal::AlreadyRedeemed,
        Some(_) => RevokeRefusal::NotOutstanding,
    }))
}

/// Voids codes of `device`, redeemed or not. In one `UPDATE`, so that one that is redeemed at the same
/// time is void all the same.
pub(crate) async fn void(
    session: &Session,
    device: &Device,
    void: &VoidCodes,
    now: SystemTime,
) -> Result<(), PostgresError> {
    session
        .count(
            VOID,
            &[
                &session.now(now),
                &void.code.as_ref().map(CodeId::as_uuid),
                &void.grant.as_ref().map(GrantId::as_uuid),
                &void.kept.as_ref().map(GrantId::as_uuid),
                &device.tenant.as_str(),
                &device.profile.as_str(),
            ],
        )
        .await?;
    Ok(())
}

/// Closes the old code, opens the new one and points the device to it.
pub(crate) async fn reissue(
    session: &Session,
    id: CodeId,
    replacement: &Replacement,
    now: SystemTime,
) -> Result<Result<OutstandingCode, ReissueRefusal>, PostgresError> {
    let (tenant, digests) = (replacement.tenant(), replacement.digests());
    // The device is locked before its code, as everywhere.
    session
        .row(LOCK_DEVICE, &[id.as_uuid(), &tenant.as_str()])
        .await?;
    let known = self::digests(digests);
    let old = session
        .row(
            SUPERSEDE,
            &[
                &session.now(now),
                &known,
                replacement.id().as_uuid(),
                id.as_uuid(),
                &tenant.as_str(),
            ],
        )
        .await?;
    let Some(old) = old else {
        return Ok(Err(match state(session, tenant, id).await?.as_deref() {
            None => ReissueRefusal::Unknown,
            Some("redeemed") => ReissueRefusal::AlreadyRedeemed,
            Some("issued") => match taken(session, digests, replacement.id()).await? {
                Some(Taken::Id) => ReissueRefusal::IdTaken,
                _ => ReissueRefusal::DigestTaken,
            },
            Some(_) => ReissueRefusal::NotOutstanding,
        }));
    };
    let code = replacement.succeed(&outstanding_code(&old)?);
    let row = Columns::of(session, digests, &code);
    let new = session
        .row(
            SUCCEED,
            &[
                &session.now(now),
                &id.as_uuid(),
                &row.id,
                &row.digest,
                &row.pepper,
                &row.tenant,
                &row.profile,
                &row.account,
                &row.binding,
                &row.mode,
                &row.sealed,
                &row.issued_at,
                &row.life,
                &row.generation,
            ],
        )
        .await;
    match new {
        Ok(Some(new)) => outstanding_code(&new).map(Ok),
        Ok(None) => Err(foreign(0)),
        Err(err) => match err.duplicate() {
            Some("codes_digest") => Ok(Err(ReissueRefusal::DigestTaken)),
            Some("codes_id") => Ok(Err(ReissueRefusal::IdTaken)),
            _ => Err(err),
        },
    }
}

pub(crate) async fn outstanding(
    session: &Session,
    tenant: &TenantId,
    page: &Page,
    now: SystemTime,
) -> Result<Vec<OutstandingCode>, PostgresError> {
    // No profile is empty.
    let after = page.start().map_or("", |profile| profile.as_str());
    let limit = integer(page.limit() as u64);
    let rows = session
        .rows(
            OUTSTANDING,
            &[&session.now(now), &tenant.as_str(), &after, &limit],
        )
        .await?;
    rows.iter().map(outstanding_code).collect()
}

/// Purges some codes, so that nobody waits long; says how many. None means that none is left but
/// those that somebody else is closing.
pub(crate) async fn purge(
    session: &Session,
    kept: Duration,
    now: SystemTime,
) -> Result<u64, PostgresError> {
    let kept = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
    session.count(PURGE, &[&session.now(now), &kept]).await
}

/// The grant with the name `id`, as it was given for the first time; that of a code that is void by
/// now too.
pub(crate) async fn grant_named(
    session: &Session,
    id: GrantId,
) -> Result<Option<Grant>, PostgresError> {
    let row = session.row(GRANT, &[id.as_uuid()]).await?;
    row.map(|row| grant(&row)).transpose()
}

/// How many codes can be redeemed, of all tenants.
pub(crate) async fn live(session: &Session, now: SystemTime) -> Result<u64, PostgresError> {
    let row = session.row(LIVE, &[&session.now(now)]).await?;
    count(&row.ok_or_else(|| foreign(0))?, 0)
}

/// The digests as the statements take them.
pub(crate) fn digests(digests: &CodeDigests) -> Vec<&[u8]> {
    digests
        .iter()
        .map(|digest| digest.as_bytes().as_slice())
        .collect()
}

fn pepper(digest: &CodeDigest) -> i32 {
    digest.pepper_id().get().cast_signed()
}

/// A code as it is written.
struct Columns<'a> {
    digests: Vec<&'a [u8]>,
    digest: &'a [u8],
    pepper: i32,
    id: Uuid,
    tenant: &'a str,
    profile: &'a str,
    account: &'a str,
    binding: String,
    mode: String,
    sealed: Option<&'a [u8]>,
    generation: i32,
    /// Nothing where the database's clock decides.
    issued_at: Option<i64>,
    /// How long the code lives, in milliseconds.
    life: i64,
}

impl<'a> Columns<'a> {
    fn of(session: &Session, digests: &'a CodeDigests, code: &'a OutstandingCode) -> Self {
        let digest = digests.current();
        Self {
            digests: self::digests(digests),
            digest: digest.as_bytes(),
            pepper: pepper(digest),
            id: *code.id().as_uuid(),
            tenant: code.tenant().as_str(),
            profile: code.profile().as_str(),
            account: code.account().as_str(),
            binding: code.binding().to_string(),
            mode: code.mode().to_string(),
            sealed: code.sealed().map(|sealed| sealed.as_bytes().as_slice()),
            generation: code.generation().cast_signed(),
            issued_at: session.now(code.issued_at().into()),
            life: millis(code.expires_at()) - millis(code.issued_at()),
        }
    }
}

/// What a binding must be to admit a claimant.
struct Admitted {
    mac: Option<String>,
    model: Option<String>,
    /// The model between two line ends, so that it is found whole in a list.
    line: Option<String>,
}

impl Admitted {
    fn of(claimant: &Claimant) -> Self {
        let model = claimant.model();
        Self {
            mac: claimant.mac().map(|mac| Binding::Mac(mac).to_string()),
            model: model.map(|model| Binding::Model(model.clone()).to_string()),
            line: model.map(|model| format!("\n{model}\n")),
        }
    }
}

enum Taken {
    Digest,
    Id,
}

async fn taken(
    session: &Session,
    known: &CodeDigests,
    id: CodeId,
) -> Result<Option<Taken>, PostgresError> {
    let row = session
        .row(TAKEN, &[&digests(known), id.as_uuid()])
        .await?
        .ok_or_else(|| foreign(0))?;
    Ok(if value(&row, 0)? {
        Some(Taken::Digest)
    } else if value(&row, 1)? {
        Some(Taken::Id)
    } else {
        None
    })
}

/// The state of the code `id`, if `tenant` has it.
async fn state(
    session: &Session,
    tenant: &TenantId,
    id: CodeId,
) -> Result<Option<String>, PostgresError> {
    let row = session
        .row(STATE, &[id.as_uuid(), &tenant.as_str()])
        .await?;
    row.map(|row| value(&row, 0)).transpose()
}

fn grant(row: &Row) -> Result<Grant, PostgresError> {
    Ok(Grant::new(
        GrantId::from_uuid(value(row, 0)?),
        CodeId::from_uuid(value(row, 1)?),
        text(row, 2)?,
        text(row, 3)?,
        text(row, 4)?,
        timestamp(row, 5)?,
    )
    .with_mode(text(row, 6)?))
}

fn outstanding_code(row: &Row) -> Result<OutstandingCode, PostgresError> {
    let code = OutstandingCode::new(
        CodeId::from_uuid(value(row, 0)?),
        text(row, 1)?,
        text(row, 2)?,
        text(row, 3)?,
        text(row, 4)?,
        timestamp(row, 5)?,
        timestamp(row, 6)?,
    );
    let sealed: Option<&[u8]> = value(row, 9)?;
    let sealed = sealed
        .map(SealedCode::from_slice)
        .transpose()
        .map_err(|_| foreign(9))?;
    Ok(code
        .with_generation(value::<i32>(row, 7)?.cast_unsigned())
        .with_mode(text(row, 8)?)
        .with_sealed(sealed))
}

/// What is known of a code, by the columns of [`EXPLAIN`].
fn code_state(row: &Row) -> Result<CodeState, PostgresError> {
    Ok(match value(row, 7)? {
        "issued" => {
            let code = OutstandingCode::new(
                CodeId::from_uuid(value(row, 1)?),
                text(row, 2)?,
                text(row, 3)?,
                text(row, 4)?,
                text(row, 9)?,
                timestamp(row, 5)?,
                timestamp(row, 8)?,
            );
            CodeState::Issued(code.with_mode(text(row, 6)?))
        }
        "redeemed" => CodeState::Redeemed {
            grant: grant(row)?,
            key: text(row, 10)?,
            mac: optional_text(row, 11)?,
        },
        "revoked" => CodeState::Revoked,
        "superseded" => CodeState::Superseded,
        _ => CodeState::Purged,
    })
}

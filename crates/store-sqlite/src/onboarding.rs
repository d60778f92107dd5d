//! The verbs on devices, each to be run in one transaction.

use std::borrow::Cow;
use std::time::SystemTime;

use offhook_activation_code::{
    Grant, IssueRefusal, NewCode, ProfileId, Redemption, Refusal, TenantId,
};
use offhook_device_name::DeviceName;
use offhook_onboarding::{
    ActivateError, ActivateRefusal, Activated, Activation, ActivationState, AuditEvent, Device,
    DeviceKey, Entitlement, OutboxKind, ProvisionRefusal, Registered, Registration,
    RequestCodeError, RequestCodeRefusal, UpdateError,
};
use rusqlite::Connection;
use uuid::Uuid;

use crate::devices::DeviceRow;
use crate::worker::attempt;
use crate::{codes, devices, log};

pub(crate) fn provision(
    db: &Connection,
    device: &Device,
    now: SystemTime,
) -> rusqlite::Result<Result<(), ProvisionRefusal>> {
    let (tenant, profile) = (&device.tenant, &device.profile);
    if devices::insert(db, device)? {
        log::note(
            db,
            tenant,
            Some(profile),
            AuditEvent::Provisioned,
            None,
            now,
        )?;
        return Ok(Ok(()));
    }
    if devices::find(db, tenant, &DeviceKey::Profile(profile.clone()))?.is_some() {
        return Ok(Err(ProvisionRefusal::ProfileExists));
    }
    Ok(Err(match device.mac {
        Some(mac) if devices::mac_is_taken(db, tenant, mac, profile)? => ProvisionRefusal::MacInUse,
        _ => ProvisionRefusal::NameInUse,
    }))
}

pub(crate) fn request_code(
    db: &Connection,
    code: &NewCode,
    now: SystemTime,
) -> rusqlite::Result<Result<Device, RequestCodeError>> {
    attempt(db, || {
        let refused = |refusal| Ok(Err(RequestCodeError::Refused(refusal)));
        let key = DeviceKey::Profile(code.code().profile().clone());
        let row = devices::find(db, code.tenant(), &key)?;
        let Some(mut row) = row.filter(|row| row.device.account == *code.code().account()) else {
            return refused(RequestCodeRefusal::UnknownDevice);
        };
        if row.device.state == ActivationState::Activated {
            return refused(RequestCodeRefusal::Activated);
        }
        if row.device.mac.is_some() {
            return refused(RequestCodeRefusal::ProvisionedByMac);
        }
        if let Some(earlier) = row.code {
            // One that was redeemed or has expired is no longer there to be revoked.
            let _ = codes::revoke(db, code.tenant(), earlier, now)?;
        }
        match codes::issue(db, code, now)? {
            Ok(()) => {}
            Err(IssueRefusal::Outstanding) => {
                return refused(RequestCodeRefusal::Outstanding);
            }
            Err(_) => return refused(RequestCodeRefusal::CodeInUse),
        }
        row.code = Some(code.id());
        row.device.state = ActivationState::Activating;
        devices::update(db, &row)?;
        let (tenant, profile) = (code.tenant(), Some(code.code().profile()));
        log::note(db, tenant, profile, AuditEvent::CodeIssued, None, now)?;
        Ok(Ok(row.device))
    })
}

pub(crate) fn accept_code(
    db: &Connection,
    redemption: &Redemption,
    now: SystemTime,
) -> rusqlite::Result<Result<Grant, Refusal>> {
    let answer = codes::redeem(db, redemption, now)?;
    match &answer {
        Ok(grant) => note_redeem(db, grant, now)?,
        Err(refusal) => note_refusal(db, redemption, *refusal, now)?,
    }
    Ok(answer)
}

pub(crate) fn activate(
    db: &Connection,
    activation: &Activation,
    now: SystemTime,
) -> rusqlite::Result<Result<Activated, ActivateError>> {
    let grant = match &activation.entitlement {
        Entitlement::Code(redemption) => {
            let answer = attempt(db, || {
                let grant = match codes::redeem(db, redemption, now)? {
                    Ok(grant) => grant,
                    Err(refusal) => return Ok(Err(ActivationStop::Code(refusal))),
                };
                enter(db, activation, Some(&grant), now)
            })?;
            return settle(db, activation, answer, now);
        }
        Entitlement::Grant(id) => codes::grant_named(db, *id)?,
        Entitlement::Certificate { .. } => None,
    };
    let answer = attempt(db, || enter(db, activation, grant.as_ref(), now))?;
    settle(db, activation, answer, now)
}

pub(crate) fn deactivate(
    db: &Connection,
    tenant: &TenantId,
    profile: &ProfileId,
    dummy: Option<[u8; 6]>,
    now: SystemTime,
) -> rusqlite::Result<Result<Device, UpdateError>> {
    let Some(mut row) = devices::find(db, tenant, &DeviceKey::Profile(profile.clone()))? else {
        return Ok(Err(UpdateError::UnknownDevice));
    };
    let dummy = dummy.map(DeviceName::bat);
    if let Some(name) = &dummy
        && devices::name_is_taken(db, tenant, name, profile)?
    {
        return Ok(Err(UpdateError::NameInUse));
    }
    if let Some(code) = row.code.take() {
        // One that was redeemed or has expired is no longer there to be revoked.
        let _ = codes::revoke(db, tenant, code, now)?;
    }
    let device = &mut row.device;
    device.state = ActivationState::Deactivated;
    device.subject = None;
    device.serial_number = None;
    device.registration = None;
    if let Some(name) = dummy {
        device.mac = None;
        device.name = name;
    }
    devices::update(db, &row)?;
    log::note(
        db,
        tenant,
        Some(profile),
        AuditEvent::Deactivated,
        None,
        now,
    )?;
    log::announce(db, tenant, profile, OutboxKind::DeviceDeactivated, now)?;
    Ok(Ok(row.device))
}

pub(crate) fn registered(
    db: &Connection,
    tenant: &TenantId,
    key: &DeviceKey,
    registration: &Registration,
    now: SystemTime,
) -> rusqlite::Result<Option<Registered>> {
    let row = devices::find(db, tenant, key)?;
    let Some(mut row) = row.filter(|row| row.device.state == ActivationState::Activated) else {
        return Ok(None);
    };
    let first = row
        .device
        .registration
        .replace(registration.clone())
        .is_none();
    devices::update(db, &row)?;
    if first {
        let profile = Some(&row.device.profile);
        log::note(db, tenant, profile, AuditEvent::Registered, None, now)?;
    }
    let device = row.device;
    Ok(Some(Registered { device, first }))
}

/// Why an activation stopped; what it had changed by then is undone.
enum ActivationStop {
    Code(Refusal),
    Refused {
        refusal: ActivateRefusal,
        profile: Option<ProfileId>,
    },
}

/// Activates the device that `grant`, or the address, entitles.
fn enter(
    db: &Connection,
    activation: &Activation,
    grant: Option<&Grant>,
    now: SystemTime,
) -> rusqlite::Result<Result<Activated, ActivationStop>> {
    let (mut row, repeated) = match entitled(db, activation, grant)? {
        Ok(found) => found,
        Err(refusal) => {
            let profile = grant.map(|grant| grant.profile().clone());
            return Ok(Err(ActivationStop::Refused { refusal, profile }));
        }
    };
    if repeated {
        let device = row.device;
        return Ok(Ok(Activated { device, repeated }));
    }
    let device = &mut row.device;
    device.subject = subject_of(activation, grant);
    device.state = ActivationState::Activated;
    device.mac = Some(activation.mac);
    device.name = DeviceName::sep(activation.mac);
    device.serial_number.clone_from(&activation.serial_number);
    device.registration = None;
    devices::update(db, &row)?;
    if let (Entitlement::Code(_), Some(grant)) = (&activation.entitlement, grant) {
        note_redeem(db, grant, now)?;
    }
    let (tenant, profile) = (&row.device.tenant, &row.device.profile);
    log::note(db, tenant, Some(profile), AuditEvent::Activated, None, now)?;
    log::announce(db, tenant, profile, OutboxKind::DeviceActivated, now)?;
    let device = row.device;
    Ok(Ok(Activated { device, repeated }))
}

/// Which device the activation is for, and whether it was done before.
fn entitled(
    db: &Connection,
    activation: &Activation,
    grant: Option<&Grant>,
) -> rusqlite::Result<Result<(DeviceRow, bool), ActivateRefusal>> {
    let tenant = &activation.tenant;
    let key = match (&activation.entitlement, grant) {
        (Entitlement::Certificate { .. }, _) => DeviceKey::Mac(activation.mac),
        (Entitlement::Code(_) | Entitlement::Grant(_), Some(grant)) if grant.tenant() == tenant => {
            DeviceKey::Profile(grant.profile().clone())
        }
        (Entitlement::Code(_) | Entitlement::Grant(_), _) => {
            return Ok(Err(ActivateRefusal::NotEntitled));
        }
    };
    let Some(row) = devices::find(db, tenant, &key)? else {
        return Ok(Err(ActivateRefusal::NotEntitled));
    };
    if grant.is_some_and(|grant| row.code != Some(grant.code())) {
        return Ok(Err(ActivateRefusal::NotActivating));
    }
    let device = &row.device;
    match (device.state, grant) {
        (ActivationState::Activated, _) if device.mac == Some(activation.mac) => {
            return Ok(Ok((row, true)));
        }
        (ActivationState::Activated, _) => return Ok(Err(ActivateRefusal::BoundElsewhere)),
        (ActivationState::Activating, Some(_)) | (ActivationState::Deactivated, None) => {}
        _ => return Ok(Err(ActivateRefusal::NotActivating)),
    }
    if devices::mac_is_taken(db, tenant, activation.mac, &device.profile)? {
        return Ok(Err(ActivateRefusal::MacInUse));
    }
    if let Some(subject) = subject_of(activation, grant)
        && devices::subject_is_taken(db, tenant, subject, &device.profile)?
    {
        return Ok(Err(ActivateRefusal::SubjectInUse));
    }
    Ok(Ok((row, false)))
}

/// The subject that the device of an activation gets.
fn subject_of(activation: &Activation, grant: Option<&Grant>) -> Option<Uuid> {
    match &activation.entitlement {
        Entitlement::Certificate { subject } => Some(*subject),
        Entitlement::Code(_) | Entitlement::Grant(_) => grant.map(|grant| *grant.id().as_uuid()),
    }
}

/// Writes a refused activation into the audit log, outside of what was undone.
fn settle(
    db: &Connection,
    activation: &Activation,
    answer: Result<Activated, ActivationStop>,
    now: SystemTime,
) -> rusqlite::Result<Result<Activated, ActivateError>> {
    match answer {
        Ok(activated) => Ok(Ok(activated)),
        Err(ActivationStop::Code(refusal)) => {
            if let Entitlement::Code(redemption) = &activation.entitlement {
                note_refusal(db, redemption, refusal, now)?;
            }
            Ok(Err(ActivateError::Code(refusal)))
        }
        Err(ActivationStop::Refused { refusal, profile }) => {
            let (tenant, event) = (&activation.tenant, AuditEvent::ActivationRefused);
            let reason = Some(Cow::Borrowed(refusal.as_str()));
            log::note(db, tenant, profile.as_ref(), event, reason, now)?;
            Ok(Err(ActivateError::Refused(refusal)))
        }
    }
}

fn note_redeem(db: &Connection, grant: &Grant, now: SystemTime) -> rusqlite::Result<()> {
    if grant.repeated() {
        return Ok(());
    }
    let (tenant, profile) = (grant.tenant(), Some(grant.profile()));
    log::note(db, tenant, profile, AuditEvent::CodeRedeemed, None, now)
}

fn note_refusal(
    db: &Connection,
    redemption: &Redemption,
    refusal: Refusal,
    now: SystemTime,
) -> rusqlite::Result<()> {
    let reason = Some(Cow::Borrowed(refusal.as_str()));
    let tenant = redemption.digests().tenant();
    log::note(db, tenant, None, AuditEvent::CodeRefused, reason, now)
}

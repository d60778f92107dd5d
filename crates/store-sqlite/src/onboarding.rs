//! The verbs on devices, each to be run in one transaction.

use std::time::SystemTime;

use offhook_activation_code::{Grant, NewCode, ProfileId, Redemption, Refusal, TenantId};
use offhook_device_name::DeviceName;
use offhook_onboarding::{
    ActivateError, ActivateRefusal, Activated, Activation, ActivationState, AuditEntry, AuditEvent,
    Device, DeviceKey, DeviceRecord, DeviceRequest, Entitlement, OutboxKind, ProvisionRefusal,
    Registered, Registration, RequestCodeError, RequestCodeRefusal, UpdateError,
};
use rusqlite::Connection;

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
        note_device(db, device, AuditEvent::Provisioned, now)?;
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

/// Issues a code for the device as `change` makes it of what it was.
pub(crate) fn request_code(
    db: &Connection,
    code: &NewCode,
    now: SystemTime,
    change: fn(DeviceRecord, &NewCode) -> Result<Device, RequestCodeRefusal>,
) -> rusqlite::Result<Result<Device, RequestCodeError>> {
    attempt(db, || {
        let refused = |refusal| Ok(Err(RequestCodeError::Refused(refusal)));
        let key = DeviceKey::Profile(code.code().profile().clone());
        let Some(mut row) = devices::find(db, code.tenant(), &key)? else {
            return refused(RequestCodeRefusal::UnknownDevice);
        };
        row.device = match change(record(&row), code) {
            Ok(device) => device,
            Err(refusal) => return refused(refusal),
        };
        if let Some(earlier) = row.code.replace(code.id()) {
            // One that was redeemed or purged is no longer there to be revoked.
            let _ = codes::revoke(db, code.tenant(), earlier, now)?;
        }
        if let Err(refusal) = codes::issue(db, code, now)? {
            return refused(refusal.into());
        }
        devices::set_code(db, &row)?;
        note_device(db, &row.device, AuditEvent::CodeIssued, now)?;
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
        Ok(grant) => note_grant(db, grant, now)?,
        Err(refusal) => note_refused_code(db, redemption, *refusal, now)?,
    }
    Ok(answer)
}

pub(crate) fn activate(
    db: &Connection,
    activation: &Activation,
    now: SystemTime,
) -> rusqlite::Result<Result<Activated, ActivateError>> {
    let enter = |grant: Option<Grant>| {
        let activated = enter(db, activation, grant.as_ref(), now)?;
        Ok(activated.map_err(|refusal| ActivationStop::Refused(grant, refusal)))
    };
    let answer = match &activation.entitlement {
        Entitlement::Certificate { .. } => enter(None)?,
        Entitlement::Grant(id) => enter(codes::grant_named(db, *id)?)?,
        // What the code is turned into is undone where the device is refused.
        Entitlement::Code(redemption) => {
            attempt(db, || match codes::redeem(db, redemption, now)? {
                Ok(grant) => enter(Some(grant)),
                Err(refusal) => Ok(Err(ActivationStop::Code(redemption, refusal))),
            })?
        }
    };
    match answer {
        Ok(activated) => Ok(Ok(activated)),
        Err(ActivationStop::Code(redemption, refusal)) => {
            note_refused_code(db, redemption, refusal, now)?;
            Ok(Err(ActivateError::Code(refusal)))
        }
        Err(ActivationStop::Refused(grant, refusal)) => {
            let (grant, at) = (grant.as_ref(), now.into());
            note(
                db,
                AuditEntry::of_refused_activation(activation, grant, refusal, at),
            )?;
            Ok(Err(ActivateError::Refused(refusal)))
        }
    }
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
    row.device = record(&row).deactivated(dummy.map(DeviceName::bat));
    let code = row.code.take();
    if !devices::update(db, &row)? {
        return Ok(Err(UpdateError::NameInUse));
    }
    if let Some(code) = code {
        // One that was redeemed or purged is no longer there to be revoked.
        let _ = codes::revoke(db, tenant, code, now)?;
    }
    note_device(db, &row.device, AuditEvent::Deactivated, now)?;
    log::announce(db, tenant, profile, OutboxKind::DeviceDeactivated, now)?;
    Ok(Ok(row.device))
}

pub(crate) fn delete(
    db: &Connection,
    tenant: &TenantId,
    profile: &ProfileId,
    now: SystemTime,
) -> rusqlite::Result<Result<Device, UpdateError>> {
    let Some(row) = devices::find(db, tenant, &DeviceKey::Profile(profile.clone()))? else {
        return Ok(Err(UpdateError::UnknownDevice));
    };
    if let Some(code) = row.code {
        // One that was redeemed or purged is no longer there to be revoked.
        let _ = codes::revoke(db, tenant, code, now)?;
    }
    devices::delete(db, &row)?;
    note_device(db, &row.device, AuditEvent::Deleted, now)?;
    log::announce(db, tenant, profile, OutboxKind::DeviceDeleted, now)?;
    Ok(Ok(row.device))
}

pub(crate) fn request(
    db: &Connection,
    tenant: &TenantId,
    profile: &ProfileId,
    request: DeviceRequest,
    now: SystemTime,
) -> rusqlite::Result<Result<Device, UpdateError>> {
    let Some(row) = devices::find(db, tenant, &DeviceKey::Profile(profile.clone()))? else {
        return Ok(Err(UpdateError::UnknownDevice));
    };
    if row.device.state != ActivationState::Activated {
        return Ok(Err(UpdateError::NotActivated));
    }
    note_device(db, &row.device, request.audit_event(), now)?;
    log::announce(db, tenant, profile, request.outbox_kind(), now)?;
    Ok(Ok(row.device))
}

pub(crate) fn registered(
    db: &Connection,
    tenant: &TenantId,
    key: &DeviceKey,
    registration: &Registration,
    now: SystemTime,
) -> rusqlite::Result<Option<Registered>> {
    let Some(mut row) = devices::find(db, tenant, key)? else {
        return Ok(None);
    };
    let Some(registered) = record(&row).registered(registration.clone()) else {
        return Ok(None);
    };
    row.device = registered.device;
    devices::set_registration(db, &row)?;
    if registered.first {
        note_device(db, &row.device, AuditEvent::Registered, now)?;
    }
    Ok(Some(Registered {
        device: row.device,
        first: registered.first,
    }))
}

/// Why an activation stopped; what it had changed by then is undone.
enum ActivationStop<'a> {
    Code(&'a Redemption, Refusal),
    Refused(Option<Grant>, ActivateRefusal),
}

/// Activates the device that `grant`, or the address, entitles.
fn enter(
    db: &Connection,
    activation: &Activation,
    grant: Option<&Grant>,
    now: SystemTime,
) -> rusqlite::Result<Result<Activated, ActivateRefusal>> {
    let Some(key) = activation.key(grant) else {
        return Ok(Err(ActivateRefusal::NotEntitled));
    };
    let Some(mut row) = devices::find(db, &activation.tenant, &key)? else {
        return Ok(Err(ActivateRefusal::NotEntitled));
    };
    let Activated { device, repeated } = match record(&row).activated(activation, grant) {
        Ok(activated) if !activated.repeated => activated,
        answer => return Ok(answer),
    };
    row.device = device;
    if !devices::update(db, &row)? {
        return whose(db, activation, &row.device).map(Err);
    }
    if let (Entitlement::Code(_), Some(grant)) = (&activation.entitlement, grant) {
        note_grant(db, grant, now)?;
    }
    let device = row.device;
    note_device(db, &device, AuditEvent::Activated, now)?;
    let (tenant, profile) = (&device.tenant, &device.profile);
    log::announce(db, tenant, profile, OutboxKind::DeviceActivated, now)?;
    Ok(Ok(Activated { device, repeated }))
}

/// What of the device that was to be activated another device has.
fn whose(
    db: &Connection,
    activation: &Activation,
    device: &Device,
) -> rusqlite::Result<ActivateRefusal> {
    let Device {
        tenant,
        profile,
        name,
        ..
    } = device;
    let is_address = devices::mac_is_taken(db, tenant, activation.mac, profile)?
        || devices::name_is_taken(db, tenant, name, profile)?;
    Ok(if is_address {
        ActivateRefusal::MacInUse
    } else {
        ActivateRefusal::SubjectInUse
    })
}

fn record(row: &DeviceRow) -> DeviceRecord {
    DeviceRecord {
        device: row.device.clone(),
        code: row.code,
    }
}

fn note_device(
    db: &Connection,
    device: &Device,
    event: AuditEvent,
    now: SystemTime,
) -> rusqlite::Result<()> {
    note(db, AuditEntry::of_device(device, event, now.into()))
}

fn note_grant(db: &Connection, grant: &Grant, now: SystemTime) -> rusqlite::Result<()> {
    AuditEntry::of_grant(grant, now.into()).map_or(Ok(()), |entry| note(db, entry))
}

fn note_refused_code(
    db: &Connection,
    redemption: &Redemption,
    refusal: Refusal,
    now: SystemTime,
) -> rusqlite::Result<()> {
    let entry = AuditEntry::of_refused_code(redemption, refusal, now.into());
    note(db, entry)
}

fn note(db: &Connection, entry: AuditEntry) -> rusqlite::Result<()> {
    let (tenant, profile) = (&entry.tenant, entry.profile.as_ref());
    log::note(
        db,
        tenant,
        profile,
        entry.event,
        entry.reason,
        entry.at.into(),
    )
}

//! The verbs on devices, each to be run in one transaction.

use std::time::SystemTime;

use offhook_activation_code::{Grant, NewCode, ProfileId, Redemption, Refusal, TenantId};
use offhook_device_name::DeviceName;
use offhook_onboarding::{
    Act, ActivateError, ActivateRefusal, Activated, Activation, ActivationState, AuditEntry,
    AuditEvent, Device, DeviceKey, DeviceRecord, DeviceRequest, Entitlement, MoveError, OutboxKind,
    ProvisionRefusal, Registered, Registration, RequestCodeError, RequestCodeRefusal, UpdateError,
};
use rusqlite::Connection;

use crate::devices::DeviceRow;
use crate::worker::attempt;
use crate::{codes, devices, log};

pub(crate) fn provision(
    db: &Connection,
    device: &Device,
    act: &Act,
) -> rusqlite::Result<Result<(), ProvisionRefusal>> {
    let (tenant, profile) = (&device.tenant, &device.profile);
    if devices::insert(db, device)? {
        note_act(db, device, AuditEvent::Provisioned, act)?;
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
    act: &Act,
    change: fn(DeviceRecord, &NewCode) -> Result<Device, RequestCodeRefusal>,
) -> rusqlite::Result<Result<Device, RequestCodeError>> {
    attempt(db, || {
        let refused = |refusal| Ok(Err(RequestCodeError::Refused(refusal)));
        let key = DeviceKey::Profile(code.code().profile().clone());
        let Some(mut row) = devices::find(db, code.tenant(), &key)? else {
            return refused(RequestCodeRefusal::UnknownDevice);
        };
        let before = record(&row);
        row.device = match change(before.clone(), code) {
            Ok(device) => device,
            Err(refusal) => return refused(refusal),
        };
        row.code = Some(code.id());
        void(db, &before, Some(&row.device), act.now)?;
        if let Err(refusal) = codes::issue(db, code, act.now)? {
            return refused(refusal.into());
        }
        devices::set_code(db, &row)?;
        note_act(db, &row.device, AuditEvent::CodeIssued, act)?;
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
            log::note(
                db,
                AuditEntry::of_refused_activation(activation, grant, refusal, at),
            )?;
            Ok(Err(ActivateError::Refused(refusal)))
        }
    }
}

/// Sets a device back to what `change` makes of it.
pub(crate) fn deactivate(
    db: &Connection,
    tenant: &TenantId,
    profile: &ProfileId,
    change: impl FnOnce(DeviceRecord) -> Result<Device, UpdateError>,
    act: &Act,
) -> rusqlite::Result<Result<Device, UpdateError>> {
    let Some(mut row) = devices::find(db, tenant, &DeviceKey::Profile(profile.clone()))? else {
        return Ok(Err(UpdateError::UnknownDevice));
    };
    let before = record(&row);
    (row.device, row.code) = match change(before.clone()) {
        Ok(device) => (device, None),
        Err(error) => return Ok(Err(error)),
    };
    if !devices::update(db, &row)? {
        return Ok(Err(UpdateError::NameInUse));
    }
    void(db, &before, Some(&row.device), act.now)?;
    note_act(db, &row.device, AuditEvent::Deactivated, act)?;
    log::announce(db, tenant, profile, OutboxKind::DeviceDeactivated, act.now)?;
    Ok(Ok(row.device))
}

pub(crate) fn move_device(
    db: &Connection,
    from: &ProfileId,
    dummy: [u8; 6],
    code: &NewCode,
    act: &Act,
) -> rusqlite::Result<Result<Device, MoveError>> {
    attempt(db, || {
        let change = |record: DeviceRecord| record.moved(DeviceName::bat(dummy));
        if let Err(error) = deactivate(db, code.tenant(), from, change, act)? {
            return Ok(Err(MoveError::Update(error)));
        }
        let issued = request_code(db, code, act, DeviceRecord::with_code_of_moved)?;
        Ok(issued.map_err(MoveError::Code))
    })
}

pub(crate) fn delete(
    db: &Connection,
    tenant: &TenantId,
    profile: &ProfileId,
    act: &Act,
) -> rusqlite::Result<Result<Device, UpdateError>> {
    let Some(row) = devices::find(db, tenant, &DeviceKey::Profile(profile.clone()))? else {
        return Ok(Err(UpdateError::UnknownDevice));
    };
    void(db, &record(&row), None, act.now)?;
    devices::delete(db, &row)?;
    note_act(db, &row.device, AuditEvent::Deleted, act)?;
    log::announce(db, tenant, profile, OutboxKind::DeviceDeleted, act.now)?;
    Ok(Ok(row.device))
}

pub(crate) fn request(
    db: &Connection,
    tenant: &TenantId,
    profile: &ProfileId,
    request: DeviceRequest,
    act: &Act,
) -> rusqlite::Result<Result<Device, UpdateError>> {
    let Some(row) = devices::find(db, tenant, &DeviceKey::Profile(profile.clone()))? else {
        return Ok(Err(UpdateError::UnknownDevice));
    };
    if row.device.state != ActivationState::Activated {
        return Ok(Err(UpdateError::NotActivated));
    }
    note_act(db, &row.device, request.audit_event(), act)?;
    log::announce(db, tenant, profile, request.outbox_kind(), act.now)?;
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
    let before = record(&row);
    let Activated { device, repeated } = match before.clone().activated(activation, grant) {
        Ok(activated) if !activated.repeated => activated,
        answer => return Ok(answer),
    };
    row.device = device;
    if !devices::update(db, &row)? {
        return whose(db, activation, &row.device).map(Err);
    }
    void(db, &before, Some(&row.device), now)?;
    if let (Entitlement::Code(_), Some(grant)) = (&activation.entitlement, grant) {
        note_grant(db, grant, now)?;
    }
    let device = row.device;
    note_device(db, &device, AuditEvent::Activated, now)?;
    let (tenant, profile) = (&device.tenant, &device.profile);
    log::announce(db, tenant, profile, OutboxKind::DeviceActivated, now)?;
    Ok(Ok(Activated { device, repeated }))
}

/// Voids the codes of `before` that have no right any more once the device is `after`, or gone.
fn void(
    db: &Connection,
    before: &DeviceRecord,
    after: Option<&Device>,
    now: SystemTime,
) -> rusqlite::Result<()> {
    match before.void_codes(after) {
        Some(void) => codes::void(db, &before.device, &void, now),
        None => Ok(()),
    }
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

fn note_act(
    db: &Connection,
    device: &Device,
    event: AuditEvent,
    act: &Act,
) -> rusqlite::Result<()> {
    log::note(db, AuditEntry::of_act(device, event, act))
}

fn note_device(
    db: &Connection,
    device: &Device,
    event: AuditEvent,
    now: SystemTime,
) -> rusqlite::Result<()> {
    log::note(db, AuditEntry::of_device(device, event, now.into()))
}

fn note_grant(db: &Connection, grant: &Grant, now: SystemTime) -> rusqlite::Result<()> {
    AuditEntry::of_grant(grant, now.into()).map_or(Ok(()), |entry| log::note(db, entry))
}

fn note_refused_code(
    db: &Connection,
    redemption: &Redemption,
    refusal: Refusal,
    now: SystemTime,
) -> rusqlite::Result<()> {
    let entry = AuditEntry::of_refused_code(redemption, refusal, now.into());
    log::note(db, entry)
}

//! The verbs on devices that take several statements, each to be run in one transaction.

use std::time::SystemTime;

use offhook_activation_code::{Grant, NewCode, ProfileId, Redemption, Refusal, TenantId};
use offhook_device_name::DeviceName;
use offhook_onboarding::{
    Act, ActivateRefusal, Activated, Activation, ActivationState, AuditEntry, AuditEvent, Device,
    DeviceKey, DeviceRecord, DeviceRequest, Entitlement, MoveError, OutboxKind, ProvisionRefusal,
    Registered, Registration, RequestCodeError, RequestCodeRefusal, UpdateError,
};

use crate::session::Session;
use crate::{PostgresError, audit, codes, devices, outbox};

/// In one statement; where that finds no room, another one finds out why.
pub(crate) async fn provision(
    session: &Session,
    device: &Device,
    act: &Act,
) -> Result<Result<(), ProvisionRefusal>, PostgresError> {
    if devices::insert(session, device, act).await? {
        return Ok(Ok(()));
    }
    Ok(Err(match devices::taken(session, device).await? {
        [true, ..] => ProvisionRefusal::ProfileExists,
        [_, true, _] => ProvisionRefusal::MacInUse,
        _ => ProvisionRefusal::NameInUse,
    }))
}

/// Issues a code for the device as `change` makes it of what it was.
pub(crate) async fn request_code(
    session: &Session,
    code: &NewCode,
    act: &Act,
    change: fn(DeviceRecord, &NewCode) -> Result<Device, RequestCodeRefusal>,
) -> Result<Result<Device, RequestCodeRefusal>, PostgresError> {
    let key = DeviceKey::Profile(code.code().profile().clone());
    let Some(record) = devices::lock(session, code.tenant(), &key).await? else {
        return Ok(Err(RequestCodeRefusal::UnknownDevice));
    };
    let device = match change(record.clone(), code) {
        Ok(device) => device,
        Err(refusal) => return Ok(Err(refusal)),
    };
    void(session, &record, Some(&device), act.now).await?;
    if let Err(refusal) = codes::issue(session, code, act.now).await? {
        return Ok(Err(refusal.into()));
    }
    devices::update(session, &device, Some(code.id())).await?;
    note_act(session, &device, AuditEvent::CodeIssued, act).await?;
    Ok(Ok(device))
}

/// Why an activation stopped; what it had changed by then is to be undone.
#[derive(Debug)]
pub(crate) enum ActivationStop {
    Code(Refusal),
    Refused(Option<Grant>, ActivateRefusal),
}

pub(crate) async fn activate(
    session: &Session,
    activation: &Activation,
    now: SystemTime,
) -> Result<Result<Activated, ActivationStop>, PostgresError> {
    let tenant = &activation.tenant;
    let (grant, record) = match &activation.entitlement {
        Entitlement::Certificate { .. } => {
            let key = DeviceKey::Mac(activation.mac);
            (None, devices::lock(session, tenant, &key).await?)
        }
        Entitlement::Code(redemption) => {
            let record = devices::lock_by_code(session, redemption.digests()).await?;
            match codes::redeem(session, redemption, now).await? {
                Ok(grant) => (Some(grant), record),
                Err(refusal) => return Ok(Err(ActivationStop::Code(refusal))),
            }
        }
        Entitlement::Grant(id) => {
            let grant = codes::grant_named(session, *id).await?;
            let record = match activation.key(grant.as_ref()) {
                Some(key) => devices::lock(session, tenant, &key).await?,
                None => None,
            };
            (grant, record)
        }
    };
    let refused = |refusal| Ok(Err(ActivationStop::Refused(grant.clone(), refusal)));
    let grant = grant.as_ref();
    let Some(record) = record.filter(|_| activation.key(grant).is_some()) else {
        return refused(ActivateRefusal::NotEntitled);
    };
    let activated = match record.clone().activated(activation, grant) {
        Ok(activated) => activated,
        Err(refusal) => return refused(refusal),
    };
    if activated.repeated {
        return Ok(Ok(activated));
    }
    let device = &activated.device;
    void(session, &record, Some(device), now).await?;
    if let Err(err) = devices::update(session, device, record.code).await {
        return match err.duplicate() {
            Some("devices_mac" | "devices_name") => refused(ActivateRefusal::MacInUse),
            Some("devices_subject") => refused(ActivateRefusal::SubjectInUse),
            _ => Err(err),
        };
    }
    let by_code = matches!(activation.entitlement, Entitlement::Code(_));
    let redeemed = grant.filter(|_| by_code);
    let mut entries: Vec<_> = redeemed
        .and_then(|grant| AuditEntry::of_grant(grant, now.into()))
        .into_iter()
        .collect();
    entries.push(AuditEntry::of_device(
        device,
        AuditEvent::Activated,
        now.into(),
    ));
    audit::note(session, &entries).await?;
    outbox::announce(session, device, OutboxKind::DeviceActivated, now).await?;
    Ok(Ok(activated))
}

/// Sets a device back to what `change` makes of it.
pub(crate) async fn deactivate(
    session: &Session,
    tenant: &TenantId,
    profile: &ProfileId,
    change: impl FnOnce(DeviceRecord) -> Result<Device, UpdateError>,
    act: &Act,
) -> Result<Result<Device, UpdateError>, PostgresError> {
    let key = DeviceKey::Profile(profile.clone());
    let Some(record) = devices::lock(session, tenant, &key).await? else {
        return Ok(Err(UpdateError::UnknownDevice));
    };
    let device = match change(record.clone()) {
        Ok(device) => device,
        Err(error) => return Ok(Err(error)),
    };
    void(session, &record, Some(&device), act.now).await?;
    if let Err(err) = devices::update(session, &device, None).await {
        return match err.duplicate() {
            Some("devices_name") => Ok(Err(UpdateError::NameInUse)),
            _ => Err(err),
        };
    }
    note_act(session, &device, AuditEvent::Deactivated, act).await?;
    outbox::announce(session, &device, OutboxKind::DeviceDeactivated, act.now).await?;
    Ok(Ok(device))
}

pub(crate) async fn move_device(
    session: &Session,
    from: &ProfileId,
    dummy: [u8; 6],
    code: &NewCode,
    act: &Act,
) -> Result<Result<Device, MoveError>, PostgresError> {
    let change = |record: DeviceRecord| record.moved(DeviceName::bat(dummy));
    if let Err(error) = deactivate(session, code.tenant(), from, change, act).await? {
        return Ok(Err(MoveError::Update(error)));
    }
    let issued = request_code(session, code, act, DeviceRecord::with_code_of_moved).await?;
    Ok(issued.map_err(|refusal| MoveError::Code(RequestCodeError::Refused(refusal))))
}

pub(crate) async fn delete(
    session: &Session,
    tenant: &TenantId,
    profile: &ProfileId,
    act: &Act,
) -> Result<Result<Device, UpdateError>, PostgresError> {
    let key = DeviceKey::Profile(profile.clone());
    let Some(record) = devices::lock(session, tenant, &key).await? else {
        return Ok(Err(UpdateError::UnknownDevice));
    };
    void(session, &record, None, act.now).await?;
    let device = record.device;
    devices::delete(session, &device).await?;
    note_act(session, &device, AuditEvent::Deleted, act).await?;
    outbox::announce(session, &device, OutboxKind::DeviceDeleted, act.now).await?;
    Ok(Ok(device))
}

pub(crate) async fn request(
    session: &Session,
    tenant: &TenantId,
    profile: &ProfileId,
    request: DeviceRequest,
    act: &Act,
) -> Result<Result<Device, UpdateError>, PostgresError> {
    let key = DeviceKey::Profile(profile.clone());
    let Some(record) = devices::lock(session, tenant, &key).await? else {
        return Ok(Err(UpdateError::UnknownDevice));
    };
    let device = record.device;
    if device.state != ActivationState::Activated {
        return Ok(Err(UpdateError::NotActivated));
    }
    note_act(session, &device, request.audit_event(), act).await?;
    outbox::announce(session, &device, request.outbox_kind(), act.now).await?;
    Ok(Ok(device))
}

pub(crate) async fn registered(
    session: &Session,
    tenant: &TenantId,
    key: &DeviceKey,
    registration: &Registration,
    now: SystemTime,
) -> Result<Result<Registered, UpdateError>, PostgresError> {
    let record = devices::lock(session, tenant, key).await?;
    let code = record.as_ref().and_then(|record| record.code);
    let Some(registered) = record.and_then(|record| record.registered(registration.clone())) else {
        return Ok(Err(UpdateError::UnknownDevice));
    };
    devices::update(session, &registered.device, code).await?;
    if registered.first {
        note_device(session, &registered.device, AuditEvent::Registered, now).await?;
    }
    Ok(Ok(registered))
}

/// Voids the codes of `before` that have no right any more once the device is `after`, or gone.
async fn void(
    session: &Session,
    before: &DeviceRecord,
    after: Option<&Device>,
    now: SystemTime,
) -> Result<(), PostgresError> {
    match before.void_codes(after) {
        Some(void) => codes::void(session, &before.device, &void, now).await,
        None => Ok(()),
    }
}

pub(crate) async fn note_refused_code(
    session: &Session,
    redemption: &Redemption,
    refusal: Refusal,
    now: SystemTime,
) -> Result<(), PostgresError> {
    let entry = AuditEntry::of_refused_code(redemption, refusal, now.into());
    audit::note(session, &[entry]).await
}

async fn note_act(
    session: &Session,
    device: &Device,
    event: AuditEvent,
    act: &Act,
) -> Result<(), PostgresError> {
    let entry = AuditEntry::of_act(device, event, act);
    audit::note(session, &[entry]).await
}

async fn note_device(
    session: &Session,
    device: &Device,
    event: AuditEvent,
    now: SystemTime,
) -> Result<(), PostgresError> {
    let entry = AuditEntry::of_device(device, event, now.into());
    audit::note(session, &[entry]).await
}

//! The rows of devices.

use std::collections::BTreeMap;

use offhook_activation_code::{CodeDigests, CodeId, Page, TenantId};
use offhook_onboarding::message::SecretText;
use offhook_onboarding::{
    Act, ActivationState, Actor, AuditEvent, Device, DeviceKey, DeviceRecord, Ownership,
    Registration,
};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::PostgresError;
use crate::column::{foreign, millis, now, optional_text, text, timestamp, value, word};
use crate::session::Session;

/// Adds a device, with the entry about it in the audit log; says whether there was room for it.
pub(crate) async fn insert(
    session: &Session,
    device: &Device,
    act: &Act,
) -> Result<bool, PostgresError> {
    let registered = Registered::of(device);
    let names: Vec<&[u8]> = device.tags.keys().map(String::as_bytes).collect();
    let values: Vec<&[u8]> = device
        .tags
        .values()
        .map(|value| value.secret().as_bytes())
        .collect();
    let row = session
        .row(
            INSERT,
            &[
                &session.now(act.now),
                &device.tenant.as_str(),
                &device.profile.as_str(),
                &device.account.as_str(),
                &device.name.as_str(),
                &device.mac.map(|mac| mac.to_string()),
                &device.model.as_str(),
                &device.device_type,
                &device.ownership.as_str(),
                &device.line_port.to_string(),
                &device.state.as_str(),
                &device.subject,
                &device.serial_number,
                &registered.sip_address,
                &registered.ip_address,
                &registered.at,
                &names,
                &values,
                &AuditEvent::Provisioned.as_str(),
                &act.actor.as_ref().map(Actor::subject),
                &act.actor.as_ref().and_then(Actor::issuer),
            ],
        )
        .await?;
    Ok(row.is_some())
}

/// Which of its unique values another device of the tenant has: profile, address, name.
pub(crate) async fn taken(session: &Session, device: &Device) -> Result<[bool; 3], PostgresError> {
    let row = session
        .row(
            TAKEN,
            &[
                &device.tenant.as_str(),
                &device.profile.as_str(),
                &device.mac.map(|mac| mac.to_string()),
                &device.name.as_str(),
            ],
        )
        .await?
        .ok_or_else(|| foreign(0))?;
    Ok([value(&row, 0)?, value(&row, 1)?, value(&row, 2)?])
}

/// Writes what an activation, its opposite, a code or a registration changes.
pub(crate) async fn update(
    session: &Session,
    device: &Device,
    code: Option<CodeId>,
) -> Result<(), PostgresError> {
    let registered = Registered::of(device);
    session
        .count(
            UPDATE,
            &[
                &device.tenant.as_str(),
                &device.profile.as_str(),
                &device.name.as_str(),
                &device.mac.map(|mac| mac.to_string()),
                &device.state.as_str(),
                &device.subject,
                &device.serial_number,
                &registered.sip_address,
                &registered.ip_address,
                &registered.at,
                &code.as_ref().map(CodeId::as_uuid),
            ],
        )
        .await?;
    Ok(())
}

pub(crate) async fn find(
    session: &Session,
    tenant: &TenantId,
    key: &DeviceKey,
) -> Result<Option<DeviceRecord>, PostgresError> {
    by_key(session, tenant, key, FIND).await
}

/// Whether devices can be written.
pub(crate) async fn probe(session: &Session) -> Result<(), PostgresError> {
    session.count(PROBE, &[]).await.map(|_| ())
}

/// A page of the tenant's devices, in the order of their profiles.
pub(crate) async fn list(
    session: &Session,
    tenant: &TenantId,
    page: &Page,
) -> Result<Vec<Device>, PostgresError> {
    // No profile is empty.
    let after = page.start().map_or("", |profile| profile.as_str());
    let limit = i64::try_from(page.limit()).unwrap_or(i64::MAX);
    let rows = session
        .rows(LIST, &[&tenant.as_str(), &after, &limit])
        .await?;
    rows.iter().map(|row| Ok(record(row)?.device)).collect()
}

/// Drops a device.
pub(crate) async fn delete(session: &Session, device: &Device) -> Result<(), PostgresError> {
    let key: [&(dyn ToSql + Sync); 2] = [&device.tenant.as_str(), &device.profile.as_str()];
    session.count(DELETE, &key).await?;
    Ok(())
}

/// Finds a device and keeps everybody else from changing it until the transaction ends.
///
/// Every transaction takes its locks in one order: the device, then its code. What the audit log
/// and the outbox need is no lock.
pub(crate) async fn lock(
    session: &Session,
    tenant: &TenantId,
    key: &DeviceKey,
) -> Result<Option<DeviceRecord>, PostgresError> {
    by_key(session, tenant, key, LOCK).await
}

/// The device of the code with one of the `digests`, locked. A code's profile never changes.
pub(crate) async fn lock_by_code(
    session: &Session,
    digests: &CodeDigests,
) -> Result<Option<DeviceRecord>, PostgresError> {
    let digests = crate::codes::digests(digests);
    let row = session.row(LOCK_BY_CODE, &[&digests]).await?;
    row.map(|row| record(&row)).transpose()
}

async fn by_key(
    session: &Session,
    tenant: &TenantId,
    key: &DeviceKey,
    [by_mac, by_profile, by_subject]: [&'static str; 3],
) -> Result<Option<DeviceRecord>, PostgresError> {
    let tenant = tenant.as_str();
    let row = match key {
        DeviceKey::Mac(mac) => session.row(by_mac, &[&tenant, &mac.to_string()]).await?,
        DeviceKey::Profile(profile) => {
            session
                .row(by_profile, &[&tenant, &profile.as_str()])
                .await?
        }
        DeviceKey::Subject(subject) => session.row(by_subject, &[&tenant, subject]).await?,
    };
    row.map(|row| record(&row)).transpose()
}

/// A registration as columns.
struct Registered<'a> {
    sip_address: Option<&'a str>,
    ip_address: Option<String>,
    at: Option<i64>,
}

impl<'a> Registered<'a> {
    fn of(device: &'a Device) -> Self {
        let registration = device.registration.as_ref();
        Self {
            sip_address: registration.map(|registration| registration.sip_address.as_str()),
            ip_address: registration.map(|registration| registration.ip_address.to_string()),
            at: registration.map(|registration| millis(registration.at)),
        }
    }
}

fn record(row: &Row) -> Result<DeviceRecord, PostgresError> {
    let registration = match (value(row, 12)?, optional_text(row, 13)?) {
        (Some(sip_address), Some(ip_address)) => Some(Registration {
            sip_address,
            ip_address,
            at: timestamp(row, 14)?,
        }),
        _ => None,
    };
    let device = Device {
        tenant: text(row, 0)?,
        profile: text(row, 1)?,
        account: text(row, 2)?,
        name: text(row, 3)?,
        mac: optional_text(row, 4)?,
        model: text(row, 5)?,
        device_type: value(row, 6)?,
        ownership: word(row, 7, Ownership::from_word)?,
        line_port: text(row, 8)?,
        tags: tags(row, 16, 17)?,
        state: word(row, 9, ActivationState::from_word)?,
        subject: value(row, 10)?,
        serial_number: value(row, 11)?,
        registration,
    };
    let code: Option<Uuid> = value(row, 15)?;
    Ok(DeviceRecord {
        device,
        code: code.map(CodeId::from_uuid),
    })
}

fn tags(
    row: &Row,
    names: usize,
    values: usize,
) -> Result<BTreeMap<String, SecretText>, PostgresError> {
    let string = |at, bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| foreign(at));
    let pairs = value::<Vec<Vec<u8>>>(row, names)?
        .into_iter()
        .zip(value::<Vec<Vec<u8>>>(row, values)?);
    pairs
        .map(|(name, value)| Ok((string(names, name)?, string(values, value)?.into())))
        .collect()
}

macro_rules! select {
    ($($tail:literal)*) => {
        concat!(
            "SELECT tenant, profile, account, name, mac, model, device_type, ownership, line_port,
                    state, subject, serial_number, sip_address, ip_address, registered_at, code,
                    tag_names, tag_values
             FROM devices WHERE ",
            $($tail),*
        )
    };
}

/// Changes nothing, and is refused like any other change where none may be made.
const PROBE: &str = "UPDATE devices SET code = code WHERE false";

const FIND: [&str; 3] = [
    select!("tenant = $1 AND mac = $2"),
    select!("tenant = $1 AND profile = $2"),
    select!("tenant = $1 AND subject = $2"),
];

const LOCK: [&str; 3] = [
    select!("tenant = $1 AND mac = $2 FOR UPDATE"),
    select!("tenant = $1 AND profile = $2 FOR UPDATE"),
    select!("tenant = $1 AND subject = $2 FOR UPDATE"),
];

const LIST: &str = select!("tenant = $1 AND profile > $2 ORDER BY profile LIMIT $3");

const DELETE: &str = "DELETE FROM devices WHERE tenant = $1 AND profile = $2";

const LOCK_BY_CODE: &str = select!(
    "(tenant, profile) IN (SELECT tenant, profile FROM codes WHERE digest = ANY ($1::bytea[]))
     FOR UPDATE"
);

const INSERT: &str = concat!(
    "WITH added AS (
         INSERT INTO devices (tenant, profile, account, name, mac, model, device_type, ownership,
                              line_port, state, subject, serial_number, sip_address, ip_address,
                              registered_at, tag_names, tag_values)
         VALUES ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         ON CONFLICT DO NOTHING
         RETURNING tenant, profile
     )
     INSERT INTO audit_pending (at, tenant, profile, event, actor, actor_issuer)
     SELECT ",
    now!(),
    ", tenant, profile, $19, $20, $21 FROM added RETURNING entry"
);

const TAKEN: &str = "
    SELECT EXISTS (SELECT FROM devices WHERE tenant = $1 AND profile = $2),
           EXISTS (SELECT FROM devices WHERE tenant = $1 AND mac = $3),
           EXISTS (SELECT FROM devices WHERE tenant = $1 AND name = $4)";

const UPDATE: &str = "
    UPDATE devices
    SET name = $3, mac = $4, state = $5, subject = $6, serial_number = $7, sip_address = $8,
        ip_address = $9, registered_at = $10, code = $11
    WHERE tenant = $1 AND profile = $2";

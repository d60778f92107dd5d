//! The rows of devices.

use std::collections::BTreeMap;

use offhook_activation_code::{CodeId, Page, ProfileId, TenantId};
use offhook_device_name::{DeviceName, MacAddress};
use offhook_onboarding::message::SecretText;
use offhook_onboarding::{ActivationState, Device, DeviceKey, Ownership, Registration};
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use crate::column::{millis, optional_text, text, timestamp, uuid, word};

/// A device, and what the registry keeps beside it.
pub(crate) struct DeviceRow {
    number: i64,
    pub(crate) device: Device,
    /// The code that the device may be activated by, redeemed or not.
    pub(crate) code: Option<CodeId>,
}

/// Says whether there was room for the device.
pub(crate) fn insert(db: &Connection, device: &Device) -> rusqlite::Result<bool> {
    let registration = device.registration.as_ref();
    let inserted = db.prepare_cached(INSERT)?.execute(named_params! {
        ":tenant": device.tenant.as_str(),
        ":profile": device.profile.as_str(),
        ":account": device.account.as_str(),
        ":name": device.name.to_string(),
        ":mac": device.mac.map(|mac| mac.to_string()),
        ":model": device.model.as_str(),
        ":device_type": device.device_type,
        ":ownership": device.ownership.as_str(),
        ":line_port": device.line_port.to_string(),
        ":state": device.state.as_str(),
        ":subject": device.subject.as_ref().map(uuid::Uuid::as_bytes),
        ":serial_number": device.serial_number,
        ":sip_address": registration.map(|registration| &registration.sip_address),
        ":ip_address": registration.map(|registration| registration.ip_address.to_string()),
        ":registered_at": registration.map(|registration| millis(registration.at)),
    })?;
    if inserted == 0 {
        return Ok(false);
    }
    let number = db.last_insert_rowid();
    let mut tag = db.prepare_cached("INSERT INTO device_tags VALUES (?1, ?2, ?3)")?;
    for (name, value) in &device.tags {
        tag.execute(params![number, name, value.secret()])?;
    }
    Ok(true)
}

/// Writes what an activation or its opposite changes; says whether no other device has the name, the
/// address or the subject, and writes nothing where one has.
pub(crate) fn update(db: &Connection, row: &DeviceRow) -> rusqlite::Result<bool> {
    let device = &row.device;
    let registration = device.registration.as_ref();
    let updated = db.prepare_cached(UPDATE)?.execute(named_params! {
        ":number": row.number,
        ":name": device.name.to_string(),
        ":mac": device.mac.map(|mac| mac.to_string()),
        ":state": device.state.as_str(),
        ":subject": device.subject.as_ref().map(uuid::Uuid::as_bytes),
        ":serial_number": device.serial_number,
        ":sip_address": registration.map(|registration| &registration.sip_address),
        ":ip_address": registration.map(|registration| registration.ip_address.to_string()),
        ":registered_at": registration.map(|registration| millis(registration.at)),
        ":code": row.code.as_ref().map(|code| code.as_uuid().as_bytes()),
    })?;
    Ok(updated == 1)
}

/// Writes what a code changes. What is named here is written anew, and so is each index that it stands
/// in: a statement names no more than it has to.
pub(crate) fn set_code(db: &Connection, row: &DeviceRow) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE devices SET state = ?2, code = ?3 WHERE number = ?1")?
        .execute(params![
            row.number,
            row.device.state.as_str(),
            row.code.as_ref().map(|code| code.as_uuid().as_bytes()),
        ])?;
    Ok(())
}

/// Writes what a registration changes.
pub(crate) fn set_registration(db: &Connection, row: &DeviceRow) -> rusqlite::Result<()> {
    let registration = row.device.registration.as_ref();
    db.prepare_cached(
        "UPDATE devices SET sip_address = ?2, ip_address = ?3, registered_at = ?4 WHERE number = ?1",
    )?
    .execute(params![
        row.number,
        registration.map(|registration| &registration.sip_address),
        registration.map(|registration| registration.ip_address.to_string()),
        registration.map(|registration| millis(registration.at)),
    ])?;
    Ok(())
}

/// Points the device to the code `new` if the one that it replaces, `old`, was its own.
pub(crate) fn replace_code(
    db: &Connection,
    tenant: &TenantId,
    profile: &ProfileId,
    old: CodeId,
    new: CodeId,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE devices SET code = ?1 WHERE tenant = ?2 AND profile = ?3 AND code = ?4",
    )?
    .execute(params![
        new.as_uuid().as_bytes(),
        tenant.as_str(),
        profile.as_str(),
        old.as_uuid().as_bytes()
    ])?;
    Ok(())
}

pub(crate) fn find(
    db: &Connection,
    tenant: &TenantId,
    key: &DeviceKey,
) -> rusqlite::Result<Option<DeviceRow>> {
    match key {
        DeviceKey::Mac(mac) => by(db, "mac = ?2", tenant, &mac.to_string()),
        DeviceKey::Profile(profile) => by(db, "profile = ?2", tenant, &profile.as_str()),
        DeviceKey::Subject(subject) => by(db, "subject = ?2", tenant, subject.as_bytes()),
    }
}

/// Whether devices can be read.
pub(crate) fn probe(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("SELECT number FROM devices LIMIT 1")?
        .query([])?
        .next()
        .map(|_| ())
}

/// A page of the tenant's devices, in the order of their profiles.
pub(crate) fn list(
    db: &Connection,
    tenant: &TenantId,
    page: &Page,
) -> rusqlite::Result<Vec<Device>> {
    // No profile is empty.
    let after = page.start().map_or("", |profile| profile.as_str());
    let limit = i64::try_from(page.limit()).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} WHERE tenant = ?1 AND profile > ?2 ORDER BY profile LIMIT ?3"
    ))?;
    let rows = statement.query_map(params![tenant.as_str(), after, limit], read)?;
    rows.map(|row| Ok(with_tags(db, row?)?.device)).collect()
}

/// Drops a device and its tags.
pub(crate) fn delete(db: &Connection, row: &DeviceRow) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM device_tags WHERE device = ?1")?
        .execute([row.number])?;
    db.prepare_cached("DELETE FROM devices WHERE number = ?1")?
        .execute([row.number])?;
    Ok(())
}

/// Whether another device than that of `profile` has the address.
pub(crate) fn mac_is_taken(
    db: &Connection,
    tenant: &TenantId,
    mac: MacAddress,
    profile: &ProfileId,
) -> rusqlite::Result<bool> {
    db.prepare_cached(
        "SELECT EXISTS (
             SELECT 1 FROM devices WHERE tenant = ?1 AND mac = ?2 AND profile <> ?3)",
    )?
    .query_row(
        params![tenant.as_str(), mac.to_string(), profile.as_str()],
        |row| row.get(0),
    )
}

/// Whether another device of the tenant than the one of `profile` has the name.
pub(crate) fn name_is_taken(
    db: &Connection,
    tenant: &TenantId,
    name: &DeviceName,
    profile: &ProfileId,
) -> rusqlite::Result<bool> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM devices WHERE tenant = ?1 AND name = ?2 AND profile <> ?3)",
    )?
    .query_row(
        params![tenant.as_str(), name.as_str(), profile.as_str()],
        |row| row.get(0),
    )
}

fn by(
    db: &Connection,
    condition: &'static str,
    tenant: &TenantId,
    value: &dyn ToSql,
) -> rusqlite::Result<Option<DeviceRow>> {
    let found = db
        .prepare_cached(&format!("{SELECT} WHERE tenant = ?1 AND {condition}"))?
        .query_row(params![tenant.as_str(), value], read)
        .optional()?;
    found.map(|row| with_tags(db, row)).transpose()
}

fn with_tags(db: &Connection, mut row: DeviceRow) -> rusqlite::Result<DeviceRow> {
    row.device.tags = db
        .prepare_cached("SELECT name, value FROM device_tags WHERE device = ?1")?
        .query_map([row.number], |tag| {
            let value: String = tag.get(1)?;
            Ok((tag.get(0)?, SecretText::from(value)))
        })?
        .collect::<Result<_, _>>()?;
    Ok(row)
}

/// The device of a row, without its tags.
fn read(row: &Row<'_>) -> rusqlite::Result<DeviceRow> {
    let registration = match (row.get(13)?, optional_text(row, 14)?) {
        (Some(sip_address), Some(ip_address)) => Some(Registration {
            sip_address,
            ip_address,
            at: timestamp(row, 15)?,
        }),
        _ => None,
    };
    let device = Device {
        tenant: text(row, 1)?,
        profile: text(row, 2)?,
        account: text(row, 3)?,
        name: text(row, 4)?,
        mac: optional_text(row, 5)?,
        model: text(row, 6)?,
        device_type: row.get(7)?,
        ownership: word(row, 8, Ownership::from_word)?,
        line_port: text(row, 9)?,
        tags: BTreeMap::new(),
        state: word(row, 10, ActivationState::from_word)?,
        subject: optional_uuid(row, 11)?,
        serial_number: row.get(12)?,
        registration,
    };
    Ok(DeviceRow {
        number: row.get(0)?,
        device,
        code: optional_uuid(row, 16)?.map(CodeId::from_uuid),
    })
}

fn optional_uuid(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<uuid::Uuid>> {
    match row.get_ref(at)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => uuid(row, at).map(Some),
    }
}

const SELECT: &str = "
    SELECT number, tenant, profile, account, name, mac, model, device_type, ownership, line_port,
           state, subject, serial_number, sip_address, ip_address, registered_at, code
    FROM devices";

const INSERT: &str = "
    INSERT INTO devices (tenant, profile, account, name, mac, model, device_type, ownership,
                         line_port, state, subject, serial_number, sip_address, ip_address,
                         registered_at)
    VALUES (:tenant, :profile, :account, :name, :mac, :model, :device_type, :ownership,
            :line_port, :state, :subject, :serial_number, :sip_address, :ip_address,
            :registered_at)
    ON CONFLICT DO NOTHING";

/// `OR IGNORE` passes over what a unique index refuses, which the caller is told. It would pass over a
/// NULL where none may be too; of those columns it sets `name` and `state`, which come from types that
/// are always a text. No `CHECK` stands on this table.
const UPDATE: &str = "
    UPDATE OR IGNORE devices
    SET name = :name, mac = :mac, state = :state, subject = :subject,
        serial_number = :serial_number, sip_address = :sip_address, ip_address = :ip_address,
        registered_at = :registered_at, code = :code
    WHERE number = :number";

//! The store as a registry of devices.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use offhook_activation_code::{
    Grant, NewCode, Page, ProfileId, RedeemError, Redemption, StoreError, TenantId,
};
use offhook_device_name::DeviceName;
use offhook_onboarding::{
    Act, ActivateError, Activated, Activation, AuditRecord, Device, DeviceKey, DeviceRecord,
    DeviceRequest, MoveError, OutboxEvent, ProvisionError, Registered, Registration, Registry,
    RequestCodeError, UpdateError,
};
use rusqlite::Connection;

use crate::{SqliteStore, devices, log, onboarding};

#[async_trait]
impl Registry for SqliteStore {
    async fn provision(&self, device: &Device, act: &Act) -> Result<(), ProvisionError> {
        let (device, act) = (device.clone(), act.clone());
        self.writer
            .run("provision a device", move |db| {
                onboarding::provision(db, &device, &act)
            })
            .await
            .map_err(ProvisionError::Store)?
            .map_err(ProvisionError::Refused)
    }

    async fn request_code(&self, code: &NewCode, act: &Act) -> Result<Device, RequestCodeError> {
        let (code, act) = (code.clone(), act.clone());
        self.writer
            .run("request a code", move |db| {
                onboarding::request_code(db, &code, &act, DeviceRecord::with_code)
            })
            .await
            .map_err(RequestCodeError::Store)?
    }

    async fn request_replacement_code(
        &self,
        code: &NewCode,
        act: &Act,
    ) -> Result<Device, RequestCodeError> {
        let (code, act) = (code.clone(), act.clone());
        self.writer
            .run("request a replacement code", move |db| {
                onboarding::request_code(db, &code, &act, DeviceRecord::with_replacement_code)
            })
            .await
            .map_err(RequestCodeError::Store)?
    }

    async fn accept_code(
        &self,
        redemption: &Redemption,
        now: SystemTime,
    ) -> Result<Grant, RedeemError> {
        let redemption = redemption.clone();
        self.writer
            .run("accept a code", move |db| {
                onboarding::accept_code(db, &redemption, now)
            })
            .await
            .map_err(RedeemError::Store)?
            .map_err(RedeemError::Refused)
    }

    async fn activate(
        &self,
        activation: &Activation,
        now: SystemTime,
    ) -> Result<Activated, ActivateError> {
        let activation = activation.clone();
        self.writer
            .run("activate a device", move |db| {
                onboarding::activate(db, &activation, now)
            })
            .await
            .map_err(ActivateError::Store)?
    }

    async fn deactivate(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        dummy: Option<[u8; 6]>,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        let (tenant, profile, act) = (tenant.clone(), profile.clone(), act.clone());
        self.writer
            .run("deactivate a device", move |db| {
                let dummy = dummy.map(DeviceName::bat);
                let change = |record: DeviceRecord| Ok(record.deactivated(dummy));
                onboarding::deactivate(db, &tenant, &profile, change, &act)
            })
            .await
            .map_err(UpdateError::Store)?
    }

    async fn move_device(
        &self,
        from: &ProfileId,
        dummy: [u8; 6],
        code: &NewCode,
        act: &Act,
    ) -> Result<Device, MoveError> {
        let (from, code, act) = (from.clone(), code.clone(), act.clone());
        self.writer
            .run("move a device", move |db| {
                onboarding::move_device(db, &from, dummy, &code, &act)
            })
            .await
            .map_err(|error| MoveError::Update(UpdateError::Store(error)))?
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        let (tenant, profile, act) = (tenant.clone(), profile.clone(), act.clone());
        self.writer
            .run("delete a device", move |db| {
                onboarding::delete(db, &tenant, &profile, &act)
            })
            .await
            .map_err(UpdateError::Store)?
    }

    async fn request(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        request: DeviceRequest,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        let (tenant, profile, act) = (tenant.clone(), profile.clone(), act.clone());
        self.writer
            .run("request something of a device", move |db| {
                onboarding::request(db, &tenant, &profile, request, &act)
            })
            .await
            .map_err(UpdateError::Store)?
    }

    async fn registered(
        &self,
        tenant: &TenantId,
        key: &DeviceKey,
        registration: &Registration,
        now: SystemTime,
    ) -> Result<Registered, UpdateError> {
        let (tenant, key, registration) = (tenant.clone(), key.clone(), registration.clone());
        self.writer
            .run("note a registration", move |db| {
                onboarding::registered(db, &tenant, &key, &registration, now)
            })
            .await
            .map_err(UpdateError::Store)?
            .ok_or(UpdateError::UnknownDevice)
    }

    async fn device(
        &self,
        tenant: &TenantId,
        key: &DeviceKey,
    ) -> Result<Option<Device>, StoreError> {
        let (tenant, key) = (tenant.clone(), key.clone());
        self.reader
            .run("look up a device", move |db| {
                Ok(devices::find(db, &tenant, &key)?.map(|row| row.device))
            })
            .await
    }

    async fn devices(&self, tenant: &TenantId, page: Page) -> Result<Vec<Device>, StoreError> {
        let tenant = tenant.clone();
        self.reader
            .run("list devices", move |db| devices::list(db, &tenant, &page))
            .await
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, StoreError> {
        let action = "read the audit log";
        self.reader
            .run(action, move |db| log::audit(db, after, limit))
            .await?
            .map_err(|err| StoreError::new(action, err))
    }

    async fn outbox(
        &self,
        tenant: &TenantId,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<OutboxEvent>, StoreError> {
        let tenant = tenant.clone();
        self.reader
            .run("read the outbox", move |db| {
                log::outbox(db, &tenant, limit, now)
            })
            .await
    }

    async fn purge_outbox(
        &self,
        tenant: &TenantId,
        kept: Duration,
        now: SystemTime,
    ) -> Result<u64, StoreError> {
        let tenant = tenant.clone();
        let purge = move |db: &Connection| log::purge(db, &tenant, kept, now);
        // A part of which some stay is not the last one: those behind it may be older.
        self.purge("drop old events", 1, purge).await
    }

    async fn delivered(&self, tenant: &TenantId, sequence: u64) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.writer
            .run("empty the outbox", move |db| {
                log::delivered(db, &tenant, sequence)
            })
            .await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let action = "look whether the store works";
        // The transaction that it stands in takes the lock for writing.
        self.writer.run(action, devices::probe).await?;
        self.reader.run(action, devices::probe).await?;
        // To be counted for would take as long as to count.
        self.counter.alive(action)
    }
}

//! The store as a registry of devices.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use offhook_activation_code::{
    Grant, NewCode, Page, ProfileId, RedeemError, Redemption, StoreError, TenantId,
};
use offhook_device_name::DeviceName;
use offhook_onboarding::{
    Act, ActivateError, Activated, Activation, AuditEntry, AuditRecord, Device, DeviceKey,
    DeviceRecord, DeviceRequest, Entitlement, MoveError, OutboxEvent, ProvisionError, Registered,
    Registration, Registry, RequestCodeError, UpdateError,
};

use crate::onboarding::ActivationStop;
use crate::store::failed;
use crate::{PostgresError, PostgresStore, audit, codes, devices, onboarding, outbox};

#[async_trait]
impl Registry for PostgresStore {
    async fn provision(&self, device: &Device, act: &Act) -> Result<(), ProvisionError> {
        let answer = self
            .connections
            .run(|session| async move { onboarding::provision(&session, device, act).await })
            .await
            .map_err(|err| ProvisionError::Store(failed("provision a device")(err)))?;
        self.sealer.wake();
        answer.map_err(ProvisionError::Refused)
    }

    async fn request_code(&self, code: &NewCode, act: &Act) -> Result<Device, RequestCodeError> {
        let answer = self
            .connections
            .transact(|session| async move {
                onboarding::request_code(&session, code, act, DeviceRecord::with_code).await
            })
            .await
            .map_err(|err| RequestCodeError::Store(failed("request a code")(err)))?;
        self.sealer.wake();
        answer.map_err(RequestCodeError::Refused)
    }

    async fn request_replacement_code(
        &self,
        code: &NewCode,
        act: &Act,
    ) -> Result<Device, RequestCodeError> {
        let change = DeviceRecord::with_replacement_code;
        let answer = self
            .connections
            .transact(|session| async move {
                onboarding::request_code(&session, code, act, change).await
            })
            .await
            .map_err(|err| RequestCodeError::Store(failed("request a replacement code")(err)))?;
        self.sealer.wake();
        answer.map_err(RequestCodeError::Refused)
    }

    async fn accept_code(
        &self,
        redemption: &Redemption,
        now: SystemTime,
    ) -> Result<Grant, RedeemError> {
        let answer = self
            .connections
            .run(|session| async move {
                let answer = codes::redeem_noted(&session, redemption, now).await?;
                if let Err(refusal) = answer {
                    onboarding::note_refused_code(&session, redemption, refusal, now).await?;
                }
                Ok(answer)
            })
            .await
            .map_err(|err| RedeemError::Store(failed("accept a code")(err)))?;
        self.sealer.wake();
        answer.map_err(RedeemError::Refused)
    }

    async fn activate(
        &self,
        activation: &Activation,
        now: SystemTime,
    ) -> Result<Activated, ActivateError> {
        let store = |err| ActivateError::Store(failed("activate a device")(err));
        let answer = self
            .connections
            .transact(
                |session| async move { onboarding::activate(&session, activation, now).await },
            )
            .await
            .map_err(store)?;
        // What was refused is undone, and then told to the audit log.
        let (entry, error) = match answer {
            Ok(activated) => {
                self.sealer.wake();
                return Ok(activated);
            }
            Err(ActivationStop::Code(refusal)) => {
                let entry = match &activation.entitlement {
                    Entitlement::Code(redemption) => {
                        Some(AuditEntry::of_refused_code(redemption, refusal, now.into()))
                    }
                    Entitlement::Certificate { .. } | Entitlement::Grant(_) => None,
                };
                (entry, ActivateError::Code(refusal))
            }
            Err(ActivationStop::Refused(grant, refusal)) => {
                let (grant, at) = (grant.as_ref(), now.into());
                let entry = AuditEntry::of_refused_activation(activation, grant, refusal, at);
                (Some(entry), ActivateError::Refused(refusal))
            }
        };
        let entries = entry.as_slice();
        self.connections
            .run(|session| async move { audit::note(&session, entries).await })
            .await
            .map_err(store)?;
        self.sealer.wake();
        Err(error)
    }

    async fn deactivate(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        dummy: Option<[u8; 6]>,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        let answer = self
            .connections
            .transact(|session| async move {
                let dummy = dummy.map(DeviceName::bat);
                let change = |record: DeviceRecord| Ok(record.deactivated(dummy));
                onboarding::deactivate(&session, tenant, profile, change, act).await
            })
            .await
            .map_err(|err| UpdateError::Store(failed("deactivate a device")(err)))?;
        self.sealer.wake();
        answer
    }

    async fn move_device(
        &self,
        from: &ProfileId,
        dummy: [u8; 6],
        code: &NewCode,
        act: &Act,
    ) -> Result<Device, MoveError> {
        let store = |err| MoveError::Update(UpdateError::Store(failed("move a device")(err)));
        let answer = self
            .connections
            .transact(|session| async move {
                onboarding::move_device(&session, from, dummy, code, act).await
            })
            .await
            .map_err(store)?;
        self.sealer.wake();
        answer
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        let answer = self
            .connections
            .transact(
                |session| async move { onboarding::delete(&session, tenant, profile, act).await },
            )
            .await
            .map_err(|err| UpdateError::Store(failed("delete a device")(err)))?;
        self.sealer.wake();
        answer
    }

    async fn request(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        request: DeviceRequest,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        let answer = self
            .connections
            .transact(|session| async move {
                onboarding::request(&session, tenant, profile, request, act).await
            })
            .await
            .map_err(|err| UpdateError::Store(failed("request something of a device")(err)))?;
        self.sealer.wake();
        answer
    }

    async fn registered(
        &self,
        tenant: &TenantId,
        key: &DeviceKey,
        registration: &Registration,
        now: SystemTime,
    ) -> Result<Registered, UpdateError> {
        let answer = self
            .connections
            .transact(|session| async move {
                onboarding::registered(&session, tenant, key, registration, now).await
            })
            .await
            .map_err(|err| UpdateError::Store(failed("note a registration")(err)))?;
        self.sealer.wake();
        answer
    }

    async fn device(
        &self,
        tenant: &TenantId,
        key: &DeviceKey,
    ) -> Result<Option<Device>, StoreError> {
        let found = self
            .connections
            .run(|session| async move { devices::find(&session, tenant, key).await })
            .await
            .map_err(failed("look up a device"))?;
        Ok(found.map(|record| record.device))
    }

    async fn devices(&self, tenant: &TenantId, page: Page) -> Result<Vec<Device>, StoreError> {
        let page = &page;
        self.connections
            .run(|session| async move { devices::list(&session, tenant, page).await })
            .await
            .map_err(failed("list devices"))
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, StoreError> {
        let failed = failed("read the audit log");
        let whole = async {
            let sealed = audit::seal(&self.connections).await;
            let unreadable = match sealed {
                Err(error @ PostgresError::Row { .. }) => Some(error),
                sealed => sealed.map(|()| None)?,
            };
            let records = self
                .connections
                .run(|session| async move { audit::read(&session, after, limit).await })
                .await?;
            // What is chained is read all the same, and what keeps the rest from it is told behind it.
            match unreadable {
                Some(error) if records.is_empty() => Err(error),
                _ => Ok(records),
            }
        };
        whole.await.map_err(failed)
    }

    async fn outbox(
        &self,
        tenant: &TenantId,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<OutboxEvent>, StoreError> {
        self.connections
            .run(|session| async move { outbox::read(&session, tenant, limit, now).await })
            .await
            .map_err(failed("read the outbox"))
    }

    async fn purge_outbox(
        &self,
        tenant: &TenantId,
        kept: Duration,
        now: SystemTime,
    ) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let some = self
                .connections
                .run(|session| async move { outbox::purge(&session, tenant, kept, now).await })
                .await
                .map_err(failed("drop old events"))?;
            purged += some;
            if some == 0 {
                return Ok(purged);
            }
        }
    }

    async fn delivered(&self, tenant: &TenantId, sequence: u64) -> Result<(), StoreError> {
        self.connections
            .run(|session| async move { outbox::delivered(&session, tenant, sequence).await })
            .await
            .map_err(failed("empty the outbox"))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.connections
            .run(|session| async move { devices::probe(&session).await })
            .await
            .map_err(failed("look whether the store works"))
    }
}

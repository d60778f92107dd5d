//! A registry in memory: for tests, and as the model that every other store must agree with.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use offhook_activation_code::{
    CodeId, CodeStore, CodeTable, Grant, IssueError, IssueRefusal, NewCode, OutstandingCode, Page,
    ProfileId, RedeemError, Redemption, ReissueError, Replacement, RevokeError, StoreError,
    TenantId,
};
use offhook_device_name::DeviceName;
use uuid::Uuid;

use crate::{
    ActivateError, ActivateRefusal, Activated, Activation, ActivationState, AuditEntry, AuditEvent,
    AuditRecord, Device, DeviceKey, Entitlement, OutboxEvent, OutboxKind, ProvisionError,
    ProvisionRefusal, Registered, Registration, Registry, RequestCodeError, RequestCodeRefusal,
    UpdateError,
};

/// A registry in memory, gone with the process.
///
/// It holds one lock over each verb, so every verb is atomic and they happen one after the other. To
/// undo a verb that is refused half-way it works on a copy of the codes, so issuing and activating
/// take time in proportion to the codes that there are.
#[derive(Debug, Default)]
pub struct MemoryRegistry(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    codes: CodeTable,
    devices: BTreeMap<(TenantId, ProfileId), Row>,
    audit: Vec<AuditRecord>,
    outbox: Vec<OutboxEvent>,
    events: u64,
}

#[derive(Debug)]
struct Row {
    device: Device,
    /// The code that the device may be activated by, redeemed or not.
    code: Option<CodeId>,
}

impl MemoryRegistry {
    /// A registry without devices and codes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No verb leaves the state half changed, so a panic elsewhere has not broken it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CodeStore for MemoryRegistry {
    async fn issue(&self, code: &NewCode, now: SystemTime) -> Result<(), IssueError> {
        self.state()
            .codes
            .issue(code, now)
            .map_err(IssueError::Refused)
    }

    async fn redeem(&self, redemption: &Redemption, now: SystemTime) -> Result<Grant, RedeemError> {
        self.state().codes.redeem(redemption, now)
    }

    async fn revoke(
        &self,
        tenant: &TenantId,
        code: CodeId,
        _now: SystemTime,
    ) -> Result<(), RevokeError> {
        self.state()
            .codes
            .revoke(tenant, code)
            .map_err(RevokeError::Refused)
    }

    async fn reissue(
        &self,
        code: CodeId,
        replacement: &Replacement,
        _now: SystemTime,
    ) -> Result<OutstandingCode, ReissueError> {
        let mut state = self.state();
        let new = state
            .codes
            .reissue(code, replacement)
            .map_err(ReissueError::Refused)?;
        if let Some(row) = state.row(new.tenant(), new.profile())
            && row.code == Some(code)
        {
            row.code = Some(new.id());
        }
        Ok(new)
    }

    async fn outstanding(
        &self,
        tenant: &TenantId,
        page: Page,
        now: SystemTime,
    ) -> Result<Vec<OutstandingCode>, StoreError> {
        Ok(self.state().codes.outstanding(tenant, page, now))
    }

    async fn purge_expired(&self, now: SystemTime) -> Result<u64, StoreError> {
        Ok(self.state().codes.purge_expired(now))
    }
}

#[async_trait]
impl Registry for MemoryRegistry {
    async fn provision(&self, device: &Device, now: SystemTime) -> Result<(), ProvisionError> {
        let mut state = self.state();
        let refused = |refusal| Err(ProvisionError::Refused(refusal));
        if state.row(&device.tenant, &device.profile).is_some() {
            return refused(ProvisionRefusal::ProfileExists);
        }
        for other in state.tenant(&device.tenant) {
            if device.mac.is_some() && other.mac == device.mac {
                return refused(ProvisionRefusal::MacInUse);
            }
            if other.name == device.name {
                return refused(ProvisionRefusal::NameInUse);
            }
        }
        state.note(
            &device.tenant,
            Some(&device.profile),
            AuditEvent::Provisioned,
            None,
            now,
        );
        let row = Row {
            device: device.clone(),
            code: None,
        };
        state
            .devices
            .insert((device.tenant.clone(), device.profile.clone()), row);
        Ok(())
    }

    async fn request_code(
        &self,
        code: &NewCode,
        now: SystemTime,
    ) -> Result<Device, RequestCodeError> {
        let mut state = self.state();
        let refused = |refusal| Err(RequestCodeError::Refused(refusal));
        let Some(row) = state.row(code.tenant(), code.code().profile()) else {
            return refused(RequestCodeRefusal::UnknownDevice);
        };
        if row.device.account != *code.code().account() {
            return refused(RequestCodeRefusal::UnknownDevice);
        }
        if row.device.state == ActivationState::Activated {
            return refused(RequestCodeRefusal::Activated);
        }
        if row.device.mac.is_some() {
            return refused(RequestCodeRefusal::ProvisionedByMac);
        }
        let earlier = row.code;
        let mut codes = state.codes.clone();
        if let Some(earlier) = earlier {
            // One that was redeemed or has expired is no longer there to be revoked.
            let _ = codes.revoke(code.tenant(), earlier);
        }
        match codes.issue(code, now) {
            Ok(()) => {}
            Err(IssueRefusal::Outstanding) => {
                return refused(RequestCodeRefusal::Outstanding);
            }
            Err(_) => return refused(RequestCodeRefusal::CodeInUse),
        }
        state.codes = codes;
        let Some(row) = state.row(code.tenant(), code.code().profile()) else {
            return refused(RequestCodeRefusal::UnknownDevice);
        };
        row.code = Some(code.id());
        row.device.state = ActivationState::Activating;
        let device = row.device.clone();
        state.note(
            code.tenant(),
            Some(code.code().profile()),
            AuditEvent::CodeIssued,
            None,
            now,
        );
        Ok(device)
    }

    async fn accept_code(
        &self,
        redemption: &Redemption,
        now: SystemTime,
    ) -> Result<Grant, RedeemError> {
        let mut state = self.state();
        let answer = state.codes.redeem(redemption, now);
        state.note_redeem(redemption, &answer, now);
        answer
    }

    async fn activate(
        &self,
        activation: &Activation,
        now: SystemTime,
    ) -> Result<Activated, ActivateError> {
        let mut state = self.state();
        let mut codes = state.codes.clone();
        let grant = match &activation.entitlement {
            Entitlement::Certificate { .. } => None,
            Entitlement::Code(redemption) => {
                let answer = codes.redeem(redemption, now);
                if answer.is_err() {
                    state.note_redeem(redemption, &answer, now);
                }
                Some(answer.map_err(|error| match error {
                    RedeemError::Refused(refusal) => ActivateError::Code(refusal),
                    RedeemError::Store(error) => ActivateError::Store(error),
                    error => ActivateError::Store(StoreError::new("redeem a code", error)),
                })?)
            }
            Entitlement::Grant(id) => codes.grant(id),
        };
        let outcome = state.entitled(activation, grant.as_ref());
        let (key, repeated) = match outcome {
            Ok(found) => found,
            Err(refusal) => {
                let profile = grant.as_ref().map(Grant::profile);
                let reason = Some(Cow::Borrowed(refusal.as_str()));
                let event = AuditEvent::ActivationRefused;
                state.note(&activation.tenant, profile, event, reason, now);
                return Err(ActivateError::Refused(refusal));
            }
        };
        let subject = subject_of(activation, grant.as_ref());
        state.codes = codes;
        if !repeated {
            if let (Entitlement::Code(redemption), Some(grant)) = (&activation.entitlement, grant) {
                state.note_redeem(redemption, &Ok(grant), now);
            }
            state.note(&key.0, Some(&key.1), AuditEvent::Activated, None, now);
            state.announce(&key, OutboxKind::DeviceActivated, now);
        }
        let Some(row) = state.devices.get_mut(&key) else {
            return Err(ActivateError::Refused(ActivateRefusal::NotEntitled));
        };
        if !repeated {
            let device = &mut row.device;
            device.state = ActivationState::Activated;
            device.mac = Some(activation.mac);
            device.name = DeviceName::sep(activation.mac);
            device.subject = subject;
            device.serial_number.clone_from(&activation.serial_number);
            device.registration = None;
        }
        Ok(Activated {
            device: row.device.clone(),
            repeated,
        })
    }

    async fn deactivate(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        dummy: Option<[u8; 6]>,
        now: SystemTime,
    ) -> Result<Device, UpdateError> {
        let mut state = self.state();
        let dummy = dummy.map(DeviceName::bat);
        let taken = state
            .tenant(tenant)
            .any(|other| other.profile != *profile && dummy.as_ref() == Some(&other.name));
        if taken {
            return Err(UpdateError::NameInUse);
        }
        let row = state
            .row(tenant, profile)
            .ok_or(UpdateError::UnknownDevice)?;
        let code = row.code.take();
        let device = &mut row.device;
        device.state = ActivationState::Deactivated;
        device.subject = None;
        device.serial_number = None;
        device.registration = None;
        if let Some(name) = dummy {
            device.mac = None;
            device.name = name;
        }
        let device = device.clone();
        if let Some(code) = code {
            // One that was redeemed or has expired is no longer there to be revoked.
            let _ = state.codes.revoke(tenant, code);
        }
        state.note(tenant, Some(profile), AuditEvent::Deactivated, None, now);
        let key = (tenant.clone(), profile.clone());
        state.announce(&key, OutboxKind::DeviceDeactivated, now);
        Ok(device)
    }

    async fn registered(
        &self,
        tenant: &TenantId,
        key: &DeviceKey,
        registration: &Registration,
        now: SystemTime,
    ) -> Result<Registered, UpdateError> {
        let mut state = self.state();
        let found = state
            .find(tenant, key)
            .filter(|device| device.state == ActivationState::Activated)
            .ok_or(UpdateError::UnknownDevice)?;
        let (profile, first) = (found.profile.clone(), found.registration.is_none());
        let row = state
            .row(tenant, &profile)
            .ok_or(UpdateError::UnknownDevice)?;
        row.device.registration = Some(registration.clone());
        let device = row.device.clone();
        if first {
            state.note(tenant, Some(&profile), AuditEvent::Registered, None, now);
        }
        Ok(Registered { device, first })
    }

    async fn device(
        &self,
        tenant: &TenantId,
        key: &DeviceKey,
    ) -> Result<Option<Device>, StoreError> {
        Ok(self.state().find(tenant, key).cloned())
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, StoreError> {
        let state = self.state();
        let behind = state
            .audit
            .iter()
            .filter(|record| record.sequence() > after);
        Ok(behind.take(limit).cloned().collect())
    }

    async fn outbox(&self, limit: usize) -> Result<Vec<OutboxEvent>, StoreError> {
        Ok(self.state().outbox.iter().take(limit).cloned().collect())
    }

    async fn delivered(&self, sequence: u64) -> Result<(), StoreError> {
        self.state()
            .outbox
            .retain(|event| event.sequence != sequence);
        Ok(())
    }
}

impl State {
    /// Which device the activation is for, and whether it was done before.
    fn entitled(
        &self,
        activation: &Activation,
        grant: Option<&Grant>,
    ) -> Result<((TenantId, ProfileId), bool), ActivateRefusal> {
        let row = match (&activation.entitlement, grant) {
            (Entitlement::Certificate { .. }, _) => self.devices.values().find(|row| {
                row.device.tenant == activation.tenant && row.device.mac == Some(activation.mac)
            }),
            (_, Some(grant)) if *grant.tenant() == activation.tenant => self
                .devices
                .get(&(grant.tenant().clone(), grant.profile().clone())),
            _ => None,
        };
        let row = row.ok_or(ActivateRefusal::NotEntitled)?;
        let device = &row.device;
        if grant.is_some_and(|grant| row.code != Some(grant.code())) {
            return Err(ActivateRefusal::NotActivating);
        }
        let key = (device.tenant.clone(), device.profile.clone());
        match (device.state, grant) {
            (ActivationState::Activated, _) if device.mac == Some(activation.mac) => {
                return Ok((key, true));
            }
            (ActivationState::Activated, _) => return Err(ActivateRefusal::BoundElsewhere),
            (ActivationState::Activating, Some(_)) | (ActivationState::Deactivated, None) => {}
            _ => return Err(ActivateRefusal::NotActivating),
        }
        for other in self.tenant(&device.tenant) {
            if other.profile == device.profile {
                continue;
            }
            if other.mac == Some(activation.mac) {
                return Err(ActivateRefusal::MacInUse);
            }
            if other.subject == subject_of(activation, grant) {
                return Err(ActivateRefusal::SubjectInUse);
            }
        }
        Ok((key, false))
    }

    fn row(&mut self, tenant: &TenantId, profile: &ProfileId) -> Option<&mut Row> {
        self.devices.get_mut(&(tenant.clone(), profile.clone()))
    }

    fn tenant<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = &'a Device> {
        self.devices
            .values()
            .map(|row| &row.device)
            .filter(move |device| device.tenant == *tenant)
    }

    fn find<'a>(&'a self, tenant: &'a TenantId, key: &DeviceKey) -> Option<&'a Device> {
        self.tenant(tenant).find(|device| match key {
            DeviceKey::Mac(mac) => device.mac == Some(*mac),
            DeviceKey::Profile(profile) => device.profile == *profile,
            DeviceKey::Subject(subject) => device.subject == Some(*subject),
        })
    }

    fn note_redeem(
        &mut self,
        redemption: &Redemption,
        answer: &Result<Grant, RedeemError>,
        now: SystemTime,
    ) {
        let tenant = redemption.digests().tenant();
        match answer {
            Ok(grant) if grant.repeated() => {}
            Ok(grant) => {
                self.note(
                    tenant,
                    Some(grant.profile()),
                    AuditEvent::CodeRedeemed,
                    None,
                    now,
                );
            }
            Err(RedeemError::Refused(refusal)) => {
                let reason = Some(Cow::Borrowed(refusal.as_str()));
                self.note(tenant, None, AuditEvent::CodeRefused, reason, now);
            }
            Err(_) => {}
        }
    }

    fn note(
        &mut self,
        tenant: &TenantId,
        profile: Option<&ProfileId>,
        event: AuditEvent,
        reason: Option<Cow<'static, str>>,
        now: SystemTime,
    ) {
        let entry = AuditEntry {
            at: now.into(),
            tenant: tenant.clone(),
            profile: profile.cloned(),
            event,
            reason,
        };
        self.audit
            .push(AuditRecord::after(self.audit.last(), entry));
    }

    fn announce(&mut self, key: &(TenantId, ProfileId), kind: OutboxKind, now: SystemTime) {
        self.events += 1;
        self.outbox.push(OutboxEvent {
            sequence: self.events,
            kind,
            tenant: key.0.clone(),
            profile: key.1.clone(),
            at: now.into(),
        });
    }
}

/// The subject that the device of an activation gets.
fn subject_of(activation: &Activation, grant: Option<&Grant>) -> Option<Uuid> {
    match &activation.entitlement {
        Entitlement::Certificate { subject } => Some(*subject),
        Entitlement::Code(_) | Entitlement::Grant(_) => grant.map(|grant| *grant.id().as_uuid()),
    }
}

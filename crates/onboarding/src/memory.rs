//! A registry in memory: for tests, and as the model that every other store must agree with.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use offhook_activation_code::{
    CodeId, CodeStore, CodeTable, Grant, GrantId, GuessBatch, GuessCount, GuessStore, GuessTable,
    IssueError, NewCode, OutstandingCode, Page, ProfileId, RedeemError, Redemption, ReissueError,
    Replacement, RevokeError, StoreError, TenantId, Timestamp,
};
use offhook_device_name::DeviceName;

use crate::{
    Act, ActivateError, ActivateRefusal, Activated, Activation, ActivationState, AuditEntry,
    AuditEvent, AuditRecord, Device, DeviceKey, DeviceRecord, DeviceRequest, Entitlement,
    MoveError, OutboxEvent, OutboxKind, ProvisionError, ProvisionRefusal, Registered, Registration,
    Registry, RequestCodeError, RequestCodeRefusal, UpdateError,
};

/// A registry in memory, gone with the process.
///
/// It holds one lock over each verb, so every verb is atomic and they happen one after the other. To
/// undo a verb that is refused half-way it works on a copy: of the codes, so issuing and activating
/// take time in proportion to the codes that there are; of everything, where a device moves.
#[derive(Debug, Default)]
pub struct MemoryRegistry(Mutex<State>);

#[derive(Clone, Debug, Default)]
struct State {
    codes: CodeTable,
    guesses: GuessTable,
    devices: BTreeMap<(TenantId, ProfileId), DeviceRecord>,
    audit: Vec<AuditRecord>,
    outbox: Vec<OutboxEvent>,
    events: u64,
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
        let key = (new.tenant().clone(), new.profile().clone());
        if let Some(row) = state.devices.get_mut(&key)
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

    async fn purge_expired(&self, kept: Duration, now: SystemTime) -> Result<u64, StoreError> {
        Ok(self.state().codes.purge_expired(kept, now))
    }
}

#[async_trait]
impl GuessStore for MemoryRegistry {
    async fn charge_guesses(&self, batch: &GuessBatch) -> Result<Vec<GuessCount>, StoreError> {
        Ok(self.state().guesses.charge(batch))
    }

    async fn live_codes(&self, now: SystemTime) -> Result<u64, StoreError> {
        Ok(self.state().codes.live_codes(now))
    }

    async fn purge_guesses(&self, before: Timestamp, _now: SystemTime) -> Result<u64, StoreError> {
        Ok(self.state().guesses.purge(before))
    }
}

#[async_trait]
impl Registry for MemoryRegistry {
    async fn provision(&self, device: &Device, act: &Act) -> Result<(), ProvisionError> {
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
        state.note_act(device, AuditEvent::Provisioned, act);
        let row = DeviceRecord {
            device: device.clone(),
            code: None,
        };
        state
            .devices
            .insert((device.tenant.clone(), device.profile.clone()), row);
        Ok(())
    }

    async fn request_code(&self, code: &NewCode, act: &Act) -> Result<Device, RequestCodeError> {
        self.state()
            .issue(code, act, |row| row.with_code(code))
            .map_err(RequestCodeError::Refused)
    }

    async fn request_replacement_code(
        &self,
        code: &NewCode,
        act: &Act,
    ) -> Result<Device, RequestCodeError> {
        self.state()
            .issue(code, act, |row| row.with_replacement_code(code))
            .map_err(RequestCodeError::Refused)
    }

    async fn accept_code(
        &self,
        redemption: &Redemption,
        now: SystemTime,
    ) -> Result<Grant, RedeemError> {
        let mut state = self.state();
        let answer = state.codes.redeem(redemption, now);
        match &answer {
            Ok(grant) => state.note_all(AuditEntry::of_grant(grant, now.into())),
            Err(RedeemError::Refused(refusal)) => {
                state.note(AuditEntry::of_refused_code(
                    redemption,
                    *refusal,
                    now.into(),
                ));
            }
            Err(_) => {}
        }
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
            Entitlement::Code(redemption) => match codes.redeem(redemption, now) {
                Ok(grant) => Some(grant),
                Err(RedeemError::Refused(refusal)) => {
                    state.note(AuditEntry::of_refused_code(redemption, refusal, now.into()));
                    return Err(ActivateError::Code(refusal));
                }
                Err(RedeemError::Store(error)) => return Err(ActivateError::Store(error)),
                Err(error) => {
                    let error = StoreError::new("redeem a code", error);
                    return Err(ActivateError::Store(error));
                }
            },
            Entitlement::Grant(id) => codes.grant(id),
        };
        let grant = grant.as_ref();
        let (activated, before) = match state.activated(activation, grant) {
            Ok(outcome) => outcome,
            Err(refusal) => {
                let at = now.into();
                state.note(AuditEntry::of_refused_activation(
                    activation, grant, refusal, at,
                ));
                return Err(ActivateError::Refused(refusal));
            }
        };
        if !activated.repeated {
            void(&mut codes, &before, Some(&activated.device));
        }
        state.codes = codes;
        if !activated.repeated {
            if let (Entitlement::Code(_), Some(grant)) = (&activation.entitlement, grant) {
                state.note_all(AuditEntry::of_grant(grant, now.into()));
            }
            state.put(activated.device.clone(), before.code);
            state.note_device(&activated.device, AuditEvent::Activated, now);
            state.announce(&activated.device, OutboxKind::DeviceActivated, now);
        }
        Ok(activated)
    }

    async fn deactivate(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        dummy: Option<[u8; 6]>,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        let dummy = dummy.map(DeviceName::bat);
        let change = |row: DeviceRecord| Ok(row.deactivated(dummy));
        self.state().deactivate(tenant, profile, change, act)
    }

    async fn move_device(
        &self,
        from: &ProfileId,
        dummy: [u8; 6],
        code: &NewCode,
        act: &Act,
    ) -> Result<Device, MoveError> {
        let mut state = self.state();
        let mut next = state.clone();
        let change = |row: DeviceRecord| row.moved(DeviceName::bat(dummy));
        next.deactivate(code.tenant(), from, change, act)
            .map_err(MoveError::Update)?;
        let device = next
            .issue(code, act, |row| row.with_code_of_moved(code))
            .map_err(|refusal| MoveError::Code(RequestCodeError::Refused(refusal)))?;
        *state = next;
        Ok(device)
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        let mut state = self.state();
        let key = (tenant.clone(), profile.clone());
        let row = state.devices.remove(&key);
        let row = row.ok_or(UpdateError::UnknownDevice)?;
        void(&mut state.codes, &row, None);
        let device = row.device;
        state.note_act(&device, AuditEvent::Deleted, act);
        state.announce(&device, OutboxKind::DeviceDeleted, act.now);
        Ok(device)
    }

    async fn request(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        request: DeviceRequest,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        let mut state = self.state();
        let row = state.row(tenant, profile);
        let device = row.ok_or(UpdateError::UnknownDevice)?.device.clone();
        if device.state != ActivationState::Activated {
            return Err(UpdateError::NotActivated);
        }
        state.note_act(&device, request.audit_event(), act);
        state.announce(&device, request.outbox_kind(), act.now);
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
        let row = state
            .find(tenant, key)
            .cloned()
            .ok_or(UpdateError::UnknownDevice)?;
        let code = row.code;
        let registered = row
            .registered(registration.clone())
            .ok_or(UpdateError::UnknownDevice)?;
        state.put(registered.device.clone(), code);
        if registered.first {
            state.note_device(&registered.device, AuditEvent::Registered, now);
        }
        Ok(registered)
    }

    async fn device(
        &self,
        tenant: &TenantId,
        key: &DeviceKey,
    ) -> Result<Option<Device>, StoreError> {
        Ok(self.state().find(tenant, key).map(|row| row.device.clone()))
    }

    async fn devices(&self, tenant: &TenantId, page: Page) -> Result<Vec<Device>, StoreError> {
        let state = self.state();
        let mut devices: Vec<Device> = state
            .tenant(tenant)
            .filter(|device| page.start().is_none_or(|start| device.profile > *start))
            .cloned()
            .collect();
        devices.sort_by(|one, other| one.profile.cmp(&other.profile));
        devices.truncate(page.limit());
        Ok(devices)
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, StoreError> {
        let state = self.state();
        let behind = state
            .audit
            .iter()
            .filter(|record| record.sequence() > after);
        Ok(behind.take(limit).cloned().collect())
    }

    async fn outbox(
        &self,
        tenant: &TenantId,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<OutboxEvent>, StoreError> {
        let state = self.state();
        let events = state.outbox.iter().filter(|event| event.tenant == *tenant);
        let read = events.take(limit).map(|event| OutboxEvent {
            waited: event.at.abs_diff(now.into()),
            ..event.clone()
        });
        Ok(read.collect())
    }

    async fn purge_outbox(
        &self,
        tenant: &TenantId,
        kept: Duration,
        now: SystemTime,
    ) -> Result<u64, StoreError> {
        let outbox = &mut self.state().outbox;
        let before = outbox.len();
        outbox.retain(|event| event.tenant != *tenant || event.at.abs_diff(now.into()) <= kept);
        Ok((before - outbox.len()) as u64)
    }

    async fn delivered(&self, tenant: &TenantId, sequence: u64) -> Result<(), StoreError> {
        self.state()
            .outbox
            .retain(|event| event.sequence != sequence || event.tenant != *tenant);
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl State {
    /// Issues a code for the device as `change` makes it of what it was.
    fn issue(
        &mut self,
        code: &NewCode,
        act: &Act,
        change: impl FnOnce(DeviceRecord) -> Result<Device, RequestCodeRefusal>,
    ) -> Result<Device, RequestCodeRefusal> {
        let row = self.row(code.tenant(), code.code().profile()).cloned();
        let row = row.ok_or(RequestCodeRefusal::UnknownDevice)?;
        let device = change(row.clone())?;
        let mut codes = self.codes.clone();
        void(&mut codes, &row, Some(&device));
        codes.issue(code, act.now)?;
        self.codes = codes;
        self.put(device.clone(), Some(code.id()));
        self.note_act(&device, AuditEvent::CodeIssued, act);
        Ok(device)
    }

    /// Sets a device back to what `change` makes of it.
    fn deactivate(
        &mut self,
        tenant: &TenantId,
        profile: &ProfileId,
        change: impl FnOnce(DeviceRecord) -> Result<Device, UpdateError>,
        act: &Act,
    ) -> Result<Device, UpdateError> {
        let row = self.row(tenant, profile).cloned();
        let row = row.ok_or(UpdateError::UnknownDevice)?;
        let device = change(row.clone())?;
        let is_taken = self
            .tenant(tenant)
            .any(|other| other.profile != *profile && other.name == device.name);
        if is_taken {
            return Err(UpdateError::NameInUse);
        }
        void(&mut self.codes, &row, Some(&device));
        self.put(device.clone(), None);
        self.note_act(&device, AuditEvent::Deactivated, act);
        self.announce(&device, OutboxKind::DeviceDeactivated, act.now);
        Ok(device)
    }

    /// The device that the activation is for, as it is afterwards and as it was.
    fn activated(
        &self,
        activation: &Activation,
        grant: Option<&Grant>,
    ) -> Result<(Activated, DeviceRecord), ActivateRefusal> {
        let key = activation.key(grant);
        let row = key.and_then(|key| self.find(&activation.tenant, &key));
        let row = row.ok_or(ActivateRefusal::NotEntitled)?;
        let activated = row.clone().activated(activation, grant)?;
        let device = &activated.device;
        for other in self.tenant(&device.tenant) {
            if activated.repeated || other.profile == device.profile {
                continue;
            }
            if other.mac == device.mac || other.name == device.name {
                return Err(ActivateRefusal::MacInUse);
            }
            if other.subject == device.subject {
                return Err(ActivateRefusal::SubjectInUse);
            }
        }
        Ok((activated, row.clone()))
    }

    fn row(&self, tenant: &TenantId, profile: &ProfileId) -> Option<&DeviceRecord> {
        self.devices.get(&(tenant.clone(), profile.clone()))
    }

    /// Writes a device that exists.
    fn put(&mut self, device: Device, code: Option<CodeId>) {
        let key = (device.tenant.clone(), device.profile.clone());
        self.devices.insert(key, DeviceRecord { device, code });
    }

    fn tenant<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = &'a Device> {
        self.rows(tenant).map(|row| &row.device)
    }

    fn rows<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = &'a DeviceRecord> {
        self.devices
            .values()
            .filter(move |row| row.device.tenant == *tenant)
    }

    fn find<'a>(&'a self, tenant: &'a TenantId, key: &DeviceKey) -> Option<&'a DeviceRecord> {
        self.rows(tenant).find(|row| match key {
            DeviceKey::Mac(mac) => row.device.mac == Some(*mac),
            DeviceKey::Profile(profile) => row.device.profile == *profile,
            DeviceKey::Subject(subject) => row.device.subject == Some(*subject),
        })
    }

    fn note_act(&mut self, device: &Device, event: AuditEvent, act: &Act) {
        self.note(AuditEntry::of_act(device, event, act));
    }

    fn note_device(&mut self, device: &Device, event: AuditEvent, now: SystemTime) {
        self.note(AuditEntry::of_device(device, event, now.into()));
    }

    fn note(&mut self, entry: AuditEntry) {
        self.audit
            .push(AuditRecord::after(self.audit.last(), entry));
    }

    fn note_all(&mut self, entries: impl IntoIterator<Item = AuditEntry>) {
        for entry in entries {
            self.note(entry);
        }
    }

    fn announce(&mut self, device: &Device, kind: OutboxKind, now: SystemTime) {
        self.events += 1;
        self.outbox.push(OutboxEvent {
            sequence: self.events,
            kind,
            tenant: device.tenant.clone(),
            profile: device.profile.clone(),
            at: now.into(),
            waited: Duration::ZERO,
        });
    }
}

/// Voids the codes of `before` that have no right any more once the device is `after`, or gone.
fn void(codes: &mut CodeTable, before: &DeviceRecord, after: Option<&Device>) {
    let Some(void) = before.void_codes(after) else {
        return;
    };
    let (tenant, profile) = (&before.device.tenant, &before.device.profile);
    let code_of = |grant: Option<GrantId>| {
        let grant = codes.grant(&grant?)?;
        let is_own = grant.tenant() == tenant && grant.profile() == profile;
        is_own.then(|| grant.code())
    };
    let (own, kept) = (code_of(void.grant), code_of(void.kept));
    for code in [void.code, own].into_iter().flatten() {
        if Some(code) != kept {
            codes.void(tenant, code);
        }
    }
}

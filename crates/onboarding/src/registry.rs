//! What a store of devices must do.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use offhook_activation_code::{
    CodeStore, Grant, GuessStore, NewCode, Page, ProfileId, RedeemError, Redemption, StoreError,
    TenantId,
};

use crate::{
    Act, ActivateError, Activated, Activation, AuditRecord, Device, DeviceKey, DeviceRequest,
    MoveError, OutboxEvent, ProvisionError, Registered, Registration, RequestCodeError,
    UpdateError,
};

/// A store of devices that keeps their activation codes too, so that one transaction can change
/// both, and the counters of wrong codes, so that a service has one store to open, to back up and
/// to watch.
///
/// # What a store may do and what never
///
/// Every verb is one transaction: it happens whole, with its audit record and its outbox event, or
/// not at all. A refused verb changes nothing but the audit log. Once a verb has answered `Ok`, no
/// crash takes it back. It may happen that a verb takes effect and its answer is lost; `accept_code`
/// and `activate` then give the same answer to the same device again.
///
/// A code that is void is refused as one that was revoked is, to whoever has it, within the grace time
/// too, and in the transaction of the verb that voids it: see
/// [`DeviceRecord::void_codes`](crate::DeviceRecord::void_codes).
///
/// It must never happen that a void code is answered, that a code yields two grants, that a grant
/// activates two devices, that two devices of a tenant bear one address or one subject, or that a record
/// of the audit log is changed or dropped.
///
/// What an administrator does is an [`Act`]: its audit record names who did it. `now`, of an act too, is
/// the caller's clock; a store that several nodes share uses the database's clock instead and says so.
/// Times are kept as [`Timestamp`](offhook_activation_code::Timestamp), whole milliseconds.
#[async_trait]
pub trait Registry: CodeStore + GuessStore {
    /// Adds a device. Audit: `Provisioned`.
    ///
    /// # Errors
    ///
    /// [`ProvisionError::Refused`] when the tenant has that profile, name or address already.
    async fn provision(&self, device: &Device, act: &Act) -> Result<(), ProvisionError>;

    /// Issues a code for the device that the code's tenant and profile name, and sets it to
    /// *activating*. The code is then the device's only one: an earlier code, redeemed or not, and its
    /// grant are void from then on. Audit: `CodeIssued`.
    ///
    /// # Errors
    ///
    /// [`RequestCodeError::Refused`] when there is no such device, the code is for another account,
    /// the device has an address bound or is activated, the digest is in use, or the profile has a
    /// code from beside the registry.
    async fn request_code(&self, code: &NewCode, act: &Act) -> Result<Device, RequestCodeError>;

    /// Issues a code for the device that is to take the place of the one that the code's tenant and
    /// profile name. That one serves until the other is activated with the code; its subject and the
    /// code that it came by are void from then on. An earlier code for a replacement, redeemed or
    /// not, is void at once, as with [`request_code`](Self::request_code). Audit: `CodeIssued`.
    ///
    /// # Errors
    ///
    /// [`RequestCodeError::Refused`] when there is no such device, the code is for another account,
    /// the device is not activated, the digest is in use, or the profile has a code from beside the
    /// registry.
    async fn request_replacement_code(
        &self,
        code: &NewCode,
        act: &Act,
    ) -> Result<Device, RequestCodeError>;

    /// Redeems a code as [`CodeStore::redeem`] does and writes it into the audit log
    /// (`CodeRedeemed`, or `CodeRefused` with the real reason; a repeated answer writes nothing).
    /// The device stays *activating* until its grant is presented to [`activate`](Self::activate).
    ///
    /// # Errors
    ///
    /// As [`CodeStore::redeem`].
    async fn accept_code(
        &self,
        redemption: &Redemption,
        now: SystemTime,
    ) -> Result<Grant, RedeemError>;

    /// Activates a device: redeems its code where the entitlement is one, binds the address, names
    /// the device after it, sets subject and serial number and clears what was registered. Audit:
    /// `Activated` (behind `CodeRedeemed` for a code) or `ActivationRefused` (`CodeRefused` for a
    /// bad code). Outbox: `DeviceActivated`. Of a device that is replaced the code is void.
    ///
    /// The same entitlement and address again gives the same device with `repeated` set and writes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`ActivateError::Refused`] when the grant or the provisioned address is unknown, the device
    /// is not *activating* by this very code (for a code or a grant) nor to be replaced by it,
    /// another device of the tenant has the address or the subject, or the device was activated by
    /// the same grant with another address; [`ActivateError::Code`] when the code is refused.
    async fn activate(
        &self,
        activation: &Activation,
        now: SystemTime,
    ) -> Result<Activated, ActivateError>;

    /// Sets a device back to *deactivated*: its code, redeemed or not, and the grant of that are void;
    /// subject, serial number and registration are cleared. With `dummy` digits its address is cleared too and it takes
    /// the dummy name with those; without, address and name stay, and its certificate entitles it to
    /// be activated again. Audit: `Deactivated`. Outbox: `DeviceDeactivated`.
    ///
    /// # Errors
    ///
    /// [`UpdateError::UnknownDevice`] when the tenant has no such profile;
    /// [`UpdateError::NameInUse`] when another device has the dummy name.
    async fn deactivate(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        dummy: Option<[u8; 6]>,
        act: &Act,
    ) -> Result<Device, UpdateError>;

    /// Moves a device to another owner: sets the profile `from` back as [`deactivate`](Self::deactivate)
    /// does with `dummy` digits, and issues `code` for the profile that it names as
    /// [`request_code`](Self::request_code) does; gives that device. Both happen or neither. Audit:
    /// `Deactivated`, `CodeIssued`. Outbox: `DeviceDeactivated`.
    ///
    /// # Errors
    ///
    /// [`MoveError::Update`] as `deactivate`, and with [`UpdateError::NotActivated`] when `from` has
    /// no address, so that there is no device to move; [`MoveError::Code`] as `request_code`, and with
    /// [`RequestCodeRefusal::Awaited`](crate::RequestCodeRefusal::Awaited) when the other profile has a
    /// code already: of two who move a device there at once, one does.
    async fn move_device(
        &self,
        from: &ProfileId,
        dummy: [u8; 6],
        code: &NewCode,
        act: &Act,
    ) -> Result<Device, MoveError>;

    /// Drops a device, with its tags; its code, redeemed or not, and the grant of that are void. What
    /// the audit log says of it stays. Audit: `Deleted`. Outbox: `DeviceDeleted`.
    ///
    /// # Errors
    ///
    /// [`UpdateError::UnknownDevice`] when the tenant has no such profile.
    async fn delete(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        act: &Act,
    ) -> Result<Device, UpdateError>;

    /// Asks that an activated device do something, by an event to call control, which can reach it.
    /// Audit and outbox: as the request says.
    ///
    /// # Errors
    ///
    /// [`UpdateError::UnknownDevice`] when the tenant has no such profile, and
    /// [`UpdateError::NotActivated`].
    async fn request(
        &self,
        tenant: &TenantId,
        profile: &ProfileId,
        request: DeviceRequest,
        act: &Act,
    ) -> Result<Device, UpdateError>;

    /// Notes a registration of an activated device. Audit: `Registered`, for the first since its
    /// activation.
    ///
    /// # Errors
    ///
    /// [`UpdateError::UnknownDevice`] when no activated device of the tenant has the key, or its line
    /// has another address of record.
    async fn registered(
        &self,
        tenant: &TenantId,
        key: &DeviceKey,
        registration: &Registration,
        now: SystemTime,
    ) -> Result<Registered, UpdateError>;

    /// The device with that key; `None` where the tenant has none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not answer.
    async fn device(
        &self,
        tenant: &TenantId,
        key: &DeviceKey,
    ) -> Result<Option<Device>, StoreError>;

    /// A page of the tenant's devices, in the order of their profiles.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not answer.
    async fn devices(&self, tenant: &TenantId, page: Page) -> Result<Vec<Device>, StoreError>;

    /// Up to `limit` audit records behind the one with the sequence `after` (0 for the start), in
    /// order, over all tenants. Fewer are not the end of the log, but none are: those before a record that
    /// cannot be read come without it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not answer, and where the first of them cannot be read, with its
    /// sequence.
    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>, StoreError>;

    /// Up to `limit` undelivered events of the tenant, oldest first, which have
    /// [waited](OutboxEvent::waited) until `now`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not answer.
    async fn outbox(
        &self,
        tenant: &TenantId,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<OutboxEvent>, StoreError>;

    /// Drops those of the tenant's events that have waited for longer than `kept`, at least from the oldest
    /// on to where a thousand in a row have not; says how many.
    ///
    /// It is for a service of which nobody hears events: called from time to time, it bounds the outbox by
    /// what happens in `kept`, which is also the time in which a receiver can be set up that misses
    /// nothing. Where a [`Delivery`](crate::Delivery) runs over the same tenant, it must not be called: an
    /// event would be lost when its receiver is down for longer than `kept`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not answer; what was dropped by then is gone.
    async fn purge_outbox(
        &self,
        tenant: &TenantId,
        kept: Duration,
        now: SystemTime,
    ) -> Result<u64, StoreError>;

    /// Drops the tenant's event with that sequence from the outbox, as it is done with; one that is gone
    /// already, or another tenant's, is no error.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not answer.
    async fn delivered(&self, tenant: &TenantId, sequence: u64) -> Result<(), StoreError>;

    /// Whether verbs can take place now, those that write and those that read: each part that does the
    /// work of a verb is asked, and nothing is changed.
    ///
    /// It is for a balancer that asks every few seconds, and costs no more than a verb.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they would fail.
    async fn ready(&self) -> Result<(), StoreError>;
}

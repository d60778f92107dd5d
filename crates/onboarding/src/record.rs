//! The rules by which a device changes: pure functions over values, the same for every store.

use offhook_activation_code::{CodeId, Grant, GrantId, NewCode};
use offhook_device_name::DeviceName;
use uuid::Uuid;

use crate::{
    ActivateRefusal, Activated, Activation, ActivationState, Device, DeviceKey, Entitlement,
    LinePort, Registered, Registration, RequestCodeRefusal, UpdateError,
};

/// A device, and what a registry keeps beside it.
///
/// Its methods are the rules of [`Registry`](crate::Registry) that concern one device. Each gives
/// the device as it is to be written, and the store sees to it that no other device of the tenant
/// has the name, the address or the subject.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores build it from their rows; a new field must reach every store"
)]
pub struct DeviceRecord {
    /// The device.
    pub device: Device,
    /// The code that the device may be activated by, redeemed or not.
    pub code: Option<CodeId>,
}

/// Which codes of a device are void once it has changed: the code `code` and the one that gave
/// `grant`, but for the one that gave `kept`. All of them are codes of its tenant and profile.
///
/// A store voids them, redeemed or not, in the transaction that changes the device:
/// [`CodeTable::void`](offhook_activation_code::CodeTable::void) says what that is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores take it apart; a new field must reach every store"
)]
pub struct VoidCodes {
    /// The code that the device was to be activated by.
    pub code: Option<CodeId>,
    /// The grant that it was activated by, where that was by a code.
    pub grant: Option<GrantId>,
    /// The grant that its subject is afterwards, if it has one.
    pub kept: Option<GrantId>,
}

impl DeviceRecord {
    /// The codes that are void once this device is `after`, or gone: whatever it came by or was to come
    /// by, but for what gave it the subject that it has then. `None` where there are none.
    ///
    /// So a device that is to be replaced keeps its own code until another has taken its place, and
    /// the code by which another was to come before is void at once.
    #[must_use]
    pub fn void_codes(&self, after: Option<&Device>) -> Option<VoidCodes> {
        let grant = |device: &Device| device.subject.map(GrantId::from_uuid);
        let void = VoidCodes {
            code: self.code,
            grant: grant(&self.device),
            kept: after.and_then(grant),
        };
        // Its first subject is that of its code, or of a certificate where it has no code.
        let is_first = void.grant.is_none() && void.kept.is_some();
        let has_none = void.grant.is_none() && void.code.is_none();
        (!is_first && !has_none).then_some(void)
    }

    /// The device once `code` is issued for it. `code` is then its own, and an earlier one void.
    ///
    /// # Errors
    ///
    /// [`RequestCodeRefusal`]: the code is for another account, the device is activated, or it has
    /// an address.
    pub fn with_code(self, code: &NewCode) -> Result<Device, RequestCodeRefusal> {
        let device = self.device;
        if device.account != *code.code().account() {
            return Err(RequestCodeRefusal::UnknownDevice);
        }
        if device.state == ActivationState::Activated {
            return Err(RequestCodeRefusal::Activated);
        }
        if device.mac.is_some() {
            return Err(RequestCodeRefusal::ProvisionedByMac);
        }
        Ok(Device {
            state: ActivationState::Activating,
            ..device
        })
    }

    /// As [`with_code`](Self::with_code), for a device that moves here.
    ///
    /// # Errors
    ///
    /// As `with_code`; and [`RequestCodeRefusal::Awaited`] when the device has a code.
    pub fn with_code_of_moved(self, code: &NewCode) -> Result<Device, RequestCodeRefusal> {
        let is_awaited = self.device.state == ActivationState::Activating;
        let device = self.with_code(code)?;
        if is_awaited {
            return Err(RequestCodeRefusal::Awaited);
        }
        Ok(device)
    }

    /// The device once `code` is issued for the one that is to take its place: unchanged, for it
    /// serves until the other is activated. `code` is then its own, and an earlier one void.
    ///
    /// # Errors
    ///
    /// [`RequestCodeRefusal`]: the code is for another account, or the device is not activated.
    pub fn with_replacement_code(self, code: &NewCode) -> Result<Device, RequestCodeRefusal> {
        let device = self.device;
        if device.account != *code.code().account() {
            return Err(RequestCodeRefusal::UnknownDevice);
        }
        if device.state != ActivationState::Activated {
            return Err(RequestCodeRefusal::NotActivated);
        }
        Ok(device)
    }

    /// The device once `activation` has taken place, by `grant` where the entitlement is a code or
    /// a grant. Where the same device was activated by the same right before, it is unchanged.
    ///
    /// # Errors
    ///
    /// [`ActivateRefusal`]: the device does not wait to be activated by this right, or was
    /// activated with another address.
    pub fn activated(
        self,
        activation: &Activation,
        grant: Option<&Grant>,
    ) -> Result<Activated, ActivateRefusal> {
        let device = self.device;
        let is_own = |grant: &Grant| device.subject == Some(*grant.id().as_uuid());
        let is_activated = device.state == ActivationState::Activated;
        if is_activated && grant.is_none_or(is_own) {
            if device.mac != Some(activation.mac) {
                return Err(ActivateRefusal::BoundElsewhere);
            }
            return Ok(Activated {
                device,
                repeated: true,
            });
        }
        // From here on a grant is that of the code which the device, or the one that takes its place,
        // is to be activated by.
        if grant.is_some_and(|grant| self.code != Some(grant.code())) {
            return Err(ActivateRefusal::NotActivating);
        }
        match (device.state, grant) {
            (ActivationState::Activated | ActivationState::Activating, Some(_))
            | (ActivationState::Deactivated, None) => {}
            _ => return Err(ActivateRefusal::NotActivating),
        }
        let device = Device {
            name: DeviceName::sep(activation.mac),
            mac: Some(activation.mac),
            state: ActivationState::Activated,
            subject: activation.subject(grant),
            serial_number: activation.serial_number.clone(),
            registration: None,
            ..device
        };
        Ok(Activated {
            device,
            repeated: false,
        })
    }

    /// The device once it is deactivated; it has no code then, and with a dummy name no address.
    #[must_use]
    pub fn deactivated(self, dummy: Option<DeviceName>) -> Device {
        let device = self.device;
        let (mac, name) = match dummy {
            Some(name) => (None, name),
            None => (device.mac, device.name),
        };
        Device {
            name,
            mac,
            state: ActivationState::Deactivated,
            subject: None,
            serial_number: None,
            registration: None,
            ..device
        }
    }

    /// What stays behind where the device moves to another owner: as [`deactivated`](Self::deactivated)
    /// with the dummy name.
    ///
    /// # Errors
    ///
    /// [`UpdateError::NotActivated`] when there is no address: a profile that waits for its first
    /// device has none to move, and a code to lose.
    pub fn moved(self, dummy: DeviceName) -> Result<Device, UpdateError> {
        if self.device.mac.is_none() {
            return Err(UpdateError::NotActivated);
        }
        Ok(self.deactivated(Some(dummy)))
    }

    /// The device with that registration; `None` where it is not activated, or its line has another
    /// address of record.
    #[must_use]
    pub fn registered(self, registration: Registration) -> Option<Registered> {
        let mut device = self.device;
        let line_port: LinePort = registration.sip_address.parse().ok()?;
        if device.state != ActivationState::Activated || line_port != device.line_port {
            return None;
        }
        let first = device.registration.replace(registration).is_none();
        Some(Registered { device, first })
    }
}

impl Activation {
    /// The device that is to be activated: that of `grant` for a code or a grant, that with the
    /// address for a certificate; `None` where the tenant has no such grant.
    #[must_use]
    pub fn key(&self, grant: Option<&Grant>) -> Option<DeviceKey> {
        match &self.entitlement {
            Entitlement::Certificate { .. } => Some(DeviceKey::Mac(self.mac)),
            Entitlement::Code(_) | Entitlement::Grant(_) => grant
                .filter(|grant| *grant.tenant() == self.tenant)
                .map(|grant| DeviceKey::Profile(grant.profile().clone())),
        }
    }

    /// The subject that the device gets: that of the certificate's entitlement, or the name of the
    /// grant.
    #[must_use]
    pub fn subject(&self, grant: Option<&Grant>) -> Option<Uuid> {
        match &self.entitlement {
            Entitlement::Certificate { subject } => Some(*subject),
            Entitlement::Code(_) | Entitlement::Grant(_) => {
                grant.map(|grant| *grant.id().as_uuid())
            }
        }
    }
}

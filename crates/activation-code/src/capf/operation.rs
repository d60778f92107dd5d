//! Operations and attempts at them.

use std::num::NonZeroU8;
use std::time::SystemTime;

use offhook_device_name::DeviceName;

use crate::{CapfOrderRefusal, CodeDigest, TenantId, Timestamp};

/// The device that is to get a certificate.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CapfDevice {
    tenant: TenantId,
    name: DeviceName,
}

impl CapfDevice {
    /// The device `name` of `tenant`.
    #[must_use]
    pub fn new(tenant: TenantId, name: DeviceName) -> Self {
        Self { tenant, name }
    }

    /// Whose device it is.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The name of the device.
    #[must_use]
    pub fn name(&self) -> &DeviceName {
        &self.name
    }
}

/// What the device is, as far as the authentication mode depends on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CapfDeviceType {
    /// A softphone on a Windows computer, with a `CSF` name.
    JabberForWindows,
    /// A softphone of a virtual desktop (VXME, JVDI).
    JabberForVdi,
    /// Any other device.
    Other,
}

/// How the device authenticates itself.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CapfMode {
    /// By nothing: whoever comes first under the name of the device.
    ByNullString,
    /// By the string whose digest under the current pepper this is.
    ByString(CodeDigest),
}

/// A certificate operation that a device has been ordered to complete: install or upgrade.
///
/// A device has at most one. It is over when the device completes it, at its deadline, or when it
/// is ordered anew or cancelled.
///
/// # Source
///
/// Jabber on-premises deployment, CAPF information: authentication mode, operation completes by;
/// the null string is not supported for Jabber for Windows (CSF) and for VXME and JVDI devices;
/// after wrong strings in a row the right one is rejected too, and a new one must be generated.
/// How many in a row is ours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CapfOperation {
    device: CapfDevice,
    mode: CapfMode,
    completes_by: Timestamp,
    max_misses: NonZeroU8,
}

impl CapfOperation {
    /// After how many wrong strings in a row the string is locked, unless told otherwise: five.
    pub const DEFAULT_MAX_MISSES: NonZeroU8 = NonZeroU8::MIN.saturating_add(4);

    /// The operation of `device`, to be completed before `completes_by`.
    ///
    /// # Errors
    ///
    /// [`CapfOrderRefusal::NullString`] when a device of `device_type` cannot do without a string.
    pub fn new(
        device: CapfDevice,
        device_type: CapfDeviceType,
        mode: CapfMode,
        completes_by: SystemTime,
    ) -> Result<Self, CapfOrderRefusal> {
        if mode == CapfMode::ByNullString && device_type != CapfDeviceType::Other {
            return Err(CapfOrderRefusal::NullString);
        }
        Ok(Self {
            device,
            mode,
            completes_by: completes_by.into(),
            max_misses: Self::DEFAULT_MAX_MISSES,
        })
    }

    /// The operation that is locked after `max_misses` wrong strings in a row.
    #[must_use]
    pub fn with_max_misses(self, max_misses: NonZeroU8) -> Self {
        Self { max_misses, ..self }
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &CapfDevice {
        &self.device
    }

    /// How the device authenticates itself.
    #[must_use]
    pub fn mode(&self) -> &CapfMode {
        &self.mode
    }

    /// The first moment at which the device is refused.
    #[must_use]
    pub fn completes_by(&self) -> Timestamp {
        self.completes_by
    }

    /// After how many wrong strings in a row the string is locked.
    #[must_use]
    pub fn max_misses(&self) -> NonZeroU8 {
        self.max_misses
    }
}

/// A device presents a string, or none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CapfAttempt {
    device: CapfDevice,
    digests: Vec<CodeDigest>,
}

impl CapfAttempt {
    /// `device` presents the string with the `digests` under every pepper, from
    /// [`Peppers::string_digests`](crate::Peppers::string_digests).
    #[must_use]
    pub fn by_string(device: CapfDevice, digests: Vec<CodeDigest>) -> Self {
        Self { device, digests }
    }

    /// `device` presents the null string.
    #[must_use]
    pub fn by_null_string(device: CapfDevice) -> Self {
        Self {
            device,
            digests: Vec::new(),
        }
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &CapfDevice {
        &self.device
    }

    /// Whether the attempt is good for an operation of `mode`, deadline and lock aside. A string
    /// where none was ordered is not good, and none where one was ordered is not either.
    #[must_use]
    pub fn satisfies(&self, mode: &CapfMode) -> bool {
        match mode {
            CapfMode::ByNullString => self.digests.is_empty(),
            CapfMode::ByString(digest) => self.digests.contains(digest),
        }
    }
}

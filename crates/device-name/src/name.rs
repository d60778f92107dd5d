//! The name under which a device is known to call control.

use std::fmt;
use std::str::FromStr;

use crate::{MacAddress, ParseDeviceNameError};

/// The name under which a device is known to call control.
///
/// A phone is `SEP` and its MAC address. Before its address is known it bears a dummy name, `BAT`
/// and twelve hexadecimal digits. Softphones have a prefix of their kind and a text.
///
/// # Source
///
/// Unified CM, device onboarding by activation code: `SEP` and `BAT` names; Jabber on-premises
/// deployment: `CSF`, `TCT`, `TAB`, `BOT` names of at most 15 characters.
///
/// # Examples
///
/// ```
/// use offhook_device_name::{DeviceName, DeviceNameKind};
///
/// let name: DeviceName = "BAT0123456789AB".parse()?;
/// assert_eq!(name.kind(), DeviceNameKind::Bat);
/// assert_eq!(DeviceName::sep([0, 14, 8, 171, 205, 239].into()).to_string(), "SEP000E08ABCDEF");
/// # Ok::<(), offhook_device_name::ParseDeviceNameError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DeviceName {
    kind: DeviceNameKind,
    text: Box<str>,
}

/// The kind of a device, told from the prefix of its name.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum DeviceNameKind {
    /// `BAT`: a phone whose MAC address is not yet known; a dummy name.
    Bat,
    /// `BOT`: a softphone on an Android telephone.
    Bot,
    /// `CSF`: a softphone on a desktop computer.
    Csf,
    /// `SEP`: a phone or room device, followed by its MAC address.
    Sep,
    /// `TAB`: a softphone on a tablet.
    Tab,
    /// `TCT`: a softphone on an iPhone.
    Tct,
}

impl DeviceNameKind {
    /// The three letters with which names of this kind start.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Bat => "BAT",
            Self::Bot => "BOT",
            Self::Csf => "CSF",
            Self::Sep => "SEP",
            Self::Tab => "TAB",
            Self::Tct => "TCT",
        }
    }

    /// Whether devices of this kind are softphones, of which a user has one of each kind at most.
    ///
    /// # Source
    ///
    /// Jabber on-premises deployment: one device of each type a user.
    #[must_use]
    pub const fn is_softphone(self) -> bool {
        !self.is_hardware()
    }

    /// Whether names of this kind are the prefix and twelve hexadecimal digits.
    const fn is_hardware(self) -> bool {
        matches!(self, Self::Bat | Self::Sep)
    }
}

impl DeviceName {
    /// The most characters that a name has, its prefix included.
    pub const MAX_LENGTH: usize = 15;

    /// The name of the phone with this address.
    #[must_use]
    pub fn sep(mac: MacAddress) -> Self {
        Self {
            kind: DeviceNameKind::Sep,
            text: format!("SEP{mac}").into(),
        }
    }

    /// The dummy name with these twelve digits, for a phone whose address is not yet known.
    #[must_use]
    pub fn bat(digits: [u8; 6]) -> Self {
        Self {
            kind: DeviceNameKind::Bat,
            text: format!("BAT{}", MacAddress::new(digits)).into(),
        }
    }

    /// What kind of device bears the name.
    #[must_use]
    pub const fn kind(&self) -> DeviceNameKind {
        self.kind
    }

    /// The MAC address in a `SEP` name; `None` for every other kind, as the digits of a dummy name
    /// are no address.
    #[must_use]
    pub fn mac(&self) -> Option<MacAddress> {
        match self.kind {
            DeviceNameKind::Sep => self.text.get(3..)?.parse().ok(),
            _ => None,
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for DeviceName {
    type Err = ParseDeviceNameError;

    /// Reads a name; the digits of `SEP` and `BAT` names may be of either case and become upper
    /// case, everything else is taken as it is.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = KINDS
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))
            .ok_or(ParseDeviceNameError::UnknownPrefix)?;
        let rest = text.get(PREFIX_LENGTH..).unwrap_or_default();
        if kind.is_hardware() {
            if rest.len() != 12 || !rest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(ParseDeviceNameError::NotTwelveDigits);
            }
            return Ok(Self {
                kind,
                text: text.to_ascii_uppercase().into(),
            });
        }
        if rest.is_empty() {
            return Err(ParseDeviceNameError::TooShort);
        }
        let allowed = |char: char| match kind {
            DeviceNameKind::Csf => char.is_ascii_alphanumeric(),
            _ => {
                char.is_ascii_uppercase()
                    || char.is_ascii_digit()
                    || matches!(char, '.' | '_' | '-')
            }
        };
        if let Some(at) = rest.chars().position(|char| !allowed(char)) {
            return Err(ParseDeviceNameError::BadCharacter {
                at: PREFIX_LENGTH + at,
            });
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(ParseDeviceNameError::TooLong);
        }
        Ok(Self {
            kind,
            text: text.into(),
        })
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const KINDS: [DeviceNameKind; 6] = [
    DeviceNameKind::Bat,
    DeviceNameKind::Bot,
    DeviceNameKind::Csf,
    DeviceNameKind::Sep,
    DeviceNameKind::Tab,
    DeviceNameKind::Tct,
];
const PREFIX_LENGTH: usize = 3;

#[cfg(feature = "serde")]
crate::text::serde_as_text!(DeviceName, "a device name");

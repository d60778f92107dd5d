//! Any configuration document, whichever kind it is.

mod difference;
mod secret;
mod warning;

pub use difference::{Change, Difference, Shown};
pub use secret::has_credentials;
pub use warning::Warning;

use crate::mpp::{FlatProfile, PROFILE};
use crate::room_os::{CONFIGURATION, Configuration};
use crate::sip::OfDevice;
use crate::unified_cm::{ConfigurationFile, DEFAULTS, DEVICE, Line};
use crate::xml::{Names, Tree, WhiteSpace};
use crate::{DocumentError, DocumentFault, Limits, SettingsError, SipSettings};

/// A configuration document, its kind found by its root.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Document {
    /// Of a room device.
    Configuration(Configuration),
    /// Of a multiplatform phone.
    FlatProfile(FlatProfile),
    /// Of Unified CM.
    UnifiedCm(ConfigurationFile),
}

impl Document {
    /// Reads a document of any kind.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with the place and what is wrong there.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, DocumentError> {
        // Which names are good, and what of white space, depends on the kind, which is not known yet:
        // these are those of Unified CM.
        let tree = Tree::parse(bytes, Names::Prefixed, WhiteSpace::Kept, limits)?;
        let root = tree.root();
        let is_profile = tree.child(root, PROFILE).is_some();
        match tree.name(root) {
            PROFILE => FlatProfile::parse(bytes, limits).map(Self::FlatProfile),
            DEVICE if is_profile => FlatProfile::parse(bytes, limits).map(Self::FlatProfile),
            CONFIGURATION => Configuration::parse(bytes, limits).map(Self::Configuration),
            DEVICE | DEFAULTS => ConfigurationFile::from_tree(tree, limits).map(Self::UnifiedCm),
            _ => Err(DocumentError::new(tree.place(root), DocumentFault::Root)),
        }
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> DocumentKind {
        match self {
            Self::Configuration(_) => DocumentKind::Configuration,
            Self::FlatProfile(_) => DocumentKind::FlatProfile,
            Self::UnifiedCm(file) if file.defaults().is_some() => DocumentKind::Defaults,
            Self::UnifiedCm(_) => DocumentKind::Device,
        }
    }

    /// The SIP settings of each line, with the number of the line where the document has several.
    ///
    /// No more than 256 lines of a device of Unified CM are read; the next one stands for the rest
    /// with [`SettingsError::TooManyLines`].
    ///
    /// For a default document of Unified CM, which names no user, there are none here:
    /// [`SipSettings::from_defaults`] wants one.
    #[must_use]
    pub fn settings(&self) -> Vec<(Option<u16>, Result<SipSettings, SettingsError>)> {
        match self {
            Self::Configuration(configuration) => {
                vec![(None, SipSettings::from_configuration(configuration))]
            }
            Self::FlatProfile(profile) => {
                let line = |line| {
                    let settings = SipSettings::from_flat_profile(profile, line);
                    (Some(u16::from(line)), settings)
                };
                profile.lines().into_iter().map(line).collect()
            }
            Self::UnifiedCm(file) => {
                let Some(device) = file.device() else {
                    return Vec::new();
                };
                let common = OfDevice::read(&device);
                let line = |(at, line): (usize, Line<'_>)| {
                    let settings = match at {
                        MAX_LINES => Err(SettingsError::TooManyLines),
                        _ => common.line(&line),
                    };
                    (line.button(), settings)
                };
                let lines = device.lines().take(MAX_LINES + 1).enumerate();
                lines.map(line).collect()
            }
        }
    }
}

/// The kind of a document.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum DocumentKind {
    /// `<Configuration>`, of a room device.
    Configuration,
    /// `<Default>`, of Unified CM.
    Defaults,
    /// `<device>`, of Unified CM.
    Device,
    /// `<flat-profile>`, of a multiplatform phone.
    FlatProfile,
}

impl DocumentKind {
    /// A word for it, for machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "room-os-configuration",
            Self::Defaults => "unified-cm-defaults",
            Self::Device => "unified-cm-device",
            Self::FlatProfile => "flat-profile",
        }
    }
}

/// How many lines of a device are read; its guides know of some hundred buttons at most.
const MAX_LINES: usize = 256;

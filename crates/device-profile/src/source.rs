//! Where a rule or a fact stands.

use std::fmt;

use serde::{Serialize, Serializer};

/// The text that states a rule or a fact, and its section.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Source {
    /// Which text.
    pub document: Document,
    /// Which section of it; empty where it has none.
    pub section: &'static str,
}

impl Source {
    pub(crate) const fn new(document: Document, section: &'static str) -> Self {
        Self { document, section }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.document.title())?;
        if !self.section.is_empty() {
            write!(f, ", {}", self.section)?;
        }
        Ok(())
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that states rules or facts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Document {
    /// Unified CM, device onboarding by activation code.
    ActivationCodes,
    /// Device integration for Webex on `BroadWorks`.
    DeviceIntegration,
    /// The rule is this project's own.
    Ours,
    /// The schema of the provisioning interface.
    ProvisioningSchema,
    /// Requirements of mobile and remote access.
    RemoteAccess,
    /// Unified CM, SIP OAuth mode.
    SipOAuth,
    /// Unified CM, configuration of softphones.
    Softphones,
}

impl Document {
    /// Its title, in English.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ActivationCodes => "Unified CM, device onboarding by activation code",
            Self::DeviceIntegration => "device integration for Webex on BroadWorks",
            Self::Ours => "a rule of this project's own",
            Self::ProvisioningSchema => "schema of the provisioning interface",
            Self::RemoteAccess => "requirements of mobile and remote access",
            Self::SipOAuth => "Unified CM, SIP OAuth mode",
            Self::Softphones => "Unified CM, configuration of softphones",
        }
    }
}

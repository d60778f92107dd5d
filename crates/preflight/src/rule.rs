//! The rules: what is checked, why, and how to mend it.

use std::fmt;

use serde::{Serialize, Serializer};

use self::table::ALL;

pub(crate) mod table;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Good to know; onboarding works.
    Note,
    /// It may work, or works and should be otherwise.
    Warning,
    /// Onboarding will fail, for some devices at least.
    Error,
}

impl Severity {
    /// The word for it: `error`, `warning` or `note`, as in SARIF.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The document and the section that state a rule.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Source {
    /// The document.
    pub document: &'static str,
    /// The section; empty where there is none.
    pub section: &'static str,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.document)?;
        if !self.section.is_empty() {
            write!(f, ", {}", self.section)?;
        }
        Ok(())
    }
}

impl From<offhook_device_profile::Source> for Source {
    fn from(source: offhook_device_profile::Source) -> Self {
        Self {
            document: source.document.title(),
            section: source.section,
        }
    }
}

impl From<offhook_device_identity::requirement::Citation> for Source {
    fn from(source: offhook_device_identity::requirement::Citation) -> Self {
        Self {
            document: source.document(),
            section: source.section(),
        }
    }
}

/// To which part of a deployment a rule belongs; reports are grouped by it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Group {
    /// Releases, patches, features and services of `BroadWorks`.
    #[serde(rename = "broadworks")]
    BroadWorks,
    /// Certificates and trust stores for remote access.
    Certificates,
    /// The description itself.
    Description,
    /// Devices, their types and models.
    Devices,
    /// Tokens, and how a device's MAC address is told.
    Identity,
    /// The edge: names, ports, addresses, limits.
    RemoteAccess,
    /// The SIP domain and the session border controller.
    Sip,
    /// Unified CM.
    UnifiedCm,
    /// Releases of what has to work together.
    Versions,
}

impl Group {
    /// Its title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::BroadWorks => "BroadWorks",
            Self::Certificates => "Certificates",
            Self::Description => "Description",
            Self::Devices => "Devices",
            Self::Identity => "Identity",
            Self::RemoteAccess => "Remote access",
            Self::Sip => "SIP",
            Self::UnifiedCm => "Unified CM",
            Self::Versions => "Versions",
        }
    }
}

/// Something that is checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rule {
    id: &'static str,
    group: Group,
    severity: Severity,
    title: &'static str,
    source: Source,
    mend: &'static str,
}

impl Rule {
    /// All rules, in the order of reports.
    pub const ALL: &'static [Self] = ALL;

    /// Its name for machines, which never changes its meaning.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// To which part of a deployment it belongs.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.group
    }

    /// How much it matters where a finding does not say otherwise.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What must be so.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// Where it stands, where a finding does not say otherwise.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    /// What to do where it is not so.
    #[must_use]
    pub const fn mend(&self) -> &'static str {
        self.mend
    }

    /// Its place in [`ALL`](Self::ALL).
    pub(crate) fn index(&self) -> usize {
        let mut all = ALL.iter();
        all.position(|rule| rule.id == self.id).unwrap_or(ALL.len())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

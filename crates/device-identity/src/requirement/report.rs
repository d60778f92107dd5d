//! What a check has found.

use std::fmt;

use super::{Holder, NameKind, TrustStore};
use crate::CertificateError;

/// Everything that a check has looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// Every requirement that was judged, met or not.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The requirements that are not met.
    pub fn unmet(&self) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(|finding| matches!(finding.outcome, Outcome::Unmet(_)))
    }

    /// The requirements that could not be judged, for something has not been described.
    pub fn unknown(&self) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(|finding| matches!(finding.outcome, Outcome::Unknown(_)))
    }

    pub(super) fn add(&mut self, requirement: Requirement, outcome: Outcome, source: Citation) {
        self.findings.push(Finding {
            requirement,
            outcome,
            source,
        });
    }
}

/// A line for each finding, then one with the sums.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        write!(
            f,
            "{} requirements, {} not met, {} unknown",
            self.findings.len(),
            self.unmet().count(),
            self.unknown().count()
        )
    }
}

/// One requirement, and whether it is met.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    requirement: Requirement,
    outcome: Outcome,
    source: Citation,
}

impl Finding {
    /// What is required.
    #[must_use]
    pub const fn requirement(&self) -> &Requirement {
        &self.requirement
    }

    /// Whether it is met, and why not.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Where it is required.
    #[must_use]
    pub const fn source(&self) -> Citation {
        self.source
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requirement = &self.requirement;
        match &self.outcome {
            Outcome::Met => write!(f, "met: {requirement}")?,
            Outcome::Advised(advice) => write!(f, "advice: {requirement}: {advice}")?,
            Outcome::Unknown(missing) => write!(f, "unknown: {requirement}: {missing}")?,
            Outcome::Unmet(problem) => write!(f, "not met: {requirement}: {problem}")?,
        }
        write!(f, " ({})", self.source)
    }
}

/// The document and the section that ask for something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Citation {
    pub(super) document: &'static str,
    pub(super) section: &'static str,
}

impl Citation {
    /// The document.
    #[must_use]
    pub const fn document(self) -> &'static str {
        self.document
    }

    /// The section, and the table or step in it.
    #[must_use]
    pub const fn section(self) -> &'static str {
        self.section
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.document, self.section)
    }
}

/// Where a certificate stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// In the chain that this holder presents.
    Chain(Holder),
    /// In this trust store.
    Store(TrustStore),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(holder) => write!(f, "the chain of the {holder} certificate"),
            Self::Store(store) => write!(f, "{store}"),
        }
    }
}

/// Something that the guides require.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Requirement {
    /// A name among the subject alternative names.
    AlternativeName {
        /// Whose certificate.
        holder: Holder,
        /// What the name is.
        kind: NameKind,
        /// The name.
        name: String,
    },
    /// Names of a kind that every deployment has, none of which was described.
    AlternativeNames {
        /// Whose certificate.
        holder: Holder,
        /// What the names are.
        kind: NameKind,
    },
    /// Each certificate of the chain issued by the next.
    Chain(Holder),
    /// Client authentication among the extended key usages.
    ClientAuthentication(Holder),
    /// Self-signed certificates with different common names.
    DistinctCommonNames {
        /// One of them.
        first: Holder,
        /// The other.
        second: Holder,
    },
    /// A certificate that can be read.
    Readable {
        /// Where it stands.
        place: Place,
        /// Its position there, from 0.
        position: usize,
    },
    /// A name entered for the Expressway-C that its certificate has.
    SipOauthEntry {
        /// The name as it was entered.
        name: String,
    },
    /// A subject name entered for the Expressway-C that is the one of its certificate.
    SipOauthSubject,
    /// A certificate in a trust store.
    Trust {
        /// The store.
        store: TrustStore,
        /// Whose chain the certificate is from.
        holder: Holder,
        /// Its position in the chain, 0 being the holder's own; `None` when it was not described.
        position: Option<usize>,
        /// Its common name, where it has one.
        common_name: Option<String>,
    },
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlternativeName { holder, kind, name } => {
                let name = name.escape_debug();
                write!(f, "{kind} \"{name}\" in the {holder} certificate")
            }
            Self::AlternativeNames { holder, kind } => {
                write!(f, "each {kind} in the {holder} certificate")
            }
            Self::Chain(holder) => write!(f, "unbroken chain of the {holder} certificate"),
            Self::ClientAuthentication(holder) => write!(
                f,
                "client authentication in the extended key usage of the {holder} certificate"
            ),
            Self::DistinctCommonNames { first, second } => write!(
                f,
                "different common names of the self-signed {first} and {second} certificates"
            ),
            Self::Readable { place, position } => {
                write!(f, "readable certificate {position} in {place}")
            }
            Self::SipOauthEntry { name } => {
                let name = name.escape_debug();
                write!(f, "X.509 subject name \"{name}\" entered for SIP OAuth")
            }
            Self::SipOauthSubject => {
                f.write_str("X.509 subject name of the Expressway-C entered for SIP OAuth")
            }
            Self::Trust {
                store,
                holder,
                position,
                common_name,
            } => {
                match position {
                    Some(0) => write!(f, "{holder} certificate")?,
                    Some(position) => write!(f, "authority {position} of {holder}")?,
                    None => write!(f, "authorities of {holder}")?,
                }
                if let Some(name) = common_name {
                    write!(f, " \"{}\"", name.escape_debug())?;
                }
                write!(f, " in {store}")
            }
        }
    }
}

/// Whether a requirement is met.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It will work, but should be otherwise.
    Advised(Advice),
    /// As it must be.
    Met,
    /// Something that decides it has not been described.
    Unknown(Missing),
    /// It will not work.
    Unmet(Problem),
}

/// What should be otherwise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Advice {
    /// Entered, but the certificate does not have it.
    NotInCertificate,
    /// Written as an XMPP address, where a DNS name is recommended.
    NotDns,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotInCertificate => "not in the certificate",
            Self::NotDns => "an XMPP address, better a DNS name",
        })
    }
}

/// What has not been described.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Missing {
    /// The certificate of this holder.
    Chain(Holder),
    /// The certificate that has issued this holder's.
    Issuer(Holder),
    /// The names of this kind.
    Names(NameKind),
    /// The root of this holder's chain.
    Root(Holder),
    /// What this trust store holds.
    Store(TrustStore),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(holder) => write!(f, "the {holder} certificate is not described"),
            Self::Issuer(holder) => write!(f, "the issuer of {holder} is not described"),
            Self::Names(kind) => write!(f, "no {kind} is described"),
            Self::Root(holder) => write!(f, "the root of {holder} is not described"),
            Self::Store(store) => write!(f, "{store} is not described"),
        }
    }
}

/// Why a requirement is not met.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// The certificate at this position was not issued by the next, by their names.
    Broken {
        /// The position in the chain, from 0.
        position: usize,
    },
    /// What was entered stands in another certificate, or in none.
    EnteredForAnother,
    /// No subject name was entered.
    NothingEntered,
    /// The name is not in the certificate.
    NotNamed,
    /// The trust store does not hold it.
    NotInStore,
    /// The certificate has no extended key usage at all.
    NoUsages,
    /// The name is in the subject alone.
    OnlyCommonName,
    /// Only a wildcard covers the name, which is not the name itself.
    OnlyWildcard,
    /// The extended key usage is for other purposes.
    OtherUsages,
    /// Both have the same common name, so that the Expressway-C trusts only one of them.
    SameCommonName,
    /// The certificate cannot be read.
    Unreadable(CertificateError),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken { position } => {
                return write!(f, "certificate {position} was not issued by the next");
            }
            Self::EnteredForAnother => "the certificate has none of the names entered",
            Self::NothingEntered => "no name is entered",
            Self::NotNamed => "not among the subject alternative names",
            Self::NotInStore => "not in the store",
            Self::NoUsages => "it has no extended key usage",
            Self::OnlyCommonName => "in the common name only",
            Self::OnlyWildcard => "covered by a wildcard only",
            Self::OtherUsages => "it has other usages only",
            Self::SameCommonName => "they are the same",
            Self::Unreadable(error) => return error.fmt(f),
        })
    }
}

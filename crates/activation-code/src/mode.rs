//! How a code is redeemed.

use std::fmt;
use std::str::FromStr;

use crate::{Claimant, ClaimantKey, ParseModeError, ParseServiceDomainError, Refusal};

/// How a code is redeemed: fixed when the code is issued, and taken over by a reissue.
///
/// `Display` and `FromStr` are the form in which stores keep it.
///
/// # Source
///
/// Webex for BroadWorks device integration (the activation service redeems); Unified CM, device
/// onboarding by activation code: on premises the phone shows the code and its manufacturing
/// certificate, for mobile and remote access it shows the code to the cloud activation service,
/// which tells it its service domain.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum CodeMode {
    /// The activation service redeems the code; with or without a certificate.
    #[default]
    BroadWorks,
    /// The device shows the code together with its maker's certificate, on the connection that it
    /// proves: a claimant of another kind is refused.
    OnPremises,
    /// The device shows the code to the cloud activation service, and its grant names the domain
    /// of the edge that it goes to from there.
    RemoteAccess {
        /// Where the device looks for its edge.
        service_domain: ServiceDomain,
    },
}

impl CodeMode {
    /// Whether only a device that proved to hold a certificate may redeem the code.
    #[must_use]
    pub fn requires_certificate(&self) -> bool {
        matches!(self, Self::OnPremises)
    }

    /// The service domain that the grant names, if it does.
    #[must_use]
    pub fn service_domain(&self) -> Option<&ServiceDomain> {
        match self {
            Self::RemoteAccess { service_domain } => Some(service_domain),
            Self::BroadWorks | Self::OnPremises => None,
        }
    }

    /// Why `claimant` may not redeem the code in this mode, if so.
    ///
    /// # Errors
    ///
    /// [`Refusal::CertificateRequired`]: on premises the claimant must have proved a certificate.
    pub fn check(&self, claimant: &Claimant) -> Result<(), Refusal> {
        if self.requires_certificate() && !matches!(claimant.key(), ClaimantKey::Certificate(_)) {
            return Err(Refusal::CertificateRequired);
        }
        Ok(())
    }
}

impl fmt::Display for CodeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BroadWorks => f.write_str(BROADWORKS),
            Self::OnPremises => f.write_str(ON_PREMISES),
            Self::RemoteAccess { service_domain } => write!(f, "{REMOTE_ACCESS}{service_domain}"),
        }
    }
}

impl FromStr for CodeMode {
    type Err = ParseModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            BROADWORKS => Ok(Self::BroadWorks),
            ON_PREMISES => Ok(Self::OnPremises),
            _ => {
                let domain = text.strip_prefix(REMOTE_ACCESS).ok_or(ParseModeError)?;
                let service_domain = domain.parse().map_err(|_| ParseModeError)?;
                Ok(Self::RemoteAccess { service_domain })
            }
        }
    }
}

/// The domain under which a device outside looks for its edge.
///
/// A host name as in the DNS: labels of one to 63 letters, digits, `-` and `_`, at most 253
/// characters, kept in lower case and without a dot at the end.
///
/// # Source
///
/// Unified CM, device onboarding by activation code, mobile and remote access service domain; the
/// device asks for the SRV record `_collab-edge._tls` of it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServiceDomain(Box<str>);

impl ServiceDomain {
    /// The most characters that a domain has.
    pub const MAX_CHARS: usize = 253;

    /// The domain spelled `text`, with or without a dot at the end.
    ///
    /// # Errors
    ///
    /// [`ParseServiceDomainError`]: `text` is no host name, or longer than
    /// [`ServiceDomain::MAX_CHARS`].
    pub fn new(text: &str) -> Result<Self, ParseServiceDomainError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let good = |label: &str| {
            (1..=MAX_LABEL).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if text.len() <= Self::MAX_CHARS && text.split('.').all(good) {
            Ok(Self(text.to_ascii_lowercase().into()))
        } else {
            Err(ParseServiceDomainError)
        }
    }

    /// The domain as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceDomain {
    type Err = ParseServiceDomainError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for ServiceDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const BROADWORKS: &str = "broadworks";
const ON_PREMISES: &str = "on-premises";
const REMOTE_ACCESS: &str = "remote-access:";
const MAX_LABEL: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_keeps_mode_and_domain() {
        let service_domain = ServiceDomain::new("Edge.Example.com.").unwrap();
        assert_eq!(service_domain.as_str(), "edge.example.com");
        for mode in [
            CodeMode::BroadWorks,
            CodeMode::OnPremises,
            CodeMode::RemoteAccess { service_domain },
        ] {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        for text in ["", "BroadWorks", "remote-access:", "remote-access:a..b"] {
            assert_eq!(text.parse::<CodeMode>(), Err(ParseModeError), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_name_is_no_service_domain() {
        let long_label = "a".repeat(64);
        let long = format!("{}a", "a.".repeat(127));
        for text in [
            "",
            ".",
            "a..b",
            "-a.b",
            "a-.b",
            "a b",
            "ä.example",
            &long_label,
            &long,
        ] {
            assert_eq!(
                ServiceDomain::new(text),
                Err(ParseServiceDomainError),
                "{text}"
            );
        }
        assert!(ServiceDomain::new(&long[2..]).is_ok());
        assert!(ServiceDomain::new("_collab-edge.example").is_ok());
    }
}

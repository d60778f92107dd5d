//! Services that SRV records are looked up for.

use std::fmt;

use crate::{DomainName, Transport};

/// A service that SRV records are looked up for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Service {
    /// `_cisco-uds._tcp`: the user data service, inside of an enterprise network only; HTTPS.
    CiscoUds,
    /// `_collab-edge._tls`: the edge of an enterprise network, outside of it; HTTPS.
    CollabEdge,
    /// `_sip._tcp`: SIP over TCP.
    SipTcp,
    /// `_sip._tls`: SIP over TLS, by the name that is in use beside the standard one.
    SipTls,
    /// `_sip._udp`: SIP over UDP.
    SipUdp,
    /// `_sips._tcp`: SIP over TLS.
    SipsTcp,
}

impl Service {
    /// The labels in front of the domain.
    ///
    /// # Source
    ///
    /// RFC 3263 section 4.1, <https://www.rfc-editor.org/rfc/rfc3263#section-4.1>; Webex for
    /// `BroadWorks`, Room OS devices, for `_sip._tls`; the guide to mobile and remote access,
    /// "SRV records", for the edge.
    #[must_use]
    pub const fn labels(self) -> &'static str {
        match self {
            Self::CiscoUds => "_cisco-uds._tcp",
            Self::CollabEdge => "_collab-edge._tls",
            Self::SipTcp => "_sip._tcp",
            Self::SipTls => "_sip._tls",
            Self::SipUdp => "_sip._udp",
            Self::SipsTcp => "_sips._tcp",
        }
    }

    /// The domain whose SRV record of the service has the name `record`: `example.com` for
    /// `_collab-edge._tls.example.com`; `None` for any other name.
    #[must_use]
    pub fn domain_of(self, record: &DomainName) -> Option<DomainName> {
        let behind = record.as_str().strip_prefix(self.labels())?;
        behind.strip_prefix('.')?.parse().ok()
    }

    /// The transport to the servers of the service.
    #[must_use]
    pub const fn transport(self) -> Transport {
        match self {
            Self::CiscoUds | Self::CollabEdge | Self::SipTls | Self::SipsTcp => Transport::Tls,
            Self::SipTcp => Transport::Tcp,
            Self::SipUdp => Transport::Udp,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.labels())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_the_domain_of_its_own_service_alone() {
        let domain = |record: &str| Service::CollabEdge.domain_of(&record.parse().unwrap());
        let found = domain("_Collab-Edge._TLS.Example.com.").unwrap();
        assert_eq!(found.as_str(), "example.com");
        for other in [
            "_collab-edge._tls",
            "_collab-edge._tlsx.a",
            "_sip._tls.a",
            "a",
        ] {
            assert_eq!(domain(other), None, "{other}");
        }
    }
}

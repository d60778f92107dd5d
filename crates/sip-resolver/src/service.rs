//! Services that SRV records are looked up for.

use std::fmt;

use crate::Transport;

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

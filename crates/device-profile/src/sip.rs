//! How a device registers, whichever document says it.

mod device;
mod field;
mod read;

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::{Secret, SettingsError, has_credentials};
pub(crate) use device::OfDevice;
use field::HostPort;
pub(crate) use field::is_token;
pub(crate) use read::TOKEN;

/// What a device needs to know to register.
///
/// Passwords and tokens are [`Secret`]s; serialized, it says only that there are some. Hosts and users have
/// none [in them](has_credentials). A display name that looks so is what it is to whoever asks for it, and
/// `[redacted]` in `Debug` and when serialized.
#[derive(Clone)]
pub struct SipSettings {
    domain: String,
    port: Option<u16>,
    backups: Vec<HostPort>,
    outbound_proxy: Option<HostPort>,
    transport: Transport,
    user: String,
    authentication_user: Option<String>,
    display_name: Option<String>,
    password: Option<Secret>,
    token: Option<Secret>,
    registration: Registration,
}

impl SipSettings {
    /// The domain to register at: a host name or an IP address without brackets.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The port that stands beside the domain.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Host and port of the outbound proxy.
    #[must_use]
    pub fn outbound_proxy(&self) -> Option<(&str, Option<u16>)> {
        let proxy = self.outbound_proxy.as_ref()?;
        Some((&proxy.host, proxy.port))
    }

    /// Hosts and ports to register at where the domain does not answer, in this order.
    pub fn backups(&self) -> impl Iterator<Item = (&str, Option<u16>)> {
        self.backups
            .iter()
            .map(|host| (host.host.as_str(), host.port))
    }

    /// Where requests go first, as a URI that a resolver reads: the outbound proxy, or else the
    /// domain, with port and transport where they are told.
    ///
    /// # Source
    ///
    /// [RFC 3263 section 4](https://www.rfc-editor.org/rfc/rfc3263#section-4).
    #[must_use]
    pub fn target_uri(&self) -> String {
        let (host, port) = match &self.outbound_proxy {
            Some(proxy) => (proxy.host.as_str(), proxy.port),
            None => (self.domain.as_str(), self.port),
        };
        let is_v6 = host.contains(':');
        let mut uri = if is_v6 {
            format!("sip:[{host}]")
        } else {
            format!("sip:{host}")
        };
        if let Some(port) = port {
            uri.push_str(&format!(":{port}"));
        }
        if let Some(transport) = self.transport.parameter() {
            uri.push_str(";transport=");
            uri.push_str(transport);
        }
        uri
    }

    /// The transport.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The user part of the address of record, escaped as it stands there.
    ///
    /// # Source
    ///
    /// [RFC 3261 section 25.1](https://www.rfc-editor.org/rfc/rfc3261#section-25.1), `user`.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The name to authenticate with, where it is not the user's; without control characters.
    #[must_use]
    pub fn authentication_user(&self) -> Option<&str> {
        self.authentication_user.as_deref()
    }

    /// The name to show, without control characters; quotation marks may be in it.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    /// The password to authenticate with.
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// The machine token to register with, of the characters a bearer token has.
    ///
    /// # Source
    ///
    /// [RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1), `b64token`.
    #[must_use]
    pub fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// Whether to register at all.
    #[must_use]
    pub fn registration(&self) -> Registration {
        self.registration
    }

    /// The display name where it may be shown. One such as `Community Room` is used all the same.
    fn open_display_name(&self) -> Option<&str> {
        let name = self.display_name.as_deref()?;
        Some(if has_credentials(name) { HIDDEN } else { name })
    }
}

impl fmt::Debug for SipSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipSettings")
            .field("domain", &self.domain)
            .field("port", &self.port)
            .field("backups", &self.backups)
            .field("outbound_proxy", &self.outbound_proxy)
            .field("transport", &self.transport)
            .field("user", &self.user)
            .field("authentication_user", &self.authentication_user)
            .field("display_name", &self.open_display_name())
            .field("password", &self.password)
            .field("token", &self.token)
            .field("registration", &self.registration)
            .finish()
    }
}

impl Serialize for SipSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let proxy = self.outbound_proxy.as_ref().map(ToString::to_string);
        let backups: Vec<String> = self.backups.iter().map(ToString::to_string).collect();
        let mut out = serializer.serialize_struct("SipSettings", 12)?;
        out.serialize_field("domain", &self.domain)?;
        out.serialize_field("port", &self.port)?;
        out.serialize_field("backups", &backups)?;
        out.serialize_field("outboundProxy", &proxy)?;
        out.serialize_field("transport", self.transport.as_str())?;
        out.serialize_field("targetUri", &self.target_uri())?;
        out.serialize_field("user", &self.user)?;
        out.serialize_field("authenticationUser", &self.authentication_user)?;
        out.serialize_field("displayName", &self.open_display_name())?;
        out.serialize_field("password", &self.password)?;
        out.serialize_field("token", &self.token)?;
        out.serialize_field("registers", &(self.registration == Registration::Wanted))?;
        out.end()
    }
}

/// How SIP travels.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Transport {
    /// As the domain's name server says.
    Auto,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// UDP.
    Udp,
}

impl Transport {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.parameter().unwrap_or("auto")
    }

    fn parameter(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Tcp => Some("tcp"),
            Self::Tls => Some("tls"),
            Self::Udp => Some("udp"),
        }
    }

    fn named(name: &str) -> Result<Self, SettingsError> {
        [
            ("auto", Self::Auto),
            ("tcp", Self::Tcp),
            ("tls", Self::Tls),
            ("udp", Self::Udp),
        ]
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, transport)| transport)
        .ok_or(SettingsError::Transport)
    }
}

/// Whether a device is to register.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Registration {
    /// It is not.
    NotWanted,
    /// It is.
    Wanted,
}

const HIDDEN: &str = "[redacted]";

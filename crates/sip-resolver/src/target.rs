//! Where a SIP request is to go.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::{DomainName, ParseNameError, ParseTargetError};

/// Where a SIP request is to go: a domain, or a `sip:` or `sips:` URI.
///
/// Of a URI the host, the port, `transport` and `maddr` are read; the user, other parameters and
/// headers do not matter here. A host without scheme, with or without port, is read as of `sip:`.
///
/// # Source
///
/// RFC 3261 section 19.1.1, <https://www.rfc-editor.org/rfc/rfc3261#section-19.1.1>.
///
/// # Examples
///
/// ```
/// use offhook_sip_resolver::{ParseTargetError, Target, Transport};
///
/// let target: Target = "sips:alice@example.com:5071;transport=tcp".parse()?;
/// assert_eq!(target.host().to_string(), "example.com");
/// assert_eq!((target.port(), target.transport()), (Some(5071), Some(Transport::Tls)));
/// # Ok::<(), ParseTargetError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Target {
    scheme: Scheme,
    host: Host,
    port: Option<u16>,
    transport: Option<Transport>,
    maddr: Option<Host>,
}

impl Target {
    /// The longest text that is read, in octets.
    pub const MAX_LENGTH: usize = 1_024;

    /// The domain or address, which is also what the server's certificate must show.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The address or domain to use in place of the host, as `maddr` says; of a `sips:` URI too.
    ///
    /// It says where to go and not to whom: the certificate must show the [host](Self::host), else
    /// whoever writes a URI could send its requests to a server of his own.
    ///
    /// # Source
    ///
    /// RFC 3263 section 4, <https://www.rfc-editor.org/rfc/rfc3263#section-4>, for both schemes; RFC
    /// 3261 section 19.1, <https://www.rfc-editor.org/rfc/rfc3261#section-19.1>: TLS is between the
    /// client and the domain that owns the URI.
    #[must_use]
    pub const fn maddr(&self) -> Option<&Host> {
        self.maddr.as_ref()
    }

    /// The port, where one is given.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The transport, where one is given; of a `sips:` URI always TLS.
    #[must_use]
    pub const fn transport(&self) -> Option<Transport> {
        self.transport
    }

    /// What is looked up.
    pub(crate) fn looked_up(&self) -> &Host {
        self.maddr.as_ref().unwrap_or(&self.host)
    }

    fn parameter(&mut self, text: &str, at: usize) -> Result<(), ParseTargetError> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let (name, given) = (unescaped(name), unescaped(value));
        let secure = self.scheme == Scheme::Sips;
        if name.is_empty() {
            return Err(ParseTargetError::BadParameter { at });
        }
        if name.eq_ignore_ascii_case(b"transport") {
            let transport = match () {
                () if given.eq_ignore_ascii_case(b"tls") => Transport::Tls,
                () if given.eq_ignore_ascii_case(b"tcp") && secure => Transport::Tls,
                () if given.eq_ignore_ascii_case(b"tcp") => Transport::Tcp,
                () if given.eq_ignore_ascii_case(b"udp") && secure => {
                    return Err(ParseTargetError::NotSecure { at });
                }
                () if given.eq_ignore_ascii_case(b"udp") => Transport::Udp,
                () => return Err(ParseTargetError::UnsupportedTransport { at }),
            };
            if self.transport.replace(transport).is_some() {
                return Err(ParseTargetError::Repeated { at });
            }
        } else if name.eq_ignore_ascii_case(b"maddr") {
            let host = Host::read(value, at + text.len() - value.len())?;
            if self.maddr.replace(host).is_some() {
                return Err(ParseTargetError::Repeated { at });
            }
        }
        Ok(())
    }
}

impl From<DomainName> for Target {
    /// The domain as of a `sip:` URI without port and parameters.
    fn from(domain: DomainName) -> Self {
        Self {
            scheme: Scheme::Sip,
            host: Host::Name(domain),
            port: None,
            transport: None,
            maddr: None,
        }
    }
}

impl FromStr for Target {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_LENGTH {
            let length = text.len();
            return Err(ParseTargetError::TooLong { length });
        }
        let has = |scheme: &str| {
            let start = text.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        let (scheme, mut at) = match () {
            () if has("sips:") => (Scheme::Sips, 5),
            () if has("sip:") => (Scheme::Sip, 4),
            () => (Scheme::Sip, 0),
        };
        let has_scheme = at > 0;
        let is_other = OTHER_SCHEMES.iter().any(|other| has(other))
            || text.split(';').next().is_some_and(|it| it.contains("://"));
        if !has_scheme && is_other {
            return Err(ParseTargetError::UnsupportedScheme);
        }
        let mut rest = text.get(at..).unwrap_or_default();
        // Before '@' anything goes that is not '@' itself, and afterwards '@' is always escaped.
        if has_scheme && let Some((user, after)) = rest.split_once('@') {
            at += user.len() + 1;
            rest = after;
        }
        let rest = rest.split('?').next().unwrap_or_default();
        let mut parts = rest.split(';');
        let host_port = parts.next().unwrap_or_default();
        if !has_scheme && let Some(user) = host_port.find('@') {
            return Err(ParseTargetError::NoScheme { at: at + user });
        }
        let (host, port) = split_port(host_port);
        let port = match port {
            None => None,
            Some(digits) => {
                let at = at + host.len() + 1;
                let bad = ParseTargetError::BadPort { at };
                if digits.is_empty()
                    || digits.len() > 5
                    || !digits.bytes().all(|b| b.is_ascii_digit())
                {
                    return Err(bad);
                }
                Some(digits.parse().ok().filter(|port| *port != 0).ok_or(bad)?)
            }
        };
        let is_bracketed = host.starts_with('[');
        let host = Host::read(host, at)?;
        // In a URI `::1:5060` could be an address, or one and its port.
        if has_scheme && !is_bracketed && matches!(host, Host::Address(IpAddr::V6(_))) {
            return Err(ParseTargetError::BadHost { at });
        }
        let mut target = Self {
            scheme,
            host,
            port,
            transport: None,
            maddr: None,
        };
        at += host_port.len() + 1;
        for part in parts {
            target.parameter(part, at)?;
            at += part.len() + 1;
        }
        Ok(target)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
        };
        match &self.host {
            Host::Address(IpAddr::V6(address)) => write!(f, "{scheme}:[{address}]")?,
            host => write!(f, "{scheme}:{host}")?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        if let Some(transport) = self.transport {
            write!(f, ";transport={}", transport.parameter())?;
        }
        match &self.maddr {
            Some(Host::Address(IpAddr::V6(address))) => write!(f, ";maddr=[{address}]"),
            Some(host) => write!(f, ";maddr={host}"),
            None => Ok(()),
        }
    }
}

/// The octets that a text with escapes means (RFC 3261 section 19.1.4); what is no escape stays.
fn unescaped(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| {
            after
                .get(at)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        let escaped = match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        octets.push(escaped.unwrap_or(*first));
        rest = match escaped {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    octets
}

/// The host and the port after its colon, if there is one.
fn split_port(text: &str) -> (&str, Option<&str>) {
    let bracket = text.rfind(']').map_or(0, |at| at + 1);
    let after = text.get(bracket..).unwrap_or_default();
    // More than one colon outside of brackets: an IPv6 address without port.
    match after.split_once(':') {
        Some((before, port)) if !port.contains(':') => (
            text.get(..bracket + before.len()).unwrap_or_default(),
            Some(port),
        ),
        _ => (text, None),
    }
}

/// The host of a target.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Host {
    /// An address, which needs no look-up.
    Address(IpAddr),
    /// A domain name.
    Name(DomainName),
}

impl Host {
    fn read(text: &str, at: usize) -> Result<Self, ParseTargetError> {
        let bracketed = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        if let Some(address) = bracketed {
            let address: Result<Ipv6Addr, _> = address.parse();
            return match address {
                Ok(address) => Ok(Self::Address(address.into())),
                Err(_) => Err(ParseTargetError::BadHost { at }),
            };
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        // A name whose last label is a number is a mistyped address: no such domain exists.
        let last = text.trim_end_matches('.').rsplit('.').next();
        if last.is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(ParseTargetError::BadHost { at });
        }
        text.parse().map(Self::Name).map_err(|error| {
            let offset = match error {
                ParseNameError::Bad { at } => at,
                _ => 0,
            };
            let octet = text.as_bytes().get(offset);
            let at = at + offset;
            match octet.is_some_and(|octet| !octet.is_ascii()) {
                true => ParseTargetError::NotAscii { at },
                false => ParseTargetError::BadHost { at },
            }
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// The scheme of a target.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Scheme {
    /// `sip:`, any transport.
    Sip,
    /// `sips:`, TLS only.
    Sips,
}

/// The transport of SIP messages.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Transport {
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// UDP.
    Udp,
}

impl Transport {
    /// The port where none is given: 5061 for TLS, otherwise 5060.
    ///
    /// # Source
    ///
    /// RFC 3261 section 19.1.2, <https://www.rfc-editor.org/rfc/rfc3261#section-19.1.2>.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Tls => 5061,
            Self::Tcp | Self::Udp => 5060,
        }
    }

    const fn parameter(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Udp => "udp",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Udp => "UDP",
        })
    }
}

/// Schemes that users give by mistake and that have no `//` to tell them from a host and its port.
const OTHER_SCHEMES: [&str; 6] = ["http:", "https:", "im:", "mailto:", "tel:", "xmpp:"];

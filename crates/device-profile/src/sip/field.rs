//! The fields of the settings, each of a form that can stand in a request.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::{Secret, SettingsError, has_credentials};

/// A host name or an IP address without brackets, perhaps with a port.
#[derive(Clone, Debug)]
pub(super) struct HostPort {
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl HostPort {
    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`.
    pub(super) fn parse(text: &str) -> Result<Self, SettingsError> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or(SettingsError::Domain)?;
                host.parse::<Ipv6Addr>()
                    .map_err(|_| SettingsError::Domain)?;
                match port {
                    "" => (host, None),
                    _ => (
                        host,
                        Some(port.strip_prefix(':').ok_or(SettingsError::Domain)?),
                    ),
                }
            }
            None => match text.split_once(':') {
                // A URI, or an address without brackets, which leaves open where a port would begin.
                Some((host, port)) if is_scheme(host) || port.contains(':') => {
                    return Err(SettingsError::Domain);
                }
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        // A token may have the form of a name, and whoever connects tells where to.
        let is_name = || is_host_name(host) && !has_credentials(host);
        let is_good = host.parse::<IpAddr>().is_ok() || is_name();
        if !is_good {
            return Err(SettingsError::Domain);
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.map(port_number).transpose()?,
        })
    }
}

impl HostPort {
    /// A host that stands alone, an IPv6 address also without brackets, and its port.
    pub(super) fn with_port(host: &str, port: u16) -> Result<Self, SettingsError> {
        if port == 0 {
            return Err(SettingsError::Port);
        }
        let host = match host.parse::<Ipv6Addr>() {
            Ok(_) => host.to_owned(),
            Err(_) => Self::parse(host)?.host,
        };
        let port = Some(port);
        Ok(Self { host, port })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host.contains(':'), self.port) {
            (false, None) => f.write_str(&self.host),
            (false, Some(port)) => write!(f, "{}:{port}", self.host),
            (true, None) => write!(f, "[{}]", self.host),
            (true, Some(port)) => write!(f, "[{}]:{port}", self.host),
        }
    }
}

pub(super) fn outbound_proxy(text: &str) -> Result<HostPort, SettingsError> {
    HostPort::parse(text).map_err(|error| match error {
        SettingsError::Port => SettingsError::Port,
        _ => SettingsError::OutboundProxy,
    })
}

/// What is there of `sips:user@host:port;parameters`.
pub(super) struct UriParts<'t> {
    /// Whether the scheme wants TLS all the way.
    pub(super) is_secure: bool,
    pub(super) user: Option<&'t str>,
    pub(super) host: HostPort,
}

/// Splits `sip:user@host:port;parameters` or what is there of it.
pub(super) fn split_uri(text: &str) -> Result<UriParts<'_>, SettingsError> {
    let scheme = ["sip:", "sips:"].into_iter().find(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let text = scheme.map_or(text, |scheme| text.get(scheme.len()..).unwrap_or_default());
    // A user may have the signs in it that end the host, but neither has `@`.
    let (user, host) = match text.split_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, text),
    };
    let host = host.split([';', '?']).next().unwrap_or_default();
    if user.is_some_and(str::is_empty) {
        return Err(SettingsError::UserMissing);
    }
    Ok(UriParts {
        is_secure: scheme == Some("sips:"),
        user,
        host: HostPort::parse(host)?,
    })
}

pub(super) fn user(text: Option<&str>) -> Result<String, SettingsError> {
    let text = text.ok_or(SettingsError::UserMissing)?;
    // It goes on to requests and reports, which show whose they are.
    let is_good = |text: &str| is_user(text) && !has_credentials(text);
    checked(text, is_good, SettingsError::User)
}

pub(super) fn authentication_user(text: Option<&str>) -> Result<Option<String>, SettingsError> {
    let is_good = |text: &str| is_printable(text) && !has_credentials(text);
    text.map(|text| checked(text, is_good, SettingsError::AuthenticationUser))
        .transpose()
}

pub(super) fn display_name(text: Option<&str>) -> Result<Option<String>, SettingsError> {
    text.map(|text| checked(text, is_printable, SettingsError::DisplayName))
        .transpose()
}

/// A token to register with; `None` for a text that is none, for the parameter may have another use.
pub(super) fn token(text: Option<&str>) -> Option<Secret> {
    text.filter(|text| is_token(text)).map(Secret::new)
}

fn checked(
    text: &str,
    is_good: impl FnOnce(&str) -> bool,
    error: SettingsError,
) -> Result<String, SettingsError> {
    is_good(text).then(|| text.to_owned()).ok_or(error)
}

/// The `user` of RFC 3261: unreserved characters, a few more, and escaped ones.
fn is_user(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_good = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || USER_MARKS.contains(&byte),
        };
        if !is_good {
            return false;
        }
    }
    !text.is_empty()
}

fn is_printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fn is_scheme(text: &str) -> bool {
    text.eq_ignore_ascii_case("sip") || text.eq_ignore_ascii_case("sips")
}

/// The `b64token` of RFC 6750.
pub(crate) fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_char = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(is_char)
}

/// Letters, digits, hyphens and underscores in labels of 1 to 63, 253 characters in all.
fn is_host_name(name: &str) -> bool {
    let is_char = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_char);
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= 253 && name.split('.').all(is_label)
}

pub(super) fn port_number(text: &str) -> Result<u16, SettingsError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| *port > 0 && is_number);
    port.ok_or(SettingsError::Port)
}

/// `mark` but for letters and digits, and `user-unreserved`.
const USER_MARKS: &[u8] = b"-_.!~*'()&=+$,;?/";

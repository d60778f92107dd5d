//! How a device registers, whichever document says it.

use std::net::{IpAddr, Ipv6Addr};

use crate::mpp::FlatProfile;
use crate::room_os::Configuration;
use crate::{Secret, SettingsError};

/// What a device needs to know to register.
///
/// Passwords and tokens are [`Secret`]s.
#[derive(Clone, Debug)]
pub struct SipSettings {
    domain: String,
    port: Option<u16>,
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
    /// Reads the settings of the first line of a phone.
    ///
    /// The domain is the host of `Proxy_1_`; `Outbound_Proxy_1_` counts where
    /// `Use_Outbound_Proxy_1_` is `Yes`. A line registers unless `Line_Enable_1_` or `Register_1_`
    /// is `No`. That `GPP_SA`, which a phone shows to nobody, carries the token to register with
    /// is a use of our own.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when something is missing or malformed.
    ///
    /// # Source
    ///
    /// XML reference guide for multiplatform phones: parameters and defaults.
    pub fn from_flat_profile(profile: &FlatProfile) -> Result<Self, SettingsError> {
        let text = |name| profile.text(name);
        let proxy = text("Proxy_1_").ok_or(SettingsError::DomainMissing)?;
        let HostPort { host, port } = HostPort::parse(proxy)?;
        let is = |name, word: &str| text(name).is_some_and(|text| text.eq_ignore_ascii_case(word));
        let outbound = text("Outbound_Proxy_1_").filter(|_| is("Use_Outbound_Proxy_1_", "Yes"));
        let transport = match text("SIP_Transport_1_") {
            None => Transport::Udp,
            Some(name) => Transport::named(name)?,
        };
        let is_off = is("Line_Enable_1_", "No") || is("Register_1_", "No");
        Ok(Self {
            domain: host,
            port,
            outbound_proxy: outbound.map(outbound_proxy).transpose()?,
            transport,
            user: user(text("User_ID_1_"))?,
            authentication_user: authentication_user(text("Auth_ID_1_"))?,
            display_name: display_name(text("Display_Name_1_"))?,
            password: text("Password_1_").map(Secret::new),
            token: token(text("GPP_SA"))?,
            registration: if is_off {
                Registration::NotWanted
            } else {
                Registration::Wanted
            },
        })
    }

    /// Reads the settings of a room device.
    ///
    /// There is no configuration for the domain: it is the host of `SIP URI`, or else of
    /// `SIP Proxy 1 Address`. Where both name a host, and not the same, the proxy is an outbound
    /// proxy. The device registers unless `NetworkServices SIP Mode` is `Off`.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when something is missing or malformed.
    ///
    /// # Source
    ///
    /// The devices' own schemas: paths, values and defaults.
    pub fn from_configuration(configuration: &Configuration) -> Result<Self, SettingsError> {
        let text = |path| configuration.text(path).filter(|text| !text.is_empty());
        let uri = text("SIP URI").map(split_uri).transpose()?;
        let proxy = text("SIP Proxy 1 Address")
            .map(HostPort::parse)
            .transpose()?;
        let (uri_user, HostPort { host, port }, outbound_proxy) = match (uri, proxy) {
            (Some((uri_user, host)), proxy) => {
                let is_other = |proxy: &HostPort| {
                    !proxy.host.eq_ignore_ascii_case(&host.host) || proxy.port.is_some()
                };
                (uri_user, host.clone(), proxy.filter(is_other))
            }
            (None, Some(proxy)) => (None, proxy, None),
            (None, None) => return Err(SettingsError::DomainMissing),
        };
        let login = text("SIP Authentication UserName");
        let transport = match text("SIP DefaultTransport") {
            None => Transport::Auto,
            Some(name) => Transport::named(name)?,
        };
        let is_off = text("NetworkServices SIP Mode") == Some("Off");
        Ok(Self {
            domain: host,
            port,
            outbound_proxy,
            transport,
            user: user(uri_user.or(login))?,
            authentication_user: authentication_user(login)?,
            display_name: display_name(text("SIP DisplayName"))?,
            password: text("SIP Authentication Password").map(Secret::new),
            token: None,
            registration: if is_off {
                Registration::NotWanted
            } else {
                Registration::Wanted
            },
        })
    }

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

#[derive(Clone, Debug)]
struct HostPort {
    host: String,
    port: Option<u16>,
}

impl HostPort {
    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`.
    fn parse(text: &str) -> Result<Self, SettingsError> {
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
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let is_good = host.parse::<IpAddr>().is_ok() || is_host_name(host);
        if !is_good {
            return Err(SettingsError::Domain);
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.map(port_number).transpose()?,
        })
    }
}

fn outbound_proxy(text: &str) -> Result<HostPort, SettingsError> {
    HostPort::parse(text).map_err(|error| match error {
        SettingsError::Port => SettingsError::Port,
        _ => SettingsError::OutboundProxy,
    })
}

/// Splits `sip:user@host:port;parameters` or what is there of it.
fn split_uri(text: &str) -> Result<(Option<&str>, HostPort), SettingsError> {
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
    Ok((user, HostPort::parse(host)?))
}

fn user(text: Option<&str>) -> Result<String, SettingsError> {
    let text = text.ok_or(SettingsError::UserMissing)?;
    checked(text, is_user, SettingsError::User)
}

fn authentication_user(text: Option<&str>) -> Result<Option<String>, SettingsError> {
    text.map(|text| checked(text, is_printable, SettingsError::AuthenticationUser))
        .transpose()
}

fn display_name(text: Option<&str>) -> Result<Option<String>, SettingsError> {
    text.map(|text| checked(text, is_printable, SettingsError::DisplayName))
        .transpose()
}

fn token(text: Option<&str>) -> Result<Option<Secret>, SettingsError> {
    match text {
        Some(text) if !is_token(text) => Err(SettingsError::Token),
        text => Ok(text.map(Secret::new)),
    }
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

/// The `b64token` of RFC 6750.
fn is_token(text: &str) -> bool {
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

fn port_number(text: &str) -> Result<u16, SettingsError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| *port > 0 && is_number);
    port.ok_or(SettingsError::Port)
}

/// `mark` but for letters and digits, and `user-unreserved`.
const USER_MARKS: &[u8] = b"-_.!~*'()&=+$,;?/";

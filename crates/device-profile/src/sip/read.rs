//! The settings out of each kind of document.

use super::device::{OfDevice, servers};
use super::field::{
    HostPort, UriParts, authentication_user, display_name, outbound_proxy, split_uri, token, user,
};
use super::{Registration, SipSettings, Transport};
use crate::mpp::FlatProfile;
use crate::room_os::Configuration;
use crate::unified_cm::{Defaults, Device, Line};
use crate::{Secret, SettingsError};

impl SipSettings {
    /// Reads the settings of a line of a phone, counted from 1.
    ///
    /// The domain is the host of `Proxy_1_`; `Outbound_Proxy_1_` counts where
    /// `Use_Outbound_Proxy_1_` is `Yes`. A line registers unless `Line_Enable_1_` or `Register_1_`
    /// is `No`. That `GPP_SA`, which a phone shows to nobody, carries the token to register with
    /// is a use of our own: a text there that is no bearer token is passed over.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when something is missing or malformed.
    ///
    /// # Source
    ///
    /// XML reference guide for multiplatform phones: parameters and defaults.
    pub fn from_flat_profile(profile: &FlatProfile, line: u8) -> Result<Self, SettingsError> {
        let of_line = |name: &str| profile.text(&format!("{name}_{line}_"));
        let proxy = of_line("Proxy").ok_or(SettingsError::DomainMissing)?;
        let HostPort { host, port } = HostPort::parse(proxy)?;
        let is =
            |name, word: &str| of_line(name).is_some_and(|text| text.eq_ignore_ascii_case(word));
        let outbound = of_line("Outbound_Proxy").filter(|_| is("Use_Outbound_Proxy", "Yes"));
        let transport = match of_line("SIP_Transport") {
            None => Transport::Udp,
            Some(name) => Transport::named(name)?,
        };
        let is_off = is("Line_Enable", "No") || is("Register", "No");
        Ok(Self {
            domain: host,
            port,
            backups: Vec::new(),
            outbound_proxy: outbound.map(outbound_proxy).transpose()?,
            transport,
            user: user(of_line("User_ID"))?,
            authentication_user: authentication_user(of_line("Auth_ID"))?,
            display_name: display_name(of_line("Display_Name"))?,
            password: of_line("Password").map(Secret::new),
            token: token(profile.text(TOKEN)),
            registration: wanted_unless(is_off),
        })
    }

    /// Reads the settings of a room device.
    ///
    /// There is no configuration for the domain: it is the host of `SIP URI`, or else of
    /// the first `SIP Proxy n Address`. Where both name a host, and not the same, the proxy is an
    /// outbound proxy. The other ones of the four proxies are backups. A `sips` URI wants TLS, whatever `SIP DefaultTransport` says. The device registers unless `NetworkServices SIP Mode` is `Off`.
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
        let mut backups = Vec::new();
        for number in 1..=PROXIES {
            let path = format!("SIP Proxy {number} Address");
            if let Some(address) = configuration.text(&path).filter(|text| !text.is_empty()) {
                backups.push(HostPort::parse(address)?);
            }
        }
        let proxy = (!backups.is_empty()).then(|| backups.remove(0));
        let is_secure = uri.as_ref().is_some_and(|uri| uri.is_secure);
        let (uri_user, HostPort { host, port }, outbound_proxy) = match (uri, proxy) {
            (Some(UriParts { user, host, .. }), proxy) => {
                let is_other = |proxy: &HostPort| {
                    !proxy.host.eq_ignore_ascii_case(&host.host) || proxy.port.is_some()
                };
                (user, host.clone(), proxy.filter(is_other))
            }
            (None, Some(proxy)) => (None, proxy, None),
            (None, None) => return Err(SettingsError::DomainMissing),
        };
        let login = text("SIP Authentication UserName");
        let transport = match text("SIP DefaultTransport") {
            _ if is_secure => Transport::Tls,
            None => Transport::Auto,
            Some(name) => Transport::named(name.trim_ascii())?,
        };
        let is_off = configuration.says("NetworkServices SIP Mode", "Off");
        Ok(Self {
            domain: host,
            port,
            backups,
            outbound_proxy,
            transport,
            user: user(uri_user.or(login))?,
            authentication_user: authentication_user(login)?,
            display_name: display_name(text("SIP DisplayName"))?,
            password: text("SIP Authentication Password").map(Secret::new),
            token: None,
            registration: wanted_unless(is_off),
        })
    }

    /// Reads the settings of a line of a device of Unified CM.
    ///
    /// The domain is the host of the line's `proxy`, or for `USECALLMANAGER` the first server of
    /// the call manager group, with the other ones as backups, and the `backupProxy` as the last. A
    /// device whose security mode is
    /// authenticated or encrypted goes by TLS, whatever `transportLayerProtocol` says; of that 1 is
    /// TCP, 2 UDP and 3 TLS, and any other number leaves it to the resolver. Of either given more
    /// than once the strictest counts.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when something is missing or malformed, and when a security mode is no
    /// known number, empty or has elements inside: nothing less than what was meant may come of that.
    ///
    /// # Source
    ///
    /// usecallmanager.nz: `sipLines`, `deviceSecurityMode`, `transportLayerProtocol`.
    pub fn from_device(device: &Device<'_>, line: &Line<'_>) -> Result<Self, SettingsError> {
        OfDevice::read(device).line(line)
    }

    /// Reads where a phone without a document of its own registers by itself, and as whom is for
    /// the caller to say: the document names no user, and which one phones take is public nowhere.
    ///
    /// The transport is left to the resolver: the document does not tell it either.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when there is no server, or something is malformed.
    pub fn from_defaults(defaults: &Defaults<'_>, as_user: &str) -> Result<Self, SettingsError> {
        let mut servers = servers(&defaults.call_managers(), Transport::Auto)?;
        if servers.is_empty() {
            return Err(SettingsError::DomainMissing);
        }
        let HostPort { host, port } = servers.remove(0);
        Ok(Self {
            domain: host,
            port,
            backups: servers,
            outbound_proxy: None,
            transport: Transport::Auto,
            user: user(Some(as_user))?,
            authentication_user: None,
            display_name: None,
            password: None,
            token: None,
            registration: wanted_unless(defaults.auto_registration() == Some(false)),
        })
    }
}

pub(super) fn wanted_unless(is_off: bool) -> Registration {
    if is_off {
        Registration::NotWanted
    } else {
        Registration::Wanted
    }
}

/// The parameter that carries the token.
pub(crate) const TOKEN: &str = "GPP_SA";
/// How many proxies a room device knows.
const PROXIES: u8 = 4;

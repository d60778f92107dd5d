//! The settings out of a document of Unified CM.

use super::field::{
    HostPort, authentication_user, display_name, outbound_proxy, port_number, user,
};
use super::read::wanted_unless;
use super::{Registration, SipSettings, Transport};
use crate::SettingsError;
use crate::unified_cm::{
    CallManager, Device, Line, MAX_MEMBERS, SecurityMode, TLS, is_call_manager,
};

/// What all lines of a device have in common, read once: a group may be as long as the document.
///
/// What is wrong with a part is the fault of the lines that need it.
pub(crate) struct OfDevice {
    is_mode_known: bool,
    transport: Transport,
    servers: Result<Vec<HostPort>, SettingsError>,
    outbound_proxy: Result<Option<HostPort>, SettingsError>,
    backup_proxy: Result<Option<HostPort>, SettingsError>,
    registration: Registration,
}

impl OfDevice {
    pub(crate) fn read(device: &Device<'_>) -> Self {
        let modes = device.security_modes();
        let is_secure = modes.iter().flatten().max() > Some(&SecurityMode::NonSecure);
        let transport = match device.transport_layer() {
            _ if is_secure => Transport::Tls,
            Some("1") => Transport::Tcp,
            Some("2") => Transport::Udp,
            Some(TLS) => Transport::Tls,
            _ => Transport::Auto,
        };
        let is_off = device.says(&format!("{PROXIES}/registerWithProxy"), "false");
        Self {
            is_mode_known: modes.iter().all(Option::is_some),
            transport,
            servers: servers(&device.call_managers(), transport),
            outbound_proxy: proxy(device, "outboundProxy", outbound_proxy),
            backup_proxy: proxy(device, "backupProxy", HostPort::parse),
            registration: wanted_unless(is_off),
        }
    }

    pub(crate) fn line(&self, line: &Line<'_>) -> Result<SipSettings, SettingsError> {
        if !self.is_mode_known {
            return Err(SettingsError::SecurityMode);
        }
        let mut servers = match line.proxy() {
            None => self.servers.clone()?,
            Some(proxy) => vec![HostPort::parse(proxy)?],
        };
        if servers.is_empty() {
            return Err(SettingsError::DomainMissing);
        }
        let HostPort { host, port } = servers.remove(0);
        let own_port = line.proxy().and_then(|_| line.port());
        let own_port = own_port.map(port_number).transpose()?;
        let outbound_proxy = self.outbound_proxy.clone()?;
        servers.extend(self.backup_proxy.clone()?);
        Ok(SipSettings {
            domain: host,
            port: port.or(own_port),
            backups: servers,
            outbound_proxy,
            transport: self.transport,
            user: user(line.name())?,
            authentication_user: authentication_user(line.authentication_name())?,
            display_name: display_name(line.display_name())?,
            password: line.authentication_password(),
            token: None,
            registration: self.registration,
        })
    }
}

fn proxy(
    device: &Device<'_>,
    name: &str,
    read: fn(&str) -> Result<HostPort, SettingsError>,
) -> Result<Option<HostPort>, SettingsError> {
    let filled = |path: String| device.text(&path).filter(|text| !text.is_empty());
    let host = filled(format!("{PROXIES}/{name}")).filter(|host| !is_call_manager(host));
    let Some(HostPort { host, port }) = host.map(read).transpose()? else {
        return Ok(None);
    };
    let own = filled(format!("{PROXIES}/{name}Port"));
    let own = own.map(port_number).transpose()?;
    let port = port.or(own);
    Ok(Some(HostPort { host, port }))
}

/// Hosts and ports of a group's servers.
pub(super) fn servers(
    group: &[CallManager<'_>],
    transport: Transport,
) -> Result<Vec<HostPort>, SettingsError> {
    let server = |server: &CallManager<'_>| {
        let port = match transport {
            Transport::Tls => server.secured_sip_port,
            _ => server.sip_port,
        };
        HostPort::with_port(server.node, port)
    };
    if group.len() > MAX_MEMBERS {
        return Err(SettingsError::TooManyServers);
    }
    group.iter().map(server).collect()
}

const PROXIES: &str = "sipProfile/sipProxies";

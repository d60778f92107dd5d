//! What a device's document says.

use std::fmt;

use super::path::{filled, find, find_below, text};
use crate::Secret;
use crate::xml::{Element, Tree};

/// What the document of a device says; all else is there by path.
#[derive(Clone, Copy)]
pub struct Device<'f>(pub(super) &'f Tree);

impl<'f> Device<'f> {
    /// The protocol that the device speaks (`deviceProtocol`): `SIP` or `SCCP`.
    #[must_use]
    pub fn protocol(&self) -> Option<&'f str> {
        filled(self.0, self.0.root(), "deviceProtocol")
    }

    /// Whether this is but the plain part of a document that is encrypted (`encrConfig`).
    #[must_use]
    pub fn is_stub(&self) -> bool {
        self.says("encrConfig", "true")
    }

    /// How the device is to be secured (`deviceSecurityMode`); `None` where that is missing or no
    /// known number. Of several the strictest counts, and one that is not known makes all unknown.
    #[must_use]
    pub fn security_mode(&self) -> Option<SecurityMode> {
        let modes: Option<Vec<SecurityMode>> = self.security_modes().into_iter().collect();
        modes?.into_iter().max()
    }

    /// How the device proves itself to CAPF (`capfAuthMode`); `None` also for the 0 of devices
    /// with nothing to do there.
    #[must_use]
    pub fn capf_authentication_mode(&self) -> Option<CapfAuthenticationMode> {
        match self.text("capfAuthMode")? {
            "1" => Some(CapfAuthenticationMode::AuthenticationString),
            "2" => Some(CapfAuthenticationMode::NullString),
            "3" => Some(CapfAuthenticationMode::ExistingCertificateLsc),
            "4" => Some(CapfAuthenticationMode::ExistingCertificateMic),
            _ => None,
        }
    }

    /// The digest of the device's certificate for which an encrypted document was made
    /// (`certHash`).
    #[must_use]
    pub fn certificate_hash(&self) -> Option<&'f str> {
        filled(self.0, self.0.root(), "certHash")
    }

    /// The firmware to run (`loadInformation`).
    #[must_use]
    pub fn load_information(&self) -> Option<&'f str> {
        filled(self.0, self.0.root(), "loadInformation")
    }

    /// The user whose device it is (`userId`).
    #[must_use]
    pub fn user_id(&self) -> Option<&'f str> {
        filled(self.0, self.0.root(), "userId")
    }

    /// The file of the user's service profile (`serviceProfileFile` of `userId`).
    #[must_use]
    pub fn service_profile_file(&self) -> Option<String> {
        let user = find(self.0, "userId")?;
        let file = self.0.attribute(user, "serviceProfileFile");
        file.map(std::borrow::Cow::into_owned)
    }

    /// The servers of the call manager group, the first to be tried first; 17 at most, so that
    /// more than the 16 that are taken can be told.
    #[must_use]
    pub fn call_managers(&self) -> Vec<CallManager<'f>> {
        call_managers(self.0, "devicePool/callManagerGroup/members")
    }

    /// The lines, in the document's order; speed dials and the like are left out.
    pub fn lines(&self) -> impl Iterator<Item = Line<'f>> {
        let tree = self.0;
        let lines = find(tree, "sipProfile/sipLines");
        let inside = lines
            .map(|lines| tree.children(lines))
            .into_iter()
            .flatten();
        inside
            .map(move |element| Line { tree, element })
            .filter(Line::is_line)
    }

    /// What `transportLayerProtocol` says: of several TLS, where one of them does, or else the first.
    pub(crate) fn transport_layer(&self) -> Option<&'f str> {
        let mut all = self.all("transportLayerProtocol");
        let first = all.next().flatten();
        all.flatten().find(|text| *text == TLS).or(first)
    }

    /// Each `deviceSecurityMode` that is there; `None` for one that is no known number, empty or has
    /// elements inside.
    pub(crate) fn security_modes(&self) -> Vec<Option<SecurityMode>> {
        let known = |text: Option<&str>| match text? {
            "1" => Some(SecurityMode::NonSecure),
            "2" => Some(SecurityMode::Authenticated),
            "3" => Some(SecurityMode::Encrypted),
            _ => None,
        };
        self.all("deviceSecurityMode").map(known).collect()
    }

    /// The texts of all elements of a name below the root; `None` for one with elements inside.
    fn all(&self, name: &'static str) -> impl Iterator<Item = Option<&'f str>> {
        let tree = self.0;
        let named = tree.children(tree.root());
        let named = named.filter(move |element| tree.name(*element) == name);
        named.map(|element| text(tree, element, ""))
    }

    /// Whether a path has this word, in whatever case.
    pub(crate) fn says(&self, path: &str, word: &str) -> bool {
        self.text(path)
            .is_some_and(|text| text.eq_ignore_ascii_case(word))
    }

    pub(crate) fn text(&self, path: &str) -> Option<&'f str> {
        text(self.0, self.0.root(), path)
    }
}

impl fmt::Debug for Device<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").finish_non_exhaustive()
    }
}

/// How a device is to be secured.
///
/// # Source
///
/// usecallmanager.nz, `deviceSecurityMode`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum SecurityMode {
    /// 1: not at all.
    NonSecure,
    /// 2: signalling is authenticated.
    Authenticated,
    /// 3: signalling and media are encrypted.
    Encrypted,
}

/// How a device proves itself when it asks for its certificate.
///
/// # Source
///
/// usecallmanager.nz, `capfAuthMode`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CapfAuthenticationMode {
    /// 1: by a string that somebody types in.
    AuthenticationString,
    /// 3: by the locally significant certificate, or else the maker's.
    ExistingCertificateLsc,
    /// 4: by the maker's certificate.
    ExistingCertificateMic,
    /// 2: by nothing.
    NullString,
}

/// A server that devices register with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CallManager<'f> {
    /// Its place in the group, from 0.
    pub priority: u16,
    /// Its name in the group.
    pub name: &'f str,
    /// Its host name or address (`processNodeName`).
    pub node: &'f str,
    /// The port for SIP; 5060 where none is told, 0 where it is no number.
    pub sip_port: u16,
    /// The port for SIP over TLS; 5061 where none is told, 0 where it is no number.
    pub secured_sip_port: u16,
}

/// A line of a device.
#[derive(Clone, Copy)]
pub struct Line<'f> {
    tree: &'f Tree,
    element: Element,
}

impl<'f> Line<'f> {
    /// The button it is on.
    #[must_use]
    pub fn button(&self) -> Option<u16> {
        self.tree.attribute(self.element, "button")?.parse().ok()
    }

    /// The name in its address of record (`name`).
    #[must_use]
    pub fn name(&self) -> Option<&'f str> {
        self.filled("name")
    }

    /// The name to show (`displayName`).
    #[must_use]
    pub fn display_name(&self) -> Option<&'f str> {
        self.filled("displayName")
    }

    /// The label beside its button (`featureLabel`).
    #[must_use]
    pub fn label(&self) -> Option<&'f str> {
        self.filled("featureLabel")
    }

    /// Where it registers (`proxy`); `None` for the servers of the group (`USECALLMANAGER`).
    #[must_use]
    pub fn proxy(&self) -> Option<&'f str> {
        self.filled("proxy").filter(|proxy| !is_call_manager(proxy))
    }

    /// The port to register at (`port`).
    #[must_use]
    pub fn port(&self) -> Option<&'f str> {
        self.filled("port")
    }

    /// The name to authenticate with (`authName`).
    #[must_use]
    pub fn authentication_name(&self) -> Option<&'f str> {
        self.filled("authName")
    }

    /// The password to authenticate with (`authPassword`).
    #[must_use]
    pub fn authentication_password(&self) -> Option<Secret> {
        self.filled("authPassword").map(Secret::new)
    }

    fn filled(&self, path: &str) -> Option<&'f str> {
        filled(self.tree, self.element, path)
    }

    /// 9 is a line, 2 a speed dial.
    fn is_line(&self) -> bool {
        self.tree.name(self.element) == "line"
            && matches!(self.filled("featureID"), None | Some("9"))
    }
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("button", &self.button())
            .finish_non_exhaustive()
    }
}

/// The members of a group, in the order of their priorities.
pub(super) fn call_managers<'f>(tree: &'f Tree, members: &str) -> Vec<CallManager<'f>> {
    let members = find(tree, members);
    let members = members
        .map(|members| tree.children(members))
        .into_iter()
        .flatten();
    let mut found: Vec<CallManager<'f>> = members
        .enumerate()
        .filter_map(|(place, member)| {
            let server = find_below(tree, member, "callManager")?;
            // A port that cannot be read is not the default one.
            let port = |path, default| match filled(tree, server, path) {
                None => default,
                Some(text) => text.parse().unwrap_or(0),
            };
            let priority = tree.attribute(member, "priority");
            let priority = priority.and_then(|priority| priority.parse().ok());
            Some(CallManager {
                priority: priority.or_else(|| u16::try_from(place).ok())?,
                name: text(tree, server, "name").unwrap_or_default(),
                node: filled(tree, server, "processNodeName")?,
                sip_port: port("ports/sipPort", SIP_PORT),
                secured_sip_port: port("ports/securedSipPort", SECURED_SIP_PORT),
            })
        })
        .take(MAX_MEMBERS + 1)
        .collect();
    found.sort_by_key(|server| server.priority);
    found
}

/// Whether a proxy is the call managers of the group, in whatever case.
pub(crate) fn is_call_manager(proxy: &str) -> bool {
    proxy.eq_ignore_ascii_case(USE_CALL_MANAGER)
}

/// The number of TLS as `transportLayerProtocol`.
pub(crate) const TLS: &str = "3";
const USE_CALL_MANAGER: &str = "USECALLMANAGER";
const SIP_PORT: u16 = 5_060;
const SECURED_SIP_PORT: u16 = 5_061;

/// How many members a call manager group may have; one more is read, so that it can be told.
pub(crate) const MAX_MEMBERS: usize = 16;

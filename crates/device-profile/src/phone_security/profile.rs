//! Phone security profiles.

use thiserror::Error;

use crate::catalogue::{self, Feature, ReleaseOf, Support, System};
use crate::device_type::attribute::named;
use crate::{Document, Release, Source};

named! {
    /// How a device proves itself to the certificate authority proxy (Authentication Mode).
    CapfAuthenticationMode;
    /// By a string that the administrator gives the user.
    ByAuthenticationString = "By Authentication String",
    /// By the locally significant certificate, else the maker's.
    ByExistingLsc = "By Existing Certificate (precedence to LSC)",
    /// By the maker's certificate.
    ByExistingMic = "By Existing Certificate (precedence to MIC)",
    /// Not at all.
    ByNullString = "By Null String",
}

named! {
    /// How well signalling and media of a device are protected (Device Security Mode).
    DeviceSecurityMode;
    /// TLS without encryption.
    Authenticated = "Authenticated",
    /// TLS with encryption, and SRTP.
    Encrypted = "Encrypted",
    /// Not at all.
    NonSecure = "Non Secure",
}

named! {
    /// What signalling goes over (Transport Type).
    TransportType;
    /// TCP.
    Tcp = "TCP",
    /// TCP or UDP.
    TcpUdp = "TCP+UDP",
    /// TLS.
    Tls = "TLS",
    /// UDP.
    Udp = "UDP",
}

/// Whether a cluster can do with secured devices at all.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ClusterSecurityMode {
    /// Devices with and without protection.
    Mixed,
    /// Devices without protection only.
    NonSecure,
}

/// Which program a device of the client services framework is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CsfClient {
    /// Jabber for Mac.
    Mac,
    /// A virtual desktop (VXME, JVDI).
    VirtualDesktop,
    /// Jabber for Windows.
    Windows,
}

/// What a profile is for (Phone Type).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PhoneType {
    /// Cisco Unified Client Services Framework (`CSF…`).
    ClientServicesFramework(CsfClient),
    /// CTI Remote Device.
    CtiRemoteDevice,
    /// Cisco Dual Mode for Android (`BOT…`).
    DualModeForAndroid,
    /// Cisco Dual Mode for iPhone (`TCT…`).
    DualModeForIphone,
    /// Cisco Jabber for Tablet (`TAB…`).
    JabberForTablet,
    /// A telephone of this model, as the [catalogue](crate::catalogue) knows it.
    Phone(String),
    /// Universal Device Template.
    UniversalDeviceTemplate,
}

/// The cluster that a profile is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Cluster {
    /// The release of Unified CM.
    pub release: Release,
    /// The mode.
    pub security_mode: ClusterSecurityMode,
}

impl Cluster {
    /// A cluster of this release and mode.
    #[must_use]
    pub const fn new(release: Release, security_mode: ClusterSecurityMode) -> Self {
        Self {
            release,
            security_mode,
        }
    }
}

/// How devices are protected (Phone Security Profile).
///
/// The names are those of the form that administrators fill in.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PhoneSecurityProfile {
    /// Its name (Name).
    pub name: String,
    /// What it is for (Phone Type).
    pub phone_type: PhoneType,
    /// How well devices are protected (Device Security Mode).
    pub device_security_mode: DeviceSecurityMode,
    /// What signalling goes over (Transport Type).
    pub transport_type: TransportType,
    /// Whether configuration files are encrypted (TFTP Encrypted Config).
    pub tftp_encrypted_config: bool,
    /// Whether devices authenticate by SIP digest (Enable Digest Authentication).
    pub enable_digest_authentication: bool,
    /// Whether devices authenticate by tokens (Enable OAuth Authentication).
    pub enable_oauth_authentication: bool,
    /// How a device proves itself to get its certificate (Authentication Mode).
    pub authentication_mode: CapfAuthenticationMode,
    /// The length of the key that a device makes (Key Size), in bits. Softphones were tested with
    /// 1024; 2048 takes longer.
    pub key_size_bits: u16,
    /// The length that the device's own certificate operation asks for, in bits.
    pub certificate_operation_key_size_bits: Option<u16>,
    /// The port of devices without protection (SIP Phone Port).
    pub sip_phone_port: u16,
}

impl PhoneSecurityProfile {
    /// A profile without protection.
    #[must_use]
    pub fn new(name: &str, phone_type: PhoneType) -> Self {
        Self {
            name: name.to_owned(),
            phone_type,
            device_security_mode: DeviceSecurityMode::NonSecure,
            transport_type: TransportType::TcpUdp,
            tftp_encrypted_config: false,
            enable_digest_authentication: false,
            enable_oauth_authentication: false,
            authentication_mode: CapfAuthenticationMode::ByAuthenticationString,
            key_size_bits: 1024,
            certificate_operation_key_size_bits: None,
            sip_phone_port: DEFAULT_SIP_PHONE_PORT,
        }
    }

    /// Makes it encrypted, over TLS.
    #[must_use]
    pub fn encrypted(mut self) -> Self {
        self.device_security_mode = DeviceSecurityMode::Encrypted;
        self.transport_type = TransportType::Tls;
        self
    }

    /// Makes it encrypted, over TLS, with tokens.
    #[must_use]
    pub fn with_oauth(self) -> Self {
        let mut with = self.encrypted();
        with.enable_oauth_authentication = true;
        with
    }

    /// The port that devices fetch their configuration from, by HTTPS and with their token;
    /// `None` where they have none.
    ///
    /// # Source
    ///
    /// Unified CM, SIP OAuth mode, device security mode in the phone security profile: 6971.
    #[must_use]
    pub fn configuration_port(&self) -> Option<u16> {
        self.enable_oauth_authentication
            .then_some(SECURE_CONFIGURATION_PORT)
    }

    /// Every rule that is broken in this cluster; empty when all is well.
    #[must_use]
    pub fn violations(&self, cluster: &Cluster) -> Vec<PhoneSecurityViolation> {
        let mut found = Vec::new();
        let mut check = |is_broken: bool, violation| {
            if is_broken {
                found.push(violation);
            }
        };
        let is_tls = self.transport_type == TransportType::Tls;
        let is_secure = self.device_security_mode != DeviceSecurityMode::NonSecure;
        let oauth = self.enable_oauth_authentication;
        check(
            oauth && self.device_security_mode != DeviceSecurityMode::Encrypted,
            PhoneSecurityViolation::OAuthWithoutEncryption,
        );
        check(oauth && !is_tls, PhoneSecurityViolation::OAuthWithoutTls);
        check(
            oauth && self.enable_digest_authentication,
            PhoneSecurityViolation::OAuthWithDigest,
        );
        check(
            oauth && self.tftp_encrypted_config,
            PhoneSecurityViolation::OAuthWithTftpEncryption,
        );
        match self.oauth_support(cluster) {
            Support::Listed(_) => {}
            Support::TooOld(_) => check(oauth, PhoneSecurityViolation::OAuthRelease),
            _ => check(oauth, PhoneSecurityViolation::OAuthPhoneType),
        }
        check(
            is_secure && !is_tls && !oauth,
            PhoneSecurityViolation::SecureWithoutTls,
        );
        // Tokens make a softphone secure without that; a telephone needs it all the same.
        let does_without = oauth && self.phone_type.is_softphone();
        check(
            is_secure && !does_without && cluster.security_mode == ClusterSecurityMode::NonSecure,
            PhoneSecurityViolation::ClusterNotMixed,
        );
        check(
            is_secure && self.sip_phone_port != DEFAULT_SIP_PHONE_PORT,
            PhoneSecurityViolation::PortOfSecure,
        );
        let is_mobile = matches!(
            self.phone_type,
            PhoneType::DualModeForAndroid
                | PhoneType::DualModeForIphone
                | PhoneType::JabberForTablet
        );
        check(
            is_mobile && self.tftp_encrypted_config,
            PhoneSecurityViolation::TftpEncryptionOnMobile,
        );
        // With tokens there is no such enrolment.
        let enrols = is_secure && !oauth && self.phone_type.is_softphone();
        let refuses_null = matches!(
            self.phone_type,
            PhoneType::ClientServicesFramework(CsfClient::Windows | CsfClient::VirtualDesktop)
        );
        check(
            enrols
                && refuses_null
                && self.authentication_mode == CapfAuthenticationMode::ByNullString,
            PhoneSecurityViolation::NullString,
        );
        check(
            enrols
                && !matches!(
                    self.authentication_mode,
                    CapfAuthenticationMode::ByAuthenticationString
                        | CapfAuthenticationMode::ByNullString
                ),
            PhoneSecurityViolation::ExistingCertificate,
        );
        let asked = self.certificate_operation_key_size_bits;
        check(
            enrols && asked.is_some_and(|bits| bits != self.key_size_bits),
            PhoneSecurityViolation::KeySize,
        );
        found
    }

    fn oauth_support(&self, cluster: &Cluster) -> Support {
        let model = match &self.phone_type {
            PhoneType::ClientServicesFramework(_) => "CSF",
            PhoneType::DualModeForAndroid => "BOT",
            PhoneType::DualModeForIphone => "TCT",
            PhoneType::JabberForTablet => "TAB",
            PhoneType::CtiRemoteDevice => return Support::NotListed,
            PhoneType::Phone(model) => model,
            // Listed among the types; from which release stands there for what it makes only.
            PhoneType::UniversalDeviceTemplate => "CSF",
        };
        let releases = [(ReleaseOf::UnifiedCm, cluster.release)];
        catalogue::support(model, Feature::SipOAuth, System::UnifiedCm, &releases)
    }
}

impl PhoneType {
    /// Whether it is a program and no telephone.
    #[must_use]
    pub fn is_softphone(&self) -> bool {
        matches!(
            self,
            Self::ClientServicesFramework(_)
                | Self::DualModeForAndroid
                | Self::DualModeForIphone
                | Self::JabberForTablet
        )
    }
}

/// A rule that a phone security profile breaks.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum PhoneSecurityViolation {
    /// Protection needs a cluster in mixed mode.
    #[error("Device Security Mode other than Non Secure needs a cluster in mixed mode")]
    ClusterNotMixed,
    /// A softphone proves itself by a string or not at all.
    #[error("softphones take By Authentication String or By Null String only")]
    ExistingCertificate,
    /// The device's certificate operation asks for another length than the profile.
    #[error("Key Size differs from that of the device's certificate operation")]
    KeySize,
    /// Jabber for Windows and virtual desktops could not register.
    #[error("By Null String is not supported on Windows and virtual desktops")]
    NullString,
    /// The type takes no tokens.
    #[error("OAuth is not supported on this phone type")]
    OAuthPhoneType,
    /// The type takes tokens from a later release on: 12.5 for Jabber, 14 for telephones.
    #[error("OAuth is supported on this phone type from a later release on")]
    OAuthRelease,
    /// Tokens and SIP digest exclude one another.
    #[error("OAuth excludes Enable Digest Authentication")]
    OAuthWithDigest,
    /// Tokens and encrypted files exclude one another: files are fetched by HTTPS.
    #[error("OAuth excludes TFTP Encrypted Config")]
    OAuthWithTftpEncryption,
    /// Tokens need encryption.
    #[error("OAuth needs Device Security Mode Encrypted")]
    OAuthWithoutEncryption,
    /// Tokens need TLS.
    #[error("OAuth needs Transport Type TLS")]
    OAuthWithoutTls,
    /// The port counts for devices without protection only, and is to be left as it is.
    #[error("SIP Phone Port counts with Device Security Mode Non Secure only")]
    PortOfSecure,
    /// Protection needs TLS.
    #[error("Device Security Mode other than Non Secure needs Transport Type TLS")]
    SecureWithoutTls,
    /// Mobile softphones take no encrypted files.
    #[error("TFTP Encrypted Config is not for TCT, BOT and TAB devices")]
    TftpEncryptionOnMobile,
}

impl PhoneSecurityViolation {
    /// Where the rule stands.
    #[must_use]
    pub const fn source(self) -> Source {
        match self {
            Self::OAuthPhoneType | Self::OAuthRelease => {
                Source::new(Document::SipOAuth, "overview")
            }
            Self::OAuthWithDigest
            | Self::OAuthWithTftpEncryption
            | Self::OAuthWithoutEncryption
            | Self::OAuthWithoutTls => Source::new(
                Document::SipOAuth,
                "device security mode in the phone security profile",
            ),
            Self::KeySize => Source::new(Document::Softphones, "creation of Jabber devices"),
            Self::ClusterNotMixed
            | Self::ExistingCertificate
            | Self::NullString
            | Self::PortOfSecure
            | Self::SecureWithoutTls
            | Self::TftpEncryptionOnMobile => {
                Source::new(Document::Softphones, "phone security profile")
            }
        }
    }
}

/// The port of devices without protection unless told otherwise: 5060, the port of SIP.
pub const DEFAULT_SIP_PHONE_PORT: u16 = 5060;
/// The port for configuration by HTTPS: 6971.
///
/// # Source
///
/// Unified CM, SIP OAuth mode, device security mode in the phone security profile.
pub const SECURE_CONFIGURATION_PORT: u16 = 6971;

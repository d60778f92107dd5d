//! The values that attributes of device types, files and profiles can have.
//!
//! Where the schema states no default, that of a type here is the first value that the schema
//! lists; this is ours.

use serde::{Deserialize, Serialize};

/// An enumeration whose values have the names that the provisioning interface gives them.
macro_rules! named {
    (
        $(#[$meta:meta])* $name:ident $(, $default:ident)?;
        $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Eq, Hash, PartialEq, ::serde::Deserialize, ::serde::Serialize,
        )]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// The name that the provisioning interface gives it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        $(
            impl Default for $name {
                fn default() -> Self {
                    Self::$default
                }
            }
        )?

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use named;

named! {
    /// What kind of thing a device is (`deviceCategory`).
    AccessDeviceCategory, Generic;
    /// Client applications.
    ClientApplications = "Client Applications",
    /// Generic.
    Generic = "Generic",
    /// Hosted.
    Hosted = "Hosted",
    /// Local gateway.
    LocalGateway = "Local Gateway",
    /// SIP trunking.
    SipTrunking = "SIP Trunking",
}

named! {
    /// How a device authenticates in SIP (`authenticationMode`).
    ///
    /// This is not the check box of that name in the guides, whose value Bearer is
    /// `bearerFileAuthentication` here.
    AuthenticationMode, Sip;
    /// By the certificate.
    CertificateBased = "Certificate-based Authentication",
    /// Not at all.
    Disabled = "Disabled",
    /// By SIP digest.
    Sip = "SIP Authentication",
}

named! {
    /// Where devices of a type are made without an administrator (`autoCreateDevicesLevel`).
    AutoCreateDevicesLevel, NotUsed;
    /// In the group.
    Group = "Group",
    /// Nowhere.
    NotUsed = "Auto Creation Not Used",
    /// At the service provider.
    ServiceProvider = "Service Provider",
}

named! {
    /// Which files a device of a type fetches (`configType`).
    ConfigType, TwoFiles;
    /// Its own and the system's and the type's.
    ThreeFiles = "3 File Configuration",
    /// Its own and the system's.
    TwoFiles = "2 File Configuration",
    /// Those of SNAP.
    Snap = "SNAP",
}

named! {
    /// How devices of a type are configured (`deviceTypeConfigurationOption`).
    ConfigurationOption, DeviceManagement;
    /// By device management: each file has its own switches.
    DeviceManagement = "Device Management",
    /// By the older file server: the type's switches rule, and bearer is not among them.
    Legacy = "Legacy",
    /// Not at all.
    NotSupported = "Not Supported",
}

named! {
    /// Over what devices of a type fetch their files (`deviceAccessProtocol`).
    DeviceAccessProtocol, Https;
    /// FTP.
    Ftp = "FTP",
    /// FTP over TLS.
    Ftps = "FTPS",
    /// HTTP.
    Http = "Http",
    /// HTTPS. The default here; ours.
    Https = "Https",
    /// SFTP.
    Sftp = "SFTP",
    /// TFTP.
    Tftp = "TFTP",
}

named! {
    /// What media before the answer a device can play (`earlyMediaSupport`).
    EarlyMediaSupport, None;
    /// None.
    None = "No Early Media",
    /// In an early session.
    RtpEarlySession = "RTP - Early Session",
    /// In the session.
    RtpSession = "RTP - Session",
}

named! {
    /// What a file is made of (`fileCategory`); unchangeable once the file is there.
    FileCategory, Static;
    /// One for each group.
    DynamicGroup = "Dynamic Group",
    /// One for each device profile.
    DynamicProfile = "Dynamic Profile",
    /// The same for all; no tags.
    Static = "Static",
    /// A template that is never served.
    TemplateOnly = "Template Only",
}

named! {
    /// Who may change a file (`fileCustomization`).
    FileCustomization, Disallow;
    /// Administrators.
    Administrator = "Administrator",
    /// Administrators and users.
    AdministratorAndUser = "Administrator and User",
    /// Nobody.
    Disallow = "Disallow",
}

named! {
    /// Where a file comes from (`fileSource`).
    FileSource, Custom;
    /// From a template that was uploaded. The default here; ours.
    Custom = "Custom",
    /// From the level above; for files of groups and devices only.
    Default = "Default",
    /// From whoever puts it into the repository by hand.
    Manual = "Manual",
}

named! {
    /// How a held call is announced (`holdAnnouncementMethod`).
    HoldAnnouncementMethod, Inactive;
    /// By bandwidth attributes.
    BandwidthAttributes = "Bandwidth Attributes",
    /// By an inactive stream.
    Inactive = "Inactive",
}

named! {
    /// How a request to hold is rewritten (`holdNormalization`).
    HoldNormalization, UnspecifiedAddress;
    /// To an inactive stream.
    Inactive = "Inactive",
    /// To what RFC 3264 says.
    Rfc3264 = "Rfc3264",
    /// To the address 0.0.0.0.
    UnspecifiedAddress = "Unspecified Address",
}

named! {
    /// In what kind of network a device stands (`locationNetwork`).
    LocationNetwork, Fixed;
    /// A fixed one.
    Fixed = "Fixed",
    /// A mobile one.
    Mobile = "Mobile",
}

named! {
    /// By what a device is told to fetch its files again (`resetEvent`).
    ResetEvent, Resync;
    /// The event `check-sync`.
    CheckSync = "CheckSync",
    /// An event of one's own, in `resetString`.
    ResetString = "ResetString",
    /// The event `resync`.
    Resync = "Resync",
}

named! {
    /// In what other networks a device can be (`roamingMode`).
    RoamingMode, None;
    /// CDMA.
    Cdma = "CDMA",
    /// GSM.
    Gsm = "GSM",
    /// None.
    None = "None",
}

named! {
    /// Who knows the address of a device and what it can do itself (`profile`); unchangeable once
    /// the type is there.
    SignalingAddressType, NonIntelligentDevice;
    /// The device is asked itself and looks after its features.
    IntelligentDevice = "Intelligent Device Addressing",
    /// A proxy is asked, and the device looks after its features.
    IntelligentProxy = "Intelligent Proxy Addressing",
    /// The device is asked itself and has no features of its own.
    NonIntelligentDevice = "Non-intelligent Device Addressing",
    /// A proxy is asked, and the device has no features of its own.
    NonIntelligentProxy = "Non-intelligent Proxy Addressing",
}

named! {
    /// Whether devices of a type are linked with one another (`supportLinks`).
    SupportLinks, NotSupported;
    /// They are the ones that link.
    FromDevices = "Support Links from Devices",
    /// They are not.
    NotSupported = "Not Supported",
    /// They are linked to.
    ToDevice = "Support Link to Device",
    /// They and their users are linked to.
    ToDeviceAndUser = "Support Link to Device and User",
}

named! {
    /// Which tags are put into the files of a type (`tagMode`).
    ///
    /// # Source
    ///
    /// The names are the schema's; what each of them means is drawn from the names.
    TagMode, None;
    /// Native ones only.
    None = "None",
    /// Native ones and those of the system's default set.
    System = "System",
    /// Native ones, the default set, the type's set and those of lower levels that the type
    /// allows.
    SystemAndCustom = "System And Custom",
}

named! {
    /// How requests of a trunk are addressed (`trunkMode`).
    TrunkMode, User;
    /// By the pilot user.
    Pilot = "Pilot",
    /// By a proxy.
    Proxy = "Proxy",
    /// By the user.
    User = "User",
}

/// How many ports devices of a type have (`numberOfPorts`).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "Ports", into = "Ports")]
#[non_exhaustive]
pub enum NumberOfPorts {
    /// This many, 1 at least.
    Quantity(u32),
    /// Any number.
    #[default]
    Unlimited,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Ports {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unlimited: Option<bool>,
}

impl From<NumberOfPorts> for Ports {
    fn from(ports: NumberOfPorts) -> Self {
        match ports {
            NumberOfPorts::Quantity(quantity) => Self {
                quantity: Some(quantity),
                unlimited: None,
            },
            NumberOfPorts::Unlimited => Self {
                quantity: None,
                unlimited: Some(true),
            },
        }
    }
}

impl TryFrom<Ports> for NumberOfPorts {
    type Error = &'static str;

    fn try_from(ports: Ports) -> Result<Self, Self::Error> {
        match ports {
            Ports {
                quantity: Some(quantity),
                unlimited: None,
            } => Ok(Self::Quantity(quantity)),
            Ports {
                quantity: None,
                unlimited: Some(true),
            } => Ok(Self::Unlimited),
            _ => Err("either a quantity or unlimited: true"),
        }
    }
}

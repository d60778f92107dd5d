//! Sample device types and devices.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use offhook_device_name::{DeviceModel, MacAddress};
use offhook_device_profile::{Archive, DeviceType, DeviceTypeFile, FileAuthentication, TagMode};
use offhook_onboarding::Ownership;
use offhook_onboarding::device_side::DeviceSettings;
use offhook_onboarding::message::ProvisionRequest;
use url::Url;

use crate::{DOMAIN, DeviceSubject};

/// A device that stands in its box.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SampleDevice {
    /// The device profile that is provisioned for it.
    pub profile: &'static str,
    /// Its device type.
    pub device_type: &'static str,
    /// Its model.
    pub model: DeviceModel,
    /// Its serial number.
    pub serial_number: &'static str,
    /// Its address.
    pub mac: MacAddress,
    /// Whose it is.
    pub ownership: Ownership,
}

impl SampleDevice {
    /// A room device.
    ///
    /// # Errors
    ///
    /// None that a caller could mend.
    pub fn room_os() -> anyhow::Result<Self> {
        Ok(Self {
            profile: "room-7-desk-pro",
            device_type: "Room OS",
            model: DeviceModel::new("Cisco Desk Pro")?,
            serial_number: "FOC2412N0AB",
            mac: MacAddress::new([0x00, 0x11, 0x22, 0x33, 0x44, 0x55]),
            ownership: Ownership::Workspace,
        })
    }

    /// A multiplatform phone whose serial number looks like an address.
    ///
    /// # Errors
    ///
    /// None that a caller could mend.
    pub fn mpp() -> anyhow::Result<Self> {
        Ok(Self {
            profile: "alice-8841",
            device_type: "MPP 8841",
            model: DeviceModel::new("CP-8841-3PCC")?,
            serial_number: "88012BA01234",
            mac: MacAddress::new([0x00, 0x0e, 0x08, 0xab, 0xcd, 0xef]),
            ownership: Ownership::Personal,
        })
    }

    /// A telephone of Unified CM, outside of the enterprise network.
    ///
    /// # Errors
    ///
    /// None that a caller could mend.
    pub fn unified_cm() -> anyhow::Result<Self> {
        Ok(Self {
            profile: "bob-8851",
            device_type: "Unified CM 8851",
            model: DeviceModel::new("CP-8851")?,
            serial_number: "FCH2210E0AB",
            mac: MacAddress::new([0x00, 0x0e, 0x08, 0xab, 0xcd, 0x01]),
            ownership: Ownership::Personal,
        })
    }

    /// The same device with another address.
    #[must_use]
    pub fn with_mac(self, mac: MacAddress) -> Self {
        Self { mac, ..self }
    }

    /// How an administrator provisions it; with its address only where `mac` says so.
    #[must_use]
    pub fn provision(&self, mac: Option<MacAddress>) -> ProvisionRequest {
        ProvisionRequest {
            profile: self.profile.to_owned(),
            account: format!("account of {}", self.profile),
            device_type: self.device_type.to_owned(),
            model: self.model.clone(),
            ownership: self.ownership,
            line_port: format!("{}@{DOMAIN}", self.profile),
            mac_address: mac,
            tags: BTreeMap::from([(
                "%DISPLAY_NAME%".to_owned(),
                format!("Desk <{}>", self.profile).into(),
            )]),
        }
    }

    /// What its maker put into it.
    #[must_use]
    pub fn settings(&self, management_url: &Url) -> DeviceSettings {
        DeviceSettings {
            model: self.model.clone(),
            mac: self.mac,
            serial_number: self.serial_number.to_owned(),
            management_url: management_url.clone(),
        }
    }

    /// The subject of its certificate.
    #[must_use]
    pub fn subject(&self) -> DeviceSubject {
        DeviceSubject::CiscoMultiplatform {
            model: self.model.to_string(),
            serial: self.serial_number.to_owned(),
            mac: format!("{:x}", self.mac),
        }
    }
}

/// The archive of the device type `Room OS`: activated by code, configured by machine token.
///
/// # Errors
///
/// None that a caller could mend.
pub fn room_os_archive() -> anyhow::Result<Archive> {
    let file = DeviceTypeFile::new("%BWMACADDRESS%.xml", include_str!("sample/room_os.xml"))
        .with_authentication(FileAuthentication::bearer());
    checked(DeviceType::new("Room OS").with_activation().with_file(file))
}

/// The archive of the device type `MPP 8841`: proved by its maker's certificate, with a code or
/// without.
///
/// # Errors
///
/// None that a caller could mend.
pub fn mpp_archive() -> anyhow::Result<Archive> {
    mpp("MPP 8841", FileAuthentication::mac_in_cert())
}

/// The archive of the device type `MPP 8841 by proxy`: proved by a header of the proxy in front,
/// which has verified its maker's certificate.
///
/// # Errors
///
/// None that a caller could mend.
pub fn mpp_by_proxy_archive() -> anyhow::Result<Archive> {
    let by_header = FileAuthentication::mac_in_header(".*([0-9a-fA-F]{12}).*");
    mpp("MPP 8841 by proxy", by_header)
}

/// The archive of the device type `Unified CM 8851`: activated by code, configured by machine token
/// from outside.
///
/// # Errors
///
/// None that a caller could mend.
pub fn unified_cm_archive() -> anyhow::Result<Archive> {
    let template = include_str!("sample/unified_cm.xml");
    let file = DeviceTypeFile::new("%BWDEVICENAME%.cnf.xml", template)
        .with_authentication(FileAuthentication::bearer());
    let device_type = DeviceType::new("Unified CM 8851")
        .with_model("CP-8851")
        .with_activation();
    checked(device_type.with_file(file))
}

fn mpp(name: &str, mut authentication: FileAuthentication) -> anyhow::Result<Archive> {
    authentication.bearer = true;
    let file = DeviceTypeFile::new("%BWMACADDRESS%.cfg", include_str!("sample/mpp.xml"))
        .with_authentication(authentication);
    let device_type = DeviceType::new(name)
        .with_model("CP-8841-3PCC")
        .with_activation();
    checked(device_type.with_file(file))
}

fn checked(mut device_type: DeviceType) -> anyhow::Result<Archive> {
    let options = device_type.device_management_mut();
    options.tag_mode = TagMode::SystemAndCustom;
    options.allow_device_profile_custom_tag_set = true;
    let violations = device_type.violations();
    if violations.is_empty() {
        return Ok(Archive::new(device_type));
    }
    Err(anyhow::anyhow!("{violations:?}")).context(device_type.name)
}

/// The archives of these device types as they lie on disk, in `testdata/dtaf`.
#[must_use]
pub fn sample_archives() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/dtaf");
    ["room-os.dtaf", "mpp-8841.dtaf", "unified-cm-8851.dtaf"]
        .map(|file| folder.join(file))
        .into()
}

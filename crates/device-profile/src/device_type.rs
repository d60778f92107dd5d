//! What a server knows about a kind of device.

use serde::{Deserialize, Serialize};

use attribute::{
    AccessDeviceCategory, AuthenticationMode, ConfigurationOption, EarlyMediaSupport,
    HoldAnnouncementMethod, HoldNormalization, LocationNetwork, NumberOfPorts, ResetEvent,
    RoamingMode, SignalingAddressType, TrunkMode,
};
use file::DeviceTypeFile;
use options::{CpeDeviceOptions, DeviceManagementOptions};

pub(crate) mod attribute;
pub(crate) mod authentication;
pub(crate) mod file;
pub(crate) mod options;

/// A kind of device: what it can do, how it is configured, and the files it fetches.
///
/// Any values can stand here, as they come out of an archive;
/// [`violations`](Self::violations) tells which of them no server would take. Read and written by
/// `serde`, the members have the names that the provisioning interface gives them, and an unknown
/// one is an error; the contents of the files are not among them.
///
/// # Source
///
/// The attributes and their order are those of `SystemSIPDeviceTypeAddRequest23V9` of the
/// provisioning interface, and `isObsolete` of the request that modifies; which can be left out
/// too. What an attribute does is told where a public text does, and else drawn from its name.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeviceType {
    /// Its name (`deviceType`): 1 to 40 characters.
    #[serde(rename = "deviceType")]
    pub name: String,
    /// How many ports devices have (`numberOfPorts`).
    pub number_of_ports: NumberOfPorts,
    /// Who knows the address of a device (`profile`); unchangeable.
    #[serde(rename = "profile")]
    pub signaling_address_type: SignalingAddressType,
    /// Whether devices register (`registrationCapable`).
    pub registration_capable: bool,
    /// Whether devices are conference bridges (`isConferenceDevice`); unchangeable.
    pub is_conference_device: bool,
    /// Whether devices are mobility managers (`isMobilityManagerDevice`); unchangeable.
    pub is_mobility_manager_device: bool,
    /// Whether devices play music on hold (`isMusicOnHoldDevice`); unchangeable.
    pub is_music_on_hold_device: bool,
    /// How a request to hold is rewritten (`holdNormalization`).
    pub hold_normalization: HoldNormalization,
    /// How a held call is announced (`holdAnnouncementMethod`).
    pub hold_announcement_method: HoldAnnouncementMethod,
    /// Whether what devices say of callers is believed (`isTrusted`).
    pub is_trusted: bool,
    /// Whether devices take numbers as in E.164 (`E164Capable`).
    #[serde(rename = "E164Capable")]
    pub e164_capable: bool,
    /// Whether other routes are tried where a device fails (`routeAdvance`).
    pub route_advance: bool,
    /// Whether devices forward calls themselves (`forwardingOverride`).
    pub forwarding_override: bool,
    /// Whether devices are integrated with a wireless network (`wirelessIntegration`).
    pub wireless_integration: bool,
    /// Where devices are configured by hand (`webBasedConfigURL`): at most 80 characters.
    #[serde(
        rename = "webBasedConfigURL",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub web_based_config_url: Option<String>,
    /// Whether devices have video (`isVideoCapable`).
    pub is_video_capable: bool,
    /// Whether devices stand for a private exchange (`PBXIntegration`).
    #[serde(rename = "PBXIntegration")]
    pub pbx_integration: bool,
    /// Whether devices can be registered statically (`staticRegistrationCapable`).
    pub static_registration_capable: bool,
    /// How devices are configured and managed (`cpeDeviceOptions`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpe_device_options: Option<CpeDeviceOptions>,
    /// What media before the answer devices can play (`earlyMediaSupport`).
    pub early_media_support: EarlyMediaSupport,
    /// Whether a REFER of a device is authenticated (`authenticateRefer`).
    pub authenticate_refer: bool,
    /// Whether devices are software that configures itself (`autoConfigSoftClient`).
    pub auto_config_soft_client: bool,
    /// How devices authenticate in SIP (`authenticationMode`).
    pub authentication_mode: AuthenticationMode,
    /// Whether digits are collected for devices (`requiresBroadWorksDigitCollection`).
    #[serde(rename = "requiresBroadWorksDigitCollection")]
    pub requires_broadworks_digit_collection: bool,
    /// Whether the tone for a waiting call is played for devices
    /// (`requiresBroadWorksCallWaitingTone`).
    #[serde(rename = "requiresBroadWorksCallWaitingTone")]
    pub requires_broadworks_call_waiting_tone: bool,
    /// Whether devices hear of messages only where they subscribed (`requiresMWISubscription`).
    #[serde(rename = "requiresMWISubscription")]
    pub requires_mwi_subscription: bool,
    /// Whether `History-Info` goes to devices (`useHistoryInfoHeaderOnAccessSide`).
    pub use_history_info_header_on_access_side: bool,
    /// Whether devices show charges (`adviceOfChargeCapable`).
    pub advice_of_charge_capable: bool,
    /// By what devices are told to fetch their files again (`resetEvent`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_event: Option<ResetEvent>,
    /// The event of one's own for that (`resetString`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_string: Option<String>,
    /// Whether devices read the documents of call centers (`supportCallCenterMIMEType`).
    #[serde(rename = "supportCallCenterMIMEType")]
    pub support_call_center_mime_type: bool,
    /// How requests of a trunk are addressed (`trunkMode`).
    pub trunk_mode: TrunkMode,
    /// Whether `P-Called-Party-ID` goes to devices (`addPCalledPartyId`).
    pub add_p_called_party_id: bool,
    /// Whether the identity is told in UPDATE and in a second INVITE
    /// (`supportIdentityInUpdateAndReInvite`).
    pub support_identity_in_update_and_re_invite: bool,
    /// Whether identities that nobody has checked are shown
    /// (`unscreenedPresentationIdentityPolicy`).
    pub unscreened_presentation_identity_policy: bool,
    /// Whether devices know the centralized services of IMS (`enhancedForICS`).
    #[serde(rename = "enhancedForICS")]
    pub enhanced_for_ics: bool,
    /// Whether only the emergency service can end an emergency call
    /// (`supportEmergencyDisconnectControl`).
    pub support_emergency_disconnect_control: bool,
    /// How devices are configured (`deviceTypeConfigurationOption`); unchangeable.
    #[serde(rename = "deviceTypeConfigurationOption")]
    pub configuration_option: ConfigurationOption,
    /// Whether causes are mapped as in RFC 3398 (`supportRFC3398`).
    #[serde(rename = "supportRFC3398")]
    pub support_rfc3398: bool,
    /// Whether lines keep their order (`staticLineOrdering`); unchangeable.
    pub static_line_ordering: bool,
    /// Whether devices tell of their session (`supportClientSessionInfo`).
    pub support_client_session_info: bool,
    /// Whether conferences are told in `Call-Info` (`supportCallInfoConferenceSubscriptionURI`).
    #[serde(rename = "supportCallInfoConferenceSubscriptionURI")]
    pub support_call_info_conference_subscription_uri: bool,
    /// Whether devices are told of the remote party (`supportRemotePartyInfo`).
    pub support_remote_party_info: bool,
    /// Whether devices have a link to visual device management
    /// (`supportVisualDeviceManagementRedirectLink`).
    pub support_visual_device_management_redirect_link: bool,
    /// Whether no media treatment is played to devices (`bypassMediaTreatment`).
    pub bypass_media_treatment: bool,
    /// Whether calls go on from 3G to 4G (`supports3G4GContinuity`).
    #[serde(rename = "supports3G4GContinuity")]
    pub supports_3g_4g_continuity: bool,
    /// Whether devices publish their presence (`publishesOwnPresence`).
    pub publishes_own_presence: bool,
    /// Whether the parameter `cause` goes to devices (`supportCauseParameter`).
    pub support_cause_parameter: bool,
    /// In what kind of network devices stand (`locationNetwork`).
    pub location_network: LocationNetwork,
    /// The reseller the type belongs to (`resellerId`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reseller_id: Option<String>,
    /// Whether calls are ended at a device by its service identifier
    /// (`allowTerminationBasedOnICSI`).
    #[serde(rename = "allowTerminationBasedOnICSI")]
    pub allow_termination_based_on_icsi: bool,
    /// In what other networks devices can be (`roamingMode`).
    pub roaming_mode: RoamingMode,
    /// Whether `From` tells the category of the caller
    /// (`supportCallingPartyCategoryInOutboundFromHeader`).
    pub support_calling_party_category_in_outbound_from_header: bool,
    /// Whether devices use visual device management (`supportVisualDeviceManagementAPI`).
    #[serde(
        rename = "supportVisualDeviceManagementAPI",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub support_visual_device_management_api: Option<bool>,
    /// What kind of thing devices are (`deviceCategory`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_category: Option<AccessDeviceCategory>,
    /// Whether the type is made on the file server too (`addToFileServer`); absent means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_to_file_server: Option<bool>,
    /// Whether `P-Asserted-Identity` tells how a number was verified (`verstatInPAIHeader`).
    #[serde(
        rename = "verstatInPAIHeader",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub verstat_in_pai_header: Option<bool>,
    /// Whether `From` does (`verstatInFromHeader`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verstat_in_from_header: Option<bool>,
    /// Whether devices can be made to answer (`supportPreferredAutoAndForcedAnswer`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_preferred_auto_and_forced_answer: Option<bool>,
    /// Whether devices are told what became of a caller's number
    /// (`supportCiscoCallerIdDispositionHeader`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_cisco_caller_id_disposition_header: Option<bool>,
    /// Whether no new device can be of this type (`isObsolete`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_obsolete: Option<bool>,
    /// The files, in their order.
    pub files: Vec<DeviceTypeFile>,
}

impl DeviceType {
    /// A type of this name, managed by the device management, with every switch off.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Allows activation by code: activation on, codes through the messaging server, and bearer
    /// authentication on the type. The files' own switches are theirs.
    ///
    /// # Source
    ///
    /// Device integration for Webex on `BroadWorks`, provisioning of Room OS devices.
    #[must_use]
    pub fn with_activation(mut self) -> Self {
        let options = self.device_management_mut();
        options.enable_device_activation = true;
        options.is_activation_code_through_messaging_server = Some(true);
        options.bearer_file_authentication = true;
        self
    }

    /// Names the model.
    #[must_use]
    pub fn with_model(mut self, model: &str) -> Self {
        self.device_management_mut().device_model = Some(model.to_owned());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn with_file(mut self, file: DeviceTypeFile) -> Self {
        self.files.push(file);
        self
    }

    /// The options of device management, made with every switch off where there are none.
    pub fn device_management_mut(&mut self) -> &mut DeviceManagementOptions {
        self.cpe_device_options
            .get_or_insert_default()
            .device_management
            .get_or_insert_default()
    }

    /// The options of device management, where the type has any.
    #[must_use]
    pub fn device_management(&self) -> Option<&DeviceManagementOptions> {
        self.cpe_device_options.as_ref()?.device_management.as_ref()
    }

    /// The model (`deviceModel`).
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.device_management()?.device_model.as_deref()
    }

    /// Whether a device may be activated by code (`enableDeviceActivation`).
    #[must_use]
    pub fn allows_activation(&self) -> bool {
        let options = self.device_management();
        options.is_some_and(|options| options.enable_device_activation)
    }

    /// The file of this `fileFormat`.
    #[must_use]
    pub fn file(&self, file_format: &str) -> Option<&DeviceTypeFile> {
        self.files
            .iter()
            .find(|file| file.file_format == file_format)
    }

    /// The attributes in which `other` differs and that no request can change once the type is
    /// there, by the names that the provisioning interface gives them.
    ///
    /// # Source
    ///
    /// `SystemSIPDeviceTypeModifyRequest` of the provisioning interface has none of the six.
    #[must_use]
    pub fn unchangeable_differences(&self, other: &Self) -> Vec<&'static str> {
        let pairs = [
            (
                self.signaling_address_type == other.signaling_address_type,
                "profile",
            ),
            (
                self.is_conference_device == other.is_conference_device,
                "isConferenceDevice",
            ),
            (
                self.is_mobility_manager_device == other.is_mobility_manager_device,
                "isMobilityManagerDevice",
            ),
            (
                self.is_music_on_hold_device == other.is_music_on_hold_device,
                "isMusicOnHoldDevice",
            ),
            (
                self.configuration_option == other.configuration_option,
                "deviceTypeConfigurationOption",
            ),
            (
                self.static_line_ordering == other.static_line_ordering,
                "staticLineOrdering",
            ),
        ];
        let differing = pairs.into_iter().filter(|(is_same, _)| !is_same);
        differing.map(|(_, name)| name).collect()
    }
}

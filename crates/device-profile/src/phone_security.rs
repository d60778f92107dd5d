//! Phone security profiles, SIP OAuth and mobile SIP profiles of Unified CM, each with the rules
//! that the guides state.

mod mobile;
mod oauth;
mod profile;

pub use mobile::{
    DUAL_MODE_ALERT_TIMER_MS, DUAL_MODE_ALERT_TIMER_STEP_MS, MobileSipProfile, MobileSipViolation,
    STANDARD_MOBILE_PROFILE, dual_mode_alert_timer_violation, needs_mobile_sip_profile,
};
pub use oauth::{
    DEFAULT_SIP_OAUTH_MRA_PORT, DEFAULT_SIP_OAUTH_PORT, ExpresswayC, OAuthNode, OAuthPhones,
    OAuthViolation, PORT_RANGE, RemoteAccessPhone, RemoteAccessViolation, SipOAuthSettings,
};
pub use profile::{
    CapfAuthenticationMode, Cluster, ClusterSecurityMode, CsfClient, DEFAULT_SIP_PHONE_PORT,
    DeviceSecurityMode, PhoneSecurityProfile, PhoneSecurityViolation, PhoneType,
    SECURE_CONFIGURATION_PORT, TransportType,
};

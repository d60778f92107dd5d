//! Device profiles and their rules.

use offhook_device_profile::{
    DeviceCredentials, DeviceLevel, DeviceProfile, DeviceReadings, DeviceType, Onboarding,
    ProfileViolation, TransportProtocol,
};

fn room() -> DeviceType {
    DeviceType::new("Room").with_activation()
}

#[test]
fn a_code_needs_an_allowing_type_and_an_empty_address() {
    let by_code = |profile: &DeviceProfile, of: &DeviceType| {
        profile.violations(of, Onboarding::ActivationCode)
    };
    let profile = DeviceProfile::new("room-1", "Room");
    assert_eq!(by_code(&profile, &room()), []);
    let mut cleared = profile.clone();
    cleared.mac_address = Some(String::new());
    assert_eq!(by_code(&cleared, &room()), []);
    let filled = profile.clone().with_mac_address("0A1B2C3D4D5F");
    assert_eq!(
        by_code(&filled, &room()),
        [ProfileViolation::MacAddressWithCode]
    );
    assert_eq!(
        by_code(&profile, &DeviceType::new("Room")),
        [ProfileViolation::ActivationNotAllowed]
    );
}

#[test]
fn without_a_code_an_address_of_twelve_digits_is_needed() {
    let by_mac = |mac: Option<&str>| {
        let mut profile = DeviceProfile::new("alice", "Room");
        profile.mac_address = mac.map(str::to_owned);
        profile.violations(&room(), Onboarding::MacAddress)
    };
    assert_eq!(by_mac(Some("0a1b2c3d4d5f")), []);
    for none in [None, Some("")] {
        assert_eq!(by_mac(none), [ProfileViolation::MacAddressMissing]);
    }
    for bad in [
        "0a1b2c3d4d5",
        "0a1b2c3d4d5fa",
        "0a:1b:2c:3d:",
        "0a1b2c3d4dxx",
    ] {
        assert_eq!(
            by_mac(Some(bad)),
            [ProfileViolation::MacAddressForm],
            "{bad}"
        );
    }
}

#[test]
fn all_rules_that_a_profile_breaks_are_told_at_once() {
    let mut profile = DeviceProfile::new("", "Other").with_mac_address("x");
    profile.serial_number = Some("1".repeat(81));
    profile.use_custom_user_name_password = Some(true);
    assert_eq!(
        profile.violations(&DeviceType::new("Room"), Onboarding::ActivationCode),
        [
            ProfileViolation::NameLength,
            ProfileViolation::TypeDiffers,
            ProfileViolation::ActivationNotAllowed,
            ProfileViolation::MacAddressWithCode,
            ProfileViolation::MacAddressForm,
            ProfileViolation::SerialNumberLength,
            ProfileViolation::CredentialsMissing,
        ]
    );
    assert_eq!(
        ProfileViolation::MacAddressWithCode.source().to_string(),
        "device integration for Webex on BroadWorks, provisioning of Room OS devices"
    );
}

#[test]
fn a_profile_is_written_by_the_fields_names_and_read_again() {
    let mut profile = DeviceProfile::new("alice", "Phone").with_mac_address("0A1B2C3D4D5F");
    profile.level = DeviceLevel::Group {
        service_provider_id: "sp".to_owned(),
        group_id: "g".to_owned(),
    };
    profile.transport_protocol = Some(TransportProtocol::Tls);
    profile.device_ipei = Some("0123456789".to_owned());
    profile.outbound_proxy_server_net_address = Some("sbc.example.net".to_owned());
    profile.access_device_credentials = Some(DeviceCredentials::new("alice", "Canary0123456789"));
    let json = serde_json::to_value(&profile).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "level": {"Group": {"serviceProviderId": "sp", "groupId": "g"}},
            "deviceName": "alice",
            "deviceType": "Phone",
            "outboundProxyServerNetAddress": "sbc.example.net",
            "macAddress": "0A1B2C3D4D5F",
            "transportProtocol": "TLS",
            "accessDeviceCredentials": {"userName": "alice", "password": "Canary0123456789"},
            "deviceIPEI": "0123456789",
        })
    );
    assert_eq!(
        serde_json::from_value::<DeviceProfile>(json).unwrap(),
        profile
    );
    assert!(!format!("{profile:?}").contains("Canary"));
    let unknown = r#"{"level": "System", "deviceName": "a", "deviceType": "T", "macAdress": ""}"#;
    assert!(serde_json::from_str::<DeviceProfile>(unknown).is_err());
}

#[test]
fn what_a_system_tells_of_a_device_is_read() {
    let text = r#"{"numberOfPorts": {"quantity": 4}, "numberOfAssignedPorts": 1,
        "status": "Online", "configurationMode": "Default", "configurationFileName": "a.xml",
        "userName": "u", "version": "Cisco/11.3.7", "isWebexTeamsDevice": true,
        "deviceExternalId": "e", "deviceCode": "0042", "deviceIndex": 7, "useDeviceCode": false,
        "authBearerSubject": "3a0f2c1e-0000-4000-8000-000000000001"}"#;
    let readings: DeviceReadings = serde_json::from_str(text).unwrap();
    assert_eq!(readings.device_index, Some(7));
    assert_eq!(
        readings.auth_bearer_subject.as_deref(),
        Some("3a0f2c1e-0000-4000-8000-000000000001")
    );
    let again: DeviceReadings =
        serde_json::from_value(serde_json::to_value(&readings).unwrap()).unwrap();
    assert_eq!(again, readings);
    for bad in [
        r#"{"numberOfPorts": {"quantity": 4, "unlimited": true}}"#,
        r#"{"numberOfPorts": {"unlimited": false}}"#,
        r#"{"numberOfPorts": {}}"#,
    ] {
        assert!(
            serde_json::from_str::<DeviceReadings>(bad).is_err(),
            "{bad}"
        );
    }
}

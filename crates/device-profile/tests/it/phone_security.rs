//! Phone security profiles, SIP OAuth and mobile SIP profiles, each rule alone and all at once.

use offhook_device_profile::phone_security::{
    CapfAuthenticationMode, Cluster, ClusterSecurityMode, CsfClient, DeviceSecurityMode,
    ExpresswayC, MobileSipProfile, MobileSipViolation, OAuthNode, OAuthPhones, OAuthViolation,
    PhoneSecurityProfile, PhoneSecurityViolation, PhoneType, RemoteAccessPhone,
    RemoteAccessViolation, SipOAuthSettings, TransportType, dual_mode_alert_timer_violation,
    needs_mobile_sip_profile,
};

const MIXED: ClusterSecurityMode = ClusterSecurityMode::Mixed;
const WINDOWS: PhoneType = PhoneType::ClientServicesFramework(CsfClient::Windows);

fn cluster(release: &str, security_mode: ClusterSecurityMode) -> Cluster {
    Cluster::new(release.parse().unwrap(), security_mode)
}

fn phone(model: &str) -> PhoneType {
    PhoneType::Phone(model.to_owned())
}

/// What is broken once an honest profile with tokens was changed.
fn oauth(change: impl Fn(&mut PhoneSecurityProfile)) -> Vec<PhoneSecurityViolation> {
    let mut profile = PhoneSecurityProfile::new("P", phone("8841")).with_oauth();
    change(&mut profile);
    profile.violations(&cluster("14", MIXED))
}

/// What is broken once an honest encrypted profile of this type was changed.
fn encrypted(
    phone_type: PhoneType,
    change: impl Fn(&mut PhoneSecurityProfile),
) -> Vec<PhoneSecurityViolation> {
    let mut profile = PhoneSecurityProfile::new("P", phone_type).encrypted();
    change(&mut profile);
    profile.violations(&cluster("12.0", MIXED))
}

#[test]
fn oauth_needs_encryption_and_tls_and_excludes_digest_and_tftp_encryption() {
    assert_eq!(oauth(|_| {}), []);
    for mode in [
        DeviceSecurityMode::Authenticated,
        DeviceSecurityMode::NonSecure,
    ] {
        assert_eq!(
            oauth(|p| p.device_security_mode = mode),
            [PhoneSecurityViolation::OAuthWithoutEncryption]
        );
    }
    for transport in [
        TransportType::Tcp,
        TransportType::Udp,
        TransportType::TcpUdp,
    ] {
        assert_eq!(
            oauth(|p| p.transport_type = transport),
            [PhoneSecurityViolation::OAuthWithoutTls]
        );
    }
    assert_eq!(
        oauth(|p| p.enable_digest_authentication = true),
        [PhoneSecurityViolation::OAuthWithDigest]
    );
    assert_eq!(
        oauth(|p| p.tftp_encrypted_config = true),
        [PhoneSecurityViolation::OAuthWithTftpEncryption]
    );
    let all = oauth(|p| {
        p.device_security_mode = DeviceSecurityMode::NonSecure;
        p.transport_type = TransportType::Udp;
        p.enable_digest_authentication = true;
        p.tftp_encrypted_config = true;
        p.phone_type = phone("7937");
    });
    assert_eq!(all.len(), 5, "{all:?}");
    assert_eq!(
        all[0].source().to_string(),
        "Unified CM, SIP OAuth mode, device security mode in the phone security profile"
    );
}

#[test]
fn oauth_is_for_listed_types_from_their_release_on() {
    let at = |phone_type: PhoneType, release: &str| {
        let profile = PhoneSecurityProfile::new("P", phone_type).with_oauth();
        profile.violations(&cluster(release, MIXED))
    };
    for model in ["7811", "7832", "CP-8832NR-K9", "Cisco IP Phone 8865NR"] {
        assert_eq!(at(phone(model), "14.0.1"), [], "{model}");
        assert_eq!(
            at(phone(model), "12.5(1)SU9"),
            [PhoneSecurityViolation::OAuthRelease],
            "{model}"
        );
    }
    for softphone in [
        WINDOWS,
        PhoneType::DualModeForAndroid,
        PhoneType::DualModeForIphone,
        PhoneType::JabberForTablet,
        PhoneType::UniversalDeviceTemplate,
    ] {
        assert_eq!(at(softphone.clone(), "12.5"), [], "{softphone:?}");
        assert_eq!(
            at(softphone, "12.0(1)"),
            [PhoneSecurityViolation::OAuthRelease]
        );
    }
    for other in [phone("8821"), PhoneType::CtiRemoteDevice] {
        assert_eq!(at(other, "14"), [PhoneSecurityViolation::OAuthPhoneType]);
    }
}

#[test]
fn configuration_comes_by_https_with_a_token() {
    let profile = PhoneSecurityProfile::new("P", phone("8841"));
    assert_eq!(profile.configuration_port(), None);
    assert_eq!(profile.with_oauth().configuration_port(), Some(6971));
}

#[test]
fn protection_needs_tls_a_mixed_cluster_and_the_default_port() {
    assert_eq!(encrypted(phone("8841"), |_| {}), []);
    assert_eq!(
        encrypted(phone("8841"), |p| p.transport_type = TransportType::Tcp),
        [PhoneSecurityViolation::SecureWithoutTls]
    );
    assert_eq!(
        encrypted(phone("8841"), |p| p.sip_phone_port = 5070),
        [PhoneSecurityViolation::PortOfSecure]
    );
    let mut plain = PhoneSecurityProfile::new("P", phone("8841"));
    plain.sip_phone_port = 5070;
    let unmixed = cluster("14", ClusterSecurityMode::NonSecure);
    assert_eq!(plain.violations(&unmixed), []);
    let encrypted = PhoneSecurityProfile::new("P", phone("8841")).with_oauth();
    assert_eq!(
        encrypted.violations(&unmixed),
        [PhoneSecurityViolation::ClusterNotMixed]
    );
    // A softphone with tokens does without.
    let softphone = PhoneSecurityProfile::new("P", WINDOWS);
    assert_eq!(softphone.clone().with_oauth().violations(&unmixed), []);
    assert_eq!(
        softphone.encrypted().violations(&unmixed),
        [PhoneSecurityViolation::ClusterNotMixed]
    );
}

#[test]
fn mobile_softphones_take_no_encrypted_files() {
    for mobile in [
        PhoneType::DualModeForAndroid,
        PhoneType::DualModeForIphone,
        PhoneType::JabberForTablet,
    ] {
        assert_eq!(
            encrypted(mobile, |p| p.tftp_encrypted_config = true),
            [PhoneSecurityViolation::TftpEncryptionOnMobile]
        );
    }
    assert_eq!(encrypted(WINDOWS, |p| p.tftp_encrypted_config = true), []);
}

#[test]
fn softphones_enrol_by_a_string_and_some_by_none() {
    let by = |phone_type: PhoneType, mode| encrypted(phone_type, |p| p.authentication_mode = mode);
    let desktop = PhoneType::ClientServicesFramework(CsfClient::VirtualDesktop);
    for refused in [WINDOWS, desktop] {
        assert_eq!(
            by(refused, CapfAuthenticationMode::ByNullString),
            [PhoneSecurityViolation::NullString]
        );
    }
    let mac = PhoneType::ClientServicesFramework(CsfClient::Mac);
    for taken in [mac, PhoneType::JabberForTablet] {
        assert_eq!(by(taken, CapfAuthenticationMode::ByNullString), []);
    }
    assert_eq!(
        by(WINDOWS, CapfAuthenticationMode::ByExistingMic),
        [PhoneSecurityViolation::ExistingCertificate]
    );
    assert_eq!(by(phone("8841"), CapfAuthenticationMode::ByExistingMic), []);
    let key = |bits| {
        encrypted(WINDOWS, |p| {
            p.certificate_operation_key_size_bits = Some(bits)
        })
    };
    assert_eq!(key(1024), []);
    assert_eq!(key(2048), [PhoneSecurityViolation::KeySize]);
}

fn settings() -> SipOAuthSettings {
    let mut settings = SipOAuthSettings::new(vec![OAuthNode::new("a"), OAuthNode::new("b")]);
    settings.phones = OAuthPhones::WithTelephones;
    settings.phone_edge_trust_certificates = 1;
    settings.remote_access = true;
    settings.expressway_c = vec![ExpresswayC::new("10.0.0.1", &["edge.example.net"])];
    settings
}

fn after(change: impl Fn(&mut SipOAuthSettings)) -> Vec<OAuthViolation> {
    let mut settings = settings();
    change(&mut settings);
    settings.violations()
}

#[test]
fn sip_oauth_mode_needs_each_step_of_the_guide() {
    assert_eq!(after(|_| {}), []);
    assert_eq!(settings().nodes[0].sip_oauth_port, 5090);
    assert_eq!(settings().nodes[0].sip_oauth_mra_port, 5091);
    let steps: [(fn(&mut SipOAuthSettings), OAuthViolation); 8] = [
        (
            |s| s.export_controlled_functionality = false,
            OAuthViolation::ExportControlled,
        ),
        (
            |s| s.phone_edge_trust_certificates = 0,
            OAuthViolation::PhoneEdgeTrustMissing,
        ),
        (
            |s| s.refresh_login_flow = false,
            OAuthViolation::RefreshLoginFlowDisabled,
        ),
        (|s| s.nodes.clear(), OAuthViolation::NoNode),
        (
            |s| s.expressway_c.clear(),
            OAuthViolation::ExpresswayMissing,
        ),
        (
            |s| s.expressway_c[0].subject_names.clear(),
            OAuthViolation::ExpresswayWithoutName { expressway: 0 },
        ),
        (|s| s.mode_enabled = false, OAuthViolation::ModeDisabled),
        (
            |s| s.call_manager_restarted = false,
            OAuthViolation::NotRestarted,
        ),
    ];
    for (change, violation) in steps {
        assert_eq!(after(change), [violation]);
    }
    let all = after(|s| {
        for (change, violation) in steps {
            // Where there is no edge server, none is without a name.
            if violation != OAuthViolation::ExpresswayMissing {
                change(s);
            }
        }
    });
    assert_eq!(all.len(), 7, "{all:?}");
    // Softphones inside need neither.
    let inside = after(|s| {
        s.phones = OAuthPhones::SoftphonesOnly;
        s.phone_edge_trust_certificates = 0;
        s.remote_access = false;
        s.expressway_c.clear();
    });
    assert_eq!(inside, []);
}

#[test]
fn ports_for_oauth_are_from_1024_to_49151() {
    for good in [1024, 49_151] {
        assert_eq!(after(|s| s.nodes[1].sip_oauth_port = good), []);
        assert_eq!(after(|s| s.nodes[1].sip_oauth_mra_port = good), []);
    }
    for port in [0, 1023, 49_152] {
        let violation = OAuthViolation::Port { node: 1, port };
        assert_eq!(after(|s| s.nodes[1].sip_oauth_port = port), [violation]);
        assert_eq!(after(|s| s.nodes[1].sip_oauth_mra_port = port), [violation]);
    }
    assert_eq!(
        after(|s| s.nodes[0].sip_oauth_port = 5091),
        [OAuthViolation::SamePort { node: 0 }]
    );
}

#[test]
fn a_telephone_outside_comes_by_code_only() {
    let good = || {
        let profile = PhoneSecurityProfile::new("P", phone("8841")).with_oauth();
        RemoteAccessPhone::new("example.net", profile)
    };
    let release = |text: &str| text.parse().unwrap();
    assert_eq!(good().violations(release("14")), []);
    assert_eq!(
        good().violations(release("12.5(1)SU4")),
        [RemoteAccessViolation::Release]
    );
    let mut all = good();
    all.allow_activation_code_via_mra = false;
    all.mra_service_domain = None;
    all.password_login = true;
    all.security_profile.enable_oauth_authentication = false;
    assert_eq!(
        all.violations(release("14")),
        [
            RemoteAccessViolation::ActivationCodeNotAllowed,
            RemoteAccessViolation::NoServiceDomain,
            RemoteAccessViolation::PasswordLogin,
            RemoteAccessViolation::ProfileWithoutOAuth,
        ]
    );
}

#[test]
fn mobile_timers_are_those_of_the_guide() {
    assert_eq!(MobileSipProfile::default().violations(), []);
    let mut profile = MobileSipProfile::default();
    profile.timer_register_delta = 121;
    profile.timer_register_expires = 721;
    profile.timer_keep_alive_expires = 722;
    profile.timer_subscribe_expires = 21_601;
    profile.timer_subscribe_delta = 16;
    let timer = |timer, found, wanted| MobileSipViolation::Timer {
        timer,
        found,
        wanted,
    };
    assert_eq!(
        profile.violations(),
        [
            timer("Timer Register Delta", 121, 120),
            timer("Timer Register Expires", 721, 720),
            timer("Timer Keep Alive Expires", 722, 720),
            timer("Timer Subscribe Expires", 21_601, 21_600),
            timer("Timer Subscribe Delta", 16, 15),
        ]
    );
    assert!(needs_mobile_sip_profile("9.1(2)".parse().unwrap()));
    assert!(!needs_mobile_sip_profile("10".parse().unwrap()));
}

#[test]
fn the_alert_timer_is_ten_seconds_and_steps_of_half_a_second() {
    for good in [10_000, 10_500, 20_000] {
        assert_eq!(dual_mode_alert_timer_violation(good), None);
    }
    assert_eq!(
        dual_mode_alert_timer_violation(9_500),
        Some(MobileSipViolation::AlertTimerShort {
            milliseconds: 9_500
        })
    );
    assert_eq!(
        dual_mode_alert_timer_violation(10_250),
        Some(MobileSipViolation::AlertTimerStep {
            milliseconds: 10_250
        })
    );
}

use std::time::Duration;

use offhook_activation_code::ProfileId;
use offhook_device_name::DeviceNameKind;
use offhook_onboarding::message::{ProvisionRequest, RegistrationReport};
use offhook_onboarding::{
    ActivateError, ActivateRefusal, ActivationState, Caller, CodeDelivery, ConfigurationError,
    ConfigurationRefusal, Counter, DeviceKey, IssueCodeError, MailAddress, OnboardError,
    OutboxKind, ProvisionError, ProvisionRefusal, Registry as _, RequestCodeError,
    RequestCodeRefusal, RequestError, TemplateError, UpdateError,
};

use crate::bench::{
    ACT, Bench, NOBODY, NOW, OTHER_MAC, ROOM_MAC, SOURCE, activation_request, key, present,
    room_model, room_request,
};

/// A device that holds a machine token for the code.
async fn token(bench: &Bench, code: &str) -> Caller {
    let request = present(code, room_model(), &key());
    let token = bench
        .activation
        .activate(&request, None, SOURCE, *NOW)
        .await
        .unwrap();
    Caller::Token(bench.verified(&token, *NOW))
}

#[tokio::test]
async fn a_room_device_is_activated_configured_and_registered() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let caller = token(&bench, &code).await;
    let management = &bench.management;

    let activated = management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap();
    assert!(!activated.repeated);
    let device = activated.device;
    assert_eq!(device.name.as_str(), "SEP001122334455");
    assert_eq!(device.state, ActivationState::Activated);
    assert_eq!(device.serial_number.as_deref(), Some("FOC2412N0AB"));

    let file = management.configuration_file(&device).unwrap().unwrap();
    assert_eq!(file, "001122334455.xml");
    let document = management
        .configuration(&caller, &file, *NOW)
        .await
        .unwrap();
    let text = str::from_utf8(document.as_bytes()).unwrap();
    assert!(text.contains("<URI>room-7@example.test</URI>"), "{text}");
    assert!(text.contains("Room &lt;7&gt;"), "{text}");

    let report = RegistrationReport {
        subject: device.subject.unwrap(),
        sip_address: "room-7@EXAMPLE.test".into(),
        ip_address: [127, 0, 0, 1].into(),
    };
    for _ in 0..2 {
        management.registered(report.clone(), *NOW).await.unwrap();
    }
    assert_eq!(bench.counters.get(Counter::DevicesRegistered), 1);
    let outbox = bench
        .registry
        .outbox(bench.management.tenant(), 10, *NOW)
        .await
        .unwrap();
    assert_eq!(outbox.len(), 1);
    assert_eq!(outbox[0].kind, OutboxKind::DeviceActivated);
}

#[tokio::test]
async fn a_lost_answer_to_activate_is_given_again_and_another_address_is_refused() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let caller = token(&bench, &code).await;
    let management = &bench.management;
    let first = management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap();
    let again = management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap();
    assert!(again.repeated);
    assert_eq!(again.device, first.device);
    let error = management
        .activate(&caller, activation_request(OTHER_MAC), SOURCE, *NOW)
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        OnboardError::Activate(ActivateError::Refused(ActivateRefusal::BoundElsewhere))
    ));
}

#[tokio::test]
async fn a_newer_code_voids_the_grant_of_the_older_one() {
    let bench = Bench::new();
    let old = bench.issue().await;
    let caller = token(&bench, &old).await;
    let new = bench.reissue(*NOW).await;
    let error = bench
        .management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        OnboardError::Activate(ActivateError::Refused(ActivateRefusal::NotActivating))
    ));
    let caller = token(&bench, &new).await;
    bench
        .management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_older_code_is_void_once_a_newer_one_is_issued() {
    let bench = Bench::new();
    let old = bench.issue().await;
    bench.reissue(*NOW).await;
    let request = present(&old, room_model(), &key());
    assert!(
        bench
            .activation
            .activate(&request, None, SOURCE, *NOW)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_code_can_be_issued_again_after_the_old_one_expired_unused() {
    let bench = Bench::new();
    bench.issue().await;
    let later = *NOW + Duration::from_secs(169 * 60 * 60);
    let code = bench.reissue(later).await;
    let request = present(&code, room_model(), &key());
    bench
        .activation
        .activate(&request, None, SOURCE, later)
        .await
        .unwrap();
}

#[tokio::test]
async fn nobody_gets_the_file_of_another_device_nor_one_before_activation() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let caller = token(&bench, &code).await;
    let refusal = |error| match error {
        ConfigurationError::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    };
    let early = bench
        .management
        .configuration(&caller, "001122334455.xml", *NOW)
        .await;
    assert_eq!(refusal(early.unwrap_err()), ConfigurationRefusal::NotFound);
    bench
        .management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap();
    let foreign = bench
        .management
        .configuration(&caller, "001122334466.xml", *NOW)
        .await;
    assert_eq!(
        refusal(foreign.unwrap_err()),
        ConfigurationRefusal::NotFound
    );
}

#[tokio::test]
async fn what_breaks_a_rule_is_not_provisioned() {
    let bench = Bench::new();
    let refusal = |error| match error {
        OnboardError::Provision(ProvisionError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let mut unknown = room_request();
    unknown.device_type = "Toaster".into();
    let error = bench.management.provision(unknown, &ACT).await.unwrap_err();
    assert_eq!(refusal(error), ProvisionRefusal::UnknownDeviceType);

    let mut phone = room_request();
    phone.device_type = "Phone".into();
    let error = bench
        .management
        .provision(phone.clone(), &ACT)
        .await
        .unwrap_err();
    assert_eq!(refusal(error), ProvisionRefusal::ModelMismatch);
    phone.model = "CP-8841-3PCC".parse().unwrap();
    let error = bench
        .management
        .provision(phone.clone(), &ACT)
        .await
        .unwrap_err();
    assert_eq!(refusal(error), ProvisionRefusal::MacMissing);
    phone.mac_address = Some([1, 0, 0x5e, 0, 0, 1].into());
    let error = bench
        .management
        .provision(phone.clone(), &ACT)
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        OnboardError::Request(RequestError::GroupAddress)
    ));
    phone.mac_address = Some(OTHER_MAC);
    // What no path can name.
    for profile in [".", ".."] {
        let unreachable = ProvisionRequest {
            profile: profile.into(),
            ..phone.clone()
        };
        let error = bench.management.provision(unreachable, &ACT).await;
        assert!(matches!(
            error,
            Err(OnboardError::Request(RequestError::DotSegment))
        ));
    }
    bench.management.provision(phone, &ACT).await.unwrap();

    let mut same = room_request();
    same.mac_address = Some(OTHER_MAC);
    let error = bench.management.provision(same, &ACT).await.unwrap_err();
    assert_eq!(refusal(error), ProvisionRefusal::ProfileExists);
}

#[tokio::test]
async fn a_tag_without_value_shows_when_the_device_is_provisioned() {
    let bench = Bench::new();
    let mut request = room_request();
    request.tags.clear();
    let error = bench.management.provision(request, &ACT).await.unwrap_err();
    let OnboardError::Template(TemplateError::Undefined {
        tag, line, column, ..
    }) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((tag.as_str(), line, column), ("%NAME%", 1, 70));
    let mut request = room_request();
    request
        .tags
        .insert("%BWHOST-1%".into(), "evil.test".to_owned().into());
    let error = bench.management.provision(request, &ACT).await.unwrap_err();
    assert!(matches!(
        error,
        OnboardError::Template(TemplateError::Tag(_))
    ));
}

#[tokio::test]
async fn no_code_is_issued_for_an_activated_device_or_one_with_an_address() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let caller = token(&bench, &code).await;
    bench
        .management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap();
    let mut other = room_request();
    other.profile = "room-8".into();
    other.mac_address = Some(OTHER_MAC);
    bench.management.provision(other, &ACT).await.unwrap();
    for (profile, wanted) in [
        ("room-7", RequestCodeRefusal::Activated),
        ("room-8", RequestCodeRefusal::ProvisionedByMac),
        ("room-9", RequestCodeRefusal::UnknownDevice),
    ] {
        let profile = ProfileId::new(profile).unwrap();
        let owner = MailAddress::new("owner@example.test").unwrap();
        let delivery = CodeDelivery::Mail(owner);
        let error = bench
            .management
            .issue_code(&profile, delivery, &ACT)
            .await
            .unwrap_err();
        let IssueCodeError::Request(RequestCodeError::Refused(refusal)) = error else {
            panic!("{error:?}");
        };
        assert_eq!(refusal, wanted);
    }
}

#[tokio::test]
async fn a_deactivated_device_has_its_dummy_name_again_and_its_grant_is_void() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let caller = token(&bench, &code).await;
    bench
        .management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap();
    let profile = ProfileId::new("room-7").unwrap();
    let tenant = bench.management.tenant();
    let device = bench
        .registry
        .deactivate(tenant, &profile, Some([9; 6]), &ACT)
        .await
        .unwrap();
    assert_eq!(device.name.kind(), DeviceNameKind::Bat);
    assert_eq!((device.mac, device.subject), (None, None));
    let again = bench
        .management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await;
    assert!(again.is_err());
}

#[tokio::test]
async fn a_registration_of_another_line_or_of_nobody_is_refused() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let caller = token(&bench, &code).await;
    bench
        .management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap();
    let key = DeviceKey::Mac(ROOM_MAC);
    let subject = bench
        .management
        .device(&key)
        .await
        .unwrap()
        .unwrap()
        .subject
        .unwrap();
    for (subject, sip_address) in [
        (subject, "alice@example.test"),
        (NOBODY, "room-7@example.test"),
        (subject, "room-7"),
    ] {
        let report = RegistrationReport {
            subject,
            sip_address: sip_address.into(),
            ip_address: [127, 0, 0, 1].into(),
        };
        let error = bench.management.registered(report, *NOW).await.unwrap_err();
        assert!(matches!(error, UpdateError::UnknownDevice), "{sip_address}");
    }
}

/// A device without the right is counted among all failures, and not among those of device
/// management; one that has it and cannot be activated is counted in both.
#[tokio::test]
async fn failures_for_want_of_a_right_are_left_out_of_the_broadworks_counter() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let caller = token(&bench, &code).await;
    let counted = || {
        [
            Counter::ActivationFailures,
            Counter::BroadWorksActivationFailures,
        ]
        .map(|counter| bench.counters.get(counter))
    };
    let management = &bench.management;
    let mut taken = room_request();
    taken.profile = "room-8".into();
    taken.mac_address = Some(OTHER_MAC);
    management.provision(taken, &ACT).await.unwrap();
    let in_use = management
        .activate(&caller, activation_request(OTHER_MAC), SOURCE, *NOW)
        .await;
    assert!(in_use.is_err());
    assert_eq!(counted(), [1, 1]);
    management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap();
    let elsewhere = management
        .activate(&caller, activation_request(OTHER_MAC), SOURCE, *NOW)
        .await;
    assert!(elsewhere.is_err());
    assert_eq!(counted(), [2, 1]);
    assert_eq!(bench.counters.get(Counter::BroadWorksActivationRequests), 3);
}

//! What becomes of devices: replaced, moved, asked for something, deleted, listed.

use offhook_activation_code::{Page, ProfileId};
use offhook_device_name::DeviceNameKind;
use offhook_onboarding::message::ProvisionRequest;
use offhook_onboarding::{
    ActivationState, Caller, CodeDelivery, ConfigurationError, DeviceRequest, IssueCodeError,
    LifeCycleError, MailAddress, OutboxKind, Registry as _, RequestCodeError, RequestCodeRefusal,
    UpdateError,
};

use crate::bench::{
    ACT, Bench, NOW, OTHER_MAC, ROOM_MAC, SOURCE, activation_request, key, present, room_model,
    room_request,
};

pub(crate) fn profile(name: &str) -> ProfileId {
    ProfileId::new(name).unwrap()
}

pub(crate) fn owner() -> CodeDelivery {
    CodeDelivery::Mail(MailAddress::new("owner@example.test").unwrap())
}

/// A device that has got its token for the code and was activated with it.
pub(crate) async fn activated(
    bench: &Bench,
    code: &str,
    mac: offhook_device_name::MacAddress,
) -> Caller {
    let request = offhook_onboarding::message::CodePresented {
        mac_address: mac,
        ..present(code, room_model(), &key())
    };
    let token = bench
        .activation
        .activate(&request, None, SOURCE, *NOW)
        .await;
    let caller = Caller::Token(bench.verified(&token.unwrap(), *NOW));
    let request = activation_request(mac);
    let management = &bench.management;
    management
        .activate(&caller, request, SOURCE, *NOW)
        .await
        .unwrap();
    caller
}

pub(crate) async fn reads_its_file(bench: &Bench, caller: &Caller, file: &str) -> bool {
    match bench.management.configuration(caller, file, *NOW).await {
        Ok(_) => true,
        Err(ConfigurationError::Refused(_)) => false,
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_broken_device_serves_until_the_one_that_takes_its_place_is_activated() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let room = profile("room-7");
    let early = bench.management.replace(&room, owner(), &ACT).await;
    assert!(matches!(
        early,
        Err(IssueCodeError::Request(RequestCodeError::Refused(
            RequestCodeRefusal::NotActivated
        )))
    ));
    let old = activated(&bench, &code, ROOM_MAC).await;
    bench
        .management
        .replace(&room, owner(), &ACT)
        .await
        .unwrap();
    assert!(reads_its_file(&bench, &old, "001122334455.xml").await);
    let new = activated(&bench, &bench.mailed(), OTHER_MAC).await;
    assert!(reads_its_file(&bench, &new, "001122334466.xml").await);
    for file in ["001122334455.xml", "001122334466.xml"] {
        assert!(!reads_its_file(&bench, &old, file).await);
    }
}

#[tokio::test]
async fn a_device_moves_to_another_owner_by_a_code_for_the_other_profile() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let (room, hall) = (profile("room-7"), profile("hall"));
    let caller = activated(&bench, &code, ROOM_MAC).await;
    // To itself nothing moves, and from nowhere.
    let management = &bench.management;
    let answer = management.move_device(&room, &room, owner(), &ACT).await;
    assert!(matches!(answer, Err(LifeCycleError::SameProfile)));
    let waits = ProvisionRequest {
        profile: "waits".into(),
        account: "Hall".into(),
        line_port: "waits@example.test".into(),
        ..room_request()
    };
    management.provision(waits, &ACT).await.unwrap();
    let waits = profile("waits");
    management.issue_code(&waits, owner(), &ACT).await.unwrap();
    let code_of_waits = bench.mailed();
    let spare = ProvisionRequest {
        profile: "spare".into(),
        account: "Hall".into(),
        line_port: "spare@example.test".into(),
        ..room_request()
    };
    management.provision(spare, &ACT).await.unwrap();
    let spare = profile("spare");
    let answer = management.move_device(&waits, &spare, owner(), &ACT).await;
    assert!(matches!(
        answer,
        Err(LifeCycleError::Update(UpdateError::NotActivated))
    ));
    activated(&bench, &code_of_waits, OTHER_MAC).await;
    management.delete(&spare, &ACT).await.unwrap();
    let management = &bench.management;
    management.delete(&waits, &ACT).await.unwrap();
    let answer = management.move_device(&hall, &room, owner(), &ACT).await;
    assert!(matches!(
        answer,
        Err(LifeCycleError::Update(UpdateError::UnknownDevice))
    ));
    // To a profile that is not there nothing moves, and nothing is lost.
    let answer = bench
        .management
        .move_device(&room, &hall, owner(), &ACT)
        .await;
    assert!(matches!(
        answer,
        Err(LifeCycleError::Code(IssueCodeError::Request(
            RequestCodeError::Refused(RequestCodeRefusal::UnknownDevice)
        )))
    ));
    assert!(reads_its_file(&bench, &caller, "001122334455.xml").await);

    let request = ProvisionRequest {
        profile: "hall".into(),
        account: "Hall".into(),
        line_port: "hall@example.test".into(),
        ..room_request()
    };
    bench.management.provision(request, &ACT).await.unwrap();
    // Not to a profile that is for another model.
    let other_model = ProvisionRequest {
        profile: "kit".into(),
        model: "Cisco Room Kit".parse().unwrap(),
        line_port: "kit@example.test".into(),
        ..room_request()
    };
    let management = &bench.management;
    management.provision(other_model, &ACT).await.unwrap();
    let kit = profile("kit");
    let answer = management.move_device(&room, &kit, owner(), &ACT).await;
    assert!(matches!(answer, Err(LifeCycleError::OtherModel)));
    management.delete(&kit, &ACT).await.unwrap();
    // Not to a profile by whose code another device may come.
    let management = &bench.management;
    management.issue_code(&hall, owner(), &ACT).await.unwrap();
    let answer = management.move_device(&room, &hall, owner(), &ACT).await;
    assert!(matches!(
        answer,
        Err(LifeCycleError::Code(IssueCodeError::Request(
            RequestCodeError::Refused(RequestCodeRefusal::Awaited)
        )))
    ));
    assert!(reads_its_file(&bench, &caller, "001122334455.xml").await);
    management.deactivate(&hall, &ACT).await.unwrap();
    let answer = bench
        .management
        .move_device(&room, &hall, owner(), &ACT)
        .await;
    assert_eq!(answer.unwrap().profile, "hall");
    assert!(!reads_its_file(&bench, &caller, "001122334455.xml").await);
    let devices = bench.management.devices(Page::first(10)).await.unwrap();
    let [hall_now, room_now] = devices.as_slice() else {
        panic!("{devices:?}");
    };
    assert_eq!(hall_now.state, ActivationState::Activating);
    assert_eq!(room_now.state, ActivationState::Deactivated);
    assert_eq!(room_now.mac, None);
    assert_eq!(room_now.name.kind(), DeviceNameKind::Bat);
    // The same hardware, with the code that its new owner was mailed.
    let caller = activated(&bench, &bench.mailed(), ROOM_MAC).await;
    assert!(reads_its_file(&bench, &caller, "001122334455.xml").await);
    // One that is taken takes no second device.
    let answer = bench
        .management
        .move_device(&room, &hall, owner(), &ACT)
        .await;
    assert!(matches!(
        answer,
        Err(LifeCycleError::Code(IssueCodeError::Request(
            RequestCodeError::Refused(RequestCodeRefusal::Activated)
        )))
    ));
}

#[tokio::test]
async fn a_deleted_device_reads_nothing_more() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let caller = activated(&bench, &code, ROOM_MAC).await;
    let room = profile("room-7");
    let management = &bench.management;
    for request in [DeviceRequest::Reboot, DeviceRequest::ProblemReport] {
        management.request(&room, request, &ACT).await.unwrap();
    }
    management.delete(&room, &ACT).await.unwrap();
    assert!(!reads_its_file(&bench, &caller, "001122334455.xml").await);
    let again = management.delete(&room, &ACT).await;
    assert!(matches!(again, Err(UpdateError::UnknownDevice)));
    assert!(
        management
            .devices(Page::first(10))
            .await
            .unwrap()
            .is_empty()
    );
    let outbox = bench
        .registry
        .outbox(bench.management.tenant(), 10, *NOW)
        .await
        .unwrap();
    let kinds: Vec<_> = outbox.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            OutboxKind::DeviceActivated,
            OutboxKind::RebootRequested,
            OutboxKind::ProblemReportRequested,
            OutboxKind::DeviceDeleted,
        ]
    );
}

#[tokio::test]
async fn where_nobody_hears_of_events_a_device_is_asked_nothing() {
    let mut bench = Bench::new();
    let code = bench.issue().await;
    activated(&bench, &code, ROOM_MAC).await;
    bench.management = bench.management.without_event_receiver();
    assert!(!bench.management.has_event_receiver());
    let (log, outbox) = (
        bench.registry.audit(0, 10).await,
        bench
            .registry
            .outbox(bench.management.tenant(), 10, *NOW)
            .await,
    );
    for request in [DeviceRequest::Reboot, DeviceRequest::ProblemReport] {
        let room = profile("room-7");
        let asked = bench.management.request(&room, request, &ACT);
        assert!(matches!(asked.await, Err(UpdateError::NoEventReceiver)));
        let nobody = profile("nobody");
        let asked = bench.management.request(&nobody, request, &ACT);
        assert!(matches!(asked.await, Err(UpdateError::UnknownDevice)));
    }
    assert_eq!(bench.registry.audit(0, 10).await.unwrap(), log.unwrap());
    assert_eq!(
        bench
            .registry
            .outbox(bench.management.tenant(), 10, *NOW)
            .await
            .unwrap(),
        outbox.unwrap()
    );
}

#[tokio::test]
async fn a_code_is_shown_where_that_is_wanted_and_nowhere_else() {
    let mut bench = Bench::new();
    let (room, hall) = (profile("room-7"), profile("hall"));
    let request = room_request();
    bench.management.provision(request, &ACT).await.unwrap();
    let answer = CodeDelivery::Answer;
    let refused = bench.management.issue_code(&room, answer.clone(), &ACT);
    assert!(matches!(refused.await, Err(IssueCodeError::NotShown)));
    let devices = bench.management.devices(Page::first(10)).await.unwrap();
    assert_eq!(
        devices[0].state,
        ActivationState::Deactivated,
        "no code was issued"
    );
    let moved = bench
        .management
        .move_device(&room, &hall, answer.clone(), &ACT);
    assert!(matches!(
        moved.await,
        Err(LifeCycleError::Code(IssueCodeError::NotShown))
    ));
    bench.management = bench.management.with_codes_shown();
    let issued = bench.management.issue_code(&room, answer, &ACT).await;
    let issued = issued.unwrap();
    let code = issued.activation_code.clone().unwrap();
    assert!(!format!("{issued:?}").contains(code.secret()));
    assert_eq!(bench.mails(), 0);
    activated(&bench, code.secret(), ROOM_MAC).await;
}

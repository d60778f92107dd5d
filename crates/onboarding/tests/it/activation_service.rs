use std::num::NonZeroU32;

use offhook_activation_code::{CodeMode, CodePolicy, GuessPolicy, GuessScope, Refusal};
use offhook_device_identity::{HeaderSource, IdentityPattern, TrustedProxies};
use offhook_device_name::{DeviceModel, MacAddress};
use offhook_onboarding::message::CodePresented;
use offhook_onboarding::{AuditEvent, Counter, PresentError, Registry as _};

use crate::bench::{Bench, NOW, SOURCE, key, present, room_model};
use crate::remote_access::edge_trust;

#[tokio::test]
async fn the_same_device_gets_a_token_for_the_same_subject_again() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let key = key();
    let request = present(&code, room_model(), &key);
    let first = bench
        .activation
        .activate(&request, None, SOURCE, *NOW)
        .await
        .unwrap();
    let again = bench
        .activation
        .activate(&request, None, SOURCE, *NOW)
        .await
        .unwrap();
    let (first, again) = (bench.verified(&first, *NOW), bench.verified(&again, *NOW));
    assert_eq!(first.subject(), again.subject());
    assert_ne!(first.token_id(), again.token_id());
    assert_eq!(bench.counters.get(Counter::CodesRedeemed), 1);
}

#[tokio::test]
async fn the_reason_of_a_refusal_goes_to_the_audit_log_alone() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let other = DeviceModel::new("Cisco Room Bar").unwrap();
    let error = bench
        .activation
        .activate(&present(&code, other, &key()), None, SOURCE, *NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, PresentError::Refused(Refusal::WrongModel)));
    assert_eq!(error.to_string(), "activation code refused");
    let records = bench.registry.audit(0, 10).await.unwrap();
    let last = records.last().unwrap().entry();
    assert_eq!(last.event, AuditEvent::CodeRefused);
    assert_eq!(last.reason.as_deref(), Some("wrong-model"));
    assert_eq!(bench.counters.get(Counter::WebexActivationFailures), 1);
    // Nothing was burnt.
    let right = present(&code, room_model(), &key());
    bench
        .activation
        .activate(&right, None, SOURCE, *NOW)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_code_is_refused_from_its_deadline_on() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let request = present(&code, room_model(), &key());
    let deadline = *NOW + CodePolicy::DEFAULT_TTL;
    let error = bench
        .activation
        .activate(&request, None, SOURCE, deadline)
        .await
        .unwrap_err();
    assert!(matches!(error, PresentError::Refused(Refusal::Expired)));
    let last = deadline - std::time::Duration::from_millis(1);
    bench
        .activation
        .activate(&request, None, SOURCE, last)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_device_that_could_not_be_known_again_is_told_so() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let mut request = present(&code, room_model(), &key());
    request.redemption_key = None;
    let error = bench
        .activation
        .activate(&request, None, SOURCE, *NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, PresentError::KeyMissing));
    request.redemption_key = Some("abc".to_owned().into());
    let error = bench
        .activation
        .activate(&request, None, SOURCE, *NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, PresentError::Key(_)));
}

/// Past the budget a good code is not looked at either, so that the answer is no oracle, and the
/// audit log does not grow.
#[tokio::test]
async fn past_the_budget_of_wrong_codes_nothing_is_looked_up_or_written() {
    let guesses = GuessPolicy::default().with_source(NonZeroU32::new(3).unwrap());
    let bench = Bench::with(guesses, CodeMode::default());
    let code = bench.issue().await;
    for wrong in [
        "1111 1111 1111 1111",
        "2222222222222222",
        "3333-3333-3333-3333",
    ] {
        let request = present(wrong, room_model(), &key());
        let error = bench
            .activation
            .activate(&request, None, SOURCE, *NOW)
            .await;
        assert!(matches!(
            error,
            Err(PresentError::Refused(Refusal::Unknown))
        ));
    }
    let written = bench.registry.audit(0, 100).await.unwrap().len();
    for typed in ["4444-4444-4444-4444", &code] {
        for _ in 0..10 {
            let request = present(typed, room_model(), &key());
            let error = bench
                .activation
                .activate(&request, None, SOURCE, *NOW)
                .await;
            let Err(PresentError::OverBudget(over)) = error else {
                panic!("{error:?}")
            };
            assert_eq!(over.scope(), GuessScope::Source);
        }
    }
    assert_eq!(bench.registry.audit(0, 100).await.unwrap().len(), written);
    assert_eq!(bench.counters.get(Counter::CodesOverBudget), 20);
    let elsewhere = [192, 0, 2, 2].into();
    let request = present(&code, room_model(), &key());
    bench
        .activation
        .activate(&request, None, elsewhere, *NOW)
        .await
        .unwrap();
}

#[tokio::test]
async fn good_codes_and_lost_answers_use_up_no_budget() {
    let one = NonZeroU32::MIN;
    let guesses = GuessPolicy::default().with_source(one).with_device(one);
    let bench = Bench::with(guesses, CodeMode::default());
    let request = present(&bench.issue().await, room_model(), &key());
    for _ in 0..20 {
        bench
            .activation
            .activate(&request, None, SOURCE, *NOW)
            .await
            .unwrap();
    }
    let typing_error = present("1234", room_model(), &key());
    for _ in 0..20 {
        let error = bench
            .activation
            .activate(&typing_error, None, SOURCE, *NOW)
            .await;
        assert!(matches!(error, Err(PresentError::Malformed(_))));
    }
    bench
        .activation
        .activate(&request, None, SOURCE, *NOW)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_risk_of_what_was_guessed_is_shown_to_the_administrator() {
    let bench = Bench::new();
    bench.issue().await;
    let wrong = present("1111-1111-1111-1111", room_model(), &key());
    bench
        .activation
        .activate(&wrong, None, SOURCE, *NOW)
        .await
        .unwrap_err();
    let text = bench.management.metrics(*NOW).await;
    // One guess at one code in 10^16.
    let shown = text
        .lines()
        .find_map(|line| line.strip_prefix("offhook_guess_risk "));
    let risk: f64 = shown.unwrap().parse().unwrap();
    assert!((risk / 1e-16 - 1.0).abs() < 1e-6, "{risk}");
    assert!(text.contains("\n# TYPE offhook_guess_risk gauge\n"));
    assert!(text.contains("\noffhook_guesses 1\n"));
    assert!(text.ends_with("\noffhook_guesses_allowed 1000000\n"));
}

#[tokio::test]
async fn a_device_for_remote_access_is_told_its_service_domain_and_no_other_is() {
    let remote = CodeMode::RemoteAccess {
        service_domain: "edge.example.test".parse().unwrap(),
    };
    for (mode, told) in [
        (remote, Some("edge.example.test")),
        (CodeMode::BroadWorks, None),
    ] {
        let mut bench = Bench::with(GuessPolicy::default(), mode);
        let trust = edge_trust();
        bench.activation = bench.activation.with_edge_trust(trust.clone());
        let request = present(&bench.issue().await, room_model(), &key());
        for _ in 0..2 {
            let answer = bench.activation.activate(&request, None, SOURCE, *NOW);
            let answer = answer.await.unwrap();
            assert_eq!(answer.service_domain.as_deref(), told);
            let trusted = told.map(|_| trust.as_pem());
            assert_eq!(answer.edge_trust.as_deref(), trusted);
        }
    }
}

#[tokio::test]
async fn on_premises_a_device_without_a_certificate_is_refused_like_any_other() {
    let bench = Bench::with(GuessPolicy::default(), CodeMode::OnPremises);
    let request = present(&bench.issue().await, room_model(), &key());
    let error = bench
        .activation
        .activate(&request, None, SOURCE, *NOW)
        .await
        .unwrap_err();
    let expected = PresentError::Refused(Refusal::CertificateRequired);
    assert_eq!(format!("{error:?}"), format!("{expected:?}"));
    assert_eq!(error.to_string(), "activation code refused");
}

#[tokio::test]
async fn the_address_of_a_group_redeems_no_code() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let good = present(&code, room_model(), &key());
    let group = CodePresented {
        mac_address: MacAddress::new([0x01, 0, 0x5e, 0, 0, 1]),
        ..good
    };
    let refused = bench.activation.activate(&group, None, SOURCE, *NOW).await;
    assert!(matches!(refused, Err(PresentError::GroupAddress)));
    assert_eq!(bench.counters.get(Counter::CodesRedeemed), 0);
    let other_key = present(&code, room_model(), &key());
    let taken = bench.activation.activate(&other_key, None, SOURCE, *NOW);
    assert!(taken.await.is_ok(), "nothing was used up");
}

/// A proxy that shows no more than an address has proved nothing that a device could be known again by.
#[tokio::test]
async fn a_device_of_which_a_proxy_shows_the_address_is_known_again_by_its_key() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let proxies = TrustedProxies::new(["192.0.2.0/28".parse().unwrap()]);
    let proxy = proxies.admit([192, 0, 2, 1].into()).unwrap();
    let pattern = IdentityPattern::new("([0-9A-Fa-f]{12})").unwrap();
    let header = HeaderSource::plain("macaddress", pattern).unwrap();
    let shown = |value: &'static str| header.identity(&proxy, [value.as_bytes()], *NOW).unwrap();
    let (own, other) = (shown("001122334455"), shown("001122334466"));
    let request = present(&code, room_model(), &key());
    let mut keyless = present(&code, room_model(), &key());
    keyless.redemption_key = None;
    let activation = &bench.activation;
    let error = activation
        .activate(&request, Some(&other), SOURCE, *NOW)
        .await;
    assert!(matches!(error, Err(PresentError::OtherAddress)));
    let error = activation
        .activate(&keyless, Some(&own), SOURCE, *NOW)
        .await;
    assert!(matches!(error, Err(PresentError::KeyMissing)));
    activation
        .activate(&request, Some(&own), SOURCE, *NOW)
        .await
        .unwrap();
}

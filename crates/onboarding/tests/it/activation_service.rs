use offhook_activation_code::{CodePolicy, Refusal};
use offhook_device_name::DeviceModel;
use offhook_onboarding::{AuditEvent, Counter, PresentError, Registry as _};

use crate::bench::{Bench, NOW, key, present, room_model};

#[tokio::test]
async fn the_same_device_gets_a_token_for_the_same_subject_again() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let key = key();
    let request = present(&code, room_model(), &key);
    let first = bench
        .activation
        .activate(&request, None, *NOW)
        .await
        .unwrap();
    let again = bench
        .activation
        .activate(&request, None, *NOW)
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
        .activate(&present(&code, other, &key()), None, *NOW)
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
    bench.activation.activate(&right, None, *NOW).await.unwrap();
}

#[tokio::test]
async fn a_code_is_refused_from_its_deadline_on() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let request = present(&code, room_model(), &key());
    let deadline = *NOW + CodePolicy::DEFAULT_TTL;
    let error = bench
        .activation
        .activate(&request, None, deadline)
        .await
        .unwrap_err();
    assert!(matches!(error, PresentError::Refused(Refusal::Expired)));
    let last = deadline - std::time::Duration::from_millis(1);
    bench
        .activation
        .activate(&request, None, last)
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
        .activate(&request, None, *NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, PresentError::KeyMissing));
    request.redemption_key = Some("abc".to_owned().into());
    let error = bench
        .activation
        .activate(&request, None, *NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, PresentError::Key(_)));
}

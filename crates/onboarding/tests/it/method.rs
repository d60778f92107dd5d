//! Onboarding methods of models, as device management asks them.

use offhook_activation_code::{CodeMode, GuessPolicy, ProfileId, ServiceDomain};
use offhook_onboarding::message::ProvisionRequest;
use offhook_onboarding::{
    CodeDelivery, IssueCodeError, OnboardError, OnboardingMethod, OnboardingMethodRefusal,
    OnboardingMethods, ProvisionError, ProvisionRefusal, RequestCodeError, RequestCodeRefusal,
};

use crate::bench::{ACT, Bench, OTHER_MAC, room_model, room_request};

fn methods(method: OnboardingMethod) -> OnboardingMethods {
    let mut methods = OnboardingMethods::new();
    methods.switch(room_model(), method);
    methods
}

fn on_premises() -> Bench {
    Bench::with(GuessPolicy::default(), CodeMode::OnPremises)
}

/// Switches the method of the model, as a reload does.
fn switch(mut bench: Bench, method: OnboardingMethod) -> Bench {
    bench.management = bench.management.with_methods(methods(method));
    bench
}

#[tokio::test]
async fn a_model_that_is_auto_registered_is_provisioned_with_its_address_alone() {
    let bench = switch(on_premises(), OnboardingMethod::AutoRegistration);
    let refused = bench.management.provision(room_request(), &ACT).await;
    let Err(OnboardError::Provision(ProvisionError::Refused(refusal))) = refused else {
        panic!("{refused:?}");
    };
    let wanted = ProvisionRefusal::Method(OnboardingMethodRefusal::NoCodes);
    assert_eq!(refusal, wanted);
    let told = "the model is onboarded by auto-registration";
    assert_eq!(refusal.to_string(), told);
    let with_address = ProvisionRequest {
        mac_address: Some(OTHER_MAC),
        ..room_request()
    };
    bench
        .management
        .provision(with_address, &ACT)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_model_that_is_switched_to_auto_registration_has_no_codes_from_then_on() {
    let mut bench = switch(on_premises(), OnboardingMethod::ActivationCode);
    bench.issue().await;
    bench = switch(bench, OnboardingMethod::AutoRegistration);
    bench.management = bench.management.with_codes_shown();
    let profile = ProfileId::new("room-7").unwrap();
    let management = &bench.management;
    let answer = || CodeDelivery::Answer;
    for issued in [
        management.issue_code(&profile, answer(), &ACT).await,
        management.replace(&profile, answer(), &ACT).await,
    ] {
        let Err(IssueCodeError::Request(RequestCodeError::Refused(refusal))) = issued else {
            panic!("{issued:?}");
        };
        let wanted = RequestCodeRefusal::Method(OnboardingMethodRefusal::NoCodes);
        assert_eq!(refusal, wanted);
    }
    // And back.
    bench = switch(bench, OnboardingMethod::ActivationCode);
    let issued = bench.management.issue_code(&profile, answer(), &ACT).await;
    issued.unwrap();
}

#[tokio::test]
async fn codes_of_other_modes_are_not_asked_for_their_method() {
    let service_domain = ServiceDomain::new("mra.example.test").unwrap();
    for mode in [
        CodeMode::BroadWorks,
        CodeMode::RemoteAccess { service_domain },
    ] {
        let bench = Bench::with(GuessPolicy::default(), mode);
        switch(bench, OnboardingMethod::AutoRegistration)
            .issue()
            .await;
    }
}

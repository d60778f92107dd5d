//! Machine tokens are renewed while their device is activated.

use std::time::Duration;

use offhook_bearer_token::{MachineClaims, Scope, Subject, VerifiedToken};
use offhook_onboarding::message::ProvisionRequest;
use offhook_onboarding::{Caller, Registry as _, RenewError};

use crate::bench::{ACT, Bench, NOW, OTHER_MAC, ROOM_MAC, room_request};
use crate::life_cycle::{activated, owner, profile, reads_its_file};

fn token(caller: &Caller) -> &VerifiedToken {
    match caller {
        Caller::Token(token) => token,
        other => panic!("{other:?}"),
    }
}

/// An activated device with its token.
async fn device(bench: &Bench) -> Caller {
    let code = bench.issue().await;
    activated(bench, &code, ROOM_MAC).await
}

#[tokio::test]
async fn a_renewed_token_speaks_for_the_same_device_and_lives_anew() {
    let bench = Bench::new();
    let mut caller = device(&bench).await;
    let written = bench.registry.audit(0, 100).await.unwrap().len();
    let mut now = *NOW;
    for _ in 0..5 {
        now += Duration::from_secs(40 * 60);
        let before = token(&caller);
        let answer = bench.activation.renew(before, now).await.unwrap();
        assert_eq!(
            (answer.token_type.as_str(), answer.expires_in),
            ("Bearer", 3600)
        );
        let after = bench.verified(&answer, now);
        assert_eq!(after.subject(), before.subject());
        assert_eq!(after.issuer(), before.issuer());
        assert!(after.is_for("devices"));
        assert_eq!(after.expires_at(), now + Duration::from_secs(3600));
        assert_ne!(after.token_id(), before.token_id());
        let scopes: Vec<_> = after.scopes().collect();
        assert_eq!(scopes, [Scope::BROADWORKS_CONNECTOR_USER.as_str()]);
        assert_eq!(after.confirmation(), None);
        caller = Caller::Token(after);
        assert!(reads_its_file(&bench, &caller, "001122334455.xml").await);
    }
    // It is no event in the life of the device.
    assert_eq!(bench.registry.audit(0, 100).await.unwrap().len(), written);
}

#[tokio::test]
async fn the_certificate_of_a_token_stays_and_scopes_of_others_do_not() {
    let bench = Bench::new();
    let subject = *token(&device(&bench).await).subject();
    let bound = MachineClaims::new(subject)
        .with_scope(Scope::BROADWORKS_CONNECTOR_USER)
        .with_scope("offhook:admin".parse().unwrap())
        .with_confirmation([3; 32]);
    let answer = bench.activation.renew(&bench.token(&bound), *NOW).await;
    let renewed = bench.verified(&answer.unwrap(), *NOW);
    assert_eq!(renewed.confirmation(), Some([3; 32]));
    let scopes: Vec<_> = renewed.scopes().collect();
    assert_eq!(scopes, [Scope::BROADWORKS_CONNECTOR_USER.as_str()]);
}

#[tokio::test]
async fn a_token_without_the_scope_of_machine_tokens_is_not_renewed() {
    let bench = Bench::new();
    let subject = *token(&device(&bench).await).subject();
    let other = MachineClaims::new(subject).with_scope("offhook:admin".parse().unwrap());
    for claims in [MachineClaims::new(subject), other] {
        let refused = bench.activation.renew(&bench.token(&claims), *NOW).await;
        assert!(matches!(refused, Err(RenewError::Scope(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_token_of_no_activated_device_is_not_renewed() {
    let bench = Bench::new();
    let nobody = MachineClaims::new(Subject::from(uuid::Uuid::from_u128(7)))
        .with_scope(Scope::BROADWORKS_CONNECTOR_USER);
    let refused = bench.activation.renew(&bench.token(&nobody), *NOW).await;
    assert!(matches!(refused, Err(RenewError::NotActivated)));

    for end in ["deactivated", "moved", "replaced", "deleted"] {
        let bench = Bench::new();
        let caller = device(&bench).await;
        let renewed = bench.activation.renew(token(&caller), *NOW).await.unwrap();
        let renewed = bench.verified(&renewed, *NOW);
        let (room, management) = (profile("room-7"), &bench.management);
        match end {
            "deactivated" => drop(management.deactivate(&room, &ACT).await.unwrap()),
            "deleted" => drop(management.delete(&room, &ACT).await.unwrap()),
            "replaced" => {
                management.replace(&room, owner(), &ACT).await.unwrap();
                activated(&bench, &bench.mailed(), OTHER_MAC).await;
            }
            _ => {
                let hall = ProvisionRequest {
                    profile: "hall".into(),
                    line_port: "hall@example.test".into(),
                    ..room_request()
                };
                management.provision(hall, &ACT).await.unwrap();
                let to = profile("hall");
                let moved = management.move_device(&room, &to, owner(), &ACT);
                moved.await.unwrap();
                // The same hardware under its new owner has a token of its own.
                activated(&bench, &bench.mailed(), ROOM_MAC).await;
            }
        }
        for token in [token(&caller), &renewed] {
            let refused = bench.activation.renew(token, *NOW).await;
            assert!(matches!(refused, Err(RenewError::NotActivated)), "{end}");
        }
    }
}

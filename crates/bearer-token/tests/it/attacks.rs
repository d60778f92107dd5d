//! The attack matrix against the verifier.

use std::collections::HashSet;

use offhook_bearer_token::{
    ClaimsBuffer, KeySet, TokenRefusal as Refusal, danger, verify, verify_in,
};

use crate::forge::{Forge, NOW, at, claims, key_set, policy};
use crate::matrix::Matrix;

#[test]
fn every_token_of_the_attack_matrix_is_refused_for_its_own_reason() {
    let matrix = Matrix::new();
    let keys = KeySet::from_json(matrix.key_set.as_bytes()).unwrap();
    assert_eq!(keys.skipped(), 0);
    let mut wrong = Vec::new();
    // Twice: first with keys that know no header, then with keys that know the usual one.
    for _ in 0..2 {
        for attack in &matrix.attacks {
            let answer = verify(&attack.token, &keys, &policy(), at(NOW));
            if answer.as_ref().err() != Some(&attack.refusal) {
                wrong.push(format!(
                    "{}: {answer:?}, not {:?}",
                    attack.name, attack.refusal
                ));
            }
        }
        verify(&matrix.good, &keys, &policy(), at(NOW)).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_attack_matrix_has_at_least_120_tokens_each_under_its_own_name() {
    let attacks = Matrix::new().attacks;
    let names: HashSet<&str> = attacks.iter().map(|attack| attack.name).collect();
    assert_eq!(names.len(), attacks.len());
    let tokens: HashSet<&str> = attacks.iter().map(|attack| &*attack.token).collect();
    assert_eq!(tokens.len(), attacks.len());
    assert!(attacks.len() >= 120, "{}", attacks.len());
}

#[test]
fn borrowed_claims_are_judged_as_owned_ones_but_for_the_uuid() {
    let matrix = Matrix::new();
    let keys = KeySet::from_json(matrix.key_set.as_bytes()).unwrap();
    let mut buffer = ClaimsBuffer::new();
    for attack in &matrix.attacks {
        let answer = verify_in(&attack.token, &keys, &policy(), at(NOW), &mut buffer);
        match answer {
            Err(refusal) => assert_eq!(refusal, attack.refusal, "{}", attack.name),
            Ok(verified) => {
                assert_eq!(attack.refusal, Refusal::Subject, "{}", attack.name);
                assert!(!verified.subject().is_empty(), "{}", attack.name);
            }
        }
    }
}

#[test]
fn a_header_seen_before_is_no_way_round_the_checks() {
    let forge = Forge::new();
    let keys = forge.keys();
    let now = at(NOW);
    let good = forge.good();
    assert!(verify(&good, &keys, &policy(), now).is_ok());
    assert!(verify(&good, &keys, &policy(), now).is_ok());
    let forged = Forge::new().good();
    assert_eq!(
        verify(&forged, &keys, &policy(), now).unwrap_err(),
        Refusal::Signature
    );
    assert_eq!(
        verify(&good, &keys, &policy().with_typ("logout+jwt"), now).unwrap_err(),
        Refusal::Type
    );
    let expired = forge.sign(&forge.header(), &claims(&[("exp", "1799990000")]));
    assert_eq!(
        verify(&expired, &keys, &policy(), now).unwrap_err(),
        Refusal::Expired
    );
}

#[test]
fn a_header_known_to_one_policy_is_judged_by_the_type_of_another() {
    let forge = Forge::new();
    let keys = forge.keys();
    let header = r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#;
    let token = forge.sign(header, &claims(&[]));
    let any = danger::any_typ(policy());
    for _ in 0..2 {
        assert!(verify(&token, &keys, &any, at(NOW)).is_ok());
        let answer = verify(&token, &keys, &policy(), at(NOW));
        assert_eq!(answer.unwrap_err(), Refusal::Type);
    }
}

#[test]
fn a_header_without_kid_is_good_only_for_a_set_of_one_key() {
    let (one, two) = (Forge::with_id("k1"), Forge::with_id("k2"));
    let token = one.sign(r#"{"alg":"ES256","typ":"at+jwt"}"#, &claims(&[]));
    assert!(one.verify(&token).is_ok());
    let both = key_set(&[one.jwk(), two.jwk()]);
    assert_eq!(
        verify(&token, &both, &policy(), at(NOW)).unwrap_err(),
        Refusal::KeyNotNamed
    );
}

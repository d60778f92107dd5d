//! Machine tokens given out and taken back.

use std::time::{Duration, UNIX_EPOCH};

use offhook_bearer_token::{
    Algorithm, IssuerError, KeySet, MachineClaims, MachineTokenIssuer, Scope, SigningKey, verify,
};

use crate::forge::{NOW, SUBJECT, at};

fn issuer(key: SigningKey) -> MachineTokenIssuer {
    MachineTokenIssuer::new(
        key,
        "https://dms.example.net",
        "dms",
        Duration::from_secs(3_600),
    )
}

fn claims() -> MachineClaims {
    MachineClaims::new(SUBJECT.parse().unwrap())
}

#[test]
fn a_token_given_out_is_good_until_its_time() {
    let keys = [
        (SigningKey::generate_es256("a").unwrap().0, Algorithm::Es256),
        (SigningKey::generate_eddsa("b").unwrap().0, Algorithm::EdDsa),
    ];
    for (key, algorithm) in keys {
        let issuer = issuer(key);
        let claims = claims()
            .with_scope(Scope::BROADWORKS_CONNECTOR_USER)
            .with_scope(Scope::DM_BRIDGE_DEVICE_AUTH)
            .with_client_id("C1")
            .with_confirmation([5; 32]);
        let token = issuer.issue(&claims, [7; 16], at(NOW)).unwrap();
        let set = KeySet::from_json(issuer.key_set_json().unwrap().as_bytes()).unwrap();
        let verified = verify(token.secret(), &set, &issuer.policy(), at(NOW)).unwrap();
        assert_eq!(verified.algorithm(), Some(algorithm));
        assert_eq!(verified.subject().to_string(), SUBJECT);
        assert_eq!(verified.scopes().count(), 2);
        assert_eq!(verified.client_id(), Some("C1"));
        assert_eq!(verified.token_id(), Some("BwcHBwcHBwcHBwcHBwcHBw"));
        assert_eq!(verified.issued_at(), Some(at(NOW)));
        assert_eq!(verified.expires_at(), at(NOW + 3_600));
        assert!(verified.bound_to(&[5; 32]));
        assert!(verify(token.secret(), &set, &issuer.policy(), at(NOW + 3_660)).is_err());
    }
}

#[test]
fn a_key_kept_as_pkcs8_gives_the_same_public_half_again() {
    let (key, pkcs8) = SigningKey::generate_es256("a").unwrap();
    let again = SigningKey::es256_from_pkcs8("a", &pkcs8).unwrap();
    assert_eq!(
        issuer(key).key_set_json().unwrap(),
        issuer(again).key_set_json().unwrap()
    );
    let (key, pkcs8) = SigningKey::generate_eddsa("a").unwrap();
    let again = SigningKey::eddsa_from_pkcs8("a", &pkcs8).unwrap();
    assert_eq!(
        issuer(key).key_set_json().unwrap(),
        issuer(again).key_set_json().unwrap()
    );
    assert_eq!(
        SigningKey::es256_from_pkcs8("a", &pkcs8).unwrap_err(),
        IssuerError::Key
    );
}

#[test]
fn the_key_set_shows_no_private_half() {
    let json = issuer(SigningKey::generate_es256("a").unwrap().0).key_set_json();
    assert!(!json.unwrap().contains("\"d\""));
}

#[test]
fn bad_key_ids_times_and_long_claims_are_refused() {
    for id in ["", "a b", "a\"b\n", &"a".repeat(65), "é"] {
        assert_eq!(
            SigningKey::generate_eddsa(id).unwrap_err(),
            IssuerError::KeyId
        );
    }
    let issuer = issuer(SigningKey::generate_eddsa("a").unwrap().0);
    let early = UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(
        issuer.issue(&claims(), [0; 16], early).unwrap_err(),
        IssuerError::Time
    );
    let late = at(253_402_300_799);
    assert_eq!(
        issuer.issue(&claims(), [0; 16], late).unwrap_err(),
        IssuerError::Time
    );
    let long = claims().with_client_id(&"a".repeat(8_000));
    assert_eq!(
        issuer.issue(&long, [0; 16], at(NOW)).unwrap_err(),
        IssuerError::ClaimsTooLong
    );
}

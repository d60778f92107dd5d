//! What verifying takes from the heap.

use allocation_counter::measure;
use offhook_bearer_token::danger::key_set_with_shared_secrets;
use offhook_bearer_token::{ClaimsBuffer, KeySet, verify, verify_in};
use ring::hmac;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use crate::forge::{Forge, NOW, RS256_TOKEN, RSA_MODULUS, at, base64url, claims, decode, policy};

/// How often `token` makes the verifier ask the heap, its header unknown, then known.
fn allocations(token: &str, keys: &KeySet) -> (u64, u64) {
    let (policy, now) = (policy(), at(NOW));
    let mut buffer = ClaimsBuffer::new();
    let mut count = || {
        let counted = measure(|| {
            verify_in(token, keys, &policy, now, &mut buffer).unwrap();
        });
        counted.count_total
    };
    (count(), count())
}

#[test]
fn a_good_token_is_verified_without_the_heap() {
    let forge = Forge::new();
    let long: String = (0..200).map(|n| format!("scope:{n} ")).collect();
    let long = format!("\"{}\"", long.trim());
    let escaped = r#""\u0061b https:\/\/dms.example.net\/scope""#;
    for changes in [
        &[][..],
        &[("scope", &*long)],
        &[("scope", escaped), ("jti", r#""\ud83d\ude00""#)],
        &[
            ("aud", r#"["a","b","dms"]"#),
            ("x", r#"{"a":[{"b":[1,2,{}]}]}"#),
        ],
        &[("exp", "1800003600.5")],
    ] {
        let token = forge.sign(&forge.header(), &claims(changes));
        assert_eq!(allocations(&token, &forge.keys()), (0, 0), "{changes:?}");
    }
    let secret = format!(
        r#"{{"keys":[{{"kty":"oct","k":"{}"}}]}}"#,
        base64url([7; 32])
    );
    let secret = key_set_with_shared_secrets(secret.as_bytes()).unwrap();
    let message = format!(
        "{}.{}",
        base64url(r#"{"alg":"HS256","typ":"at+jwt"}"#),
        base64url(claims(&[]))
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let token = format!(
        "{message}.{}",
        base64url(hmac::sign(&key, message.as_bytes()))
    );
    assert_eq!(allocations(&token, &secret), (0, 0));
}

#[test]
fn with_an_rsa_key_the_heap_is_asked_by_ring_alone() {
    let jwk =
        format!(r#"{{"keys":[{{"kty":"RSA","kid":"rsa-1","e":"AQAB","n":"{RSA_MODULUS}"}}]}}"#);
    let keys = KeySet::from_json(jwk.as_bytes()).unwrap();
    let (message, signature) = RS256_TOKEN.rsplit_once('.').unwrap();
    let signature = decode(signature);
    let (n, e) = (decode(RSA_MODULUS), vec![1, 0, 1]);
    let key = RsaPublicKeyComponents { n, e };
    let bare = measure(|| {
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
            .unwrap();
    });
    let bare = bare.count_total;
    assert_eq!(allocations(RS256_TOKEN, &keys), (bare, bare));
}

#[test]
fn no_refusal_takes_anything_from_the_heap() {
    let matrix = crate::matrix::Matrix::new();
    let keys = KeySet::from_json(matrix.key_set.as_bytes()).unwrap();
    let policy = policy();
    let mut buffer = ClaimsBuffer::new();
    for attack in &matrix.attacks {
        let is_rsa = attack.name.starts_with("RSA");
        let counted = measure(|| {
            let _refused = verify_in(&attack.token, &keys, &policy, at(NOW), &mut buffer);
        });
        assert!(is_rsa || counted.count_total == 0, "{}", attack.name);
    }
}

#[test]
fn a_token_that_is_kept_costs_one_allocation() {
    let forge = Forge::new();
    let (token, keys, policy) = (forge.good(), forge.keys(), policy());
    let counted = measure(|| {
        verify(&token, &keys, &policy, at(NOW)).unwrap();
    });
    assert_eq!(counted.count_total, 1);
}

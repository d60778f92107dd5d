//! Which keys are taken.

use offhook_bearer_token::danger::key_set_with_shared_secrets;
use offhook_bearer_token::{KeySet, KeySetError, MAX_KEYS, TokenRefusal, verify};
use ring::hmac;
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::forge::{Forge, NOW, at, base64url, claims, key_set, key_set_json, policy};

const POINT: &str = r#""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;

fn rsa(bits: usize, e: &[u8]) -> String {
    let mut n = vec![0xff; bits / 8];
    n[0] = 0x80;
    format!(
        r#"{{"kty":"RSA","kid":"{bits}","n":"{}","e":"{}"}}"#,
        base64url(n),
        base64url(e)
    )
}

#[test]
fn a_bad_key_is_skipped_and_the_good_ones_stay() {
    let forge = Forge::new();
    let bad = [
        ("weak RSA", rsa(1_024, &[1, 0, 1])),
        ("RSA of 2,040 bits", rsa(2_040, &[1, 0, 1])),
        ("RSA too big", rsa(8_200, &[1, 0, 1])),
        ("exponent one", rsa(2_048, &[1])),
        ("exponent zero", rsa(2_048, &[0])),
        ("no exponent", rsa(2_048, &[])),
        ("even exponent", rsa(2_048, &[2])),
        ("exponent with zero before", rsa(2_048, &[0, 3])),
        ("exponent too long", rsa(2_048, &[1; 5])),
        (
            "for encryption",
            format!(r#"{{"kty":"EC","crv":"P-256","use":"enc",{POINT}}}"#),
        ),
        (
            "for signing only",
            format!(r#"{{"kty":"EC","crv":"P-256","key_ops":["sign"],{POINT}}}"#),
        ),
        (
            "an operation twice",
            format!(r#"{{"kty":"EC","crv":"P-256","key_ops":["verify","verify"],{POINT}}}"#),
        ),
        (
            "another operation twice",
            format!(r#"{{"kty":"EC","crv":"P-256","key_ops":["sign","verify","sign"],{POINT}}}"#),
        ),
        (
            "an operation as number",
            format!(r#"{{"kty":"EC","crv":"P-256","key_ops":["verify",1],{POINT}}}"#),
        ),
        (
            "operations as text",
            format!(r#"{{"kty":"EC","crv":"P-256","key_ops":"verify",{POINT}}}"#),
        ),
        (
            "private half shown",
            format!(r#"{{"kty":"EC","crv":"P-256","d":"AQ",{POINT}}}"#),
        ),
        (
            "algorithm of another curve",
            format!(r#"{{"kty":"EC","crv":"P-256","alg":"ES384",{POINT}}}"#),
        ),
        (
            "point of another curve",
            format!(r#"{{"kty":"EC","crv":"P-384",{POINT}}}"#),
        ),
        (
            "curve of Bitcoin",
            format!(r#"{{"kty":"EC","crv":"secp256k1",{POINT}}}"#),
        ),
        (
            "short point",
            r#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#.into(),
        ),
        (
            "short ordinate",
            format!(
                r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"AQ"}}"#,
                base64url([1; 32])
            ),
        ),
        ("escape that is none", r#"{"kty":"EC","kid":"\x"}"#.into()),
        ("half a pair", r#"{"kty":"EC","kid":"\ud800"}"#.into()),
        (
            "line end in a text",
            "{\"kty\":\"EC\",\"kid\":\"a\nb\"}".into(),
        ),
        ("no value", r#"{"kty":nul}"#.into()),
        (
            "other primes shown",
            rsa(2_048, &[1, 0, 1]).replace("\"kty\"", "\"oth\":[],\"kty\""),
        ),
        ("no point", r#"{"kty":"EC","crv":"P-256"}"#.into()),
        ("Ed448", r#"{"kty":"OKP","crv":"Ed448","x":"AQ"}"#.into()),
        (
            "short Ed25519",
            r#"{"kty":"OKP","crv":"Ed25519","x":"AQ"}"#.into(),
        ),
        (
            "secret",
            format!(r#"{{"kty":"oct","k":"{}"}}"#, base64url([1; 32])),
        ),
        (
            "member twice",
            format!(r#"{{"kty":"EC","crv":"P-256","crv":"P-256",{POINT}}}"#),
        ),
        (
            "key id as number",
            format!(r#"{{"kty":"EC","crv":"P-256","kid":1,{POINT}}}"#),
        ),
        ("no object", "17".into()),
        ("null", "null".into()),
        ("unknown type", r#"{"kty":"PQ"}"#.into()),
        ("no type", "{}".into()),
    ];
    let token = forge.good();
    for (name, jwk) in &bad {
        let keys = key_set(&[jwk.clone(), forge.jwk()]);
        assert_eq!((keys.len(), keys.skipped()), (1, 1), "{name}");
        assert!(verify(&token, &keys, &policy(), at(NOW)).is_ok(), "{name}");
    }
}

/// `ring` would refuse each signature under such a key, and a good one of the same name, or of none,
/// must not be taken for its rival.
#[test]
fn a_key_off_its_curve_is_no_rival_of_a_good_one() {
    let forge = Forge::new();
    let beside = |kty: &str, point: String| format!(r#"{{"kty":"{kty}",{point}}}"#);
    let mut off = [0; 32];
    off[0] = 2;
    let bad = [
        beside(
            "EC",
            format!(r#""crv":"P-256",{}"#, POINT.replace("a0\"", "a4\"")),
        ),
        beside(
            "EC",
            format!(r#""crv":"P-256","x":"{0}","y":"{0}""#, base64url([0; 32])),
        ),
        beside(
            "EC",
            format!(
                r#""crv":"P-256","x":"{0}","y":"{0}""#,
                base64url([0xff; 32])
            ),
        ),
        beside(
            "EC",
            format!(r#""crv":"P-384","x":"{0}","y":"{0}""#, base64url([7; 48])),
        ),
        beside(
            "OKP",
            format!(r#""crv":"Ed25519","x":"{}""#, base64url(off)),
        ),
        beside(
            "OKP",
            format!(r#""crv":"Ed25519","x":"{}""#, base64url([0xff; 32])),
        ),
    ];
    let named = forge.good();
    let nameless = forge.sign(r#"{"alg":"ES256","typ":"at+jwt"}"#, &claims(&[]));
    for jwk in bad {
        assert!(key_set(std::slice::from_ref(&jwk)).is_empty(), "{jwk}");
        let same_name = jwk.replacen('{', r#"{"kid":"k1","#, 1);
        for jwk in [jwk, same_name] {
            let keys = key_set(&[jwk.clone(), forge.jwk()]);
            assert_eq!((keys.len(), keys.skipped()), (1, 1), "{jwk}");
            for token in [&named, &nameless] {
                assert!(verify(token, &keys, &policy(), at(NOW)).is_ok(), "{jwk}");
            }
        }
    }
}

#[test]
fn escapes_in_a_key_are_resolved() {
    let forge = Forge::new();
    let jwk = forge.jwk();
    let (before, rest) = jwk.split_once(r#""x":""#).unwrap();
    let (first, rest) = rest.split_at(1);
    let escaped = format!(r#"{before}"x":"\u00{:02x}{rest}"#, first.as_bytes()[0]);
    let keys = key_set(&[escaped]);
    assert!(verify(&forge.good(), &keys, &policy(), at(NOW)).is_ok());
}

#[test]
fn rsa_of_2048_and_8192_bits_and_named_algorithms_are_taken() {
    let named = rsa(2_048, &[3]).replace("\"kid\"", "\"alg\":\"PS256\",\"kid\"");
    for jwk in [rsa(2_048, &[1, 0, 1]), rsa(8_192, &[3]), named] {
        assert_eq!(key_set(&[jwk]).len(), 1);
    }
    let unknown = rsa(2_048, &[3]).replace("\"kid\"", "\"alg\":\"RSA-OAEP\",\"kid\"");
    assert!(key_set(&[unknown]).is_empty());
}

#[test]
fn keys_that_say_that_they_verify_are_taken() {
    for says in [
        r#""key_ops":["verify"]"#,
        r#""key_ops":["sign","verify"]"#,
        r#""use":"sig","key_ops":["verify"],"alg":"ES256""#,
        r#""x5t":"AA","x5c":["MIIB"],"exp":1"#,
    ] {
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256",{says},{POINT}}}"#);
        assert_eq!(key_set(&[jwk]).len(), 1, "{says}");
    }
}

#[test]
fn a_set_of_100_keys_is_taken_and_one_of_101_is_refused() {
    let of = |count: usize| {
        let keys: Vec<String> = (0..count)
            .map(|n| format!(r#"{{"kty":"EC","crv":"P-256","kid":"{n}",{POINT}}}"#))
            .collect();
        KeySet::from_json(key_set_json(&keys).as_bytes())
    };
    assert_eq!(of(MAX_KEYS).unwrap().len(), MAX_KEYS);
    assert_eq!(
        of(101).unwrap_err(),
        KeySetError::TooManyKeys { found: 101 }
    );
}

#[test]
fn what_is_no_key_set_is_refused_as_a_whole() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[]} x"#,
    ] {
        assert_eq!(
            KeySet::from_json(text.as_bytes()).unwrap_err(),
            KeySetError::Malformed,
            "{text}"
        );
    }
    let long = format!("{}{}", r#"{"keys":[]}"#, " ".repeat(65_536));
    assert!(matches!(
        KeySet::from_json(long.as_bytes()),
        Err(KeySetError::TooLong { .. })
    ));
    let deep = format!(r#"{{"keys":{}"#, "[".repeat(60_000));
    assert_eq!(
        KeySet::from_json(deep.as_bytes()).unwrap_err(),
        KeySetError::Malformed
    );
}

#[test]
fn of_two_keys_with_one_name_and_algorithm_none_is_taken() {
    let (first, second, third) = (Forge::new(), Forge::new(), Forge::with_id("k3"));
    let keys = key_set(&[first.jwk(), third.jwk(), second.jwk()]);
    assert_eq!((keys.len(), keys.skipped()), (1, 2));
    assert!(!keys.has_key("k1") && keys.has_key("k3"));
    let answer = verify(&first.good(), &keys, &policy(), at(NOW));
    assert_eq!(answer.unwrap_err(), TokenRefusal::UnknownKey);
    let again = key_set(&[first.jwk(), first.jwk()]);
    assert_eq!((again.len(), again.skipped()), (1, 1));
    assert!(verify(&first.good(), &again, &policy(), at(NOW)).is_ok());
}

#[test]
fn a_set_is_known_by_its_usable_keys_in_whatever_order_they_stand() {
    let (one, two) = (Forge::with_id("k1"), Forge::with_id("k2"));
    let print = |keys: &[String]| *key_set(keys).fingerprint();
    let both = print(&[one.jwk(), two.jwk()]);
    assert_eq!(both, print(&[two.jwk(), one.jwk(), "{}".into(), one.jwk()]));
    let renamed = two.jwk().replace("\"k2\"", "\"k3\"");
    let others = [vec![one.jwk()], vec![], vec![one.jwk(), renamed]];
    for other in others {
        assert_ne!(both, print(&other));
    }
}

fn secret_set(keys: &[(&str, &[u8])]) -> String {
    let jwk = |(alg, secret): &(&str, &[u8])| {
        let secret = base64url(secret);
        format!(r#"{{"kty":"oct","kid":"s","alg":"{alg}","k":"{secret}"}}"#)
    };
    key_set_json(&keys.iter().map(jwk).collect::<Vec<_>>())
}

fn signed_with_secret(alg: &str, ring: hmac::Algorithm, secret: &[u8]) -> String {
    let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"s"}}"#);
    let message = format!("{}.{}", base64url(header), base64url(claims(&[])));
    let tag = hmac::sign(&hmac::Key::new(ring, secret), message.as_bytes());
    format!("{message}.{}", base64url(tag))
}

#[test]
fn a_shared_secret_is_taken_only_where_it_is_asked_for_and_as_long_as_its_hash() {
    for (alg, ring, length) in [
        ("HS256", hmac::HMAC_SHA256, 32),
        ("HS384", hmac::HMAC_SHA384, 48),
        ("HS512", hmac::HMAC_SHA512, 64),
    ] {
        let secret = vec![7; length];
        let token = signed_with_secret(alg, ring, &secret);
        let set = secret_set(&[(alg, &secret)]);
        assert!(KeySet::from_json(set.as_bytes()).unwrap().is_empty());
        let open = key_set_with_shared_secrets(set.as_bytes()).unwrap();
        let verified = verify(&token, &open, &policy(), at(NOW)).unwrap();
        assert_eq!(verified.algorithm().unwrap().as_str(), alg);
        let short = secret_set(&[(alg, &secret[1..])]);
        assert!(
            key_set_with_shared_secrets(short.as_bytes())
                .unwrap()
                .is_empty()
        );
        for other in ["HS256", "HS384", "HS512", "RS256", "none"] {
            let set = secret_set(&[(other, &[7; 64])]);
            let set = key_set_with_shared_secrets(set.as_bytes()).unwrap();
            let answer = verify(&token, &set, &policy(), at(NOW));
            let is_its_own = other == alg && length == 64;
            assert_eq!(answer.is_ok(), is_its_own, "{alg} with {other}");
        }
    }
}

#[test]
fn secrets_beside_public_keys_are_not_taken() {
    let forge = Forge::new();
    let secret = format!(r#"{{"kty":"oct","kid":"s","k":"{}"}}"#, base64url([7; 32]));
    let mixed = key_set_json(&[secret, forge.jwk()]);
    let keys = key_set_with_shared_secrets(mixed.as_bytes()).unwrap();
    assert_eq!((keys.len(), keys.skipped()), (1, 1));
    let token = signed_with_secret("HS256", hmac::HMAC_SHA256, &[7; 32]);
    let answer = verify(&token, &keys, &policy(), at(NOW));
    assert_eq!(answer.unwrap_err(), TokenRefusal::Algorithm);
    assert!(verify(&forge.good(), &keys, &policy(), at(NOW)).is_ok());
}

#[test]
fn of_two_secrets_with_one_name_none_is_taken_though_one_cannot_be_read() {
    for other in [&[8; 32][..], &[8; 31]] {
        let set = secret_set(&[("HS256", &[7; 32]), ("HS256", other)]);
        let keys = key_set_with_shared_secrets(set.as_bytes()).unwrap();
        assert_eq!((keys.len(), keys.skipped()), (0, 2));
    }
}

#[test]
fn a_key_that_is_not_utf8_spoils_no_other() {
    let forge = Forge::new();
    let mut set = br#"{"keys":[{"kty":"EC","kid":""#.to_vec();
    set.push(0xff);
    set.extend_from_slice(format!("\"}},{}]}}", forge.jwk()).as_bytes());
    let keys = KeySet::from_json(&set).unwrap();
    assert_eq!((keys.len(), keys.skipped()), (1, 1));
    assert!(verify(&forge.good(), &keys, &policy(), at(NOW)).is_ok());
}

/// With the neutral point as key, a signature of nobody would be good for everything.
#[test]
fn an_ed25519_key_of_small_order_is_skipped_in_every_spelling() {
    let prime_and = |last: u8| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (last, 0x7f);
        bytes
    };
    let order_eight = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ];
    let other_of_order_eight = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ];
    let one = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    for ordinate in [
        [0; 32],
        one,
        prime_and(0xec),
        prime_and(0xed),
        prime_and(0xee),
        order_eight,
        other_of_order_eight,
    ] {
        // It is as bad as it is said to be: with it a signature of nobody, of the neutral point and
        // nothing, is good for some messages.
        let key = UnparsedPublicKey::new(&ED25519, ordinate);
        let mut forged = [0; 64];
        forged[0] = 1;
        let verifies = |message: u8| key.verify(&[message], &forged).is_ok();
        assert!((0..=255).any(verifies), "{ordinate:?}");

        for sign in [0, 0x80] {
            let mut x = ordinate;
            x[31] |= sign;
            let jwk = format!(
                r#"{{"kty":"OKP","crv":"Ed25519","kid":"k","x":"{}"}}"#,
                base64url(x)
            );
            let keys = key_set(&[jwk]);
            assert_eq!((keys.len(), keys.skipped()), (0, 1), "{x:?}");
        }
    }
}

#[test]
fn a_modulus_has_no_zero_in_front_and_runs_into_no_exponent() {
    let jwk = |n: &[u8], e: &[u8]| {
        let (n, e) = (base64url(n), base64url(e));
        format!(r#"{{"kty":"RSA","kid":"r","n":"{n}","e":"{e}"}}"#)
    };
    let mut n = crate::forge::decode(crate::forge::RSA_MODULUS);
    assert_eq!(key_set(&[jwk(&[&[0], &*n].concat(), &[1, 0, 1])]).len(), 0);
    let one = key_set(&[jwk(&n, &[5, 3])]);
    n.push(5);
    let other = key_set(&[jwk(&n, &[3])]);
    assert_eq!((one.len(), other.len()), (1, 1));
    assert_ne!(one.fingerprint(), other.fingerprint());
}

#[test]
fn a_secret_beside_a_public_key_of_no_use_is_not_taken() {
    let secret = format!(r#"{{"kty":"oct","kid":"s","k":"{}"}}"#, base64url([9; 32]));
    let p_521 = r#"{"kty":"EC","crv":"P-521","kid":"p","x":"AA","y":"AA"}"#.to_owned();
    for (beside, expected) in [(p_521, 0), ("{}".to_owned(), 1), ("17".to_owned(), 1)] {
        let set = key_set_json(&[secret.clone(), beside]);
        let keys = key_set_with_shared_secrets(set.as_bytes()).unwrap();
        assert_eq!(keys.len(), expected);
    }
}

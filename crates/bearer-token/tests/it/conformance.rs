//! Public vectors, read from the folder that `OFFHOOK_VECTORS` names: they are not ours to keep.
//!
//! Without the variable it is `../shared/vectors`, seen from the workspace. Where the folder is not
//! there the tests say so and pass, and fail where `CI=true`. In it, `jose/wycheproof` holds
//! `json_web_signature_test.json` and `json_web_key_test.json` of Wycheproof, and
//! `jose/ietf-jose-cookbook` the examples of RFC 7520, 7797 and 8037 as the JOSE cookbook has them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use offhook_bearer_token::danger::{key_set_with_shared_secrets, payload};
use offhook_bearer_token::{ClaimsBuffer, KeySet, TokenRefusal};
use serde_json::{Value, json};

use crate::forge::base64url;

/// A strict verifier accepts these two, labelled invalid: what made them so was lost upstream, and
/// they are the same bytes as number 357, which is labelled valid.
const SAME_AS_357: [u64; 2] = [367, 370];
/// A strict verifier refuses these, labelled valid.
const REFUSED_THOUGH_VALID: [(u64, TokenRefusal); 6] = [
    // The key is for PS256 and the header asks for PS384: RFC 8725 section 3.1.
    (346, TokenRefusal::Algorithm),
    (350, TokenRefusal::Algorithm),
    // P-521, which ring does not verify, under a name that is not registered.
    (347, TokenRefusal::Algorithm),
    (351, TokenRefusal::Algorithm),
    // A question mark within the base64url: RFC 7515 section 2.
    (372, TokenRefusal::Encoding),
    (373, TokenRefusal::Signature),
];

#[test]
fn wycheproof_json_web_signature_401_of_401() {
    let Some(vectors) = vectors("jose/wycheproof/json_web_signature_test.json") else {
        return;
    };
    let mut count = 0;
    let mut wrong = Vec::new();
    let mut of_357 = String::new();
    for group in array(&vectors["testGroups"]) {
        let key = group.get("public").unwrap_or_else(|| &group["private"]);
        let keys = key_set(&json!({ "keys": [key] }));
        for test in array(&group["tests"]) {
            count += 1;
            let (id, jws) = (test["tcId"].as_u64().unwrap(), text(&test["jws"]));
            let answer = verified(jws, &keys);
            let excepted = REFUSED_THOUGH_VALID.iter().find(|(other, _)| *other == id);
            let is_right = match (text(&test["result"]), excepted) {
                ("valid", None) => answer.is_ok(),
                ("valid", Some((_, refusal))) => answer == Err(*refusal),
                ("invalid", None) if SAME_AS_357.contains(&id) => answer.is_ok() && jws == of_357,
                ("invalid", None) => answer.is_err(),
                _ => false,
            };
            if id == 357 {
                jws.clone_into(&mut of_357);
            }
            if !is_right {
                wrong.push(format!("{id} {}: {answer:?}", test["comment"]));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(count, 401);
}

#[test]
fn wycheproof_json_web_key_26_of_26() {
    let Some(vectors) = vectors("jose/wycheproof/json_web_key_test.json") else {
        return;
    };
    let mut count = 0;
    let mut wrong = Vec::new();
    for group in array(&vectors["testGroups"]) {
        let keys = key_set(group.get("public").unwrap_or_else(|| &group["private"]));
        for test in array(&group["tests"]) {
            count += 1;
            let answer = verified(text(&test["jws"]), &keys);
            if answer.is_ok() != (test["result"] == "valid") {
                wrong.push(format!("{} {}: {answer:?}", test["tcId"], test["comment"]));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(count, 26);
}

#[test]
fn the_jose_cookbook_is_verified_where_it_is_compact_and_attached() {
    let none = TokenRefusal::Signature;
    for (file, expected) in [
        ("jws/4_1.rsa_v15_signature.json", Ok(())),
        ("jws/4_2.rsa-pss_signature.json", Ok(())),
        // P-521.
        ("jws/4_3.ecdsa_signature.json", Err(TokenRefusal::Algorithm)),
        ("jws/4_4.hmac-sha2_integrity_protection.json", Ok(())),
        ("jws/4_5.signature_with_detached_content.json", Err(none)),
        ("curve25519/jws.json", Ok(())),
        (
            "rfc7797/hmac-sha2_b64_false.json",
            Err(TokenRefusal::CriticalExtension),
        ),
    ] {
        let Some(example) = vectors(&format!("jose/ietf-jose-cookbook/{file}")) else {
            return;
        };
        let mut key = example["input"]["key"].clone();
        let members = key.as_object_mut().unwrap();
        if members["kty"] != "oct" {
            for private in ["d", "p", "q", "dp", "dq", "qi"] {
                members.remove(private);
            }
        }
        // With us the key says what it is for.
        members.insert("alg".into(), example["input"]["alg"].clone());
        members.entry("kid").or_insert_with(|| json!("k"));
        let keys = key_set(&json!({ "keys": [key] }));
        let jws = text(&example["output"]["compact"]);
        let answer = verified(jws, &keys);
        assert_eq!(answer.clone().map(drop), expected, "{file}");
        if let Ok(read) = answer {
            assert_eq!(
                read,
                text(&example["input"]["payload"]).as_bytes(),
                "{file}"
            );
            let other = jws.replacen('.', &format!(".{}", base64url("x x")), 1);
            assert_eq!(verified(&other, &keys), Err(none), "{file}");
        }
    }
}

#[test]
fn the_keys_of_the_jose_cookbook_are_taken_where_they_are_public_and_known() {
    for (file, is_taken) in [
        ("3_1.ec_public_key.json", false), // P-521
        ("3_2.ec_private_key.json", false),
        ("3_3.rsa_public_key.json", true),
        ("3_4.rsa_private_key.json", false),
        ("3_5.symmetric_key_mac_computation.json", true),
        ("3_6.symmetric_key_encryption.json", false),
    ] {
        let Some(key) = vectors(&format!("jose/ietf-jose-cookbook/jwk/{file}")) else {
            return;
        };
        let keys = key_set(&json!({ "keys": [key] }));
        assert_eq!(keys.len(), usize::from(is_taken), "{file}");
    }
}

fn verified(jws: &str, keys: &KeySet) -> Result<Vec<u8>, TokenRefusal> {
    payload(jws, keys, &mut ClaimsBuffer::new()).map(<[u8]>::to_vec)
}

fn key_set(json: &Value) -> KeySet {
    key_set_with_shared_secrets(json.to_string().as_bytes()).unwrap()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn vectors(file: &str) -> Option<Value> {
    let folder = env::var_os("OFFHOOK_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let path = folder.join(file);
    match fs::read(&path) {
        Ok(json) => Some(serde_json::from_slice(&json).unwrap()),
        Err(error) => {
            let missing = format!("no vectors at {}: {error}", path.display());
            assert_ne!(env::var("CI").as_deref(), Ok("true"), "{missing}");
            // Past the capture of the test's output: a test that was not run must be seen.
            let _ = writeln!(io::stderr(), "skipped: {missing}");
            None
        }
    }
}

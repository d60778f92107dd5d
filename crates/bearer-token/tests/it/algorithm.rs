//! A good token of each algorithm, and the same under the name of another.

use offhook_bearer_token::danger::key_set_with_shared_secrets;
use offhook_bearer_token::{TokenRefusal, verify};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};

use crate::forge::{NOW, at, base64url, claims, key_set_json, policy};

/// Signs a message; its public key as a JWK without `alg`.
struct Signer {
    algorithm: &'static str,
    jwk: String,
    sign: Sign,
}

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

impl Signer {
    fn token(&self, named: &str) -> String {
        let header = format!(r#"{{"alg":"{named}","typ":"at+jwt","kid":"k"}}"#);
        let message = format!("{}.{}", base64url(header), base64url(claims(&[])));
        let signature = base64url((self.sign)(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn jwk(&self, algorithm: &str) -> String {
        format!(r#"{{"kid":"k","alg":"{algorithm}",{}}}"#, self.jwk)
    }
}

fn rsa(algorithm: &'static str, encoding: &'static dyn RsaEncoding) -> Signer {
    let [n, e, d, p, q, dp, dq, qi] = RFC_7520_3_4.map(decode);
    let jwk = format!(r#""kty":"RSA","n":"{}","e":"AQAB""#, RFC_7520_3_4[0]);
    let pair = KeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n, e },
        d,
        p,
        q,
        dP: dp,
        dQ: dq,
        qInv: qi,
    })
    .unwrap();
    let sign = move |message: &[u8]| {
        let mut signature = vec![0; pair.public().modulus_len()];
        let random = SystemRandom::new();
        pair.sign(encoding, &random, message, &mut signature)
            .unwrap();
        signature
    };
    Signer {
        algorithm,
        jwk,
        sign: Box::new(sign),
    }
}

fn elliptic(
    algorithm: &'static str,
    curve: &str,
    signing: &'static EcdsaSigningAlgorithm,
) -> Signer {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(signing, pkcs8.as_ref(), &random).unwrap();
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    let jwk = format!(
        r#""kty":"EC","crv":"{curve}","x":"{}","y":"{}""#,
        base64url(x),
        base64url(y)
    );
    let sign = move |message: &[u8]| pair.sign(&random, message).unwrap().as_ref().to_vec();
    Signer {
        algorithm,
        jwk,
        sign: Box::new(sign),
    }
}

fn edwards(algorithm: &'static str) -> Signer {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let jwk = format!(
        r#""kty":"OKP","crv":"Ed25519","x":"{}""#,
        base64url(pair.public_key().as_ref())
    );
    let sign = move |message: &[u8]| pair.sign(message).as_ref().to_vec();
    Signer {
        algorithm,
        jwk,
        sign: Box::new(sign),
    }
}

fn signers() -> Vec<Signer> {
    vec![
        rsa("RS256", &RSA_PKCS1_SHA256),
        rsa("RS384", &RSA_PKCS1_SHA384),
        rsa("RS512", &RSA_PKCS1_SHA512),
        rsa("PS256", &RSA_PSS_SHA256),
        rsa("PS384", &RSA_PSS_SHA384),
        rsa("PS512", &RSA_PSS_SHA512),
        elliptic("ES256", "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING),
        elliptic("ES384", "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING),
        edwards("EdDSA"),
        edwards("Ed25519"),
    ]
}

#[test]
fn a_good_token_of_each_algorithm_is_taken_and_under_no_other_name() {
    let names: Vec<&str> = signers().iter().map(|signer| signer.algorithm).collect();
    for signer in signers() {
        let own = signer.algorithm;
        let set = key_set_json(&[signer.jwk(own)]);
        let keys = key_set_with_shared_secrets(set.as_bytes()).unwrap();
        assert_eq!(keys.len(), 1, "{own}");
        let token = signer.token(own);
        verify(&token, &keys, &policy(), at(NOW)).unwrap();
        // The second time its header is known.
        verify(&token, &keys, &policy(), at(NOW)).unwrap();
        let is_same = |name: &str| own == name || own.starts_with("Ed") && name.starts_with("Ed");
        for name in names
            .iter()
            .chain(&["HS256", "none", "RS1"])
            .filter(|name| !is_same(name))
        {
            let renamed = verify(&signer.token(name), &keys, &policy(), at(NOW));
            assert_eq!(
                renamed.unwrap_err(),
                TokenRefusal::Algorithm,
                "{own} as {name}"
            );
        }
    }
}

#[test]
fn an_rsa_key_of_one_algorithm_takes_no_signature_of_another() {
    for key in signers().iter().take(6) {
        let set = key_set_json(&[key.jwk(key.algorithm)]);
        let keys = key_set_with_shared_secrets(set.as_bytes()).unwrap();
        for signer in signers().iter().take(6) {
            // Signed in one way, named as the key wants it.
            let token = signer.token(key.algorithm);
            let answer = verify(&token, &keys, &policy(), at(NOW));
            if signer.algorithm == key.algorithm {
                answer.unwrap();
            } else {
                assert_eq!(answer.unwrap_err(), TokenRefusal::Signature);
            }
        }
    }
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .unwrap()
}

/// `n`, `e`, `d`, `p`, `q`, `dp`, `dq` and `qi` of the key in RFC 7520 section 3.4.
const RFC_7520_3_4: [&str; 8] = [
    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw",
    "AQAB",
    "bWUC9B-EFRIo8kpGfh0ZuyGPvMNKvYWNtB_ikiH9k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1irkwMSMkK1J3XTGgdrhCku9gRldY7sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-bMwWWSDFu2MUBYwkHTMEzLYGqOe04noqeq1hExBTHBOBdkMXiuFhUq1BU6l-DqEiWxqg82sXt2h-LMnT3046AOYJoRioz75tSUQfGCshWTBnP5uDjd18kKhyv07lhfSJdrPdM5Plyl21hsFf4L_mHCuoFau7gdsPfHPxxjVOcOpBrQzwQ",
    "3Slxg_DwTXJcb6095RoXygQCAZ5RnAvZlno1yhHtnUex_fp7AZ_9nRaO7HX_-SFfGQeutao2TDjDAWU4Vupk8rw9JR0AzZ0N2fvuIAmr_WCsmGpeNqQnev1T7IyEsnh8UMt-n5CafhkikzhEsrmndH6LxOrvRJlsPp6Zv8bUq0k",
    "uKE2dh-cTf6ERF4k4e_jy78GfPYUIaUyoSSJuBzp3Cubk3OCqs6grT8bR_cu0Dm1MZwWmtdqDyI95HrUeq3MP15vMMON8lHTeZu2lmKvwqW7anV5UzhM1iZ7z4yMkuUwFWoBvyY898EXvRD-hdqRxHlSqAZ192zB3pVFJ0s7pFc",
    "B8PVvXkvJrj2L-GYQ7v3y9r6Kw5g9SahXBwsWUzp19TVlgI-YV85q1NIb1rxQtD-IsXXR3-TanevuRPRt5OBOdiMGQp8pbt26gljYfKU_E9xn-RULHz0-ed9E9gXLKD4VGngpz-PfQ_q29pk5xWHoJp009Qf1HvChixRX59ehik",
    "CLDmDGduhylc9o7r84rEUVn7pzQ6PF83Y-iBZx5NT-TpnOZKF1pErAMVeKzFEl41DlHHqqBLSM0W1sOFbwTxYWZDm6sI6og5iTbwQGIC3gnJKbi_7k_vJgGHwHxgPaX2PnvP-zyEkDERuf-ry4c_Z11Cq9AqC2yeL6kdKT1cYF8",
    "3PiqvXQN0zwMeE-sBvZgi289XP9XCQF3VWqPzMKnIgQp7_Tugo6-NZBKCQsMf3HaEGBjTVJs_jcK8-TRXvaKe-7ZMaQj8VfBdYkssbu0NKDDhjJ-GtiseaDVWt7dcH0cfwxgFUHpQh7FoCrjFJ6h6ZEpMF6xmujs4qMpPz8aaI4",
];

//! What does verifying a token cost beside the bare signature, and beside `jsonwebtoken` 9?
//!
//! Criterion gives the times. The table at the end gives ratios to the bare signature: each slot of
//! about a millisecond stands between two of the bare signature, and the median of all counts, so
//! that a busy machine disturbs them little.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench may fail, and needs a clock"
)]

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::{DecodingKey, Validation, jwk::Jwk};
use offhook_bearer_token::{
    AccessToken, ClaimsBuffer, KeySet, MachineClaims, MachineTokenIssuer, Scope, SigningKey,
    TokenPolicy, verify, verify_in,
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;

criterion_main!(tokens);
criterion_group!(tokens, es256, eddsa, rs256);

fn es256(criterion: &mut Criterion) {
    let (issuer, token) = issued(SigningKey::generate_es256("k1").unwrap().0);
    let jwk = issuer.key_set_json().unwrap();
    let point = [vec![4], member(&jwk, "x"), member(&jwk, "y")].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    compare(
        criterion,
        "ES256",
        &jwk,
        &issuer.policy(),
        token.secret(),
        |message, signature| {
            key.verify(message, signature).unwrap();
        },
    );
}

fn eddsa(criterion: &mut Criterion) {
    let (issuer, token) = issued(SigningKey::generate_eddsa("k1").unwrap().0);
    let jwk = issuer.key_set_json().unwrap();
    let key = UnparsedPublicKey::new(&ED25519, member(&jwk, "x"));
    compare(
        criterion,
        "EdDSA",
        &jwk,
        &issuer.policy(),
        token.secret(),
        |message, signature| {
            key.verify(message, signature).unwrap();
        },
    );
}

fn rs256(criterion: &mut Criterion) {
    let (modulus, token) = RS256;
    let jwk = format!(r#"{{"keys":[{{"kty":"RSA","kid":"rsa-1","e":"AQAB","n":"{modulus}"}}]}}"#);
    let key = RsaPublicKeyComponents {
        n: member(&jwk, "n"),
        e: vec![1, 0, 1],
    };
    let policy = TokenPolicy::new("https://idbroker.example.net/idb", "dms");
    compare(
        criterion,
        "RS256",
        &jwk,
        &policy,
        token,
        |message, signature| {
            key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .unwrap();
        },
    );
}

/// Measures the bare signature, a key's usual header, a header never seen before, and the peer.
fn compare(
    criterion: &mut Criterion,
    name: &str,
    jwk: &str,
    policy: &TokenPolicy,
    token: &str,
    bare: impl Fn(&[u8], &[u8]),
) {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let decoded = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let keys = KeySet::from_json(jwk.as_bytes()).unwrap();
    let (key, validation) = peer(jwk);
    let bare = || bare(black_box(message.as_bytes()), black_box(&decoded));
    let mut buffer = ClaimsBuffer::new();
    let mut borrowed = || {
        let verified = verify_in(black_box(token), &keys, policy, now(), &mut buffer);
        black_box(verified.unwrap());
    };
    let owned = || {
        black_box(verify(black_box(token), &keys, policy, now()).unwrap());
    };
    let peer = || {
        let verified = jsonwebtoken::decode::<Claims>(black_box(token), &key, &validation);
        black_box(verified.unwrap());
    };
    let mut group = criterion.benchmark_group(name);
    group.bench_function("bare", |bencher| bencher.iter(bare));
    group.bench_function("verify_in", |bencher| bencher.iter(&mut borrowed));
    group.bench_function("verify", |bencher| bencher.iter(owned));
    group.bench_function("jsonwebtoken 9", |bencher| bencher.iter(peer));
    // The refusal comes from the signature, after the header was read in full.
    let fresh = KeySet::from_json(jwk.as_bytes()).unwrap();
    let forged = format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(vec![1; decoded.len()])
    );
    group.bench_function("refuse a forged signature", |bencher| {
        bencher.iter(|| verify(black_box(&forged), &fresh, policy, now()).unwrap_err());
    });
    group.finish();
    println!(
        "{name} over the bare signature: verify_in ×{:.3}, verify ×{:.3}, jsonwebtoken 9 ×{:.3}\n",
        ratio(&bare, borrowed),
        ratio(&bare, owned),
        ratio(&bare, peer),
    );
}

/// How much longer `other` takes than `bare`.
fn ratio(bare: &impl Fn(), mut other: impl FnMut()) -> f64 {
    let slot = |run: &mut dyn FnMut(), count: u32| {
        let begun = Instant::now();
        (0..count).for_each(|_| run());
        begun.elapsed().as_secs_f64()
    };
    let mut bare = || bare();
    // As many as fill a millisecond.
    let mut count = 1;
    while slot(&mut bare, count) < 0.001 {
        count += count / 4 + 1;
    }
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let before = slot(&mut bare, count);
            let between = slot(&mut other, count);
            between * 2.0 / (before + slot(&mut bare, count))
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ROUNDS / 2).copied().unwrap_or(f64::NAN)
}

/// The peer's key, and what it is asked to check.
fn peer(jwks: &str) -> (DecodingKey, Validation) {
    let mut set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(jwks).unwrap();
    let jwk: Jwk = set.keys.remove(0);
    let algorithm = match &jwk.algorithm {
        jsonwebtoken::jwk::AlgorithmParameters::RSA(_) => jsonwebtoken::Algorithm::RS256,
        jsonwebtoken::jwk::AlgorithmParameters::EllipticCurve(_) => jsonwebtoken::Algorithm::ES256,
        _ => jsonwebtoken::Algorithm::EdDSA,
    };
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&["https://idbroker.example.net/idb"]);
    validation.set_audience(&["dms"]);
    // Its clock is the machine's; the token's time is ours.
    validation.leeway = 1_000_000_000;
    (DecodingKey::from_jwk(&jwk).unwrap(), validation)
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read by nobody, but made by the peer")]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    exp: u64,
    iat: u64,
    jti: String,
    client_id: String,
    scope: String,
}

fn issued(key: SigningKey) -> (MachineTokenIssuer, AccessToken) {
    let lifetime = Duration::from_secs(3_600);
    let issuer = MachineTokenIssuer::new(key, "https://idbroker.example.net/idb", "dms", lifetime);
    let subject = "8d5f2a3e-8a80-4f1c-9d6b-1f3f0f1f2f3f".parse().unwrap();
    let claims = MachineClaims::new(subject)
        .with_scope(Scope::BROADWORKS_CONNECTOR_USER)
        .with_scope(Scope::DM_BRIDGE_DEVICE_AUTH)
        .with_client_id("C1");
    let token = issuer.issue(&claims, [7; 16], now()).unwrap();
    (issuer, token)
}

fn member(jwk: &str, name: &str) -> Vec<u8> {
    let start = jwk.split_once(&format!("\"{name}\":\"")).unwrap().1;
    URL_SAFE_NO_PAD
        .decode(start.split_once('"').unwrap().0)
        .unwrap()
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

const ROUNDS: usize = 401;

/// Made with OpenSSL 3.0 (`genrsa 2048`, `dgst -sha256 -sign`); the private key was thrown away.
const RS256: (&str, &str) = (
    "1eAlHS8E5LQCepH9YzekKr6_5_6LaYkhEcgmdbxxg4iQFFk2VMATTzbq9kZjFOQUCnl-SclntGCt8o1amPfU69vuiB79rUn9w2toJQaOXndEAeHM6izg8214p2Ojy-ZXnnVeX1UWjc1FSgKBz1qb2ArNIBMzZ2ogsIDbChUb4Bvgf3ASfGdplcua5zCWBkFtogbk-_q32OW-PVGi62KxSagiLSaMPr-GxArLldUGMUmnJpK5t8Z8bY9mwyiUT18HkXzMRycYhUkFCZYC79x_nPGReG-MqqCpf-Af8Mckq4DLnRJwmMQA4k6LcwwK2Nh0X82UEZjF8LNtcxV32oMH7w",
    "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6InJzYS0xIn0.eyJpc3MiOiJodHRwczovL2lkYnJva2VyLmV4YW1wbGUubmV0L2lkYiIsInN1YiI6IjhkNWYyYTNlLThhODAtNGYxYy05ZDZiLTFmM2YwZjFmMmYzZiIsImF1ZCI6ImRtcyIsImV4cCI6MTgwMDAwMzYwMCwiaWF0IjoxODAwMDAwMDAwLCJqdGkiOiJCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3IiwiY2xpZW50X2lkIjoiQzEiLCJzY29wZSI6ImJyb2Fkd29ya3MtY29ubmVjdG9yLXVzZXIgZG0tYnJpZGdlOmRldmljZV9hdXRoIn0.PJvKZAXwrwPEss3UQICCMhXmfthiGy-XgtTrnj92LXToSxYQO1rnEhFU6gdgvZr6hkljsMmtLQQ3RGr_L0zfNCXIfgGr-MuUxIw0TI5i8Z9uQOGIVXsOfoAUbNR38Krhwcq8nRRKWmSZIXmqsUbLBTay0pDv_YnH0LcDhILWDGpKomlCuHkjHSBGOiEcBLwtwMRHKnJTEASjCzFZ7XKo_Tu0fTMNlOjO9G-2Uj5wO49C3yTqaXgxkjpKhIA8f4eZ3nYGeTikDd82W2SSGZjptuIxrawFJ4_Kr16mXwY0MIeNWFAXoWq8jchlCnIdsdVnYgn31hE5jVCccKE0eWAfKQ",
);

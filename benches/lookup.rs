//! What does a token cost that was seen a moment ago, beside its SHA-256 alone?

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may fail")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use http::{Request, Response};
use offhook_bearer_token::{
    AccessToken, ClientAuthentication, Fetch, FetchError, Introspector, KeySet, MachineClaims,
    MachineTokenIssuer, RemoteKeys, RevocationCheck, RevocationList, Scope, SigningKey, TokenCache,
    TokenPolicy, TokenVerifier,
};
use ring::digest::{SHA256, digest};

criterion_main!(lookups);
criterion_group!(lookups, verified, introspected);

fn verified(criterion: &mut Criterion) {
    let (issuer, token) = issued();
    let json = issuer.key_set_json().unwrap();
    let policy = issuer.policy();
    let keys = KeySet::from_json(json.as_bytes()).unwrap();
    let url = "https://idp.example.net/keys".parse().unwrap();
    let remote = RemoteKeys::new(url, Arc::new(Says(json)));
    let group = format!("verified token of {} bytes", token.secret().len());
    let mut group = criterion.benchmark_group(group);
    group.bench_function("SHA-256 alone", |bencher| {
        bencher.iter(|| digest(&SHA256, black_box(token.secret().as_bytes())));
    });
    let cache = TokenCache::new(keys);
    warm(&cache, &token, &policy);
    group.bench_function("hit, keys at hand", |bencher| {
        bencher.iter(|| {
            cache
                .get(black_box(&token), &policy, now())
                .unwrap()
                .unwrap()
        });
    });
    let cache = TokenCache::new(remote);
    warm(&cache, &token, &policy);
    group.bench_function("hit, keys of a server", |bencher| {
        bencher.iter(|| {
            cache
                .get(black_box(&token), &policy, now())
                .unwrap()
                .unwrap()
        });
    });
    let list = Arc::new(RevocationList::new(&policy));
    let other = "11111111-8a80-4f1c-9d6b-1f3f0f1f2f3f".parse().unwrap();
    list.revoke_subject(&other, now(), now()).unwrap();
    let check = RevocationCheck::new(cache, list);
    group.bench_function(
        "hit, keys of a server, revocations, as a verifier",
        |bencher| {
            bencher.iter(|| good(&check, black_box(&token), &policy));
        },
    );
    group.finish();
}

fn introspected(criterion: &mut Criterion) {
    let (issuer, token) = issued();
    let body = r#"{"active":true,"iss":"https://idbroker.example.net/idb","aud":"dms","iat":1800000000,
        "exp":1800003600,"sub":"8d5f2a3e-8a80-4f1c-9d6b-1f3f0f1f2f3f","token_type":"Bearer",
        "scope":"broadworks-connector-user dm-bridge:device_auth","client_id":"C1"}"#;
    let fetch = Arc::new(Says(body.to_owned()));
    let introspector = || {
        let url = "https://idp.example.net/introspect".parse().unwrap();
        Introspector::new(url, ClientAuthentication::none(), fetch.clone())
    };
    let policy = issuer.policy();
    let mut group = criterion.benchmark_group("introspected token");
    group.bench_function("SHA-256 alone", |bencher| {
        bencher.iter(|| digest(&SHA256, black_box(token.secret().as_bytes())));
    });
    let cached = introspector();
    warm(&cached, &token, &policy);
    group.bench_function("hit", |bencher| {
        bencher.iter(|| good(&cached, black_box(&token), &policy));
    });
    let uncached = introspector().with_max_age(Duration::ZERO);
    group.bench_function("asked each time, the server's time aside", |bencher| {
        bencher.iter(|| good(&uncached, black_box(&token), &policy));
    });
    group.finish();
}

/// A server that says the same to all at once.
#[derive(Debug)]
struct Says(String);

#[async_trait]
impl Fetch for Says {
    async fn fetch(&self, _: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        Ok(Response::new(self.0.clone().into_bytes()))
    }
}

fn good(verifier: &impl TokenVerifier, token: &AccessToken, policy: &TokenPolicy) {
    let verified = verifier.verify_token(token, policy, now()).now_or_never();
    verified.unwrap().unwrap();
}

/// Twice: with the first token the keys are fetched.
fn warm(verifier: &impl TokenVerifier, token: &AccessToken, policy: &TokenPolicy) {
    good(verifier, token, policy);
    good(verifier, token, policy);
}

fn issued() -> (MachineTokenIssuer, AccessToken) {
    let (key, _) = SigningKey::generate_es256("k1").unwrap();
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

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

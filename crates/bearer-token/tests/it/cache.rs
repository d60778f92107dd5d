//! Tokens that were verified a moment ago.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::{Request, Response};
use offhook_bearer_token::{
    AccessToken, Fetch, FetchError, KEY_SET_REFRESH_AFTER, KeySet, RemoteKeys, TokenCache,
    TokenPolicy, TokenRefusal, TokenVerifier, VerifiedToken, VerifyError,
};

use tokio::sync::Semaphore;

use crate::forge::{AUDIENCE, Forge, ISSUER, NOW, at, claims, key_set_json, policy};
use crate::poll::poll_once;

/// Counts how often it is asked, and changes its generation when told to.
#[derive(Debug)]
struct Counted {
    keys: KeySet,
    asked: AtomicUsize,
    generation: AtomicU64,
}

#[async_trait]
impl TokenVerifier for Counted {
    async fn verify_token(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, VerifyError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.keys.verify_token(token, policy, now).await
    }

    fn generation(&self, _: SystemTime) -> Option<u64> {
        Some(self.generation.load(Ordering::SeqCst)).filter(|generation| *generation != 0)
    }
}

/// Ends only when it may.
#[derive(Debug)]
struct Slow {
    keys: KeySet,
    gate: Semaphore,
}

#[async_trait]
impl TokenVerifier for Slow {
    async fn verify_token(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, VerifyError> {
        let verified = self.keys.verify_token(token, policy, now).await;
        let _permit = self.gate.acquire().await;
        verified
    }

    fn generation(&self, _: SystemTime) -> Option<u64> {
        Some(0)
    }
}

#[tokio::test]
async fn what_was_being_verified_when_the_cache_was_cleared_is_not_kept() {
    let forge = Forge::new();
    let token = forge.sign(&forge.header(), &claims(&[]));
    let token = token.parse().unwrap();
    let cache = TokenCache::new(Slow {
        keys: forge.keys(),
        gate: Semaphore::new(0),
    });
    let policy = policy();
    let mut first = cache.verify_token(&token, &policy, at(NOW));
    assert!(poll_once(first.as_mut()).await.is_pending());
    cache.clear();
    cache.verifier().gate.add_permits(9);
    first.await.unwrap();
    assert!(cache.get(&token, &policy, at(NOW)).is_none());
    cache.verify_token(&token, &policy, at(NOW)).await.unwrap();
    assert!(cache.get(&token, &policy, at(NOW)).is_some());
}

struct Bed {
    forge: Forge,
    cache: TokenCache<Counted>,
}

impl Bed {
    fn new() -> Self {
        let forge = Forge::new();
        let cache = TokenCache::new(Counted {
            keys: forge.keys(),
            asked: AtomicUsize::new(0),
            generation: AtomicU64::new(1),
        });
        Self { forge, cache }
    }

    fn token(&self, changes: &[(&str, &str)]) -> AccessToken {
        let token = self.forge.sign(&self.forge.header(), &claims(changes));
        token.parse().unwrap()
    }

    async fn verify(&self, token: &AccessToken, now: u64) -> Result<(), TokenRefusal> {
        self.by(token, &policy(), now).await
    }

    async fn by(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: u64,
    ) -> Result<(), TokenRefusal> {
        match self.cache.verify_token(token, policy, at(now)).await {
            Ok(_) => Ok(()),
            Err(VerifyError::Refused(refusal)) => Err(refusal),
            Err(error) => panic!("{error:?}"),
        }
    }

    fn asked(&self) -> usize {
        self.cache.verifier().asked.load(Ordering::SeqCst)
    }

    fn set_generation(&self, generation: u64) {
        self.cache
            .verifier()
            .generation
            .store(generation, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_token_is_verified_once_in_five_minutes() {
    let bed = Bed::new();
    let token = bed.token(&[]);
    for now in [NOW, NOW + 1, NOW + 299] {
        bed.verify(&token, now).await.unwrap();
    }
    assert_eq!(bed.asked(), 1);
    bed.verify(&token, NOW + 300).await.unwrap();
    bed.verify(&token, NOW + 599).await.unwrap();
    assert_eq!(bed.asked(), 2);
    // A clock set back behind the verification trusts nothing.
    bed.verify(&token, NOW + 1).await.unwrap();
    assert_eq!(bed.asked(), 3);
}

#[tokio::test]
async fn the_expiry_is_judged_on_every_hit() {
    let bed = Bed::new();
    let token = bed.token(&[("exp", &(NOW + 30).to_string())]);
    bed.verify(&token, NOW).await.unwrap();
    bed.verify(&token, NOW + 89).await.unwrap();
    assert_eq!(
        bed.verify(&token, NOW + 90).await,
        Err(TokenRefusal::Expired)
    );
    assert_eq!(bed.asked(), 1);
}

#[tokio::test]
async fn audience_issuer_and_type_are_judged_on_every_hit() {
    let bed = Bed::new();
    let token = bed.token(&[("aud", "[\"dms\",\"billing\"]")]);
    bed.verify(&token, NOW).await.unwrap();
    let cases = [
        (TokenPolicy::new(ISSUER, "billing"), Ok(())),
        (
            TokenPolicy::new(ISSUER, "mail"),
            Err(TokenRefusal::Audience),
        ),
        (
            TokenPolicy::new("https://x.example", AUDIENCE),
            Err(TokenRefusal::Issuer),
        ),
        (
            policy().with_max_lifetime(Duration::from_secs(60)),
            Err(TokenRefusal::LifetimeTooLong),
        ),
    ];
    for (policy, expected) in cases {
        assert_eq!(bed.by(&token, &policy, NOW).await, expected);
    }
    assert_eq!(bed.asked(), 1);
    let other_type = policy().with_typ("logout+jwt");
    assert_eq!(
        bed.by(&token, &other_type, NOW).await,
        Err(TokenRefusal::Type)
    );
    assert_eq!(bed.asked(), 2);
    bed.verify(&token, NOW).await.unwrap();
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn scopes_are_the_callers_own_question_to_the_token_of_each_hit() {
    use offhook_bearer_token::Scope;
    let bed = Bed::new();
    let token = bed.token(&[("scope", "\"broadworks-connector-user\"")]);
    for _ in 0..2 {
        let verified = bed
            .cache
            .verify_token(&token, &policy(), at(NOW))
            .await
            .unwrap();
        assert!(verified.require(&Scope::BROADWORKS_CONNECTOR_USER).is_ok());
        assert!(verified.require(&Scope::DM_BRIDGE_DEVICE_AUTH).is_err());
    }
    assert_eq!(bed.asked(), 1);
}

#[tokio::test]
async fn a_change_of_the_keys_forgets_every_token() {
    let bed = Bed::new();
    let tokens = [bed.token(&[]), bed.token(&[("jti", "\"t2\"")])];
    for token in &tokens {
        bed.verify(token, NOW).await.unwrap();
    }
    bed.set_generation(2);
    for token in &tokens {
        assert!(bed.cache.get(token, &policy(), at(NOW)).is_none());
        bed.verify(token, NOW).await.unwrap();
    }
    assert_eq!(bed.asked(), 4);
    // While there are no keys nothing is served and nothing is kept.
    bed.set_generation(0);
    assert!(bed.cache.get(&tokens[0], &policy(), at(NOW)).is_none());
    bed.verify(&tokens[0], NOW).await.unwrap();
    bed.set_generation(2);
    bed.verify(&tokens[0], NOW).await.unwrap();
    assert_eq!(bed.asked(), 5);
}

#[tokio::test]
async fn what_is_not_good_is_not_kept_and_no_more_than_the_capacity_is() {
    let bed = Bed::new();
    let bad = bed.token(&[("aud", "\"x\"")]);
    for _ in 0..3 {
        assert!(bed.verify(&bad, NOW).await.is_err());
    }
    assert_eq!((bed.asked(), bed.cache.len()), (3, 0));
    let small = TokenCache::new(bed.forge.keys()).with_capacity(4);
    for number in 0..40 {
        let token = bed.token(&[("jti", &format!("\"{number}\""))]);
        small
            .verify_token(&token, &policy(), at(NOW))
            .await
            .unwrap();
        assert!(small.len() <= 4);
    }
    small.clear();
    assert!(small.is_empty());
    let none = TokenCache::new(bed.forge.keys()).with_capacity(0);
    let token = bed.token(&[]);
    none.verify_token(&token, &policy(), at(NOW)).await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_forged_signature_on_known_claims_is_no_hit() {
    let bed = Bed::new();
    let token = bed.token(&[]);
    bed.verify(&token, NOW).await.unwrap();
    let (message, _) = token.secret().rsplit_once('.').unwrap();
    let forged = Forge::new().good();
    let (_, signature) = forged.rsplit_once('.').unwrap();
    let forged: AccessToken = format!("{message}.{signature}").parse().unwrap();
    assert_eq!(bed.verify(&forged, NOW).await, Err(TokenRefusal::Signature));
}

/// Serves the key set that it has been given last.
#[derive(Debug)]
struct Keys(Mutex<String>);

#[async_trait]
impl Fetch for Keys {
    async fn fetch(&self, _: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        Ok(Response::new(self.0.lock().unwrap().clone().into_bytes()))
    }
}

#[tokio::test]
async fn a_key_withdrawn_at_the_server_takes_its_tokens_with_it_though_nobody_but_the_cache_asks() {
    let (old, new) = (Forge::with_id("old"), Forge::with_id("new"));
    let server = Arc::new(Keys(Mutex::new(key_set_json(&[old.jwk(), new.jwk()]))));
    let url = "https://idp.example.net/keys".parse().unwrap();
    let cache = TokenCache::new(RemoteKeys::new(url, server.clone()));
    let cache = cache.with_max_age(Duration::MAX);
    let due = NOW + KEY_SET_REFRESH_AFTER.as_secs();
    let claims = claims(&[("exp", &(NOW + 7_200).to_string())]);
    let token: AccessToken = old.sign(&old.header(), &claims).parse().unwrap();
    let other: AccessToken = new.sign(&new.header(), &claims).parse().unwrap();
    // With the first token the set is fetched, from the second time on tokens are kept.
    for now in [NOW, NOW + 1] {
        cache
            .verify_token(&token, &policy(), at(now))
            .await
            .unwrap();
        cache
            .verify_token(&other, &policy(), at(now))
            .await
            .unwrap();
    }
    assert_eq!(cache.len(), 2);
    *server.0.lock().unwrap() = key_set_json(&[new.jwk()]);
    assert!(cache.get(&token, &policy(), at(due - 1)).unwrap().is_ok());
    assert!(cache.get(&token, &policy(), at(due)).is_none());
    let answer = cache.verify_token(&token, &policy(), at(due)).await;
    assert!(matches!(
        answer,
        Err(VerifyError::Refused(TokenRefusal::UnknownKey))
    ));
    cache
        .verify_token(&other, &policy(), at(due))
        .await
        .unwrap();
}

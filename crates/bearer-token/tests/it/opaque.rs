//! Opaque machine tokens beside signed ones.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use offhook_bearer_token::{
    AccessToken, CertificateThumbprint, Inserted, IssueOpaqueError, IssuerError, KeySet,
    MachineClaims, MachineTokenIssuer, MemoryTokenStore, OpaqueRecord, OpaqueTokenStore,
    OpaqueTokens, Scope, SigningKey, Subject, TokenDigest, TokenRefusal, TokenStoreError,
    TokenVerifier, VerifyError,
};
use proptest::prelude::*;

use crate::forge::{NOW, SUBJECT, at, base64url};

fn tokens(store: &Arc<MemoryTokenStore>) -> OpaqueTokens {
    OpaqueTokens::new(
        store.clone(),
        "https://dms.example.net",
        "dms",
        Duration::from_secs(60),
    )
}

fn claims() -> MachineClaims {
    MachineClaims::new(SUBJECT.parse().unwrap())
        .with_scope(Scope::BROADWORKS_CONNECTOR_USER)
        .with_client_id("C1")
}

async fn refusal(tokens: &OpaqueTokens, token: &AccessToken, now: u64) -> Option<TokenRefusal> {
    match tokens.verify_token(token, &tokens.policy(), at(now)).await {
        Ok(_) => None,
        Err(VerifyError::Refused(refusal)) => Some(refusal),
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_token_given_out_is_good_until_its_time_and_the_store_has_a_digest_only() {
    let store = Arc::new(MemoryTokenStore::new());
    let tokens = tokens(&store);
    let token = tokens.issue(&claims(), &[7; 32], at(NOW)).await.unwrap();
    assert_eq!(token.secret(), base64url([7; 32]));
    assert_eq!(token.secret().len(), 43);
    let verified = tokens
        .verify_token(&token, &tokens.policy(), at(NOW))
        .await
        .unwrap();
    assert_eq!(verified.subject().to_string(), SUBJECT);
    assert_eq!(verified.client_id(), Some("C1"));
    assert_eq!(verified.issuer(), "https://dms.example.net");
    assert!(verified.has_scope(&Scope::BROADWORKS_CONNECTOR_USER));
    assert_eq!(refusal(&tokens, &token, NOW + 119).await, None);
    assert_eq!(
        refusal(&tokens, &token, NOW + 120).await,
        Some(TokenRefusal::Expired)
    );
    // Nothing of the token is in its own id, which is shown.
    let id = crate::forge::decode(verified.token_id().unwrap());
    assert_eq!(id, TokenDigest::of(&token).as_bytes()[..16]);
    let record = store.find(&TokenDigest::of(&token)).await.unwrap().unwrap();
    let kept = format!(
        "{record:?} {} {:?}",
        record.claims(),
        record.digest().as_bytes()
    );
    assert!(!kept.contains(token.secret()));
    assert_eq!(record.expires_at(), at(NOW + 60));
    // A record that went through a database is the same.
    let again = OpaqueRecord::from_parts(
        TokenDigest::from_bytes(*record.digest().as_bytes()),
        *record.subject(),
        record.expires_at(),
        record.claims().to_owned(),
    );
    let other = Arc::new(MemoryTokenStore::new());
    assert_eq!(other.insert(again, at(NOW)).await.unwrap(), Inserted::New);
    assert!(
        self::tokens(&other)
            .verify_token(&token, &tokens.policy(), at(NOW))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_unknown_token_is_not_active_and_is_judged_by_the_policy_when_known() {
    let store = Arc::new(MemoryTokenStore::new());
    let tokens = tokens(&store);
    let stranger = base64url([1; 32]).parse().unwrap();
    assert_eq!(
        refusal(&tokens, &stranger, NOW).await,
        Some(TokenRefusal::Inactive)
    );
    let token = tokens.issue(&claims(), &[7; 32], at(NOW)).await.unwrap();
    let other = offhook_bearer_token::TokenPolicy::new("https://dms.example.net", "mail");
    let answer = tokens.verify_token(&token, &other, at(NOW)).await;
    assert!(matches!(
        answer,
        Err(VerifyError::Refused(TokenRefusal::Audience))
    ));
}

#[tokio::test]
async fn a_token_taken_back_is_bad_at_once_alone_or_with_all_of_its_subject() {
    let store = Arc::new(MemoryTokenStore::new());
    let tokens = tokens(&store);
    let other: Subject = "11111111-8a80-4f1c-9d6b-1f3f0f1f2f3f".parse().unwrap();
    let mut issued = Vec::new();
    for number in 0..3 {
        issued.push(
            tokens
                .issue(&claims(), &[number; 32], at(NOW))
                .await
                .unwrap(),
        );
    }
    let stays = tokens
        .issue(&MachineClaims::new(other), &[9; 32], at(NOW))
        .await
        .unwrap();
    tokens.revoke(&issued[0]).await.unwrap();
    tokens.revoke(&issued[0]).await.unwrap();
    assert_eq!(
        refusal(&tokens, &issued[0], NOW).await,
        Some(TokenRefusal::Inactive)
    );
    assert_eq!(refusal(&tokens, &issued[1], NOW).await, None);
    tokens
        .revoke_subject(&SUBJECT.parse().unwrap())
        .await
        .unwrap();
    for token in &issued {
        assert_eq!(
            refusal(&tokens, token, NOW).await,
            Some(TokenRefusal::Inactive)
        );
    }
    assert_eq!(refusal(&tokens, &stays, NOW).await, None);
    assert_eq!(tokens.generation(at(NOW)), None);
}

#[tokio::test]
async fn a_secret_used_before_and_claims_too_long_give_no_token() {
    let store = Arc::new(MemoryTokenStore::new());
    let tokens = tokens(&store);
    tokens.issue(&claims(), &[7; 32], at(NOW)).await.unwrap();
    let again = tokens.issue(&claims(), &[7; 32], at(NOW)).await;
    assert!(matches!(again, Err(IssueOpaqueError::Repeated)));
    let long = claims().with_client_id(&"x".repeat(6_144));
    let answer = tokens.issue(&long, &[8; 32], at(NOW)).await;
    assert!(matches!(
        answer,
        Err(IssueOpaqueError::Issuer(IssuerError::ClaimsTooLong))
    ));
    let answer = tokens
        .issue(
            &claims(),
            &[8; 32],
            std::time::UNIX_EPOCH - Duration::from_secs(1),
        )
        .await;
    assert!(matches!(
        answer,
        Err(IssueOpaqueError::Issuer(IssuerError::Time))
    ));
    assert_eq!(store.len(), 1);
}

#[tokio::test]
async fn a_full_store_forgets_what_expired_and_nothing_else() {
    let store = Arc::new(MemoryTokenStore::with_capacity(2));
    let tokens = tokens(&store);
    let first = tokens.issue(&claims(), &[1; 32], at(NOW)).await.unwrap();
    tokens
        .issue(&claims(), &[2; 32], at(NOW + 30))
        .await
        .unwrap();
    let answer = tokens.issue(&claims(), &[3; 32], at(NOW + 119)).await;
    assert!(matches!(answer, Err(IssueOpaqueError::Store(_))));
    assert_eq!(refusal(&tokens, &first, NOW + 119).await, None);
    tokens
        .issue(&claims(), &[3; 32], at(NOW + 120))
        .await
        .unwrap();
    assert_eq!(store.len(), 2);
    store.purge_expired(at(NOW + 90)).await.unwrap();
    assert_eq!(store.len(), 1);
}

#[tokio::test]
async fn a_store_that_fails_makes_no_token_good() {
    #[derive(Debug)]
    struct Broken;
    fn broken<T>() -> Result<T, TokenStoreError> {
        Err(TokenStoreError::new("read the disk", "it is full"))
    }
    #[async_trait]
    impl OpaqueTokenStore for Broken {
        async fn insert(
            &self,
            _: OpaqueRecord,
            _: std::time::SystemTime,
        ) -> Result<Inserted, TokenStoreError> {
            broken()
        }
        async fn find(&self, _: &TokenDigest) -> Result<Option<OpaqueRecord>, TokenStoreError> {
            broken()
        }
        async fn revoke(&self, _: &TokenDigest) -> Result<(), TokenStoreError> {
            broken()
        }
        async fn revoke_subject(&self, _: &Subject) -> Result<(), TokenStoreError> {
            broken()
        }
        async fn purge_expired(&self, _: std::time::SystemTime) -> Result<(), TokenStoreError> {
            broken()
        }
    }
    let tokens = OpaqueTokens::new(Arc::new(Broken), "i", "a", Duration::from_secs(1));
    let token: AccessToken = base64url([1; 32]).parse().unwrap();
    let answer = tokens.verify_token(&token, &tokens.policy(), at(NOW)).await;
    let Err(VerifyError::Store(error)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(error.to_string(), "could not read the disk");
    assert!(tokens.revoke(&token).await.is_err());
}

#[tokio::test]
async fn signed_and_opaque_tokens_are_bound_to_a_certificate_in_the_same_way() {
    let certificate = CertificateThumbprint::of_der(b"certificate");
    let claims = claims().with_confirmation(*certificate.as_bytes());
    let lifetime = Duration::from_secs(60);
    let store = Arc::new(MemoryTokenStore::new());
    let opaque = OpaqueTokens::new(store, "i", "a", lifetime);
    let token = opaque.issue(&claims, &[5; 32], at(NOW)).await.unwrap();
    let from_store = opaque
        .verify_token(&token, &opaque.policy(), at(NOW))
        .await
        .unwrap();
    let (key, _) = SigningKey::generate_es256("k").unwrap();
    let signed = MachineTokenIssuer::new(key, "i", "a", lifetime);
    let token = signed.issue(&claims, [5; 16], at(NOW)).unwrap();
    let keys = KeySet::from_json(signed.key_set_json().unwrap().as_bytes()).unwrap();
    let from_key = keys
        .verify_token(&token, &signed.policy(), at(NOW))
        .await
        .unwrap();
    for verified in [from_store, from_key] {
        assert_eq!(verified.confirmation(), Some(*certificate.as_bytes()));
        assert_eq!(verified.check_holder(Some(&certificate)), Ok(()));
        assert_eq!(verified.check_holder(None), Err(TokenRefusal::NotHolder));
        // One bit off, wherever it is.
        for bit in 0..256 {
            let mut other = *certificate.as_bytes();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                verified.check_holder(Some(&other.into())),
                Err(TokenRefusal::NotHolder)
            );
        }
    }
}

proptest! {
    #[test]
    fn what_is_given_out_is_what_is_found(
        subject in any::<u128>().prop_filter("nil", |subject| *subject != 0),
        secret in any::<[u8; 32]>(),
        cnf in proptest::option::of(any::<[u8; 32]>()),
        client in "\\PC{0,40}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let subject: Subject = uuid(subject).parse().unwrap();
        let store = Arc::new(MemoryTokenStore::new());
        let tokens = tokens(&store);
        let mut claims = MachineClaims::new(subject).with_client_id(&client);
        if let Some(cnf) = cnf {
            claims = claims.with_confirmation(cnf);
        }
        let token = runtime.block_on(tokens.issue(&claims, &secret, at(NOW))).unwrap();
        let verified = runtime.block_on(tokens.verify_token(&token, &tokens.policy(), at(NOW)));
        let verified = verified.unwrap();
        prop_assert_eq!(*verified.subject(), subject);
        prop_assert_eq!(verified.client_id(), Some(&*client));
        prop_assert_eq!(verified.confirmation(), cnf);
    }
}

fn uuid(number: u128) -> String {
    let hex = format!("{number:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

#[tokio::test]
async fn nobody_gets_a_token_for_the_nil_subject() {
    let nobody = MachineClaims::new(Subject::from(uuid::Uuid::nil()));
    let tokens = tokens(&Arc::new(MemoryTokenStore::new()));
    let answer = tokens.issue(&nobody, &[7; 32], at(NOW)).await;
    assert!(matches!(
        answer,
        Err(IssueOpaqueError::Issuer(IssuerError::Subject))
    ));
    let (key, _) = SigningKey::generate_eddsa("k").unwrap();
    let issuer = MachineTokenIssuer::new(key, "i", "a", Duration::from_secs(60));
    let answer = issuer.issue(&nobody, [1; 16], at(NOW));
    assert!(matches!(answer, Err(IssuerError::Subject)));
}

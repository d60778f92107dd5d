//! Tokens taken back: at the server that gave them out, and here.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Response};
use offhook_bearer_token::{
    AccessToken, ClientSecret, KeySet, RevocationCheck, RevocationError, RevocationList,
    RevocationListFull, RevocationRefusal, RevocationRequest, TokenCache, TokenRefusal,
    TokenVerifier, VerifyError, read_revocation, verify,
};

use proptest::prelude::*;

use crate::forge::{Forge, NOW, SUBJECT, at, claims, policy};

#[test]
fn the_request_is_a_form_that_says_which_kind_of_token_it_is() {
    let url = "https://idp.example.net/revoke".parse().unwrap();
    let secret = ClientSecret::new("s");
    let access = RevocationRequest::of_access_token(&url, "dm", &secret, "a+1".parse().unwrap());
    let request = access.unwrap().to_http();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri(), "https://idp.example.net/revoke");
    assert_eq!(request.headers()["authorization"], "Basic ZG06cw==");
    assert_eq!(request.body(), b"token=a%2B1&token_type_hint=access_token");
    let refresh = RevocationRequest::of_refresh_token(&url, "dm", &secret, "r 1".parse().unwrap());
    let refresh = refresh.unwrap();
    assert_eq!(
        refresh.to_http().body(),
        b"token=r+1&token_type_hint=refresh_token"
    );
    assert!(!format!("{refresh:?}").contains("r 1"));
    let plain = "http://idp.example.net/revoke".parse().unwrap();
    let answer = RevocationRequest::of_access_token(&plain, "dm", &secret, "a".parse().unwrap());
    assert!(matches!(answer, Err(RevocationError::NotHttps)));
}

/// RFC 7009 section 2.1.
#[test]
fn the_example_of_rfc_7009_is_written() {
    let url = "https://server.example.com/revoke".parse().unwrap();
    let secret = ClientSecret::new("gX1fBat3bV");
    let token = "45ghiukldjahdnhzdauz".parse().unwrap();
    let request = RevocationRequest::of_refresh_token(&url, "s6BhdRkqt3", &secret, token);
    let request = request.unwrap().to_http();
    assert_eq!(
        request.headers()["authorization"],
        "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"
    );
    assert_eq!(
        request.body(),
        b"token=45ghiukldjahdnhzdauz&token_type_hint=refresh_token"
    );
}

#[test]
fn each_answer_of_the_rfc_is_told_apart() {
    let read = |status: u16, body: &str| {
        let response = Response::builder()
            .status(status)
            .body(body.as_bytes().to_vec());
        read_revocation(&response.unwrap())
    };
    for body in ["", "{}", "anything"] {
        read(200, body).unwrap();
    }
    for (status, reason, refusal) in [
        (
            400,
            "unsupported_token_type",
            RevocationRefusal::UnsupportedTokenType,
        ),
        (400, "invalid_request", RevocationRefusal::InvalidRequest),
        (
            400,
            "unauthorized_client",
            RevocationRefusal::UnauthorizedClient,
        ),
        (401, "invalid_client", RevocationRefusal::InvalidClient),
        (400, "teapot", RevocationRefusal::Unlisted),
    ] {
        let answer = read(status, &format!("{{\"error\":\"{reason}\"}}"));
        assert!(matches!(answer, Err(RevocationError::Refused(found)) if found == refusal));
    }
    for (status, body) in [
        (503, "{\"error\":\"invalid_client\"}"),
        (204, ""),
        (302, ""),
        (400, "<html>"),
        (400, "{\"error\":1}"),
        (400, "{\"error\":\"invalid_client\",\"error\":\"x\"}"),
    ] {
        let answer = read(status, body);
        assert!(
            matches!(answer, Err(RevocationError::Status(found)) if found == status),
            "{body}"
        );
    }
    let long = " ".repeat(65_537);
    assert!(matches!(read(200, &long), Err(RevocationError::TooLong)));
    assert!(read(200, &long[1..]).is_ok());
}

struct Bed {
    forge: Forge,
    list: Arc<RevocationList>,
    keys: Arc<KeySet>,
}

impl Bed {
    fn new() -> Self {
        let forge = Forge::new();
        let keys = Arc::new(forge.keys());
        let list = RevocationList::new(&policy()).with_clock_skew(Duration::ZERO);
        let list = Arc::new(list);
        Self { forge, list, keys }
    }

    fn token(&self, changes: &[(&str, &str)]) -> AccessToken {
        let token = self.forge.sign(&self.forge.header(), &claims(changes));
        token.parse().unwrap()
    }

    async fn is_revoked(&self, verifier: &impl TokenVerifier, token: &AccessToken) -> bool {
        match verifier.verify_token(token, &policy(), at(NOW)).await {
            Ok(_) => false,
            Err(VerifyError::Refused(TokenRefusal::Revoked)) => true,
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_token_is_taken_back_by_its_id_and_no_other_with_it() {
    let bed = Bed::new();
    let check = RevocationCheck::new(bed.keys.clone(), bed.list.clone());
    let (one, other) = (bed.token(&[]), bed.token(&[("jti", "\"t2\"")]));
    let verified = bed
        .keys
        .verify_token(&one, &policy(), at(NOW))
        .await
        .unwrap();
    bed.list.revoke(&verified, at(NOW)).unwrap();
    assert!(bed.is_revoked(&check, &one).await);
    assert!(!bed.is_revoked(&check, &other).await);
}

#[tokio::test]
async fn a_subject_loses_what_it_was_given_so_far_and_may_be_given_more() {
    let bed = Bed::new();
    let check = RevocationCheck::new(bed.keys.clone(), bed.list.clone());
    let subject = SUBJECT.parse().unwrap();
    bed.list.revoke_subject(&subject, at(NOW), at(NOW)).unwrap();
    let later = (NOW + 1).to_string();
    let new = bed.token(&[("iat", &later), ("jti", "\"t2\"")]);
    let other = bed.token(&[("sub", "\"11111111-8a80-4f1c-9d6b-1f3f0f1f2f3f\"")]);
    assert!(bed.is_revoked(&check, &bed.token(&[])).await);
    assert!(bed.is_revoked(&check, &bed.token(&[("jti", "")])).await);
    assert!(!bed.is_revoked(&check, &new).await);
    assert!(!bed.is_revoked(&check, &other).await);
    // An earlier time takes nothing of a later one back.
    bed.list
        .revoke_subject(&subject, at(NOW - 60), at(NOW))
        .unwrap();
    assert!(bed.is_revoked(&check, &bed.token(&[])).await);
    assert_eq!(bed.list.len(), 1);
}

#[tokio::test]
async fn a_token_without_an_id_is_taken_back_with_its_subject() {
    let bed = Bed::new();
    let check = RevocationCheck::new(bed.keys.clone(), bed.list.clone());
    let token = bed.token(&[("jti", "")]);
    let verified = bed
        .keys
        .verify_token(&token, &policy(), at(NOW))
        .await
        .unwrap();
    bed.list.revoke(&verified, at(NOW)).unwrap();
    assert!(bed.is_revoked(&check, &token).await);
    assert!(bed.is_revoked(&check, &bed.token(&[])).await);
}

#[tokio::test]
async fn a_revocation_reaches_tokens_in_a_cache_on_either_side_of_it() {
    let bed = Bed::new();
    let token = bed.token(&[]);
    let in_front = RevocationCheck::new(TokenCache::new(bed.keys.clone()), bed.list.clone());
    let behind = TokenCache::new(RevocationCheck::new(bed.keys.clone(), bed.list.clone()));
    for _ in 0..2 {
        assert!(!bed.is_revoked(&in_front, &token).await);
        assert!(!bed.is_revoked(&behind, &token).await);
    }
    assert!(behind.get(&token, &policy(), at(NOW)).is_some());
    bed.list
        .revoke_subject(&SUBJECT.parse().unwrap(), at(NOW), at(NOW))
        .unwrap();
    assert!(behind.get(&token, &policy(), at(NOW)).is_none());
    assert!(bed.is_revoked(&in_front, &token).await);
    assert!(bed.is_revoked(&behind, &token).await);
}

#[test]
fn a_full_list_forgets_what_is_not_needed_and_else_takes_no_more() {
    let list = RevocationList::new(&policy().with_max_lifetime(Duration::from_secs(600)));
    let list = list.with_capacity(2).with_clock_skew(Duration::ZERO);
    let subject = |number: u8| {
        format!("0000000{number}-8a80-4f1c-9d6b-1f3f0f1f2f3f")
            .parse()
            .unwrap()
    };
    list.revoke_subject(&subject(1), at(NOW), at(NOW)).unwrap();
    list.revoke_subject(&subject(2), at(NOW + 60), at(NOW + 60))
        .unwrap();
    let full = list.revoke_subject(&subject(3), at(NOW + 719), at(NOW + 719));
    let _: RevocationListFull = full.unwrap_err();
    assert_eq!(list.len(), 2);
    // 600 seconds of life and twice the leeway of 60.
    list.revoke_subject(&subject(3), at(NOW + 720), at(NOW + 720))
        .unwrap();
    assert_eq!(list.len(), 2);
    // Full, it still takes a later time of a subject that it has.
    list.revoke_subject(&subject(3), at(NOW + 779), at(NOW + 779))
        .unwrap();
    let full = list.revoke_subject(&subject(4), at(NOW + 779), at(NOW + 779));
    let _: RevocationListFull = full.unwrap_err();
    list.revoke_subject(&subject(4), at(NOW + 780), at(NOW + 780))
        .unwrap();
    assert_eq!(list.len(), 2);
}

#[test]
fn a_full_list_takes_a_token_back_that_it_has_already() {
    let forge = Forge::new();
    let token = |id: &str| {
        let token = forge.sign(&forge.header(), &claims(&[("jti", id)]));
        verify(&token, &forge.keys(), &policy(), at(NOW)).unwrap()
    };
    let list = RevocationList::new(&policy()).with_capacity(1);
    list.revoke(&token("\"t1\""), at(NOW)).unwrap();
    list.revoke(&token("\"t1\""), at(NOW)).unwrap();
    let _: RevocationListFull = list.revoke(&token("\"t2\""), at(NOW)).unwrap_err();
    assert!(list.check(&token("\"t1\"")).is_err() && list.check(&token("\"t2\"")).is_ok());
}

/// What is told of one token twice, the shorter life last, stands for the longer one.
#[test]
fn a_token_taken_back_twice_stays_so_for_the_longer_of_its_lives() {
    let forge = Forge::new();
    let token = |id: &str, expiry: u64| {
        let (id, expiry) = (format!("\"{id}\""), expiry.to_string());
        let token = forge.sign(&forge.header(), &claims(&[("jti", &id), ("exp", &expiry)]));
        verify(&token, &forge.keys(), &policy(), at(NOW)).unwrap()
    };
    let list = RevocationList::new(&policy()).with_capacity(1);
    list.revoke(&token("t1", NOW + 900), at(NOW)).unwrap();
    list.revoke(&token("t1", NOW + 60), at(NOW)).unwrap();
    let _: RevocationListFull = list
        .revoke(&token("t2", NOW + 900), at(NOW + 800))
        .unwrap_err();
    assert!(list.check(&token("t1", NOW + 900)).is_err());
}

#[test]
fn a_subject_also_loses_what_an_issuer_whose_clock_is_ahead_gave_it() {
    let forge = Forge::new();
    let token = |issued: u64| {
        let claims = claims(&[("iat", &issued.to_string())]);
        let token = forge.sign(&forge.header(), &claims);
        verify(&token, &forge.keys(), &policy(), at(NOW)).unwrap()
    };
    let subject = SUBJECT.parse().unwrap();
    let (lost, kept) = (token(NOW + 30), token(NOW + 31));
    let list = RevocationList::new(&policy()).with_clock_skew(Duration::from_secs(30));
    list.revoke_subject(&subject, at(NOW), at(NOW)).unwrap();
    assert!(list.check(&lost).is_err() && list.check(&kept).is_ok());
    // Unless told otherwise it is the policy's leeway.
    let list = RevocationList::new(&policy());
    list.revoke_subject(&subject, at(NOW), at(NOW)).unwrap();
    assert!(list.check(&token(NOW + 60)).is_err());
    // What is known by its own time needs no allowance.
    let list = RevocationList::new(&policy());
    let claims = claims(&[("jti", ""), ("iat", &NOW.to_string())]);
    let unnamed = forge.sign(&forge.header(), &claims);
    let unnamed = verify(&unnamed, &forge.keys(), &policy(), at(NOW)).unwrap();
    list.revoke(&unnamed, at(NOW)).unwrap();
    assert!(list.check(&unnamed).is_err() && list.check(&token(NOW + 1)).is_ok());
}

#[tokio::test]
async fn a_token_of_which_nobody_says_when_it_was_issued_is_taken_back_with_its_subject() {
    let bed = crate::introspection::Bed::new();
    bed.tell("t1", crate::introspection::active(&[("iat", "")]));
    bed.tell(
        "t2",
        crate::introspection::active(&[("iat", ""), ("jti", "")]),
    );
    let list = RevocationList::new(&policy());
    let token = bed.ask("t1", NOW).await.unwrap();
    assert_eq!(token.issued_at(), None);
    list.revoke_subject(token.subject(), at(NOW - 3_600), at(NOW))
        .unwrap();
    assert_eq!(list.check(&token), Err(TokenRefusal::Revoked));
    let list = RevocationList::new(&policy());
    let unnamed = bed.ask("t2", NOW).await.unwrap();
    list.revoke(&unnamed, at(NOW)).unwrap();
    assert_eq!(list.check(&unnamed), Err(TokenRefusal::Revoked));
}

/// What a test does to a list: a subject of three, a time of issue, and how much later.
fn step() -> impl Strategy<Value = (usize, u64, u64)> {
    (0..3_usize, 0..300_u64, 0..300_u64)
}

proptest! {
    /// A token is refused exactly where its subject lost it, and for as long as it could be good.
    #[test]
    fn the_list_agrees_with_a_plain_record_of_what_was_taken_back(
        steps in proptest::collection::vec(step(), 1..12),
        issued in 0..2_000_u64,
    ) {
        let subjects = [
            "00000001-8a80-4f1c-9d6b-1f3f0f1f2f3f",
            "00000002-8a80-4f1c-9d6b-1f3f0f1f2f3f",
            "00000003-8a80-4f1c-9d6b-1f3f0f1f2f3f",
        ];
        let policy = policy().with_max_lifetime(Duration::from_secs(600));
        // Full after three, so that each step must forget what is not needed.
        let list = RevocationList::new(&policy)
            .with_capacity(3)
            .with_clock_skew(Duration::ZERO);
        let (mut now, mut record) = (NOW, Vec::new());
        for (subject, ago, later) in steps {
            now += later;
            let text = subjects[subject];
            if list.revoke_subject(&text.parse().unwrap(), at(now - ago), at(now)).is_ok() {
                record.push((text, now - ago));
            }
        }
        let forge = Forge::new();
        let iat = now - issued % 660;
        for subject in subjects {
            let (sub, iat_text, exp) =
                (format!("\"{subject}\""), iat.to_string(), (iat + 600).to_string());
            let claims = claims(&[("sub", &sub), ("iat", &iat_text), ("exp", &exp)]);
            let token = forge.sign(&forge.header(), &claims);
            let Ok(verified) = verify(&token, &forge.keys(), &policy, at(now)) else {
                continue;
            };
            let is_lost = record.iter().any(|(lost, until)| *lost == subject && iat <= *until);
            prop_assert_eq!(list.check(&verified).is_err(), is_lost);
        }
    }
}

//! What a server said of tokens is remembered within bounds, and asked for once.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use offhook_bearer_token::{
    AccessToken, LookupError, TokenCache, TokenRefusal, TokenVerifier, VerifyError,
};

use crate::forge::{AUDIENCE, ISSUER, NOW, at, policy};
use crate::introspection::{Bed, active};
use crate::poll::poll_once;

#[tokio::test]
async fn a_good_token_is_remembered_for_a_minute_or_until_it_ends_and_never_longer() {
    let bed = Bed::new();
    bed.tell("t1", active(&[]));
    for now in NOW..NOW + 60 {
        bed.ask("t1", now).await.unwrap();
    }
    assert_eq!(bed.asked(), 1);
    bed.answer("t1", StatusCode::OK, r#"{"active":false}"#);
    assert_eq!(bed.refusal("t1", NOW + 60).await, TokenRefusal::Inactive);
    assert_eq!(bed.asked(), 2);
    // The shorter of the two.
    bed.tell("t2", active(&[("exp", &(NOW + 20).to_string())]));
    bed.ask("t2", NOW).await.unwrap();
    bed.ask("t2", NOW + 19).await.unwrap();
    assert_eq!(bed.asked(), 3);
    bed.tell("t2", r#"{"active":false}"#);
    assert_eq!(bed.refusal("t2", NOW + 20).await, TokenRefusal::Inactive);
    // A clock set back asks anew.
    bed.tell("t3", active(&[]));
    bed.ask("t3", NOW).await.unwrap();
    bed.ask("t3", NOW - 1).await.unwrap();
    assert_eq!(bed.asked(), 6);
}

#[tokio::test]
async fn a_remembered_token_is_judged_by_the_policy_of_each_caller() {
    let bed = Bed::new();
    bed.tell("t1", active(&[]));
    bed.ask("t1", NOW).await.unwrap();
    let token: AccessToken = "t1".parse().unwrap();
    for (other, refusal) in [
        (
            offhook_bearer_token::TokenPolicy::new(ISSUER, "billing"),
            TokenRefusal::Audience,
        ),
        (
            offhook_bearer_token::TokenPolicy::new("https://x.example", AUDIENCE),
            TokenRefusal::Issuer,
        ),
        (
            policy().with_max_lifetime(Duration::from_secs(359)),
            TokenRefusal::LifetimeTooLong,
        ),
    ] {
        let answer = bed
            .introspector
            .verify_token(&token, &other, at(NOW + 1))
            .await;
        let Err(VerifyError::Refused(found)) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(found, refusal);
    }
    bed.ask("t1", NOW + 1).await.unwrap();
    assert_eq!(bed.asked(), 1);
}

#[tokio::test]
async fn a_bad_token_is_remembered_for_ten_seconds_in_a_place_of_its_own() {
    let bed = Bed::with(|introspector| introspector.with_capacity(8, 8));
    bed.tell("good", active(&[]));
    bed.ask("good", NOW).await.unwrap();
    for now in [NOW, NOW + 1, NOW + 9] {
        assert_eq!(bed.refusal("bad", now).await, TokenRefusal::Inactive);
    }
    assert_eq!(bed.asked(), 2);
    // It has become good: ten seconds later that is known.
    bed.tell("bad", active(&[]));
    bed.ask("bad", NOW + 10).await.unwrap();
    assert_eq!(bed.asked(), 3);
    for number in 0..500 {
        let _refused = bed.refusal(&format!("flood{number}"), NOW).await;
    }
    bed.ask("good", NOW + 1).await.unwrap();
    assert_eq!(bed.asked(), 503);
}

#[tokio::test]
async fn nothing_is_remembered_where_so_set_and_a_token_can_be_forgotten() {
    let bed = Bed::with(|introspector| {
        introspector
            .with_max_age(Duration::ZERO)
            .with_inactive_max_age(Duration::ZERO)
    });
    bed.tell("t1", active(&[]));
    for _ in 0..3 {
        bed.ask("t1", NOW).await.unwrap();
        let _refused = bed.refusal("t2", NOW).await;
    }
    assert_eq!(bed.asked(), 6);
    let bed = Bed::with(|introspector| introspector.with_max_age(Duration::MAX));
    bed.tell("t1", active(&[]));
    bed.ask("t1", NOW).await.unwrap();
    bed.tell("t1", r#"{"active":false}"#);
    bed.ask("t1", NOW + 200).await.unwrap();
    bed.introspector.forget(&"t1".parse().unwrap());
    assert_eq!(bed.refusal("t1", NOW + 200).await, TokenRefusal::Inactive);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_make_one_request() {
    let bed = Arc::new(Bed::new());
    bed.tell("t1", active(&[]));
    let permits = bed.server.gate.forget_permits(5_000);
    let tasks: Vec<_> = (0..1_000)
        .map(|_| {
            let bed = bed.clone();
            tokio::spawn(async move { bed.ask("t1", NOW).await })
        })
        .collect();
    while bed.asked() == 0 {
        tokio::task::yield_now().await;
    }
    bed.server.gate.add_permits(permits);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(bed.asked(), 1);
}

#[tokio::test]
async fn different_tokens_wait_for_different_answers() {
    let bed = Bed::new();
    bed.tell("t1", active(&[]));
    let permits = bed.server.gate.forget_permits(5_000);
    let (mut one, mut other) = (pin!(bed.ask("t1", NOW)), pin!(bed.ask("t2", NOW)));
    assert!(poll_once(one.as_mut()).await.is_pending());
    assert!(poll_once(other.as_mut()).await.is_pending());
    bed.server.gate.add_permits(permits);
    one.await.unwrap();
    assert!(other.await.is_err());
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_nobody_with_him() {
    let bed = Bed::new();
    bed.tell("t1", active(&[]));
    let permits = bed.server.gate.forget_permits(5_000);
    let mut second = pin!(bed.ask("t1", NOW));
    {
        let mut first = pin!(bed.ask("t1", NOW));
        assert!(poll_once(first.as_mut()).await.is_pending());
        assert!(poll_once(second.as_mut()).await.is_pending());
    }
    bed.server.gate.add_permits(permits);
    second.await.unwrap();
    assert_eq!(bed.asked(), 1);
    // When all have gone away, the next one asks anew.
    let permits = bed.server.gate.forget_permits(5_000);
    assert!(poll_once(pin!(bed.ask("t2", NOW))).await.is_pending());
    bed.server.gate.add_permits(permits);
    let _refused = bed.refusal("t2", NOW).await;
    assert_eq!(bed.asked(), 3);
}

#[tokio::test]
async fn more_than_1024_lookups_at_once_are_refused_and_those_given_up_make_room() {
    let bed = Bed::new();
    let permits = bed.server.gate.forget_permits(5_000);
    let tokens: Vec<String> = (0..1_024).map(|number| format!("t{number}")).collect();
    let mut calls: Vec<_> = tokens
        .iter()
        .map(|token| Box::pin(bed.ask(token, NOW)))
        .collect();
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).await.is_pending());
    }
    let answer = bed.ask("more", NOW).await;
    assert!(matches!(
        answer,
        Err(VerifyError::Lookup(LookupError::Busy))
    ));
    calls.truncate(1_000);
    bed.server.gate.add_permits(permits);
    assert_eq!(bed.refusal("more", NOW).await, TokenRefusal::Inactive);
}

#[tokio::test]
async fn a_token_cache_in_front_keeps_nothing() {
    let bed = Bed::new();
    bed.tell("t1", active(&[]));
    let cache = TokenCache::new(bed.introspector.clone());
    let token: AccessToken = "t1".parse().unwrap();
    cache
        .verify_token(&token, &policy(), at(NOW))
        .await
        .unwrap();
    assert!(cache.is_empty());
    assert!(cache.get(&token, &policy(), at(NOW)).is_none());
}

//! A token kept fresh while its endpoint rotates, hangs and fails, and callers come and go.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::join_all;
use http::{Request, Response, StatusCode};
use offhook_bearer_token::{
    AccessToken, ClientSecret, Fetch, FetchError, KeepFreshError, REFRESH_RETRY,
    REFRESH_RETRY_REFUSED, REFRESH_RETRY_WITHOUT_TOKEN, RefreshError, RefreshTokenLife,
    RefreshedToken, Scope,
};
use tokio::sync::Semaphore;

use crate::forge::{NOW, at};
use crate::poll::poll_once;

/// A token endpoint that takes each refresh token once and gives the next, once `gate` lets it.
#[derive(Debug)]
struct Issuer {
    valid: Mutex<u32>,
    asked: Mutex<Vec<String>>,
    failures: Mutex<VecDeque<StatusCode>>,
    /// What it says instead.
    body: Mutex<Option<&'static str>>,
    gate: Semaphore,
}

#[async_trait]
impl Fetch for Issuer {
    async fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        let form = String::from_utf8(request.into_body()).unwrap();
        self.asked.lock().unwrap().push(form.clone());
        let answer = |status, body: String| {
            let response = Response::builder().status(status);
            Ok(response.body(body.into_bytes()).unwrap())
        };
        let failure = self.failures.lock().unwrap().pop_front();
        // It has rotated before its answer arrives.
        let number = {
            let mut valid = self.valid.lock().unwrap();
            if failure.is_none() && form.contains(&format!("refresh_token=r{valid}")) {
                *valid += 1;
                Some(*valid)
            } else {
                None
            }
        };
        let _permit = self.gate.acquire().await;
        if let Some(body) = *self.body.lock().unwrap() {
            return answer(StatusCode::OK, body.to_owned());
        }
        match (failure, number) {
            (Some(status), _) => answer(status, String::new()),
            (None, None) => answer(
                StatusCode::BAD_REQUEST,
                r#"{"error":"invalid_grant"}"#.into(),
            ),
            (None, Some(number)) => answer(
                StatusCode::OK,
                format!(
                    r#"{{"access_token":"a{number}","token_type":"Bearer","expires_in":3600,"refresh_token":"r{number}"}}"#
                ),
            ),
        }
    }
}

struct Bed {
    issuer: Arc<Issuer>,
    token: RefreshedToken,
}

impl Bed {
    fn new() -> Self {
        let issuer = Arc::new(Issuer {
            valid: Mutex::new(1),
            asked: Mutex::default(),
            failures: Mutex::default(),
            body: Mutex::default(),
            gate: Semaphore::new(1_000),
        });
        let token = RefreshedToken::new(
            "https://idp.example.net/token".parse().unwrap(),
            "dm",
            ClientSecret::new("secret"),
            "r1".parse().unwrap(),
            issuer.clone(),
        );
        Self { issuer, token }
    }

    fn asked(&self) -> usize {
        self.issuer.asked.lock().unwrap().len()
    }

    fn hang(&self) {
        self.issuer.gate.forget_permits(1_000);
    }

    fn answer_again(&self) {
        self.issuer.gate.add_permits(1_000);
    }

    fn fail_once(&self, status: StatusCode) {
        self.issuer.failures.lock().unwrap().push_back(status);
    }

    async fn get(&self, now: u64) -> Result<String, KeepFreshError> {
        let token: AccessToken = self.token.get(at(now)).await?;
        Ok(token.secret().to_owned())
    }

    /// Asks and goes away while the endpoint is silent.
    async fn ask_and_leave(&self, now: u64) {
        assert!(poll_once(pin!(self.get(now))).await.is_pending());
    }
}

/// When the first token of an hour is due.
const DUE: u64 = NOW + 1_800;

#[tokio::test]
async fn a_rotated_refresh_token_survives_the_caller_who_asked_for_it() {
    let bed = Bed::new();
    bed.hang();
    bed.ask_and_leave(NOW).await;
    bed.answer_again();
    assert_eq!(bed.get(NOW + 1).await.unwrap(), "a2");
    assert_eq!(bed.asked(), 1);
    assert_eq!(bed.token.refresh_token().secret(), "r2");
    assert_eq!(bed.get(DUE).await.unwrap(), "a3");
    assert_eq!(bed.token.refresh_token().secret(), "r3");
}

#[tokio::test]
async fn a_refresh_left_while_a_token_is_held_is_carried_on_by_the_next_caller() {
    let bed = Bed::new();
    bed.get(NOW).await.unwrap();
    bed.hang();
    bed.ask_and_leave(DUE).await;
    bed.ask_and_leave(DUE + 1).await;
    bed.answer_again();
    assert_eq!(bed.get(DUE + 2).await.unwrap(), "a3");
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn a_token_that_ran_out_while_its_refresh_rested_is_not_given() {
    let bed = Bed::new();
    bed.hang();
    bed.ask_and_leave(NOW).await;
    bed.answer_again();
    assert_eq!(bed.get(NOW + 7_200).await.unwrap(), "a3");
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn nobody_waits_for_a_hanging_endpoint_while_a_token_lives() {
    let bed = Bed::new();
    bed.get(NOW).await.unwrap();
    bed.hang();
    let mut carrier = pin!(bed.get(DUE));
    assert!(poll_once(carrier.as_mut()).await.is_pending());
    for _ in 0..20 {
        let answer = bed.get(DUE).now_or_never();
        assert_eq!(answer.expect("nobody waits").unwrap(), "a2");
    }
    assert_eq!(bed.asked(), 2);
    bed.answer_again();
    assert_eq!(carrier.await.unwrap(), "a3");
    assert_eq!(bed.get(DUE).await.unwrap(), "a3");
}

#[tokio::test]
async fn those_who_have_no_token_wait_for_the_same_refresh() {
    let bed = Bed::new();
    bed.hang();
    let mut calls = pin!(join_all((0..20).map(|_| bed.get(NOW))));
    assert!(poll_once(calls.as_mut()).await.is_pending());
    bed.answer_again();
    for answer in calls.await {
        assert_eq!(answer.unwrap(), "a2");
    }
    assert_eq!(bed.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_make_one_refresh() {
    let bed = Arc::new(Bed::new());
    for (round, now) in [NOW, DUE, DUE + 1_800].into_iter().enumerate() {
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let bed = bed.clone();
                tokio::spawn(async move { bed.get(now).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(bed.asked(), round + 1);
    }
}

#[tokio::test]
async fn after_a_failure_the_next_try_is_thirty_seconds_later() {
    assert_eq!(REFRESH_RETRY, Duration::from_secs(30));
    let bed = Bed::new();
    bed.get(NOW).await.unwrap();
    bed.fail_once(StatusCode::SERVICE_UNAVAILABLE);
    for now in DUE..DUE + 30 {
        assert_eq!(bed.get(now).await.unwrap(), "a2");
    }
    assert_eq!(bed.asked(), 2);
    assert_eq!(bed.get(DUE + 30).await.unwrap(), "a3");
}

#[tokio::test]
async fn without_a_token_that_lives_the_next_try_is_five_seconds_later_and_all_are_told_why() {
    assert_eq!(REFRESH_RETRY_WITHOUT_TOKEN, Duration::from_secs(5));
    let bed = Bed::new();
    bed.get(NOW).await.unwrap();
    bed.fail_once(StatusCode::BAD_GATEWAY);
    assert_eq!(bed.get(NOW + 3_595).await.unwrap(), "a2");
    bed.fail_once(StatusCode::BAD_GATEWAY);
    for now in NOW + 3_600..NOW + 3_605 {
        let answer = bed.get(now).await;
        assert!(matches!(
            answer,
            Err(KeepFreshError::Refresh(RefreshError::Status(
                StatusCode::BAD_GATEWAY
            )))
        ));
        assert_eq!(bed.asked(), 3);
    }
    assert_eq!(bed.get(NOW + 3_605).await.unwrap(), "a3");
    // A clock that was set back waits for nothing.
    let bed = Bed::new();
    bed.fail_once(StatusCode::BAD_GATEWAY);
    bed.get(NOW).await.unwrap_err();
    assert_eq!(bed.get(NOW - 1).await.unwrap(), "a2");
}

/// An endpoint that has rotated the refresh token, and whose answer is of no other use.
#[tokio::test]
async fn a_rotated_refresh_token_survives_an_answer_that_cannot_be_used() {
    let bed = Bed::new();
    *bed.issuer.body.lock().unwrap() =
        Some(r#"{"access_token":"a b","token_type":"Bearer","refresh_token":"r2"}"#);
    let answer = bed.get(NOW).await;
    assert!(matches!(
        answer,
        Err(KeepFreshError::Refresh(RefreshError::Response))
    ));
    assert_eq!(bed.token.refresh_token().secret(), "r2");
    *bed.issuer.body.lock().unwrap() = None;
    assert_eq!(bed.get(NOW + 5).await.unwrap(), "a3");
}

#[tokio::test]
async fn a_refresh_left_to_fail_is_tried_once_more() {
    let bed = Bed::new();
    bed.hang();
    bed.fail_once(StatusCode::BAD_GATEWAY);
    bed.ask_and_leave(NOW).await;
    bed.answer_again();
    assert_eq!(bed.get(NOW + 60).await.unwrap(), "a2");
}

#[tokio::test]
async fn a_token_given_up_is_given_to_nobody() {
    let bed = Bed::new();
    let first = bed.token.get(at(NOW)).await.unwrap();
    // A server that refuses each token would have us refresh without end.
    bed.token.give_up(&first, at(NOW + 29));
    assert_eq!(bed.get(NOW + 29).await.unwrap(), "a2");
    bed.token.give_up(&first, at(NOW + 30));
    let second = bed.token.get(at(NOW + 30)).await.unwrap();
    assert_eq!(second.secret(), "a3");
    // Late news of the first one does not cost the second.
    bed.token.give_up(&first, at(NOW + 90));
    assert_eq!(bed.get(NOW + 90).await.unwrap(), "a3");
}

#[tokio::test]
async fn scopes_are_asked_for_and_no_secret_is_shown() {
    let Bed { issuer, token } = Bed::new();
    let token = token.with_scope(Scope::DM_BRIDGE_DEVICE_AUTH);
    token.get(at(NOW)).await.unwrap();
    let asked = issuer.asked.lock().unwrap()[0].clone();
    assert_eq!(
        asked,
        "grant_type=refresh_token&refresh_token=r1&scope=dm-bridge%3Adevice_auth"
    );
    let shown = format!("{token:?}");
    assert!(
        !shown.contains("secret") && !shown.contains("r2"),
        "{shown}"
    );
}

const DAY: u64 = 86_400;

#[tokio::test]
async fn the_end_of_a_refresh_token_is_warned_of_seven_days_before_unless_told_otherwise() {
    let Bed { token, .. } = Bed::new();
    assert_eq!(token.refresh_token_life(at(NOW)), RefreshTokenLife::Unknown);
    let token = token.with_refresh_token_issued(at(NOW));
    let end = at(NOW + 60 * DAY);
    let life = |now: u64| token.refresh_token_life(at(now));
    assert_eq!(
        life(NOW + 53 * DAY - 1),
        RefreshTokenLife::Good { until: end }
    );
    assert_eq!(life(NOW + 53 * DAY), RefreshTokenLife::EndsSoon { at: end });
    assert_eq!(
        life(NOW + 60 * DAY - 1),
        RefreshTokenLife::EndsSoon { at: end }
    );
    assert_eq!(life(NOW + 60 * DAY), RefreshTokenLife::Ended { at: end });
    let token = token.with_warning_before(Duration::from_secs(DAY));
    let life = |now: u64| token.refresh_token_life(at(now));
    assert_eq!(
        life(NOW + 59 * DAY - 1),
        RefreshTokenLife::Good { until: end }
    );
    assert_eq!(life(NOW + 59 * DAY), RefreshTokenLife::EndsSoon { at: end });
}

#[tokio::test]
async fn a_rotation_begins_the_sixty_days_anew() {
    let bed = Bed::new();
    bed.get(NOW).await.unwrap();
    let until = at(NOW + 60 * DAY);
    assert_eq!(
        bed.token.refresh_token_life(at(NOW)),
        RefreshTokenLife::Good { until }
    );
    bed.get(DUE).await.unwrap();
    let until = at(DUE + 60 * DAY);
    assert_eq!(
        bed.token.refresh_token_life(at(NOW)),
        RefreshTokenLife::Good { until }
    );
    // One that failed begins nothing.
    bed.fail_once(StatusCode::BAD_GATEWAY);
    bed.get(DUE + 1_800).await.unwrap();
    assert_eq!(
        bed.token.refresh_token_life(at(NOW)),
        RefreshTokenLife::Good { until }
    );
}

#[tokio::test]
async fn each_refresh_token_that_a_refresh_brings_is_told_once() {
    let Bed { issuer, token } = Bed::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let keeper = Arc::clone(&told);
    let token = token.on_rotation(move |rotated| {
        keeper.lock().unwrap().push(rotated.secret().to_owned());
    });
    let bed = Bed { issuer, token };
    // Who asked has gone away, and another goes on with it.
    bed.hang();
    bed.ask_and_leave(NOW).await;
    assert!(told.lock().unwrap().is_empty());
    bed.answer_again();
    assert_eq!(bed.get(NOW + 1).await.unwrap(), "a2");
    assert_eq!(*told.lock().unwrap(), ["r2"]);
    bed.get(NOW + 2).await.unwrap();
    bed.fail_once(StatusCode::BAD_GATEWAY);
    bed.get(DUE).await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["r2"]);
    bed.get(DUE + 30).await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["r2", "r3"]);
    // One that comes without a good access token is told too.
    *bed.issuer.body.lock().unwrap() = Some(r#"{"token_type":"Bearer","refresh_token":"r4"}"#);
    bed.get(DUE + 30 + 1_800).await.unwrap();
    assert_eq!(
        bed.token.refresh_token().secret(),
        *told.lock().unwrap().last().unwrap()
    );
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_the_token_one_of_no_age() {
    let bed = Bed::new();
    bed.get(NOW).await.unwrap();
    // Callers read their clocks a little apart.
    assert_eq!(bed.get(NOW - 30).await.unwrap(), "a2");
    let long_ago = NOW - 31_536_000;
    assert_eq!(bed.get(long_ago).await.unwrap(), "a3");
    assert_eq!(bed.get(long_ago + 1_799).await.unwrap(), "a3");
    assert_eq!(bed.get(long_ago + 1_800).await.unwrap(), "a4");
}

#[tokio::test]
async fn no_lifetime_makes_a_request_for_each_call_or_a_time_out_of_range() {
    for (lifetime, asked_in_a_minute) in [("0", 24), ("1", 24), ("18446744073709551615", 1)] {
        let bed = Bed::new();
        let body = format!(
            r#"{{"access_token":"a","token_type":"Bearer","expires_in":{lifetime},"refresh_token_expires_in":{lifetime}}}"#
        );
        *bed.issuer.body.lock().unwrap() = Some(body.leak());
        for second in 0..60 {
            for _ in 0..3 {
                bed.get(NOW + second).await.unwrap();
            }
        }
        assert!(
            bed.asked() <= asked_in_a_minute,
            "{lifetime}: {}",
            bed.asked()
        );
        let far = UNIX_EPOCH + Duration::from_secs(i64::MAX.unsigned_abs() - 5);
        bed.token.get(far).await.unwrap();
    }
}

#[tokio::test]
async fn a_refresh_token_that_was_refused_is_tried_again_after_five_minutes() {
    assert_eq!(REFRESH_RETRY_REFUSED, Duration::from_secs(300));
    let bed = Bed::new();
    *bed.issuer.valid.lock().unwrap() = 7;
    for second in 0..300 {
        let answer = bed.get(NOW + second).await;
        assert!(matches!(
            answer,
            Err(KeepFreshError::Refresh(RefreshError::Refused(_)))
        ));
    }
    assert_eq!(bed.asked(), 1);
    *bed.issuer.valid.lock().unwrap() = 1;
    assert_eq!(bed.get(NOW + 300).await.unwrap(), "a2");
}

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use offhook_bearer_token::{
    ClientSecret, Fetch, FetchError, REFRESH_TOKEN_LIFETIME, RefreshTokenLife, RefreshedToken,
};
use offhook_onboarding::http::HttpDmBridge;
use offhook_onboarding::message::BridgeRequest;
use offhook_onboarding::{BridgeError, DmBridge as _};

use crate::bench::{NOW, ROOM_MAC};

/// Answers from a script, and keeps what it was asked.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<(u16, &'static str)>>,
    asked: Mutex<Vec<Request<Vec<u8>>>>,
}

impl Script {
    fn then(self, status: u16, body: &'static str) -> Self {
        self.answers.lock().unwrap().push_back((status, body));
        self
    }

    /// Path and credentials, or the refresh token, of each request.
    fn asked(&self) -> Vec<String> {
        let told = |request: &Request<Vec<u8>>| {
            let body = String::from_utf8_lossy(request.body()).into_owned();
            let refresh = body
                .split('&')
                .find(|field| field.starts_with("refresh_token="));
            let authorization = request.headers()["authorization"]
                .to_str()
                .unwrap()
                .to_owned();
            refresh.map_or(authorization, str::to_owned)
        };
        self.asked.lock().unwrap().iter().map(told).collect()
    }
}

#[async_trait]
impl Fetch for Script {
    async fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        self.asked.lock().unwrap().push(request);
        let (status, body) = self
            .answers
            .lock()
            .unwrap()
            .pop_front()
            .ok_or(FetchError::Timeout)?;
        let mut response = Response::new(body.as_bytes().to_vec());
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        Ok(response)
    }
}

fn bridge(script: &Arc<Script>) -> HttpDmBridge {
    let token = RefreshedToken::new(
        "https://issuer.test/token".parse().unwrap(),
        "dm",
        ClientSecret::new("secret"),
        "refresh-1".parse().unwrap(),
        script.clone(),
    );
    let url = "https://bridge.test/v1/device-auth".parse().unwrap();
    HttpDmBridge::new(url, token, script.clone())
}

fn request() -> BridgeRequest {
    BridgeRequest {
        mac_address: ROOM_MAC,
        subject: None,
    }
}

const FIRST: &str =
    r#"{"access_token":"a1","token_type":"Bearer","expires_in":3600,"refresh_token":"refresh-2"}"#;
const SECOND: &str = r#"{"access_token":"a2","token_type":"Bearer","expires_in":3600}"#;
const YES: &str = r#"{"subject":"00000000-0000-0000-0000-000000000007","accessToken":"device"}"#;

#[tokio::test]
async fn a_token_serves_until_it_is_due_and_the_rotated_refresh_token_is_used_next() {
    let script = Arc::new(
        Script::default()
            .then(200, FIRST)
            .then(200, YES)
            .then(200, YES)
            .then(200, SECOND)
            .then(200, YES),
    );
    let bridge = bridge(&script);
    bridge.authorize(&request(), *NOW).await.unwrap();
    bridge
        .authorize(&request(), *NOW + Duration::from_secs(1799))
        .await
        .unwrap();
    bridge
        .authorize(&request(), *NOW + Duration::from_secs(1800))
        .await
        .unwrap();
    assert_eq!(
        script.asked(),
        [
            "refresh_token=refresh-1",
            "Bearer a1",
            "Bearer a1",
            "refresh_token=refresh-2",
            "Bearer a2"
        ]
    );
}

#[tokio::test]
async fn the_refresh_token_to_keep_and_its_end_are_told() {
    let script = Arc::new(Script::default().then(200, FIRST).then(200, YES));
    let bridge = bridge(&script);
    assert_eq!(bridge.token().refresh_token().secret(), "refresh-1");
    assert_eq!(bridge.refresh_token_life(*NOW), RefreshTokenLife::Unknown);
    bridge.authorize(&request(), *NOW).await.unwrap();
    assert_eq!(bridge.token().refresh_token().secret(), "refresh-2");
    let until = *NOW + REFRESH_TOKEN_LIFETIME;
    assert_eq!(
        bridge.refresh_token_life(*NOW),
        RefreshTokenLife::Good { until }
    );
}

#[tokio::test]
async fn the_last_good_token_serves_until_it_expires_when_the_refresh_fails() {
    let script = Script::default()
        .then(200, FIRST)
        .then(200, YES)
        .then(503, "")
        .then(200, YES)
        .then(503, "");
    let script = Arc::new(script);
    let bridge = bridge(&script);
    bridge.authorize(&request(), *NOW).await.unwrap();
    bridge
        .authorize(&request(), *NOW + Duration::from_secs(3599))
        .await
        .unwrap();
    let error = bridge
        .authorize(&request(), *NOW + Duration::from_secs(3600))
        .await
        .unwrap_err();
    assert!(matches!(error, BridgeError::Failed(_)));
}

#[tokio::test]
async fn a_token_that_the_bridge_refuses_is_given_up_and_another_is_tried_once() {
    let later = *NOW + Duration::from_secs(30);
    let script = Script::default()
        .then(200, FIRST)
        .then(200, YES)
        .then(401, "")
        .then(200, SECOND)
        .then(200, YES);
    let script = Arc::new(script);
    let asked = bridge(&script);
    asked.authorize(&request(), *NOW).await.unwrap();
    asked.authorize(&request(), later).await.unwrap();
    assert_eq!(script.asked().last().unwrap(), "Bearer a2");

    let script = Script::default()
        .then(200, FIRST)
        .then(200, YES)
        .then(401, "")
        .then(200, SECOND)
        .then(401, "");
    let asked = bridge(&Arc::new(script));
    asked.authorize(&request(), *NOW).await.unwrap();
    let error = asked.authorize(&request(), later).await.unwrap_err();
    assert!(matches!(error, BridgeError::Failed(_)));
}

#[tokio::test]
async fn a_bridge_that_refuses_a_fresh_token_is_asked_once() {
    let script = Arc::new(Script::default().then(200, FIRST).then(401, ""));
    let error = bridge(&script)
        .authorize(&request(), *NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, BridgeError::Failed(_)));
    assert_eq!(script.asked().len(), 2);
}

#[tokio::test]
async fn what_may_pass_is_a_failure_and_what_will_not_a_refusal() {
    for (status, is_refused) in [
        (403, true),
        (404, true),
        (408, false),
        (429, false),
        (500, false),
    ] {
        let script = Arc::new(Script::default().then(200, FIRST).then(status, ""));
        let error = bridge(&script)
            .authorize(&request(), *NOW)
            .await
            .unwrap_err();
        assert_eq!(
            matches!(error, BridgeError::Refused { .. }),
            is_refused,
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_token_of_absurd_life_is_held_for_a_day_at_most() {
    let long = r#"{"access_token":"a1","token_type":"Bearer","expires_in":18446744073709551615}"#;
    let script = Arc::new(Script::default().then(200, long).then(200, YES));
    // No overflow; whether such an answer is taken at all is for the parser to say.
    let _ = bridge(&script).authorize(&request(), *NOW).await;
}

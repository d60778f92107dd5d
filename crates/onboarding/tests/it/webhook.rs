//! Webhooks for codes, and what the tests of other webhooks need.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use http::{Request, Response, StatusCode};
use offhook_bearer_token::{Fetch, FetchError};
use offhook_onboarding::http::Clock;
use offhook_onboarding::{
    MailError, Mailer as _, Webhook, WebhookError, WebhookKey, WebhookMailer, WebhookSecret,
    WebhookSetupError,
};
use serde_json::json;

use crate::bench::NOW;
use crate::mail::{CODE, mail_for, printed};

/// Answers with one status after the other, the last one for good; keeps what it was sent.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    pub(crate) statuses: Mutex<Vec<u16>>,
    pub(crate) sent: Mutex<Vec<Request<Vec<u8>>>>,
}

impl Receiver {
    pub(crate) fn answering(statuses: &[u16]) -> Arc<Self> {
        let statuses = Mutex::new(statuses.iter().rev().copied().collect());
        Arc::new(Self {
            statuses,
            ..Self::default()
        })
    }
}

#[async_trait]
impl Fetch for Receiver {
    async fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        let body = request.body().clone();
        self.sent.lock().unwrap().push(request);
        let mut statuses = self.statuses.lock().unwrap();
        let status = match statuses.as_slice() {
            [] => return Err(FetchError::Timeout),
            [status] => *status,
            _ => statuses.pop().unwrap(),
        };
        // A receiver that repeats what it was sent.
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Ok(response)
    }
}

#[derive(Debug)]
pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> SystemTime {
        *NOW
    }
}

pub(crate) fn key() -> WebhookKey {
    WebhookKey::new(&[7; 32]).unwrap()
}

pub(crate) fn webhook(receiver: &Arc<Receiver>, secret: WebhookSecret) -> Webhook {
    let url = "https://hooks.example.test/codes".parse().unwrap();
    Webhook::new(url, secret, receiver.clone(), Arc::new(FixedClock)).unwrap()
}

#[tokio::test]
async fn a_code_goes_to_the_webhook_with_a_signature() {
    let receiver = Receiver::answering(&[204]);
    let mailer = WebhookMailer::new(webhook(&receiver, WebhookSecret::key(key())));
    mailer.send(mail_for("Room OS")).await.unwrap();

    let sent = receiver.sent.lock().unwrap();
    let [request] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "https://hooks.example.test/codes");
    let id = "00000000-0000-0000-0000-000000000007";
    assert_eq!(request.headers()["webhook-id"], id);
    assert_eq!(request.headers()["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    let wanted = json!({
        "id": id,
        "recipient": "owner@example.test",
        "activationCode": CODE,
        "deviceType": "Room OS",
        "expiryTime": 1_800_000_000_000_u64,
    });
    assert_eq!(body, wanted);
    let verified = key().verify(request.headers(), request.body(), *NOW);
    assert_eq!(verified, Ok(()));
}

#[tokio::test]
async fn a_bearer_secret_goes_along_and_does_not_print() {
    let receiver = Receiver::answering(&[200]);
    let secret = WebhookSecret::bearer(&"open-sesame".to_owned().into()).unwrap();
    let mailer = WebhookMailer::new(webhook(&receiver, secret));
    mailer.send(mail_for("Room OS")).await.unwrap();
    let sent = receiver.sent.lock().unwrap();
    assert_eq!(sent[0].headers()["authorization"], "Bearer open-sesame");
    assert!(sent[0].headers()["authorization"].is_sensitive());
    assert!(!format!("{mailer:?}").contains("sesame"));
}

#[tokio::test]
async fn what_is_not_2xx_is_not_taken_and_no_error_tells_the_code() {
    for status in [302, 400, 404, 408, 425, 429, 500, 503] {
        let receiver = Receiver::answering(&[status]);
        let mailer = WebhookMailer::new(webhook(&receiver, WebhookSecret::key(key())));
        let error = mailer.send(mail_for("Room OS")).await.unwrap_err();
        match error.source().unwrap().downcast_ref().unwrap() {
            WebhookError::Refused { status: found } => {
                assert!([302, 400, 404].contains(found) && *found == status);
            }
            WebhookError::Unavailable { status: found } => {
                assert!([408, 425, 429, 500, 503].contains(found) && *found == status);
            }
            other => panic!("{other:?}"),
        }
        let is_refused = matches!(error, MailError::Refused(_));
        assert_eq!(is_refused, [302, 400, 404].contains(&status));
        assert!(!printed(&error).contains(CODE));
        assert_eq!(receiver.sent.lock().unwrap().len(), 1, "sent once");
    }
    let receiver = Receiver::answering(&[]);
    let mailer = WebhookMailer::new(webhook(&receiver, WebhookSecret::key(key())));
    let error = mailer.send(mail_for("Room OS")).await.unwrap_err();
    assert!(!printed(&error).contains(CODE));
}

#[test]
fn a_webhook_is_at_an_https_url_or_on_this_machine() {
    let secret = || WebhookSecret::key(key());
    let make = |url: &str, danger: bool| {
        let (url, receiver) = (url.parse().unwrap(), Receiver::answering(&[200]));
        let clock = Arc::new(FixedClock);
        if danger {
            Webhook::danger_loopback(url, secret(), receiver, clock).err()
        } else {
            Webhook::new(url, secret(), receiver, clock).err()
        }
    };
    let refused = Some(WebhookSetupError::Url);
    assert_eq!(make("https://hooks.example.test", false), None);
    for url in [
        "http://hooks.example.test",
        "http://127.0.0.1",
        "https://user@hooks.example.test",
        "https://:password@hooks.example.test",
        "data:,x",
    ] {
        assert_eq!(make(url, false), refused, "{url}");
    }
    for url in ["http://127.0.0.1:80", "http://[::1]", "http://localhost"] {
        assert_eq!(make(url, true), None, "{url}");
    }
    for url in [
        "http://localhost.example.test",
        "http://192.0.2.1",
        "data:,x",
    ] {
        assert_eq!(make(url, true), refused, "{url}");
    }
    let (url, clock) = ("https://hooks.example.test/T0KEN?k=T0KEN", FixedClock);
    let receiver = Receiver::answering(&[200]);
    let webhook = Webhook::new(url.parse().unwrap(), secret(), receiver, Arc::new(clock));
    let shown = format!("{:?}", webhook.unwrap());
    assert!(shown.contains("https://hooks.example.test") && !shown.contains("T0KEN"));
}

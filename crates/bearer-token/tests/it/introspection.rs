//! Asking a server about tokens: what it is sent, what is remembered, and what happens when it is
//! slow, down or lying.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{Method, Request, Response, StatusCode};
use offhook_bearer_token::{
    AccessToken, ClientAuthentication, ClientSecret, Fetch, FetchError, Introspector, LookupError,
    PingError, RefreshedToken, TokenInfoError, TokenRefusal, TokenVerifier, VerifiedToken,
    VerifyError,
};
use tokio::sync::Semaphore;

use crate::forge::{AUDIENCE, ISSUER, NOW, SUBJECT, at, object, policy};
use crate::poll::poll_once;

/// A server that knows tokens, once `gate` lets it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) answers: Mutex<HashMap<String, (StatusCode, Vec<u8>)>>,
    pub(crate) asked: Mutex<Vec<Request<Vec<u8>>>>,
    is_down: Mutex<bool>,
    pub(crate) gate: Semaphore,
}

#[async_trait]
impl Fetch for Server {
    async fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        let form = String::from_utf8(request.body().clone()).unwrap();
        let token = match request.headers().get("authorization") {
            Some(value) if form.is_empty() => value.to_str().unwrap()[7..].to_owned(),
            _ => form
                .split('&')
                .next()
                .unwrap_or_default()
                .replace("token=", ""),
        };
        self.asked.lock().unwrap().push(request);
        let _permit = self.gate.acquire().await;
        if *self.is_down.lock().unwrap() {
            return Err(FetchError::Timeout);
        }
        let (status, body) = self
            .answers
            .lock()
            .unwrap()
            .get(&token)
            .cloned()
            .unwrap_or_else(|| (StatusCode::OK, br#"{"active":false}"#.to_vec()));
        Ok(Response::builder().status(status).body(body).unwrap())
    }
}

pub(crate) struct Bed {
    pub(crate) server: Arc<Server>,
    pub(crate) introspector: Arc<Introspector>,
}

impl Bed {
    pub(crate) fn new() -> Self {
        Self::with(|introspector| introspector)
    }

    pub(crate) fn with(change: impl FnOnce(Introspector) -> Introspector) -> Self {
        let server = Arc::new(Server {
            answers: Mutex::default(),
            asked: Mutex::default(),
            is_down: Mutex::default(),
            gate: Semaphore::new(5_000),
        });
        let introspector = Introspector::new(
            "https://idp.example.net/idp/authenticate?x=1"
                .parse()
                .unwrap(),
            ClientAuthentication::basic("dm:1", &ClientSecret::new("a b")),
            server.clone(),
        );
        Self {
            server,
            introspector: Arc::new(change(introspector)),
        }
    }

    pub(crate) fn tell(&self, token: &str, body: impl Into<Vec<u8>>) {
        self.answer(token, StatusCode::OK, body);
    }

    pub(crate) fn answer(&self, token: &str, status: StatusCode, body: impl Into<Vec<u8>>) {
        let mut answers = self.server.answers.lock().unwrap();
        answers.insert(token.to_owned(), (status, body.into()));
    }

    pub(crate) fn down(&self, is_down: bool) {
        *self.server.is_down.lock().unwrap() = is_down;
    }

    pub(crate) fn asked(&self) -> usize {
        self.server.asked.lock().unwrap().len()
    }

    pub(crate) async fn ask(
        &self,
        token: &str,
        now: u64,
    ) -> Result<Arc<VerifiedToken>, VerifyError> {
        let token: AccessToken = token.parse().unwrap();
        self.introspector
            .verify_token(&token, &policy(), at(now))
            .await
    }

    pub(crate) async fn refusal(&self, token: &str, now: u64) -> TokenRefusal {
        match self.ask(token, now).await {
            Err(VerifyError::Refused(refusal)) => refusal,
            answer => panic!("{token}: {answer:?}"),
        }
    }
}

/// What a server says of a good token, with members put in their place or added; an empty value
/// takes one away.
pub(crate) fn active(changes: &[(&str, &str)]) -> String {
    let iss = format!("\"{ISSUER}\"");
    let aud = format!("[\"other\",\"{AUDIENCE}\"]");
    let sub = format!("\"{SUBJECT}\"");
    let (exp, iat) = ((NOW + 300).to_string(), (NOW - 60).to_string());
    let members = [
        ("active", "true"),
        ("iss", &*iss),
        ("aud", &aud),
        ("sub", &sub),
        ("exp", &exp),
        ("iat", &iat),
        ("scope", "\"broadworks-connector-user\""),
        ("client_id", "\"C1\""),
        ("token_type", "\"Bearer\""),
        ("username", "\"room\""),
    ];
    object(&members, changes)
}

#[tokio::test]
async fn the_question_is_a_form_under_basic_authentication_and_the_answer_is_read() {
    let bed = Bed::new();
    bed.tell("t1", active(&[]));
    let verified = bed.ask("t1", NOW).await.unwrap();
    assert_eq!(verified.subject().to_string(), SUBJECT);
    assert_eq!(verified.issuer(), ISSUER);
    assert_eq!(verified.client_id(), Some("C1"));
    assert_eq!(verified.expires_at(), at(NOW + 300));
    assert_eq!(verified.algorithm(), None);
    let asked = bed.server.asked.lock().unwrap();
    let request = &asked[0];
    assert_eq!(request.method(), Method::POST);
    assert_eq!(
        request.uri(),
        "https://idp.example.net/idp/authenticate?x=1"
    );
    assert_eq!(request.headers()["accept"], "application/json");
    assert_eq!(
        request.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
    // "dm%3A1:a+b"
    assert_eq!(request.headers()["authorization"], "Basic ZG0lM0ExOmErYg==");
    assert!(request.headers()["authorization"].is_sensitive());
    assert_eq!(request.body(), b"token=t1&token_type_hint=access_token");
}

#[tokio::test]
async fn what_is_said_of_a_token_that_is_not_active_counts_for_nothing() {
    let bed = Bed::new();
    bed.tell("t1", active(&[("active", "false")]));
    assert_eq!(bed.refusal("t1", NOW).await, TokenRefusal::Inactive);
    bed.tell("t2", active(&[("active", "false"), ("scope", "7")]));
    assert_eq!(bed.refusal("t2", NOW).await, TokenRefusal::Inactive);
    for (number, value) in ["\"true\"", "1", "null", "", "[true]", "{}"]
        .into_iter()
        .enumerate()
    {
        let token = format!("u{number}");
        bed.tell(&token, active(&[("active", value)]));
        let answer = bed.ask(&token, NOW).await;
        let Err(VerifyError::Lookup(LookupError::Response(TokenInfoError::Member(_)))) = answer
        else {
            panic!("{value}: {answer:?}")
        };
    }
}

#[tokio::test]
async fn each_claim_is_judged_by_the_policy() {
    let bed = Bed::new();
    let (early, late) = ((NOW + 61).to_string(), (NOW + 86_400).to_string());
    let (past, soon) = ((NOW - 60).to_string(), (NOW - 59).to_string());
    let cases: Vec<(&str, &str, Option<TokenRefusal>)> = vec![
        (
            "iss",
            "\"https://evil.example\"",
            Some(TokenRefusal::Issuer),
        ),
        ("iss", "", Some(TokenRefusal::Issuer)),
        ("aud", "\"other\"", Some(TokenRefusal::Audience)),
        ("aud", "[]", Some(TokenRefusal::Audience)),
        ("aud", "", Some(TokenRefusal::Audience)),
        ("aud", "null", Some(TokenRefusal::Audience)),
        ("aud", "\"dms\"", None),
        ("exp", &past, Some(TokenRefusal::Expired)),
        ("exp", &soon, None),
        ("exp", "-1", Some(TokenRefusal::Time)),
        ("exp", "1e300", Some(TokenRefusal::Time)),
        ("exp", "", Some(TokenRefusal::Time)),
        ("exp", &late, Some(TokenRefusal::LifetimeTooLong)),
        ("nbf", &early, Some(TokenRefusal::NotYetValid)),
        ("nbf", &past, None),
        ("iat", &early, Some(TokenRefusal::IssuedInFuture)),
        ("iat", "", None),
        ("sub", "\"room\"", Some(TokenRefusal::Subject)),
        ("sub", "", Some(TokenRefusal::Subject)),
        ("scope", "\"a  b\"", Some(TokenRefusal::Scope)),
        ("scope", "\"\"", None),
        ("scope", "[\"a\",\"b\"]", None),
        ("token_type", "\"bearer\"", None),
        ("token_type", "", None),
        ("token_type", "\"refresh_token\"", Some(TokenRefusal::Type)),
        ("cnf", "{\"jkt\":\"x\"}", Some(TokenRefusal::Confirmation)),
    ];
    for (number, (member, value, expected)) in cases.into_iter().enumerate() {
        let token = format!("t{number}");
        bed.tell(&token, active(&[(member, value)]));
        let refusal = match bed.ask(&token, NOW).await {
            Ok(_) => None,
            Err(VerifyError::Refused(refusal)) => Some(refusal),
            Err(error) => panic!("{member} {value}: {error:?}"),
        };
        assert_eq!(refusal, expected, "{member} {value}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_told_by_its_fault_and_the_token_is_good_for_nothing() {
    let bed = Bed::new();
    let deep = format!("{}{}", "[".repeat(17), "]".repeat(17));
    let many: String = (0..60).map(|number| format!(",\"m{number}\":0")).collect();
    let good = active(&[]);
    let with = |more: &str| format!("{}{more}}}", good.trim_end_matches('}'));
    let member = |name: &str, value: &str| active(&[(name, value)]);
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "Malformed"),
        ("<html>".into(), "Malformed"),
        ("[]".into(), "Malformed"),
        ("true".into(), "Malformed"),
        (format!("{good} {good}"), "Malformed"),
        (member("exp", "1e999"), "Member(ExpiresAt)"),
        (with(",\"active\":true"), "DuplicateMember"),
        (with(",\"\\u0061ctive\":true"), "DuplicateMember"),
        (with(",\"x\":{\"a\":1,\"a\":1}"), "DuplicateMember"),
        (with(&format!(",\"x\":{deep}")), "TooDeep"),
        (with(&many), "Malformed"),
        (member("sub", "7"), "Member(Subject)"),
        (member("iss", "[\"a\"]"), "Member(Issuer)"),
        (member("aud", "[\"dms\",1]"), "Member(Audience)"),
        (member("aud", "{}"), "Member(Audience)"),
        (member("exp", "\"1800000300\""), "Member(ExpiresAt)"),
        (member("iat", "true"), "Member(IssuedAt)"),
        (member("nbf", "{}"), "Member(NotBefore)"),
        (member("scope", "7"), "Member(Scope)"),
        (member("scope", "[\"a b\"]"), "Member(Scope)"),
        (member("client_id", "7"), "Member(ClientId)"),
        (member("jti", "[]"), "Member(TokenId)"),
        (member("cnf", "\"x\""), "Member(Confirmation)"),
        (member("token_type", "7"), "Member(TokenType)"),
    ];
    for (number, (body, fault)) in cases.into_iter().enumerate() {
        let token = format!("t{number}");
        bed.tell(&token, body.clone());
        match bed.ask(&token, NOW).await {
            Err(VerifyError::Lookup(LookupError::Response(error))) => {
                assert!(format!("{error:?}").starts_with(fault), "{body}: {error:?}");
            }
            answer => panic!("{body}: {answer:?}"),
        }
        // It is not remembered: the server may do better next time.
        bed.tell(&token, active(&[]));
        bed.ask(&token, NOW).await.unwrap();
    }
}

#[tokio::test]
async fn a_body_of_65536_bytes_is_read_and_one_byte_more_is_not() {
    let bed = Bed::new();
    for (length, is_read) in [(65_535, true), (65_536, true), (65_537, false)] {
        let mut body = active(&[]).into_bytes();
        body.resize(length, b' ');
        bed.tell(&format!("t{length}"), body);
        let answer = bed.ask(&format!("t{length}"), NOW).await;
        assert_eq!(answer.is_ok(), is_read, "{length}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_tell_makes_no_token_good_and_is_asked_again() {
    let bed = Bed::new();
    bed.tell("t1", active(&[]));
    bed.down(true);
    let answer = bed.ask("t1", NOW).await;
    assert!(matches!(
        answer,
        Err(VerifyError::Lookup(LookupError::Fetch(_)))
    ));
    bed.down(false);
    for status in [204, 301, 400, 401, 403, 404, 429, 500, 503] {
        bed.answer("t1", StatusCode::from_u16(status).unwrap(), active(&[]));
        let answer = bed.ask("t1", NOW).await;
        let Err(VerifyError::Lookup(LookupError::Status(told))) = answer else {
            panic!("{status}: {answer:?}")
        };
        assert_eq!(told, status);
    }
    bed.tell("t1", active(&[]));
    bed.ask("t1", NOW).await.unwrap();
}

#[tokio::test]
async fn the_server_is_shown_a_token_kept_fresh_and_one_that_it_refuses_is_given_up() {
    #[derive(Debug)]
    struct Both(Mutex<Vec<String>>);
    #[async_trait]
    impl Fetch for Both {
        async fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
            let mut seen = self.0.lock().unwrap();
            let shown = request.headers()["authorization"].to_str().unwrap();
            seen.push(shown.to_owned());
            let count = seen
                .iter()
                .filter(|shown| shown.starts_with("Basic"))
                .count();
            let (status, body) = if request.uri().path() == "/token" {
                let token = format!(r#"{{"access_token":"a{count}","token_type":"Bearer"}}"#);
                (StatusCode::OK, token)
            } else if shown == "Bearer a1" {
                (StatusCode::UNAUTHORIZED, String::new())
            } else {
                (StatusCode::OK, active(&[]))
            };
            Ok(Response::builder()
                .status(status)
                .body(body.into())
                .unwrap())
        }
    }
    let fetch = Arc::new(Both(Mutex::default()));
    let refreshed = RefreshedToken::new(
        "https://idp.example.net/token".parse().unwrap(),
        "dm",
        ClientSecret::new("s"),
        "r1".parse().unwrap(),
        fetch.clone(),
    );
    let client = ClientAuthentication::refreshed(Arc::new(refreshed));
    let url = "https://idp.example.net/introspect".parse().unwrap();
    let introspector = Introspector::new(url, client, fetch.clone());
    let token: AccessToken = "t1".parse().unwrap();
    for now in [NOW, NOW + 30] {
        // The first time the token is too young to be given up.
        let answer = introspector.verify_token(&token, &policy(), at(now)).await;
        assert!(
            matches!(answer, Err(VerifyError::Lookup(LookupError::Status(status))) if status == 401)
        );
    }
    introspector
        .verify_token(&token, &policy(), at(NOW + 60))
        .await
        .unwrap();
    let seen = fetch.0.lock().unwrap();
    assert_eq!(seen[1..3], ["Bearer a1", "Bearer a1"]);
    assert_eq!(seen[4], "Bearer a2");
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn a_token_forgotten_while_it_is_asked_about_is_asked_about_anew() {
    let bed = Bed::new();
    bed.tell("t1", active(&[]));
    bed.server.gate.forget_permits(5_000);
    let token: AccessToken = "t1".parse().unwrap();
    let mut first = Box::pin(bed.ask("t1", NOW));
    assert!(poll_once(first.as_mut()).await.is_pending());
    bed.introspector.forget(&token);
    bed.server.gate.add_permits(5_000);
    // Who asked before is told what was found; nobody is told so later.
    first.await.unwrap();
    bed.tell("t1", br#"{"active":false}"#.to_vec());
    assert_eq!(bed.refusal("t1", NOW).await, TokenRefusal::Inactive);
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn nothing_is_sent_to_an_address_that_is_not_https() {
    let bed = Bed::new();
    let url = "http://idp.example.net/introspect".parse().unwrap();
    let client = ClientAuthentication::bearer(&"own".parse().unwrap());
    let introspector = Introspector::new(url, client, bed.server.clone());
    let token: AccessToken = "t1".parse().unwrap();
    let answer = introspector.verify_token(&token, &policy(), at(NOW)).await;
    assert!(matches!(
        answer,
        Err(VerifyError::Lookup(LookupError::NotHttps))
    ));
    assert_eq!(bed.asked(), 0);
}

#[tokio::test]
async fn the_ping_address_is_derived_from_the_token_info_address() {
    let bed = Bed::new();
    assert_eq!(
        bed.introspector.ping_url().unwrap(),
        "https://idp.example.net/ping"
    );
    bed.introspector.ping().await.unwrap();
    let request = bed.server.asked.lock().unwrap().remove(0);
    assert_eq!(request.uri(), "https://idp.example.net/ping");
    assert_eq!(request.method(), Method::GET);
    assert!(request.headers().is_empty() && request.body().is_empty());
    bed.down(true);
    assert!(matches!(
        bed.introspector.ping().await,
        Err(PingError::Fetch(_))
    ));
    let at_url = |url: &str| {
        let client = ClientAuthentication::none();
        Introspector::new(url.parse().unwrap(), client, bed.server.clone()).ping_url()
    };
    for (url, ping) in [
        (
            "https://a.example/x/idp/authenticate/",
            "https://a.example/x/ping",
        ),
        (
            "https://a.example/idp/authenticate#f",
            "https://a.example/ping",
        ),
    ] {
        assert_eq!(at_url(url).unwrap(), ping);
    }
    for url in [
        "https://a.example/",
        "https://a.example/idp/authenticate/x",
        "https://a.example/xidp/authenticate",
        "https://a.example/?u=/idp/authenticate",
    ] {
        assert!(matches!(at_url(url), Err(PingError::NoPing)), "{url}");
    }
}

#[tokio::test]
async fn a_server_that_pings_badly_is_told_by_its_status() {
    let bed = Bed::new();
    bed.answer("", StatusCode::SERVICE_UNAVAILABLE, "");
    let answer = bed.introspector.ping().await;
    assert!(matches!(
        answer,
        Err(PingError::Status(StatusCode::SERVICE_UNAVAILABLE))
    ));
}

//! Keys on a server that changes, fails and comes back.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use offhook_bearer_token::{
    Fetch, FetchError, KeysError, RemoteKeys, TokenRefusal, VerifiedToken, VerifyError,
};
use tokio::sync::Semaphore;

use crate::forge::{Forge, NOW, at, claims, key_set_json, policy};
use crate::poll::poll_once;

#[derive(Clone, Debug)]
enum Script {
    Body(StatusCode, String),
    Down,
    Panic,
}

/// A server that does what the script says, once `gate` lets it.
#[derive(Debug)]
struct Server {
    once: Mutex<Option<Script>>,
    script: Mutex<Script>,
    asked: AtomicUsize,
    gate: Semaphore,
}

#[async_trait]
impl Fetch for Server {
    async fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        assert_eq!(request.uri(), "https://idp.example.net/keys");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let _permit = self.gate.acquire().await;
        let once = self.once.lock().unwrap().take();
        let script = once.unwrap_or_else(|| self.script.lock().unwrap().clone());
        match script {
            Script::Body(status, body) => Ok(Response::builder()
                .status(status)
                .body(body.into_bytes())
                .unwrap()),
            Script::Down => Err(FetchError::Timeout),
            Script::Panic => panic!("as the script says"),
        }
    }
}

struct Bed {
    server: Arc<Server>,
    keys: Arc<RemoteKeys>,
}

impl Bed {
    fn new(forges: &[&Forge]) -> Self {
        let server = Arc::new(Server {
            once: Mutex::default(),
            script: Mutex::new(Script::Down),
            asked: AtomicUsize::new(0),
            gate: Semaphore::new(1_000),
        });
        let url = "https://idp.example.net/keys".parse().unwrap();
        let keys = Arc::new(RemoteKeys::new(url, server.clone()));
        let bed = Self { server, keys };
        bed.serve(forges);
        bed
    }

    fn serve(&self, forges: &[&Forge]) {
        let keys: Vec<String> = forges.iter().map(|forge| forge.jwk()).collect();
        self.script(Script::Body(StatusCode::OK, key_set_json(&keys)));
    }

    fn script(&self, script: Script) {
        *self.server.script.lock().unwrap() = script;
    }

    /// For the next answer only.
    fn script_once(&self, script: Script) {
        *self.server.once.lock().unwrap() = Some(script);
    }

    fn asked(&self) -> usize {
        self.server.asked.load(Ordering::SeqCst)
    }

    async fn verify(&self, forge: &Forge, now: u64) -> Result<VerifiedToken, VerifyError> {
        let changes = [("iat", now.to_string()), ("exp", (now + 60).to_string())];
        let changes = changes
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let token = forge.sign(&forge.header(), &claims(&changes));
        self.keys.verify(&token, &policy(), at(now)).await
    }
}

fn is_unknown(answer: Result<VerifiedToken, VerifyError>) -> bool {
    matches!(answer, Err(VerifyError::Refused(TokenRefusal::UnknownKey)))
}

#[tokio::test]
async fn the_set_is_fetched_once_and_used_for_an_hour() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    assert_eq!(bed.asked(), 0);
    for now in [NOW, NOW + 1, NOW + 3_599] {
        bed.verify(&forge, now).await.unwrap();
    }
    assert_eq!(bed.asked(), 1);
    bed.verify(&forge, NOW + 3_600).await.unwrap();
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn a_new_key_is_found_as_soon_as_a_token_names_it() {
    let (old, new) = (Forge::with_id("old"), Forge::with_id("new"));
    let bed = Bed::new(&[&old]);
    bed.verify(&old, NOW).await.unwrap();
    bed.serve(&[&old, &new]);
    bed.verify(&new, NOW + 30).await.unwrap();
    bed.verify(&old, NOW + 31).await.unwrap();
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn unknown_keys_make_one_fetch_in_thirty_seconds() {
    let (known, stranger) = (Forge::with_id("known"), Forge::with_id("stranger"));
    let bed = Bed::new(&[&known]);
    for now in NOW..NOW + 30 {
        assert!(is_unknown(bed.verify(&stranger, now).await));
    }
    assert_eq!(bed.asked(), 1);
    assert!(is_unknown(bed.verify(&stranger, NOW + 30).await));
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn an_empty_set_is_no_way_round_the_thirty_seconds() {
    let forge = Forge::new();
    let bed = Bed::new(&[]);
    for now in NOW..NOW + 30 {
        assert!(is_unknown(bed.verify(&forge, now).await));
    }
    assert_eq!(bed.asked(), 1);
}

#[tokio::test]
async fn the_last_good_set_is_kept_while_the_server_is_down() {
    let (known, stranger) = (Forge::with_id("known"), Forge::with_id("stranger"));
    let bed = Bed::new(&[&known]);
    bed.verify(&known, NOW).await.unwrap();
    for script in [
        Script::Down,
        Script::Body(StatusCode::BAD_GATEWAY, String::new()),
        Script::Body(StatusCode::OK, "<html>".into()),
    ] {
        bed.script(script);
        let later = NOW + 86_400 * bed.asked() as u64;
        bed.verify(&known, later).await.unwrap();
        let answer = bed.verify(&stranger, later + 1).await;
        assert!(matches!(
            answer,
            Err(VerifyError::Keys(KeysError::CoolingDown))
        ));
    }
    assert_eq!(bed.asked(), 4);
}

#[tokio::test]
async fn without_any_set_it_is_the_server_that_failed_and_not_the_token() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    bed.script(Script::Down);
    let answer = bed.verify(&forge, NOW).await;
    assert!(matches!(
        answer,
        Err(VerifyError::Keys(KeysError::Fetch(error))) if matches!(*error, FetchError::Timeout)
    ));
    let answer = bed.verify(&forge, NOW + 1).await;
    assert!(matches!(
        answer,
        Err(VerifyError::Keys(KeysError::CoolingDown))
    ));
    bed.serve(&[&forge]);
    bed.verify(&forge, NOW + 30).await.unwrap();
}

#[tokio::test]
async fn a_clock_set_back_does_not_stop_the_fetching() {
    let (old, new) = (Forge::with_id("old"), Forge::with_id("new"));
    let bed = Bed::new(&[&old]);
    bed.verify(&old, NOW).await.unwrap();
    bed.serve(&[&new]);
    bed.verify(&new, NOW - 86_400).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_make_one_fetch() {
    let forge = Arc::new(Forge::new());
    let bed = Arc::new(Bed::new(&[&forge]));
    let permits = bed.server.gate.forget_permits(1_000);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (bed, forge) = (bed.clone(), forge.clone());
            tokio::spawn(async move { bed.verify(&forge, NOW).await })
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

/// Asks and goes away while the server is silent.
async fn ask_and_leave(bed: &Bed, forge: &Forge, now: u64) {
    let call = pin!(bed.verify(forge, now));
    assert!(poll_once(call).await.is_pending());
}

#[tokio::test]
async fn the_fetch_of_a_caller_who_goes_away_serves_the_next_one() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    let permits = bed.server.gate.forget_permits(1_000);
    ask_and_leave(&bed, &forge, NOW).await;
    ask_and_leave(&bed, &forge, NOW + 1).await;
    bed.server.gate.add_permits(permits);
    bed.verify(&forge, NOW + 2).await.unwrap();
    assert_eq!(bed.asked(), 1);
}

#[tokio::test]
async fn a_fetch_that_rested_too_long_is_made_anew() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    let permits = bed.server.gate.forget_permits(1_000);
    ask_and_leave(&bed, &forge, NOW).await;
    bed.server.gate.add_permits(permits);
    bed.script_once(Script::Down);
    bed.verify(&forge, NOW + 30).await.unwrap();
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn a_fetch_that_rested_and_failed_counts_from_its_beginning() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    let permits = bed.server.gate.forget_permits(1_000);
    ask_and_leave(&bed, &forge, NOW).await;
    bed.server.gate.add_permits(permits);
    bed.script_once(Script::Down);
    assert!(bed.verify(&forge, NOW + 20).await.is_err());
    assert!(matches!(
        bed.verify(&forge, NOW + 29).await,
        Err(VerifyError::Keys(KeysError::CoolingDown))
    ));
    assert_eq!(bed.asked(), 1);
    bed.verify(&forge, NOW + 30).await.unwrap();
}

#[tokio::test]
async fn what_no_key_could_make_good_is_never_fetched_for() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    let refused = |token: &str, now| {
        let (keys, token) = (bed.keys.clone(), token.to_owned());
        async move {
            let answer = keys.verify(&token, &policy(), at(now)).await;
            assert!(matches!(answer, Err(VerifyError::Refused(_))), "{token}");
        }
    };
    let foreign = forge.sign(r#"{"alg":"ES256","typ":"x","kid":"a"}"#, &claims(&[]));
    let bad = ["x", "x.y.z", "e30.e30.e30", &foreign];
    for token in bad {
        refused(token, NOW).await;
    }
    assert_eq!(bed.asked(), 0);
    // Nor when the set at hand is too old.
    bed.verify(&forge, NOW).await.unwrap();
    for token in bad {
        refused(token, NOW + 3_600).await;
    }
    assert_eq!(bed.asked(), 1);
    let unnamed = forge.sign(r#"{"alg":"ES256","typ":"at+jwt"}"#, &claims(&[]));
    let bed = Bed::new(&[&forge]);
    bed.keys.verify(&unnamed, &policy(), at(NOW)).await.unwrap();
}

#[tokio::test]
async fn a_set_too_old_serves_while_another_caller_fetches() {
    let (known, stranger) = (Forge::with_id("known"), Forge::with_id("stranger"));
    let bed = Bed::new(&[&known]);
    bed.verify(&known, NOW).await.unwrap();
    let permits = bed.server.gate.forget_permits(1_000);
    let later = NOW + 3_600;
    let mut carrier = pin!(bed.verify(&stranger, later));
    assert!(poll_once(carrier.as_mut()).await.is_pending());
    for _ in 0..20 {
        let answer = bed.verify(&known, later).now_or_never();
        answer.expect("nobody waits").unwrap();
    }
    bed.server.gate.add_permits(permits);
    assert!(is_unknown(carrier.await));
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn a_client_that_panics_has_failed_and_no_more() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    bed.script_once(Script::Panic);
    assert!(matches!(
        bed.verify(&forge, NOW).await,
        Err(VerifyError::Keys(KeysError::Fetch(_)))
    ));
    bed.verify(&forge, NOW + 30).await.unwrap();
}

#[tokio::test]
async fn the_generation_changes_when_the_set_does_and_only_then() {
    let (old, new) = (Forge::with_id("old"), Forge::with_id("new"));
    let bed = Bed::new(&[&old]);
    assert_eq!(bed.keys.generation(at(NOW)), None);
    bed.verify(&old, NOW).await.unwrap();
    let first = bed.keys.generation(at(NOW));
    assert!(first.is_some());
    assert!(is_unknown(bed.verify(&new, NOW + 30).await));
    assert_eq!(bed.asked(), 2);
    assert_eq!(bed.keys.generation(at(NOW + 30)), first);
    bed.serve(&[&new]);
    bed.verify(&new, NOW + 60).await.unwrap();
    let second = bed.keys.generation(at(NOW + 60));
    assert!(second.is_some() && second != first);
}

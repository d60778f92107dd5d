//! Keys on a server that changes, fails and comes back.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
    told: Mutex<Vec<String>>,
    gate: Semaphore,
}

#[async_trait]
impl Fetch for Server {
    async fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        self.told.lock().unwrap().push(format!("{request:?}"));
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
            told: Mutex::default(),
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
async fn the_set_is_fetched_once_and_anew_after_ten_minutes() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    assert_eq!(bed.asked(), 0);
    for now in [NOW, NOW + 1, NOW + 599] {
        bed.verify(&forge, now).await.unwrap();
    }
    assert_eq!(bed.asked(), 1);
    bed.verify(&forge, NOW + 600).await.unwrap();
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn a_key_withdrawn_is_forgotten_after_ten_minutes() {
    let (old, new) = (Forge::with_id("old"), Forge::with_id("new"));
    let bed = Bed::new(&[&old, &new]);
    bed.verify(&old, NOW).await.unwrap();
    bed.serve(&[&new]);
    bed.verify(&old, NOW + 599).await.unwrap();
    assert!(is_unknown(bed.verify(&old, NOW + 600).await));
    bed.verify(&new, NOW + 601).await.unwrap();
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
async fn the_last_good_set_is_kept_for_a_day_while_the_server_is_down() {
    let (known, stranger) = (Forge::with_id("known"), Forge::with_id("stranger"));
    let bed = Bed::new(&[&known]);
    bed.verify(&known, NOW).await.unwrap();
    let generation = bed.keys.generation(at(NOW));
    for script in [
        Script::Down,
        Script::Body(StatusCode::BAD_GATEWAY, String::new()),
        Script::Body(StatusCode::OK, "<html>".into()),
        Script::Panic,
    ] {
        bed.script(script);
        let later = NOW + 3_600 * bed.asked() as u64;
        bed.verify(&known, later).await.unwrap();
        assert_eq!(bed.keys.generation(at(later)), generation);
        let answer = bed.verify(&stranger, later + 1).await;
        assert!(matches!(
            answer,
            Err(VerifyError::Keys(KeysError::CoolingDown))
        ));
    }
    assert_eq!(bed.asked(), 5);
    bed.verify(&known, NOW + 86_399).await.unwrap();
    assert_eq!(bed.keys.generation(at(NOW + 86_400)), None);
    assert!(bed.keys.keys(at(NOW + 86_400)).is_none());
    let answer = bed.verify(&known, NOW + 86_400).await;
    assert!(matches!(answer, Err(VerifyError::Keys(_))), "{answer:?}");
    bed.serve(&[&known]);
    bed.verify(&known, NOW + 86_430).await.unwrap();
}

#[tokio::test]
async fn both_ages_are_the_embedders() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    let url = "https://idp.example.net/keys".parse().unwrap();
    let keys = RemoteKeys::new(url, bed.server.clone())
        .with_refresh_after(Duration::from_secs(40))
        .with_max_age(Duration::from_secs(100));
    let bed = Bed {
        keys: Arc::new(keys),
        ..bed
    };
    bed.verify(&forge, NOW).await.unwrap();
    bed.script(Script::Down);
    bed.verify(&forge, NOW + 39).await.unwrap();
    assert_eq!(bed.asked(), 1);
    bed.verify(&forge, NOW + 40).await.unwrap();
    assert_eq!(bed.asked(), 2);
    bed.verify(&forge, NOW + 99).await.unwrap();
    assert!(bed.verify(&forge, NOW + 100).await.is_err());
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

/// Each request reads the clock for itself, so whoever waits for the fetch of another may have read
/// it a moment before.
#[tokio::test]
async fn a_key_set_fetched_by_a_later_caller_serves_the_earlier_ones() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    bed.verify(&forge, NOW).await.unwrap();
    for earlier in 1..30 {
        bed.verify(&forge, NOW - earlier).await.unwrap();
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
    // Nor when there was a set that is too old.
    bed.verify(&forge, NOW).await.unwrap();
    for token in bad {
        refused(token, NOW + 86_400).await;
    }
    assert_eq!(bed.asked(), 1);
    let unnamed = forge.sign(r#"{"alg":"ES256","typ":"at+jwt"}"#, &claims(&[]));
    let bed = Bed::new(&[&forge]);
    bed.keys.verify(&unnamed, &policy(), at(NOW)).await.unwrap();
}

#[tokio::test]
async fn nobody_waits_for_a_silent_server_while_there_is_a_key() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    bed.verify(&forge, NOW).await.unwrap();
    let permits = bed.server.gate.forget_permits(1_000);
    for now in [NOW + 600, NOW + 700, NOW + 86_399] {
        let answer = bed.verify(&forge, now).now_or_never();
        answer.expect("nobody waits").unwrap();
    }
    assert_eq!(bed.asked(), 2);
    bed.server.gate.add_permits(permits);
}

#[tokio::test]
async fn a_set_that_is_due_is_fetched_beside_the_requests() {
    let (old, new) = (Forge::with_id("old"), Forge::with_id("new"));
    let bed = Bed::new(&[&old]);
    bed.verify(&old, NOW).await.unwrap();
    let generation = bed.keys.generation(at(NOW));
    bed.serve(&[&new]);
    let permits = bed.server.gate.forget_permits(1_000);
    bed.verify(&old, NOW + 600).now_or_never().unwrap().unwrap();
    assert_eq!(bed.keys.generation(at(NOW + 601)), generation);
    bed.server.gate.add_permits(permits);
    // A request, or a look at the generation, takes the fetch to its end.
    assert_ne!(bed.keys.generation(at(NOW + 602)), generation);
    assert!(is_unknown(
        bed.verify(&old, NOW + 602).now_or_never().unwrap()
    ));
    bed.verify(&new, NOW + 602).now_or_never().unwrap().unwrap();
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn a_refresh_waits_for_a_set_that_is_due_and_for_no_other() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    for now in [NOW, NOW + 1, NOW + 599] {
        bed.keys.refresh(at(now)).await.unwrap();
    }
    assert_eq!(bed.asked(), 1);
    bed.script(Script::Down);
    assert!(bed.keys.refresh(at(NOW + 600)).await.is_err());
    assert!(matches!(
        bed.keys.refresh(at(NOW + 601)).await,
        Err(KeysError::CoolingDown)
    ));
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn a_set_at_an_address_that_is_not_https_is_not_fetched() {
    let forge = Forge::new();
    let bed = Bed::new(&[&forge]);
    let url = "http://idp.example.net/keys".parse().unwrap();
    let keys = RemoteKeys::new(url, bed.server.clone());
    let token = forge.sign(&forge.header(), &claims(&[]));
    let answer = keys.verify(&token, &policy(), at(NOW)).await;
    let Err(VerifyError::Keys(KeysError::Fetch(error))) = answer else {
        panic!("{answer:?}");
    };
    assert!(matches!(*error, FetchError::NotHttps));
    assert_eq!(bed.asked(), 0);
}

#[tokio::test]
async fn the_server_is_not_told_what_a_token_says() {
    let (known, stranger) = (Forge::with_id("known"), Forge::with_id("Canary-kid"));
    let bed = Bed::new(&[&known]);
    assert!(is_unknown(bed.verify(&stranger, NOW).await));
    assert!(is_unknown(bed.verify(&stranger, NOW + 30).await));
    let told = bed.server.told.lock().unwrap().join("\n");
    assert_eq!(told.matches("https://idp.example.net/keys").count(), 2);
    assert!(!told.contains("Canary"), "{told}");
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

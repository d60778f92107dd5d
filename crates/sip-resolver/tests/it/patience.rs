//! How long the driver waits for a name server, and what it makes of odd answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use offhook_sip_resolver::{Options, Policy, Resolver};

use crate::network::resolve;
use crate::server::{Fate, proxy, serve};
use crate::zone::Counter;

const ZONE: &str = "
    _sip._tls 60 IN SRV 10 0 5061 one
    one 60 IN A 192.0.2.1
";
const SERVER: &str = "TLS 192.0.2.1:5061 as example.com";

#[tokio::test]
async fn an_answer_after_half_of_the_time_counts() {
    let server = proxy(serve(ZONE).await, |_, _| {
        Fate::Delayed(Duration::from_millis(600))
    })
    .await;
    let options = Options::default().with_question_timeout(Duration::from_secs(1));
    let found = resolve(server, options).await.unwrap();
    assert_eq!(found.hops()[0].to_string(), SERVER);
}

#[tokio::test]
async fn a_server_that_was_silent_once_is_asked_with_edns_again() {
    let with_edns = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&with_edns);
    let server = proxy(serve(ZONE).await, move |question, _| {
        match question.edns.is_some() {
            true => {
                count.fetch_add(1, Ordering::SeqCst);
                Fate::Dropped
            }
            false => Fate::Passed,
        }
    })
    .await;
    let options = Options::default()
        .with_cache_capacity(0)
        .with_question_timeout(Duration::from_millis(400));
    let resolver = Resolver::new([server], options).unwrap();
    let target = "example.com".parse().unwrap();
    let mut before = 0;
    for _ in 0..2 {
        let policy = Policy::room_os();
        let found = resolver.resolve(&target, &policy, &mut Counter(3)).await;
        assert_eq!(found.unwrap().hops()[0].to_string(), SERVER);
        let now = with_edns.load(Ordering::SeqCst);
        assert!(now > before);
        before = now;
    }
}

//! Name servers over TCP that do what they must not.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hickory_server::proto::op::{Message, ResponseCode};
use hickory_server::proto::rr::{DNSClass, Name, RecordType};
use offhook_sip_resolver::{Families, Options, Policy, ResolveError, Resolver};

use crate::exchange::tcp_after;
use crate::network::resolve;
use crate::server::{Fate, empty, proxy, serve};
use crate::zone::Counter;

const ZONE: &str = "
    _sip._tls 60 IN SRV 10 0 5061 one
    one 60 IN A 192.0.2.1
";
const SERVER: &str = "TLS 192.0.2.1:5061 as example.com";

#[tokio::test]
async fn an_answer_with_another_question_is_nobodys() {
    let other_name = |mut question: Message| {
        question.queries[0].set_name(Name::from_ascii("example.net.").unwrap());
        Some(empty(question, ResponseCode::NoError))
    };
    let other_type = |mut question: Message| {
        question.queries[0].set_query_type(RecordType::TXT);
        Some(empty(question, ResponseCode::NXDomain))
    };
    let other_class = |mut question: Message| {
        question.queries[0].set_query_class(DNSClass::CH);
        Some(empty(question, ResponseCode::NoError))
    };
    let none = |mut question: Message| {
        question.queries.clear();
        Some(empty(question, ResponseCode::NoError))
    };
    let question = |question: Message| question.to_vec().ok();
    let zone = serve(ZONE).await;
    for (what, before) in [
        ("name", other_name as fn(Message) -> Option<Vec<u8>>),
        ("type", other_type),
        ("class", other_class),
        ("none", none),
        ("question", question),
    ] {
        let (server, _) = tcp_after(zone, |_| usize::MAX, before).await;
        let found = resolve(server, Options::default()).await;
        let found = found.unwrap_or_else(|failure| panic!("{what}:\n{}", failure.trace()));
        assert_eq!(found.hops()[0].to_string(), SERVER, "{what}");
    }
}

#[tokio::test]
async fn a_server_that_closes_after_each_answer_is_asked_the_rest_again() {
    let zone = serve(ZONE).await;
    let whole = "example.com".parse().unwrap();
    // One question, which opens the connection and is not answered there.
    let alone = "sips:one.example.com:5061".parse().unwrap();
    for (target, policy, unanswered, verify) in [
        (&whole, Policy::room_os(), 0, "example.com"),
        (&whole, Policy::room_os(), 1, "example.com"),
        (
            &alone,
            Policy::room_os().with_families(Families::Ipv4Only),
            1,
            "one.example.com",
        ),
    ] {
        let answers = move |connection| usize::from(connection >= unanswered);
        let (server, connections) = tcp_after(zone, answers, |_| None).await;
        let resolver = Resolver::new([server], Options::default()).unwrap();
        let found = resolver.resolve(target, &policy, &mut Counter(3)).await;
        let found = found.unwrap_or_else(|failure| panic!("{}", failure.trace()));
        let expected = format!("TLS 192.0.2.1:5061 as {verify}");
        assert_eq!(found.hops()[0].to_string(), expected);
        let (connections, questions) = (connections.load(Ordering::SeqCst), found.questions());
        assert!(connections <= 3 * questions, "{connections}");
    }
}

#[tokio::test]
async fn a_server_that_closes_without_an_answer_is_not_asked_for_ever() {
    let (server, connections) = tcp_after(serve(ZONE).await, |_| 0, |_| None).await;
    let failure = resolve(server, Options::default()).await.unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
    let (connections, questions) = (
        connections.load(Ordering::SeqCst),
        failure.trace().questions(),
    );
    assert!(connections <= 3 * questions, "{connections}");
}

#[tokio::test]
async fn a_connection_that_was_silent_till_the_deadline_is_not_used_again() {
    // The first question is not answered, and no others come through behind it.
    let zone = proxy(serve(ZONE).await, |_, count| match count {
        0 => Fate::Dropped,
        _ => Fate::Passed,
    })
    .await;
    let (server, connections) = tcp_after(zone, |_| usize::MAX, |_| None).await;
    let options = Options::default().with_deadline(Duration::from_millis(500));
    let resolver = Resolver::new([server], options).unwrap();
    let (target, policy) = ("example.com".parse().unwrap(), Policy::room_os());
    let silent = resolver.resolve(&target, &policy, &mut Counter(3)).await;
    assert_eq!(silent.unwrap_err().error(), ResolveError::Temporary);
    let found = resolver.resolve(&target, &policy, &mut Counter(3)).await;
    let found = found.unwrap_or_else(|failure| panic!("{}", failure.trace()));
    assert_eq!(found.hops()[0].to_string(), SERVER);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

//! What the trace tells of name servers: who answered, over what, with which code.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_server::proto::op::{Message, ResponseCode};
use hickory_server::proto::rr::rdata::CNAME;
use hickory_server::proto::rr::{Name, RData, Record};
use offhook_sip_resolver::{
    Exchange, NameServerTransport, Options, Policy, Rcode, ResolveError, Resolver, Trace,
    TraceEvent,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use crate::network::resolve;
use crate::server::{Fate, ask, asked, empty, proxy, serve};
use crate::zone::Counter;

const ZONE: &str = "
    _sip._tls 60 IN SRV 10 0 5061 one
    one 60 IN A 192.0.2.1
    one 60 IN AAAA 2001:db8::1
";
const SERV_FAIL: Rcode = Rcode::new(2);
const NX_DOMAIN: Rcode = Rcode::new(3);

/// How the answer to this question came, or why there was none.
fn exchange(trace: &Trace, asked: &str) -> Option<Exchange> {
    let event = trace
        .entries()
        .iter()
        .find_map(|entry| match entry.event() {
            event @ (TraceEvent::Answered { question, .. }
            | TraceEvent::Failed { question, .. }) => {
                (question.to_string() == asked).then_some(event)
            }
            _ => None,
        });
    event
        .unwrap_or_else(|| panic!("{asked}:\n{trace}"))
        .exchange()
        .copied()
}

#[tokio::test]
async fn the_trace_names_the_server_and_its_code() {
    let server = serve(ZONE).await;
    let found = resolve(server, Options::default()).await.unwrap();
    let trace = found.trace();
    let known = exchange(trace, "_sip._tls.example.com SRV").unwrap();
    let expected = Exchange::new(server)
        .over(NameServerTransport::Udp)
        .with_rcode(Rcode::NO_ERROR);
    assert_eq!(known, expected);
    let text = trace.to_string();
    let told = format!("5061 one.example.com (+2) [{server}]\n");
    assert!(text.contains(&told), "{told}{text}");

    let server = serve("@ 60 IN A 192.0.2.1").await;
    let found = resolve(server, Options::default()).await.unwrap();
    let absent = exchange(found.trace(), "_sip._tls.example.com SRV").unwrap();
    assert_eq!(absent.rcode(), Some(NX_DOMAIN));
    let text = found.trace().to_string();
    let told = format!("< _sip._tls.example.com SRV: no records [{server}: NXDOMAIN]\n");
    assert!(text.contains(&told), "{told}{text}");
}

#[tokio::test]
async fn the_trace_names_who_stood_in_for_another() {
    let (good, bad) = (
        serve(ZONE).await,
        UdpSocket::bind("127.0.0.1:0").await.unwrap(),
    );
    let servers = [bad.local_addr().unwrap(), good];
    let resolver = Resolver::new(servers, Options::default()).unwrap();
    let target = "example.com".parse().unwrap();
    let policy = Policy::room_os();
    let found = resolver
        .resolve(&target, &policy, &mut Counter(3))
        .await
        .unwrap();
    let known = exchange(found.trace(), "_sip._tls.example.com SRV").unwrap();
    assert_eq!(known.server(), good);
}

#[tokio::test]
async fn the_trace_tells_of_tcp_and_of_edns_given_up() {
    let mut zone = String::new();
    for server in 0..40 {
        let name = "long-name-of-a-server-".repeat(2);
        zone += &format!("_sip._tls 60 IN SRV {server} 0 5061 {name}{server}\n");
        zone += &format!("{name}{server} 60 IN A 192.0.2.1\n");
    }
    let server = serve(&zone).await;
    let found = resolve(server, Options::default()).await.unwrap();
    let long = exchange(found.trace(), "_sip._tls.example.com SRV").unwrap();
    assert_eq!(long.transport(), Some(NameServerTransport::Tcp));
    assert_eq!(long.to_string(), format!("{server} over TCP"));
    let short = exchange(found.trace(), "example.com NAPTR").unwrap();
    assert_eq!(short.transport(), Some(NameServerTransport::Udp));
    assert!(!short.lacks_edns());

    let old = proxy(serve(ZONE).await, |question, _| {
        match question.edns.is_some() {
            true => Fate::Refused(ResponseCode::FormErr),
            false => Fate::Passed,
        }
    })
    .await;
    let found = resolve(old, Options::default()).await.unwrap();
    let known = exchange(found.trace(), "_sip._tls.example.com SRV").unwrap();
    assert!(known.lacks_edns());
    let text = found.trace().to_string();
    let told = format!("[{old} without EDNS]\n");
    assert!(text.contains(&told), "{text}");
}

#[tokio::test]
async fn the_trace_tells_with_which_code_a_server_failed_and_who_was_silent() {
    let zone = serve(ZONE).await;
    let server = proxy(zone, |_, _| Fate::Refused(ResponseCode::ServFail)).await;
    let failure = resolve(server, Options::default()).await.unwrap_err();
    let known = exchange(failure.trace(), "_sip._tls.example.com SRV").unwrap();
    assert_eq!((known.server(), known.rcode()), (server, Some(SERV_FAIL)));
    let text = failure.trace().to_string();
    let told = format!("SRV: name server failed [{server}: SERVFAIL]\n");
    assert!(text.contains(&told), "{text}");

    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server = silent.local_addr().unwrap();
    let options = Options::default().with_question_timeout(Duration::from_millis(200));
    let failure = resolve(server, options).await.unwrap_err();
    let known = exchange(failure.trace(), "_sip._tls.example.com SRV").unwrap();
    assert_eq!(
        (known.server(), known.transport(), known.rcode()),
        (server, None, None)
    );
    // At the deadline nobody has answered, and nobody is named.
    let options = Options::default().with_deadline(Duration::from_millis(200));
    let failure = resolve(server, options).await.unwrap_err();
    assert_eq!(exchange(failure.trace(), "_sip._tls.example.com SRV"), None);
}

#[tokio::test]
async fn a_circle_that_a_server_fails_of_is_a_circle_where_it_shows_it() {
    fn alias(to: &str, from: Name) -> Record {
        let to = Name::from_ascii(to).unwrap();
        Record::from_rdata(from, 60, RData::CNAME(CNAME(to)))
    }
    for (is_circle, error) in [(true, ResolveError::Loop), (false, ResolveError::Temporary)] {
        let server = proxy(serve(ZONE).await, move |question, _| {
            if asked(question) != "_sip._tls.example.com. SRV" {
                return Fate::Passed;
            }
            match is_circle {
                true => Fate::Changed(|answer| {
                    let name = answer.queries[0].name().clone();
                    answer.metadata.response_code = ResponseCode::ServFail;
                    let there = alias("b.example.com.", name);
                    let back = alias(
                        "_sip._tls.example.com.",
                        Name::from_ascii("b.example.com.").unwrap(),
                    );
                    answer.answers = vec![there, back];
                }),
                false => Fate::Changed(|answer| {
                    let name = answer.queries[0].name().clone();
                    answer.metadata.response_code = ResponseCode::ServFail;
                    answer.answers.push(alias("b.example.com.", name));
                }),
            }
        })
        .await;
        let failure = resolve(server, Options::default()).await.unwrap_err();
        assert_eq!(failure.error(), error, "{}", failure.trace());
        let known = exchange(failure.trace(), "_sip._tls.example.com SRV").unwrap();
        assert_eq!(known.rcode(), Some(SERV_FAIL));
    }
}

/// A server whose answers over UDP are truncated, and which gives `answers` over each connection of
/// TCP before it closes it; how many connections there were.
async fn tcp_alone(upstream: SocketAddr, answers: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    tcp_after(upstream, move |_| answers, |_| None).await
}

/// As [`tcp_alone`], with a number of answers for each connection, counted from 0, and something else
/// that may come before an answer.
pub(crate) async fn tcp_after(
    upstream: SocketAddr,
    answers: impl Fn(usize) -> usize + Send + 'static,
    before: fn(Message) -> Option<Vec<u8>>,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            break (udp, tcp);
        }
    };
    let address = udp.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let connections = Arc::clone(&count);
    tokio::spawn(async move {
        let mut buffer = [0; 4_096];
        while let Ok((length, client)) = udp.recv_from(&mut buffer).await {
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let mut answer = empty(question, ResponseCode::NoError);
            answer[2] |= 2; // TC
            let _ = udp.send_to(&answer, client).await;
        }
    });
    tokio::spawn(async move {
        while let Ok((mut client, _)) = tcp.accept().await {
            let answers = answers(connections.fetch_add(1, Ordering::SeqCst));
            tokio::spawn(async move {
                for _ in 0..answers {
                    let mut question = vec![0; client.read_u16().await?.into()];
                    client.read_exact(&mut question).await?;
                    let first = before(Message::from_vec(&question).unwrap());
                    let answer = ask(upstream, &question).await;
                    for answer in first.into_iter().chain([answer]) {
                        client.write_u16(answer.len().try_into().unwrap()).await?;
                        client.write_all(&answer).await?;
                    }
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });
    (address, count)
}

#[tokio::test]
async fn one_connection_serves_all_questions_and_one_that_was_closed_is_replaced() {
    let (server, connections) = tcp_alone(serve(ZONE).await, usize::MAX).await;
    let options = Options::default().with_cache_capacity(0);
    let resolver = Resolver::new([server], options).unwrap();
    let (target, policy) = ("example.com".parse().unwrap(), Policy::room_os());
    for _ in 0..2 {
        let found = resolver.resolve(&target, &policy, &mut Counter(3)).await;
        assert_eq!(found.unwrap().hops().len(), 2);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);

    let (server, connections) = tcp_alone(serve("@ 60 IN A 192.0.2.1").await, 1).await;
    let resolver = Resolver::new([server], options).unwrap();
    let target = "sips:example.com:5061".parse().unwrap();
    let policy = policy.with_families(offhook_sip_resolver::Families::Ipv4Only);
    for _ in 0..3 {
        let found = resolver.resolve(&target, &policy, &mut Counter(3)).await;
        let found = found.unwrap_or_else(|failure| panic!("{}", failure.trace()));
        assert_eq!(found.hops().len(), 1);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn more_questions_than_a_connection_takes_at_once_wait_their_turn() {
    let (server, connections) =
        tcp_alone(serve("*.many 60 IN A 192.0.2.1").await, usize::MAX).await;
    let resolver = Resolver::new([server], Options::default()).unwrap();
    let mut running = JoinSet::new();
    for at in 0..100 {
        let resolver = resolver.clone();
        running.spawn(async move {
            let target = format!("sips:host{at}.many.example.com:5061")
                .parse()
                .unwrap();
            resolver
                .resolve(&target, &Policy::room_os(), &mut Counter(3))
                .await
        });
    }
    for found in running.join_all().await {
        let found = found.unwrap_or_else(|failure| panic!("{}", failure.trace()));
        assert_eq!(found.hops().len(), 1);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn codes_have_the_names_of_the_standard() {
    for (number, name) in [
        (0, "NOERROR"),
        (5, "REFUSED"),
        (16, "BADVERS"),
        (3841, "RCODE 3841"),
    ] {
        assert_eq!(Rcode::new(number).to_string(), name);
    }
}

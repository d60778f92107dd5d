//! How many round trips a cold resolution takes, with 20 ms added to each question, beside `sip-dig`
//! where it is installed (Debian package sofia-sip-bin).
//!
//! A round trip is what one bare question takes in the same run. "Full" is a name server that adds
//! addresses to SRV records, "minimal" one that does not. `sip-dig` is a process of its own; what it
//! takes to say that an address is an address is taken off.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a bench may fail")]

use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_server::proto::op::{Message, Query};
use hickory_server::proto::rr::{Name, RData, Record, RecordType};
use offhook_sip_resolver::{Entropy, EntropyError, Options, Policy, Resolver, Target};
use tokio::net::UdpSocket;
use tokio::time::sleep;

#[path = "support/name_server.rs"]
mod name_server;

const DELAY: Duration = Duration::from_millis(20);
const TIMES: usize = 15;

const ZONE: &str = r#"
@ 60 SOA ns admin 1 60 60 60 60
one.naptr 60 NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.one.naptr.example.test.
_sips._tcp.one.naptr 60 SRV 10 0 5061 a.one.naptr
a.one.naptr 60 A 192.0.2.1
two.naptr 60 NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.two.naptr.example.test.
_sips._tcp.two.naptr 60 SRV 10 50 5061 a.two.naptr
_sips._tcp.two.naptr 60 SRV 10 50 5061 b.two.naptr
a.two.naptr 60 A 192.0.2.1
b.two.naptr 60 A 192.0.2.2
voice.two 60 NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.voice.two.example.test.
_sips._tcp.voice.two 60 SRV 10 50 5061 sbc-1.frankfurt.voice.two
_sips._tcp.voice.two 60 SRV 10 50 5061 sbc-2.frankfurt.voice.two
sbc-1.frankfurt.voice.two 60 A 192.0.2.1
sbc-2.frankfurt.voice.two 60 A 192.0.2.2
voice.three 60 NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.voice.three.example.test.
_sips._tcp.voice.three 60 SRV 10 50 5061 sbc-1.frankfurt.voice.three
_sips._tcp.voice.three 60 SRV 10 50 5061 sbc-2.frankfurt.voice.three
_sips._tcp.voice.three 60 SRV 20 50 5061 sbc-1.amsterdam.voice.three
sbc-1.frankfurt.voice.three 60 A 192.0.2.1
sbc-2.frankfurt.voice.three 60 A 192.0.2.2
sbc-1.amsterdam.voice.three 60 A 192.0.2.3
srv 60 TXT "SRV only"
_sips._tcp.srv 60 SRV 10 0 5061 a.srv
a.srv 60 A 192.0.2.1
address 60 A 192.0.2.1
odd 60 NAPTR 10 10 "s" "SIPS+D2T" "" _any._name.odd.example.test.
_any._name.odd 60 SRV 10 0 5061 a.odd
a.odd 60 A 192.0.2.1
silent 60 A 192.0.2.1
_sips._tcp.silent 60 SRV 10 0 5061 a.silent
a.silent 60 A 192.0.2.1
"#;

/// What is looked for, its name, and the most round trips wanted of a full and a minimal server.
const CASES: [(&str, &str, [f64; 2]); 8] = [
    ("NAPTR, SRV, one server", "one.naptr", [1.25, 2.4]),
    ("NAPTR, SRV, two servers", "two.naptr", [1.25, 2.4]),
    ("two servers of longer names", "voice.two", [1.25, 2.4]),
    ("three servers of longer names", "voice.three", [1.25, 2.4]),
    ("SRV", "srv", [1.25, 2.4]),
    ("address", "address", [1.25, 2.4]),
    ("SRV name that cannot be guessed", "odd", [1.25, 3.5]),
    // One second.
    ("NAPTR and AAAA never answered", "silent", [50.0, 50.0]),
];

#[derive(Clone, Copy, Debug)]
enum Style {
    Full,
    Minimal,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let upstream = name_server::serve("example.test.", ZONE).await;
    println!(
        "{:33} {:8} {:>16} {:>16} {:>7}",
        "", "server", "ours", "sip-dig", "wanted"
    );
    for style in [Style::Full, Style::Minimal] {
        let server = slow(upstream, style).await;
        let round_trip = median(server, |server| async move {
            let name = Name::from_ascii("address.example.test.").expect("a name");
            assert_eq!(ask(server, name, RecordType::A).await.len(), 1);
        })
        .await;
        println!(
            "{:33} {style:8?} {:>11.1} ms",
            "one question",
            milliseconds(round_trip)
        );
        for (case, name, wanted) in CASES {
            let uri = format!("sips:{name}.example.test");
            let ours = median(server, |server| resolve(server, uri.clone())).await;
            let theirs = match name {
                // 64 s each time.
                "silent" => None,
                _ => sip_dig(server, &uri).await,
            };
            let ratio = |time: Duration| time.as_secs_f64() / round_trip.as_secs_f64();
            let column = |time| format!("{:.1} ms ×{:.2}", milliseconds(time), ratio(time));
            let [full, minimal] = wanted;
            let wanted = match style {
                Style::Full => full,
                Style::Minimal => minimal,
            };
            println!(
                "{case:33} {style:8?} {:>16} {:>16} ≤ ×{wanted}",
                column(ours),
                theirs.map_or_else(|| "-".to_owned(), column),
            );
        }
    }
}

/// The middle of [`TIMES`] runs.
async fn median<F: Future<Output = ()>>(
    server: SocketAddr,
    mut run: impl FnMut(SocketAddr) -> F,
) -> Duration {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begun = now();
        run(server).await;
        times.push(begun.elapsed());
    }
    times.sort();
    times.get(TIMES / 2).copied().unwrap_or_default()
}

/// Room OS would not look for `_sips._tcp`, and `sip-dig` looks for nothing else.
async fn resolve(server: SocketAddr, uri: String) {
    let options = Options::default().with_cache_capacity(0);
    let resolver = Resolver::new([server], options).expect("a server");
    let target: Target = uri.parse().expect("a target");
    let found = resolver
        .resolve(&target, &Policy::tls_only(), &mut Zeros)
        .await;
    assert!(found.is_ok(), "{found:?}");
}

async fn sip_dig(server: SocketAddr, uri: &str) -> Option<Duration> {
    let folder = tempfile::tempdir().ok()?;
    let conf = folder.path().join("resolv.conf");
    let text = format!("nameserver {}\nport {}\n", server.ip(), server.port());
    fs::write(&conf, text).ok()?;
    let run = |uri: &str| {
        let mut command = Command::new("sip-dig");
        command.arg(uri).env("SRESOLV_CONF", &conf);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    run(uri).status().ok()?;
    let time = |uri: &str| {
        let uri = uri.to_owned();
        median(server, move |_| {
            let mut command = run(&uri);
            async move {
                let status = tokio::task::spawn_blocking(move || command.status()).await;
                assert!(status.is_ok_and(|status| status.is_ok()));
            }
        })
    };
    let bare = time("sips:192.0.2.1").await;
    Some(time(uri).await.saturating_sub(bare))
}

async fn ask(server: SocketAddr, name: Name, kind: RecordType) -> Vec<Record> {
    let mut message = Message::query();
    message.queries.push(Query::query(name, kind));
    let answer = forward(server, &message.to_vec().expect("a question")).await;
    Message::from_vec(&answer).expect("an answer").answers
}

/// A proxy that adds [`DELAY`] and what a full server adds, as BIND does, and is silent about NAPTR
/// and AAAA of names with `silent`.
async fn slow(upstream: SocketAddr, style: Style) -> SocketAddr {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a port"));
    let address = socket.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut buffer = [0; 4_096];
        while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
            let question = buffer.get(..length).unwrap_or_default().to_vec();
            let socket = Arc::clone(&socket);
            tokio::spawn(async move {
                sleep(DELAY).await;
                if let Some(answer) = answer(upstream, &question, style).await {
                    // Whoever has gone away wants no answer.
                    let _ = socket.send_to(&answer, client).await;
                }
            });
        }
    });
    address
}

async fn answer(upstream: SocketAddr, question: &[u8], style: Style) -> Option<Vec<u8>> {
    let message = Message::from_vec(question).ok()?;
    let query = message.queries.first()?;
    let is_dropped = matches!(query.query_type(), RecordType::NAPTR | RecordType::AAAA);
    if is_dropped && query.name().to_string().contains("silent") {
        return None;
    }
    let mut answer = Message::from_vec(&forward(upstream, question).await).ok()?;
    answer.additionals.clear();
    if matches!(style, Style::Full) {
        let mut added = Vec::new();
        for record in &answer.answers {
            if let RData::NAPTR(naptr) = &record.data {
                added.extend(ask(upstream, naptr.replacement.clone(), RecordType::SRV).await);
            }
        }
        let servers: Vec<_> = answer.answers.iter().chain(&added).cloned().collect();
        for record in servers {
            if let RData::SRV(srv) = &record.data {
                for kind in [RecordType::A, RecordType::AAAA] {
                    added.extend(ask(upstream, srv.target.clone(), kind).await);
                }
            }
        }
        answer.additionals = added;
    }
    answer.to_vec().ok()
}

async fn forward(server: SocketAddr, question: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    socket
        .send_to(question, server)
        .await
        .expect("a question sent");
    let mut buffer = vec![0; 65_535];
    let length = socket.recv(&mut buffer).await.expect("an answer");
    buffer.truncate(length);
    buffer
}

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.fill(0);
        Ok(())
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn now() -> Instant {
    Instant::now()
}

//! Name servers on loopback, and a proxy in front of one that does what name servers must not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_server::Server;
use hickory_server::proto::op::{Message, MessageType, ResponseCode};
use hickory_server::proto::rr::Name;
use hickory_server::proto::serialize::txt::Parser;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::{sleep, timeout};

/// A server for these zones, by their origins, over UDP and TCP, which lives as long as the runtime
/// of the test.
pub(crate) async fn serve_zones(zones: &[(&str, &str)]) -> SocketAddr {
    let mut catalog = Catalog::new();
    for (origin, zone) in zones {
        let origin = Name::from_ascii(origin).unwrap();
        let parser = Parser::new(*zone, None, Some(origin.clone()));
        let (_, records) = parser.parse().unwrap();
        let handler: InMemoryZoneHandler =
            InMemoryZoneHandler::new(origin.clone(), records, ZoneType::Primary, AxfrPolicy::Deny)
                .unwrap();
        catalog.upsert(origin.into(), vec![Arc::new(handler)]);
    }
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            break (udp, tcp);
        }
    };
    let address = udp.local_addr().unwrap();
    let mut server = Server::new(catalog);
    server.register_socket(udp);
    server.register_listener(tcp, Duration::from_secs(5), 65_535);
    tokio::spawn(async move { server.block_until_done().await });
    address
}

/// A server for `example.com` with these records.
pub(crate) async fn serve(zone: &str) -> SocketAddr {
    let head = "@ 60 IN SOA ns.example.com. admin.example.com. 1 60 60 60 60\n";
    let lines: String = zone
        .lines()
        .map(|line| format!("{}\n", line.trim()))
        .collect();
    serve_zones(&[("example.com.", &format!("{head}{lines}"))]).await
}

/// What becomes of a question at the [`proxy`].
pub(crate) enum Fate {
    /// The server's answer is changed.
    Changed(fn(&mut Message)),
    /// The answer comes later.
    Delayed(Duration),
    /// There is no answer.
    Dropped,
    /// Something else comes as an answer, and the answer a little later.
    Forestalled(fn(Message) -> Vec<u8>),
    /// It is as it should be.
    Passed,
    /// This is the answer, without any records.
    Refused(ResponseCode),
    /// This is the answer.
    Replaced(fn(Message) -> Vec<u8>),
}

/// Stands between a resolver and the server at `upstream`, over UDP only; counts of questions start
/// at 0.
pub(crate) async fn proxy(
    upstream: SocketAddr,
    fate: impl Fn(&Message, usize) -> Fate + Send + Sync + 'static,
) -> SocketAddr {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4_096];
        let mut count = 0;
        while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
            let bytes = buffer[..length].to_vec();
            let question = Message::from_vec(&bytes).unwrap();
            let fate = fate(&question, count);
            count += 1;
            let socket = Arc::clone(&socket);
            tokio::spawn(async move {
                let answer = match fate {
                    Fate::Dropped => return,
                    Fate::Refused(code) => empty(question, code),
                    Fate::Replaced(make) => make(question),
                    Fate::Passed => ask(upstream, &bytes).await,
                    Fate::Changed(change) => {
                        let answer = ask(upstream, &bytes).await;
                        let mut answer = Message::from_vec(&answer).unwrap();
                        change(&mut answer);
                        answer.to_vec().unwrap()
                    }
                    Fate::Delayed(delay) => {
                        sleep(delay).await;
                        ask(upstream, &bytes).await
                    }
                    Fate::Forestalled(make) => {
                        socket.send_to(&make(question), client).await.unwrap();
                        sleep(Duration::from_millis(20)).await;
                        ask(upstream, &bytes).await
                    }
                };
                // Whoever has gone away wants no answer.
                let _ = socket.send_to(&answer, client).await;
            });
        }
    });
    address
}

/// `NAME TYPE`, the name in lower case with the dot at its end.
pub(crate) fn asked(question: &Message) -> String {
    let query = &question.queries[0];
    let name = query.name().to_lowercase();
    format!("{name} {}", query.query_type())
}

/// An answer without records.
pub(crate) fn empty(mut question: Message, code: ResponseCode) -> Vec<u8> {
    question.metadata.message_type = MessageType::Response;
    question.metadata.response_code = code;
    question.to_vec().unwrap()
}

pub(crate) async fn ask(server: SocketAddr, question: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(question, server).await.unwrap();
    let mut buffer = vec![0; 65_535];
    let answered = timeout(Duration::from_secs(5), socket.recv(&mut buffer)).await;
    let length = answered.unwrap().unwrap();
    buffer.truncate(length);
    buffer
}

//! The driver against a real name server on loopback, over UDP and TCP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::proto::op::ResponseCode;
use hickory_server::proto::rr::Name;
use hickory_server::proto::serialize::txt::Parser;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, MessageResponseBuilder, ZoneType};
use offhook_sip_resolver::{
    Options, Policy, Resolution, ResolveError, ResolveFailure, Resolver, SetupError,
};
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::Instant;

use crate::zone::Counter;

/// A zone, and names for which the server fails or stays silent.
struct Moody {
    catalog: Catalog,
    /// Whether questions with EDNS are refused, as by servers that do not know it.
    knows_edns: bool,
    fails: Vec<&'static str>,
    drops: Vec<&'static str>,
}

impl Moody {
    fn has(list: &[&str], request: &Request) -> bool {
        let Ok(info) = request.request_info() else {
            return false;
        };
        let question = format!("{} {}", info.query.name(), info.query.query_type());
        list.iter()
            .any(|entry| question.eq_ignore_ascii_case(entry))
    }
}

#[async_trait::async_trait]
impl RequestHandler for Moody {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut response: R,
    ) -> ResponseInfo {
        if Self::has(&self.drops, request) {
            std::future::pending::<()>().await;
        }
        let code = match () {
            () if Self::has(&self.fails, request) => Some(ResponseCode::ServFail),
            () if !self.knows_edns && request.edns.is_some() => Some(ResponseCode::FormErr),
            () => None,
        };
        if let Some(code) = code {
            let builder = MessageResponseBuilder::from_message_request(request);
            let message = builder.error_msg(&request.metadata, code);
            return response.send_response(message).await.unwrap();
        }
        self.catalog.handle_request::<R, T>(request, response).await
    }
}

/// A server for `example.com`, which lives as long as the runtime of the test. Among what it fails
/// at may be `EDNS`.
async fn serve(zone: &str, fails: &[&'static str], drops: &[&'static str]) -> SocketAddr {
    let head = "@ 60 IN SOA ns.example.com. admin.example.com. 1 60 60 60 60\n";
    let lines: String = zone
        .lines()
        .map(|line| format!("{}\n", line.trim()))
        .collect();
    let origin = Name::from_ascii("example.com.").unwrap();
    let parser = Parser::new(format!("{head}{lines}"), None, Some(origin));
    let (origin, records) = parser.parse().unwrap();
    let handler: InMemoryZoneHandler =
        InMemoryZoneHandler::new(origin.clone(), records, ZoneType::Primary, AxfrPolicy::Deny)
            .unwrap();
    let mut catalog = Catalog::new();
    catalog.upsert(origin.into(), vec![Arc::new(handler)]);
    let (fails, drops) = (fails.to_vec(), drops.to_vec());
    let moody = Moody {
        catalog,
        knows_edns: !fails.contains(&"EDNS"),
        fails,
        drops,
    };
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            break (udp, tcp);
        }
    };
    let address = udp.local_addr().unwrap();
    let mut server = Server::new(moody);
    server.register_socket(udp);
    server.register_listener(tcp, Duration::from_secs(5), 65_535);
    tokio::spawn(async move { server.block_until_done().await });
    address
}

async fn resolve(server: SocketAddr, options: Options) -> Result<Resolution, ResolveFailure> {
    let resolver = Resolver::new([server], options).unwrap();
    let target = "example.com".parse().unwrap();
    resolver
        .resolve(&target, &Policy::room_os(), &mut Counter(3))
        .await
}

async fn hops(zone: &str) -> Result<Vec<String>, ResolveError> {
    let server = serve(zone, &[], &[]).await;
    match resolve(server, Options::default()).await {
        Ok(found) => Ok(found.hops().iter().map(ToString::to_string).collect()),
        Err(failure) => Err(failure.error()),
    }
}

#[tokio::test]
async fn the_usual_zones_give_their_servers() {
    for (zone, expected) in [
        (
            r#"@ 60 IN NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp
            _sips._tcp 60 IN SRV 10 0 5061 one
            one 60 IN A 192.0.2.1
            one 60 IN AAAA 2001:db8::1"#,
            Ok(vec![
                "TLS [2001:db8::1]:5061 as example.com".to_owned(),
                "TLS 192.0.2.1:5061 as example.com".to_owned(),
            ]),
        ),
        (
            "_sip._tls 60 IN SRV 20 0 5061 two
            _sip._tls 60 IN SRV 10 0 5062 one
            one 60 IN A 192.0.2.1
            two 60 IN A 192.0.2.2",
            Ok(vec![
                "TLS 192.0.2.1:5062 as example.com".to_owned(),
                "TLS 192.0.2.2:5061 as example.com".to_owned(),
            ]),
        ),
        (
            "@ 60 IN A 192.0.2.1",
            Ok(vec!["TLS 192.0.2.1:5061 as example.com".to_owned()]),
        ),
        (
            "_sip._tls 60 IN CNAME srv
            srv 60 IN SRV 10 0 5061 one
            one 60 IN CNAME host
            host 60 IN A 192.0.2.1",
            Ok(vec!["TLS 192.0.2.1:5061 as example.com".to_owned()]),
        ),
        (
            "_sip._udp 60 IN SRV 10 0 5060 one
            one 60 IN A 192.0.2.1",
            Err(ResolveError::NotFound),
        ),
        (
            "_sip._tls 60 IN SRV 0 0 0 .
            @ 60 IN A 192.0.2.1",
            Err(ResolveError::ServiceNotAvailable),
        ),
        (
            r#"@ 60 IN NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp
            @ 60 IN A 192.0.2.1"#,
            Err(ResolveError::NoTlsService),
        ),
    ] {
        assert_eq!(hops(zone).await, expected, "{zone}");
    }
}

#[tokio::test]
async fn an_answer_too_long_for_udp_comes_over_tcp() {
    let mut zone = String::new();
    for server in 0..40 {
        let name = format!("{}{server}", "long-name-of-a-server-".repeat(2));
        zone += &format!("_sip._tls 60 IN SRV {server} 0 5061 {name}\n");
    }
    zone += &format!(
        "{}0 60 IN A 192.0.2.1\n",
        "long-name-of-a-server-".repeat(2)
    );
    let expected = ["TLS 192.0.2.1:5061 as example.com"];
    assert_eq!(hops(&zone).await.unwrap(), expected);
}

#[tokio::test]
async fn a_failing_srv_question_is_temporary() {
    let zone = "@ 60 IN A 192.0.2.1";
    let server = serve(zone, &["_sip._tls.example.com. SRV"], &[]).await;
    let failure = resolve(server, Options::default()).await.unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
    assert!(failure.is_temporary());
}

#[tokio::test]
async fn a_server_that_does_not_know_edns_is_asked_without() {
    let server = serve("@ 60 IN A 192.0.2.1", &["EDNS"], &[]).await;
    let found = resolve(server, Options::default()).await.unwrap();
    assert_eq!(found.hops().len(), 1);
}

#[tokio::test]
async fn a_silent_server_costs_no_more_than_the_deadline() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let options = Options::default().with_deadline(Duration::from_millis(300));
    let start = Instant::now();
    let failure = resolve(socket.local_addr().unwrap(), options)
        .await
        .unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(failure.error(), ResolveError::Temporary);
    assert_eq!(failure.trace().questions(), 5);
}

#[tokio::test]
async fn a_dropped_naptr_or_aaaa_question_costs_less_than_a_second() {
    let zone = "
        _sip._tls 60 IN SRV 10 0 5061 one
        one 60 IN A 192.0.2.1";
    let drops = [
        "example.com. NAPTR",
        "example.com. AAAA",
        "one.example.com. AAAA",
    ];
    let server = serve(zone, &[], &drops).await;
    let start = Instant::now();
    let found = resolve(server, Options::default()).await.unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        found.hops()[0].to_string(),
        "TLS 192.0.2.1:5061 as example.com"
    );
}

#[tokio::test]
async fn a_second_name_server_stands_in_for_the_first() {
    let dead = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let alive = serve("@ 60 IN A 192.0.2.1", &[], &[]).await;
    let servers = [dead.local_addr().unwrap(), alive];
    let resolver = Resolver::new(servers, Options::default()).unwrap();
    let target = "example.com".parse().unwrap();
    let found = resolver
        .resolve(&target, &Policy::room_os(), &mut Counter(3))
        .await;
    assert_eq!(found.unwrap().hops().len(), 1);
}

#[tokio::test]
async fn resolutions_can_run_in_tasks_of_their_own() {
    let server = serve("@ 60 IN A 192.0.2.1", &[], &[]).await;
    let task = tokio::spawn(resolve(server, Options::default()));
    assert!(task.await.unwrap().is_ok());
}

#[test]
fn without_name_servers_there_is_no_resolver() {
    assert!(matches!(
        Resolver::new(Vec::<SocketAddr>::new(), Options::default()),
        Err(SetupError::NoServers)
    ));
}

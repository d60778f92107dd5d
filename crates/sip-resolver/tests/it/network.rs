//! The driver against a real name server on loopback, over UDP and TCP.

use std::net::SocketAddr;
use std::time::Duration;

use offhook_sip_resolver::{
    Options, Policy, Resolution, ResolveError, ResolveFailure, Resolver, SetupError,
};
use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::server::serve;
use crate::zone::Counter;

pub(crate) async fn resolve(
    server: SocketAddr,
    options: Options,
) -> Result<Resolution, ResolveFailure> {
    let resolver = Resolver::new([server], options).unwrap();
    let target = "example.com".parse().unwrap();
    resolver
        .resolve(&target, &Policy::room_os(), &mut Counter(3))
        .await
}

async fn hops(zone: &str) -> Result<Vec<String>, ResolveError> {
    let server = serve(zone).await;
    match resolve(server, Options::default()).await {
        Ok(found) => Ok(found.hops().iter().map(ToString::to_string).collect()),
        Err(failure) => Err(failure.error()),
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
async fn a_second_name_server_stands_in_for_the_first() {
    let dead = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let alive = serve("@ 60 IN A 192.0.2.1").await;
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
    let server = serve("@ 60 IN A 192.0.2.1").await;
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

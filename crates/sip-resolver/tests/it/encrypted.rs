//! Name servers over TLS and HTTPS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_server::Server;
use hickory_server::proto::rr::Name;
use hickory_server::proto::serialize::txt::Parser;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use offhook_sip_resolver::{
    NameServer, Options, Policy, Resolution, ResolveError, ResolveFailure, Resolver, SetupError,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpListener;

use crate::zone::Counter;

const NAME: &str = "dns.example.net";
const PATH: &str = "/dns-query";

/// A server over TLS and one over HTTPS, with the certificate that both show.
async fn serve() -> (SocketAddr, SocketAddr, CertificateDer<'static>) {
    let origin = Name::from_ascii("example.com.").unwrap();
    let zone = "@ 60 IN SOA ns admin 1 60 60 60 60\n_sip._tls 60 IN SRV 10 0 5061 one\n\
        one 60 IN A 192.0.2.1\n";
    let (_, records) = Parser::new(zone, None, Some(origin.clone()))
        .parse()
        .unwrap();
    let handler: InMemoryZoneHandler =
        InMemoryZoneHandler::new(origin.clone(), records, ZoneType::Primary, AxfrPolicy::Deny)
            .unwrap();
    let mut catalog = Catalog::new();
    catalog.upsert(origin.into(), vec![Arc::new(handler)]);

    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([NAME.to_owned()]).unwrap();
    let config = |protocol: &[u8]| {
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    };
    let mut server = Server::new(catalog);
    let tls = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let https = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = (tls.local_addr().unwrap(), https.local_addr().unwrap());
    let patience = Duration::from_secs(5);
    server
        .register_tls_listener_with_tls_config(tls, patience, config(b"dot"))
        .unwrap();
    server
        .register_https_listener_with_tls_config(
            https,
            patience,
            config(b"h2"),
            Some(NAME.to_owned()),
            PATH.to_owned(),
        )
        .unwrap();
    tokio::spawn(async move { server.block_until_done().await });
    (addresses.0, addresses.1, cert.der().clone())
}

fn trusting(roots: impl IntoIterator<Item = CertificateDer<'static>>) -> ClientConfig {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(store)
        .with_no_client_auth()
}

async fn resolve(server: NameServer, tls: &ClientConfig) -> Result<Resolution, ResolveFailure> {
    let options = Options::default().with_deadline(Duration::from_secs(3));
    let resolver = Resolver::with_tls([server], tls, options).unwrap();
    let target = "example.com".parse().unwrap();
    resolver
        .resolve(&target, &Policy::room_os(), &mut Counter(3))
        .await
}

#[tokio::test]
async fn name_servers_are_asked_over_tls_and_https() {
    let (tls, https, certificate) = serve().await;
    let config = trusting([certificate]);
    for (server, told) in [
        (NameServer::tls(tls, NAME), format!("[{tls} over TLS]\n")),
        (
            NameServer::https(https, NAME, PATH),
            format!("[{https} over HTTPS]\n"),
        ),
    ] {
        let found = resolve(server.clone(), &config).await;
        let found = found.unwrap_or_else(|error| panic!("{server:?}:\n{}", error.trace()));
        let hops: Vec<_> = found.hops().iter().map(ToString::to_string).collect();
        assert_eq!(hops, ["TLS 192.0.2.1:5061 as example.com"], "{server:?}");
        assert!(
            found.trace().to_string().contains(&told),
            "{}",
            found.trace()
        );
    }
}

#[tokio::test]
async fn a_name_server_with_another_certificate_is_not_believed() {
    let (tls, https, certificate) = serve().await;
    let (_, _, other) = serve().await;
    for (server, roots) in [
        (NameServer::tls(tls, NAME), other.clone()),
        (NameServer::tls(tls, "dns.example.org"), certificate),
        (NameServer::https(https, NAME, PATH), other),
    ] {
        let failure = resolve(server.clone(), &trusting([roots]))
            .await
            .unwrap_err();
        assert_eq!(failure.error(), ResolveError::Temporary, "{server:?}");
    }
}

#[test]
fn an_encrypted_server_needs_to_be_told_whom_to_trust() {
    let server = NameServer::tls(([192, 0, 2, 53], 853).into(), NAME);
    let resolver = Resolver::new([server], Options::default());
    assert!(matches!(resolver, Err(SetupError::NoTls)));
}

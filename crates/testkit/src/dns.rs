//! A DNS server on loopback, by hickory.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use hickory_server::Server;
use hickory_server::proto::rr::Name;
use hickory_server::proto::serialize::txt::Parser;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use tokio::net::{TcpListener, UdpSocket};

/// A DNS server that answers for one zone on one loopback port, over UDP and TCP; it ends when it
/// is dropped.
#[derive(Debug)]
pub struct DnsServer {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl DnsServer {
    /// Serves the records of `zone`, a master file, under `origin`.
    ///
    /// # Errors
    ///
    /// When the zone is not well formed or no port can be had.
    ///
    /// # Source
    ///
    /// [RFC 1035 section 5](https://www.rfc-editor.org/rfc/rfc1035#section-5): master files.
    pub async fn start(origin: &str, zone: &str) -> anyhow::Result<Self> {
        let origin = Name::from_ascii(origin).with_context(|| format!("zone {origin}"))?;
        let (origin, records) = Parser::new(zone, None, Some(origin))
            .parse()
            .map_err(|error| anyhow!("zone file: {error}"))?;
        let handler: InMemoryZoneHandler =
            InMemoryZoneHandler::new(origin.clone(), records, ZoneType::Primary, AxfrPolicy::Deny)
                .map_err(|error| anyhow!("zone: {error}"))?;
        let mut catalog = Catalog::new();
        catalog.upsert(origin.into(), vec![Arc::new(handler)]);

        let (udp, tcp) = bind_both().await?;
        let address = udp.local_addr().context("address of the DNS server")?;
        let mut server = Server::new(catalog);
        server.register_socket(udp);
        server.register_listener(tcp, Duration::from_secs(5), 4096);
        let task = tokio::spawn(async move {
            // Ends with an error only when its sockets do, and then no test can go on anyhow.
            let _ = server.block_until_done().await;
        });
        Ok(Self { address, task })
    }

    /// Where it answers, over UDP and over TCP.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A UDP socket and a TCP listener on the same free port.
async fn bind_both() -> anyhow::Result<(UdpSocket, TcpListener)> {
    let mut last = None;
    for _ in 0..32 {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("UDP port")?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => last = Some(error),
        }
    }
    Err(anyhow!("no port is free for both UDP and TCP: {last:?}"))
}

//! Whose request it is that a proxy passes on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use offhook_device_identity::TrustedProxies;

use super::Peer;

/// The routes of `router` behind `proxies`, which write the address of their client at the end of the
/// header `name`, most often `X-Forwarded-For`. What counts by address then counts by that one.
///
/// From the end, the first address that is none of the proxies' is the client's; 16 are looked at. What stands
/// before it the client itself may have written. Where an entry is no address, or a request does not come
/// from one of `proxies`, the address of the connection counts.
pub fn forwarded(router: Router, proxies: TrustedProxies, name: HeaderName) -> Router {
    let state = Arc::new(Proxies { proxies, name });
    router.layer(from_fn_with_state(state, tell))
}

#[derive(Debug)]
struct Proxies {
    proxies: TrustedProxies,
    name: HeaderName,
}

async fn tell(State(proxies): State<Arc<Proxies>>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<Peer>>()
        && let Some(client) = proxies.client(peer.address().ip(), request.headers())
    {
        let peer = peer.clone().with_client(client);
        request.extensions_mut().insert(ConnectInfo(peer));
    }
    next.run(request).await
}

impl Proxies {
    fn client(&self, connection: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let is_proxy = |address| self.proxies.admit(address).is_some();
        if !is_proxy(connection) {
            return None;
        }
        let lines: Vec<_> = headers.get_all(&self.name).iter().collect();
        let entries = lines.iter().rev().flat_map(|line| {
            let line = line.as_bytes();
            line.rsplit(|byte| *byte == b',')
        });
        entries
            .take(MAX_ENTRIES)
            .map_while(address)
            .find(|address| !is_proxy(*address))
    }
}

/// An address, with a port or not.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let with_port = || text.parse().map(|address: SocketAddr| address.ip()).ok();
    bare.parse().ok().or_else(with_port)
}

/// How many addresses of a header are looked at.
const MAX_ENTRIES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_clients_and_no_client_can_choose_it() {
        let networks = ["192.0.2.0/28", "2001:db8::/64"].map(|network| network.parse().unwrap());
        let proxies = Proxies {
            proxies: TrustedProxies::new(networks),
            name: HeaderName::from_static("x-forwarded-for"),
        };
        let many = format!("198.51.100.7{}", ", 192.0.2.2".repeat(16));
        for (connection, lines, client) in [
            ("192.0.2.1", &["198.51.100.7"][..], Some("198.51.100.7")),
            (
                "192.0.2.1",
                &["10.0.0.1, 198.51.100.7"],
                Some("198.51.100.7"),
            ),
            (
                "192.0.2.1",
                &["10.0.0.1", "198.51.100.7, 192.0.2.2"],
                Some("198.51.100.7"),
            ),
            ("192.0.2.1", &["198.51.100.7:5061"], Some("198.51.100.7")),
            (
                "192.0.2.1",
                &["[2001:db8:1::7]:5061"],
                Some("2001:db8:1::7"),
            ),
            ("2001:db8::1", &["2001:db8:1::7"], Some("2001:db8:1::7")),
            ("192.0.2.1", &["198.51.100.7, unknown"], None),
            ("192.0.2.1", &["198.51.100.7,"], None),
            ("192.0.2.1", &["192.0.2.2"], None),
            ("192.0.2.1", &[], None),
            ("192.0.2.1", &[many.as_str()], None),
            // Who is no proxy speaks for nobody else.
            ("192.0.2.77", &["198.51.100.7"], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let found = proxies.client(connection.parse().unwrap(), &headers);
            let client = client.map(|client| client.parse().unwrap());
            assert_eq!(found, client, "{connection} {lines:?}");
        }
    }
}

//! How many requests an address may send.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use offhook_device_identity::IpNetwork;

use super::ledger::{Ledger, Rate};
use super::listener::network;
use super::problem::Refused;
use super::{Clock, Peer};

/// How many requests one IPv4 address or IPv6 /64 may send: a number at once, and then one in each
/// interval.
///
/// Each address is remembered while it is not idle, and 65,536 of them at most; when there are more,
/// those that come last have one share together. A node counts by itself.
#[derive(Clone, Debug)]
pub struct RateLimit {
    rate: Rate,
    exempt: Vec<IpNetwork>,
    ledger: Option<RateLedger>,
}

/// What addresses have sent, to be handed from one [`RateLimit`] to the next when a service reads its
/// settings again. Clones are the same ledger. Two limits that are asked in turn need one each: what one of
/// them has counted is cut down to what the other allows.
#[derive(Clone, Debug, Default)]
pub struct RateLedger(Arc<Mutex<Ledger<IpAddr>>>);

impl RateLimit {
    /// Allows `burst` requests at once, at least one, and one more after each `interval`.
    #[must_use]
    pub fn new(interval: Duration, burst: u32) -> Self {
        Self {
            rate: Rate {
                interval,
                burst: burst.max(1),
            },
            exempt: Vec::new(),
            ledger: None,
        }
    }

    /// Goes on with what `ledger` has counted, also under another limit: whose share was used up has
    /// none left under a smaller one either.
    #[must_use]
    pub fn with_ledger(self, ledger: RateLedger) -> Self {
        Self {
            ledger: Some(ledger),
            ..self
        }
    }

    /// Lets requests of clients in `network` pass uncounted: those of a monitor, say, or of an office that
    /// has one address, or of a proxy in front that does not say whose requests it passes on and counts
    /// them itself.
    ///
    /// Whose request it is, [`Peer::client`] says. So the clients behind a proxy that is
    /// [listed](super::forwarded()) are counted each for itself, whether the proxy is in `network` or not.
    #[must_use]
    pub fn with_exempt(mut self, network: IpNetwork) -> Self {
        self.exempt.push(network);
        self
    }
}

/// The routes of `router`, behind `limit`. Who sends more is answered 429 with `Retry-After`, before
/// anything of the request but its head was read.
///
/// # Source
///
/// [RFC 6585 section 4](https://www.rfc-editor.org/rfc/rfc6585#section-4): the status 429.
pub fn rate_limited(router: Router, limit: RateLimit, clock: Arc<dyn Clock>) -> Router {
    let state = Arc::new(Limiter::new(limit, clock));
    router.layer(from_fn_with_state(state, pass))
}

#[derive(Debug)]
struct Limiter {
    limit: RateLimit,
    clock: Arc<dyn Clock>,
    ledger: RateLedger,
}

async fn pass(State(limiter): State<Arc<Limiter>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let address = peer.map_or(UNKNOWN, |ConnectInfo(peer)| peer.client());
    match limiter.admit(address) {
        Ok(()) => next.run(request).await,
        Err(wait) => Refused::too_fast(wait).into_response(),
    }
}

impl Limiter {
    fn new(mut limit: RateLimit, clock: Arc<dyn Clock>) -> Self {
        let ledger = limit.ledger.take().unwrap_or_default();
        Self {
            limit,
            clock,
            ledger,
        }
    }

    fn admit(&self, address: IpAddr) -> Result<(), Duration> {
        let exempt = &self.limit.exempt;
        if exempt.iter().any(|network| network.contains(address)) {
            return Ok(());
        }
        let now = self.clock.now();
        let ledger = &self.ledger.0;
        let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.admit(network(address), self.limit.rate, now)
    }
}

/// Whose requests count together where it is not known whose they are.
const UNKNOWN: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use axum::body::Body;
    use tower::ServiceExt as _;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A clock that does not go on.
    #[derive(Debug)]
    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
        }
    }

    #[test]
    fn a_new_limit_goes_on_with_what_the_one_before_has_counted() {
        let ledger = RateLedger::default();
        let limiter = |burst| {
            let limit = RateLimit::new(SECOND, burst).with_ledger(ledger.clone());
            Limiter::new(limit, Arc::new(Stopped))
        };
        let (one, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let first = limiter(5);
        for _ in 0..5 {
            assert_eq!(first.admit(one), Ok(()));
        }
        assert_eq!(first.admit(other), Ok(()));
        // The same limit, a smaller one, and a larger one.
        assert_eq!(limiter(5).admit(one), Err(SECOND));
        let smaller = limiter(2);
        assert_eq!(smaller.admit(one), Err(SECOND));
        assert_eq!(smaller.admit(other), Ok(()));
        assert_eq!(smaller.admit(other), Err(SECOND));
        let larger = limiter(4);
        for _ in 0..2 {
            assert_eq!(larger.admit(one), Ok(()));
        }
        assert_eq!(larger.admit(one), Err(SECOND));
        // Without a ledger it counts by itself.
        let alone = Limiter::new(RateLimit::new(SECOND, 5), Arc::new(Stopped));
        assert_eq!(alone.admit(one), Ok(()));
    }

    /// A proxy that is exempt as such exempts nobody whose requests it passes on.
    #[tokio::test]
    async fn who_is_exempt_goes_by_whose_request_it_is() {
        let limit = RateLimit::new(SECOND, 1).with_exempt("192.0.2.0/24".parse().unwrap());
        let router = Router::new().fallback(|| async {});
        let router = rate_limited(router, limit, Arc::new(Stopped));
        let (proxy, device) = (([192, 0, 2, 1], 443).into(), [198, 51, 100, 1].into());
        let status = async |peer: Peer| {
            let mut request = Request::new(Body::empty());
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request).await.unwrap().status()
        };
        for _ in 0..3 {
            assert_eq!(status(Peer::at(proxy)).await, 200);
        }
        let passed_on = || Peer::at(proxy).with_client(device);
        assert_eq!(status(passed_on()).await, 200);
        assert_eq!(status(passed_on()).await, 429);
        // And a client in there is exempt behind a proxy elsewhere too.
        for _ in 0..3 {
            let elsewhere = Peer::at(([203, 0, 113, 1], 443).into());
            let client = elsewhere.with_client([192, 0, 2, 7].into());
            assert_eq!(status(client).await, 200);
        }
    }
}

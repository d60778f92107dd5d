//! Every request in the log, with an id that its answer has too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tracing::Instrument as _;

use super::{Clock, Peer};

/// The routes of `router`, whose requests are told to `tracing` when they are answered: id, peer,
/// method, route, status and time. The answer bears the id in `X-Request-Id`, and what is logged
/// while the request is served has it as a span.
///
/// Ids are `node`, a hyphen and a number: a node that is started has a name that none had before.
/// What a request is for (profile, file, query), headers and bodies are never logged.
pub fn logged(router: Router, node: &str, clock: Arc<dyn Clock>) -> Router {
    let log = Arc::new(RequestLog {
        node: node.into(),
        count: AtomicU64::new(0),
        clock,
    });
    router.layer(from_fn_with_state(log, tell))
}

#[derive(Debug)]
struct RequestLog {
    node: Box<str>,
    count: AtomicU64,
    clock: Arc<dyn Clock>,
}

async fn tell(State(log): State<Arc<RequestLog>>, request: Request, next: Next) -> Response {
    let number = log.count.fetch_add(1, Ordering::Relaxed);
    let id = format!("{}-{number}", log.node);
    let extensions = request.extensions();
    let peer = extensions
        .get::<ConnectInfo<Peer>>()
        .map(|ConnectInfo(peer)| tracing::field::display(peer.client()));
    // The pattern and not the path, which may name a person.
    let route = extensions.get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    let span = tracing::info_span!("request", id = %id);
    let (method, begun) = (request.method().clone(), log.clock.now());
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = log.clock.now().duration_since(begun).unwrap_or_default();
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    let _entered = span.entered();
    if status < 500 {
        tracing::info!(peer, %method, route, status, micros, "answered");
    } else {
        tracing::warn!(peer, %method, route, status, micros, "answered");
    }
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

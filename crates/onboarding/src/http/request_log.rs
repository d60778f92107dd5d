//! Every request in the log, with an id that its answer has too.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tracing::{Instrument as _, Span};

use super::{Clock, Peer};

/// The routes of `router`, whose requests are told to `tracing` when they are answered: id, peer,
/// method, route, status and time. The answer bears the id in `X-Request-Id`, and what is logged
/// while the request is served has it as a span. A request that takes too long, or whose peer is
/// gone, is told as given up; the answer 408 of [`serve`](super::serve()) has no id.
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
    let peer = extensions.get::<ConnectInfo<Peer>>();
    let line = Line {
        span: tracing::info_span!("request", id = %id),
        peer: peer.map(|ConnectInfo(peer)| peer.client()),
        method: request.method().clone(),
        route: extensions.get::<MatchedPath>().cloned(),
        begun: log.clock.now(),
        clock: Arc::clone(&log.clock),
        status: None,
    };
    let mut response = next.run(request).instrument(line.span.clone()).await;
    line.answered(response.status());
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// What is told of a request when it is dropped: at its answer, or where the peer or the server gave
/// it up before.
struct Line {
    span: Span,
    peer: Option<IpAddr>,
    method: Method,
    /// The pattern and not the path, which may name a person.
    route: Option<MatchedPath>,
    begun: SystemTime,
    clock: Arc<dyn Clock>,
    status: Option<StatusCode>,
}

impl Line {
    fn answered(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        let peer = self.peer.map(tracing::field::display);
        let (method, route) = (&self.method, self.route.as_ref().map(MatchedPath::as_str));
        let took = self.clock.now().duration_since(self.begun);
        let micros = u64::try_from(took.unwrap_or_default().as_micros()).unwrap_or(u64::MAX);
        match self.status {
            Some(status) if !status.is_server_error() => {
                let status = status.as_u16();
                tracing::info!(peer, %method, route, status, micros, "answered");
            }
            Some(status) => {
                let status = status.as_u16();
                tracing::warn!(peer, %method, route, status, micros, "answered");
            }
            None => tracing::warn!(peer, %method, route, micros, "given up before its answer"),
        }
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

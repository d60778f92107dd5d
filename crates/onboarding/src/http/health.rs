//! Whether a node lives and can do its work.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::routing::get;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::fallback::method_not_allowed;
use super::problem::Refused;
use crate::Registry;

/// The routes `GET /health`, 200 as long as the process answers, and `GET /ready`, 200 while its store
/// is [ready](Registry::ready) too, to write and to read, and 503 else. Neither needs credentials, and
/// neither says more than that. The store is asked once a second, however many ask.
pub fn health_router(registry: Arc<dyn Registry>) -> Router {
    let readiness = Arc::new(Readiness {
        registry,
        last: Mutex::default(),
    });
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(readiness)
}

struct Readiness {
    registry: Arc<dyn Registry>,
    /// What the store said last, and when. Who asks while it is asked waits for the answer.
    last: Mutex<Option<(Instant, bool)>>,
}

type Answer = (StatusCode, [(header::HeaderName, &'static str); 1]);

async fn health() -> Answer {
    (StatusCode::OK, NOT_KEPT)
}

async fn ready(State(readiness): State<Arc<Readiness>>) -> Result<Answer, Refused> {
    let mut last = readiness.last.lock().await;
    if let Some((at, is_ready)) = *last
        && at.elapsed() < FRESH
    {
        return is_ready
            .then_some((StatusCode::OK, NOT_KEPT))
            .ok_or_else(Refused::unavailable);
    }
    let ready = readiness.registry.ready().await;
    *last = Some((Instant::now(), ready.is_ok()));
    ready.map_err(|error| Refused::failed(&error))?;
    Ok((StatusCode::OK, NOT_KEPT))
}

/// For how long an answer of the store is given again: anybody may ask, and each time it writes.
const FRESH: Duration = Duration::from_secs(1);

const NOT_KEPT: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

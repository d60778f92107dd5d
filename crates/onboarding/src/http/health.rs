//! Whether a node lives and can do its work.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::routing::get;

use super::fallback::method_not_allowed;
use super::problem::Refused;
use crate::Registry;

/// The routes `GET /health`, 200 as long as the process answers, and `GET /ready`, 200 while its store
/// is [ready](Registry::ready) too, to write and to read, and 503 else. Neither needs credentials, and
/// neither says more than that.
pub fn health_router(registry: Arc<dyn Registry>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(registry)
}

type Answer = (StatusCode, [(header::HeaderName, &'static str); 1]);

async fn health() -> Answer {
    (StatusCode::OK, NOT_KEPT)
}

async fn ready(State(registry): State<Arc<dyn Registry>>) -> Result<Answer, Refused> {
    let ready = registry.ready().await;
    ready.map_err(|error| Refused::failed(&error))?;
    Ok((StatusCode::OK, NOT_KEPT))
}

const NOT_KEPT: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

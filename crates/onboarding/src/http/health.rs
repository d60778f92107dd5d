//! Whether a node lives and can do its work.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::routing::get;
use offhook_activation_code::TenantId;
use uuid::Uuid;

use super::fallback::method_not_allowed;
use super::problem::Refused;
use crate::{DeviceKey, Registry};

/// The routes `GET /health`, 200 as long as the process answers, and `GET /ready`, 200 while its store
/// answers too, when it is asked for a device of `tenant`, and 503 else. Neither needs credentials, and
/// neither says more than that.
pub fn health_router(registry: Arc<dyn Registry>, tenant: TenantId) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Node { registry, tenant })
}

#[derive(Clone)]
struct Node {
    registry: Arc<dyn Registry>,
    tenant: TenantId,
}

type Answer = (StatusCode, [(header::HeaderName, &'static str); 1]);

async fn health() -> Answer {
    (StatusCode::OK, NOT_KEPT)
}

async fn ready(State(node): State<Node>) -> Result<Answer, Refused> {
    // Nobody has this one.
    let nobody = DeviceKey::Subject(Uuid::nil());
    let answer = node.registry.device(&node.tenant, &nobody).await;
    answer.map_err(|error| Refused::failed(&error))?;
    Ok((StatusCode::OK, NOT_KEPT))
}

const NOT_KEPT: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

//! The description of all routes.

use axum::Router;
use axum::http::header;
use axum::routing::get;

use super::fallback::method_not_allowed;

/// The description of the services, version 1: an `OpenAPI` 3.1 document in JSON. It describes the
/// routes of all routers here but the page for operators.
///
/// # Source
///
/// [OpenAPI 3.1.1](https://spec.openapis.org/oas/v3.1.1.html).
pub const OPENAPI: &str = include_str!("openapi.json");

/// The route `GET /openapi.json` with [`OPENAPI`]; it needs no credentials.
pub fn openapi_router() -> Router {
    let answer = async || ([(header::CONTENT_TYPE, "application/json")], OPENAPI);
    Router::new()
        .route("/openapi.json", get(answer))
        .method_not_allowed_fallback(method_not_allowed)
}

//! Answers where no route answers.

use axum::Router;

use super::problem::Refused;

/// What is answered to a path that no route has: 404, with a [`Problem`](crate::message::Problem) of
/// the word `unknown_route`. It is merged into a router with the routes, once.
pub fn fallback_router() -> Router {
    Router::new().fallback(async || Refused::unknown_route())
}

/// The answer of a route to a method that it is not for.
pub(super) async fn method_not_allowed() -> Refused {
    Refused::method_not_allowed()
}

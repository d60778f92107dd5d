//! The services over HTTP: `axum` routers, the TLS listener under them, settings of TLS, and the client of the
//! DM Bridge.

mod activation;
mod activation_limit;
mod bridge;
mod caller;
mod client;
mod clock;
mod fallback;
mod forwarded;
mod health;
mod identity;
mod key_set;
mod ledger;
mod life_cycle;
mod listener;
mod management;
mod openapi;
#[cfg(feature = "page")]
mod page;
mod problem;
mod rate_limit;
mod request_log;
mod stream;
mod tls;
mod tokens;
mod unread;

pub use activation::{ActivationApi, activation_router};
pub use activation_limit::ActivationLedger;
pub use bridge::HttpDmBridge;
pub use client::{ClientError, ManagementClient};
pub use clock::{Clock, SystemClock};
pub use fallback::fallback_router;
pub use forwarded::forwarded;
pub use health::health_router;
pub use key_set::{key_set_json, key_set_router};
pub use listener::{Peer, ServerLimits, ServerTls, serve, serve_until};
pub use management::{
    ADMIN_SCOPE, MAX_BODY_BYTES, METRICS_SCOPE, ManagementApi, REGISTRATION_SCOPE,
    management_router,
};
pub use openapi::{OPENAPI, openapi_router};
#[cfg(feature = "page")]
pub use page::operator_router;
pub use rate_limit::{RateLedger, RateLimit, rate_limited};
pub use request_log::logged;
pub use tls::{TlsCredentials, client_config, server_config};

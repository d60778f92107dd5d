//! What asks servers: for keys, about tokens, and for tokens of our own.

mod authentication;
mod endpoint;
mod fetch;
mod flight;
#[cfg(feature = "fetch")]
mod https;
mod introspection;
mod refresh;
mod refreshed;
mod remote;
mod revocation;

pub use authentication::{ClientAuthentication, ClientSecret};
use authentication::{Shown, basic, form};
use endpoint::Endpoint;
use fetch::shared_fetch;
pub use fetch::{Fetch, MAX_RESPONSE_BYTES};
use flight::Flight;
#[cfg(feature = "fetch")]
pub use https::{DEFAULT_TIMEOUT, HttpsFetch};
pub use introspection::{
    INACTIVE_CAPACITY, INACTIVE_MAX_AGE, INTROSPECTION_CAPACITY, INTROSPECTION_MAX_AGE,
    Introspector, MAX_LOOKUPS, TokenInfoFormat, TokenInfoRequest,
};
pub use refresh::{REFRESH_EVERY, REFRESH_TOKEN_LIFETIME, RefreshRequest, TokenResponse};
pub use refreshed::{
    REFRESH_RETRY, REFRESH_RETRY_WITHOUT_TOKEN, REFRESH_TOKEN_WARNING, RefreshTokenLife,
    RefreshedToken,
};
pub use remote::{FETCH_COOLDOWN, KEY_SET_MAX_AGE, KEY_SET_REFRESH_AFTER, RemoteKeys};
pub use revocation::{RevocationRequest, read_revocation};

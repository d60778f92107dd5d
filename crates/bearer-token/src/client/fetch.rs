//! The HTTP client, as a trait.

use std::fmt::Debug;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt;

use crate::FetchError;

/// One HTTP exchange, by whatever client the embedder has.
///
/// An implementor follows no redirect, judges no status, and gives up on a body as soon as it is
/// longer than [`MAX_RESPONSE_BYTES`]: it must never be read whole first. Whoever needs an exchange
/// polls it, which may be seldom: where a runtime is at hand, it should go on in a task.
#[async_trait]
pub trait Fetch: Debug + Send + Sync {
    /// Sends the request and gives the whole response, whatever its status.
    ///
    /// # Errors
    ///
    /// [`FetchError`] when there is no response to give.
    async fn fetch(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, FetchError>;
}

/// One exchange that many wait for. A client that panics has failed and takes nobody with it.
pub(super) async fn shared_fetch(
    fetch: &dyn Fetch,
    request: http::Request<Vec<u8>>,
) -> Result<http::Response<Vec<u8>>, Arc<FetchError>> {
    AssertUnwindSafe(async { fetch.fetch(request).await })
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(FetchError::Transport("the client panicked".into())))
        .map_err(Arc::new)
}

/// The longest response body that is read: 65,536 bytes.
///
/// # Source
///
/// Device integration for Webex on `BroadWorks`, `ciResponseBodyMaxSizeInBytes`: 65536.
pub const MAX_RESPONSE_BYTES: usize = 65_536;

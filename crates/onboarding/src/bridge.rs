//! The DM Bridge, which vouches for devices that come with their maker's certificate.

use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::BridgeError;
use crate::message::{BridgeAnswer, BridgeRequest};

/// The DM Bridge as device management sees it.
///
/// # Source
///
/// Webex for BroadWorks device integration, device management settings: a URL and the scope
/// `dm-bridge:device_auth`. The messages are ours.
#[async_trait]
pub trait DmBridge: fmt::Debug + Send + Sync {
    /// Asks whether a device may come on, and for its machine token. The token is for the subject
    /// in the request where there is one, else for one that the bridge chooses.
    ///
    /// # Errors
    ///
    /// [`BridgeError`], told apart by who must act.
    async fn authorize(
        &self,
        request: &BridgeRequest,
        now: SystemTime,
    ) -> Result<BridgeAnswer, BridgeError>;
}

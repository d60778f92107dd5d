//! The DM Bridge, which vouches for devices that come with their maker's certificate.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use offhook_activation_code::{Entropy, EntropyError, GrantId};
use offhook_bearer_token::{MachineClaims, MachineTokenIssuer, RefreshTokenLife, Scope, Subject};
use uuid::Uuid;

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

    /// How long the bridge can be asked until an operator must have a new refresh token issued;
    /// [`RefreshTokenLife::Unknown`] where it takes none.
    fn refresh_token_life(&self, _now: SystemTime) -> RefreshTokenLife {
        RefreshTokenLife::Unknown
    }
}

/// A bridge in the house: it signs the machine tokens itself, for every device that device
/// management asks for, which are those that are provisioned and have proved their address.
///
/// For deployments whose devices get their tokens from nobody else.
pub struct LocalDmBridge {
    issuer: Arc<MachineTokenIssuer>,
    entropy: Mutex<Box<dyn Entropy + Send>>,
}

impl LocalDmBridge {
    /// The bridge whose tokens are signed by `issuer`.
    pub fn new(issuer: Arc<MachineTokenIssuer>, entropy: impl Entropy + Send + 'static) -> Self {
        Self {
            issuer,
            entropy: Mutex::new(Box::new(entropy)),
        }
    }

    /// A subject for a device that has none, and the id of its token.
    fn draw(&self) -> Result<(Uuid, [u8; 16]), EntropyError> {
        // A source of entropy that panicked has no state that a later draw could spoil.
        let mut entropy = self.entropy.lock().unwrap_or_else(PoisonError::into_inner);
        let subject = GrantId::draw(entropy.as_mut())?;
        let mut token_id = [0; 16];
        entropy.fill(&mut token_id)?;
        Ok((*subject.as_uuid(), token_id))
    }
}

#[async_trait]
impl DmBridge for LocalDmBridge {
    async fn authorize(
        &self,
        request: &BridgeRequest,
        now: SystemTime,
    ) -> Result<BridgeAnswer, BridgeError> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| BridgeError::Failed(error);
        let (drawn, token_id) = self.draw().map_err(|error| failed(error.into()))?;
        let subject = request.subject.unwrap_or(drawn);
        let claims =
            MachineClaims::new(Subject::from(subject)).with_scope(Scope::BROADWORKS_CONNECTOR_USER);
        let token = self.issuer.issue(&claims, token_id, now);
        let token = token.map_err(|error| failed(error.into()))?;
        Ok(BridgeAnswer {
            subject,
            access_token: token.secret().to_owned().into(),
        })
    }
}

impl fmt::Debug for LocalDmBridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalDmBridge")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use offhook_activation_code::SystemEntropy;
    use offhook_bearer_token::{KeySet, SigningKey, verify};
    use offhook_device_name::MacAddress;

    use super::*;

    #[tokio::test]
    async fn a_device_keeps_its_subject_and_another_gets_one_of_its_own() {
        let (key, _) = SigningKey::generate_es256("k").unwrap();
        let life = Duration::from_secs(3_600);
        let issuer = MachineTokenIssuer::new(key, "https://i.test", "devices", life);
        let issuer = Arc::new(issuer);
        let keys = KeySet::from_json(issuer.key_set_json().unwrap().as_bytes()).unwrap();
        let bridge = LocalDmBridge::new(Arc::clone(&issuer), SystemEntropy::new());
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let ask = async |subject| {
            let mac_address = MacAddress::new([0, 0x0e, 8, 0xab, 0xcd, 0xef]);
            let request = BridgeRequest {
                mac_address,
                subject,
            };
            let answer = bridge.authorize(&request, now).await.unwrap();
            let token = answer.access_token.secret();
            let verified = verify(token, &keys, &issuer.policy(), now).unwrap();
            assert_eq!(verified.subject().uuid(), answer.subject);
            assert!(verified.has_scope(&Scope::BROADWORKS_CONNECTOR_USER));
            answer.subject
        };
        let first = ask(None).await;
        assert_ne!(ask(None).await, first);
        assert_eq!(ask(Some(first)).await, first);
    }
}

//! Tokens of requests: which are good, and whether who sends one may use it.

use std::sync::Arc;
use std::time::SystemTime;

use axum::http::HeaderMap;
use offhook_bearer_token::{
    AccessToken, CertificateThumbprint, CredentialsError, TokenPolicy, TokenVerifier,
    VerifiedToken, VerifyError, credentials,
};

use super::Peer;
use super::problem::Refused;

/// Whose tokens are good, and which.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    verifier: Arc<dyn TokenVerifier>,
    policy: Arc<TokenPolicy>,
}

impl Tokens {
    /// Tokens that are good to `verifier` and pass `policy`.
    pub(super) fn new(verifier: Arc<dyn TokenVerifier>, policy: TokenPolicy) -> Self {
        let policy = Arc::new(policy);
        Self { verifier, policy }
    }

    /// The token of a request, verified; `None` where it has no credentials at all.
    pub(super) async fn of_request(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
        scope: &str,
        now: SystemTime,
    ) -> Result<Option<Arc<VerifiedToken>>, Refused> {
        let token = match credentials(headers) {
            Ok(token) => token,
            Err(CredentialsError::Missing) => return Ok(None),
            Err(error) => return Err(Refused::credentials(error, scope)),
        };
        self.verified(peer, &token, scope, now).await.map(Some)
    }

    /// The token of a request that must have one.
    pub(super) async fn required(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
        scope: &str,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, Refused> {
        self.of_request(peer, headers, scope, now)
            .await?
            .ok_or_else(|| Refused::credentials(CredentialsError::Missing, scope))
    }

    /// The token, if it is good and its holder's.
    pub(super) async fn verified(
        &self,
        peer: &Peer,
        token: &AccessToken,
        scope: &str,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, Refused> {
        let Self { verifier, policy } = self;
        let verified = verifier.verify_token(token, policy, now).await;
        let verified = verified.map_err(|error| Refused::token(&error, scope))?;
        // A token that is bound to a certificate is good with that certificate only.
        let certificate = peer.certificates().first();
        let shown = certificate.map(|certificate| CertificateThumbprint::of_der(certificate));
        verified
            .check_holder(shown.as_ref())
            .map_err(|refusal| Refused::token(&VerifyError::Refused(refusal), scope))?;
        Ok(verified)
    }
}

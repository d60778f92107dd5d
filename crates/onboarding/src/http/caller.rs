//! Who asks, and for which device. These stand before query and body of a request, so that nobody who
//! may not ask learns what is wrong with those or has them read.

use std::time::SystemTime;

use axum::extract::{ConnectInfo, FromRequestParts, Path};
use axum::http::request::Parts;
use offhook_activation_code::ProfileId;
use offhook_bearer_token::{TokenRefusal, VerifiedToken, VerifyError};

use super::management::{ADMIN_SCOPE, METRICS_SCOPE, ManagementApi, REGISTRATION_SCOPE};
use super::problem::{Refused, chain};
use super::{Peer, life_cycle};
use crate::{Act, Actor, Caller};

/// An administrator, by the scope of the token.
pub(super) struct Administrator {
    /// Who asks, and when the request came.
    pub(super) act: Act,
    /// Who is at the other end.
    pub(super) peer: Peer,
}

/// The registrar, by the scope of the token.
pub(super) struct Registrar {
    /// When the request came.
    pub(super) now: SystemTime,
}

/// Whoever may read the counters, by the scope of the token.
pub(super) struct Scraper {
    /// When the request came.
    pub(super) now: SystemTime,
}

/// A device, by its token or its identity.
pub(super) struct AskingDevice {
    pub(super) caller: Caller,
    /// Who is at the other end.
    pub(super) peer: Peer,
    /// When the request came.
    pub(super) now: SystemTime,
}

/// The device profile that the path names; one that cannot exist is none.
pub(super) struct Profile(pub(super) ProfileId);

impl FromRequestParts<ManagementApi> for Administrator {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &ManagementApi) -> Result<Self, Refused> {
        let (peer, now) = (peer(parts, api).await?, api.clock.now());
        let token = api.authorize(&peer, &parts.headers, ADMIN_SCOPE, now);
        let token = token.await?;
        let act = act(&token, ADMIN_SCOPE, now)?;
        Ok(Self { act, peer })
    }
}

impl FromRequestParts<ManagementApi> for Registrar {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &ManagementApi) -> Result<Self, Refused> {
        let (peer, now) = (peer(parts, api).await?, api.clock.now());
        let token = api.authorize(&peer, &parts.headers, REGISTRATION_SCOPE, now);
        token.await?;
        Ok(Self { now })
    }
}

impl FromRequestParts<ManagementApi> for Scraper {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &ManagementApi) -> Result<Self, Refused> {
        let (peer, now) = (peer(parts, api).await?, api.clock.now());
        let (scope, greater) = (METRICS_SCOPE, ADMIN_SCOPE);
        let passes = api.authorize_any(&peer, &parts.headers, scope, greater, now);
        passes.await?;
        Ok(Self { now })
    }
}

impl FromRequestParts<ManagementApi> for AskingDevice {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &ManagementApi) -> Result<Self, Refused> {
        let (peer, now) = (peer(parts, api).await?, api.clock.now());
        Ok(Self {
            caller: api.caller(&peer, &parts.headers, now).await?,
            peer,
            now,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Profile {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(profile) = path.map_err(|_| Refused::not_found())?;
        life_cycle::existing(&profile).map(Self)
    }
}

/// What is done at `now` by whom `token` speaks for, which has `scope`. Whom the audit log could not name
/// does nothing.
pub(super) fn act(token: &VerifiedToken, scope: &str, now: SystemTime) -> Result<Act, Refused> {
    let actor = Actor::of_token(token).map_err(|error| {
        tracing::error!(error = chain(&error), "an administrator cannot be named");
        Refused::token(&VerifyError::Refused(TokenRefusal::Issuer), scope)
    })?;
    Ok(Act::of(actor, now))
}

async fn peer(parts: &mut Parts, api: &ManagementApi) -> Result<Peer, Refused> {
    let peer = ConnectInfo::<Peer>::from_request_parts(parts, api).await;
    let ConnectInfo(peer) = peer.map_err(|_| Refused::unavailable())?;
    Ok(peer)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::StatusCode;
    use axum::response::IntoResponse as _;
    use offhook_bearer_token::{
        KeySet, MachineClaims, MachineTokenIssuer, SigningKey, Subject, verify,
    };
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_administrator_whom_the_audit_log_cannot_name_does_nothing() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let act_of = |issuer: &str| {
            let (key, _) = SigningKey::generate_es256("k").unwrap();
            let issuer = MachineTokenIssuer::new(key, issuer, "dms", Duration::from_secs(60));
            let claims = MachineClaims::new(Subject::from(Uuid::from_u128(7)));
            let token = issuer.issue(&claims, [1; 16], now).unwrap();
            let keys = KeySet::from_json(issuer.key_set_json().unwrap().as_bytes()).unwrap();
            let token = verify(token.secret(), &keys, &issuer.policy(), now).unwrap();
            act(&token, ADMIN_SCOPE, now)
        };
        let named = act_of("https://idp.test/").unwrap().actor.unwrap();
        assert_eq!(named.issuer(), Some("https://idp.test/"));
        let refused = act_of("https://idp.test/é").unwrap_err().into_response();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }
}

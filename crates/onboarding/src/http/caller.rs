//! Who asks, and for which device. These stand before query and body of a request, so that nobody who
//! may not ask learns what is wrong with those or has them read.

use std::net::IpAddr;
use std::time::SystemTime;

use axum::extract::{ConnectInfo, FromRequestParts, Path};
use axum::http::request::Parts;
use offhook_activation_code::ProfileId;

use super::management::{ADMIN_SCOPE, ManagementApi, REGISTRATION_SCOPE};
use super::problem::Refused;
use super::{Peer, life_cycle};
use crate::Caller;

/// An administrator, by the scope of the token.
pub(super) struct Administrator {
    /// When the request came.
    pub(super) now: SystemTime,
}

/// The registrar, by the scope of the token.
pub(super) struct Registrar {
    /// When the request came.
    pub(super) now: SystemTime,
}

/// A device, by its token or its identity.
pub(super) struct AskingDevice {
    pub(super) caller: Caller,
    /// Where the request came from.
    pub(super) source: IpAddr,
    /// When it came.
    pub(super) now: SystemTime,
}

/// The device profile that the path names; one that cannot exist is none.
pub(super) struct Profile(pub(super) ProfileId);

impl FromRequestParts<ManagementApi> for Administrator {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &ManagementApi) -> Result<Self, Refused> {
        let now = authorized(parts, api, ADMIN_SCOPE).await?;
        Ok(Self { now })
    }
}

impl FromRequestParts<ManagementApi> for Registrar {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &ManagementApi) -> Result<Self, Refused> {
        let now = authorized(parts, api, REGISTRATION_SCOPE).await?;
        Ok(Self { now })
    }
}

impl FromRequestParts<ManagementApi> for AskingDevice {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &ManagementApi) -> Result<Self, Refused> {
        let (peer, now) = (peer(parts, api).await?, api.clock.now());
        Ok(Self {
            caller: api.caller(&peer, &parts.headers, now).await?,
            source: peer.client(),
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

/// When a request came, if its token has `scope`.
async fn authorized(
    parts: &mut Parts,
    api: &ManagementApi,
    scope: &str,
) -> Result<SystemTime, Refused> {
    let (peer, now) = (peer(parts, api).await?, api.clock.now());
    api.authorize(&peer, &parts.headers, scope, now).await?;
    Ok(now)
}

async fn peer(parts: &mut Parts, api: &ManagementApi) -> Result<Peer, Refused> {
    let peer = ConnectInfo::<Peer>::from_request_parts(parts, api).await;
    let ConnectInfo(peer) = peer.map_err(|_| Refused::unavailable())?;
    Ok(peer)
}

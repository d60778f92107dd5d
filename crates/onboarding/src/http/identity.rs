//! Whom a connection speaks for.

use std::time::SystemTime;

use axum::http::{HeaderMap, StatusCode};
use offhook_device_identity::{DeviceIdentity, IdentitySource};

use super::Peer;
use super::problem::{Refused, chain};

/// The identity that the one configured source proves; `None` where the caller shows none.
pub(super) fn identity(
    source: &IdentitySource,
    peer: &Peer,
    headers: &HeaderMap,
    now: SystemTime,
) -> Result<Option<DeviceIdentity>, Refused> {
    match source {
        IdentitySource::Certificate(_) if peer.certificates().is_empty() => Ok(None),
        IdentitySource::Certificate(verifier) => peer
            .identity(verifier, now)
            .map(Some)
            .map_err(|error| refused(&error)),
        IdentitySource::Header { proxies, header } => {
            let values = headers.get_all(header.name());
            if values.iter().next().is_none() {
                return Ok(None);
            }
            let proxy = proxies.admit(peer.address().ip()).ok_or_else(|| {
                let what = "an identity header counts only from a listed proxy";
                Refused::forbidden("untrusted_proxy", what)
            })?;
            let values = values.iter().map(|value| value.as_bytes());
            let companions = header.companion().map(|name| headers.get_all(name));
            let companions = companions.iter().flatten().map(|value| value.as_bytes());
            header
                .identity_with(&proxy, values, companions, now)
                .map(Some)
                .map_err(|error| refused(&error))
        }
        _ => Err(Refused::unavailable()),
    }
}

/// What is wrong with a certificate or a header may be told: the caller sent it.
fn refused(error: &dyn std::error::Error) -> Refused {
    Refused::new(StatusCode::FORBIDDEN, "identity_refused", chain(error))
}

//! The activation service over HTTP.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, header};
use axum::routing::post;
use axum::{Json, Router};
use offhook_device_identity::IdentitySource;

use super::fallback::method_not_allowed;
use super::identity::identity;
use super::problem::{Message, Refused, chain, to_the_end};
use super::{Clock, MAX_BODY_BYTES, Peer};
use crate::message::{CodePresented, MachineToken};
use crate::{ActivationService, PresentError};

/// What the routes of the activation service need.
#[derive(Clone, Debug)]
pub struct ActivationApi {
    service: Arc<ActivationService>,
    identity: Arc<IdentitySource>,
    clock: Arc<dyn Clock>,
}

impl ActivationApi {
    /// The routes of `service`; devices that show an identity are known again by that.
    #[must_use]
    pub fn new(
        service: Arc<ActivationService>,
        identity: Arc<IdentitySource>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            service,
            identity,
            clock,
        }
    }
}

/// The route `POST /v1/activations`, for [`serve`](super::serve()); the messages are
/// ours, version 1.
pub fn activation_router(api: ActivationApi) -> Router {
    Router::new()
        .route("/v1/activations", post(activate))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(api)
}

async fn activate(
    State(api): State<ActivationApi>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    Message(request): Message<CodePresented>,
) -> Result<([(header::HeaderName, &'static str); 1], Json<MachineToken>), Refused> {
    let now = api.clock.now();
    let identity = identity(&api.identity, &peer, &headers, now)?;
    let (service, source) = (Arc::clone(&api.service), peer.client());
    let token = to_the_end(async move {
        service
            .activate(&request, identity.as_ref(), source, now)
            .await
    })
    .await?
    .map_err(|error| refused(error, now))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(token)))
}

fn refused(error: PresentError, now: SystemTime) -> Refused {
    match error {
        PresentError::OverBudget(over) => Refused::too_many(over, now),
        PresentError::Refused(_) => Refused::code(),
        PresentError::GroupAddress
        | PresentError::Key(_)
        | PresentError::KeyMissing
        | PresentError::Malformed(_)
        | PresentError::OtherAddress => Refused::bad_request(chain(&error)),
        PresentError::Entropy(_) | PresentError::Issuer(_) | PresentError::Store(_) => {
            Refused::failed(&error)
        }
    }
}

//! The activation service over HTTP.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, header};
use axum::routing::post;
use axum::{Json, Router};
use offhook_bearer_token::{Scope, TokenVerifier};
use offhook_device_identity::IdentitySource;

use super::fallback::method_not_allowed;
use super::identity::identity;
use super::problem::{Message, Refused, chain, to_the_end};
use super::tokens::Tokens;
use super::{Clock, MAX_BODY_BYTES, Peer};
use crate::message::{CodePresented, MachineToken};
use crate::{ActivationService, PresentError, RenewError};

/// What the routes of the activation service need.
#[derive(Clone, Debug)]
pub struct ActivationApi {
    service: Arc<ActivationService>,
    tokens: Tokens,
    identity: Arc<IdentitySource>,
    clock: Arc<dyn Clock>,
}

impl ActivationApi {
    /// The routes of `service`; devices that show an identity are known again by that. Tokens are
    /// renewed that are good to `verifier`, which knows all keys of the service's issuer, and pass the
    /// [`policy`](ActivationService::policy) of the service.
    #[must_use]
    pub fn new(
        service: Arc<ActivationService>,
        verifier: Arc<dyn TokenVerifier>,
        identity: Arc<IdentitySource>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let tokens = Tokens::new(verifier, service.policy());
        Self {
            service,
            tokens,
            identity,
            clock,
        }
    }
}

/// The routes of the activation service, version 1, for [`serve`](super::serve()).
///
/// | route | who | what |
/// |---|---|---|
/// | `POST /v1/activations` | device | redeem a code for a machine token |
/// | `POST /v1/machine-token` | device | renew its machine token |
///
/// # Source
///
/// [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750) for credentials and challenges; the
/// messages are ours.
pub fn activation_router(api: ActivationApi) -> Router {
    Router::new()
        .route("/v1/activations", post(activate))
        .route("/v1/machine-token", post(renew))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(api)
}

async fn activate(
    State(api): State<ActivationApi>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    Message(request): Message<CodePresented>,
) -> Result<TokenAnswer, Refused> {
    let now = api.clock.now();
    let identity = identity(&api.identity, &peer, &headers, now)?;
    let (service, source) = (Arc::clone(&api.service), peer.client());
    let token = to_the_end(&peer, async move {
        service
            .activate(&request, identity.as_ref(), source, now)
            .await
    })
    .await?
    .map_err(|error| not_redeemed(&error, now))?;
    Ok(answer(token))
}

async fn renew(
    State(api): State<ActivationApi>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Result<TokenAnswer, Refused> {
    let (scope, now) = (Scope::BROADWORKS_CONNECTOR_USER, api.clock.now());
    let token = api.tokens.required(&peer, &headers, scope.as_str(), now);
    let token = token.await?;
    let renewed = api.service.renew(&token, now).await;
    Ok(answer(renewed.map_err(|error| not_renewed(&error))?))
}

type TokenAnswer = ([(header::HeaderName, &'static str); 1], Json<MachineToken>);

/// A token is kept by nobody on the way.
fn answer(token: MachineToken) -> TokenAnswer {
    ([(header::CACHE_CONTROL, "no-store")], Json(token))
}

/// What a device is told whose code was not redeemed, at either service.
pub(super) fn not_redeemed(error: &PresentError, now: SystemTime) -> Refused {
    match error {
        PresentError::OverBudget(over) => Refused::too_many(*over, now),
        PresentError::Refused(_) => Refused::code(),
        PresentError::GroupAddress
        | PresentError::Key(_)
        | PresentError::KeyMissing
        | PresentError::Malformed(_)
        | PresentError::OtherAddress => Refused::bad_request(chain(error)),
        PresentError::Entropy(_) | PresentError::Issuer(_) | PresentError::Store(_) => {
            Refused::failed(error)
        }
    }
}

fn not_renewed(error: &RenewError) -> Refused {
    match error {
        // What such a token is told of its file too.
        RenewError::NotActivated => Refused::not_found(),
        RenewError::Scope(_) => Refused::scope(Scope::BROADWORKS_CONNECTOR_USER.as_str()),
        RenewError::Entropy(_) | RenewError::Issuer(_) | RenewError::Store(_) => {
            Refused::failed(error)
        }
    }
}

//! A DM Bridge over HTTP.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use offhook_bearer_token::{RemoteKeys, Scope, TokenPolicy, VerifyError, credentials};
use offhook_device_name::MacAddress;
use offhook_onboarding::http::Clock;
use offhook_onboarding::message::{BridgeAnswer, BridgeRequest};

use crate::Issuer;
use crate::issuer::random_uuid;

/// A DM Bridge that knows which devices its maker has shipped.
#[derive(Debug)]
pub struct DmBridgeServer {
    issuer: Arc<Issuer>,
    keys: RemoteKeys,
    policy: TokenPolicy,
    clock: Arc<dyn Clock>,
    shipped: Mutex<HashSet<MacAddress>>,
}

impl DmBridgeServer {
    /// A bridge whose callers need a token of `policy`, signed by one of `keys`, and whose machine
    /// tokens `issuer` signs.
    #[must_use]
    pub fn new(
        issuer: Arc<Issuer>,
        keys: RemoteKeys,
        policy: TokenPolicy,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            issuer,
            keys,
            policy,
            clock,
            shipped: Mutex::default(),
        }
    }

    /// Tells the bridge of a device that was shipped.
    pub fn ship(&self, mac: MacAddress) {
        self.shipped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(mac);
    }

    /// The route `POST /v1/device-auth`.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/v1/device-auth", post(authorize))
            .with_state(self)
    }

    async fn answer(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Json<BridgeAnswer>, StatusCode> {
        let token = credentials(headers).map_err(|_| StatusCode::UNAUTHORIZED)?;
        let verified = self
            .keys
            .verify(token.secret(), &self.policy, self.clock.now())
            .await
            .map_err(|error| match error {
                VerifyError::Refused(_) => StatusCode::UNAUTHORIZED,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            })?;
        if !verified.has_scope(&Scope::DM_BRIDGE_DEVICE_AUTH) {
            return Err(StatusCode::FORBIDDEN);
        }
        let request: BridgeRequest =
            serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)?;
        let is_shipped = self
            .shipped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&request.mac_address);
        if !is_shipped {
            return Err(StatusCode::FORBIDDEN);
        }
        // A device keeps the subject that it has; for any other a new one is drawn each time.
        let subject = match request.subject {
            Some(subject) => subject,
            None => random_uuid().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?,
        };
        let token = self
            .issuer
            .issue(subject, &[Scope::BROADWORKS_CONNECTOR_USER])
            .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        Ok(Json(BridgeAnswer {
            subject,
            access_token: token.secret().to_owned().into(),
        }))
    }
}

async fn authorize(
    State(bridge): State<Arc<DmBridgeServer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<BridgeAnswer>, StatusCode> {
    bridge.answer(&headers, &body).await
}

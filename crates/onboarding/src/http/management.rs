//! Device management over HTTP.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
#[cfg(feature = "page")]
use offhook_bearer_token::AccessToken;
use offhook_bearer_token::{CredentialsError, Scope, TokenPolicy, TokenVerifier, VerifiedToken};
use offhook_device_identity::IdentitySource;

use super::activation::not_redeemed;
use super::activation_limit::{ActivationLedger, Asking};
use super::caller::{Administrator, AskingDevice, Profile, Registrar, Scraper};
use super::fallback::method_not_allowed;
use super::identity::identity;
use super::problem::{Message, Refused, chain, to_the_end};
use super::tokens::Tokens;
use super::{Clock, Peer, life_cycle};
use crate::message::{
    ActivationAccepted, ActivationRequest, CodeIssued, CodeRequest, DeviceStatus, IdentityShown,
    ProvisionRequest, RegistrationReport,
};
use crate::{
    ActivateError, BridgeError, Caller, ConfigurationError, ConfigurationRefusal, DeviceKey,
    DeviceManagement, IssueCodeError, MailError, OnboardError, ProvisionError, RequestCodeError,
    RequestCodeRefusal, TemplateError, UpdateError,
};

/// The scope of an administrator's token; ours.
pub const ADMIN_SCOPE: &str = "offhook:admin";

/// The scope of the registrar's token; ours.
pub const REGISTRATION_SCOPE: &str = "offhook:registration";

/// The scope of a token that reads the counters and does nothing else; ours. An administrator's reads them too.
pub const METRICS_SCOPE: &str = "offhook:metrics";

/// The longest body of a request: 65,536 bytes.
pub const MAX_BODY_BYTES: usize = 65_536;

/// What the routes of device management need.
#[derive(Clone, Debug)]
pub struct ManagementApi {
    pub(super) management: Arc<DeviceManagement>,
    devices: Tokens,
    operators: Tokens,
    identity: Arc<IdentitySource>,
    activations: ActivationLedger,
    pub(super) clock: Arc<dyn Clock>,
}

impl ManagementApi {
    /// The routes of `management`: tokens must be good to `verifier` and pass `policy`, identities
    /// come from the one source `identity`.
    #[must_use]
    pub fn new(
        management: Arc<DeviceManagement>,
        verifier: Arc<dyn TokenVerifier>,
        policy: TokenPolicy,
        identity: Arc<IdentitySource>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let devices = Tokens::new(verifier, policy);
        Self {
            management,
            operators: devices.clone(),
            devices,
            identity,
            activations: ActivationLedger::default(),
            clock,
        }
    }

    /// Takes the tokens of administrators and of the registrar from others than those of devices:
    /// they must be good to `verifier` and pass `policy`.
    #[must_use]
    pub fn with_operators(self, verifier: Arc<dyn TokenVerifier>, policy: TokenPolicy) -> Self {
        Self {
            operators: Tokens::new(verifier, policy),
            ..self
        }
    }

    /// Counts refused activations in `ledger`, which outlives these routes.
    #[must_use]
    pub fn with_activation_ledger(self, ledger: ActivationLedger) -> Self {
        Self {
            activations: ledger,
            ..self
        }
    }

    /// Lets only a token with `scope` or the `greater` one pass; whoever has neither is told of `scope`.
    pub(super) async fn authorize_any(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
        scope: &str,
        greater: &str,
        now: SystemTime,
    ) -> Result<(), Refused> {
        let token = self.operators.required(peer, headers, scope, now).await?;
        has_scope(&token, greater).or_else(|_| has_scope(&token, scope))
    }

    /// Lets only a token with `scope` pass.
    pub(super) async fn authorize(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
        scope: &str,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, Refused> {
        let token = self.operators.required(peer, headers, scope, now).await?;
        has_scope(&token, scope)?;
        Ok(token)
    }

    /// Lets only a good token of an operator with `scope` pass.
    #[cfg(feature = "page")]
    pub(super) async fn admit(
        &self,
        peer: &Peer,
        token: &AccessToken,
        scope: &str,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, Refused> {
        let token = self.operators.verified(peer, token, scope, now).await?;
        has_scope(&token, scope)?;
        Ok(token)
    }

    /// The device that asks: by its token where it sends one, else by its identity.
    pub(super) async fn caller(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Caller, Refused> {
        let scope = Scope::BROADWORKS_CONNECTOR_USER;
        let token = self.devices.of_request(peer, headers, scope.as_str(), now);
        if let Some(token) = token.await? {
            return Ok(Caller::Token(Arc::unwrap_or_clone(token)));
        }
        identity(&self.identity, peer, headers, now)?
            .map(Caller::Identity)
            .ok_or_else(|| Refused::credentials(CredentialsError::Missing, scope.as_str()))
    }
}

fn has_scope(token: &VerifiedToken, scope: &str) -> Result<(), Refused> {
    if token.scopes().any(|found| found == scope) {
        Ok(())
    } else {
        Err(Refused::scope(scope))
    }
}

/// The routes of device management, version 1, for [`serve`](super::serve()).
///
/// | route | who | what |
/// |---|---|---|
/// | `POST /v1/devices` | administrator | provision |
/// | `GET /v1/devices?after=PROFILE&limit=N` | administrator | a page of all devices |
/// | `GET /v1/devices/PROFILE` | administrator | status |
/// | `DELETE /v1/devices/PROFILE` | administrator | delete |
/// | `POST /v1/devices/PROFILE/activation-code` | administrator | issue a code, mailed or in the answer |
/// | `POST /v1/devices/PROFILE/replacement-code` | administrator | the same for the device that takes the place of a broken one |
/// | `POST /v1/devices/PROFILE/deactivation` | administrator | deactivate; the address is cleared |
/// | `POST /v1/devices/PROFILE/move` | administrator | deactivate, and issue a code for another profile |
/// | `POST /v1/devices/PROFILE/reboot` | administrator | have call control restart it |
/// | `POST /v1/devices/PROFILE/problem-report` | administrator | have call control ask it for a report |
/// | `POST /v1/activate` | device | activate, by machine token or by certificate and code |
/// | `GET /v1/files/NAME` | device | configuration file |
/// | `GET /v1/identity` | device | who the service takes it for |
/// | `POST /v1/registrations` | registrar | may this subject register, and it did |
/// | `GET /metrics` | whoever has [`METRICS_SCOPE`], administrator | counters, Prometheus text |
///
/// # Source
///
/// [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750) for credentials and challenges; the
/// messages are ours.
pub fn management_router(api: ManagementApi) -> Router {
    Router::new()
        .route("/v1/devices", post(provision).get(life_cycle::list))
        .route(
            "/v1/devices/{profile}",
            get(status).delete(life_cycle::delete),
        )
        .route("/v1/devices/{profile}/activation-code", post(issue_code))
        .route("/v1/activate", post(activate))
        .route("/v1/files/{file}", get(file))
        .route("/v1/identity", get(show_identity))
        .route("/v1/registrations", post(registered))
        .route("/metrics", get(metrics))
        .merge(life_cycle::routes())
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(api)
}

async fn provision(
    State(api): State<ManagementApi>,
    Administrator { act, .. }: Administrator,
    Message(request): Message<ProvisionRequest>,
) -> Result<(StatusCode, Json<DeviceStatus>), Refused> {
    let device = api
        .management
        .provision(request, &act)
        .await
        .map_err(|error| onboard(error, act.now))?;
    Ok((StatusCode::CREATED, Json(device.into())))
}

async fn status(
    State(api): State<ManagementApi>,
    _: Administrator,
    Profile(profile): Profile,
) -> Result<Json<DeviceStatus>, Refused> {
    let found = api
        .management
        .device(&DeviceKey::Profile(profile))
        .await
        .map_err(update)?;
    found
        .map(|device| Json(device.into()))
        .ok_or_else(Refused::not_found)
}

async fn issue_code(
    State(api): State<ManagementApi>,
    Administrator { act, peer }: Administrator,
    Profile(profile): Profile,
    Message(request): Message<CodeRequest>,
) -> Result<Created, Refused> {
    let delivery = life_cycle::delivery(request.recipient.as_deref())?;
    let management = api.management;
    let issued = async move { management.issue_code(&profile, delivery, &act).await };
    let issued = to_the_end(&peer, issued).await?;
    Ok(created(issued.map_err(issue)?))
}

/// A code that may be in the answer is kept by nobody on the way.
pub(super) fn created(issued: CodeIssued) -> Created {
    let not_kept = [(header::CACHE_CONTROL, "no-store")];
    (StatusCode::CREATED, not_kept, Json(issued))
}

pub(super) type Created = (
    StatusCode,
    [(header::HeaderName, &'static str); 1],
    Json<CodeIssued>,
);

async fn activate(
    State(api): State<ManagementApi>,
    AskingDevice { caller, peer, now }: AskingDevice,
    Message(request): Message<ActivationRequest>,
) -> Result<Json<ActivationAccepted>, Refused> {
    let asking = Asking::from(&caller);
    api.activations.admit(asking, now)?;
    let (management, limit) = (Arc::clone(&api.management), api.activations.clone());
    let source = peer.client();
    let activated = async move {
        let activated = management.activate(&caller, request, source, now).await;
        limit.judge(asking, &activated);
        activated
    };
    let activated = to_the_end(&peer, activated).await?;
    let activated = activated.map_err(|error| onboard(error, now))?;
    let configuration_file = api
        .management
        .configuration_file(&activated.device)
        .map_err(configuration)?
        .ok_or_else(|| {
            let device_type = &activated.device.device_type;
            tracing::error!(device_type, "a device is of a type that is not offered");
            let what = "the device is activated, and its device type is not offered";
            Refused::unusable("configuration_unusable", what)
        })?;
    Ok(Json(ActivationAccepted {
        device_name: activated.device.name,
        configuration_file,
    }))
}

async fn file(
    State(api): State<ManagementApi>,
    AskingDevice { caller, now, .. }: AskingDevice,
    file: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Refused> {
    let Path(file) = file.map_err(|_| Refused::not_found())?;
    let document = api
        .management
        .configuration(&caller, &file, now)
        .await
        .map_err(configuration)?;
    let headers = [
        (header::CONTENT_TYPE, document.content_type()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, document.into_bytes()))
}

async fn show_identity(
    State(api): State<ManagementApi>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Result<Json<IdentityShown>, Refused> {
    let shown = identity(&api.identity, &peer, &headers, api.clock.now())?.ok_or_else(|| {
        // Not 401: there is no challenge for certificates, and that would need one.
        Refused::forbidden("no_identity", "no certificate and no identity header")
    })?;
    let found = api
        .management
        .device(&DeviceKey::Mac(shown.mac()))
        .await
        .map_err(update)?;
    let configuration_file = match &found {
        Some(device) => api
            .management
            .configuration_file(device)
            .map_err(configuration)?,
        None => None,
    };
    Ok(Json(IdentityShown {
        mac_address: shown.mac(),
        rule: shown.rule().to_string(),
        source: shown.source().to_string(),
        configuration_file,
    }))
}

async fn registered(
    State(api): State<ManagementApi>,
    Registrar { now }: Registrar,
    Message(report): Message<RegistrationReport>,
) -> Result<StatusCode, Refused> {
    api.management
        .registered(report, now)
        .await
        .map_err(update)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn metrics(
    State(api): State<ManagementApi>,
    Scraper { now }: Scraper,
) -> Result<impl IntoResponse, Refused> {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((content_type, api.management.metrics(now).await))
}

pub(super) fn onboard(error: OnboardError, now: SystemTime) -> Refused {
    match error {
        OnboardError::Present(error) => not_redeemed(&error, now),
        OnboardError::Provision(ProvisionError::Refused(refusal)) => {
            conflict("provisioning_refused", &refusal)
        }
        OnboardError::Activate(ActivateError::Code(_)) => Refused::code(),
        OnboardError::Activate(ActivateError::Refused(refusal)) => {
            Refused::forbidden("activation_refused", refusal.to_string())
        }
        OnboardError::Scope(_) => Refused::scope(Scope::BROADWORKS_CONNECTOR_USER.as_str()),
        OnboardError::Template(error @ TemplateError::Tag(_)) => {
            Refused::bad_request(chain(&error))
        }
        // The request is well formed; what it lacks is a matter of the device type.
        OnboardError::Template(error) => {
            let status = StatusCode::CONFLICT;
            Refused::new(status, "provisioning_refused", chain(&error))
        }
        OnboardError::Request(error) => Refused::bad_request(chain(&error)),
        error @ (OnboardError::Activate(ActivateError::Store(_))
        | OnboardError::Entropy(_)
        | OnboardError::Provision(ProvisionError::Store(_))) => Refused::failed(&error),
    }
}

pub(super) fn issue(error: IssueCodeError) -> Refused {
    match error {
        IssueCodeError::Request(RequestCodeError::Refused(RequestCodeRefusal::UnknownDevice)) => {
            Refused::not_found()
        }
        IssueCodeError::Request(RequestCodeError::Refused(refusal)) => {
            conflict("code_not_issued", &refusal)
        }
        IssueCodeError::NotShown => Refused::forbidden("codes_not_shown", error.to_string()),
        IssueCodeError::Mail(error @ MailError::Refused(_)) => {
            tracing::warn!(error = chain(&error), "a mail was refused");
            let what = "the code was issued, and the mail that was to bring it was refused";
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "mail_refused", what)
        }
        IssueCodeError::Mail(error @ MailError::Failed(_)) => {
            tracing::error!(error = chain(&error), "a mail was not taken");
            let what = "the code was issued, and could not be mailed: ask for a new one";
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "mail_failed", what)
        }
        error @ (IssueCodeError::Entropy(_)
        | IssueCodeError::Request(RequestCodeError::Store(_))) => Refused::failed(&error),
    }
}

fn configuration(error: ConfigurationError) -> Refused {
    match error {
        ConfigurationError::Refused(ConfigurationRefusal::NotFound) => Refused::not_found(),
        ConfigurationError::Refused(refusal) => {
            Refused::forbidden("configuration_refused", refusal.to_string())
        }
        ConfigurationError::Scope(_) => Refused::scope(Scope::BROADWORKS_CONNECTOR_USER.as_str()),
        ConfigurationError::Bridge(BridgeError::Refused { .. }) => {
            Refused::forbidden("device_not_authorized", "the DM Bridge refused the device")
        }
        ConfigurationError::Template(error) => {
            tracing::error!(error = chain(&error), "a template is of no use");
            let what = "the template of the file cannot be filled in";
            Refused::unusable("configuration_unusable", what)
        }
        error @ (ConfigurationError::Bridge(BridgeError::Failed(_) | BridgeError::OtherSubject)
        | ConfigurationError::Store(_)) => Refused::failed(&error),
    }
}

pub(super) fn update(error: UpdateError) -> Refused {
    match error {
        UpdateError::UnknownDevice => Refused::not_found(),
        UpdateError::NotActivated => conflict("not_activated", &error),
        UpdateError::NoEventReceiver => {
            let status = StatusCode::NOT_IMPLEMENTED;
            Refused::new(status, "no_event_receiver", error.to_string())
        }
        error @ (UpdateError::NameInUse | UpdateError::Store(_)) => Refused::failed(&error),
    }
}

pub(super) fn conflict(error: &'static str, refusal: &dyn StdError) -> Refused {
    Refused::new(StatusCode::CONFLICT, error, refusal.to_string())
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use offhook_activation_code::{RedemptionKey, Refusal};

    use super::*;
    use crate::PresentError;

    #[test]
    fn a_code_that_is_not_redeemed_is_told_alike_by_both_services() {
        let now = SystemTime::UNIX_EPOCH;
        let errors: [fn() -> PresentError; 5] = [
            || PresentError::GroupAddress,
            || PresentError::KeyMissing,
            || PresentError::OtherAddress,
            || PresentError::Key("x".parse::<RedemptionKey>().unwrap_err()),
            || PresentError::Refused(Refusal::Expired),
        ];
        for error in errors {
            let told = error().to_string();
            let here = onboard(OnboardError::Present(error()), now).into_response();
            let there = not_redeemed(&error(), now).into_response();
            assert_eq!(here.status(), there.status(), "{told}");
            let is_refusal = matches!(error(), PresentError::Refused(_));
            let wanted = if is_refusal { 403 } else { 400 };
            assert_eq!(here.status(), wanted, "{told}");
        }
    }
}

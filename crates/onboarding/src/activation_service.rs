//! The activation service: a code goes in, a machine token comes out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use offhook_activation_code::{
    Claimant, ClaimantKey, EntropyError, RedeemError, RedemptionKey, StoreError,
};
use offhook_bearer_token::{
    AccessToken, IssuerError, MachineClaims, MachineTokenIssuer, Scope, Subject, TokenPolicy,
    VerifiedToken,
};
use offhook_device_identity::DeviceIdentity;

use crate::message::{CodePresented, MachineToken};
use crate::{
    ActivationState, CodeDesk, Counter, Counters, DeviceKey, EdgeTrust, PresentError, Registry,
    RenewError,
};

/// The activation service of one tenant: it redeems codes, gives out machine tokens and renews them.
///
/// The subject of the token is the grant; a device that asks again because the answer was lost
/// gets a token for the same subject.
///
/// # Source
///
/// Webex for BroadWorks device integration, onboarding process: the code is validated by the
/// activation service, which returns a machine token.
#[derive(Debug)]
pub struct ActivationService {
    registry: Arc<dyn Registry>,
    desk: Arc<CodeDesk>,
    issuer: Arc<MachineTokenIssuer>,
    counters: Arc<Counters>,
    edge_trust: Option<EdgeTrust>,
}

impl ActivationService {
    /// The service over `registry`, whose tokens are signed by `issuer`.
    #[must_use]
    pub fn new(
        registry: Arc<dyn Registry>,
        desk: Arc<CodeDesk>,
        issuer: Arc<MachineTokenIssuer>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            registry,
            desk,
            issuer,
            counters,
            edge_trust: None,
        }
    }

    /// Hands `edge_trust` to each device that it tells the domain of its edge.
    #[must_use]
    pub fn with_edge_trust(self, edge_trust: EdgeTrust) -> Self {
        Self {
            edge_trust: Some(edge_trust),
            ..self
        }
    }

    /// Redeems a code for the device that presents it from `source`, its address or that of its
    /// network's edge. Wrong codes are counted against a budget before they are looked up.
    ///
    /// A device with a maker's certificate is known again by that, any other by its redemption
    /// key. What a certificate says of address and model goes before what the device says.
    ///
    /// # Errors
    ///
    /// [`PresentError::Malformed`], [`PresentError::Key`], [`PresentError::KeyMissing`],
    /// [`PresentError::GroupAddress`] and [`PresentError::OtherAddress`] when the request is not well formed;
    /// [`PresentError::OverBudget`] when there were too many wrong codes, and this one was not looked
    /// at; [`PresentError::Refused`] when the code is not good, for which a device must be told the same
    /// whatever the reason; the others when it could not be found out.
    pub async fn activate(
        &self,
        request: &CodePresented,
        identity: Option<&DeviceIdentity>,
        source: IpAddr,
        now: SystemTime,
    ) -> Result<MachineToken, PresentError> {
        self.counters.add(Counter::ActivationRequests);
        self.counters.add(Counter::WebexActivationRequests);
        let answer = self.redeem(request, identity, source, now).await;
        if let Err(error) = &answer {
            if matches!(error, PresentError::OverBudget(_)) {
                self.counters.add(Counter::CodesOverBudget);
            }
            self.counters.add(Counter::ActivationFailures);
            self.counters.add(Counter::WebexActivationFailures);
        }
        answer
    }

    async fn redeem(
        &self,
        request: &CodePresented,
        identity: Option<&DeviceIdentity>,
        source: IpAddr,
        now: SystemTime,
    ) -> Result<MachineToken, PresentError> {
        let claimant = claimant(request, identity)?;
        let code = request.activation_code.secret();
        let (redemption, admission) = self.desk.present(code, claimant, source, now).await?;
        let answer = self.registry.accept_code(&redemption, now).await;
        if !matches!(answer, Err(RedeemError::Refused(_))) {
            self.desk.budget().refund(admission, now);
        }
        let grant = answer.map_err(|error| match error {
            RedeemError::Refused(refusal) => PresentError::Refused(refusal),
            RedeemError::Store(error) => PresentError::Store(error),
            error => PresentError::Store(StoreError::new("redeem a code", error)),
        })?;
        if !grant.repeated() {
            self.counters.add(Counter::CodesRedeemed);
        }
        let claims = MachineClaims::new(Subject::from(*grant.id().as_uuid()));
        let token = self.sign(claims, now).map_err(|error| match error {
            SignError::Entropy(error) => PresentError::Entropy(error),
            SignError::Issuer(error) => PresentError::Issuer(error),
        })?;
        let service_domain = grant.mode().service_domain();
        let edge_trust = self
            .edge_trust
            .as_ref()
            .filter(|_| service_domain.is_some());
        Ok(MachineToken {
            service_domain: service_domain.map(ToString::to_string),
            edge_trust: edge_trust.map(|trust| trust.as_pem().to_owned()),
            ..self.answer(&token)
        })
    }

    /// Exchanges `token`, which is good still, for a new one with the same subject, for the same
    /// audience and bound to the same certificate, if it is bound to one. The scope of a machine token
    /// is carried over, and no other that `token` may have.
    ///
    /// The subject must be that of a device of the tenant that is activated now. The old token stays
    /// good until it expires, so a device whose answer was lost asks again. Nothing is written: neither
    /// into the registry nor into the audit log.
    ///
    /// # Errors
    ///
    /// [`RenewError::Scope`] when `token` is no machine token; [`RenewError::NotActivated`] when its
    /// device was deactivated, moved, replaced or deleted, or was never activated; the others when it
    /// could not be found out.
    pub async fn renew(
        &self,
        token: &VerifiedToken,
        now: SystemTime,
    ) -> Result<MachineToken, RenewError> {
        token
            .require(&Scope::BROADWORKS_CONNECTOR_USER)
            .map_err(RenewError::Scope)?;
        let key = DeviceKey::Subject(token.subject().uuid());
        let found = self.registry.device(self.desk.tenant(), &key).await;
        let found = found.map_err(RenewError::Store)?;
        if found.is_none_or(|device| device.state != ActivationState::Activated) {
            return Err(RenewError::NotActivated);
        }
        let claims = MachineClaims::new(*token.subject());
        let claims = match token.confirmation() {
            Some(thumbprint) => claims.with_confirmation(thumbprint),
            None => claims,
        };
        let renewed = self.sign(claims, now).map_err(|error| match error {
            SignError::Entropy(error) => RenewError::Entropy(error),
            SignError::Issuer(error) => RenewError::Issuer(error),
        })?;
        Ok(self.answer(&renewed))
    }

    /// What the tokens that it renews must pass: those of its own issuer for its own audience.
    #[must_use]
    pub fn policy(&self) -> TokenPolicy {
        self.issuer.policy()
    }

    fn sign(&self, claims: MachineClaims, now: SystemTime) -> Result<AccessToken, SignError> {
        let claims = claims.with_scope(Scope::BROADWORKS_CONNECTOR_USER);
        let token_id = self.desk.bytes().map_err(SignError::Entropy)?;
        self.issuer
            .issue(&claims, token_id, now)
            .map_err(SignError::Issuer)
    }

    fn answer(&self, token: &AccessToken) -> MachineToken {
        MachineToken {
            access_token: token.secret().to_owned().into(),
            token_type: "Bearer".to_owned(),
            expires_in: self.issuer.lifetime().as_secs(),
            service_domain: None,
            edge_trust: None,
        }
    }
}

/// Why there is no token.
enum SignError {
    Entropy(EntropyError),
    Issuer(IssuerError),
}

/// Who presents the code, as far as it is proved.
fn claimant(
    request: &CodePresented,
    identity: Option<&DeviceIdentity>,
) -> Result<Claimant, PresentError> {
    if request.mac_address.is_multicast() {
        return Err(PresentError::GroupAddress);
    }
    if identity.is_some_and(|identity| identity.mac() != request.mac_address) {
        return Err(PresentError::OtherAddress);
    }
    let key = match identity.and_then(DeviceIdentity::key) {
        Some(key) => ClaimantKey::Certificate(key),
        // Also for one of whom a proxy shows the address only.
        None => {
            let key = request.redemption_key.as_ref();
            let key = key.ok_or(PresentError::KeyMissing)?.secret();
            let key: RedemptionKey = key.parse().map_err(PresentError::Key)?;
            key.claimant_key()
        }
    };
    let model = identity.and_then(DeviceIdentity::model);
    Ok(Claimant::new(key)
        .with_mac(request.mac_address)
        .with_model(model.unwrap_or(&request.model).clone()))
}

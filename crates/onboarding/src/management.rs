//! Device management: devices are provisioned, get their codes, are activated and configured.

mod file;
mod life_cycle;
mod method;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use offhook_activation_code::{
    AccountId, ActivationCode, Binding, Claimant, ClaimantKey, GrantId, NewCode, ProfileId,
    StoreError, TenantId, Timestamp,
};
use offhook_bearer_token::{Scope, VerifiedToken};
use offhook_device_identity::DeviceIdentity;
use offhook_device_name::{DeviceModel, DeviceName, MacAddress};
use offhook_device_profile::DeviceType;

use crate::configuration::rehearse;
use crate::counter::{budget_gauges, refresh_token_gauge};
use crate::message::{ActivationRequest, CodeIssued, ProvisionRequest, RegistrationReport};
use crate::{
    Act, ActivateError, Activated, Activation, ActivationState, CodeDelivery, CodeDesk, CodeMail,
    Counter, Counters, Device, DeviceKey, DeviceTypes, DmBridge, Entitlement, IssueCodeError,
    LinePort, Mailer, OnboardError, OnboardingMethods, PresentError, ProvisionError,
    ProvisionRefusal, Registration, Registry, RequestCodeError, RequestCodeRefusal, RequestError,
    UpdateError,
};

/// Device management of one tenant.
///
/// It trusts its caller to have proved who is asking: a [`VerifiedToken`] or a [`DeviceIdentity`]
/// exists only where that was done, and the administrator's verbs stand behind a scope in the
/// router.
#[derive(Debug)]
pub struct DeviceManagement {
    registry: Arc<dyn Registry>,
    desk: Arc<CodeDesk>,
    types: DeviceTypes,
    mailer: Arc<dyn Mailer>,
    bridge: Arc<dyn DmBridge>,
    counters: Arc<Counters>,
    shows_codes: bool,
    events: EventReceiver,
    methods: Option<OnboardingMethods>,
}

/// A device that speaks to device management, and how it proved itself.
#[derive(Debug)]
#[non_exhaustive]
pub enum Caller {
    /// By its maker's certificate, or the header of a listed proxy.
    Identity(DeviceIdentity),
    /// By its machine token.
    Token(VerifiedToken),
}

impl DeviceManagement {
    /// Device management over `registry` for devices of `types`.
    #[must_use]
    pub fn new(
        registry: Arc<dyn Registry>,
        desk: Arc<CodeDesk>,
        types: DeviceTypes,
        mailer: Arc<dyn Mailer>,
        bridge: Arc<dyn DmBridge>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            registry,
            desk,
            types,
            mailer,
            bridge,
            counters,
            shows_codes: false,
            events: EventReceiver::Configured,
            methods: None,
        }
    }

    /// Lets administrators have codes in the answer to their request; unless told so, codes go by
    /// mail only.
    #[must_use]
    pub fn with_codes_shown(self) -> Self {
        Self {
            shows_codes: true,
            ..self
        }
    }

    /// Refuses to ask devices to restart or to report a problem, because nobody delivers events: such
    /// a request would be lost, or carried out long after.
    #[must_use]
    pub fn without_event_receiver(self) -> Self {
        Self {
            events: EventReceiver::Missing,
            ..self
        }
    }

    /// Whether administrators may have codes in the answer to their request.
    #[must_use]
    pub const fn shows_codes(&self) -> bool {
        self.shows_codes
    }

    /// Whether somebody hears of what devices are asked to do.
    #[must_use]
    pub fn has_event_receiver(&self) -> bool {
        self.events == EventReceiver::Configured
    }

    /// Whose devices these are.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        self.desk.tenant()
    }

    /// The names of the device types that devices can be provisioned as.
    pub fn device_types(&self) -> impl Iterator<Item = &str> {
        self.types.names()
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What was counted, how the budget of wrong codes stands, and when the refresh token for the DM
    /// Bridge ends, where that is known, in the text format of Prometheus. Looks into the store first, so that a node that nobody asks shows what the
    /// others counted; where that fails, the last look counts.
    pub async fn metrics(&self, now: SystemTime) -> String {
        let budget = self.desk.budget();
        let _: Result<(), StoreError> = budget.sync(now).await;
        let life = self.bridge.refresh_token_life(now);
        self.counters.to_prometheus() + &budget_gauges(budget, now) + &refresh_token_gauge(life)
    }

    /// Adds a device.
    ///
    /// # Errors
    ///
    /// [`OnboardError::Request`] when a part of the request is not well formed,
    /// [`OnboardError::Provision`] when it breaks a rule of its device type or the onboarding method of
    /// its model, the tenant has such a device already, or the store could not answer;
    /// [`OnboardError::Template`] when a template of its device type cannot be filled in;
    /// [`OnboardError::Entropy`] when no dummy name could be drawn.
    pub async fn provision(
        &self,
        request: ProvisionRequest,
        act: &Act,
    ) -> Result<Device, OnboardError> {
        let refused = |refusal| Err(OnboardError::Provision(ProvisionError::Refused(refusal)));
        let profile = ProfileId::new(&request.profile).map_err(RequestError::Profile)?;
        // Clients take such a segment out of a path, so that the device could not be asked for.
        if matches!(profile.as_str(), "." | "..") {
            return Err(RequestError::DotSegment.into());
        }
        let account = AccountId::new(&request.account).map_err(RequestError::Account)?;
        let line_port: LinePort = request.line_port.parse().map_err(RequestError::LinePort)?;
        let Some(device_type) = self.types.get(&request.device_type) else {
            return refused(ProvisionRefusal::UnknownDeviceType);
        };
        if device_type
            .model()
            .is_some_and(|model| model != request.model.as_str())
        {
            return refused(ProvisionRefusal::ModelMismatch);
        }
        match request.mac_address {
            None if !device_type.allows_activation() => {
                return refused(ProvisionRefusal::MacMissing);
            }
            Some(mac) if mac.is_multicast() => return Err(RequestError::GroupAddress.into()),
            _ => {}
        }
        if let Err(refusal) = self.check_provisioning(&request) {
            return refused(ProvisionRefusal::Method(refusal));
        }
        let mut device = Device::provisioned(
            self.tenant().clone(),
            profile,
            account,
            request.model,
            request.device_type,
            request.ownership,
            line_port,
            request.mac_address,
            [0; 6],
        )
        .with_tags(request.tags);
        let rehearsed = Device {
            // An address that is not known yet is filled in as some other.
            mac: Some(device.mac.unwrap_or(MacAddress::new([0; 6]))),
            ..device.clone()
        };
        rehearse(device_type, &rehearsed).map_err(OnboardError::Template)?;
        for _ in 0..MAX_DRAWS {
            if device.mac.is_none() {
                let digits = self.desk.bytes().map_err(OnboardError::Entropy)?;
                device.name = DeviceName::bat(digits);
            }
            match self.registry.provision(&device, act).await {
                Ok(()) => return Ok(device),
                Err(ProvisionError::Refused(ProvisionRefusal::NameInUse))
                    if device.mac.is_none() => {}
                Err(error) => return Err(OnboardError::Provision(error)),
            }
        }
        refused(ProvisionRefusal::NameInUse)
    }

    /// Issues a code for a device and delivers it; a code that the device had is void.
    ///
    /// # Errors
    ///
    /// [`IssueCodeError::Request`] when there is no such device, its state, its device type or the
    /// onboarding method of its model forbids a code, or the store could not answer;
    /// [`IssueCodeError::NotShown`] when codes go by mail only and no recipient is named;
    /// [`IssueCodeError::Entropy`] when no code could be drawn; [`IssueCodeError::Mail`] when the mail
    /// was not taken: the code lives unseen until another is issued.
    pub async fn issue_code(
        &self,
        profile: &ProfileId,
        delivery: CodeDelivery,
        act: &Act,
    ) -> Result<CodeIssued, IssueCodeError> {
        self.issue(profile, delivery, CodePurpose::Onboard, act)
            .await
    }

    async fn issue(
        &self,
        profile: &ProfileId,
        delivery: CodeDelivery,
        purpose: CodePurpose,
        act: &Act,
    ) -> Result<CodeIssued, IssueCodeError> {
        let device = self.awaits_code(profile, &delivery, purpose).await?;
        let mut last = RequestCodeRefusal::CodeInUse;
        for _ in 0..MAX_DRAWS {
            let (code, new) = self.draw_code(&device, act)?;
            let answer = match purpose {
                CodePurpose::Onboard => self.registry.request_code(&new, act).await,
                CodePurpose::Replace => self.registry.request_replacement_code(&new, act).await,
            };
            match answer {
                Ok(device) => return self.deliver(code, &new, device, delivery).await,
                Err(RequestCodeError::Refused(refusal @ RequestCodeRefusal::CodeInUse)) => {
                    last = refusal;
                }
                Err(error) => return Err(IssueCodeError::Request(error)),
            }
        }
        Err(IssueCodeError::Request(RequestCodeError::Refused(last)))
    }

    /// The device of the profile, which may have a code as far as can be said before one is drawn; the
    /// registry has the last word.
    async fn awaits_code(
        &self,
        profile: &ProfileId,
        delivery: &CodeDelivery,
        purpose: CodePurpose,
    ) -> Result<Device, IssueCodeError> {
        if *delivery == CodeDelivery::Answer && !self.shows_codes {
            return Err(IssueCodeError::NotShown);
        }
        let refused = |refusal| IssueCodeError::Request(RequestCodeError::Refused(refusal));
        let key = DeviceKey::Profile(profile.clone());
        let found = self.registry.device(self.tenant(), &key).await;
        let found =
            found.map_err(|error| IssueCodeError::Request(RequestCodeError::Store(error)))?;
        let device = found.ok_or_else(|| refused(RequestCodeRefusal::UnknownDevice))?;
        self.may_have_code(&device, purpose).map_err(refused)?;
        Ok(device)
    }

    fn draw_code(
        &self,
        device: &Device,
        act: &Act,
    ) -> Result<(ActivationCode, NewCode), IssueCodeError> {
        let (account, profile) = (device.account.clone(), device.profile.clone());
        let binding = Binding::Model(device.model.clone());
        let drawn = self.desk.draw(account, profile, binding, act.now);
        drawn.map_err(IssueCodeError::Entropy)
    }

    /// Gives a code that was issued to whom it is for.
    async fn deliver(
        &self,
        code: ActivationCode,
        new: &NewCode,
        device: Device,
        delivery: CodeDelivery,
    ) -> Result<CodeIssued, IssueCodeError> {
        self.counters.add(Counter::CodesIssued);
        let expires_at = new.code().expires_at();
        let shown = match delivery {
            CodeDelivery::Answer => Some(code.to_string().into()),
            CodeDelivery::Mail(recipient) => {
                let mail = CodeMail::new(new.id(), recipient, code, device.device_type, expires_at);
                self.mailer.send(mail).await.map_err(IssueCodeError::Mail)?;
                None
            }
        };
        Ok(CodeIssued {
            profile: device.profile.as_str().to_owned(),
            expiry_time: expires_at.as_millis(),
            activation_code: shown,
        })
    }

    fn may_have_code(
        &self,
        device: &Device,
        purpose: CodePurpose,
    ) -> Result<(), RequestCodeRefusal> {
        self.check_code(&device.model)
            .map_err(RequestCodeRefusal::Method)?;
        let allowed = self.types.get(&device.device_type);
        let is_activated = device.state == ActivationState::Activated;
        match purpose {
            _ if !allowed.is_some_and(DeviceType::allows_activation) => {
                Err(RequestCodeRefusal::NotAllowed)
            }
            CodePurpose::Onboard if is_activated => Err(RequestCodeRefusal::Activated),
            CodePurpose::Onboard if device.mac.is_some() => {
                Err(RequestCodeRefusal::ProvisionedByMac)
            }
            CodePurpose::Replace if !is_activated => Err(RequestCodeRefusal::NotActivated),
            CodePurpose::Onboard | CodePurpose::Replace => Ok(()),
        }
    }

    /// Activates the device that asks from `source`: by the grant in its machine token, or by its
    /// maker's certificate and a code, of which wrong ones are counted against a budget.
    ///
    /// # Errors
    ///
    /// [`OnboardError::Activate`] when it is refused, [`OnboardError::Present`] when the code is
    /// not well formed or there were too many wrong ones, [`OnboardError::Request`] when the request
    /// is not well formed.
    pub async fn activate(
        &self,
        caller: &Caller,
        request: ActivationRequest,
        source: IpAddr,
        now: SystemTime,
    ) -> Result<Activated, OnboardError> {
        self.counters.add(Counter::ActivationRequests);
        self.counters.add(Counter::BroadWorksActivationRequests);
        let answer = self.activate_uncounted(caller, request, source, now).await;
        if let Err(error) = &answer {
            if matches!(error, OnboardError::Present(PresentError::OverBudget(_))) {
                self.counters.add(Counter::CodesOverBudget);
            }
            self.counters.add(Counter::ActivationFailures);
            if !error.is_authorization() {
                self.counters.add(Counter::BroadWorksActivationFailures);
            }
        }
        answer
    }

    async fn activate_uncounted(
        &self,
        caller: &Caller,
        request: ActivationRequest,
        source: IpAddr,
        now: SystemTime,
    ) -> Result<Activated, OnboardError> {
        let serial_number = request.serial_number;
        if serial_number
            .as_ref()
            .is_some_and(|serial| !is_serial_number(serial))
        {
            return Err(RequestError::SerialNumber.into());
        }
        if request.mac_address.is_multicast() {
            return Err(RequestError::GroupAddress.into());
        }
        let mut admission = None;
        let entitlement = match (caller, &request.activation_code) {
            (Caller::Token(token), None) => {
                token
                    .require(&Scope::BROADWORKS_CONNECTOR_USER)
                    .map_err(OnboardError::Scope)?;
                Entitlement::Grant(GrantId::from_uuid(token.subject().uuid()))
            }
            (Caller::Identity(identity), Some(code)) => {
                if identity.mac() != request.mac_address {
                    return Err(RequestError::OtherAddress.into());
                }
                let claimant = claimant(identity, request.model)?;
                let (redemption, admitted) = self
                    .desk
                    .present(code.secret(), claimant, source, now)
                    .await
                    .map_err(OnboardError::Present)?;
                admission = Some(admitted);
                Entitlement::Code(redemption)
            }
            (Caller::Token(_), Some(_)) => return Err(RequestError::TokenAndCode.into()),
            (Caller::Identity(_), None) => return Err(RequestError::NoCode.into()),
        };
        let by_code = matches!(entitlement, Entitlement::Code(_));
        let activation = Activation {
            tenant: self.tenant().clone(),
            entitlement,
            mac: request.mac_address,
            serial_number,
        };
        let answer = self.registry.activate(&activation, now).await;
        if let Some(admission) = admission
            && !matches!(answer, Err(ActivateError::Code(_)))
        {
            self.desk.budget().refund(admission, now);
        }
        let activated = answer.map_err(OnboardError::Activate)?;
        if by_code && !activated.repeated {
            self.counters.add(Counter::CodesRedeemed);
        }
        Ok(activated)
    }

    /// The device with that key; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`UpdateError::Store`] when the store could not answer.
    pub async fn device(&self, key: &DeviceKey) -> Result<Option<Device>, UpdateError> {
        self.registry
            .device(self.tenant(), key)
            .await
            .map_err(UpdateError::Store)
    }

    /// Notes that a device registered.
    ///
    /// # Errors
    ///
    /// [`UpdateError::UnknownDevice`] when no activated device has the subject, or its line has
    /// another address of record: the registrar must then refuse.
    pub async fn registered(
        &self,
        report: RegistrationReport,
        now: SystemTime,
    ) -> Result<Device, UpdateError> {
        let key = DeviceKey::Subject(report.subject);
        let registration = Registration {
            sip_address: report.sip_address,
            ip_address: report.ip_address,
            at: Timestamp::from(now),
        };
        let registered = self
            .registry
            .registered(self.tenant(), &key, &registration, now)
            .await?;
        if registered.first {
            self.counters.add(Counter::DevicesRegistered);
        }
        Ok(registered.device)
    }
}

/// Whether somebody hears of events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum EventReceiver {
    Configured,
    Missing,
}

/// What a code is for.
#[derive(Clone, Copy, Debug)]
enum CodePurpose {
    /// The first device of the profile.
    Onboard,
    /// The device that takes the place of one that is activated.
    Replace,
}

/// The device of a certificate, with the model that it tells where the certificate does not.
fn claimant(
    identity: &DeviceIdentity,
    model: Option<DeviceModel>,
) -> Result<Claimant, OnboardError> {
    let key = identity
        .key()
        .ok_or(OnboardError::Present(PresentError::KeyMissing))?;
    let claimant = Claimant::new(ClaimantKey::Certificate(key)).with_mac(identity.mac());
    Ok(match identity.model().cloned().or(model) {
        Some(model) => claimant.with_model(model),
        None => claimant,
    })
}

fn is_serial_number(text: &str) -> bool {
    (1..=80).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// How often a name or a code is drawn before the collisions count as a fault.
const MAX_DRAWS: usize = 3;

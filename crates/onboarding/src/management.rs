//! Device management: devices are provisioned, get their codes, are activated and configured.

use std::sync::Arc;
use std::time::SystemTime;

use offhook_activation_code::{
    AccountId, Binding, Claimant, ClaimantKey, GrantId, ProfileId, TenantId, Timestamp,
};
use offhook_bearer_token::{Scope, VerifiedToken};
use offhook_device_identity::{DeviceIdentity, Source};
use offhook_device_name::{DeviceModel, MacAddress};
use offhook_device_profile::FileAuthentication;

use crate::configuration::{ConfigurationDocument, file_named, first_file, rehearse, render};
use crate::message::{
    ActivationRequest, BridgeAnswer, BridgeRequest, CodeIssued, ProvisionRequest,
    RegistrationReport,
};
use crate::{
    ActivateError, Activated, Activation, ActivationState, CodeDesk, CodeMail, ConfigurationError,
    ConfigurationRefusal, Counter, Counters, Device, DeviceKey, DeviceTypes, DmBridge, Entitlement,
    IssueCodeError, LinePort, MailAddress, Mailer, OnboardError, PresentError, ProvisionError,
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
        }
    }

    /// Whose devices these are.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        self.desk.tenant()
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Adds a device.
    ///
    /// # Errors
    ///
    /// [`OnboardError::Request`] when a part of the request is not well formed,
    /// [`OnboardError::Provision`] when it breaks a rule of its device type or the tenant has such
    /// a device already.
    pub async fn provision(
        &self,
        request: ProvisionRequest,
        now: SystemTime,
    ) -> Result<Device, OnboardError> {
        let refused = |refusal| Err(OnboardError::Provision(ProvisionError::Refused(refusal)));
        let profile = ProfileId::new(&request.profile).map_err(RequestError::Profile)?;
        let account = AccountId::new(&request.account).map_err(RequestError::Account)?;
        let line_port: LinePort = request.line_port.parse().map_err(RequestError::LinePort)?;
        let Some(device_type) = self.types.get(&request.device_type) else {
            return refused(ProvisionRefusal::UnknownDeviceType);
        };
        if device_type
            .model
            .as_deref()
            .is_some_and(|model| model != request.model.as_str())
        {
            return refused(ProvisionRefusal::ModelMismatch);
        }
        match request.mac_address {
            None if !device_type.enable_device_activation => {
                return refused(ProvisionRefusal::MacMissing);
            }
            Some(mac) if mac.is_multicast() => return Err(RequestError::GroupAddress.into()),
            _ => {}
        }
        let dummy = self.desk.bytes().map_err(RequestError::Entropy)?;
        let device = Device::provisioned(
            self.tenant().clone(),
            profile,
            account,
            request.model,
            request.device_type,
            request.ownership,
            line_port,
            request.mac_address,
            dummy,
        )
        .with_tags(request.tags);
        let rehearsed = Device {
            // An address that is not known yet is filled in as the dummy one.
            mac: Some(device.mac.unwrap_or_else(|| MacAddress::new(dummy))),
            ..device.clone()
        };
        rehearse(device_type, &rehearsed).map_err(OnboardError::Template)?;
        self.registry
            .provision(&device, now)
            .await
            .map_err(OnboardError::Provision)?;
        Ok(device)
    }

    /// Issues a code for a device and mails it; a code that the device had is void.
    ///
    /// # Errors
    ///
    /// [`IssueCodeError`]; where the mail was not taken, the code lives unseen until another is
    /// issued.
    pub async fn issue_code(
        &self,
        profile: &ProfileId,
        recipient: MailAddress,
        now: SystemTime,
    ) -> Result<CodeIssued, IssueCodeError> {
        let refused = |refusal| Err(IssueCodeError::Request(RequestCodeError::Refused(refusal)));
        let key = DeviceKey::Profile(profile.clone());
        let found = self.registry.device(self.tenant(), &key).await;
        let Some(device) =
            found.map_err(|error| IssueCodeError::Request(RequestCodeError::Store(error)))?
        else {
            return refused(RequestCodeRefusal::UnknownDevice);
        };
        let allowed = self.types.get(&device.device_type);
        if !allowed.is_some_and(|device_type| device_type.enable_device_activation) {
            return refused(RequestCodeRefusal::NotAllowed);
        }
        let binding = Binding::Model(device.model.clone());
        let (code, new) = self
            .desk
            .draw(device.account, profile.clone(), binding, now)
            .map_err(IssueCodeError::Entropy)?;
        self.registry
            .request_code(&new, now)
            .await
            .map_err(IssueCodeError::Request)?;
        self.counters.add(Counter::CodesIssued);
        let mail = CodeMail::new(recipient, code, device.device_type, new.expires_at());
        self.mailer.send(mail).await.map_err(IssueCodeError::Mail)?;
        Ok(CodeIssued {
            profile: profile.as_str().to_owned(),
            expiry_time: new.expires_at().as_millis(),
        })
    }

    /// Activates the device that asks: by the grant in its machine token, or by its maker's
    /// certificate and a code.
    ///
    /// # Errors
    ///
    /// [`OnboardError::Activate`] when it is refused, [`OnboardError::Present`] when the code is
    /// not well formed, [`OnboardError::Request`] when the request is not.
    pub async fn activate(
        &self,
        caller: &Caller,
        request: ActivationRequest,
        now: SystemTime,
    ) -> Result<Activated, OnboardError> {
        self.counters.add(Counter::ActivationRequests);
        self.counters.add(Counter::BroadWorksActivationRequests);
        let answer = self.activate_uncounted(caller, request, now).await;
        if let Err(error) = &answer {
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
                let redemption = self
                    .desk
                    .present(code.secret(), claimant)
                    .map_err(OnboardError::Present)?;
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
        let activated = self
            .registry
            .activate(&activation, now)
            .await
            .map_err(OnboardError::Activate)?;
        if by_code && !activated.repeated {
            self.counters.add(Counter::CodesRedeemed);
        }
        Ok(activated)
    }

    /// The configuration file called `file` of the device that asks, with its tags substituted.
    ///
    /// A device that was provisioned with its address and comes with its maker's certificate is
    /// activated by this, once the DM Bridge has let it come on; its machine token is in the
    /// document.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`]; the same refusal for a file that does not exist and for one of
    /// another device.
    pub async fn configuration(
        &self,
        caller: &Caller,
        file: &str,
        now: SystemTime,
    ) -> Result<ConfigurationDocument, ConfigurationError> {
        let refused = |refusal| Err(ConfigurationError::Refused(refusal));
        let Some(mut device) = self.caller_device(caller).await? else {
            return refused(ConfigurationRefusal::NotFound);
        };
        let Some(device_type) = self.types.get(&device.device_type) else {
            return refused(ConfigurationRefusal::NotFound);
        };
        let named = file_named(device_type, &device, file).map_err(ConfigurationError::Template)?;
        let Some(template) = named else {
            return refused(ConfigurationRefusal::NotFound);
        };
        let authentication = &template.authentication;
        let mut token = None;
        match caller {
            Caller::Token(_) if !authentication.bearer => {
                return refused(ConfigurationRefusal::CertificateNeeded);
            }
            Caller::Identity(identity) if !is_shown(authentication, identity) => {
                return refused(ConfigurationRefusal::TokenNeeded);
            }
            Caller::Token(_) => {}
            Caller::Identity(identity) => {
                if device.state == ActivationState::Activating {
                    return refused(ConfigurationRefusal::NotActivated);
                }
                if identity.model().is_some_and(|model| *model != device.model) {
                    return refused(ConfigurationRefusal::OtherModel);
                }
                let answer = self.ask_bridge(&device, identity.mac(), now).await?;
                if device.state == ActivationState::Deactivated {
                    device = self
                        .activate_by_certificate(&device, identity, &answer, now)
                        .await?;
                }
                token = Some(answer.access_token);
            }
        }
        if device.state != ActivationState::Activated {
            return refused(ConfigurationRefusal::NotActivated);
        }
        let document =
            render(template, &device, token.as_ref()).map_err(ConfigurationError::Template)?;
        self.counters.add(Counter::ConfigurationsServed);
        Ok(document)
    }

    /// The name of the configuration file of a device; `None` where its type is not offered.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::Template`] when the name of the file cannot be filled in.
    pub fn configuration_file(
        &self,
        device: &Device,
    ) -> Result<Option<String>, ConfigurationError> {
        let Some(device_type) = self.types.get(&device.device_type) else {
            return Ok(None);
        };
        first_file(device_type, device).map_err(ConfigurationError::Template)
    }

    /// The device that was proved to have this address, if it is provisioned.
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
        let device = self.device(&key).await?.ok_or(UpdateError::UnknownDevice)?;
        let line_port: LinePort = report
            .sip_address
            .parse()
            .map_err(|_| UpdateError::UnknownDevice)?;
        if line_port != device.line_port {
            return Err(UpdateError::UnknownDevice);
        }
        let registration = Registration {
            sip_address: report.sip_address,
            ip_address: report.ip_address,
            at: Timestamp::from(now),
        };
        let registered = self
            .registry
            .registered(self.tenant(), &key, &registration, now)
            .await?;
        if device.registration.is_none() {
            self.counters.add(Counter::DevicesRegistered);
        }
        Ok(registered)
    }

    async fn caller_device(&self, caller: &Caller) -> Result<Option<Device>, ConfigurationError> {
        let key = match caller {
            Caller::Identity(identity) => DeviceKey::Mac(identity.mac()),
            Caller::Token(token) => {
                token
                    .require(&Scope::BROADWORKS_CONNECTOR_USER)
                    .map_err(ConfigurationError::Scope)?;
                DeviceKey::Subject(token.subject().uuid())
            }
        };
        self.registry
            .device(self.tenant(), &key)
            .await
            .map_err(ConfigurationError::Store)
    }

    async fn ask_bridge(
        &self,
        device: &Device,
        mac: MacAddress,
        now: SystemTime,
    ) -> Result<BridgeAnswer, ConfigurationError> {
        self.counters.add(Counter::DmBridgeRequests);
        let request = BridgeRequest {
            mac_address: mac,
            subject: device.subject,
        };
        let answer = self.bridge.authorize(&request, now).await;
        answer.map_err(|error| {
            self.counters.add(Counter::DmBridgeFailures);
            ConfigurationError::Bridge(error)
        })
    }

    async fn activate_by_certificate(
        &self,
        device: &Device,
        identity: &DeviceIdentity,
        answer: &BridgeAnswer,
        now: SystemTime,
    ) -> Result<Device, ConfigurationError> {
        let activation = Activation {
            tenant: self.tenant().clone(),
            entitlement: Entitlement::Certificate {
                subject: answer.subject,
            },
            mac: identity.mac(),
            serial_number: device.serial_number.clone(),
        };
        match self.registry.activate(&activation, now).await {
            Ok(activated) => Ok(activated.device),
            Err(ActivateError::Store(error)) => Err(ConfigurationError::Store(error)),
            Err(_) => Err(ConfigurationError::Refused(
                ConfigurationRefusal::NotActivated,
            )),
        }
    }
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

/// Whether the file is given to who shows an identity like this.
fn is_shown(authentication: &FileAuthentication, identity: &DeviceIdentity) -> bool {
    match identity.source() {
        Source::Certificate => authentication.mac_in_cert,
        Source::Header => authentication.mac_in_non_request_uri,
        _ => false,
    }
}

fn is_serial_number(text: &str) -> bool {
    (1..=80).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

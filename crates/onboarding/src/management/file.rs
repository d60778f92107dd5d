//! Configuration files: who may have which.

use std::time::SystemTime;

use offhook_bearer_token::Scope;
use offhook_device_identity::{DeviceIdentity, Source};
use offhook_device_name::MacAddress;
use offhook_device_profile::FileAuthentication;

use super::{Caller, DeviceManagement};
use crate::configuration::{ConfigurationDocument, file_named, first_file, render};
use crate::message::{BridgeAnswer, BridgeRequest, SecretText};
use crate::{
    ActivateError, Activation, ActivationState, BridgeError, ConfigurationError,
    ConfigurationRefusal, Counter, Device, DeviceKey, Entitlement,
};

impl DeviceManagement {
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
        let authentication = &template.authentication();
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
                let (entitled, machine_token) = self.entitled(identity, device, now).await?;
                device = entitled;
                token = Some(machine_token);
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

    /// The device of an identity as it is once the DM Bridge has let it come on, and its machine token;
    /// one that waits for its certificate is activated by it.
    async fn entitled(
        &self,
        identity: &DeviceIdentity,
        device: Device,
        now: SystemTime,
    ) -> Result<(Device, SecretText), ConfigurationError> {
        let refused = |refusal| Err(ConfigurationError::Refused(refusal));
        if device.state == ActivationState::Activating {
            return refused(ConfigurationRefusal::NotActivated);
        }
        if identity.model().is_some_and(|model| *model != device.model) {
            return refused(ConfigurationRefusal::OtherModel);
        }
        let mut answer = self.ask_bridge(&device, identity.mac(), now).await?;
        let is_of = |device: &Device, answer: &BridgeAnswer| device.subject == Some(answer.subject);
        let mut subject = device.subject;
        if device.state == ActivationState::Deactivated {
            let activated = self
                .activate_by_certificate(&device, identity, &answer, now)
                .await?;
            if activated.profile != device.profile {
                return refused(ConfigurationRefusal::NotFound);
            }
            if is_of(&activated, &answer) {
                return Ok((activated, answer.access_token));
            }
            // Another request of the same device was first, with another subject.
            answer = self.ask_bridge(&activated, identity.mac(), now).await?;
            subject = activated.subject;
        }
        if subject != Some(answer.subject) {
            return Err(ConfigurationError::Bridge(BridgeError::OtherSubject));
        }
        // The bridge took its time: what held before may not hold any more.
        let key = DeviceKey::Mac(identity.mac());
        let now = self.registry.device(self.tenant(), &key).await;
        match now.map_err(ConfigurationError::Store)? {
            Some(now) if now.profile != device.profile => refused(ConfigurationRefusal::NotFound),
            Some(now) if is_of(&now, &answer) => Ok((now, answer.access_token)),
            Some(_) => refused(ConfigurationRefusal::NotActivated),
            None => refused(ConfigurationRefusal::NotFound),
        }
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

/// Whether the file is given to who shows an identity like this.
fn is_shown(authentication: &FileAuthentication, identity: &DeviceIdentity) -> bool {
    match identity.source() {
        Source::Certificate => authentication.mac_in_cert,
        Source::Header => authentication.mac_in_non_request_uri,
        _ => false,
    }
}

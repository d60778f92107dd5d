//! Which models may be onboarded how.

use offhook_activation_code::CodeMode;
use offhook_device_name::DeviceModel;

use super::DeviceManagement;
use crate::message::ProvisionRequest;
use crate::{OnboardingMethodRefusal, OnboardingMethods, OnboardingWay};

impl DeviceManagement {
    /// Provisions devices and issues codes as `methods` says, where codes are of the mode
    /// [`CodeMode::OnPremises`]; unless told so, every model may have codes. Codes of other modes and
    /// devices with an address are none of its matter, and a code that was issued before stays good.
    #[must_use]
    pub fn with_methods(self, methods: OnboardingMethods) -> Self {
        Self {
            methods: Some(methods),
            ..self
        }
    }

    /// A device without an address waits for a code.
    pub(super) fn check_provisioning(
        &self,
        request: &ProvisionRequest,
    ) -> Result<(), OnboardingMethodRefusal> {
        match request.mac_address {
            Some(_) => self.check_way(&request.model, OnboardingWay::MacAddress),
            None => self.check_code(&request.model),
        }
    }

    /// Whether a device of `model` may have a code of this desk.
    pub(super) fn check_code(&self, model: &DeviceModel) -> Result<(), OnboardingMethodRefusal> {
        let way = match self.desk.mode() {
            CodeMode::OnPremises => OnboardingWay::ActivationCode,
            CodeMode::RemoteAccess { .. } => OnboardingWay::RemoteAccessCode,
            // The method is a rule of Unified CM, of which BroadWorks knows nothing.
            _ => return Ok(()),
        };
        self.check_way(model, way)
    }

    fn check_way(
        &self,
        model: &DeviceModel,
        way: OnboardingWay,
    ) -> Result<(), OnboardingMethodRefusal> {
        match &self.methods {
            Some(methods) => methods.check(model, way),
            None => Ok(()),
        }
    }
}

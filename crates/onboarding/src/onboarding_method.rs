//! How the models of telephones are onboarded on premises.

use std::collections::BTreeMap;

use offhook_device_name::DeviceModel;
use thiserror::Error;

/// How new telephones of a model are onboarded on premises.
///
/// # Source
///
/// Unified CM, device onboarding by activation code, set the registration method to use activation
/// codes: Device Defaults, on-premises onboarding method.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum OnboardingMethod {
    /// By an activation code.
    ActivationCode,
    /// By auto-registration.
    #[default]
    AutoRegistration,
}

/// A way in which one telephone comes to its configuration.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum OnboardingWay {
    /// By an activation code, on premises.
    ActivationCode,
    /// By auto-registration, of a telephone that is not known.
    AutoRegistration,
    /// By auto-registration, of a telephone that has a record.
    AutoRegistrationAgain,
    /// By its address, which an administrator entered.
    MacAddress,
    /// By an activation code, from outside.
    RemoteAccessCode,
}

/// The method of each model; what is not named is auto-registered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OnboardingMethods(BTreeMap<DeviceModel, OnboardingMethod>);

/// What a switch of the method means to the telephones of the model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MethodSwitch {
    /// Telephones that are added from now on need a code, or are set up by hand with their address.
    ToActivationCode,
    /// A telephone that is to be onboarded again by auto-registration must be deleted first.
    ToAutoRegistration,
    /// Nothing: it was the method already.
    Unchanged,
}

/// Whether an administrator may choose that telephones are onboarded over remote access.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RemoteAccessChoice {
    /// Where no model uses codes on premises, they are for remote access alone: it is allowed.
    AlwaysAllowed,
    /// It may be allowed or not.
    Free,
}

/// Why a telephone is not onboarded in a way.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum OnboardingMethodRefusal {
    /// The model is onboarded by codes.
    #[error("telephones of the model need an activation code or their MAC address")]
    CodeNeeded,
    /// The model is auto-registered.
    #[error("the model is onboarded by auto-registration")]
    NoCodes,
    /// The telephone has a record, which stands in the way of auto-registration.
    #[error("the telephone must be deleted before it is auto-registered again")]
    RecordExists,
}

impl OnboardingMethods {
    /// Every model is auto-registered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The method of `model`.
    #[must_use]
    pub fn method(&self, model: &DeviceModel) -> OnboardingMethod {
        self.0.get(model).copied().unwrap_or_default()
    }

    /// Sets the method of `model`, and tells what that means.
    pub fn switch(&mut self, model: DeviceModel, method: OnboardingMethod) -> MethodSwitch {
        let before = self.method(&model);
        self.0.insert(model, method);
        match method {
            _ if method == before => MethodSwitch::Unchanged,
            OnboardingMethod::ActivationCode => MethodSwitch::ToActivationCode,
            OnboardingMethod::AutoRegistration => MethodSwitch::ToAutoRegistration,
        }
    }

    /// Whether a telephone of `model` can be onboarded by `way`. The method says nothing of remote
    /// access, nor of telephones with an address.
    ///
    /// # Errors
    ///
    /// [`OnboardingMethodRefusal`] when it cannot.
    ///
    /// # Source
    ///
    /// Unified CM, device onboarding by activation code: the notes on the method, and the use case
    /// of onboarding again by auto-registration.
    pub fn check(
        &self,
        model: &DeviceModel,
        way: OnboardingWay,
    ) -> Result<(), OnboardingMethodRefusal> {
        match (way, self.method(model)) {
            (OnboardingWay::ActivationCode, OnboardingMethod::AutoRegistration) => {
                Err(OnboardingMethodRefusal::NoCodes)
            }
            (
                OnboardingWay::AutoRegistration | OnboardingWay::AutoRegistrationAgain,
                OnboardingMethod::ActivationCode,
            ) => Err(OnboardingMethodRefusal::CodeNeeded),
            (OnboardingWay::AutoRegistrationAgain, OnboardingMethod::AutoRegistration) => {
                Err(OnboardingMethodRefusal::RecordExists)
            }
            _ => Ok(()),
        }
    }

    /// Whether onboarding over remote access can be chosen.
    ///
    /// # Source
    ///
    /// Unified CM, device onboarding by activation code, enable cloud onboarding for remote access,
    /// step 3.
    #[must_use]
    pub fn remote_access_choice(&self) -> RemoteAccessChoice {
        let by_code = |method: &OnboardingMethod| *method == OnboardingMethod::ActivationCode;
        if self.0.values().any(by_code) {
            RemoteAccessChoice::Free
        } else {
            RemoteAccessChoice::AlwaysAllowed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str) -> DeviceModel {
        DeviceModel::new(name).unwrap()
    }

    #[test]
    fn a_model_that_nobody_named_is_auto_registered() {
        let methods = OnboardingMethods::new();
        let check = |way| methods.check(&model("8841"), way);
        assert_eq!(check(OnboardingWay::AutoRegistration), Ok(()));
        assert_eq!(check(OnboardingWay::MacAddress), Ok(()));
        let refused = Err(OnboardingMethodRefusal::NoCodes);
        assert_eq!(check(OnboardingWay::ActivationCode), refused);
    }

    #[test]
    fn a_model_onboarded_by_code_takes_codes_and_addresses() {
        let mut methods = OnboardingMethods::new();
        let switch = methods.switch(model("8841"), OnboardingMethod::ActivationCode);
        assert_eq!(switch, MethodSwitch::ToActivationCode);
        let check = |way| methods.check(&model("8841"), way);
        assert_eq!(check(OnboardingWay::ActivationCode), Ok(()));
        assert_eq!(check(OnboardingWay::MacAddress), Ok(()));
        let refused = Err(OnboardingMethodRefusal::CodeNeeded);
        assert_eq!(check(OnboardingWay::AutoRegistration), refused);
        assert_eq!(check(OnboardingWay::AutoRegistrationAgain), refused);
        // The other models are as they were.
        let other = methods.check(&model("8851"), OnboardingWay::AutoRegistration);
        assert_eq!(other, Ok(()));
    }

    #[test]
    fn the_method_is_for_the_premises_alone() {
        let mut methods = OnboardingMethods::new();
        for method in [
            OnboardingMethod::ActivationCode,
            OnboardingMethod::AutoRegistration,
        ] {
            methods.switch(model("8841"), method);
            let way = OnboardingWay::RemoteAccessCode;
            assert_eq!(methods.check(&model("8841"), way), Ok(()));
        }
    }

    #[test]
    fn a_telephone_that_is_known_is_deleted_before_it_is_auto_registered() {
        let mut methods = OnboardingMethods::new();
        methods.switch(model("8841"), OnboardingMethod::ActivationCode);
        let switch = methods.switch(model("8841"), OnboardingMethod::AutoRegistration);
        assert_eq!(switch, MethodSwitch::ToAutoRegistration);
        let again = methods.switch(model("8841"), OnboardingMethod::AutoRegistration);
        assert_eq!(again, MethodSwitch::Unchanged);
        let check = |way| methods.check(&model("8841"), way);
        let again = check(OnboardingWay::AutoRegistrationAgain);
        assert_eq!(again, Err(OnboardingMethodRefusal::RecordExists));
        assert_eq!(check(OnboardingWay::AutoRegistration), Ok(()));
    }

    #[test]
    fn remote_access_can_be_denied_only_where_a_model_uses_codes() {
        let mut methods = OnboardingMethods::new();
        assert_eq!(
            methods.remote_access_choice(),
            RemoteAccessChoice::AlwaysAllowed
        );
        methods.switch(model("8841"), OnboardingMethod::ActivationCode);
        assert_eq!(methods.remote_access_choice(), RemoteAccessChoice::Free);
        methods.switch(model("8841"), OnboardingMethod::AutoRegistration);
        assert_eq!(
            methods.remote_access_choice(),
            RemoteAccessChoice::AlwaysAllowed
        );
    }
}

//! What may redeem a code.

use std::fmt;
use std::str::FromStr;

use offhook_device_name::{DeviceModel, MacAddress};

use crate::{Claimant, ParseBindingError, Refusal};

/// What may redeem a code: fixed when the code is issued.
///
/// `Display` and `FromStr` are the form in which stores keep it.
///
/// # Source
///
/// Unified CM, device onboarding by activation code: a code is bound to a model until the device
/// is known (`BAT` name), or to one MAC address (`SEP` name).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Binding {
    /// A device of one of these models; with an empty list none.
    AnyOf(Vec<DeviceModel>),
    /// The device with this MAC address, whatever its model.
    Mac(MacAddress),
    /// A device of this model.
    Model(DeviceModel),
}

impl Binding {
    /// Whether `claimant` may redeem the code.
    #[must_use]
    pub fn admits(&self, claimant: &Claimant) -> bool {
        self.check(claimant).is_ok()
    }

    /// Why `claimant` may not redeem the code, if so.
    ///
    /// # Errors
    ///
    /// [`Refusal::WrongMac`] or [`Refusal::WrongModel`]: the claimant is another one, or does not
    /// say.
    pub fn check(&self, claimant: &Claimant) -> Result<(), Refusal> {
        if self.mac().is_some_and(|mac| claimant.mac() != Some(mac)) {
            return Err(Refusal::WrongMac);
        }
        let admitted =
            |models: &[DeviceModel]| claimant.model().is_some_and(|model| models.contains(model));
        if self.models().is_some_and(|models| !admitted(models)) {
            return Err(Refusal::WrongModel);
        }
        Ok(())
    }

    /// The only MAC address that may redeem the code; `None` if any may.
    #[must_use]
    pub fn mac(&self) -> Option<MacAddress> {
        match self {
            Self::Mac(mac) => Some(*mac),
            Self::AnyOf(_) | Self::Model(_) => None,
        }
    }

    /// The only models that may redeem the code; `None` if any may.
    #[must_use]
    pub fn models(&self) -> Option<&[DeviceModel]> {
        match self {
            Self::AnyOf(models) => Some(models),
            Self::Mac(_) => None,
            Self::Model(model) => Some(std::slice::from_ref(model)),
        }
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyOf(models) => {
                f.write_str(ANY_OF)?;
                models
                    .iter()
                    .try_for_each(|model| write!(f, "{model}{END}"))
            }
            Self::Mac(mac) => write!(f, "{MAC}{mac}"),
            Self::Model(model) => write!(f, "{MODEL}{model}"),
        }
    }
}

impl FromStr for Binding {
    type Err = ParseBindingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(models) = text.strip_prefix(ANY_OF) {
            models
                .split_terminator(END)
                .map(DeviceModel::new)
                .collect::<Result<_, _>>()
                .map(Self::AnyOf)
                .map_err(|_| ParseBindingError)
        } else if let Some(mac) = text.strip_prefix(MAC) {
            mac.parse().map(Self::Mac).map_err(|_| ParseBindingError)
        } else if let Some(model) = text.strip_prefix(MODEL) {
            DeviceModel::new(model)
                .map(Self::Model)
                .map_err(|_| ParseBindingError)
        } else {
            Err(ParseBindingError)
        }
    }
}

const ANY_OF: &str = "any-of:";
const MAC: &str = "mac:";
const MODEL: &str = "model:";
/// Ends each model of a list: a model has no control character.
const END: char = '\n';

#[cfg(test)]
mod tests {
    use super::*;

    fn model(text: &str) -> DeviceModel {
        DeviceModel::new(text).unwrap()
    }

    #[test]
    fn the_text_form_keeps_the_kind() {
        for binding in [
            Binding::AnyOf(vec![]),
            Binding::AnyOf(vec![model("8841")]),
            Binding::AnyOf(vec![model("8841"), model("mac:8861")]),
            Binding::Mac(MacAddress::new([0, 14, 8, 1, 2, 3])),
            Binding::Model(model("any-of:")),
        ] {
            assert_eq!(binding.to_string().parse(), Ok(binding));
        }
        assert_eq!("8841".parse::<Binding>(), Err(ParseBindingError));
        assert_eq!("mac:8841".parse::<Binding>(), Err(ParseBindingError));
        assert_eq!("any-of:a\n\n".parse::<Binding>(), Err(ParseBindingError));
    }
}

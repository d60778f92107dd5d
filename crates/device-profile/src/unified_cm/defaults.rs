//! What the default document says, which a phone reads that has none of its own.

use std::fmt;

use super::device::{CallManager, call_managers};
use super::path::text;
use crate::xml::{Element, Tree};

/// What `XMLDefault.cnf.xml` says; all else is there by path.
#[derive(Clone, Copy)]
pub struct Defaults<'f>(pub(super) &'f Tree);

impl<'f> Defaults<'f> {
    /// The servers of the call manager group, the first to be tried first; 17 at most, so that
    /// more than the 16 that are taken can be told.
    #[must_use]
    pub fn call_managers(&self) -> Vec<CallManager<'f>> {
        call_managers(self.0, "callManagerGroup/members")
    }

    /// Whether phones without a document may register by themselves (`autoRegistration`).
    #[must_use]
    pub fn auto_registration(&self) -> Option<bool> {
        let text = text(self.0, self.0.root(), "autoRegistration")?;
        let is = |words: [&str; 2]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        if is(["enabled", "true"]) {
            return Some(true);
        }
        is(["disabled", "false"]).then_some(false)
    }

    /// The firmware of each model, in the document's order.
    pub fn loads(&self) -> impl Iterator<Item = LoadInformation<'f>> {
        let tree = self.0;
        let inside = tree.children(tree.root());
        inside.filter_map(move |element| {
            let type_model = load_type(tree.name(element))?;
            Some(LoadInformation {
                tree,
                element,
                type_model,
            })
        })
    }
}

impl fmt::Debug for Defaults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Defaults").finish_non_exhaustive()
    }
}

/// What phones of one model are to do (`loadinformation` and the number of the model).
#[derive(Clone, Copy)]
pub struct LoadInformation<'f> {
    tree: &'f Tree,
    element: Element,
    type_model: u32,
}

impl<'f> LoadInformation<'f> {
    /// The number of the model.
    #[must_use]
    pub fn type_model(&self) -> u32 {
        self.type_model
    }

    /// The name of the model, such as `Cisco 8841`.
    #[must_use]
    pub fn model(&self) -> Option<String> {
        let model = self.tree.attribute(self.element, "model");
        model.map(std::borrow::Cow::into_owned)
    }

    /// The firmware to run; empty where the phone is to keep its own.
    #[must_use]
    pub fn load(&self) -> &'f str {
        self.tree.value(self.element).trim_ascii()
    }

    /// How phones of this model come to their first registration.
    ///
    /// By which element the vendor's document says so is public nowhere: the attribute
    /// `preferActCodeOverAutoReg` here is ours, and bears the name of the setting.
    #[must_use]
    pub fn onboarding_method(&self) -> OnboardingMethod {
        let prefers = self.tree.attribute(self.element, PREFER_CODE);
        if prefers.is_some_and(|prefers| prefers.eq_ignore_ascii_case("true")) {
            OnboardingMethod::ActivationCode
        } else {
            OnboardingMethod::AutoRegistration
        }
    }
}

impl fmt::Debug for LoadInformation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadInformation")
            .field("type_model", &self.type_model)
            .field("onboarding_method", &self.onboarding_method())
            .finish_non_exhaustive()
    }
}

/// How phones of a model come to their first registration.
///
/// # Source
///
/// Unified CM, device onboarding by activation code: device defaults, onboarding method.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum OnboardingMethod {
    /// Somebody types an activation code in.
    ActivationCode,
    /// They register by themselves.
    AutoRegistration,
}

fn load_type(name: &str) -> Option<u32> {
    let number = name.strip_prefix("loadinformation")?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_number)
}

const PREFER_CODE: &str = "preferActCodeOverAutoReg";

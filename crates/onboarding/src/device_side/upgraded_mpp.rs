//! A multiplatform phone that was in use before it could be onboarded.

use http::Response;
use offhook_device_profile::Release;
use offhook_device_profile::catalogue::{FACTS, Feature, Minimum, ReleaseOf, System};

use super::{DeviceSettings, Flow, Mpp, Step, Task};
use crate::DeviceError;

/// A multiplatform phone that is provisioned and in use already: it becomes onboarded by newer
/// firmware and its maker's certificate, without anybody typing anything.
///
/// After the upgrade it goes the way of [`Mpp::new`].
///
/// # Source
///
/// Webex for BroadWorks device integration, MPP device onboarding (existing devices), upgrade MPP
/// device firmware: it onboards by itself after the upgrade; firmware 11.3.7 at least.
#[derive(Debug)]
pub struct UpgradedMpp {
    /// What it has to have first.
    wanted: Option<Minimum>,
    phone: Mpp,
}

impl UpgradedMpp {
    /// The phone, on which `running` runs. One that starts with firmware that is recent enough has
    /// nothing to upgrade; so it is after the restart that an upgrade ends with.
    #[must_use]
    pub fn new(settings: DeviceSettings, running: Release) -> Self {
        let wanted = minimum().filter(|minimum| !minimum.is_met_by(running));
        Self {
            wanted,
            phone: Mpp::new(settings),
        }
    }
}

/// The first firmware that can be onboarded, the same for all models.
fn minimum() -> Option<Minimum> {
    let onboarding = |fact: &&offhook_device_profile::catalogue::Fact| {
        fact.feature == Feature::WebexOnboarding && fact.system == System::BroadWorks
    };
    FACTS
        .iter()
        .filter(onboarding)
        .filter_map(|fact| fact.since)
        .find(|since| since.of == ReleaseOf::MppFirmware)
}

impl Flow for UpgradedMpp {
    fn step(&self) -> Option<Step> {
        match self.wanted {
            Some(_) => Some(Step::FirmwareUpgraded),
            None => self.phone.step(),
        }
    }

    fn task(&self) -> Result<Task, DeviceError> {
        match self.wanted {
            Some(at_least) => Ok(Task::UpgradeFirmware { at_least }),
            None => self.phone.task(),
        }
    }

    fn answered(&mut self, response: &Response<Vec<u8>>) -> Result<(), DeviceError> {
        match self.wanted {
            Some(_) => Err(DeviceError::OutOfOrder),
            None => self.phone.answered(response),
        }
    }

    fn done(&mut self) -> Result<(), DeviceError> {
        match self.wanted.take() {
            Some(_) => Ok(()),
            None => self.phone.done(),
        }
    }
}

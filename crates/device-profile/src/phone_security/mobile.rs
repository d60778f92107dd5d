//! SIP profiles of mobile softphones.

use thiserror::Error;

use crate::{Document, Release, Source};

/// The timers of a SIP profile that keep a mobile softphone connected in the background, in
/// seconds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct MobileSipProfile {
    /// Timer Register Delta: 120.
    pub timer_register_delta: u32,
    /// Timer Register Expires: 720.
    pub timer_register_expires: u32,
    /// Timer Keep Alive Expires: 720.
    pub timer_keep_alive_expires: u32,
    /// Timer Subscribe Expires: 21600.
    pub timer_subscribe_expires: u32,
    /// Timer Subscribe Delta: 15.
    pub timer_subscribe_delta: u32,
}

impl Default for MobileSipProfile {
    /// The values of the guide.
    ///
    /// # Source
    ///
    /// Unified CM, configuration of softphones, mobile SIP profile.
    fn default() -> Self {
        Self {
            timer_register_delta: 120,
            timer_register_expires: 720,
            timer_keep_alive_expires: 720,
            timer_subscribe_expires: 21_600,
            timer_subscribe_delta: 15,
        }
    }
}

impl MobileSipProfile {
    /// Each timer that is another than the guide's; empty when all is well.
    #[must_use]
    pub fn violations(&self) -> Vec<MobileSipViolation> {
        let guide = Self::default();
        let timers = [
            (
                "Timer Register Delta",
                self.timer_register_delta,
                guide.timer_register_delta,
            ),
            (
                "Timer Register Expires",
                self.timer_register_expires,
                guide.timer_register_expires,
            ),
            (
                "Timer Keep Alive Expires",
                self.timer_keep_alive_expires,
                guide.timer_keep_alive_expires,
            ),
            (
                "Timer Subscribe Expires",
                self.timer_subscribe_expires,
                guide.timer_subscribe_expires,
            ),
            (
                "Timer Subscribe Delta",
                self.timer_subscribe_delta,
                guide.timer_subscribe_delta,
            ),
        ];
        let differing = timers
            .into_iter()
            .filter(|(_, found, wanted)| found != wanted);
        let violation = |(timer, found, wanted)| MobileSipViolation::Timer {
            timer,
            found,
            wanted,
        };
        differing.map(violation).collect()
    }
}

/// Whether mobile softphones need a SIP profile of their own on this release of Unified CM; from
/// 10 on there is [`STANDARD_MOBILE_PROFILE`].
///
/// # Source
///
/// Unified CM, configuration of softphones, mobile SIP profile.
#[must_use]
pub fn needs_mobile_sip_profile(release: Release) -> bool {
    release < Release::major(10)
}

/// What is wrong with the SIP Dual Mode Alert Timer where calls go on to the mobile network too
/// early, in milliseconds: it is 10,000 at least, and more in steps of 500.
///
/// # Source
///
/// Unified CM, configuration of softphones, system SIP parameters.
#[must_use]
pub fn dual_mode_alert_timer_violation(milliseconds: u32) -> Option<MobileSipViolation> {
    match milliseconds.checked_sub(DUAL_MODE_ALERT_TIMER_MS) {
        None => Some(MobileSipViolation::AlertTimerShort { milliseconds }),
        Some(over) if over % DUAL_MODE_ALERT_TIMER_STEP_MS != 0 => {
            Some(MobileSipViolation::AlertTimerStep { milliseconds })
        }
        Some(_) => None,
    }
}

/// A rule that the SIP settings of mobile softphones break.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum MobileSipViolation {
    /// The alert timer is shorter than 10,000 milliseconds.
    #[error("SIP Dual Mode Alert Timer is {milliseconds} ms, less than 10000")]
    AlertTimerShort {
        /// What it is.
        milliseconds: u32,
    },
    /// The alert timer is not 10,000 milliseconds and steps of 500.
    #[error("SIP Dual Mode Alert Timer is {milliseconds} ms, not 10000 and steps of 500")]
    AlertTimerStep {
        /// What it is.
        milliseconds: u32,
    },
    /// A timer is another than the guide's.
    #[error("{timer} is {found} s, not {wanted}")]
    Timer {
        /// Which.
        timer: &'static str,
        /// What it is, in seconds.
        found: u32,
        /// What it should be, in seconds.
        wanted: u32,
    },
}

impl MobileSipViolation {
    /// Where the rule stands.
    #[must_use]
    pub const fn source(self) -> Source {
        match self {
            Self::AlertTimerShort { .. } | Self::AlertTimerStep { .. } => {
                Source::new(Document::Softphones, "system SIP parameters")
            }
            Self::Timer { .. } => Source::new(Document::Softphones, "mobile SIP profile"),
        }
    }
}

/// The SIP Dual Mode Alert Timer for narrow networks: 10,000 milliseconds.
///
/// # Source
///
/// Unified CM, configuration of softphones, system SIP parameters.
pub const DUAL_MODE_ALERT_TIMER_MS: u32 = 10_000;
/// By how much it is raised while that is not enough: 500 milliseconds.
///
/// # Source
///
/// Unified CM, configuration of softphones, system SIP parameters.
pub const DUAL_MODE_ALERT_TIMER_STEP_MS: u32 = 500;
/// The profile that is there from release 10 on.
///
/// # Source
///
/// Unified CM, configuration of softphones, mobile SIP profile.
pub const STANDARD_MOBILE_PROFILE: &str = "Standard SIP Profile for Mobile Device";

//! What the services count.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use offhook_activation_code::GuessBudget;
use offhook_bearer_token::RefreshTokenLife;
use serde::Serialize;
use serde::ser::SerializeMap;

/// One thing that is counted.
///
/// # Source
///
/// Webex for BroadWorks device integration, performance counters: modules
/// `deviceActivation.activate` (six counters) and `dms.dmBridge` (two). The others are ours: the
/// funnel of an onboarding, what fell out of it by the guess budget, and lost events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Counter {
    /// Activate requests received, by device management and by the activation service together.
    ActivationRequests,
    /// Those that did not end well.
    ActivationFailures,
    /// Activate requests received by device management.
    BroadWorksActivationRequests,
    /// Those that did not end well; failures of authentication and authorization do not count.
    BroadWorksActivationFailures,
    /// Activate requests received by the activation service.
    WebexActivationRequests,
    /// Those that did not end well.
    WebexActivationFailures,
    /// Requests sent to the DM Bridge.
    DmBridgeRequests,
    /// Those that did not end well.
    DmBridgeFailures,
    /// Activation codes issued.
    CodesIssued,
    /// Activation codes redeemed.
    CodesRedeemed,
    /// Codes that were not looked at, because there were too many wrong ones.
    CodesOverBudget,
    /// Configuration files given to activated devices.
    ConfigurationsServed,
    /// Devices that registered for the first time since their activation.
    DevicesRegistered,
    /// Events that left the outbox and went to nobody.
    EventsDropped,
}

impl Counter {
    /// Every counter, those of the guide first and in its order.
    pub const ALL: [Self; 14] = [
        Self::ActivationRequests,
        Self::ActivationFailures,
        Self::BroadWorksActivationRequests,
        Self::BroadWorksActivationFailures,
        Self::WebexActivationRequests,
        Self::WebexActivationFailures,
        Self::DmBridgeRequests,
        Self::DmBridgeFailures,
        Self::CodesIssued,
        Self::CodesRedeemed,
        Self::CodesOverBudget,
        Self::ConfigurationsServed,
        Self::DevicesRegistered,
        Self::EventsDropped,
    ];

    /// The name under which it is exported, without prefix and suffix.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ActivationRequests => "activation_requests",
            Self::ActivationFailures => "activation_failures",
            Self::BroadWorksActivationRequests => "broadworks_activation_requests",
            Self::BroadWorksActivationFailures => "broadworks_activation_failures",
            Self::WebexActivationRequests => "webex_activation_requests",
            Self::WebexActivationFailures => "webex_activation_failures",
            Self::DmBridgeRequests => "dm_bridge_requests",
            Self::DmBridgeFailures => "dm_bridge_failures",
            Self::CodesIssued => "codes_issued",
            Self::CodesRedeemed => "codes_redeemed",
            Self::CodesOverBudget => "codes_over_budget",
            Self::ConfigurationsServed => "configurations_served",
            Self::DevicesRegistered => "devices_registered",
            Self::EventsDropped => "events_dropped",
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::ActivationRequests => "Activate requests received.",
            Self::ActivationFailures => "Activate requests that did not end well.",
            Self::BroadWorksActivationRequests => {
                "Activate requests received by device management."
            }
            Self::BroadWorksActivationFailures => {
                "Activate requests to device management that did not end well, but for \
                 authentication and authorization."
            }
            Self::WebexActivationRequests => {
                "Activate requests received by the activation service."
            }
            Self::WebexActivationFailures => {
                "Activate requests to the activation service that did not end well."
            }
            Self::DmBridgeRequests => "Requests sent to the DM Bridge.",
            Self::DmBridgeFailures => "Requests to the DM Bridge that did not end well.",
            Self::CodesIssued => "Activation codes issued.",
            Self::CodesRedeemed => "Activation codes redeemed.",
            Self::CodesOverBudget => {
                "Activation codes not looked at, because there were too many wrong ones."
            }
            Self::ConfigurationsServed => "Configuration files given to activated devices.",
            Self::DevicesRegistered => {
                "Devices registered for the first time since their activation."
            }
            Self::EventsDropped => "Events that left the outbox and went to nobody.",
        }
    }
}

/// All counters of a process; they start at zero and only rise.
///
/// Serialized, it is a map from [`Counter::name`] to the count.
#[derive(Debug, Default)]
pub struct Counters([AtomicU64; Counter::ALL.len()]);

impl Counters {
    /// Counts one more.
    pub fn add(&self, counter: Counter) {
        self.add_many(counter, 1);
    }

    /// Counts `many` more.
    pub fn add_many(&self, counter: Counter, many: u64) {
        if let Some(count) = self.0.get(counter as usize) {
            count.fetch_add(many, Ordering::Relaxed);
        }
    }

    /// The count so far.
    #[must_use]
    pub fn get(&self, counter: Counter) -> u64 {
        self.0
            .get(counter as usize)
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// All counts in the text format of Prometheus, each as `offhook_NAME_total`.
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        for counter in Counter::ALL {
            let (name, help, count) = (counter.name(), counter.help(), self.get(counter));
            // Writing to a string cannot fail.
            let _: fmt::Result = write!(
                text,
                "# HELP offhook_{name}_total {help}\n\
                 # TYPE offhook_{name}_total counter\n\
                 offhook_{name}_total {count}\n"
            );
        }
        text
    }
}

/// How the budget of wrong codes stands at `now`, in the text format of Prometheus.
pub(crate) fn budget_gauges(budget: &GuessBudget, now: SystemTime) -> String {
    gauge(
        "guess_risk",
        "The chance that the wrong activation codes counted have hit a good one.",
        &format_args!("{:e}", budget.guess_risk(now)),
    ) + &gauge(
        "guesses",
        "Wrong activation codes counted in the window, over all nodes.",
        &budget.guesses(now),
    ) + &gauge(
        "guesses_allowed",
        "Wrong activation codes allowed in the window.",
        &budget.guesses_allowed(),
    )
}

/// When the refresh token for the DM Bridge ends, in the text format of Prometheus; nothing where that
/// is not known.
pub(crate) fn refresh_token_gauge(life: RefreshTokenLife) -> String {
    let since_1970 = |end: SystemTime| end.duration_since(SystemTime::UNIX_EPOCH).ok();
    let Some(end) = life.end().and_then(since_1970) else {
        return String::new();
    };
    gauge(
        "dm_bridge_refresh_token_end_seconds",
        "When the refresh token for the DM Bridge ends, in seconds since 1970.",
        &end.as_secs(),
    )
}

fn gauge(name: &str, help: &str, value: &dyn fmt::Display) -> String {
    format!("# HELP offhook_{name} {help}\n# TYPE offhook_{name} gauge\noffhook_{name} {value}\n")
}

impl Serialize for Counters {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Counter::ALL.len()))?;
        for counter in Counter::ALL {
            map.serialize_entry(counter.name(), &self.get(counter))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_has_a_place_and_a_name_of_its_own() {
        let counters = Counters::default();
        for (at, counter) in Counter::ALL.into_iter().enumerate() {
            assert_eq!(counter as usize, at);
            for _ in 0..=at {
                counters.add(counter);
            }
        }
        for (at, counter) in Counter::ALL.into_iter().enumerate() {
            assert_eq!(counters.get(counter), at as u64 + 1);
        }
        let names: std::collections::BTreeSet<_> = Counter::ALL.map(Counter::name).into();
        assert_eq!(names.len(), Counter::ALL.len());
    }

    #[test]
    fn prometheus_reads_help_type_and_count() {
        let counters = Counters::default();
        counters.add(Counter::CodesIssued);
        let text = counters.to_prometheus();
        assert!(text.contains(
            "# HELP offhook_codes_issued_total Activation codes issued.\n\
             # TYPE offhook_codes_issued_total counter\n\
             offhook_codes_issued_total 1\n"
        ));
        assert_eq!(text.lines().count(), 3 * Counter::ALL.len());
    }

    #[test]
    fn the_end_of_a_refresh_token_is_shown_where_it_is_known() {
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000);
        for life in [
            RefreshTokenLife::Ended { at },
            RefreshTokenLife::EndsSoon { at },
            RefreshTokenLife::Good { until: at },
        ] {
            let text = refresh_token_gauge(life);
            assert!(text.ends_with(
                "# TYPE offhook_dm_bridge_refresh_token_end_seconds gauge\n\
                 offhook_dm_bridge_refresh_token_end_seconds 1800000000\n"
            ));
        }
        assert_eq!(refresh_token_gauge(RefreshTokenLife::Unknown), "");
    }
}

//! Events for other systems, written in the transaction that made them true.

use std::time::Duration;

use offhook_activation_code::{ProfileId, TenantId, Timestamp};

/// What another system may want to hear of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OutboxKind {
    /// A device was activated.
    DeviceActivated,
    /// A device was deactivated.
    DeviceDeactivated,
    /// A device was deleted.
    DeviceDeleted,
    /// Call control is to have a device send a problem report.
    ProblemReportRequested,
    /// Call control is to have a device restart.
    RebootRequested,
}

impl OutboxKind {
    /// The word for the kind, as it stands in stores and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceActivated => "device-activated",
            Self::DeviceDeactivated => "device-deactivated",
            Self::DeviceDeleted => "device-deleted",
            Self::ProblemReportRequested => "problem-report-requested",
            Self::RebootRequested => "reboot-requested",
        }
    }

    /// Whether it asks that something be done, which nobody wants any more after a while.
    #[must_use]
    pub const fn is_request(self) -> bool {
        matches!(self, Self::ProblemReportRequested | Self::RebootRequested)
    }

    /// The kind for a word of [`as_str`](Self::as_str); `None` for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::DeviceActivated,
            Self::DeviceDeactivated,
            Self::DeviceDeleted,
            Self::ProblemReportRequested,
            Self::RebootRequested,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }
}

/// An event that waits to be delivered; the sequence tells repeats apart.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores build it from their rows; a new field must reach every store"
)]
pub struct OutboxEvent {
    /// Rises with every event of the store, from 1; never used twice, and now and then left out.
    pub sequence: u64,
    /// What happened.
    pub kind: OutboxKind,
    /// For whom.
    pub tenant: TenantId,
    /// To which device.
    pub profile: ProfileId,
    /// When.
    pub at: Timestamp,
    /// How long it had waited when it was read, by the clock of the store. One that is stamped later than
    /// that was stamped by a clock that stood ahead: it counts as having waited for as long.
    pub waited: Duration,
}

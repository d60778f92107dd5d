//! Which calls a device shows.

use super::{Feature, Series, Support, System, series_of, support};

/// A device and line whose calls are to be shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CallHistoryRequest<'r> {
    /// The model.
    pub model: &'r str,
    /// Which line.
    pub line: Line,
    /// Whose device it is.
    pub owner: Owner,
    /// Whether the device knows of the cloud; for telephones.
    pub is_cloud_aware: bool,
    /// Whether the user has set a password on the device; for telephones.
    pub has_user_password: bool,
    /// Whether `Feature_Toggle_Webex_Call` is `Yes`; for room devices.
    pub feature_toggle_webex_call: bool,
}

impl<'r> CallHistoryRequest<'r> {
    /// The primary line of a personal device of this model, with all that it needs set and no
    /// password.
    #[must_use]
    pub const fn new(model: &'r str) -> Self {
        Self {
            model,
            line: Line::Primary,
            owner: Owner::Personal,
            is_cloud_aware: true,
            has_user_password: false,
            feature_toggle_webex_call: true,
        }
    }
}

/// Which line of a device.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Line {
    /// Another one, shared or not.
    Other,
    /// The primary one, of the current user.
    Primary,
}

/// Whose a device is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Owner {
    /// One user's.
    Personal,
    /// A workspace's (`isPlace`).
    Workspace,
}

/// Which calls a device shows on a line.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CallHistory {
    /// Those of this device only.
    Local(LocalReason),
    /// Those of all the user's devices.
    Unified {
        /// Whether they are hidden until the user's password is typed.
        is_protected: bool,
    },
}

/// Why a device shows its own calls only.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum LocalReason {
    /// A room device whose toggle is off.
    FeatureToggle,
    /// No guide lists the model.
    Model,
    /// A telephone that does not know of the cloud.
    NotCloudAware,
    /// A line that is not the primary one.
    OtherLine,
    /// A workspace's telephone.
    Workspace,
}

/// Which calls a device shows on a line. Where a telephone begins to show those of all devices, the
/// calls that it had kept from `BroadWorks` are deleted.
///
/// # Source
///
/// Device integration for Webex on `BroadWorks`, end-user features: for telephones the primary
/// line of the current user only, no workspaces, cloud-aware devices only, hidden where a password
/// is set; for room devices the toggle.
#[must_use]
pub fn call_history(request: &CallHistoryRequest<'_>) -> CallHistory {
    let feature = Feature::UnifiedCallHistory;
    let listed = support(request.model, feature, System::BroadWorks, &[]);
    let is_phone = matches!(
        series_of(request.model),
        Some(Series::IpPhone6800 | Series::IpPhone7800 | Series::IpPhone8800)
    );
    let reason = if !matches!(listed, Support::Listed(_)) {
        Some(LocalReason::Model)
    } else if !is_phone {
        (!request.feature_toggle_webex_call).then_some(LocalReason::FeatureToggle)
    } else if request.owner == Owner::Workspace {
        Some(LocalReason::Workspace)
    } else if request.line == Line::Other {
        Some(LocalReason::OtherLine)
    } else if !request.is_cloud_aware {
        Some(LocalReason::NotCloudAware)
    } else {
        None
    };
    match reason {
        Some(reason) => CallHistory::Local(reason),
        None => CallHistory::Unified {
            is_protected: is_phone && request.has_user_password,
        },
    }
}

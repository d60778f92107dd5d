//! How often a device may ask in vain to be activated.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use offhook_device_name::MacAddress;
use uuid::Uuid;

use super::ledger::{Ledger, Rate};
use super::problem::Refused;
use crate::{ActivateError, Activated, Caller, OnboardError};

/// Refused activations of each device: a hundred at once, and then one in each minute.
///
/// Each of them leaves a record in the audit log, which is kept for ever, and wrong codes are all that
/// the budget of guesses counts. A node counts by itself. A clone is the same ledger, so that routes that
/// are built anew go on with it; see
/// [`ManagementApi::with_activation_ledger`](super::ManagementApi::with_activation_ledger).
#[derive(Clone, Debug, Default)]
pub struct ActivationLedger(Arc<Mutex<Ledger<Asking>>>);

/// A device that asks, by what it has proved.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Asking {
    Address(MacAddress),
    Subject(Uuid),
}

impl From<&Caller> for Asking {
    fn from(caller: &Caller) -> Self {
        match caller {
            Caller::Identity(identity) => Self::Address(identity.mac()),
            Caller::Token(token) => Self::Subject(token.subject().uuid()),
        }
    }
}

impl ActivationLedger {
    /// Counts an activation as though it were refused, which many at once cannot get round.
    pub(super) fn admit(&self, asking: Asking, now: SystemTime) -> Result<(), Refused> {
        self.with(|ledger| ledger.admit(asking, RATE, now))
            .map_err(Refused::too_fast)
    }

    /// Counts it no longer, unless it was refused.
    pub(super) fn judge(&self, asking: Asking, outcome: &Result<Activated, OnboardError>) {
        let is_refused = matches!(
            outcome,
            Err(OnboardError::Activate(ActivateError::Refused(_)))
        );
        if !is_refused {
            self.with(|ledger| ledger.give_back(asking, RATE));
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Ledger<Asking>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

const RATE: Rate = Rate {
    interval: Duration::from_secs(60),
    burst: 100,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ActivateRefusal, RequestError};

    #[test]
    fn refused_activations_count_and_no_others() {
        let (limit, asking) = (
            ActivationLedger::default(),
            Asking::Subject(Uuid::from_u128(7)),
        );
        let at =
            |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds);
        let refused = || {
            let refusal = ActivateRefusal::NotEntitled;
            Err(OnboardError::Activate(ActivateError::Refused(refusal)))
        };
        for _ in 0..1_000 {
            assert!(limit.admit(asking, at(0)).is_ok());
            limit.judge(asking, &Err(RequestError::NoCode.into()));
        }
        for _ in 0..100 {
            assert!(limit.admit(asking, at(0)).is_ok());
            limit.judge(asking, &refused());
        }
        assert!(limit.admit(asking, at(59)).is_err());
        // Routes that are built anew go on with it.
        assert!(limit.clone().admit(asking, at(59)).is_err());
        let another = Asking::Address(MacAddress::new([0, 0x0e, 8, 0xab, 0xcd, 0xef]));
        assert!(limit.admit(another, at(59)).is_ok());
        assert!(limit.admit(asking, at(60)).is_ok());
        limit.judge(asking, &refused());
        assert!(limit.admit(asking, at(60)).is_err());
    }
}

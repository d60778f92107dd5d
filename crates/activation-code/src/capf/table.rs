//! The operations as a plain value.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::{CapfAttempt, CapfDevice, CapfOperation, CapfRefusal, Timestamp};

/// The operations of a [`CapfStore`](crate::CapfStore) as a plain value: the heart of the store in
/// memory, and the model that every other store must agree with.
#[derive(Clone, Debug, Default)]
pub struct CapfTable(BTreeMap<CapfDevice, Pending>);

#[derive(Clone, Debug)]
struct Pending {
    operation: CapfOperation,
    misses: u8,
}

impl CapfTable {
    /// A table without operations.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Orders `operation` in place of the one that its device has.
    pub fn order(&mut self, operation: &CapfOperation) {
        let pending = Pending {
            operation: operation.clone(),
            misses: 0,
        };
        self.0.insert(operation.device().clone(), pending);
    }

    /// Completes the operation of a device that presents the right string; a wrong one is a miss.
    ///
    /// # Errors
    ///
    /// [`CapfRefusal`]: first whether there is an operation, then whether it is in time, then
    /// whether it is locked, and at last whether the string is right.
    pub fn present(&mut self, attempt: &CapfAttempt, now: SystemTime) -> Result<(), CapfRefusal> {
        let Some(pending) = self.0.get_mut(attempt.device()) else {
            return Err(CapfRefusal::NoOperation);
        };
        if pending.operation.completes_by() <= Timestamp::from(now) {
            return Err(CapfRefusal::Expired);
        }
        if pending.misses >= pending.operation.max_misses().get() {
            return Err(CapfRefusal::Locked);
        }
        if !attempt.satisfies(pending.operation.mode()) {
            pending.misses += 1;
            return Err(CapfRefusal::WrongString);
        }
        self.0.remove(attempt.device());
        Ok(())
    }

    /// Cancels the operation of `device`.
    ///
    /// # Errors
    ///
    /// [`CapfRefusal::NoOperation`]: the device has none.
    pub fn cancel(&mut self, device: &CapfDevice) -> Result<(), CapfRefusal> {
        match self.0.remove(device) {
            Some(_) => Ok(()),
            None => Err(CapfRefusal::NoOperation),
        }
    }

    /// Forgets the operations whose deadline was `kept` or longer ago at `now`; says how many.
    pub fn purge(&mut self, kept: Duration, now: SystemTime) -> u64 {
        // Before the first moment no deadline was.
        let then = Timestamp::from(now.checked_sub(kept).unwrap_or(SystemTime::UNIX_EPOCH));
        let before = self.0.len();
        self.0
            .retain(|_, pending| pending.operation.completes_by() > then);
        (before - self.0.len()) as u64
    }
}

//! Where certificate operations are kept.

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::{CapfAttempt, CapfDevice, CapfError, CapfOperation, StoreError};

/// Where certificate operations are kept: one atomic verb for each decision.
///
/// [`CapfTable`](crate::CapfTable) is the model.
///
/// # What a store must never do
///
/// - Let an operation be completed twice, or at or after [`CapfOperation::completes_by`].
/// - Let one be completed after as many wrong strings in a row as [`CapfOperation::max_misses`]
///   says, however many are presented at once.
/// - Lose a wrong string that was answered.
#[async_trait]
pub trait CapfStore: fmt::Debug + Send + Sync {
    /// Orders an operation in place of the one that the device has, if any: the old string is
    /// void and no lock is left.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store failed.
    async fn order_capf(
        &self,
        operation: &CapfOperation,
        now: SystemTime,
    ) -> Result<(), StoreError>;

    /// Completes the operation of a device that presents the right string; a wrong one is a miss.
    ///
    /// # Errors
    ///
    /// [`CapfError::Refused`] when the device has no operation or presents the wrong string, or the
    /// operation is locked or too late; [`CapfError::Store`] when the store failed.
    async fn present_capf(&self, attempt: &CapfAttempt, now: SystemTime) -> Result<(), CapfError>;

    /// Cancels the operation of a device, expired and locked ones too.
    ///
    /// # Errors
    ///
    /// [`CapfError::Refused`] with [`CapfRefusal::NoOperation`](crate::CapfRefusal::NoOperation)
    /// when the device has none; [`CapfError::Store`] when the store failed.
    async fn cancel_capf(&self, device: &CapfDevice, now: SystemTime) -> Result<(), CapfError>;

    /// Forgets the operations whose deadline was `kept` or longer ago at `now`, locked ones too; says how
    /// many. Their devices are told then that there is no operation, and no longer that it is too late.
    ///
    /// Called from time to time, it bounds the operations that no device ever completes; nothing calls it
    /// but whoever has the store.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store failed.
    async fn purge_capf(&self, kept: Duration, now: SystemTime) -> Result<u64, StoreError>;
}

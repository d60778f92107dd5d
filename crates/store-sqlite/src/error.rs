//! Why a file was not opened.

use std::error::Error as StdError;

use offhook_activation_code::StoreError;
use thiserror::Error;

/// A file was not opened as a store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is a database of another program. Give another path.
    #[error("the file is a database of another program")]
    ForeignFile,
    /// The file was written by a newer version of this crate. Update the program.
    #[error("the file has schema version {found}, newer than {known}")]
    NewerSchema {
        /// The version of the file.
        found: i64,
        /// The newest version that this crate knows.
        known: i64,
    },
    /// The file cannot have a write-ahead log, so that a commit could be lost: it is in memory only,
    /// or on a file system that shares no memory. Give the path of a file on a local disk.
    #[error("the file cannot have a write-ahead log")]
    NotDurable,
    /// The file, or a thread for it, could not be had.
    #[error("store not opened")]
    Store(#[source] StoreError),
}

impl OpenError {
    pub(crate) fn store(
        action: &'static str,
    ) -> impl FnOnce(Box<dyn StdError + Send + Sync>) -> Self {
        move |source| Self::Store(StoreError::new(action, source))
    }
}

/// A record of the audit log holds what this crate has not written.
#[derive(Debug, Error)]
#[error("audit record {sequence} cannot be read")]
pub(crate) struct UnreadableRecord {
    pub(crate) sequence: u64,
    pub(crate) source: rusqlite::Error,
}

//! Opaque tokens of one process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use crate::claims::after;
use crate::{
    DEFAULT_LEEWAY, Inserted, OpaqueRecord, OpaqueTokenStore, Subject, TokenDigest, TokenStoreError,
};

/// Keeps opaque tokens in memory, at most [`MEMORY_STORE_CAPACITY`] unless told otherwise.
///
/// It makes room by forgetting what has expired, and never what has not: when it is full of tokens
/// that live, the next one is not kept and so not given out.
pub struct MemoryTokenStore {
    records: Mutex<HashMap<TokenDigest, OpaqueRecord>>,
    capacity: usize,
}

impl MemoryTokenStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(MEMORY_STORE_CAPACITY)
    }

    /// An empty store for at most `tokens`.
    #[must_use]
    pub fn with_capacity(tokens: usize) -> Self {
        Self {
            records: Mutex::default(),
            capacity: tokens,
        }
    }

    /// How many tokens are kept, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether no token is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenDigest, OpaqueRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryTokenStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl OpaqueTokenStore for MemoryTokenStore {
    async fn insert(
        &self,
        record: OpaqueRecord,
        now: SystemTime,
    ) -> Result<Inserted, TokenStoreError> {
        let mut records = self.lock();
        if records.contains_key(record.digest()) {
            return Ok(Inserted::KnownBefore);
        }
        if records.len() >= self.capacity {
            records.retain(|_, kept| after(kept.expires_at(), DEFAULT_LEEWAY) > now);
        }
        if records.len() >= self.capacity {
            return Err(TokenStoreError::new("keep a token", "the store is full"));
        }
        records.insert(*record.digest(), record);
        Ok(Inserted::New)
    }

    async fn find(&self, digest: &TokenDigest) -> Result<Option<OpaqueRecord>, TokenStoreError> {
        Ok(self.lock().get(digest).cloned())
    }

    async fn revoke(&self, digest: &TokenDigest) -> Result<(), TokenStoreError> {
        self.lock().remove(digest);
        Ok(())
    }

    async fn revoke_subject(&self, subject: &Subject) -> Result<(), TokenStoreError> {
        self.lock().retain(|_, record| record.subject() != subject);
        Ok(())
    }

    async fn purge_expired(&self, before: SystemTime) -> Result<(), TokenStoreError> {
        self.lock().retain(|_, record| record.expires_at() > before);
        Ok(())
    }
}

impl fmt::Debug for MemoryTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTokenStore")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// How many tokens a store in memory keeps unless told otherwise: 100,000. The number is ours.
pub const MEMORY_STORE_CAPACITY: usize = 100_000;

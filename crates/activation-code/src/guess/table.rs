//! The counters as a plain value.

use std::collections::{BTreeMap, BTreeSet};

use crate::{GuessBatch, GuessCount, GuessKey, Timestamp};

/// The rows of a [`GuessStore`](crate::GuessStore) as a plain value: the heart of the store in
/// memory, and the model that every other store must agree with.
#[derive(Clone, Debug, Default)]
pub struct GuessTable(BTreeMap<(GuessKey, Timestamp), BTreeMap<u32, u64>>);

impl GuessTable {
    /// A table without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the charges of `batch` and reads the counts of its keys, ascending.
    pub fn charge(&mut self, batch: &GuessBatch) -> Vec<GuessCount> {
        for charge in batch.charges().iter().filter(|charge| charge.amount() != 0) {
            let row = self.0.entry((charge.key(), charge.bucket())).or_default();
            let count = row.entry(batch.shard()).or_default();
            *count = count.saturating_add_signed(charge.amount());
        }
        let keys: BTreeSet<GuessKey> = batch.charges().iter().map(|charge| charge.key()).collect();
        keys.into_iter()
            .flat_map(|key| self.0.range((key, batch.since())..=(key, Timestamp::MAX)))
            .map(|(&(key, bucket), shards)| GuessCount::new(key, bucket, shards.values().sum()))
            .filter(|count| count.count() > 0)
            .collect()
    }

    /// Forgets the rows of all buckets before `before`; says how many.
    pub fn purge(&mut self, before: Timestamp) -> u64 {
        let mut purged = 0;
        self.0.retain(|(_, bucket), shards| {
            let keep = *bucket >= before;
            purged += if keep { 0 } else { shards.len() as u64 };
            keep
        });
        purged
    }
}

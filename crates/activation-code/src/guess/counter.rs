//! The guesses of one key, as far as the node knows of them.

use crate::Timestamp;

/// Guesses by bucket, the newest last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Vec<(Timestamp, u64)>);

impl Counter {
    /// The guesses since the bucket `since`.
    pub(crate) fn total(&self, since: Timestamp) -> u64 {
        let counted = self.0.iter().filter(|(bucket, _)| *bucket >= since);
        counted.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Adds guesses to a bucket, or takes them away; forgets the buckets before `since`.
    pub(crate) fn add(&mut self, bucket: Timestamp, amount: i64, since: Timestamp) {
        self.0.retain(|(bucket, _)| *bucket >= since);
        match self.0.iter_mut().find(|(known, _)| *known == bucket) {
            Some((_, count)) => *count = count.saturating_add_signed(amount),
            None if amount > 0 && bucket >= since => {
                self.0.push((bucket, amount.unsigned_abs()));
            }
            None => {}
        }
    }
}

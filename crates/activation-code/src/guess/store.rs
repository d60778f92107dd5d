//! Where counters of failed guesses are kept.

use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;
use ring::digest::{Context, SHA256};

use crate::{StoreError, Timestamp};

/// Where counters of failed guesses are kept, so that the nodes of a service share one budget and
/// a restart forgets none of it.
///
/// A row is a key, a bucket, a shard and a count; key, bucket and shard are its primary key. A node
/// writes the rows of its own shard only, so that no row is written by two nodes, and what it reads
/// is the sum over all shards. [`GuessTable`](crate::GuessTable) is the model.
///
/// # What a store must never do
///
/// - Put a part of a batch into effect, or answer with counts in which the batch is not contained.
/// - Let a count fall below zero.
/// - Forget a row of a bucket that [`purge_guesses`](Self::purge_guesses) was not told of.
///
/// # What a store may do
///
/// - Answer [`StoreError`] although the batch has taken place: it is then added again, which counts
///   some guesses twice and none too seldom.
#[async_trait]
pub trait GuessStore: fmt::Debug + Send + Sync {
    /// Adds the charges of `batch` to the rows of its shard, each row at least zero afterwards, and
    /// reads the counts of all keys of the batch, in one transaction.
    ///
    /// The answer has, for each key that the batch names and for each bucket from
    /// [`GuessBatch::since`] on, the sum over all shards where it is not zero, in any order. A
    /// charge of zero writes nothing and names its key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store failed.
    async fn charge_guesses(&self, batch: &GuessBatch) -> Result<Vec<GuessCount>, StoreError>;

    /// How many codes of all tenants can be redeemed at `now`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store failed.
    async fn live_codes(&self, now: SystemTime) -> Result<u64, StoreError>;

    /// Forgets the rows of all buckets before `before`; says how many. Due once a bucket, with
    /// [`GuessWindow::since`](crate::GuessWindow::since).
    ///
    /// `now` is the caller's clock. A store that several nodes share may go by its database's
    /// instead, so that it forgets nothing that is younger by that than `before` is by `now`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store failed.
    async fn purge_guesses(&self, before: Timestamp, now: SystemTime) -> Result<u64, StoreError>;
}

/// Of whom guesses are counted: a digest, so that a store keeps no addresses and no names.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GuessKey([u8; Self::BYTES]);

impl GuessKey {
    /// How many bytes a key has.
    pub const BYTES: usize = 16;

    /// The key that a store kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The key of what `parts` name.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(b"gk1|");
        for part in parts {
            context.update(part);
        }
        Self::first_half(context.finish().as_ref())
    }

    /// The first half of a digest.
    pub(crate) fn first_half(digest: &[u8]) -> Self {
        let mut bytes = [0; Self::BYTES];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = *from;
        }
        Self(bytes)
    }
}

/// What a node adds to the counters in one transaction.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GuessBatch {
    shard: u32,
    since: Timestamp,
    charges: Vec<GuessCharge>,
}

impl GuessBatch {
    /// The `charges` of the node that writes the rows of `shard`; buckets before `since` no longer
    /// count.
    #[must_use]
    pub fn new(shard: u32, since: Timestamp, charges: Vec<GuessCharge>) -> Self {
        Self {
            shard,
            since,
            charges,
        }
    }

    /// Whose rows are written.
    #[must_use]
    pub fn shard(&self) -> u32 {
        self.shard
    }

    /// The oldest bucket that is read.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// What is added. No two charges have the same key and bucket.
    #[must_use]
    pub fn charges(&self) -> &[GuessCharge] {
        &self.charges
    }
}

/// What is added to one row: a node's failed guesses, less those that turned out to be none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GuessCharge {
    key: GuessKey,
    bucket: Timestamp,
    amount: i64,
}

impl GuessCharge {
    /// `amount` more guesses of `key` in `bucket`, or fewer.
    #[must_use]
    pub const fn new(key: GuessKey, bucket: Timestamp, amount: i64) -> Self {
        Self {
            key,
            bucket,
            amount,
        }
    }

    /// Whose guesses they are.
    #[must_use]
    pub const fn key(&self) -> GuessKey {
        self.key
    }

    /// When the bucket began.
    #[must_use]
    pub const fn bucket(&self) -> Timestamp {
        self.bucket
    }

    /// How many more, or fewer.
    #[must_use]
    pub const fn amount(&self) -> i64 {
        self.amount
    }
}

/// The guesses of one key in one bucket, of all nodes together.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GuessCount {
    key: GuessKey,
    bucket: Timestamp,
    count: u64,
}

impl GuessCount {
    /// `count` guesses of `key` in `bucket`.
    #[must_use]
    pub const fn new(key: GuessKey, bucket: Timestamp, count: u64) -> Self {
        Self { key, bucket, count }
    }

    /// Whose guesses they are.
    #[must_use]
    pub const fn key(&self) -> GuessKey {
        self.key
    }

    /// When the bucket began.
    #[must_use]
    pub const fn bucket(&self) -> Timestamp {
        self.bucket
    }

    /// How many there were.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

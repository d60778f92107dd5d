//! How a file is opened.

use std::time::Duration;

/// How a file is opened. The defaults suit one server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SqliteOptions {
    busy_timeout: Duration,
    max_batch: usize,
    queue: usize,
}

impl SqliteOptions {
    /// How long to wait for another process that holds the file: 5 seconds by default.
    #[must_use]
    pub fn with_busy_timeout(self, busy_timeout: Duration) -> Self {
        Self {
            busy_timeout,
            ..self
        }
    }

    /// How many verbs one commit takes at most: at least 1, by default 256.
    #[must_use]
    pub fn with_max_batch(self, max_batch: usize) -> Self {
        Self {
            max_batch: max_batch.max(1),
            ..self
        }
    }

    /// How many verbs may wait before callers have to wait as well: at least 1, by default 1024.
    #[must_use]
    pub fn with_queue(self, queue: usize) -> Self {
        Self {
            queue: queue.max(1),
            ..self
        }
    }

    pub(crate) fn busy_timeout(&self) -> Duration {
        self.busy_timeout
    }

    pub(crate) fn max_batch(&self) -> usize {
        self.max_batch
    }

    pub(crate) fn queue(&self) -> usize {
        self.queue
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            max_batch: 256,
            queue: 1_024,
        }
    }
}

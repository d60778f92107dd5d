//! How patient a resolver is, what it keeps, and how much it does at once.

use std::time::Duration;

/// How patient a [`Resolver`](crate::Resolver) is, what it keeps, and how much it does at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Options {
    pub(super) deadline: Duration,
    pub(super) question_timeout: Duration,
    pub(super) server_delay: Duration,
    pub(super) cache_capacity: usize,
    pub(super) max_searches: usize,
    pub(super) prefetches: bool,
    pub(super) max_stale: Duration,
}

impl Options {
    /// The options with another time for a whole resolution; 5 seconds unless told otherwise.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The options with another time for a single question to one name server, repetitions
    /// included; 3 seconds unless told otherwise.
    ///
    /// A server that has not answered after half of it is asked without EDNS too, and the first
    /// answer counts. Where that was so twice in a row, it is asked without EDNS at once for 15 minutes.
    #[must_use]
    pub const fn with_question_timeout(mut self, timeout: Duration) -> Self {
        self.question_timeout = timeout;
        self
    }

    /// The options with another time after which the next name server is asked beside one that has
    /// not answered yet; 200 milliseconds unless told otherwise.
    #[must_use]
    pub const fn with_server_delay(mut self, delay: Duration) -> Self {
        self.server_delay = delay;
        self
    }

    /// The options with another number of targets to keep; 4,096 unless told otherwise, none for
    /// zero.
    #[must_use]
    pub const fn with_cache_capacity(mut self, targets: usize) -> Self {
        self.cache_capacity = targets;
        self
    }

    /// The options with another number of searches under way at once; 1,024 unless told otherwise.
    ///
    /// A search goes on till its end or its deadline though nobody waits for it any longer, so that
    /// whoever resolves what strangers write needs a bound. Each has a task, and five questions at a
    /// time as a rule, [`Policy::MAX_QUESTIONS`](crate::Policy::MAX_QUESTIONS) at most; over UDP each
    /// question has a socket. What is over the number is not searched for: it has failed with
    /// [`ResolveError::Temporary`](crate::ResolveError::Temporary) at once, or is given
    /// [stale](Self::with_max_stale). Whoever joins a search, finds something in the cache or asks for
    /// an address is answered all the same. [`Resolver::edge`](crate::Resolver::edge) takes two searches
    /// for each domain.
    ///
    /// A search whose runtime nobody drives any more does not count from when somebody has waited for it
    /// in vain, though its sockets stay open till the runtime ends.
    #[must_use]
    pub const fn with_max_searches(mut self, searches: usize) -> Self {
        self.max_searches = searches;
        self
    }

    /// The options to ask again, beside whoever uses it, for what has less than a tenth of its
    /// lifetime left; not done unless told so.
    #[must_use]
    pub const fn with_prefetch(mut self) -> Self {
        self.prefetches = true;
        self
    }

    /// The options to give servers for so long past their lifetime where name servers fail; not
    /// done unless told so.
    ///
    /// # Source
    ///
    /// RFC 8767 section 5, <https://www.rfc-editor.org/rfc/rfc8767#section-5>: one to three days
    /// recommended.
    #[must_use]
    pub const fn with_max_stale(mut self, max_stale: Duration) -> Self {
        self.max_stale = max_stale;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            question_timeout: Duration::from_secs(3),
            server_delay: Duration::from_millis(200),
            cache_capacity: 4_096,
            max_searches: 1_024,
            prefetches: false,
            max_stale: Duration::ZERO,
        }
    }
}

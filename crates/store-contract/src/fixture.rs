//! What the suite is run against.

use std::sync::Arc;

use offhook_activation_code::CodeStore;

/// An empty store, and whatever it needs to live: a temporary directory, a running server.
///
/// An `Arc` of a store that needs nothing is a fixture already.
pub trait Fixture {
    /// The store under test.
    type Store: CodeStore + 'static;

    /// The store; always the same one.
    fn store(&self) -> Arc<Self::Store>;
}

impl<S: CodeStore + 'static> Fixture for Arc<S> {
    type Store = S;

    fn store(&self) -> Self {
        Self::clone(self)
    }
}

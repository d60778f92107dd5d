//! What the suite is run against.

use std::future::Future;
use std::net::SocketAddr;
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

/// A store whose data other nodes and processes can open, and that outlive each of them.
pub trait SharedFixture: Fixture {
    /// Where the data are, for another process: the path of a file, the URL of a database.
    fn location(&self) -> String;

    /// Opens the data at `location` with connections of its own, as another node would.
    ///
    /// # Panics
    ///
    /// When they cannot be opened: the test has failed then.
    fn open(location: &str) -> impl Future<Output = Self::Store> + Send;
}

/// A store whose data are behind a TCP connection.
pub trait NetworkFixture: SharedFixture {
    /// The address at which the server listens.
    fn server(&self) -> SocketAddr;

    /// [`SharedFixture::location`] by way of `proxy`, which forwards bytes to
    /// [`server`](Self::server).
    fn location_by(&self, proxy: SocketAddr) -> String;

    /// Whether the store asks again by itself when a connection breaks before the answer, so that its
    /// caller never has to. Unless told otherwise it does not.
    fn asks_again(&self) -> bool {
        false
    }
}

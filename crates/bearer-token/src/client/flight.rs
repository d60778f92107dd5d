//! One exchange that many callers wait for, and that survives any of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

type Exchange<T> = Shared<BoxFuture<'static, T>>;

/// At most one exchange at a time, carried on by whoever waits for it.
///
/// It needs no runtime: when the last caller goes away the exchange rests, and the next caller
/// goes on with the same one. So what was begun is ended once, and no answer is lost. An exchange
/// writes what it found where others look before it ends, for only then does it make room.
pub(super) struct Flight<T: Clone>(Arc<Mutex<Option<Exchange<T>>>>);

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    /// Joins the exchange under way or starts one; `None` when `start` finds that none is needed.
    pub(super) fn join(
        &self,
        start: impl FnOnce() -> Option<BoxFuture<'static, T>>,
    ) -> Option<Joined<T>> {
        self.enter(&mut lock(&self.0), start)
    }

    /// As [`join`](Self::join), and `None` also when another caller carries the exchange.
    pub(super) fn carry(
        &self,
        start: impl FnOnce() -> Option<BoxFuture<'static, T>>,
    ) -> Option<Joined<T>> {
        let mut slot = lock(&self.0);
        match &*slot {
            Some(exchange) if !is_resting(exchange) => None,
            _ => self.enter(&mut slot, start),
        }
    }

    fn enter(
        &self,
        slot: &mut Option<Exchange<T>>,
        start: impl FnOnce() -> Option<BoxFuture<'static, T>>,
    ) -> Option<Joined<T>> {
        if let Some(exchange) = slot {
            return Some(Joined {
                was_resting: is_resting(exchange),
                exchange: exchange.clone(),
            });
        }
        // Asked under the lock: what the last exchange wrote is seen here.
        let started = start()?;
        let room = Room(Arc::downgrade(&self.0));
        let exchange = async move {
            let outcome = started.await;
            drop(room);
            outcome
        };
        let exchange = exchange.boxed().shared();
        *slot = Some(exchange.clone());
        Some(Joined {
            exchange,
            was_resting: false,
        })
    }
}

/// A place among those who wait for an exchange.
pub(super) struct Joined<T: Clone> {
    pub(super) exchange: Exchange<T>,
    /// Whether everyone had left it: it may have begun long ago, and its time may have run out
    /// with nobody there.
    pub(super) was_resting: bool,
}

/// Makes room for the next exchange when this one ends, be it by a panic.
struct Room<T: Clone>(Weak<Mutex<Option<Exchange<T>>>>);

impl<T: Clone> Drop for Room<T> {
    fn drop(&mut self) {
        if let Some(slot) = self.0.upgrade() {
            // Dropped after the lock: with the last of its holders gone it would come back here.
            let ended = lock(&slot).take();
            drop(ended);
        }
    }
}

/// Whether nobody holds it but the slot.
fn is_resting<T: Clone>(exchange: &Exchange<T>) -> bool {
    exchange.strong_count() == Some(1)
}

fn lock<T: Clone>(slot: &Mutex<Option<Exchange<T>>>) -> MutexGuard<'_, Option<Exchange<T>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

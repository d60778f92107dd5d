//! Work that waits for the disk.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;

/// Does `work` on a thread of its own, so that no thread of a runtime waits for it, and without
/// naming one. It goes on when nobody waits any more.
pub(super) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let shared = Arc::new(Mutex::new(Shared::default()));
    let teller = Teller(Arc::clone(&shared));
    let thread = thread::Builder::new().name("offhook-mail".to_owned());
    thread.spawn(move || {
        let outcome = work();
        lock(&teller.0).outcome = Some(outcome);
    })?;
    poll_fn(|context| {
        let mut shared = lock(&shared);
        if let Some(outcome) = shared.outcome.take() {
            return Poll::Ready(Ok(outcome));
        }
        if shared.is_over {
            return Poll::Ready(Err(io::Error::other("the thread panicked")));
        }
        shared.waker = Some(context.waker().clone());
        Poll::Pending
    })
    .await
}

/// What a thread and who waits for it have in common.
struct Shared<T> {
    outcome: Option<T>,
    is_over: bool,
    waker: Option<Waker>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self {
            outcome: None,
            is_over: false,
            waker: None,
        }
    }
}

/// Tells that the thread is over, also when it panics.
struct Teller<T>(Arc<Mutex<Shared<T>>>);

impl<T> Drop for Teller<T> {
    fn drop(&mut self) {
        let waker = {
            let mut shared = lock(&self.0);
            shared.is_over = true;
            shared.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

fn lock<T>(shared: &Mutex<Shared<T>>) -> MutexGuard<'_, Shared<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn the_runtime_goes_on_meanwhile() {
        let (sender, receiver) = mpsc::channel();
        let work = on_a_thread(move || (receiver.recv(), thread::current().id()));
        // On a runtime of one thread this is sent while the work waits for it.
        let (outcome, sent) = tokio::join!(work, async { sender.send(7) });
        sent.unwrap();
        let (received, id) = outcome.unwrap();
        assert_eq!(received, Ok(7));
        assert_ne!(id, thread::current().id());
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let work = on_a_thread(|| -> u8 { panic!("on purpose") });
        assert_eq!(work.await.unwrap_err().to_string(), "the thread panicked");
    }
}

//! Polling by hand, to leave a call in its midst.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Polls `call` once, with the waker of the test.
pub(crate) async fn poll_once<F: Future + ?Sized>(mut call: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await
}

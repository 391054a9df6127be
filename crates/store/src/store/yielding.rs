//! Giving way to other tasks.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Lets other tasks run once.
pub(super) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Runs a future, and gives way once if it never did so itself.
///
/// A commit in memory is done at the first poll. The follower it woke then stands in the worker's own slot, where no other worker may
/// take it: if the committing task computes on for 5 ms, the reconcile starts 5 ms late beside an idle core.
pub(super) async fn yielding<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut waited = false;
    let result = poll_fn(|cx| {
        let polled = work.as_mut().poll(cx);
        waited |= polled.is_pending();
        polled
    })
    .await;
    if !waited {
        yield_now().await;
    }
    result
}

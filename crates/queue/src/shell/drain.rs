//! Waiting for the end of a drain.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::shared::Shared;
use crate::{Item, Merge};

/// The future of [`RateLimitedQueue::shutdown_and_drain`](super::RateLimitedQueue::shutdown_and_drain).
pub(super) struct Drain<'a, T, D>(pub(super) &'a Arc<Shared<T, D>>);

impl<T: Item, D: Merge> Future for Drain<'_, T, D> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let shared = self.0;
        let waker = cx.waker().clone();
        let mut state = shared.state.lock();
        let shut = state.is_shut();
        let not_kept =
            if shut { Some(waker) } else { state.await_drain(waker, |kept| kept.will_wake(cx.waker())) };
        drop(state);
        drop(not_kept);
        if shut {
            // What was deferred is not waited for.
            shared.discard();
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

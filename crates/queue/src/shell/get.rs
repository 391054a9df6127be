//! Waiting for a key.
//!
//! Written by hand, not as an async function: a worker that is dropped while it waits must give its wake-up to another one.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::shared::Shared;
use crate::core::{Got, Taken};
use crate::{Claim, Finish, Item, Merge};

/// The future of [`WorkQueue::get`](crate::WorkQueue::get) on the standard queue.
pub(super) struct Get<'a, T: Item, D: Merge> {
    shared: &'a Arc<Shared<T, D>>,
    /// While waiting.
    seat: Option<usize>,
}

impl<'a, T: Item, D: Merge> Get<'a, T, D> {
    pub(super) const fn new(shared: &'a Arc<Shared<T, D>>) -> Self {
        Self { shared, seat: None }
    }

    fn claim(&self, taken: Taken<T, D>) -> Claim<T, D> {
        let Taken { item, data, failures, waited } = taken;
        let home = Arc::clone(self.shared) as Arc<dyn Finish<T, D>>;
        Claim::new(item, data, home).with_failures(failures).with_waited(waited)
    }
}

impl<T: Item, D: Merge> Future for Get<'_, T, D> {
    type Output = Option<Claim<T, D>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let shared = this.shared;
        let now = shared.time();
        let mut waker = None;
        loop {
            let mut state = shared.state.lock();
            let kept = this.seat.take().and_then(|seat| state.leave(seat));
            let got = match state.take(now) {
                Got::Key(taken) => Some(this.claim(taken)),
                Got::Closed => None,
                Got::Wait => {
                    if let Some(waker) = kept.filter(|kept| kept.will_wake(cx.waker())).or(waker.take()) {
                        this.seat = Some(state.park(waker));
                        shared.settle(state);
                        return Poll::Pending;
                    }
                    // A waker is made outside the lock, and the queue asked again.
                    drop(state);
                    waker = Some(cx.waker().clone());
                    continue;
                }
            };
            shared.settle(state);
            drop(kept);
            return Poll::Ready(got);
        }
    }
}

impl<T: Item, D: Merge> Drop for Get<'_, T, D> {
    fn drop(&mut self) {
        if let Some(seat) = self.seat.take() {
            let mut state = self.shared.state.lock();
            let waker = state.leave(seat);
            self.shared.settle(state);
            drop(waker);
        }
    }
}

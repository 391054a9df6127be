//! A flag that is raised once and that many can wait for: shutdown, a lost lease, a superseded run.
//!
//! `CancellationToken` of tokio-util is the field's own, but a child of it costs two allocations, and a run needs none unless somebody waits.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

/// Raised once, for good. Allocates only when somebody waits.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    raised: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    wakers: Vec<(u64, Waker)>,
    last: u64,
}

impl Signal {
    /// Raises it and wakes who waits. False when it was raised before.
    pub(crate) fn raise(&self) -> bool {
        if self.raised.swap(true, Ordering::AcqRel) {
            return false;
        }
        let wakers = std::mem::take(&mut self.waiting.lock().wakers);
        for (_, waker) in wakers {
            waker.wake();
        }
        true
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    /// Ends once it is raised. Cancel safe.
    pub(crate) async fn raised(&self) {
        let mut seat = Seat { signal: self, id: None };
        poll_fn(|cx| seat.poll(cx)).await;
    }
}

/// Raises a signal when it is dropped: for a `run` that is dropped before its end.
#[derive(Debug)]
pub(crate) struct RaiseOnDrop(pub(crate) Arc<Signal>);

impl Drop for RaiseOnDrop {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// One who waits; leaves when dropped.
struct Seat<'a> {
    signal: &'a Signal,
    id: Option<u64>,
}

impl Seat<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.signal.is_raised() {
            return Poll::Ready(());
        }
        let mut waiting = self.signal.waiting.lock();
        // Raised between the look and the lock: whoever raised it has taken the wakers already.
        if self.signal.is_raised() {
            return Poll::Ready(());
        }
        let seated = self.id.and_then(|id| waiting.wakers.iter_mut().find(|(other, _)| *other == id));
        if let Some((_, waker)) = seated {
            waker.clone_from(cx.waker());
        } else {
            waiting.last += 1;
            let id = waiting.last;
            waiting.wakers.push((id, cx.waker().clone()));
            self.id = Some(id);
        }
        Poll::Pending
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.signal.waiting.lock().wakers.retain(|(other, _)| *other != id);
        }
    }
}

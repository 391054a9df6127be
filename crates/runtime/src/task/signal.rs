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
        let replaced = match seated {
            Some((_, waker)) if waker.will_wake(cx.waker()) => None,
            Some((_, waker)) => Some(std::mem::replace(waker, cx.waker().clone())),
            None => {
                waiting.last += 1;
                let id = waiting.last;
                waiting.wakers.push((id, cx.waker().clone()));
                self.id = Some(id);
                None
            }
        };
        // It may be the last that kept a task alive, and the task may wait here too.
        drop(waiting);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut waiting = self.signal.waiting.lock();
        let seat = waiting.wakers.iter().position(|(other, _)| *other == id);
        let left = seat.map(|seat| waiting.wakers.remove(seat));
        drop(waiting);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Wake;

    use trimtab_seams::BoxFuture;

    use super::*;

    /// A task that goes with its last waker, and what it waits for with it.
    struct Task(#[expect(dead_code, reason = "held to be dropped")] Mutex<BoxFuture<'static, ()>>);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }

    /// A waker that is the last of a task which waits for the signal too.
    fn last_of_a_task_that_waits(signal: &Arc<Signal>) -> Waker {
        let signal = Arc::clone(signal);
        let mut waits: BoxFuture<'static, ()> = Box::pin(async move { signal.raised().await });
        assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        Waker::from(Arc::new(Task(Mutex::new(waits))))
    }

    /// Symptom: everything that waited for a shutdown stood still. Cause: a waker was dropped under the lock; it was the last of a task that waited for the same signal,
    /// whose seat is given back under that lock. Now none is dropped there.
    #[test]
    fn a_wait_that_changes_hands_or_ends_may_drop_a_task_that_waits_too() {
        let signal = Arc::new(Signal::default());
        {
            let mut wait = pin!(signal.raised());
            let waker = last_of_a_task_that_waits(&signal);
            assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
            assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            let waker = last_of_a_task_that_waits(&signal);
            assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        assert_eq!(signal.waiting.lock().wakers.len(), 0, "all seats were given back");
        assert!(signal.raise());
    }
}

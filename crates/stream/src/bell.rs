//! The bell: one task that wakes the crowd, so that the writer does not have to.
//!
//! Waking 10,000 tasks takes a writer milliseconds. It rings this bell instead, which costs one wake-up whatever the size of the crowd; the bell
//! takes all wakers at once and wakes them in groups, giving way in between.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use trimtab_seams::Seams;

use crate::waiters::Armed;

/// Wakers woken before the bell gives way to other tasks.
pub(crate) const GROUP: usize = 64;

/// Where waiters wait.
pub(crate) trait Waits: Send + Sync {
    /// Exchanges all armed wakers for the empty list, and takes note that the bell has come.
    fn take_all(&self, spare: &mut Vec<Armed>);
}

#[derive(Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    started: AtomicBool,
}

#[derive(Default)]
struct State {
    rung: Vec<Arc<dyn Waits>>,
    waker: Option<Waker>,
    closed: bool,
}

impl Bell {
    /// Rings for the crowd that waits there.
    pub(crate) fn ring(&self, waits: Arc<dyn Waits>) {
        let waker = {
            let mut state = self.state.lock();
            state.rung.push(waits);
            state.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Starts the task, once. Called by who joins a crowd, never by the writer: the writer may be a thread outside of any runtime.
    pub(crate) fn start(self: &Arc<Self>, seams: &Seams) {
        if !self.started.load(Ordering::Acquire) && !self.started.swap(true, Ordering::AcqRel) {
            seams.spawn("stream bell", Arc::clone(self).run());
        }
    }

    /// Ends the task. Who waits now must be woken by the caller.
    pub(crate) fn close(&self) {
        let (rung, waker) = {
            let mut state = self.state.lock();
            state.closed = true;
            (std::mem::take(&mut state.rung), state.waker.take())
        };
        drop(rung);
        waker.into_iter().for_each(Waker::wake);
    }

    async fn run(self: Arc<Self>) {
        let (mut rung, mut crowd) = (Vec::new(), Vec::new());
        while poll_fn(|cx| self.poll_rung(cx, &mut rung)).await {
            for waits in rung.drain(..) {
                waits.take_all(&mut crowd);
                drop(waits);
                while !crowd.is_empty() {
                    let group = crowd.len().saturating_sub(GROUP);
                    crowd.drain(group..).for_each(|armed| armed.waker.wake());
                    give_way().await;
                }
            }
        }
    }

    /// Ready with true when rung, with false when closed.
    fn poll_rung(&self, cx: &Context<'_>, rung: &mut Vec<Arc<dyn Waits>>) -> Poll<bool> {
        let mut state = self.state.lock();
        if state.closed {
            return Poll::Ready(false);
        }
        if state.rung.is_empty() {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        std::mem::swap(&mut state.rung, rung);
        Poll::Ready(true)
    }
}

async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

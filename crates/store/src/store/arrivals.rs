//! Who waits for the view to reach a position.

use std::collections::BTreeMap;
use std::task::{Poll, Waker};

use parking_lot::Mutex;
use trimtab_backend::{Index, Position};

use super::AtLeastError;

#[derive(Default)]
pub(super) struct Arrivals(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    view: Option<Position>,
    /// How often the view was replaced as a whole.
    resets: u64,
    closed: bool,
    last_id: u64,
    wakers: BTreeMap<(Index, u64), Waker>,
}

impl Arrivals {
    /// The view has reached a position: wakes whoever waited for it.
    pub(super) fn arrive(&self, position: Position) {
        let due = {
            let mut waiting = self.0.lock();
            waiting.view = Some(position);
            if waiting.wakers.is_empty() {
                return;
            }
            let later = waiting.wakers.split_off(&(position.index.next(), 0));
            std::mem::replace(&mut waiting.wakers, later)
        };
        due.into_values().for_each(Waker::wake);
    }

    /// The view was replaced: nobody may wait for what the old one would have become.
    pub(super) fn reset(&self, position: Position) {
        self.wake_all(|waiting| {
            waiting.view = Some(position);
            waiting.resets += 1;
        });
    }

    pub(super) fn close(&self) {
        self.wake_all(|waiting| waiting.closed = true);
    }

    fn wake_all(&self, change: impl FnOnce(&mut Waiting)) {
        let all = {
            let mut waiting = self.0.lock();
            change(&mut waiting);
            std::mem::take(&mut waiting.wakers)
        };
        all.into_values().for_each(Waker::wake);
    }

    /// Waits until the view includes a position. Cancel safe.
    pub(super) async fn at_least(&self, position: Position) -> Result<(), AtLeastError> {
        let mut wait = Wait { arrivals: self, position, resets: None, key: None };
        std::future::poll_fn(|cx| wait.poll(cx.waker())).await
    }
}

struct Wait<'a> {
    arrivals: &'a Arrivals,
    position: Position,
    resets: Option<u64>,
    key: Option<(Index, u64)>,
}

impl Wait<'_> {
    fn poll(&mut self, waker: &Waker) -> Poll<Result<(), AtLeastError>> {
        let mut waiting = self.arrivals.0.lock();
        let resets = *self.resets.get_or_insert(waiting.resets);
        if let Some(view) = waiting.view {
            if view.store == self.position.store && view.index >= self.position.index {
                return Poll::Ready(Ok(()));
            }
            if resets != waiting.resets {
                return Poll::Ready(Err(AtLeastError::Reset { wanted: self.position, view }));
            }
            if view.store != self.position.store {
                return Poll::Ready(Err(AtLeastError::OtherStore { wanted: self.position, view }));
            }
        }
        if waiting.closed {
            return Poll::Ready(Err(AtLeastError::Closed));
        }
        let key = *self.key.get_or_insert_with(|| {
            waiting.last_id += 1;
            (self.position.index, waiting.last_id)
        });
        let replaced = waiting.wakers.insert(key, waker.clone());
        // It may be the last that kept a task alive, and the task may wait here too.
        drop(waiting);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waker = self.arrivals.0.lock().wakers.remove(&key);
            drop(waker);
        }
    }
}

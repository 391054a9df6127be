//! Takes snapshots away from subscribers that do not come back for them.
//!
//! A subscriber that is stuck in its snapshot pins a commit, and nothing it does would ever free it. One task per publisher looks after all
//! open snapshots; it runs only while there are any.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_seams::{Instant, Seams};

use crate::snapshot::Snapshot;

/// A snapshot is taken away when nothing was drawn from it for this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The least time between two looks at the open snapshots, so that many of them cost no more looks than one.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct SnapshotWatch<P> {
    seams: Seams,
    state: Mutex<State<P>>,
}

struct State<P> {
    open: BTreeMap<u64, Arc<Snapshot<P>>>,
    next_id: u64,
    running: bool,
    waker: Option<Waker>,
    closed: bool,
}

impl<P: 'static> SnapshotWatch<P> {
    pub(crate) fn new(seams: Seams) -> Self {
        let state = State { open: BTreeMap::new(), next_id: 0, running: false, waker: None, closed: false };
        Self { seams, state: Mutex::new(state) }
    }

    /// Looks after a snapshot until it is removed.
    pub(crate) fn add(self: &Arc<Self>, snapshot: &Arc<Snapshot<P>>) -> u64
    where
        P: Send,
    {
        let (id, start) = {
            let mut state = self.state.lock();
            let id = state.next_id;
            state.next_id += 1;
            state.open.insert(id, Arc::clone(snapshot));
            (id, !state.closed && !std::mem::replace(&mut state.running, true))
        };
        if start {
            self.seams.spawn("stream snapshots", Arc::clone(self).run());
        }
        id
    }

    pub(crate) fn remove(&self, id: u64) {
        let (snapshot, waker) = {
            let mut state = self.state.lock();
            let snapshot = state.open.remove(&id);
            (snapshot, state.open.is_empty().then(|| state.waker.take()).flatten())
        };
        drop(snapshot);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Ends the task. The snapshots stay with their subscriptions.
    pub(crate) fn close(&self) {
        let (open, waker) = {
            let mut state = self.state.lock();
            state.closed = true;
            (std::mem::take(&mut state.open), state.waker.take())
        };
        drop(open);
        waker.into_iter().for_each(Waker::wake);
    }

    async fn run(self: Arc<Self>) {
        let mut timer = self.seams.timer();
        let mut next_look = Instant::ORIGIN;
        poll_fn(|cx| {
            loop {
                let now = self.seams.now();
                let mut ended = false;
                let mut expired: Vec<Arc<Snapshot<P>>> = Vec::new();
                {
                    let mut state = self.state.lock();
                    if now >= next_look {
                        state.open.retain(|_, open| {
                            let late = now - open.last_progress() >= PATIENCE;
                            if late {
                                expired.push(Arc::clone(open));
                            }
                            !late
                        });
                        let first = state.open.values().map(|open| open.last_progress()).min();
                        next_look = (first.unwrap_or(now) + PATIENCE).max(now + PAUSE);
                    }
                    if state.open.is_empty() || state.closed {
                        state.running = false;
                        state.waker = None;
                        ended = true;
                    } else {
                        state.waker = Some(cx.waker().clone());
                    }
                }
                for snapshot in expired {
                    snapshot.expire();
                }
                if ended {
                    return Poll::Ready(());
                }
                timer.reset(next_look);
                if timer.poll_elapsed(cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await;
    }
}

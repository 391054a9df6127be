//! The lanes of a process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};
use trimtab_backend::Index;

use super::Lane;

/// Lanes that wait for their next transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Idle(Arc<Mutex<Option<Vec<Lane>>>>);

impl Idle {
    pub(super) fn put(&self, lane: Lane) {
        // A lane that is dropped puts itself back, and must not while the lock is held.
        let mut refused = Some(lane);
        if let Some(idle) = &mut *self.0.lock() {
            idle.extend(refused.take());
        }
        if let Some(mut lane) = refused {
            lane.lose();
        }
    }
}

/// At most so many transactions of this process are under way at once, each in a lane of its own.
#[derive(Debug)]
pub(crate) struct Lanes {
    /// 32 hexadecimal digits.
    process: String,
    next: AtomicU64,
    idle: Idle,
    permits: Semaphore,
}

impl Lanes {
    pub(crate) fn new(process: String, most: usize) -> Self {
        let idle = Idle(Arc::new(Mutex::new(Some(Vec::new()))));
        Self { process, next: AtomicU64::new(0), idle, permits: Semaphore::new(most) }
    }

    /// Waits for its turn.
    pub(crate) async fn turn(&self) -> SemaphorePermit<'_> {
        self.permits.acquire().await.expect("this semaphore is never closed")
    }

    /// The lane that was used last, which keeps the others idle and so removable.
    pub(crate) fn take(&self) -> Option<Lane> {
        self.idle.0.lock().as_mut()?.pop()
    }

    /// A name that no lane has had.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.process, self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// A lane whose key was just written.
    pub(crate) fn opened(&self, name: String, at: Index) -> Lane {
        Lane::new(name, at, self.idle.clone())
    }

    /// Whether a lane is of this process.
    pub(crate) fn owns(&self, lane: &str) -> bool {
        lane.split_once('/').is_some_and(|(process, _)| process == self.process)
    }

    /// Forgets all lanes: they are of a store that is there no more.
    pub(crate) fn forget(&self) {
        let idle = self.idle.0.lock().as_mut().map(std::mem::take).unwrap_or_default();
        for mut lane in idle {
            lane.lose();
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.idle.0.lock().as_ref().map_or(0, Vec::len)
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        // The lanes hold the list that holds them.
        let idle = self.idle.0.lock().take();
        for mut lane in idle.into_iter().flatten() {
            lane.lose();
        }
    }
}

#[cfg(test)]
mod tests {
    use trimtab_backend::Verdict;

    use super::super::Settled;
    use super::*;

    #[test]
    fn a_lane_comes_back_with_what_is_open_and_a_lost_one_does_not() {
        let lanes = Lanes::new("f00".into(), 2);
        assert!(lanes.take().is_none());
        let name = lanes.name();
        assert!(lanes.owns(&name) && !lanes.owns("f01/0"));
        let mut lane = lanes.opened(name, Index::new(3));
        let ticket = lane.begin("id".into());
        assert_eq!((ticket.record().number, ticket.guard()), (1, Index::new(3)));
        drop(lane);

        let mut lane = lanes.take().expect("the lane");
        assert!(lane.open().is_some(), "its outcome was never told");
        lane.settled(Settled { verdict: Verdict::Never, lane_at: Index::new(8) });
        let next = lane.begin("next".into());
        assert_eq!((next.guard(), next.record().number), (Index::new(8), 2));
        lane.refused();
        assert_eq!(lane.begin("again".into()).record().number, 2, "what was refused took no number");
        lane.lose();
        drop(lane);
        assert_eq!(lanes.len(), 0);
    }

    #[test]
    fn lanes_that_come_back_after_the_end_are_let_go() {
        let lanes = Lanes::new("f00".into(), 1);
        let lane = lanes.opened(lanes.name(), Index::new(1));
        drop(lanes.opened(lanes.name(), Index::new(2)));
        drop(lanes);
        drop(lane);
    }
}

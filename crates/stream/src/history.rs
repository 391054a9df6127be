//! How much of the past is kept, and the order in which it is let go.
//!
//! Each topic has a ring of its own, so that a busy topic wakes nobody else and is read under a lock of its own. Memory is bounded over all of
//! them together, oldest first: a bound per topic would bound nothing where topics are an open set.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::channel::Channel;
use crate::ring::Batch;

/// The bounds of a publisher's history, over all its topics. Whichever is reached first lets the oldest batch go; the newest batch stays
/// in any case. A subscription that has not read what goes ends as [`Closed::Lagged`](crate::Closed::Lagged) (behaviour S7).
///
/// A small history saves memory and makes reconnecting subscribers take snapshots; a history smaller than what a writer commits while a
/// subscriber's task waits its turn makes subscribers lag all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Bytes of memory, as [`Payload::bytes`](crate::Payload::bytes) tells them, with the overhead of each batch. Default 64 MiB.
    pub bytes: usize,
    /// Batches; one that touches several topics counts once for each. Default 262,144.
    pub batches: usize,
}

impl Default for History {
    fn default() -> Self {
        Self { bytes: 64 << 20, batches: 1 << 18 }
    }
}

/// Which channel holds the oldest batch, the next oldest, and so on. Belongs to the writer.
pub(crate) struct Kept<P> {
    order: VecDeque<Arc<Channel<P>>>,
    bytes: usize,
    bounds: History,
}

impl<P: Send + Sync + 'static> Kept<P> {
    pub(crate) fn new() -> Self {
        Self { order: VecDeque::new(), bytes: 0, bounds: History::default() }
    }

    pub(crate) fn set_bounds(&mut self, bounds: History) {
        self.bounds = bounds;
    }

    pub(crate) fn note(&mut self, channel: Arc<Channel<P>>, bytes: usize) {
        self.order.push_back(channel);
        self.bytes += bytes;
    }

    /// Lets the oldest batch go if a bound is passed. The newest `fresh` batches stay. To be dropped outside of the lock.
    pub(crate) fn evict(&mut self, fresh: usize) -> Option<Batch<P>> {
        let over = self.bytes > self.bounds.bytes || self.order.len() > self.bounds.batches;
        if !over || self.order.len() <= fresh {
            return None;
        }
        let batch = self.order.pop_front()?.evict()?;
        self.bytes -= batch.bytes;
        Some(batch)
    }

    /// Takes a whole channel, whose batches are gone, out of the order.
    pub(crate) fn forget(&mut self, channel: &Arc<Channel<P>>, bytes: usize) {
        self.order.retain(|held| !Arc::ptr_eq(held, channel));
        self.bytes -= bytes;
    }

    /// Takes all channels, whose batches are gone, out of the order.
    pub(crate) fn forget_all(&mut self) {
        self.order = VecDeque::new();
        self.bytes = 0;
    }
}

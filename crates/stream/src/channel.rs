//! One topic: its ring, who waits on it, and under which state of the world they subscribed - under one lock, so that looking and lying down to
//! wait are one step and no wake-up can fall in between.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use parking_lot::Mutex;

use crate::bell::{Bell, Waits};
use crate::ring::{At, Batch, Ring};
use crate::tokens::Held;
use crate::topic_spec::SnapshotHandler;
use crate::waiters::{Armed, FEW, Few, Waiters};
use crate::{Closed, Topic, TopicSpec};

pub(crate) struct Channel<P> {
    pub(crate) topic: Topic,
    pub(crate) snapshot: SnapshotHandler<P>,
    pub(crate) wildcard: bool,
    state: Mutex<State<P>>,
}

struct State<P> {
    ring: Ring<P>,
    waiters: Waiters,
    /// Counts refreshes. A subscription of an earlier generation is closed.
    generation: u64,
}

/// A subscription's place in a channel.
pub(crate) struct Reader {
    /// Of the next batch.
    pub(crate) cursor: u64,
    /// What is not above this index was seen in the snapshot.
    pub(crate) after: u64,
    pub(crate) generation: u64,
    pub(crate) seat: usize,
    pub(crate) token: Option<Held>,
}

pub(crate) enum Read<P> {
    Batch {
        index: u64,
        events: Arc<[P]>,
        mixed: bool,
    },
    /// The batch was part of the snapshot.
    Seen,
    /// Nothing yet; the waker is armed, and if `crowd` is set the bell must be running.
    Waiting {
        crowd: bool,
    },
}

/// Whom the writer has to wake, with no lock held. Dropped, those who wait would never hear of it.
#[must_use = "those who wait must be woken"]
pub(crate) enum Wakes {
    Few(Few),
    Crowd(Arc<dyn Waits>),
}

impl Wakes {
    pub(crate) fn wake(self, bell: &Bell) {
        match self {
            Self::Few(few) => few.into_iter().flatten().for_each(Waker::wake),
            Self::Crowd(crowd) => bell.ring(crowd),
        }
    }
}

impl<P: Send + Sync + 'static> Channel<P> {
    pub(crate) fn new(topic: Topic, spec: TopicSpec<P>) -> Self {
        Self {
            topic,
            snapshot: spec.snapshot,
            wildcard: spec.wildcard,
            state: Mutex::new(State { ring: Ring::new(), waiters: Waiters::default(), generation: 0 }),
        }
    }

    pub(crate) fn evict(&self) -> Option<Batch<P>> {
        self.state.lock().ring.evict()
    }

    /// The last index at which something happened here.
    pub(crate) fn last(&self) -> u64 {
        self.state.lock().ring.last()
    }

    pub(crate) fn push(self: &Arc<Self>, batch: Batch<P>) -> Wakes {
        let mut state = self.state.lock();
        state.ring.push(batch);
        self.wakes_of(&mut state)
    }

    /// Lets the history go and closes all subscriptions. `last` is the last index published.
    pub(crate) fn refresh(self: &Arc<Self>, last: u64) -> (VecDeque<Batch<P>>, Wakes) {
        let mut state = self.state.lock();
        state.generation += 1;
        let batches = state.ring.clear(last.saturating_add(1));
        (batches, self.wakes_of(&mut state))
    }

    /// As `refresh`, for indexes that begin anew.
    pub(crate) fn restart(self: &Arc<Self>) -> (VecDeque<Batch<P>>, Wakes) {
        let mut state = self.state.lock();
        state.generation += 1;
        let batches = state.ring.restart();
        (batches, self.wakes_of(&mut state))
    }

    /// Lets the history go and takes everybody who waits, when no more will be published.
    pub(crate) fn shut(&self, waiting: &mut Vec<Armed>) -> VecDeque<Batch<P>> {
        let mut state = self.state.lock();
        state.waiters.take_all(waiting);
        state.ring.restart()
    }

    /// For what every waiter should look at, as a closed token.
    pub(crate) fn wakes(self: &Arc<Self>) -> Wakes {
        self.wakes_of(&mut self.state.lock())
    }

    /// The same work whether one waits or ten thousand (behaviour S12).
    fn wakes_of(self: &Arc<Self>, state: &mut State<P>) -> Wakes {
        if state.waiters.armed() <= FEW {
            Wakes::Few(state.waiters.take_few())
        } else if std::mem::replace(&mut state.waiters.rung, true) {
            Wakes::Few(Few::default())
        } else {
            Wakes::Crowd(Arc::clone(self) as Arc<dyn Waits>)
        }
    }

    /// Takes a seat, before anything else is looked at: what changes from here on is noticed.
    pub(crate) fn sit(&self, token: Option<Held>) -> Reader {
        let mut state = self.state.lock();
        Reader { cursor: 0, after: 0, generation: state.generation, seat: state.waiters.sit(), token }
    }

    /// Gives the seat back. True when the channel is as if it had just been made.
    pub(crate) fn leave(&self, reader: &Reader) -> bool {
        let mut state = self.state.lock();
        let waker = state.waiters.leave(reader.seat);
        let unused = state.is_unused();
        drop(state);
        drop(waker);
        unused
    }

    /// Places the reader after `index`. False when something after it is gone.
    pub(crate) fn seek(&self, reader: &mut Reader, index: u64) -> bool {
        self.state.lock().seek(reader, index)
    }

    /// As `seek`, for an index that a subscriber brought.
    pub(crate) fn resume(&self, reader: &mut Reader, index: u64) -> bool {
        let state = self.state.lock();
        state.ring.may_resume_at(index) && state.seek(reader, index)
    }

    /// Whether the reader may go on (behaviour S8: this comes before any event).
    pub(crate) fn check(&self, reader: &Reader, shut: &AtomicBool) -> Result<(), Closed> {
        self.state.lock().check(reader, shut)
    }

    /// The next batch, or a waker left behind. No waker: just looks.
    pub(crate) fn read(
        &self,
        reader: &mut Reader,
        shut: &AtomicBool,
        waker: Option<&Waker>,
    ) -> Result<Read<P>, Closed> {
        let mut state = self.state.lock();
        state.check(reader, shut)?;
        if let At::Batch(batch) = state.ring.at(reader.cursor) {
            reader.cursor += 1;
            if batch.index <= reader.after {
                return Ok(Read::Seen);
            }
            let events = Arc::clone(&batch.events);
            return Ok(Read::Batch { index: batch.index, events, mixed: batch.mixed });
        }
        let replaced = waker.and_then(|waker| state.waiters.arm(reader.seat, waker));
        let crowd = state.waiters.armed() > FEW;
        drop(state);
        drop(replaced);
        Ok(Read::Waiting { crowd })
    }

    /// As if it had just been made. Nobody can take a seat while the writer's lock is held.
    pub(crate) fn is_unused(&self) -> bool {
        self.state.lock().is_unused()
    }
}

impl<P> State<P> {
    fn seek(&self, reader: &mut Reader, index: u64) -> bool {
        let found = self.ring.seek(index);
        reader.after = index;
        // The first cursor of all is gone when anything is.
        reader.cursor = found.unwrap_or_default();
        found.is_some()
    }

    fn is_unused(&self) -> bool {
        self.waiters.is_empty() && self.ring.is_pristine()
    }

    fn check(&self, reader: &Reader, shut: &AtomicBool) -> Result<(), Closed> {
        if shut.load(Ordering::Acquire) {
            Err(Closed::ShuttingDown)
        } else if reader.token.as_ref().is_some_and(Held::is_closed) {
            Err(Closed::TokenClosed)
        } else if reader.generation != self.generation {
            Err(Closed::TopicRefreshed)
        } else if matches!(self.ring.at(reader.cursor), At::Gone) {
            Err(Closed::Lagged)
        } else {
            Ok(())
        }
    }
}

impl<P: Send + Sync> Waits for Channel<P> {
    fn take_all(&self, spare: &mut Vec<Armed>) {
        self.state.lock().waiters.take_all(spare);
    }
}

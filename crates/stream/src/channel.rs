//! One topic: its ring, who waits on it, and under which state of the world they subscribed - under one lock, so that looking and lying down to
//! wait are one step and no wake-up can fall in between.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Waker;

use parking_lot::Mutex;

use crate::bell::Waits;
use crate::ring::{At, Batch, Ring};
use crate::tokens::Held;
use crate::topic_spec::SnapshotHandler;
use crate::waiters::{Armed, FEW, Few, Waiters};
use crate::{Closed, Topic, TopicSpec};

pub(crate) struct Channel<P> {
    pub(crate) topic: Topic,
    pub(crate) snapshot: SnapshotHandler<P>,
    pub(crate) wildcard: bool,
    /// Open subscriptions. Raised with the table of topics locked for reading, so that nobody can come while it is locked for writing.
    pub(crate) subscribers: AtomicUsize,
    /// Taken out of the table of topics: nothing may be published here any more. Set with the writer's lock held.
    pub(crate) retired: AtomicBool,
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

/// What the writer has to wake after a push. Dropped, those who wait would never hear of it.
#[must_use = "those who wait must be woken"]
pub(crate) enum Wakes {
    Few(Few),
    Crowd,
}

impl<P> Channel<P> {
    pub(crate) fn new(topic: Topic, spec: TopicSpec<P>) -> Self {
        Self {
            topic,
            snapshot: spec.snapshot,
            wildcard: spec.wildcard,
            subscribers: AtomicUsize::new(0),
            retired: AtomicBool::new(false),
            state: Mutex::new(State { ring: Ring::new(), waiters: Waiters::default(), generation: 0 }),
        }
    }

    pub(crate) fn push(&self, batch: Batch<P>) -> Wakes {
        let mut state = self.state.lock();
        state.ring.push(batch);
        state.wakes()
    }

    pub(crate) fn evict(&self) -> Option<Batch<P>> {
        self.state.lock().ring.evict()
    }

    /// Lets the history go and closes all subscriptions. `last` is the last index published.
    pub(crate) fn refresh(&self, last: u64) -> (VecDeque<Batch<P>>, Wakes) {
        let mut state = self.state.lock();
        state.generation += 1;
        (state.ring.clear(last + 1), state.wakes())
    }

    /// As `refresh`, for indexes that begin anew.
    pub(crate) fn restart(&self) -> (VecDeque<Batch<P>>, Wakes) {
        let mut state = self.state.lock();
        state.generation += 1;
        (state.ring.restart(), state.wakes())
    }

    /// Lets the history go and takes everybody who waits, when no more will be published.
    pub(crate) fn shut(&self, waiting: &mut Vec<Armed>) -> VecDeque<Batch<P>> {
        let mut state = self.state.lock();
        state.waiters.take_all(waiting);
        state.ring.restart()
    }

    /// For what every waiter should look at, as a closed token.
    pub(crate) fn wakes(&self) -> Wakes {
        self.state.lock().wakes()
    }

    /// Takes a seat, before anything else is looked at: what changes from here on is noticed.
    pub(crate) fn sit(&self, token: Option<Held>) -> Reader {
        let mut state = self.state.lock();
        Reader { cursor: 0, after: 0, generation: state.generation, seat: state.waiters.sit(), token }
    }

    pub(crate) fn leave(&self, reader: &Reader) {
        let waker = self.state.lock().waiters.leave(reader.seat);
        drop(waker);
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

    /// As if it had just been made.
    pub(crate) fn is_pristine(&self) -> bool {
        self.state.lock().ring.is_pristine()
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
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

    /// The same work whether one waits or ten thousand (behaviour S12).
    fn wakes(&mut self) -> Wakes {
        if self.waiters.armed() > FEW {
            return if std::mem::replace(&mut self.waiters.rung, true) {
                Wakes::Few(Few::default())
            } else {
                Wakes::Crowd
            };
        }
        Wakes::Few(self.waiters.take_few())
    }
}

impl<P: Send + Sync> Waits for Channel<P> {
    fn take_all(&self, spare: &mut Vec<Armed>) {
        self.state.lock().waiters.take_all(spare);
    }
}

//! The standard queue.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use trimtab_seams::Instant;

use super::drain::Drain;
use super::get::Get;
use super::shared::Shared;
use crate::core::{Adding, Finished, When};
use crate::{Add, Claim, Counters, Item, KeyReport, KeyState, Merge, Priority, QueueSettings, WorkQueue};

/// Adds taken in per lock hold.
const PUSH_AT_ONCE: usize = 32;

/// The standard [`WorkQueue`]: priorities, deferral, backoff, and every key's standing readable at any time. Cheap to clone; all clones
/// are one queue.
///
/// A key costs memory while it is in line, deferred, running or failing, at most about 100 bytes with an item of one word; an idle key costs
/// nothing, and memory is given back (behaviour Q16). Nothing wakes an idle queue (Q17).
///
/// ```
/// # use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use trimtab_queue::{Outcome, QueueSettings, RateLimitedQueue, WorkQueue};
/// use trimtab_seams::Seams;
///
/// let queue = RateLimitedQueue::new(QueueSettings::new(&Seams::tokio()));
/// queue.add("orders");
/// let claim = queue.get().await.expect("not shut down");
/// claim.retry("the database is not there yet");
/// let claim = queue.get().await.expect("not shut down"); // 4 to 5 ms later
/// assert_eq!(claim.failures(), 1);
/// claim.finish(Outcome::After(Duration::from_secs(60)));
/// assert_eq!(queue.failures(&"orders"), 0);
/// # }
/// ```
#[doc(alias = "NewTypedRateLimitingQueue")]
#[doc(alias = "RunWorkQueue")]
pub struct RateLimitedQueue<T: Item, D: Merge = ()>(Arc<Shared<T, D>>);

impl<T: Item> RateLimitedQueue<T> {
    /// A queue whose items carry nothing. A controller's carry why they run: make that one with [`carrying`](RateLimitedQueue::carrying).
    pub fn new(settings: QueueSettings<T>) -> Self {
        Self::carrying(settings)
    }
}

impl<T: Item, D: Merge> RateLimitedQueue<T, D> {
    /// A queue whose items carry a `D` to their next run.
    pub fn carrying(settings: QueueSettings<T>) -> Self {
        Self(Shared::new(settings))
    }

    /// How many keys are in line.
    #[doc(alias = "Len")]
    pub fn len(&self) -> usize {
        self.counters().ready
    }

    /// Whether no key is in line.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often in a row an item has failed.
    #[doc(alias = "NumRequeues")]
    pub fn failures(&self, item: &T) -> u32 {
        let hash = self.0.hash(item);
        self.0.state.lock().core.failures(hash, item)
    }

    /// Promises an item's next run for so long from now, instead of whatever was promised before (behaviour Q6). A delay of zero adds it now. An
    /// item that is in line or running stays so; only its later run moves.
    pub fn reschedule(&self, item: T, delay: Duration) {
        if delay.is_zero() {
            self.cancel(&item);
            self.add(item);
        } else {
            self.reschedule_at(item, self.0.seams.now() + delay);
        }
    }

    /// The same at a time instead of after a delay.
    pub(crate) fn reschedule_at(&self, item: T, at: Instant) {
        let shared = &self.0;
        let (hash, now) = (shared.hash(&item), shared.time());
        let mut state = shared.state.lock();
        let back = state.reschedule(hash, item, at, now);
        shared.settle(state);
        drop(back);
    }

    /// Promises a run at a time instead of after a delay, in order with everything else that is promised.
    pub(crate) fn push_at(&self, item: T, at: Instant) {
        let (hash, level) = (self.0.hash(&item), Priority::default());
        let adding = Adding { hash, item, data: D::default(), when: When::At(at), level, failed: None };
        self.0.take_in(adding, None);
    }

    /// Takes back every promise of a later run. Says whether there was one. A failing item stays listed as failing.
    pub fn cancel(&self, item: &T) -> bool {
        let shared = &self.0;
        let (hash, now) = (shared.hash(item), shared.time());
        let mut state = shared.state.lock();
        let (had, freed) = state.core.cancel(hash, item, now);
        shared.settle(state);
        drop(freed);
        had
    }

    /// Ends the intake, hands out what is in line, and waits until everything handed out has come home. Deferred keys are not waited for,
    /// and dropped at the end. A [`shutdown`](WorkQueue::shutdown) meanwhile ends the wait at once (behaviour Q11).
    ///
    /// # Cancel safety
    /// The drain begins with this call and goes on when the future is dropped.
    #[doc(alias = "ShutDownWithDrain")]
    pub fn shutdown_and_drain(&self) -> impl Future<Output = ()> + Send {
        let mut state = self.0.state.lock();
        state.drain();
        self.0.settle(state);
        Drain(&self.0)
    }

    /// Whether adds are no longer taken.
    #[doc(alias = "ShuttingDown")]
    pub fn is_shutting_down(&self) -> bool {
        !self.0.state.lock().is_open()
    }

    /// Whether the item was added again during its current run (behaviour C16). See also
    /// [`Claim::superseded`](crate::Claim::superseded).
    pub fn is_queued_again(&self, item: &T) -> bool {
        let hash = self.0.hash(item);
        self.0.state.lock().is_superseded(hash, item)
    }

    /// The queue's figures.
    pub fn counters(&self) -> Counters {
        self.0.state.lock().core.counters()
    }

    /// One key, if the queue knows it.
    pub fn report(&self, item: &T) -> Option<KeyReport<T>> {
        let hash = self.0.hash(item);
        self.0.state.lock().core.report(hash, item)
    }

    /// All keys, in no order. Reads 256 records per lock hold, so that a large queue is not held up: each key is told as
    /// it stood at some instant during the call.
    pub fn report_all(&self) -> Vec<KeyReport<T>> {
        self.report_where(|_| true)
    }

    /// The keys that have failed and wait for a retry or, terminally, for an add; longest failing first (behaviour L6).
    pub fn failing(&self) -> Vec<KeyReport<T>> {
        if self.counters().failing == 0 {
            return Vec::new();
        }
        let mut keys = self.report_where(|state| state == KeyState::Failing);
        keys.sort_by_key(|key| key.failing.as_ref().map(|failing| failing.since));
        keys
    }

    fn report_where(&self, wanted: impl Fn(KeyState) -> bool) -> Vec<KeyReport<T>> {
        let mut keys = Vec::new();
        let chunks = self.0.state.lock().core.chunks();
        for chunk in 0..chunks {
            self.0.state.lock().core.report_chunk(chunk, &wanted, &mut keys);
        }
        keys
    }

    /// For how many keys memory is held: the known ones, rounded up to blocks of 256, and at most one block more.
    pub fn capacity(&self) -> usize {
        self.0.state.lock().core.capacity()
    }
}

impl<T: Item, D: Merge> WorkQueue<T, D> for RateLimitedQueue<T, D> {
    fn push(&self, add: Add<T, D>) {
        self.0.push(add);
    }

    fn add(&self, item: T) {
        self.0.add_now(item, D::default(), Priority::default());
    }

    fn get(&self) -> impl Future<Output = Option<Claim<T, D>>> + Send {
        Get::new(&self.0)
    }

    fn forget(&self, item: &T) {
        let hash = self.0.hash(item);
        let mut state = self.0.state.lock();
        let Finished { freed, forgot } = state.core.forget(hash, item);
        self.0.settle(state);
        drop(freed);
        self.0.forget_at_limiter(item, forgot);
    }

    fn shutdown(&self) {
        let mut state = self.0.state.lock();
        state.shutdown();
        self.0.settle(state);
        self.0.discard();
    }

    /// Takes in up to 32 adds per lock hold; those with a delay or an error one by one.
    fn push_all(&self, adds: impl IntoIterator<Item = Add<T, D>>) {
        let shared = &*self.0;
        let mut adds = adds.into_iter();
        let mut batch = [const { None }; PUSH_AT_ONCE];
        loop {
            let mut len = 0;
            for add in adds.by_ref() {
                if add.is_now() {
                    batch[len] = Some((shared.hash(&add.item), add.item, add.data, add.priority));
                    len += 1;
                    if len == PUSH_AT_ONCE {
                        break;
                    }
                } else {
                    shared.push(add);
                }
            }
            if len == 0 {
                return;
            }
            // Items that are not needed are dropped outside the lock.
            let mut not_needed = [const { None }; PUSH_AT_ONCE];
            let now = shared.stamp();
            let mut state = shared.state.lock();
            for (add, not_needed) in batch.iter_mut().filter_map(Option::take).zip(&mut not_needed) {
                let (hash, item, data, level) = add;
                *not_needed = state.add_now(hash, item, data, level, now);
            }
            shared.settle(state);
        }
    }
}

impl<T: Item, D: Merge> Clone for RateLimitedQueue<T, D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Item, D: Merge> fmt::Debug for RateLimitedQueue<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitedQueue").field("counters", &self.counters()).finish_non_exhaustive()
    }
}

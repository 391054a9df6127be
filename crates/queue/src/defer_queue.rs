//! Deferral alone: items that are handed to a callback when their time has come.
//!
//! The seed's queue has a tick, so that it wakes twice a second for nothing, and its `Defer` may block. There is no tick here, and
//! deferring never waits.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use trimtab_seams::{Instant, Seams};

use crate::{Item, QueueSettings, RateLimitedQueue, WorkQueue};

/// Hands items to a callback at their time, never early, equal times in the order of the calls.
///
/// ```
/// # use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use trimtab_queue::DeferQueue;
/// use trimtab_seams::Seams;
///
/// let seams = Seams::tokio();
/// let later = DeferQueue::new(&seams);
/// let handle = later.handle();
/// handle.defer("second", seams.now() + Duration::from_millis(2));
/// handle.defer("first", seams.now() + Duration::from_millis(1));
///
/// let mut seen = Vec::new();
/// later.process(seams.sleep(Duration::from_millis(50)), |item| seen.push(item)).await;
/// assert_eq!(seen, ["first", "second"]);
/// # }
/// ```
///
/// It is processed once; a second call does not compile:
/// ```compile_fail,E0382
/// # use trimtab_queue::DeferQueue;
/// async fn twice(later: DeferQueue<u32>) {
///     later.process(std::future::pending(), |_| {}).await;
///     later.process(std::future::pending(), |_| {}).await;
/// }
/// ```
#[doc(alias = "NewDeferQueue")]
#[must_use = "deferred items are handed out by `process`"]
pub struct DeferQueue<T: Item>(DeferHandle<T>);

/// Puts items into a [`DeferQueue`]. Usable before and during `process`, harmless after it. Cheap to clone.
pub struct DeferHandle<T: Item>(RateLimitedQueue<T>);

impl<T: Item> DeferQueue<T> {
    /// An empty queue.
    pub fn new(seams: &Seams) -> Self {
        Self(DeferHandle(RateLimitedQueue::new(QueueSettings::new(seams))))
    }

    /// A handle to put items in.
    pub fn handle(&self) -> DeferHandle<T> {
        self.0.clone()
    }

    /// Calls back for every item at its time, until `stop` ends; what is deferred then is dropped.
    ///
    /// # Cancel safety
    /// Dropping the future ends the processing like `stop`. An item is never lost between its time and its callback.
    #[doc(alias = "Process")]
    pub async fn process(self, stop: impl Future<Output = ()>, mut callback: impl FnMut(T)) {
        let mut stop = pin!(stop);
        loop {
            let mut get = pin!(self.0.0.get());
            let next = poll_fn(|cx| {
                if stop.as_mut().poll(cx).is_ready() { Poll::Ready(None) } else { get.as_mut().poll(cx) }
            });
            let Some(claim) = next.await else { return };
            let item = T::clone(&claim);
            claim.done();
            callback(item);
        }
    }
}

impl<T: Item> Drop for DeferQueue<T> {
    fn drop(&mut self) {
        self.0.0.shutdown();
    }
}

impl<T: Item> DeferHandle<T> {
    /// Hands the item out at `until`, which may be in the past. For an item already deferred the earlier time wins. Never waits.
    #[doc(alias = "Defer")]
    pub fn defer(&self, item: T, until: Instant) {
        self.0.push_at(item, until);
    }

    /// Hands the item out at `until`, whatever was asked for before.
    pub fn reschedule(&self, item: T, until: Instant) {
        self.0.reschedule_at(item, until);
    }

    /// Takes a deferral back. Says whether there was one.
    pub fn cancel(&self, item: &T) -> bool {
        self.0.cancel(item)
    }

    /// How many items wait for their time or for their callback.
    pub fn len(&self) -> usize {
        let counters = self.0.counters();
        counters.deferred + counters.ready
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Item> Clone for DeferHandle<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Item> fmt::Debug for DeferQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeferQueue").field("len", &self.0.len()).finish_non_exhaustive()
    }
}

impl<T: Item> fmt::Debug for DeferHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeferHandle").field("len", &self.len()).finish_non_exhaustive()
    }
}

//! What a controller asks of its queue.

use std::time::Duration;

use crate::{Add, BoxError, Claim, Item, Merge};

/// A queue of work: adds go in from any thread, workers pull claims. Four methods to write, the rest are provided.
///
/// The rules every implementation keeps: an item is in line at most once however often it is added (behaviour Q1); it is never handed to two
/// workers at once (Q2); an add during its run makes one more run (Q3). [`RateLimitedQueue`](crate::RateLimitedQueue) is the standard one.
#[doc(alias = "TypedRateLimitingInterface")]
pub trait WorkQueue<T: Item, D: Merge = ()>: Send + Sync + 'static {
    /// Puts an item in line. Never waits. Without effect after the shutdown.
    fn push(&self, add: Add<T, D>);

    /// The next item, waiting until there is one; `None` once the queue is shut down.
    ///
    /// # Cancel safety
    /// Dropping the future at any point loses no item and no wake-up (behaviour Q13).
    #[doc(alias = "Get")]
    fn get(&self) -> impl Future<Output = Option<Claim<T, D>>> + Send;

    /// Forgets the failures of an item, so that its next delay is the first one again. A run already promised stays promised.
    #[doc(alias = "Forget")]
    fn forget(&self, item: &T);

    /// Ends the intake and the hand-outs: whoever waits in `get` is given `None`. What is in line or deferred is dropped; running claims may
    /// still come home. Calling it again does nothing (behaviour Q11).
    #[doc(alias = "ShutDown")]
    fn shutdown(&self);

    /// Puts many items in line. Provided: one after another; a queue with a lock takes it once for many.
    fn push_all(&self, adds: impl IntoIterator<Item = Add<T, D>>)
    where
        Self: Sized,
    {
        adds.into_iter().for_each(|add| self.push(add));
    }

    /// Puts an item in line now.
    #[doc(alias = "Add")]
    fn add(&self, item: T) {
        self.push(Add::now(item).carrying(D::default()));
    }

    /// Puts an item in line after a delay. For an item already deferred the earlier time wins (behaviour Q6).
    #[doc(alias = "AddAfter")]
    fn add_after(&self, item: T, delay: Duration) {
        self.push(Add::after(item, delay).carrying(D::default()));
    }

    /// Counts a failure and puts the item in line after the limiter's delay. A worker that holds a claim says
    /// [`Claim::retry`] instead.
    #[doc(alias = "AddRateLimited")]
    fn add_rate_limited(&self, item: T, error: impl Into<BoxError>)
    where
        Self: Sized,
    {
        self.push(Add::rate_limited(item, error).carrying(D::default()));
    }
}

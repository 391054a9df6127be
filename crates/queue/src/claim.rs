//! The token a worker holds while it works on a key.
//!
//! A queue with `done(&item)` lets anybody end anybody's run, twice, or never. Here `get` gives a token that ends the run when it is
//! consumed, exactly once; a second call does not compile, and forgetting it counts as a failure.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::{BoxError, Item, Merge, Outcome};

/// Where claims come home to. A queue of your own implements it and hands `Arc<Self>` to its claims; no box is made for a claim.
pub trait Finish<T, D = ()>: Send + Sync {
    /// The run of `item` ended. `data` is what the claim carried, to be carried again when the run is to be repeated.
    fn finish(&self, item: T, data: D, outcome: Outcome);

    /// Ready when the item was added during its run. The waker of the latest call is woken then. Provided: never.
    fn poll_superseded(&self, _item: &T, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    /// Whether the item was added during its run. Provided: no.
    fn is_superseded(&self, _item: &T) -> bool {
        false
    }
}

/// One run of one item, handed out by [`WorkQueue::get`](crate::WorkQueue::get). Dereferences to the item.
///
/// While a claim lives no other worker is given its item (behaviour Q2). Dropped without an outcome it counts as a failure and the
/// item is retried (behaviour Q10).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use trimtab_queue::{QueueSettings, RateLimitedQueue, WorkQueue};
/// use trimtab_seams::Seams;
///
/// let queue = RateLimitedQueue::new(QueueSettings::new(&Seams::tokio()));
/// queue.add("orders".to_owned());
/// let claim = queue.get().await.expect("not shut down");
/// assert_eq!(claim.len(), 6); // as the item itself
/// queue.add("orders".to_owned());
/// claim.superseded().await; // somebody added it meanwhile
/// claim.done();
/// assert_eq!(queue.len(), 1); // so it runs once more
/// # }
/// ```
///
/// A run ends once; the second call does not compile:
/// ```compile_fail,E0382
/// # use trimtab_queue::Claim;
/// fn twice(claim: Claim<String>) {
///     claim.done();
///     claim.done();
/// }
/// ```
#[must_use = "a dropped claim counts as a failed run: end it with `done`, `retry` or `finish`"]
pub struct Claim<T: Item, D: Merge = ()> {
    /// Taken when the run ends.
    open: Option<Open<T, D>>,
    failures: u32,
    waited: Option<Duration>,
}

struct Open<T, D> {
    item: T,
    data: D,
    home: Arc<dyn Finish<T, D>>,
}

impl<T: Item, D: Merge> Claim<T, D> {
    /// A claim that comes home to `home`: for queues of your own.
    pub fn new(item: T, data: D, home: Arc<dyn Finish<T, D>>) -> Self {
        Self { open: Some(Open { item, data, home }), failures: 0, waited: None }
    }

    /// The same after so many failures in a row.
    pub fn with_failures(mut self, failures: u32) -> Self {
        self.failures = failures;
        self
    }

    /// The same after so long in line.
    pub fn with_waited(mut self, waited: Option<Duration>) -> Self {
        self.waited = waited;
        self
    }

    fn open(&self) -> &Open<T, D> {
        self.open.as_ref().expect("a claim is open until it is consumed")
    }

    /// What was carried here: the payloads of all adds since the last run began, merged.
    pub fn data(&self) -> &D {
        &self.open().data
    }

    /// The same, to be changed. What it holds at the end is carried again when the run is repeated.
    pub fn data_mut(&mut self) -> &mut D {
        &mut self.open.as_mut().expect("a claim is open until it is consumed").data
    }

    /// How often in a row the item has failed before this run.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// How long the item stood in line, when the queue was asked to keep [timings](crate::QueueSettings::with_timings).
    pub fn waited(&self) -> Option<Duration> {
        self.waited
    }

    /// Whether the item was added again since this run began, so that its result may be out of date (behaviour C16).
    pub fn is_superseded(&self) -> bool {
        let open = self.open();
        open.home.is_superseded(&open.item)
    }

    /// Waits until the item is added again during this run; for ever if it is not. Costs nothing until it is first polled.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing; a new one is ready at once if the item was added meanwhile.
    pub async fn superseded(&self) {
        let open = self.open();
        poll_fn(|cx| open.home.poll_superseded(&open.item, cx)).await;
    }

    /// Ends the run as a success. See [`Outcome::Done`].
    #[doc(alias = "Done")]
    pub fn done(self) {
        self.finish(Outcome::Done);
    }

    /// Ends the run as a failure: again after the limiter's delay. See [`Outcome::Retry`].
    pub fn retry(self, error: impl Into<BoxError>) {
        self.finish(Outcome::Retry(error.into()));
    }

    /// Ends the run.
    pub fn finish(mut self, outcome: Outcome) {
        self.close(outcome);
    }

    fn close(&mut self, outcome: Outcome) {
        if let Some(Open { item, data, home }) = self.open.take() {
            home.finish(item, data, outcome);
        }
    }
}

impl<T: Item, D: Merge> Deref for Claim<T, D> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.open().item
    }
}

impl<T: Item, D: Merge> Drop for Claim<T, D> {
    fn drop(&mut self) {
        self.close(Outcome::Dropped);
    }
}

impl<T: Item + fmt::Debug, D: Merge> fmt::Debug for Claim<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("item", &**self)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

//! The queue of a controller, whatever its type.
//!
//! The standard queue is used as it is. A queue of the author's stands behind a trait object, at the price of a box for each `get`; making the
//! controller generic over it would put a type parameter on everything an author stores or returns.

use std::fmt;

use trimtab_queue::{Add, Claim, Counters, KeyReport, RateLimitedQueue, WorkQueue};
use trimtab_seams::BoxFuture;

use crate::Request;
use crate::cause::Cause;

pub(crate) type Entering = Add<Request, Cause>;
pub(crate) type Taken = Claim<Request, Cause>;

pub(crate) enum AnyQueue {
    Standard(RateLimitedQueue<Request, Cause>),
    Custom(Box<dyn ErasedQueue>),
}

/// [`WorkQueue`] as a trait object.
pub(crate) trait ErasedQueue: Send + Sync {
    fn push_erased(&self, add: Entering);
    fn get_erased(&self) -> BoxFuture<'_, Option<Taken>>;
    fn forget_erased(&self, request: &Request);
    fn shutdown_erased(&self);
}

impl<Q: WorkQueue<Request, Cause>> ErasedQueue for Q {
    fn push_erased(&self, add: Entering) {
        WorkQueue::push(self, add);
    }
    fn get_erased(&self) -> BoxFuture<'_, Option<Taken>> {
        Box::pin(WorkQueue::get(self))
    }
    fn forget_erased(&self, request: &Request) {
        WorkQueue::forget(self, request);
    }
    fn shutdown_erased(&self) {
        WorkQueue::shutdown(self);
    }
}

impl AnyQueue {
    pub(crate) fn push(&self, add: Entering) {
        match self {
            Self::Standard(queue) => queue.push(add),
            Self::Custom(queue) => queue.push_erased(add),
        }
    }

    /// Takes all of the buffer in, and leaves it empty.
    pub(crate) fn push_all(&self, adds: &mut Vec<Entering>) {
        match self {
            Self::Standard(queue) => queue.push_all(adds.drain(..)),
            Self::Custom(queue) => adds.drain(..).for_each(|add| queue.push_erased(add)),
        }
    }

    pub(crate) async fn get(&self) -> Option<Taken> {
        match self {
            Self::Standard(queue) => queue.get().await,
            Self::Custom(queue) => queue.get_erased().await,
        }
    }

    pub(crate) fn forget(&self, request: &Request) {
        match self {
            Self::Standard(queue) => queue.forget(request),
            Self::Custom(queue) => queue.forget_erased(request),
        }
    }

    /// Forgets a key that is neither in line nor running: its promises and its failures. A queue of the author's forgets only the failures.
    pub(crate) fn drop_waiting(&self, request: &Request) {
        if let Self::Standard(queue) = self {
            queue.cancel(request);
        }
        self.forget(request);
    }

    pub(crate) fn shutdown(&self) {
        match self {
            Self::Standard(queue) => queue.shutdown(),
            Self::Custom(queue) => queue.shutdown_erased(),
        }
    }

    /// Ends the intake, hands out what is queued. Only the standard queue can; another one is shut down.
    pub(crate) fn shut_down_and_drain(&self) {
        match self {
            // Goes on when the future is dropped; the workers see its end.
            Self::Standard(queue) => drop(queue.shutdown_and_drain()),
            Self::Custom(queue) => queue.shutdown_erased(),
        }
    }

    /// Every key with its state; none from a queue of the author's, which cannot tell.
    pub(crate) fn keys(&self) -> Vec<KeyReport<Request>> {
        match self {
            Self::Standard(queue) => queue.report_all(),
            Self::Custom(_) => Vec::new(),
        }
    }

    /// Its figures; none from a queue of the author's.
    pub(crate) fn counters(&self) -> Option<Counters> {
        match self {
            Self::Standard(queue) => Some(queue.counters()),
            Self::Custom(_) => None,
        }
    }
}

impl fmt::Debug for AnyQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard(_) => "standard queue",
            Self::Custom(_) => "custom queue",
        })
    }
}

//! How long a failed item waits.
//!
//! The seed's limiter keeps a map from item to failures, races on it, and never gives memory back. Here the queue counts, in the one
//! record it has anyway, and a limiter is a function of the failure: no map, no lock, policies compose as values. Randomness and the
//! time come with the failure too, so that a limiter needs no clock and every delay can be replayed.
//!
//! Every limiter is a file of the same shape: the type, its constructor, `next_retry`, `forget`.

mod at_most;
mod exponential;
mod fast_slow;
mod max_of;
mod rate_limiter;
mod token_bucket;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use trimtab_seams::Instant;

pub use at_most::AtMost;
pub use exponential::{ExponentialBackoff, InvalidBackoff};
pub use fast_slow::FastSlow;
pub use max_of::MaxOf;
pub use rate_limiter::RateLimiter;
pub use token_bucket::TokenBucket;

/// Says how long a failed item waits until it is tried again.
///
/// ```
/// use std::time::Duration;
/// use trimtab_queue::{Failure, Limiter};
///
/// /// An error that knows when the other side is ready again (behaviour L5).
/// #[derive(Debug, thiserror::Error)]
/// #[error("busy")]
/// struct Busy(Duration);
///
/// struct Polite<L>(L);
///
/// impl<T, L: Limiter<T>> Limiter<T> for Polite<L> {
///     fn next_retry(&self, item: &T, failure: &Failure<'_>) -> Duration {
///         let asked = failure.error.and_then(|error| error.downcast_ref::<Busy>());
///         asked.map_or_else(|| self.0.next_retry(item, failure), |busy| busy.0)
///     }
/// }
/// ```
#[doc(alias = "RateLimiter")]
pub trait Limiter<T: ?Sized>: Send + Sync + 'static {
    /// How long to wait after this failure. Called once a failure, without any lock held.
    #[doc(alias = "NextRetry")]
    #[doc(alias = "When")]
    fn next_retry(&self, item: &T, failure: &Failure<'_>) -> Duration;

    /// The item has succeeded after failures, or is forgotten: for limiters that keep something per item. Provided: does nothing.
    #[doc(alias = "Forget")]
    fn forget(&self, _item: &T) {}
}

/// One failure, as a limiter hears of it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Failure<'a> {
    /// How often in a row the item had failed before: 0 at the first failure.
    pub count: u32,
    /// What went wrong, when it is known.
    pub error: Option<&'a (dyn Error + 'static)>,
    /// The time.
    pub now: Instant,
    /// Random bits for jitter, drawn from the random seam for this failure alone. Zero asks for the exact delay.
    pub random: u64,
}

impl<'a> Failure<'a> {
    /// The failure number `count`, from 0, at the clock's origin and without jitter.
    pub const fn nth(count: u32) -> Self {
        Self { count, error: None, now: Instant::ORIGIN, random: 0 }
    }

    /// The same with the error.
    pub const fn with_error(self, error: &'a (dyn Error + 'static)) -> Self {
        Self { error: Some(error), ..self }
    }

    /// The same at another time.
    pub const fn at(self, now: Instant) -> Self {
        Self { now, ..self }
    }

    /// The same with random bits.
    pub const fn with_random(self, random: u64) -> Self {
        Self { random, ..self }
    }
}

impl<T: ?Sized, L: Limiter<T> + ?Sized> Limiter<T> for Box<L> {
    fn next_retry(&self, item: &T, failure: &Failure<'_>) -> Duration {
        (**self).next_retry(item, failure)
    }

    fn forget(&self, item: &T) {
        (**self).forget(item);
    }
}

impl<T: ?Sized, L: Limiter<T> + ?Sized> Limiter<T> for Arc<L> {
    fn next_retry(&self, item: &T, failure: &Failure<'_>) -> Duration {
        (**self).next_retry(item, failure)
    }

    fn forget(&self, item: &T) {
        (**self).forget(item);
    }
}

//! The longer of two delays.

use std::time::Duration;

use super::{Failure, Limiter};

/// The longer of two limiters' delays (behaviour L4). Nest it for more than two.
///
/// ```
/// use std::time::Duration;
/// use trimtab_queue::{ExponentialBackoff, Failure, FastSlow, Limiter, MaxOf};
///
/// let at_least = |millis| FastSlow::new(Duration::from_millis(millis), Duration::ZERO, 1);
/// let limiter = MaxOf(ExponentialBackoff::default(), MaxOf(at_least(7), at_least(9)));
/// assert_eq!(limiter.next_retry("key", &Failure::nth(0)), Duration::from_millis(9));
/// ```
#[doc(alias = "MaxOfRateLimiter")]
#[derive(Clone, Copy, Debug)]
pub struct MaxOf<A, B>(pub A, pub B);

impl<T: ?Sized, A: Limiter<T>, B: Limiter<T>> Limiter<T> for MaxOf<A, B> {
    fn next_retry(&self, item: &T, failure: &Failure<'_>) -> Duration {
        self.0.next_retry(item, failure).max(self.1.next_retry(item, failure))
    }

    fn forget(&self, item: &T) {
        self.0.forget(item);
        self.1.forget(item);
    }
}

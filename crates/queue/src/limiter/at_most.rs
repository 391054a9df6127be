//! A cap on another limiter's delay.

use std::time::Duration;

use super::{Failure, Limiter};

/// Another limiter's delay, but at most so long (behaviour L4).
///
/// ```
/// use std::time::Duration;
/// use trimtab_queue::{AtMost, ExponentialBackoff, Failure, Limiter};
///
/// let limiter = AtMost(ExponentialBackoff::default(), Duration::from_secs(30));
/// assert_eq!(limiter.next_retry("key", &Failure::nth(60)), Duration::from_secs(30));
/// ```
#[doc(alias = "WithMaxWaitRateLimiter")]
#[derive(Clone, Copy, Debug)]
pub struct AtMost<L>(pub L, pub Duration);

impl<T: ?Sized, L: Limiter<T>> Limiter<T> for AtMost<L> {
    fn next_retry(&self, item: &T, failure: &Failure<'_>) -> Duration {
        self.0.next_retry(item, failure).min(self.1)
    }

    fn forget(&self, item: &T) {
        self.0.forget(item);
    }
}

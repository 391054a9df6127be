//! A few quick retries, then slow ones.

use std::time::Duration;

use super::{Failure, Limiter};

/// Waits `fast` after each of the first `quick_retries` failures in a row, `slow` after every later one (behaviour L4).
///
/// ```
/// use std::time::Duration;
/// use trimtab_queue::{Failure, FastSlow, Limiter};
///
/// let (fast, slow) = (Duration::from_millis(5), Duration::from_secs(10));
/// let limiter = FastSlow::new(fast, slow, 3);
/// assert_eq!(limiter.next_retry("key", &Failure::nth(2)), fast);
/// assert_eq!(limiter.next_retry("key", &Failure::nth(3)), slow);
/// ```
#[doc(alias = "ItemFastSlowRateLimiter")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FastSlow {
    fast: Duration,
    slow: Duration,
    quick_retries: u32,
}

impl FastSlow {
    /// So many quick retries, then slow ones.
    pub const fn new(fast: Duration, slow: Duration, quick_retries: u32) -> Self {
        Self { fast, slow, quick_retries }
    }
}

impl<T: ?Sized> Limiter<T> for FastSlow {
    fn next_retry(&self, _item: &T, failure: &Failure<'_>) -> Duration {
        if failure.count < self.quick_retries { self.fast } else { self.slow }
    }
}

//! So many retries a second over all items together.

use std::time::Duration;

use super::{Failure, Limiter};
use crate::sync::Mutex;

/// Lets `burst` retries through at once and then `per_second`, over all items together; each further one waits for its turn (behaviour L4).
///
/// A rate that is not above zero lets nothing through after the burst: such retries wait for ever.
///
/// ```
/// use std::time::Duration;
/// use trimtab_queue::{ExponentialBackoff, Failure, Limiter, MaxOf, TokenBucket};
///
/// let limiter = MaxOf(ExponentialBackoff::default().with_jitter(false), TokenBucket::new(10.0, 1));
/// assert_eq!(limiter.next_retry("a", &Failure::nth(0)), Duration::from_millis(5));
/// assert_eq!(limiter.next_retry("b", &Failure::nth(0)), Duration::from_millis(100));
/// ```
#[doc(alias = "BucketRateLimiter")]
#[derive(Debug)]
pub struct TokenBucket {
    /// Nanoseconds between two tokens. Wide enough for the slowest rate times the largest burst.
    interval: u128,
    burst: u32,
    /// When, in nanoseconds of the clock, the bucket would be full if nothing more were taken.
    full_at: Mutex<u128>,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(per_second: f64, burst: u32) -> Self {
        let interval = Duration::try_from_secs_f64(1.0 / per_second);
        let interval = interval.ok().filter(|_| per_second > 0.0).unwrap_or(Duration::MAX);
        Self { interval: interval.as_nanos(), burst, full_at: Mutex::new(0) }
    }
}

impl<T: ?Sized> Limiter<T> for TokenBucket {
    fn next_retry(&self, _item: &T, failure: &Failure<'_>) -> Duration {
        let now = u128::from(failure.now.as_nanos());
        let full_at = {
            let mut full_at = self.full_at.lock();
            *full_at = (*full_at).max(now).saturating_add(self.interval);
            *full_at
        };
        // An empty bucket is full after `burst` intervals; what lies beyond that is waited for.
        let wait = (full_at - now).saturating_sub(self.interval * u128::from(self.burst));
        u64::try_from(wait).map_or(Duration::MAX, Duration::from_nanos)
    }
}

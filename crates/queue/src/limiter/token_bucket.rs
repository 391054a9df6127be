//! So many retries a second over all items together.

use std::time::Duration;

use trimtab_seams::Instant;

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
    /// Between two tokens.
    interval: Duration,
    burst: u32,
    /// When the bucket would be full again if nothing more were taken. Full when it lies in the past.
    full_at: Mutex<Instant>,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(per_second: f64, burst: u32) -> Self {
        let interval = Duration::try_from_secs_f64(1.0 / per_second);
        let interval = interval.ok().filter(|_| per_second > 0.0).unwrap_or(Duration::MAX);
        Self { interval, burst, full_at: Mutex::new(Instant::ORIGIN) }
    }
}

impl<T: ?Sized> Limiter<T> for TokenBucket {
    fn next_retry(&self, _item: &T, failure: &Failure<'_>) -> Duration {
        let mut full_at = self.full_at.lock();
        *full_at = (*full_at).max(failure.now) + self.interval;
        // With all tokens of the burst gone the bucket fills from empty in `burst` intervals; what is beyond that is waited for.
        (*full_at - failure.now).saturating_sub(self.interval.saturating_mul(self.burst))
    }
}

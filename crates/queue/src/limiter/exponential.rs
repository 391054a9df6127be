//! Twice as long each time.
//!
//! Computed from the count with integers. Floating point powers, as elsewhere, lose exactness after 53 doublings and
//! overflow after a thousand.

use std::time::Duration;

use super::{Failure, Limiter};

/// Waits `base * 2^n` after failure `n` (from 0), at most `max` (behaviour L1).
///
/// With jitter, the default, each delay is shortened by up to a fifth, so that keys that failed together do not come back together (behaviour L3).
/// Without it the sequence is exact: 5, 10, 20 ms and so on.
///
/// ```
/// use std::time::Duration;
/// use trimtab_queue::{ExponentialBackoff, Failure, Limiter};
///
/// # fn main() -> Result<(), trimtab_queue::InvalidBackoff> {
/// let backoff = ExponentialBackoff::new(Duration::from_millis(5), Duration::from_secs(1))?;
/// let exact = backoff.with_jitter(false);
/// assert_eq!(exact.next_retry("key", &Failure::nth(2)), Duration::from_millis(20));
/// assert_eq!(exact.next_retry("key", &Failure::nth(1_000_000)), Duration::from_secs(1));
/// # Ok(())
/// # }
/// ```
#[doc(alias = "ItemExponentialFailureRateLimiter")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExponentialBackoff {
    base: Duration,
    max: Duration,
    jitter: bool,
}

/// A backoff that cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBackoff {
    /// Doubling nothing gives nothing: failures would spin.
    #[error(
        "the backoff's base is zero, so failures would be retried without pause; give a base of at least 1 ms"
    )]
    ZeroBase,
    /// The first delay would already be above the longest.
    #[error("the backoff's base of {base:?} is above its maximum of {max:?}; swap them or raise the maximum")]
    BaseAboveMax {
        /// The base that was given.
        base: Duration,
        /// The maximum that was given.
        max: Duration,
    },
}

impl ExponentialBackoff {
    /// From `base` to `max`, with jitter.
    ///
    /// # Errors
    /// A base of zero, or above the maximum.
    pub const fn new(base: Duration, max: Duration) -> Result<Self, InvalidBackoff> {
        if base.is_zero() {
            return Err(InvalidBackoff::ZeroBase);
        }
        if base.as_nanos() > max.as_nanos() {
            return Err(InvalidBackoff::BaseAboveMax { base, max });
        }
        Ok(Self { base, max, jitter: true })
    }

    /// With or without jitter.
    pub const fn with_jitter(self, jitter: bool) -> Self {
        Self { jitter, ..self }
    }

    /// The first delay.
    pub const fn base(&self) -> Duration {
        self.base
    }

    /// The longest delay.
    pub const fn max(&self) -> Duration {
        self.max
    }

    /// The exact delay of failure `n`.
    fn delay(&self, n: u32) -> Duration {
        let base = self.base.as_nanos();
        if n >= base.leading_zeros() || base << n >= self.max.as_nanos() {
            return self.max;
        }
        // Below the maximum, which is a `Duration`, so this is one too.
        let nanos = base << n;
        let seconds = u64::try_from(nanos / NANOS).unwrap_or(u64::MAX);
        Duration::new(seconds, u32::try_from(nanos % NANOS).unwrap_or(0))
    }
}

const NANOS: u128 = 1_000_000_000;

impl Default for ExponentialBackoff {
    /// 5 ms to 1000 s, with jitter.
    fn default() -> Self {
        Self { base: Duration::from_millis(5), max: Duration::from_secs(1000), jitter: true }
    }
}

impl<T: ?Sized> Limiter<T> for ExponentialBackoff {
    fn next_retry(&self, _item: &T, failure: &Failure<'_>) -> Duration {
        let delay = self.delay(failure.count);
        if !self.jitter {
            return delay;
        }
        let fifth = u64::try_from((delay / 5).as_nanos()).unwrap_or(u64::MAX);
        let cut = (u128::from(failure.random) * u128::from(fifth)) >> 64;
        delay.saturating_sub(Duration::from_nanos(u64::try_from(cut).unwrap_or(fifth)))
    }
}

//! Growing pauses for the runtime's own retries.

use std::time::Duration;

use trimtab_queue::{ExponentialBackoff, Failure, Limiter};
use trimtab_seams::Seams;

/// How long to wait after the `count`th failure in a row, from 0: `base`, doubled each time, at most `max`, shortened by up to a fifth by chance.
pub(crate) fn pause(seams: &Seams, base: Duration, max: Duration, count: u32) -> Duration {
    let backoff = ExponentialBackoff::new(base, max).unwrap_or_default();
    Limiter::<()>::next_retry(&backoff, &(), &Failure::nth(count).with_random(seams.random()))
}

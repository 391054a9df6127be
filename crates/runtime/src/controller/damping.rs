//! Runs "at once" that must not become a busy loop.
//!
//! A key may ask to run again at once, or lose against another writer, a few times in a row for free. After that the limiter's delays apply, counted
//! apart from failures (behaviours C10, C21). The seed spins.

use std::time::Duration;

use trimtab_queue::{Failure, Limiter};
use trimtab_seams::Seams;

use crate::Request;

/// Runs at once in a row that cost nothing.
pub(crate) const BURST: u32 = 5;

/// How long a key waits that has asked to run at once so many times in a row; zero within the burst.
pub(crate) fn delay(limiter: &dyn Limiter<Request>, seams: &Seams, request: &Request, row: u32) -> Duration {
    let Some(count) = row.checked_sub(BURST + 1) else { return Duration::ZERO };
    backoff(limiter, seams, request, count)
}

/// The limiter's delay for the `count`th time, from 0.
pub(crate) fn backoff(
    limiter: &dyn Limiter<Request>,
    seams: &Seams,
    request: &Request,
    count: u32,
) -> Duration {
    limiter.next_retry(request, &Failure::nth(count).at(seams.now()).with_random(seams.random()))
}

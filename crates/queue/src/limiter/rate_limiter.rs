//! A limiter that counts for itself, for use without a queue.

use std::fmt;
use std::time::Duration;

use hashbrown::HashMap;
use trimtab_seams::{HashState, Seams};

use super::{ExponentialBackoff, Failure, InvalidBackoff, Limiter};
use crate::Item;
use crate::sync::Mutex;

/// A table of this size is not worth giving back.
const FEW: usize = 64;

/// The delay of each item's next retry, counted per item (behaviour L2). Inside a queue it is not needed: the queue counts.
///
/// An item costs memory from its first failure until it is forgotten; the memory is given back.
///
/// ```
/// use std::time::Duration;
/// use trimtab_queue::RateLimiter;
///
/// # fn main() -> Result<(), trimtab_queue::InvalidBackoff> {
/// let limiter = RateLimiter::new(Duration::from_millis(1), Duration::from_secs(60))?;
/// assert_eq!(limiter.next_retry(&"x"), Duration::from_millis(1));
/// assert_eq!(limiter.next_retry(&"x"), Duration::from_millis(2));
/// limiter.forget(&"x");
/// assert_eq!(limiter.next_retry(&"x"), Duration::from_millis(1));
/// # Ok(())
/// # }
/// ```
#[doc(alias = "NewRateLimiter")]
pub struct RateLimiter<T, L = ExponentialBackoff> {
    limiter: L,
    /// Time and randomness, when the limiter wants them.
    seams: Option<Seams>,
    failures: Mutex<HashMap<T, u32, HashState>>,
}

impl<T: Item> RateLimiter<T> {
    /// The exact exponential backoff, without jitter.
    ///
    /// # Errors
    /// A base of zero, or above the maximum.
    pub fn new(base: Duration, max: Duration) -> Result<Self, InvalidBackoff> {
        let limiter = ExponentialBackoff::new(base, max)?.with_jitter(false);
        Ok(Self { limiter, seams: None, failures: Mutex::new(HashMap::default()) })
    }
}

impl<T: Item, L: Limiter<T>> RateLimiter<T, L> {
    /// Counts for any limiter; the seams give it the time and random bits.
    pub fn over(limiter: L, seams: &Seams) -> Self {
        Self { limiter, seams: Some(seams.clone()), failures: Mutex::new(HashMap::default()) }
    }

    /// Counts a failure and says how long to wait.
    #[doc(alias = "NextRetry")]
    pub fn next_retry(&self, item: &T) -> Duration {
        let count = {
            let mut failures = self.failures.lock();
            match failures.get_mut(item) {
                Some(count) => std::mem::replace(count, count.saturating_add(1)),
                None => failures.insert(item.clone(), 1).unwrap_or(0),
            }
        };
        let failure = Failure::nth(count);
        self.limiter.next_retry(
            item,
            &self.seams.as_ref().map_or(failure, |seams| failure.at(seams.now()).with_random(seams.random())),
        )
    }

    /// How often the item has failed since it was last forgotten.
    #[doc(alias = "NumRequeues")]
    pub fn failures(&self, item: &T) -> u32 {
        self.failures.lock().get(item).copied().unwrap_or(0)
    }

    /// The item's next delay is the first one again.
    #[doc(alias = "Forget")]
    pub fn forget(&self, item: &T) {
        let mut failures = self.failures.lock();
        let removed = failures.remove_entry(item);
        if failures.capacity() > FEW && failures.len() * 8 < failures.capacity() {
            let kept = failures.len() * 2;
            failures.shrink_to(kept);
        }
        drop(failures);
        if removed.is_some() {
            self.limiter.forget(item);
        }
    }

    /// For how many items memory is held: a few, or at most eight times the failing ones.
    pub fn capacity(&self) -> usize {
        self.failures.lock().capacity()
    }
}

impl<T, L: fmt::Debug> fmt::Debug for RateLimiter<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter").field("limiter", &self.limiter).finish_non_exhaustive()
    }
}

//! What a queue is made of.

use std::fmt;
use std::time::Duration;

use trimtab_seams::Seams;

use crate::{ExponentialBackoff, Limiter};

/// Whose key it is, as a number: keys of one number are one party's. As pure and as cheap as a hash, and like it called under the queue's lock.
pub type Party<T> = fn(&T) -> u64;

/// What a queue is made of. A queue factory is given this and may use or ignore any of it.
///
/// ```
/// use std::time::Duration;
/// use trimtab_queue::{ExponentialBackoff, QueueSettings};
/// use trimtab_seams::Seams;
///
/// # fn main() -> Result<(), trimtab_queue::InvalidBackoff> {
/// let backoff = ExponentialBackoff::new(Duration::from_millis(5), Duration::from_secs(60))?;
/// let settings = QueueSettings::<String>::new(&Seams::tokio()).with_backoff(backoff);
/// assert_eq!(settings.max, Duration::from_secs(60));
/// # Ok(())
/// # }
/// ```
#[must_use = "settings do nothing until a queue is made of them"]
#[non_exhaustive]
pub struct QueueSettings<T: ?Sized> {
    /// The first delay of the backoff. Default 5 ms.
    pub base: Duration,
    /// The longest delay of the backoff. Default 1000 s.
    pub max: Duration,
    /// Says how long a failed item waits. Default: [`ExponentialBackoff`] from `base` to `max`, with jitter.
    pub limiter: Box<dyn Limiter<T>>,
    /// Clock and randomness.
    pub seams: Seams,
    /// By what keys of one level take turns. Default: by nothing, first in, first out.
    pub fairness: Option<Party<T>>,
    /// Whether to note when each key got in line and when its run began. Default: no.
    pub timings: bool,
}

impl<T: ?Sized> QueueSettings<T> {
    /// The defaults.
    pub fn new(seams: &Seams) -> Self {
        let backoff = ExponentialBackoff::default();
        Self {
            base: backoff.base(),
            max: backoff.max(),
            limiter: Box::new(backoff),
            seams: seams.clone(),
            fairness: None,
            timings: false,
        }
    }

    /// With another backoff: sets base, max and limiter.
    pub fn with_backoff(self, backoff: ExponentialBackoff) -> Self {
        Self { base: backoff.base(), max: backoff.max(), limiter: Box::new(backoff), ..self }
    }

    /// With a limiter of your own; base and max stay as they are.
    pub fn with_limiter(self, limiter: impl Limiter<T>) -> Self {
        Self { limiter: Box::new(limiter), ..self }
    }

    /// Ready keys of one level are handed out in turn: one of each party, then the next of each (behaviour Q15). So a party with a thousand keys in line holds up
    /// another one's first key by one. Costs two look-ups of the party a run.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use trimtab_queue::{QueueSettings, RateLimitedQueue, WorkQueue};
    /// use trimtab_seams::Seams;
    ///
    /// let settings = QueueSettings::new(&Seams::tokio()).with_fairness(|key: &(u32, &str)| key.0.into());
    /// let queue = RateLimitedQueue::new(settings);
    /// for key in [(1, "a"), (1, "b"), (1, "c"), (2, "a")] {
    ///     queue.add(key);
    /// }
    /// let mut order = Vec::new();
    /// while !queue.is_empty() {
    ///     let claim = queue.get().await.expect("not shut down");
    ///     order.push(*claim);
    ///     claim.done();
    /// }
    /// assert_eq!(order, [(1, "a"), (2, "a"), (1, "b"), (1, "c")]);
    /// # }
    /// ```
    pub fn with_fairness(self, party: Party<T>) -> Self {
        Self { fairness: Some(party), ..self }
    }

    /// Notes when each key got in line and when its run began, for [`Claim::waited`](crate::Claim::waited) and
    /// [`KeyReport::since`](crate::KeyReport::since). Costs two looks at the clock a run, about 25 ns each: as much as the queue itself.
    pub fn with_timings(self) -> Self {
        Self { timings: true, ..self }
    }
}

impl<T: ?Sized> fmt::Debug for QueueSettings<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueSettings")
            .field("base", &self.base)
            .field("max", &self.max)
            .field("fair", &self.fairness.is_some())
            .field("timings", &self.timings)
            .finish_non_exhaustive()
    }
}

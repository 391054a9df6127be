//! What a queue is made of.

use std::fmt;
use std::time::Duration;

use trimtab_seams::Seams;

use crate::{ExponentialBackoff, Limiter};

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
            .field("timings", &self.timings)
            .finish_non_exhaustive()
    }
}

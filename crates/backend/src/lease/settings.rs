//! How long a lease lives, and how it is kept alive.

use std::time::Duration;

use crate::Invalid;

/// Times of a lease. Default: TTL 10 s, renewed each third of it, given up after two thirds without a renewal.
///
/// A shorter TTL means a faster takeover and more writes. The last third is the room for clocks that run unevenly and for work that was
/// still under way when the holder gave up; what comes later than that is refused by the store all the same.
///
/// ```
/// use std::time::Duration;
/// use trimtab_backend::LeaseSettings;
///
/// let settings = LeaseSettings::with_ttl(Duration::from_secs(3))?;
/// assert_eq!(settings.renew_every(), Duration::from_secs(1));
/// assert_eq!(settings.renew_deadline(), Duration::from_secs(2));
/// assert!(settings.renewed(Duration::from_secs(2), Duration::from_secs(1)).is_err());
/// # Ok::<(), trimtab_backend::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseSettings {
    ttl: Duration,
    renew_every: Duration,
    renew_deadline: Duration,
}

/// A lease that lives shorter is lost whenever a process waits for a processor.
const SHORTEST: Duration = Duration::from_millis(30);
/// Longer ones are a mistake in the unit.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl LeaseSettings {
    /// This TTL, 30 ms to 24 h, with its thirds.
    ///
    /// # Errors
    /// When the TTL is out of these bounds.
    pub fn with_ttl(ttl: Duration) -> Result<Self, Invalid> {
        if !(SHORTEST..=LONGEST).contains(&ttl) {
            return Err(Invalid::new("ttl", format!("{ttl:?} must be between {SHORTEST:?} and 24 h")));
        }
        Ok(Self::thirds_of(ttl))
    }

    fn thirds_of(ttl: Duration) -> Self {
        Self { ttl, renew_every: ttl / 3, renew_deadline: ttl * 2 / 3 }
    }

    /// The same TTL, renewed this often and given up after this time without a renewal.
    ///
    /// # Errors
    /// Unless `every` is above zero, below `deadline`, and that below the TTL.
    pub fn renewed(self, every: Duration, deadline: Duration) -> Result<Self, Invalid> {
        if every.is_zero() || every >= deadline || deadline >= self.ttl {
            let what = format!(
                "{every:?} must be above zero and below the deadline of {deadline:?}, which must be below the TTL of {:?}",
                self.ttl
            );
            return Err(Invalid::new("renew_every", what));
        }
        Ok(Self { renew_every: every, renew_deadline: deadline, ..self })
    }

    /// How long the holder's records must stand still before another may take over.
    pub const fn ttl(&self) -> Duration {
        self.ttl
    }

    /// How often the holder renews.
    pub const fn renew_every(&self) -> Duration {
        self.renew_every
    }

    /// How long after its last renewal was sent the holder acts.
    pub const fn renew_deadline(&self) -> Duration {
        self.renew_deadline
    }

    /// After how long the holder tries again at the latest, when a try was refused or is not answered: a quarter of the time from when a renewal is due until
    /// it is too late, or a store that comes back in time would not be found in time.
    pub(super) fn retry_within(&self) -> Duration {
        self.renew_deadline.saturating_sub(self.renew_every) / 4
    }
}

impl Default for LeaseSettings {
    fn default() -> Self {
        Self::thirds_of(Duration::from_secs(10))
    }
}

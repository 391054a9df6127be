//! How long to wait before trying again: longer each time, never the same for two.

use std::time::Duration;

use trimtab_seams::Seams;

/// Delays that double from `base` to `max`; each is drawn from its upper half.
#[derive(Debug)]
pub(super) struct Retry {
    base: Duration,
    max: Duration,
    attempts: u32,
}

impl Retry {
    pub(super) const fn new(base: Duration, max: Duration) -> Self {
        Self { base, max, attempts: 0 }
    }

    /// Failures in a row.
    pub(super) const fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(super) fn succeeded(&mut self) {
        self.attempts = 0;
    }

    /// The delay after one more failure; at least what the other side asks for.
    pub(super) fn failed(&mut self, seams: &Seams, asked: Option<Duration>) -> Duration {
        let full = self.base.saturating_mul(1 << self.attempts.min(20)).min(self.max);
        self.attempts = self.attempts.saturating_add(1);
        let half = full / 2;
        (half + seams.random_below(half)).max(asked.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use trimtab_seams::virtual_time;

    use super::*;

    /// behaviour C4
    #[test]
    fn delays_double_with_jitter_up_to_the_maximum_and_honour_what_is_asked() {
        virtual_time::run(1, async |seams| {
            let mut retry = Retry::new(Duration::from_millis(100), Duration::from_secs(30));
            for full in [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000] {
                let delay = retry.failed(&seams, None);
                assert!(delay >= Duration::from_millis(full / 2) && delay <= Duration::from_millis(full));
            }
            assert_eq!(retry.failed(&seams, Some(Duration::from_secs(60))), Duration::from_secs(60));
            retry.succeeded();
            assert!(retry.failed(&seams, None) <= Duration::from_millis(100));
        });
    }
}

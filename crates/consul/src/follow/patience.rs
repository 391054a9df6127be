//! How long a feed goes on trying by itself.

use std::time::Duration;

use trimtab_backend::FollowError;
use trimtab_seams::Instant;

use crate::core::Core;

/// One outage, as seen by one feed.
pub(super) struct Patience<'a> {
    core: &'a Core,
    began: Instant,
    pause: Duration,
}

impl<'a> Patience<'a> {
    pub(super) fn new(core: &'a Core) -> Self {
        Self { core, began: core.seams.now(), pause: Duration::from_millis(50) }
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The failure, when it is none that passes, or has lasted for too long.
    pub(super) async fn wait(&mut self, failure: FollowError) -> Result<(), FollowError> {
        let FollowError::Unavailable { retry_after, .. } = failure else { return Err(failure) };
        let Self { core, began, pause } = self;
        if core.seams.now() - *began >= core.settings.patience {
            return Err(failure);
        }
        let jitter = *pause / 2 + core.seams.random_below(*pause / 2);
        core.seams.sleep(retry_after.unwrap_or_default().max(jitter)).await;
        *pause = (*pause * 2).min(Duration::from_secs(1));
        Ok(())
    }
}

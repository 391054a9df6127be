//! How long a program that does not stay alive is let alone.

use std::time::Duration;

use parking_lot::Mutex;
use trimtab_seams::{Instant, Seams};

const FIRST: Duration = Duration::from_millis(100);
const MOST: Duration = Duration::from_secs(30);

/// Doubles with each worker that broke, and is forgotten with one that answered.
#[derive(Debug, Default)]
pub(super) struct Backoff(Mutex<(u32, Option<Instant>)>);

impl Backoff {
    pub(super) fn broke(&self, seams: &Seams) {
        let mut state = self.0.lock();
        let delay = FIRST.saturating_mul(1 << state.0.min(16)).min(MOST);
        *state = (state.0.saturating_add(1), Some(seams.now() + delay));
    }

    pub(super) fn answered(&self) {
        *self.0.lock() = (0, None);
    }

    /// When the next one may be started, and how many broke in a row.
    pub(super) fn until(&self) -> Option<(Instant, u32)> {
        let (failures, until) = *self.0.lock();
        until.map(|until| (until, failures))
    }
}

//! From the monotonic clock, by which controllers go, to the time of day, which people read.

use std::time::SystemTime;

use trimtab_seams::{Instant, Seams};
use trimtab_store::Timestamp;

/// Both clocks at one moment, so that all times of an answer fit together.
#[derive(Clone, Copy)]
pub(super) struct Times {
    now: Instant,
    wall: SystemTime,
}

impl Times {
    pub(super) fn new(seams: &Seams) -> Self {
        Self { now: seams.now(), wall: seams.wall() }
    }

    /// An RFC 3339 time, as the wall clock goes now.
    pub(super) fn text(self, at: Instant) -> String {
        // One of the two is zero.
        let (ahead, ago) = (at.since(self.now), self.now.since(at));
        let wall = if at >= self.now { self.wall.checked_add(ahead) } else { self.wall.checked_sub(ago) };
        wall_text(wall.unwrap_or(self.wall))
    }
}

/// An RFC 3339 time.
pub(super) fn wall_text(at: SystemTime) -> String {
    Timestamp::from(at).to_string()
}

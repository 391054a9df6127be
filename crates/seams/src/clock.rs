//! The clock and its timers.
//!
//! A timer is an object that is moved, not a future that is made anew for each wait: a worker of a queue owns one for its whole
//! life and moves it as the earliest promise changes, so waiting allocates nothing.

use std::task::{Context, Poll};
use std::time::SystemTime;

use crate::Instant;

/// Tells the time and makes timers.
pub trait Clock: Send + Sync + 'static {
    /// The time on the monotonic clock. Never goes back.
    fn now(&self) -> Instant;

    /// The time of day, for people and for records. May jump either way; nothing is scheduled by it.
    fn wall(&self) -> SystemTime;

    /// A new timer, set to never.
    fn timer(&self) -> Box<dyn Timer>;
}

/// An alarm on a [`Clock`]. Set to never when made. Dropping it takes it off the clock.
pub trait Timer: Send + 'static {
    /// Moves the alarm to `at`, which may be in the past. [`Instant::FAR_FUTURE`] sets it to never.
    fn reset(&mut self, at: Instant);

    /// Ready once the clock has reached the instant of the last `reset`, and from then on until the next one. Never early.
    /// When pending, the waker of the latest call is woken once at the alarm.
    fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

//! A controller's figures at one instant.

use std::time::Duration;

use trimtab_queue::Counters;

use super::Durations;

/// A controller's figures since it was made. All of them only grow, but for those of the queue, the workers and the present runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ControllerMetrics {
    /// Runs by their ending.
    pub reconciles: ReconcileCounts,
    /// How long runs took.
    pub run_time: Durations,
    /// Runs that were put off because the view was not yet as new as it had to be (behaviour C17).
    pub put_off: u64,
    /// Runs that were held back because their key asked to run at once, or lost against other writers, over and over (behaviours C10, C21).
    pub damped: u64,
    /// Events that sources took.
    pub events: u64,
    /// Requests that were left out because the key's last successful run had already seen what they tell of.
    pub answered: u64,
    /// Events that a transformer failed on, each try counted (behaviour C8).
    pub map_failures: u64,
    /// Times a source had to subscribe again (behaviour C4).
    pub resubscribes: u64,
    /// How many keys may be reconciled at the same time; 0 before it has begun.
    pub workers: usize,
    /// How long the longest of the present runs has gone on; only with [timings](crate::Controller::with_timings).
    pub longest_run: Option<Duration>,
    /// Triggers that ended and enqueued their key.
    pub triggered: u64,
    /// The queue's own figures; all zero for a queue of the author's.
    pub queue: Counters,
}

/// Runs by their ending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReconcileCounts {
    /// Success, nothing more to do.
    pub done: u64,
    /// Success, and run again later.
    pub requeued: u64,
    /// Failed, to be retried.
    pub failed: u64,
    /// Failed for good.
    pub terminal: u64,
    /// Lost against another writer.
    pub conflicts: u64,
    /// Ended by the deadline.
    pub timed_out: u64,
    /// Panicked.
    pub panicked: u64,
    /// Cancelled by a lost lease or the drain deadline.
    pub cancelled: u64,
    /// Refused by the store because this process no longer holds the lease.
    pub fenced: u64,
}

impl ReconcileCounts {
    /// All runs that ended.
    pub const fn total(&self) -> u64 {
        self.done
            + self.requeued
            + self.failed
            + self.terminal
            + self.conflicts
            + self.timed_out
            + self.panicked
            + self.cancelled
            + self.fenced
    }
}

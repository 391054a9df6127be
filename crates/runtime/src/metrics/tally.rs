//! One worker's counters.
//!
//! Each worker has its own, a cache line or more apart, and they are summed when somebody looks: counters that several workers share in one line cost
//! 9 ns each instead of 2.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use trimtab_seams::Instant;

use super::ControllerMetrics;
use super::histogram::Histogram;
use crate::Ended;

#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Tally {
    endings: [AtomicU64; Ended::COUNT],
    put_off: AtomicU64,
    hot: AtomicU64,
    /// When the present run began, in nanoseconds of the clock and one more; 0 between runs.
    began: AtomicU64,
    run_time: Histogram,
}

impl Tally {
    pub(crate) fn ended(&self, ended: Ended) {
        self.endings[ended as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// A run begins that is measured.
    pub(crate) fn began(&self, now: Instant) {
        self.began.store(now.as_nanos().saturating_add(1), Ordering::Relaxed);
    }

    /// How long the present run has gone on.
    pub(crate) fn running(&self, now: Instant) -> Option<Duration> {
        let began = self.began.load(Ordering::Relaxed).checked_sub(1)?;
        Some(now.since(Instant::from_nanos(began)))
    }

    pub(crate) fn took(&self, duration: Duration) {
        self.began.store(0, Ordering::Relaxed);
        self.run_time.record(duration);
    }

    pub(crate) fn put_off(&self) {
        self.put_off.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn damped(&self) {
        self.hot.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_to(&self, metrics: &mut ControllerMetrics) {
        let of = |ended: Ended| self.endings[ended as usize].load(Ordering::Relaxed);
        let counts = &mut metrics.reconciles;
        counts.done += of(Ended::Done);
        counts.requeued += of(Ended::Requeued);
        counts.failed += of(Ended::Failed);
        counts.terminal += of(Ended::Terminal);
        counts.conflicts += of(Ended::Conflict);
        counts.timed_out += of(Ended::TimedOut);
        counts.panicked += of(Ended::Panicked);
        counts.cancelled += of(Ended::Cancelled);
        counts.fenced += of(Ended::Fenced);
        metrics.put_off += self.put_off.load(Ordering::Relaxed);
        metrics.damped += self.hot.load(Ordering::Relaxed);
        self.run_time.add_to(&mut metrics.run_time);
    }
}

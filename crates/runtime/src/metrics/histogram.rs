//! How long runs take, in fixed buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const BOUNDS: [Duration; 19] = [
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(25),
    Duration::from_secs(50),
    Duration::from_secs(100),
];

/// Durations that were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// How many fell into each bucket of [`Durations::BOUNDS`], not cumulated; the last are those above all bounds.
    pub buckets: [u64; BOUNDS.len() + 1],
    /// How many there were.
    pub count: u64,
    /// All of them together.
    pub sum: Duration,
}

impl Durations {
    /// Upper bounds of the buckets: 100 us to 100 s, three to a power of ten. A last bucket holds what is above.
    pub const BOUNDS: [Duration; 19] = BOUNDS;
}

#[derive(Debug, Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

impl Histogram {
    pub(super) fn record(&self, duration: Duration) {
        let bucket = BOUNDS.partition_point(|bound| *bound < duration);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    pub(super) fn add_to(&self, sum: &mut Durations) {
        for (into, bucket) in sum.buckets.iter_mut().zip(&self.buckets) {
            let count = bucket.load(Ordering::Relaxed);
            *into += count;
            sum.count += count;
        }
        sum.sum += Duration::from_nanos(self.nanos.load(Ordering::Relaxed));
    }
}

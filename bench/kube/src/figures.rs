//! What a round measured and how it is printed: the minimum and the median of each figure over the rounds,
//! because the machines are noisy and a mean would mostly say what else ran on them.

use std::fmt;
use std::future::Future;
use std::time::Duration;

/// The figures of one case over all its rounds. Displays as a JSON line.
pub(crate) struct Figures {
    case: &'static str,
    n: usize,
    rounds: Vec<Vec<(&'static str, f64)>>,
}

impl Figures {
    pub(crate) fn new(case: &'static str, n: usize) -> Self {
        Self { case, n, rounds: Vec::new() }
    }

    /// Adds a round. Each round of a case has the same figures in the same order.
    pub(crate) fn add(&mut self, round: Vec<(&'static str, f64)>) {
        self.rounds.push(round);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"peer": "kube-rs", "version": "4.2", "case": "{}""#, self.case)?;
        for (position, (name, _)) in self.rounds[0].iter().enumerate() {
            let mut values: Vec<f64> = self.rounds.iter().map(|round| round[position].1).collect();
            values.sort_by(f64::total_cmp);
            let middle = values.len() / 2;
            let median = if values.len() % 2 == 1 {
                values[middle]
            } else {
                (values[middle - 1] + values[middle]) / 2.0
            };
            write!(f, r#", "{name}": {:.2}, "{name}_median": {median:.2}"#, values[0])?;
        }
        write!(f, r#", "n": {}, "rounds": {}}}"#, self.n, self.rounds.len())
    }
}

/// Runs `work`, which does `n` operations, and gives its time per operation.
#[cfg(not(feature = "allocations"))]
pub(crate) async fn measured(n: usize, work: impl Future<Output = ()>) -> Vec<(&'static str, f64)> {
    let start = std::time::Instant::now();
    work.await;
    vec![("ns_per_op", start.elapsed().as_nanos() as f64 / n as f64)]
}

/// Runs `work`, which does `n` operations, and gives what all threads allocate meanwhile, per operation.
#[cfg(feature = "allocations")]
pub(crate) async fn measured(n: usize, work: impl Future<Output = ()>) -> Vec<(&'static str, f64)> {
    let region = stats_alloc::Region::new(crate::ALLOCATOR);
    work.await;
    let change = region.change();
    let per = |count: usize| count as f64 / n as f64;
    vec![
        ("allocs_per_op", per(change.allocations + change.reallocations)),
        ("bytes_per_op", per(change.bytes_allocated)),
    ]
}

/// The median and the 99th percentile of waits that were measured one by one.
pub(crate) fn percentiles(mut waits: Vec<Duration>) -> Vec<(&'static str, f64)> {
    waits.sort();
    let at = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_nanos() as f64 / 1e3;
    vec![("p50_us", at(50)), ("p99_us", at(99))]
}

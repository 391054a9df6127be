//! What a round measured and how it is printed: the minimum and the median of each figure over the rounds, because the machines are
//! noisy and a mean would mostly say what else ran on them.

use std::fmt;
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats};
use trimtab_seams::Seams;

/// Figures by name. Every round of a case gives the same ones in the same order. Lower is better.
pub type Round = Vec<(&'static str, f64)>;

/// The figures of one case over all its rounds. Displays as a JSON line.
#[derive(Debug)]
pub struct Figures {
    peer: &'static str,
    case: &'static str,
    n: usize,
    rounds: Vec<Round>,
}

impl Figures {
    /// A case without rounds.
    pub const fn new(peer: &'static str, case: &'static str, n: usize) -> Self {
        Self { peer, case, n, rounds: Vec::new() }
    }

    /// Adds a round.
    pub fn add(&mut self, round: Round) {
        self.rounds.push(round);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"peer": "{}", "case": "{}""#, self.peer, self.case)?;
        for (at, (name, _)) in self.rounds.first().into_iter().flatten().enumerate() {
            let mut values: Vec<f64> = self.rounds.iter().map(|round| round[at].1).collect();
            values.sort_by(f64::total_cmp);
            let middle = values.len() / 2;
            let median = if values.len() % 2 == 1 {
                values[middle]
            } else {
                f64::midpoint(values[middle - 1], values[middle])
            };
            write!(f, r#", "{name}": {:.2}, "{name}_median": {median:.2}"#, values[0])?;
        }
        write!(f, r#", "n": {}, "rounds": {}}}"#, self.n, self.rounds.len())
    }
}

/// Times work that does `n` operations, and counts what all threads allocate meanwhile. The program's allocator must be
/// `stats_alloc::INSTRUMENTED_SYSTEM`.
pub fn throughput(seams: &Seams, n: usize, work: impl FnOnce()) -> Round {
    let (region, start) = (Region::new(&INSTRUMENTED_SYSTEM), seams.now());
    work();
    per_op(n, seams.now() - start, region.change())
}

/// As [`throughput`], of work that waits.
pub async fn throughput_of(seams: &Seams, n: usize, work: impl Future<Output = ()>) -> Round {
    let (region, start) = (Region::new(&INSTRUMENTED_SYSTEM), seams.now());
    work.await;
    per_op(n, seams.now() - start, region.change())
}

fn per_op(n: usize, took: Duration, change: Stats) -> Round {
    let per = |count: f64| count / n as f64;
    vec![
        ("ns_per_op", per(took.as_nanos() as f64)),
        ("allocs_per_op", per((change.allocations + change.reallocations) as f64)),
        ("bytes_per_op", per(change.bytes_allocated as f64)),
    ]
}

/// The bytes that stay live for each of the `n` things that `fill` keeps.
pub fn residence<T>(n: usize, fill: impl FnOnce() -> T) -> Round {
    let live = || {
        let stats = INSTRUMENTED_SYSTEM.stats();
        stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
    };
    let before = live();
    let kept = fill();
    let bytes = live() - before;
    drop(kept);
    vec![("bytes_per_op", bytes / n as f64)]
}

/// The percentiles of waits that were measured one by one.
pub fn latency(mut waits: Vec<Duration>) -> Round {
    waits.sort_unstable();
    let micros = |wait: Duration| wait.as_nanos() as f64 / 1e3;
    let at = |percent: usize| micros(waits[(waits.len() - 1) * percent / 100]);
    vec![("p50_us", at(50)), ("p99_us", at(99)), ("max_us", at(100))]
}

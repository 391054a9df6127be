//! A whole program on a clock that jumps: a virtual clock, a seeded random source and a single-threaded executor.
//!
//! Nothing here waits. Whenever no task can go on, the clock jumps to the next timer, so an hour of back-off passes in
//! microseconds. Which of several ready tasks goes on is drawn from the seed: the same seed gives the same run, another seed
//! another interleaving. tokio's paused clock was no choice: it fixes neither the order of tasks nor randomness, and needs tokio.
//!
//! ```
//! use std::time::Duration;
//! use trimtab_seams::virtual_time;
//!
//! let waited = virtual_time::run(7, async |seams| {
//!     let start = seams.now();
//!     seams.sleep(Duration::from_secs(3600)).await;
//!     seams.now() - start
//! });
//! assert_eq!(waited, Duration::from_secs(3600));
//! ```

mod clock;
mod executor;

use crate::{Seams, Seeded};

/// Runs a program to its end in virtual time and gives its result. Tasks that still run then are dropped.
///
/// # Panics
/// When every task waits and no timer is set (a deadlock, or a lost wake-up), and when ten million steps pass without the clock
/// moving (a busy loop); the message names the tasks. Panics of a task are the caller's.
pub fn run<T>(seed: u64, program: impl AsyncFnOnce(Seams) -> T) -> T {
    run_traced(seed, program).0
}

/// As [`run`], and gives the trace's hash too: which task went on when, from start to end. Two runs with equal hashes took the
/// same steps.
///
/// # Panics
/// As [`run`].
pub fn run_traced<T>(seed: u64, program: impl AsyncFnOnce(Seams) -> T) -> (T, u64) {
    let clock = clock::VirtualClock::default();
    let executor = executor::Executor::new(clock.clone(), seed);
    // The program's random numbers and the executor's choices are two streams, so that a further draw of the one leaves the other as it was.
    let seams = Seams::new(clock, Seeded::new(seed ^ 0x5eed), executor.spawner());
    executor.run(program(seams))
}

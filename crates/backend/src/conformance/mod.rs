//! The contract as tests: one body for every backend, the reference and the real ones alike.
//!
//! A backend is right when what stands above it cannot tell it from [`Memory`](crate::Memory). That is found by asking, not by reading its code:
//! each rule of the contract is a small function that uses nothing but [`Backend`], on a store of its own. A suite of macros that
//! expand to `#[test]` functions was no choice: it would fix the test harness and the executor of those who write backends.
//!
//! [`check`] is the whole of it. A backend that can compact, restart or overflow on request tells [`Suite`] how, and more of it runs; what needs
//! faults of servers (dropped answers, kills, freezes) is listed as skipped and stays with the adapters' own tests.

mod case;
mod commit;
mod follow;
mod hooks;
mod lease;
mod load;
mod report;
mod resume;
mod trial;
mod unknown;
mod view;

use std::fmt;
use std::time::Duration;

use trimtab_seams::Seams;

use crate::deadline::before;
use crate::{Backend, Index};
use case::{Case, Stop, violated};
use hooks::Hooks;
use trial::Trial;

pub use report::{Ran, Report, Skipped, Violation};

/// How long one test may take before it counts as hanging.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs the suite on stores that `fresh` makes, each new and empty. See [`Suite`] to let more of it run.
///
/// # Errors
/// Every rule that was broken.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use trimtab_backend::{Memory, conformance};
///
/// let report = conformance::check(async || Memory::new()).await.expect("memory keeps the contract");
/// assert!(report.ran.len() > 20, "{report}");
/// # }
/// ```
pub async fn check<B: Backend>(fresh: impl AsyncFn() -> B) -> Result<Report, Vec<Violation>> {
    Suite::new(fresh).run().await
}

/// The suite, and what the backend lets it do beyond the contract.
///
/// Runs on any executor. Time is real unless seams are given; on a virtual clock give its seams.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use trimtab_backend::Memory;
/// use trimtab_backend::conformance::Suite;
///
/// let suite = Suite::new(async || Memory::new()).with_compaction(async |memory, index| memory.compact(index));
/// let report = suite.run().await.expect("memory keeps the contract");
/// assert!(report.ran.iter().any(|ran| ran.test == 31), "{report}");
/// # }
/// ```
#[must_use = "a suite does nothing until it is run"]
pub struct Suite<'a, B> {
    hooks: Hooks<'a, B>,
    seams: Seams,
}

impl<'a, B: Backend> Suite<'a, B> {
    /// The suite on stores that `fresh` makes, each new and empty.
    pub fn new(fresh: impl AsyncFn() -> B + 'a) -> Self {
        Self { hooks: Hooks::new(fresh), seams: Seams::tokio() }
    }

    /// Tests of leases and deadlines of tests use this clock. Default: the real one.
    pub fn with_seams(mut self, seams: &Seams) -> Self {
        self.seams = seams.clone();
        self
    }

    /// Compacts the history up to an index: tests 31 and 32 run.
    pub fn with_compaction(mut self, compact: impl AsyncFn(&B, Index) + 'a) -> Self {
        self.hooks.compact = Some(Box::new(compact));
        self
    }

    /// Closes the store and opens it again from what it keeps: the second half of test 5 runs.
    pub fn with_restart(mut self, restart: impl AsyncFn(B) -> B + 'a) -> Self {
        self.hooks.restart = Some(Box::new(restart));
        self
    }

    /// A reader is too slow when it has left so many commits of 1 KiB unread: test 40 demands `Reset(Overflow)`.
    pub fn with_overflow_after(mut self, commits: usize) -> Self {
        self.hooks.overflow_after = Some(commits);
        self
    }

    /// Runs every test, each on a store of its own.
    ///
    /// # Errors
    /// Every rule that was broken. A test that takes longer than a minute is broken too.
    pub async fn run(self) -> Result<Report, Vec<Violation>> {
        let mut report = Report::default();
        let mut violations = Vec::new();
        for case in Self::cases() {
            match self.run_one(&case).await {
                Ok(()) => report.ran.push(case.ran()),
                Err(Stop::Skipped(reason)) => report.skipped.push(case.skipped(reason)),
                Err(Stop::Violated { expected, seen }) => violations.push(case.violation(expected, seen)),
            }
        }
        if violations.is_empty() { Ok(report) } else { Err(violations) }
    }

    fn cases() -> Vec<Case<B>> {
        let themes = [
            commit::cases(),
            unknown::cases(),
            follow::cases(),
            resume::cases(),
            load::cases(),
            lease::cases(),
        ];
        let mut cases: Vec<_> = themes.into_iter().flatten().collect();
        cases.sort_by_key(Case::number);
        cases
    }

    async fn run_one(&self, case: &Case<B>) -> Result<(), Stop> {
        let trial = Trial::new(&self.hooks, &self.seams).await;
        let outcome = before(self.seams.sleep(DEADLINE), case.run(&trial)).await;
        trial.store.close().await;
        outcome.unwrap_or_else(|| Err(violated("an end of the test", format!("none within {DEADLINE:?}"))))
    }
}

impl<B> fmt::Debug for Suite<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite").field("hooks", &self.hooks).finish_non_exhaustive()
    }
}

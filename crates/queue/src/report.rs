//! What can be read from a queue at any time, for people and for metrics.

use trimtab_seams::Instant;

use crate::Priority;

/// Where a key stands. Each key is in one of these; a key in none of them costs nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyState {
    /// A worker holds its claim.
    Running,
    /// In line.
    Ready,
    /// Has failed, and waits for its retry or, after a failure that no retry can mend, for the next add.
    Failing,
    /// Waits for a promised time.
    Deferred,
}

/// One key of a queue, as it was when it was asked for.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use trimtab_queue::{KeyState, Outcome, QueueSettings, RateLimitedQueue, WorkQueue};
/// use trimtab_seams::Seams;
///
/// let queue = RateLimitedQueue::new(QueueSettings::new(&Seams::tokio()));
/// queue.add("orders");
/// let claim = queue.get().await.expect("not shut down");
/// claim.finish(Outcome::Failed("no such region: mars".into()));
///
/// let report = queue.report(&"orders").expect("a failing key is known");
/// assert_eq!((report.state, report.next_run), (KeyState::Failing, None));
/// assert_eq!(&*report.failing.expect("it has failed").error, "no such region: mars");
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct KeyReport<T> {
    /// The key.
    pub item: T,
    /// Where it stands.
    pub state: KeyState,
    /// The level at which it stands in line or runs.
    pub priority: Priority,
    /// Since when it stands there. For running and ready keys only with [timings](crate::QueueSettings::with_timings).
    pub since: Option<Instant>,
    /// The next promised run.
    pub next_run: Option<Instant>,
    /// A running key that was added again and will run once more.
    pub queued_again: bool,
    /// Its failures, while it has any.
    pub failing: Option<Failing>,
}

/// The failures of a key since its last success (behaviour L6).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Failing {
    /// How many in a row.
    pub failures: u32,
    /// When the first of them happened.
    pub since: Instant,
    /// The last error with its sources, at most 1 KiB.
    pub error: Box<str>,
    /// The last failure was one that no retry can mend: without a promise from outside the key waits for the next add.
    pub terminal: bool,
}

/// A queue's figures at one instant. The last five only grow.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Counters {
    /// Keys in line.
    pub ready: usize,
    /// Keys whose claim is held.
    pub running: usize,
    /// Keys that wait for a promised time and have not failed.
    pub deferred: usize,
    /// Keys that have failed and wait for a retry or, terminally, for an add.
    pub failing: usize,
    /// Adds taken, whatever became of them.
    pub adds: u64,
    /// Adds that found their key in line already, or already to be run once more.
    pub merged: u64,
    /// Claims handed out.
    pub handed_out: u64,
    /// Failures that lead to a retry.
    pub retries: u64,
    /// Failures that no retry can mend.
    pub terminal_failures: u64,
}

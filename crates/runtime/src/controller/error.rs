//! Why a controller does not begin, and why one ends.

use trimtab_backend::Key;

/// A controller that cannot run as it is set up. Found by [`Controller::check`](crate::Controller::check), and by `run` before anything
/// starts (behaviour C15).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("run controller `{controller}`: {setting}: {problem}")]
#[non_exhaustive]
pub struct Misconfigured {
    /// The controller.
    pub controller: String,
    /// What was set: the name of the builder's method.
    pub setting: &'static str,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

/// Why `run` ended otherwise than by its shutdown. Once begun, a controller does not fail: what breaks is tried again for ever and shows in its
/// readiness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It did not begin.
    #[error(transparent)]
    Misconfigured(#[from] Misconfigured),
    /// It was shut down, but these keys were still running at the drain deadline and were cancelled (behaviour C14).
    #[error("stop within the drain deadline: {} still running and cancelled: {}; raise it with `with_drain`, or make reconciles shorter", .running.len(), named(.running))]
    DrainDeadline {
        /// The keys.
        running: Vec<Key>,
    },
    /// The store takes no more writes.
    #[error("go on: the store is broken: {what}")]
    Broken {
        /// What broke, and what to do.
        what: String,
    },
}

/// The first few.
fn named(keys: &[Key]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = keys.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = keys.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

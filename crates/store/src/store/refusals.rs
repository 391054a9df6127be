//! Whether the backend takes writes.
//!
//! A store that is followed well may still refuse every write: its disk is full, its quorum lost. Whoever asks how it stands has to be told, so the door notes what became of each write.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_backend::Why;
use trimtab_seams::{Instant, Seams};

use super::health::explained;
use crate::WriteError;

/// A refusal says something of the present for so long; after that nobody knows, and it is not held against the store.
const FRESH: Duration = Duration::from_secs(60);
/// What is told so long after a refusal was not on its way before it.
const LATER: Duration = Duration::from_secs(1);

/// Writes are refused, see [`Health::refusing`](crate::Health::refusing).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusing {
    /// What the last one met.
    pub error: String,
    /// When the first of them was, on the store's clock.
    pub since: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Looked at for each write; the rest only while something is wrong.
    any: AtomicBool,
    now: Mutex<Option<Standing>>,
}

#[derive(Debug)]
struct Standing {
    refusing: Refusing,
    last: Instant,
    why: Refused,
}

/// What ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// Any sign of the store.
    Away,
    /// A put that is taken: a store without space takes deletes.
    Full,
    /// Nothing by itself.
    Broken,
    /// A write that is taken.
    Other,
}

impl Refusals {
    /// The store has judged a write, for or against it.
    pub(super) fn taken(&self, puts: bool) {
        self.end(|standing| puts || standing.why != Refused::Full);
    }

    /// The store has told something of itself. What was on its way when a write was refused says nothing.
    pub(super) fn heard(&self, seams: &Seams) {
        self.end(|standing| standing.why == Refused::Away && seams.now() - standing.last >= LATER);
    }

    fn end(&self, is_over: impl Fn(&Standing) -> bool) {
        if self.any.load(Ordering::Relaxed) && self.now.lock().take_if(|standing| is_over(standing)).is_some()
        {
            self.any.store(false, Ordering::Relaxed);
            tracing::info!("the store takes writes again");
        }
    }

    /// A write was refused.
    pub(super) fn refused(&self, error: &WriteError, trouble: Option<&str>, at: Instant) {
        let why = match error {
            // What is busy is so for a moment.
            WriteError::Unavailable { why: Why::Busy, .. } => return,
            WriteError::Unavailable { why: Why::Unreachable | Why::NoLeader, .. } => Refused::Away,
            WriteError::Unavailable { why: Why::Full, .. } => Refused::Full,
            WriteError::Unavailable { .. } => Refused::Other,
            WriteError::Broken { .. } => Refused::Broken,
            _ => return,
        };
        let mut now = self.now.lock();
        let since = now.as_ref().map_or(at, |standing| standing.refusing.since);
        let error = explained(error, trouble);
        if now.is_none() {
            tracing::error!(error, "the store refuses writes");
        }
        *now = Some(Standing { refusing: Refusing { error, since }, last: at, why });
        self.any.store(true, Ordering::Relaxed);
    }

    /// How it stands.
    pub(super) fn standing(&self, at: Instant) -> Option<Refusing> {
        let now = self.now.lock();
        let fresh =
            now.as_ref().filter(|standing| standing.why == Refused::Broken || at - standing.last < FRESH)?;
        Some(fresh.refusing.clone())
    }
}
